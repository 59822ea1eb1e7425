/* SPDX-License-Identifier: MIT */
/* Receive queues. */
#include <stdlib.h>

#include "queue/queue.h"

#define JFR_OFF(member) UB_ADMIN_OFF(jfr.member)

static int check_jfr(struct ub_admin *a)
{
	const struct ub_admin_jfr *r = &a->cmd->jfr;
	int ret = ub_admin_check_new(a, UB_KIND_JFR);

	if (!ret)
		ret = ub_admin_check_ring(a, r->ring, r->rec, r->depth, JFR_OFF(depth));
	if (ret)
		return ret;
	if (r->token_policy != UB_HW_TOKEN_NONE && r->token_policy != UB_HW_TOKEN_PLAIN_TEXT)
		return ub_admin_fail(a, UB_ADMIN_BAD_FIELD, JFR_OFF(token_policy));
	if (r->state)
		return ub_admin_fail(a, UB_ADMIN_BAD_FIELD, JFR_OFF(state));
	if (r->min_rnr_timer > UB_HW_MAX_RNR_TIMER)
		return ub_admin_fail(a, UB_ADMIN_BAD_FIELD, JFR_OFF(min_rnr_timer));
	return 0;
}

static void publish_jfr(struct ub_jfr *jfr)
{
	pthread_mutex_init(&jfr->lock, NULL);
	atomic_init(&jfr->gen, 0);
	ub_obj_use(&jfr->ctx->obj);
	ub_obj_use(&jfr->jfc->obj);
	ub_store(&jfr->rec->ci, 0);
	ub_store(&jfr->rec->state, UB_STATE_READY);
	ub_obj_publish(&jfr->obj);
}

int ub_jfr_create(struct ub_admin *a)
{
	const struct ub_admin_jfr *r = &a->cmd->jfr;
	struct ub_ctx *ctx;
	struct ub_jfc *jfc;
	struct ub_jfr *jfr;
	int ret = check_jfr(a);

	if (ret)
		return ret;
	ctx = ub_admin_ctx(a, r->tid, JFR_OFF(tid));
	jfc = ctx ? ub_admin_jfc(a, ctx, r->jfc, JFR_OFF(jfc)) : NULL;
	if (!jfc)
		return UB_ADMIN_BAD_ID;
	jfr = ub_obj_new(a->core, UB_KIND_JFR, a->cmd->id);
	if (!jfr)
		return ub_admin_fail(a, UB_ADMIN_NO_MEMORY, 0);
	ret = ub_admin_pin_queue(a, ctx, &jfr->obj);
	if (ret) {
		free(jfr);
		return ret;
	}
	jfr->ctx = ctx;
	jfr->jfc = jfc;
	jfr->rec = ub_pinned_at(&jfr->rec_pin, 0);
	jfr->depth = r->depth;
	jfr->policy = r->token_policy;
	jfr->token = r->token_value;
	jfr->min_rnr_timer = r->min_rnr_timer;
	jfr->state = UB_STATE_READY;
	publish_jfr(jfr);
	return 0;
}

int ub_jfr_query(struct ub_admin *a)
{
	struct ub_obj *obj = ub_admin_obj(a, UB_KIND_JFR);
	struct ub_jfr *jfr;

	if (!obj)
		return UB_ADMIN_BAD_ID;
	jfr = ub_container(obj, struct ub_jfr, obj);
	pthread_mutex_lock(&jfr->lock);
	a->reply->state = jfr->state;
	a->reply->pi = jfr->pi_seen;
	a->reply->ci = jfr->ci;
	a->reply->count = jfr->count;
	pthread_mutex_unlock(&jfr->lock);
	a->reply->refs = obj->users;
	return 0;
}

int ub_jfr_destroy(struct ub_admin *a)
{
	struct ub_obj *obj = ub_admin_obj(a, UB_KIND_JFR);
	struct ub_jfr *jfr;

	if (!obj)
		return UB_ADMIN_BAD_ID;
	if (obj->users)
		return ub_admin_fail(a, UB_ADMIN_BUSY, obj->users);
	jfr = ub_container(obj, struct ub_jfr, obj);
	jfr->ctx->obj.users--;
	jfr->jfc->obj.users--;
	ub_obj_destroy(obj);
	return 0;
}

