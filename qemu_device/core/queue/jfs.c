/* SPDX-License-Identifier: MIT */
/* Send queues and Jetties: admin commands and states. */
#include <stdlib.h>

#include "engine/usage.h"
#include "queue/queue.h"

#define JFS_OFF(member) UB_ADMIN_OFF(jfs.member)
#define JFS_FLAGS (UB_JFS_F_ERROR_SUSPEND | UB_JFS_F_JETTY)

static int check_jfs(struct ub_admin *a)
{
	const struct ub_admin_jfs *s = &a->cmd->jfs;
	int ret = ub_admin_check_new(a, UB_KIND_JFS);

	if (!ret)
		ret = ub_admin_check_ring(a, s->ring, s->rec, s->depth, JFS_OFF(depth));
	if (!ret)
		ret = ub_admin_check_page(a, s->db_page, JFS_OFF(db_page));
	if (ret)
		return ret;
	if (s->flags & ~JFS_FLAGS)
		return ub_admin_fail(a, UB_ADMIN_BAD_FIELD, JFS_OFF(flags));
	if (s->jfr && !(s->flags & UB_JFS_F_JETTY))
		return ub_admin_fail(a, UB_ADMIN_BAD_FIELD, JFS_OFF(jfr));
	if (s->state)
		return ub_admin_fail(a, UB_ADMIN_BAD_FIELD, JFS_OFF(state));
	if (s->priority > UB_HW_MAX_PRIORITY)
		return ub_admin_fail(a, UB_ADMIN_BAD_FIELD, JFS_OFF(priority));
	if (s->rnr_retry > UB_HW_MAX_RNR_RETRY)
		return ub_admin_fail(a, UB_ADMIN_BAD_FIELD, JFS_OFF(rnr_retry));
	if (s->err_timeout > UB_HW_MAX_ERR_TIMEOUT)
		return ub_admin_fail(a, UB_ADMIN_BAD_FIELD, JFS_OFF(err_timeout));
	return 0;
}

/* Context, JFC and JFR; 0 or BAD_ID. */
static int resolve_jfs(struct ub_admin *a, struct ub_jfs *jfs)
{
	const struct ub_admin_jfs *s = &a->cmd->jfs;
	struct ub_obj *obj;

	jfs->ctx = ub_admin_ctx(a, s->tid, JFS_OFF(tid));
	jfs->jfc = jfs->ctx ? ub_admin_jfc(a, jfs->ctx, s->jfc, JFS_OFF(jfc)) : NULL;
	if (!jfs->jfc)
		return UB_ADMIN_BAD_ID;
	if (!(s->flags & UB_JFS_F_JETTY))
		return 0;
	obj = ub_obj_find(a->core, UB_KIND_JFR, s->jfr);
	if (!obj || ub_container(obj, struct ub_jfr, obj)->ctx != jfs->ctx)
		return ub_admin_fail(a, UB_ADMIN_BAD_ID, JFS_OFF(jfr));
	jfs->jfr = ub_container(obj, struct ub_jfr, obj);
	return 0;
}

static void fill_jfs(struct ub_admin *a, struct ub_jfs *jfs)
{
	const struct ub_admin_jfs *s = &a->cmd->jfs;

	pthread_mutex_init(&jfs->lock, NULL);
	atomic_init(&jfs->sched, UB_SCHED_IDLE);
	atomic_init(&jfs->gen, 0);
	atomic_init(&jfs->state, UB_STATE_READY);
	jfs->timer.obj = &jfs->obj;
	jfs->rec = ub_pinned_at(&jfs->rec_pin, 0);
	jfs->depth = s->depth;
	jfs->db_page = s->db_page;
	jfs->flags = s->flags;
	ub_sched_place(jfs, s->priority, s->weight);
	jfs->rnr_retry = s->rnr_retry;
	jfs->err_timeout = s->err_timeout ? s->err_timeout : UB_HW_ERR_TIMEOUT;
	jfs->eid = a->core->cfg.eid;
}

