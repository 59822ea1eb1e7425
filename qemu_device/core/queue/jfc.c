/* SPDX-License-Identifier: MIT */
/* Completion queues: admin commands, CQEs. */
#include <stdlib.h>

#include "queue/queue.h"

#define JFC_OFF(member) UB_ADMIN_OFF(jfc.member)

struct ub_jfc *ub_admin_jfc(struct ub_admin *a, struct ub_ctx *ctx, uint32_t id, uint32_t off)
{
	struct ub_obj *obj = ub_obj_find(a->core, UB_KIND_JFC, id);

	if (!obj || ub_container(obj, struct ub_jfc, obj)->ctx != ctx) {
		ub_admin_fail(a, UB_ADMIN_BAD_ID, off);
		return NULL;
	}
	return ub_container(obj, struct ub_jfc, obj);
}

static struct ub_eq *find_jfc_eq(struct ub_admin *a)
{
	struct ub_eq *eq = a->cmd->jfc.eq ? ub_eq_find(a->core, a->cmd->jfc.eq) : NULL;

	if (!eq)
		ub_admin_fail(a, UB_ADMIN_BAD_ID, JFC_OFF(eq));
	return eq;
}

static int check_jfc_flags(struct ub_admin *a)
{
	if (a->cmd->jfc.flags & ~UB_JFC_F_ADAPTIVE)
		return ub_admin_fail(a, UB_ADMIN_BAD_FIELD, JFC_OFF(flags));
	return 0;
}

static int check_jfc(struct ub_admin *a)
{
	const struct ub_admin_jfc *c = &a->cmd->jfc;
	int ret = ub_admin_check_new(a, UB_KIND_JFC);

	if (!ret)
		ret = ub_admin_check_ring(a, c->ring, c->rec, c->depth, JFC_OFF(depth));
	if (!ret)
		ret = ub_admin_check_page(a, c->db_page, JFC_OFF(db_page));
	return ret ? ret : check_jfc_flags(a);
}

static void publish_jfc(struct ub_admin *a, struct ub_jfc *jfc)
{
	ub_obj_use(&jfc->ctx->obj);
	ub_obj_use(&jfc->eq->obj);
	ub_store(&jfc->rec->pi, 0);
	ub_store(&jfc->rec->state, UB_STATE_READY);
	ub_obj_publish(&jfc->obj);
	atomic_store(&a->core->db[jfc->db_page], &jfc->obj);
}

int ub_jfc_create(struct ub_admin *a)
{
	struct ub_ctx *ctx;
	struct ub_eq *eq;
	struct ub_jfc *jfc;
	int ret = check_jfc(a);

	if (ret)
		return ret;
	ctx = ub_admin_ctx(a, a->cmd->jfc.tid, JFC_OFF(tid));
	eq = ctx ? find_jfc_eq(a) : NULL;
	if (!eq)
		return UB_ADMIN_BAD_ID;
	jfc = ub_obj_new(a->core, UB_KIND_JFC, a->cmd->id);
	if (!jfc)
		return ub_admin_fail(a, UB_ADMIN_NO_MEMORY, 0);
	ret = ub_admin_pin_queue(a, ctx, &jfc->obj);
	if (ret) {
		free(jfc);
		return ret;
	}
	jfc->ctx = ctx;
	jfc->eq = eq;
	jfc->rec = ub_pinned_at(&jfc->rec_pin, 0);
	jfc->depth = a->cmd->jfc.depth;
	jfc->db_page = a->cmd->jfc.db_page;
	jfc->timer.obj = &jfc->obj;
	atomic_init(&jfc->state, UB_STATE_READY);
	pthread_mutex_init(&jfc->lock, NULL);
	ub_jfc_moderate(jfc, &a->cmd->jfc, a->after);
	publish_jfc(a, jfc);
	return 0;
}

int ub_jfc_modify(struct ub_admin *a)
{
	struct ub_obj *obj = ub_admin_obj(a, UB_KIND_JFC);
	int ret = obj ? check_jfc_flags(a) : UB_ADMIN_BAD_ID;

	if (ret)
		return ret;
	pthread_rwlock_rdlock(&a->core->dma_lock);
	ub_jfc_moderate(ub_container(obj, struct ub_jfc, obj), &a->cmd->jfc, a->after);
	pthread_rwlock_unlock(&a->core->dma_lock);
	return 0;
}

int ub_jfc_query(struct ub_admin *a)
{
	struct ub_obj *obj = ub_admin_obj(a, UB_KIND_JFC);
	struct ub_jfc *jfc;

	if (!obj)
		return UB_ADMIN_BAD_ID;
	jfc = ub_container(obj, struct ub_jfc, obj);
	pthread_mutex_lock(&jfc->lock);
	a->reply->state = atomic_load(&jfc->state);
	a->reply->pi = jfc->pi;
	a->reply->ci = ub_load(&jfc->rec->ci);
	a->reply->count = jfc->count;
	a->reply->jfc.events = jfc->events;
	a->reply->jfc.rearms = jfc->rearms;
	a->reply->jfc.moderated = jfc->moderated;
	pthread_mutex_unlock(&jfc->lock);
	a->reply->refs = obj->users;
	return 0;
}