/* ---- Life ---- */
void ub_jfr_kill(struct ub_obj *obj)
{
	atomic_fetch_add(&ub_container(obj, struct ub_jfr, obj)->gen, 1);
}

void ub_jfr_end(struct ub_obj *obj)
{
	struct ub_jfr *jfr = ub_container(obj, struct ub_jfr, obj);

	pthread_mutex_destroy(&jfr->lock);
	ub_obj_put(&jfr->jfc->obj);
	ub_obj_put(&jfr->ctx->obj);
}

/* ---- States; with jfr.lock held ---- */
static void jfr_set_state(struct ub_jfr *jfr, uint8_t state)
{
	jfr->state = state;
	ub_store(&jfr->rec->state, state);
}

static void jfr_enter_error(struct ub_jfr *jfr, uint32_t flush_end)
{
	jfr_set_state(jfr, UB_STATE_ERROR);
	jfr->flushing = true;
	jfr->flush_end = flush_end;
}

/* By request of the driver: flush what is posted, unless PI cannot be believed. */
static void jfr_modify_error(struct ub_jfr *jfr)
{
	jfr->pi_seen = ub_load(&jfr->rec->pi);
	jfr_enter_error(jfr, jfr->pi_seen - jfr->ci > jfr->depth ? jfr->ci : jfr->pi_seen);
}

static void jfr_enter_reset(struct ub_jfr *jfr)
{
	jfr_set_state(jfr, UB_STATE_RESET);
	jfr->flushing = false;
	jfr->ci = 0;
	jfr->pi_seen = 0;
	ub_store(&jfr->rec->ci, 0);
	atomic_fetch_add(&jfr->gen, 1);
}

static bool jfr_may_enter(const struct ub_jfr *jfr, uint8_t from, uint8_t to)
{
	/* Without memory it stays there. */
	if (jfr->ring.lost)
		return false;
	return (from == UB_STATE_READY && to == UB_STATE_ERROR) ||
	       (from == UB_STATE_ERROR && to == UB_STATE_RESET) ||
	       (from == UB_STATE_RESET && to == UB_STATE_READY);
}

static int jfr_change_state(struct ub_admin *a, struct ub_jfr *jfr, uint8_t to)
{
	uint8_t from;

	/* The write side: no burst runs while a RESET takes the queue away. */
	ub_dma_lock_write(a->core);
	pthread_mutex_lock(&jfr->lock);
	from = jfr->state;
	if (jfr_may_enter(jfr, from, to)) {
		if (to == UB_STATE_ERROR)
			jfr_modify_error(jfr);
		else if (to == UB_STATE_RESET)
			jfr_enter_reset(jfr);
		else
			jfr_set_state(jfr, to);
	}
	pthread_mutex_unlock(&jfr->lock);
	ub_dma_unlock_write(a->core);
	if (!jfr_may_enter(jfr, from, to))
		return ub_admin_fail(a, UB_ADMIN_BAD_STATE, from);
	return 0;
}

int ub_jfr_modify(struct ub_admin *a)
{
	struct ub_obj *obj = ub_admin_obj(a, UB_KIND_JFR);
	struct ub_jfr *jfr;
	bool more = true;
	int ret;

	if (!obj)
		return UB_ADMIN_BAD_ID;
	jfr = ub_container(obj, struct ub_jfr, obj);
	ret = jfr_change_state(a, jfr, a->cmd->jfr.state);
	while (!ret && more) {
		pthread_rwlock_rdlock(&a->core->dma_lock);
		more = ub_jfr_flush(jfr, a->after);
		pthread_rwlock_unlock(&a->core->dma_lock);
	}
	return ret;
}

void ub_jfr_lose(struct ub_obj *obj, struct ub_after *after)
{
	struct ub_jfr *jfr = ub_container(obj, struct ub_jfr, obj);

	pthread_mutex_lock(&jfr->lock);
	jfr->rec = ub_pinned_at(&jfr->rec_pin, 0);
	jfr_set_state(jfr, UB_STATE_ERROR);
	jfr->flushing = false;
	pthread_mutex_unlock(&jfr->lock);
	ub_event(obj->core, UB_EVENT_JFR_ERR, obj->id, jfr->ctx->obj.id, UB_CR_LOC_ACCESS_ERR,
		 after);
	ub_after_error(after, "jfr %u: its memory was unmapped, queue in ERROR", obj->id);
}