static void publish_jfs(struct ub_admin *a, struct ub_jfs *jfs)
{
	ub_obj_use(&jfs->ctx->obj);
	ub_obj_use(&jfs->jfc->obj);
	if (jfs->jfr)
		ub_obj_use(&jfs->jfr->obj);
	ub_store(&jfs->rec->event_idx, 0);
	ub_store(&jfs->rec->ci, 0);
	ub_store(&jfs->rec->state, UB_STATE_READY);
	ub_obj_publish(&jfs->obj);
	atomic_store(&a->core->db[jfs->db_page], &jfs->obj);
	a->page = jfs->db_page;
	a->page_in_use = true;
}

int ub_jfs_create(struct ub_admin *a)
{
	struct ub_jfs *jfs;
	int ret = check_jfs(a);

	if (ret)
		return ret;
	jfs = ub_obj_new(a->core, UB_KIND_JFS, a->cmd->id);
	if (!jfs)
		return ub_admin_fail(a, UB_ADMIN_NO_MEMORY, 0);
	ret = resolve_jfs(a, jfs);
	if (!ret)
		ret = ub_admin_pin_queue(a, jfs->ctx, &jfs->obj);
	if (ret) {
		free(jfs);
		return ret;
	}
	fill_jfs(a, jfs);
	publish_jfs(a, jfs);
	return 0;
}

int ub_jfs_query(struct ub_admin *a)
{
	struct ub_obj *obj = ub_admin_obj(a, UB_KIND_JFS);
	struct ub_jfs *jfs;

	if (!obj)
		return UB_ADMIN_BAD_ID;
	jfs = ub_container(obj, struct ub_jfs, obj);
	pthread_mutex_lock(&jfs->lock);
	a->reply->state = atomic_load(&jfs->state);
	a->reply->pi = ub_load(&jfs->rec->pi);
	a->reply->ci = jfs->ci;
	a->reply->count = jfs->count;
	/* Completions are counted as it is; no store of their own tells of them. */
	a->reply->detail = (uint32_t)jfs->count + atomic_load(&jfs->progress);
	a->reply->jfs.direct_wqes = jfs->direct_wqes;
	pthread_mutex_unlock(&jfs->lock);
	a->reply->jfs.inline_wqes = atomic_load(&jfs->inline_wqes);
	a->reply->jfs.doorbells = atomic_load(&jfs->doorbells);
	a->reply->jfs.preempted = atomic_load(&jfs->preempted);
	a->reply->refs = obj->users;
	if (atomic_load(&jfs->running))
		a->reply->flags |= UB_ADMIN_REPLY_RUNNING;
	if ((atomic_load(&jfs->sched) & UB_SCHED_MASK) == UB_SCHED_PARKED)
		a->reply->flags |= UB_ADMIN_REPLY_WAITING;
	return 0;
}

uint32_t ub_jfs_count_running(struct ub_core *core)
{
	uint32_t n = 0;
	struct ub_obj *obj;

	pthread_rwlock_rdlock(&core->dma_lock);
	for (uint32_t id = 0; (obj = ub_idmap_next(&core->map[UB_KIND_JFS], &id));)
		n += atomic_load(&ub_container(obj, struct ub_jfs, obj)->running);
	pthread_rwlock_unlock(&core->dma_lock);
	return n;
}

int ub_jfs_destroy(struct ub_admin *a)
{
	struct ub_obj *obj = ub_admin_obj(a, UB_KIND_JFS);
	struct ub_jfs *jfs;

	if (!obj)
		return UB_ADMIN_BAD_ID;
	jfs = ub_container(obj, struct ub_jfs, obj);
	if (atomic_load(&jfs->stall) == UB_STALL_DEVICE + 1)
		return ub_admin_fail(a, UB_ADMIN_BUSY, 1);
	a->page = jfs->db_page;
	a->page_in_use = false;
	jfs->ctx->obj.users--;
	jfs->jfc->obj.users--;
	if (jfs->jfr)
		jfs->jfr->obj.users--;
	ub_dma_lock_write(a->core);
	atomic_store(&a->core->db[jfs->db_page], NULL);
	ub_dma_unlock_write(a->core);
	ub_obj_destroy(obj);
	return 0;
}