int ub_jfc_destroy(struct ub_admin *a)
{
	struct ub_obj *obj = ub_admin_obj(a, UB_KIND_JFC);
	struct ub_jfc *jfc;

	if (!obj)
		return UB_ADMIN_BAD_ID;
	if (obj->users)
		return ub_admin_fail(a, UB_ADMIN_BUSY, obj->users);
	jfc = ub_container(obj, struct ub_jfc, obj);
	jfc->ctx->obj.users--;
	jfc->eq->obj.users--;
	ub_dma_lock_write(a->core);
	atomic_store(&a->core->db[jfc->db_page], NULL);
	ub_dma_unlock_write(a->core);
	ub_obj_destroy(obj);
	return 0;
}

/* ---- Life ---- */
void ub_jfc_leave(struct ub_obj *obj)
{
	ub_engine_cancel(obj->core, &ub_container(obj, struct ub_jfc, obj)->timer);
}

void ub_jfc_end(struct ub_obj *obj)
{
	struct ub_jfc *jfc = ub_container(obj, struct ub_jfc, obj);

	pthread_mutex_destroy(&jfc->lock);
	ub_obj_put(&jfc->eq->obj);
	ub_obj_put(&jfc->ctx->obj);
}

/* CQEs are all that it counts. */
uint64_t ub_jfc_count(struct ub_obj *obj, enum ub_stat stat)
{
	struct ub_jfc *jfc = ub_container(obj, struct ub_jfc, obj);
	uint64_t n;

	(void)stat;
	pthread_mutex_lock(&jfc->lock);
	n = jfc->count;
	pthread_mutex_unlock(&jfc->lock);
	return n;
}

/* ---- ERROR, with jfc.lock held ---- */
static void jfc_enter_error(struct ub_jfc *jfc, unsigned info, struct ub_after *after)
{
	atomic_store(&jfc->state, UB_STATE_ERROR);
	ub_store(&jfc->rec->state, UB_STATE_ERROR);
	ub_event(jfc->obj.core, UB_EVENT_JFC_ERR, jfc->obj.id, jfc->ctx->obj.id, info, after);
}

void ub_jfc_lose(struct ub_obj *obj, struct ub_after *after)
{
	struct ub_jfc *jfc = ub_container(obj, struct ub_jfc, obj);

	pthread_mutex_lock(&jfc->lock);
	jfc->rec = ub_pinned_at(&jfc->rec_pin, 0);
	jfc_enter_error(jfc, UB_CR_LOC_ACCESS_ERR, after);
	pthread_mutex_unlock(&jfc->lock);
	ub_after_error(after, "jfc %u: its memory was unmapped, queue in ERROR", obj->id);
}

/* ---- CQEs ---- */
static void jfc_overflow(struct ub_jfc *jfc, struct ub_after *after)
{
	jfc_enter_error(jfc, UB_CR_LOC_OPERATION_ERR, after);
	ub_after_error(after, "jfc %u: overflow at %u CQEs, queue in ERROR", jfc->obj.id,
		       jfc->depth);
}

static bool jfc_is_full(struct ub_jfc *jfc)
{
	if (jfc->pi - jfc->ci_seen < jfc->depth)
		return false;
	jfc->ci_seen = ub_load(&jfc->rec->ci);
	return jfc->pi - jfc->ci_seen >= jfc->depth;
}

static void write_cqe(struct ub_jfc *jfc, struct ub_hw_cqe *cqe)
{
	struct ub_core *core = jfc->obj.core;
	uint64_t off = (uint64_t)(jfc->pi & (jfc->depth - 1)) * sizeof(*cqe);
	uint8_t *slot = ub_pinned_at(&jfc->ring, off);
	uint32_t head;

	cqe->timestamp_ns = core->host.clock_ns(core->opaque);
	if (ub_hw_owner(jfc->pi, jfc->depth))
		cqe->flags |= UB_CQE_OWNER;
	memcpy(&head, cqe, 4);
	memcpy(slot + 4, (uint8_t *)cqe + 4, sizeof(*cqe) - 4);
	ub_store((__le32 *)slot, head);
	jfc->pi++;
	jfc->count++;
	ub_store(&jfc->rec->pi, jfc->pi);
}

/* The slot is free: whoever looks at its owner bit does not see the rest. */
void ub_jfc_tear(struct ub_jfc *jfc, const struct ub_hw_cqe *cqe, size_t from, size_t to)
{
	uint64_t off;

	if (ub_obj_dead(&jfc->obj))
		return;
	pthread_mutex_lock(&jfc->lock);
	off = (uint64_t)(jfc->pi & (jfc->depth - 1)) * sizeof(*cqe);
	if (atomic_load(&jfc->state) == UB_STATE_READY && !jfc_is_full(jfc))
		memcpy((uint8_t *)ub_pinned_at(&jfc->ring, off) + from,
		       (const uint8_t *)cqe + from, to - from);
	pthread_mutex_unlock(&jfc->lock);
}

bool ub_jfc_push(struct ub_jfc *jfc, struct ub_hw_cqe *cqe, struct ub_after *after)
{
	bool wake = cqe->flags & UB_CQE_SOLICITED || cqe->status != UB_CR_SUCCESS;
	bool ok = false;

	if (ub_obj_dead(&jfc->obj))
		return false;
	pthread_mutex_lock(&jfc->lock);
	if (atomic_load(&jfc->state) == UB_STATE_READY) {
		ok = !jfc_is_full(jfc);
		if (!ok)
			jfc_overflow(jfc, after);
	}
	if (ok) {
		write_cqe(jfc, cqe);
		if (wake) {
			jfc->solicited_end = jfc->pi;
			jfc->has_solicited = true;
		}
		ub_jfc_notify(jfc, wake, cqe->timestamp_ns, after);
	}
	pthread_mutex_unlock(&jfc->lock);
	return ok;
}