/* ---- Receive WQEs ---- */
static void copy_recv_slot(struct ub_jfr *jfr, uint32_t index, struct ub_hw_recv_wqe *wqe)
{
	uint64_t off = (uint64_t)(index & (jfr->depth - 1)) * sizeof(*wqe);

	memcpy(wqe, ub_pinned_at(&jfr->ring, off), sizeof(*wqe));
}

static bool recv_slot_valid(struct ub_jfr *jfr, uint32_t index, const struct ub_hw_recv_wqe *wqe)
{
	unsigned owner = wqe->flags & UB_WQE_OWNER;

	return owner == ub_hw_owner(index, jfr->depth) && wqe->idx == (uint16_t)index &&
	       !(wqe->flags & ~UB_WQE_OWNER) && wqe->sge_num <= UB_HW_RECV_SGE && !wqe->rsvd &&
	       !wqe->rsvd1;
}

static void distrust_jfr(struct ub_jfr *jfr, uint32_t flush_end, const char *why,
			 struct ub_after *after)
{
	jfr_enter_error(jfr, flush_end);
	ub_event(jfr->obj.core, UB_EVENT_JFR_ERR, jfr->obj.id, jfr->ctx->obj.id,
		 UB_CR_LOC_OPERATION_ERR, after);
	ub_after_error(after, "jfr %u: %s at index %u, queue in ERROR", jfr->obj.id, why,
		       jfr->ci);
}

static enum ub_take jfr_take_locked(struct ub_jfr *jfr, struct ub_hw_recv_wqe *wqe, uint32_t *index,
				    struct ub_after *after)
{
	uint32_t pi;

	if (jfr->state != UB_STATE_READY || atomic_load(&jfr->jfc->state) != UB_STATE_READY)
		return UB_TAKE_STATE;
	pi = ub_load(&jfr->rec->pi);
	jfr->pi_seen = pi;
	if (pi == jfr->ci)
		return UB_TAKE_EMPTY;
	if (pi - jfr->ci > jfr->depth) {
		distrust_jfr(jfr, jfr->ci, "PI more than a ring ahead", after);
		return UB_TAKE_BAD;
	}
	*index = jfr->ci;
	copy_recv_slot(jfr, jfr->ci, wqe);
	if (!recv_slot_valid(jfr, jfr->ci, wqe)) {
		distrust_jfr(jfr, pi, "malformed receive WQE", after);
		return UB_TAKE_BAD;
	}
	jfr->ci++;
	jfr->count++;
	ub_store(&jfr->rec->ci, jfr->ci);
	return UB_TAKE_OK;
}

enum ub_take ub_jfr_take(struct ub_jfr *jfr, struct ub_hw_recv_wqe *wqe, uint32_t *index,
			 struct ub_after *after)
{
	enum ub_take ret = UB_TAKE_STATE;

	if (ub_obj_dead(&jfr->obj))
		return ret;
	pthread_mutex_lock(&jfr->lock);
	ret = jfr_take_locked(jfr, wqe, index, after);
	pthread_mutex_unlock(&jfr->lock);
	return ret;
}

static bool jfr_flush_one(struct ub_jfr *jfr, struct ub_after *after)
{
	struct ub_hw_recv_wqe wqe;
	struct ub_hw_cqe cqe = {
		.status = UB_CR_WR_FLUSH_ERR,
		.flags = UB_CQE_RECV,
		.local_id = jfr->obj.id,
		.idx = jfr->ci,
	};

	copy_recv_slot(jfr, jfr->ci, &wqe);
	if (recv_slot_valid(jfr, jfr->ci, &wqe)) {
		cqe.user_ctx = wqe.user_ctx;
		if (!ub_jfc_push(jfr->jfc, &cqe, after))
			return false;
	}
	jfr->ci++;
	ub_store(&jfr->rec->ci, jfr->ci);
	return true;
}

bool ub_jfr_flush(struct ub_jfr *jfr, struct ub_after *after)
{
	bool more;

	if (ub_obj_dead(&jfr->obj))
		return false;
	pthread_mutex_lock(&jfr->lock);
	for (int i = 0; jfr->flushing && i < UB_FLUSH_CHUNK; i++) {
		if (jfr->ci == jfr->flush_end || !jfr_flush_one(jfr, after))
			jfr->flushing = false;
	}
	more = jfr->flushing;
	pthread_mutex_unlock(&jfr->lock);
	return more;
}