/* ---- Life ---- */
static struct ub_jfs *to_jfs(struct ub_obj *obj)
{
	return ub_container(obj, struct ub_jfs, obj);
}

/* A RESET, or its end: the segments and the program of the command are held no more. */
static void unhold_cmd(struct ub_cmd *cmd)
{
	ub_cmd_unhold_program(cmd);
	for (unsigned i = 0; i < cmd->nsge; i++)
		ub_mem_unhold(&cmd->mem[i]);
	ub_mem_unhold(&cmd->rmt);
	ub_mem_unhold(&cmd->notify);
}

void ub_jfs_kill(struct ub_obj *obj)
{
	struct ub_jfs *jfs = to_jfs(obj);

	ub_usage_add(&jfs->ctx->gone, jfs);
	jfs->ctx->gone.pending = 0;
	atomic_fetch_add(&jfs->gen, 1);
	unhold_cmd(&jfs->cur);
}

void ub_jfs_quiesce(struct ub_obj *obj)
{
	ub_engine_wait_work(to_jfs(obj));
}

void ub_jfs_leave(struct ub_obj *obj)
{
	ub_engine_kick(to_jfs(obj), true);
}

void ub_jfs_tell_reset(struct ub_obj *obj)
{
	struct ub_core *core = obj->core;

	if (core->host.db_page)
		core->host.db_page(core->opaque, to_jfs(obj)->db_page, false);
}

void ub_jfs_end(struct ub_obj *obj)
{
	struct ub_jfs *jfs = to_jfs(obj);

	pthread_mutex_destroy(&jfs->lock);
	ub_request_free(atomic_load(&jfs->request));
	ub_obj_put(&jfs->jfc->obj);
	if (jfs->jfr)
		ub_obj_put(&jfs->jfr->obj);
	ub_obj_put(&jfs->ctx->obj);
}

static uint64_t jfs_count_locked(struct ub_jfs *jfs, enum ub_stat stat)
{
	switch (stat) {
	case UB_ST_wqes:
		return jfs->count;
	case UB_ST_doorbells:
		return atomic_load(&jfs->doorbells);
	case UB_ST_direct_wqes:
		return jfs->direct_wqes;
	case UB_ST_inline_wqes:
		return atomic_load(&jfs->inline_wqes);
	case UB_ST_engine_wqes:
		return atomic_load(&jfs->engine_wqes);
	case UB_ST_bytes:
		return atomic_load(&jfs->used.bytes);
	case UB_ST_errors:
		return atomic_load(&jfs->used.errors);
	case UB_ST_busy_ns:
		return atomic_load(&jfs->used.busy_ns);
	default: return 0;
	}
}

uint64_t ub_jfs_count(struct ub_obj *obj, enum ub_stat stat)
{
	struct ub_jfs *jfs = to_jfs(obj);
	uint64_t n;

	pthread_mutex_lock(&jfs->lock);
	n = jfs_count_locked(jfs, stat);
	pthread_mutex_unlock(&jfs->lock);
	return n;
}

/* ---- States; with jfs.lock held ---- */
/* The queue leaves READY: a stall that was for time or queue ends. */
static void end_stall(struct ub_jfs *jfs)
{
	unsigned stall = atomic_load(&jfs->stall);

	if (stall == UB_STALL_TIME + 1 || stall == UB_STALL_QUEUE + 1)
		atomic_store(&jfs->stall, UB_STALL_OVER);
}

void ub_jfs_set_state(struct ub_jfs *jfs, unsigned state)
{
	atomic_store(&jfs->state, state);
	ub_store(&jfs->rec->state, state);
	if (state != UB_STATE_READY)
		end_stall(jfs);
}

void ub_jfs_enter_error(struct ub_jfs *jfs, uint32_t flush_end, unsigned sub)
{
	ub_jfs_set_state(jfs, UB_STATE_ERROR);
	jfs->flushing = true;
	jfs->flush_untrusted = sub != UB_SUB_NONE;
	jfs->flush_sub = sub == UB_SUB_PI || sub == UB_SUB_BUS ? (uint8_t)sub : UB_SUB_NONE;
	jfs->flush_end = flush_end;
}

static void jfs_modify_error(struct ub_jfs *jfs)
{
	uint32_t pi = ub_load(&jfs->rec->pi);

	if (pi - jfs->ci > jfs->depth)
		ub_jfs_enter_error(jfs, jfs->ci, UB_SUB_PI);
	else
		ub_jfs_enter_error(jfs, pi, UB_SUB_NONE);
}

static void jfs_enter_reset(struct ub_jfs *jfs)
{
	ub_jfs_set_state(jfs, UB_STATE_RESET);
	jfs->flushing = false;
	jfs->suspend_due = false;
	jfs->ci = 0;
	ub_store(&jfs->rec->ci, 0);
	ub_store(&jfs->rec->event_idx, 0);
	atomic_fetch_add(&jfs->gen, 1);
	unhold_cmd(&jfs->cur);
}

/* What it had posted is gone with its ring: there is nothing to flush but the end. */
void ub_jfs_lose(struct ub_obj *obj, struct ub_after *after)
{
	struct ub_jfs *jfs = to_jfs(obj);
	bool jetty = jfs->flags & UB_JFS_F_JETTY;

	pthread_mutex_lock(&jfs->lock);
	jfs->rec = ub_pinned_at(&jfs->rec_pin, 0);
	if (atomic_load(&jfs->state) != UB_STATE_ERROR || jfs->flushing)
		ub_jfs_enter_error(jfs, jfs->ci, UB_SUB_BUS);
	pthread_mutex_unlock(&jfs->lock);
	ub_event(obj->core, jetty ? UB_EVENT_JETTY_ERR : UB_EVENT_JFS_ERR, obj->id,
		 jfs->ctx->obj.id, UB_CR_LOC_ACCESS_ERR, after);
	ub_after_error(after, "jfs %u: its memory was unmapped, queue in ERROR", obj->id);
	ub_engine_kick(jfs, true);
}

static bool jfs_may_enter(const struct ub_jfs *jfs, unsigned from, unsigned to)
{
	/* Without memory it stays in ERROR. */
	if (jfs->ring.lost)
		return false;
	switch (from) {
	case UB_STATE_RESET:
		return to == UB_STATE_READY;
	case UB_STATE_READY:
		return to == UB_STATE_SUSPENDED || to == UB_STATE_ERROR;
	case UB_STATE_SUSPENDED:
		return to == UB_STATE_READY || to == UB_STATE_ERROR;
	default:
		return to == UB_STATE_RESET;
	}
}

static void jfs_enter(struct ub_jfs *jfs, unsigned to)
{
	switch (to) {
	case UB_STATE_ERROR:
		jfs_modify_error(jfs);
		break;
	case UB_STATE_RESET:
		jfs_enter_reset(jfs);
		break;
	case UB_STATE_SUSPENDED:
		jfs->suspend_due = true;
		ub_jfs_set_state(jfs, to);
		break;
	default:
		ub_jfs_set_state(jfs, to);
		break;
	}
}

int ub_jfs_modify(struct ub_admin *a)
{
	struct ub_obj *obj = ub_admin_obj(a, UB_KIND_JFS);
	unsigned from, to = a->cmd->jfs.state;
	struct ub_jfs *jfs;

	if (!obj)
		return UB_ADMIN_BAD_ID;
	jfs = ub_container(obj, struct ub_jfs, obj);
	/* The write side: no burst runs while a RESET takes the queue away. */
	ub_dma_lock_write(a->core);
	pthread_mutex_lock(&jfs->lock);
	from = atomic_load(&jfs->state);
	if (jfs_may_enter(jfs, from, to))
		jfs_enter(jfs, to);
	pthread_mutex_unlock(&jfs->lock);
	ub_dma_unlock_write(a->core);
	if (!jfs_may_enter(jfs, from, to))
		return ub_admin_fail(a, UB_ADMIN_BAD_STATE, from);
	if (to == UB_STATE_RESET)
		ub_engine_wait_work(jfs);
	ub_engine_kick(jfs, true);
	return 0;
}
