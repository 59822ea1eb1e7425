/* SPDX-License-Identifier: MIT */
/*
 * Running a send queue: one thread has it at a time and goes step by step. A step, under dma_lock
 * and jfs.lock, ends the command before and fetches the next; between steps the command runs.
 */
#include "engine/usage.h"
#include "run/run.h"

#define LIGHT_WQES	16	/* that one step ends */
#define MAX_FLUSHES	16	/* steps of a turn that flush */

enum step {
	STEP_IDLE,		/* nothing to do; event_idx says so */
	STEP_LINGER,		/* nothing to do; event_idx does not say so */
	STEP_EXEC,		/* jfs.cur is to be executed */
	STEP_AGAIN,		/* progress was made, there is more */
	STEP_LATE,		/* jfs.cur is to be completed after its wait_ns */
	STEP_ABANDON,		/* jfs.cur ends, but for its receive WQE */
	STEP_GONE,		/* destroyed */
};

static uint8_t *block_at(struct ub_jfs *jfs, uint32_t index)
{
	uint64_t off = (uint64_t)(index & (jfs->depth - 1)) * UB_HW_WQEBB_SIZE;

	return ub_pinned_at(&jfs->ring, off);
}

static uint8_t own_flags(const struct ub_jfs *jfs)
{
	return jfs->flags & UB_JFS_F_JETTY ? UB_CQE_JETTY : 0;
}

/* ---- Completions. False: the JFC is lost ---- */
static void sign_cqe(struct ub_jfs *jfs, struct ub_hw_cqe *cqe)
{
	cqe->flags |= own_flags(jfs);
	cqe->local_id = jfs->obj.id;
}

static bool push_cqe(struct ub_jfs *jfs, struct ub_hw_cqe *cqe, struct ub_after *after)
{
	sign_cqe(jfs, cqe);
	if (ub_jfc_push(jfs->jfc, cqe, after))
		return true;
	ub_jfs_set_state(jfs, UB_STATE_ERROR);
	jfs->flushing = false;
	jfs->suspend_due = false;
	return false;
}

static bool push_marker(struct ub_jfs *jfs, unsigned status, unsigned sub, struct ub_after *after)
{
	struct ub_hw_cqe cqe = {
		.status = (uint8_t)status,
		.substatus = (uint8_t)sub,
		.idx = jfs->ci,
	};

	return push_cqe(jfs, &cqe, after);
}

static void fill_cqe(const struct ub_cmd *cmd, struct ub_hw_cqe *cqe)
{
	memset(cqe, 0, sizeof(*cqe));
	cqe->status = cmd->status;
	cqe->substatus = cmd->substatus;
	cqe->opcode = cmd->opcode;
	cqe->flags = cmd->cqe_flags;
	if (cmd->flags & UB_WQE_SOLICITED && !ub_op_is_message(cmd->op))
		cqe->flags |= UB_CQE_SOLICITED;
	cqe->user_ctx = cmd->wqe.user_ctx;
	cqe->len = (uint32_t)cmd->moved;
	cqe->idx = cmd->index;
	cqe->imm_data = cmd->imm;
	if (ub_op_has_peer(cmd->op))
		memcpy(cqe->rmt_eid, cmd->wqe.rmt_eid, 16);
	if (ub_op_is_send(cmd->op))
		cqe->rmt_id = cmd->wqe.rmt_id;
}

static void advance_ci(struct ub_jfs *jfs, uint32_t n)
{
	jfs->ci += n;
	ub_store(&jfs->rec->ci, jfs->ci);
}

static void count_result(struct ub_jfs *jfs, unsigned status, uint64_t bytes)
{
	if (status != UB_CR_SUCCESS)
		ub_add(&jfs->used.errors, 1);
	if (bytes)
		ub_add(&jfs->used.bytes, bytes);
}

/* The command in jfs.cur has its result. */
static void finish_cmd(struct ub_jfs *jfs, struct ub_after *after)
{
	struct ub_cmd *cmd = &jfs->cur;
	bool failed = cmd->status != UB_CR_SUCCESS, ok = true;
	struct ub_hw_cqe cqe = { 0 };

	count_result(jfs, cmd->status, cmd->moved);
	if (failed || cmd->flags & UB_WQE_COMPLETE) {
		fill_cqe(cmd, &cqe);
		ok = push_cqe(jfs, &cqe, after);
	}
	ub_usage_end(jfs, cqe.timestamp_ns);
	jfs->count++;
	advance_ci(jfs, cmd->nblocks);
	ub_cmd_release(cmd);
	if (ok && failed && jfs->flags & UB_JFS_F_ERROR_SUSPEND &&
	    atomic_load(&jfs->state) == UB_STATE_READY) {
		ub_jfs_set_state(jfs, UB_STATE_SUSPENDED);
		jfs->suspend_due = true;
	}
}

/* ---- Errors of the ring ---- */
static void distrust_jfs(struct ub_jfs *jfs, uint32_t flush_end, unsigned sub,
			 struct ub_after *after)
{
	bool jetty = jfs->flags & UB_JFS_F_JETTY;

	ub_jfs_enter_error(jfs, flush_end, sub);
	ub_event(jfs->obj.core, jetty ? UB_EVENT_JETTY_ERR : UB_EVENT_JFS_ERR, jfs->obj.id,
		 jfs->ctx->obj.id, UB_CR_LOC_OPERATION_ERR, after);
	ub_after_error(after, "jfs %u: %s at index %u, queue in ERROR", jfs->obj.id,
		       sub == UB_SUB_PI ? "PI more than a ring ahead" : "WQE not of its lap",
		       jfs->ci);
}

/* A block that cannot be a WQE's first, or a WQE that ends beyond PI. */
static void complete_bad_wqe(struct ub_jfs *jfs, const struct ub_hw_wqe *wqe, uint32_t pi,
			     struct ub_after *after)
{
	struct ub_hw_cqe cqe = {
		.status = UB_CR_LOC_OPERATION_ERR,
		.substatus = UB_SUB_OWNER,
		.opcode = wqe->opcode,
		.user_ctx = wqe->user_ctx,
		.idx = jfs->ci,
	};

	count_result(jfs, UB_CR_LOC_OPERATION_ERR, 0);
	distrust_jfs(jfs, pi, UB_SUB_OWNER, after);
	push_cqe(jfs, &cqe, after);
	jfs->count++;
	advance_ci(jfs, 1);
}

/* ---- Fetch ---- */
static void start_cmd(struct ub_jfs *jfs, const void *first, unsigned blocks)
{
	struct ub_cmd *cmd = &jfs->cur;

	ub_usage_begin(jfs);
	memset(cmd, 0, offsetof(struct ub_cmd, raw));
	cmd->inline_data = NULL;
	cmd->rmt.seg = cmd->notify.seg = NULL;
	cmd->peer = NULL;
	cmd->link = NULL;
	cmd->jfr = NULL;
	cmd->program = NULL;
	cmd->holds_program = false;
	cmd->launch = NULL;
	cmd->receiving = cmd->restored = false;
	cmd->status = cmd->substatus = cmd->cqe_flags = 0;
	cmd->moved = cmd->imm = 0;
	cmd->active = true;
	cmd->gen = atomic_load(&jfs->gen);
	cmd->index = jfs->ci;
	cmd->nblocks = (uint8_t)blocks;
	memcpy(cmd->raw, first, UB_HW_WQEBB_SIZE);
	for (unsigned i = 1; i < blocks; i++)
		memcpy(cmd->raw + i * UB_HW_WQEBB_SIZE, block_at(jfs, jfs->ci + i),
		       UB_HW_WQEBB_SIZE);
	ub_wqe_parse(cmd);
}

/* A direct WQE stands for the ring's when it is the one WQE that is due. */
static bool direct_usable(struct ub_jfs *jfs, const void *direct, uint32_t pi)
{
	struct ub_hw_wqe wqe;

	if (!direct || pi - jfs->ci != 1)
		return false;
	memcpy(&wqe, direct, sizeof(wqe));
	return ub_wqe_is_first(&wqe, jfs->ci, jfs->depth) && ub_wqe_blocks(&wqe) == 1;
}

static enum step fetch_wqe_at(struct ub_jfs *jfs, uint32_t pi, const void *direct,
			      struct ub_after *after)
{
	_Alignas(8) uint8_t first[UB_HW_WQEBB_SIZE];
	struct ub_hw_wqe *wqe = (struct ub_hw_wqe *)first;
	unsigned blocks;

	if (direct_usable(jfs, direct, pi)) {
		jfs->direct_wqes++;
		start_cmd(jfs, direct, 1);
		return STEP_EXEC;
	}
	memcpy(first, block_at(jfs, jfs->ci), sizeof(first));
	blocks = ub_wqe_blocks(wqe);
	if (!ub_wqe_is_first(wqe, jfs->ci, jfs->depth) || blocks > pi - jfs->ci) {
		complete_bad_wqe(jfs, wqe, pi, after);
		return STEP_AGAIN;
	}
	start_cmd(jfs, first, blocks);
	return STEP_EXEC;
}

static enum step fetch_wqe(struct ub_jfs *jfs, const void *direct, bool linger,
			   struct ub_after *after)
{
	uint32_t pi = ub_load(&jfs->rec->pi);

	if (pi == jfs->ci && linger)
		return STEP_LINGER;
	if (pi == jfs->ci) {
		/* Say so, then look again: pairs with the full barrier of a post. */
		ub_store_seq(&jfs->rec->event_idx, jfs->ci);
		pi = ub_load_seq(&jfs->rec->pi);
	}
	if (pi == jfs->ci)
		return STEP_IDLE;
	if (pi - jfs->ci > jfs->depth) {
		distrust_jfs(jfs, jfs->ci, UB_SUB_PI, after);
		return STEP_AGAIN;
	}
	return fetch_wqe_at(jfs, pi, direct, after);
}

/* ---- Flush ---- */
/* PI may have gone back below the end of the command that was under way. */
static uint32_t flush_left(const struct ub_jfs *jfs)
{
	uint32_t left = jfs->flush_end - jfs->ci;

	return left <= jfs->depth ? left : 0;
}

static void flush_cmd(struct ub_jfs *jfs)
{
	jfs->cur.done = true;
	jfs->cur.status = UB_CR_WR_FLUSH_ERR;
	jfs->cur.substatus = UB_SUB_NONE;
}

static void flush_wqe(struct ub_jfs *jfs, struct ub_after *after)
{
	struct ub_hw_wqe wqe;
	struct ub_hw_cqe cqe = { .status = UB_CR_WR_FLUSH_ERR, .idx = jfs->ci };
	unsigned blocks = 1;

	memcpy(&wqe, block_at(jfs, jfs->ci), sizeof(wqe));
	if (!ub_wqe_is_first(&wqe, jfs->ci, jfs->depth)) {
		jfs->flush_untrusted = true;
		advance_ci(jfs, 1);
		return;
	}
	cqe.opcode = wqe.opcode;
	cqe.user_ctx = wqe.user_ctx;
	count_result(jfs, UB_CR_WR_FLUSH_ERR, 0);
	jfs->count++;
	if (!jfs->flush_untrusted)
		blocks = ub_wqe_blocks(&wqe);
	if (blocks > flush_left(jfs))
		blocks = flush_left(jfs);
	push_cqe(jfs, &cqe, after);
	advance_ci(jfs, blocks);
}

static enum step flush_jfs(struct ub_jfs *jfs, struct ub_after *after)
{
	for (int i = 0; i < UB_FLUSH_CHUNK && jfs->flushing && flush_left(jfs); i++)
		flush_wqe(jfs, after);
	if (!jfs->flushing)
		return STEP_IDLE;
	if (flush_left(jfs))
		return STEP_AGAIN;
	push_marker(jfs, UB_CR_WR_FLUSH_ERR_DONE, jfs->flush_sub, after);
	jfs->flushing = false;
	return STEP_IDLE;
}

/* ---- Steps ---- */
static bool cqe_is_late(struct ub_jfs *jfs)
{
	struct ub_cmd *cmd = &jfs->cur;
	struct ub_hw_cqe cqe;

	if (!cmd->late && !ub_armed_late(&jfs->obj.core->inject))
		return false;
	/* A change of state is not kept waiting. */
	if (atomic_load(&jfs->state) != UB_STATE_READY ||
	    (cmd->status == UB_CR_SUCCESS && !(cmd->flags & UB_WQE_COMPLETE)))
		return false;
	fill_cqe(cmd, &cqe);
	sign_cqe(jfs, &cqe);
	return ub_inject_late(cmd, jfs->jfc, &cqe);
}

/* It has taken a receive WQE and not completed it. */
static enum step step_receiving(struct ub_jfs *jfs)
{
	if (jfs->flushing || jfs->cur.gen != atomic_load(&jfs->gen))
		return STEP_ABANDON;
	return STEP_EXEC;
}

static enum step step_locked(struct ub_jfs *jfs, const void *direct, bool linger,
			     struct ub_after *after)
{
	struct ub_cmd *cmd = &jfs->cur;
	unsigned state;

	if (ub_armed(&jfs->obj.core->inject, UB_STALL_WAITING) && jfs->stall_loaded)
		return STEP_EXEC;
	if (cmd->active && cmd->receiving)
		return step_receiving(jfs);
	if (cmd->active && cmd->gen != atomic_load(&jfs->gen)) {
		ub_usage_drop(jfs);
		ub_cmd_release(cmd);
	}
	if (cmd->active && !cmd->done && jfs->flushing)
		flush_cmd(jfs);
	if (cmd->active && cmd->done) {
		if (cqe_is_late(jfs))
			return STEP_LATE;
		finish_cmd(jfs, after);
	}
	if (jfs->suspend_due) {
		jfs->suspend_due = false;
		push_marker(jfs, UB_CR_WR_SUSPEND_DONE, UB_SUB_NONE, after);
	}
	state = atomic_load(&jfs->state);
	if (jfs->flushing)
		return flush_jfs(jfs, after);
	if (state != UB_STATE_READY)
		return STEP_IDLE;
	return cmd->active ? STEP_EXEC : fetch_wqe(jfs, direct, linger, after);
}

/* Give the queue up; false when somebody asked for another look meanwhile. */
static bool jfs_go_idle(struct ub_jfs *jfs)
{
	unsigned s = UB_SCHED_RUNNING;

	ub_usage_leave(jfs);
	if (atomic_compare_exchange_strong(&jfs->sched, &s, UB_SCHED_IDLE))
		return true;
	atomic_store(&jfs->sched, UB_SCHED_RUNNING);
	return false;
}

/* It waited, or gave its turn away: nothing more is charged for it. */
static bool cmd_has_begun(const struct ub_cmd *cmd)
{
	return cmd->rnr_tries || cmd->late || cmd->link || cmd->launch;
}

static void requeue_jfs(struct ub_jfs *jfs)
{
	struct ub_cmd *cmd = &jfs->cur;

	ub_usage_leave(jfs);
	jfs->need = cmd->active && !cmd_has_begun(cmd) ? (int64_t)cmd->cost : 0;
	ub_obj_get(&jfs->obj);
	if (atomic_exchange(&jfs->sched, UB_SCHED_QUEUED) & UB_SCHED_ADMIN)
		jfs->need = 0;
	ub_engine_push(jfs);
}

static void wait_for_time(struct ub_jfs *jfs)
{
	ub_usage_leave(jfs);
	/* The engine has the reference from here on, and may run the queue at once. */
	ub_obj_get(&jfs->obj);
	ub_engine_park(jfs, jfs->cur.wait_ns);
}

/* What one claim of the queue may do. */
struct budget {
	bool is_inline;
	unsigned wqes, flushes;
	uint64_t bytes;
};

/* A turn lasts while its bytes cover the next command, or nobody of its class waits. */
static bool turn_may_go_on(struct ub_jfs *jfs)
{
	jfs->need = (int64_t)jfs->cur.cost;
	if (jfs->deficit < jfs->need && ub_sched_alone(&jfs->obj.core->engine.sched, jfs->level))
		ub_sched_top_up(jfs);
	return jfs->deficit >= jfs->need;
}

static bool may_exec_cmd(struct ub_jfs *jfs, struct budget *b)
{
	uint32_t inline_bytes = jfs->obj.core->cfg.inline_bytes;
	struct ub_cmd *cmd = &jfs->cur;

	/* A stall is for a thread, and not on top of another command. */
	if (ub_armed_stall(&jfs->obj.core->inject) && (b->is_inline || jfs->worker->nested))
		return false;
	if (!b->is_inline)
		return cmd_has_begun(cmd) || turn_may_go_on(jfs);
	if (cmd->done)
		return b->wqes < UB_INLINE_WQES;
	return !cmd->op->engine_only && cmd->total <= inline_bytes &&
	       b->wqes < UB_INLINE_WQES && b->bytes + cmd->total <= UB_INLINE_TOTAL;
}

static void charge_cmd(struct ub_jfs *jfs, struct budget *b)
{
	struct ub_cmd *cmd = &jfs->cur;

	b->wqes++;
	b->bytes += cmd->total;
	jfs->deficit -= (int64_t)cmd->cost;
	if (b->is_inline)
		ub_add(&jfs->inline_wqes, 1);
	else
		ub_add(&jfs->engine_wqes, 1);
}

/* It touches no memory: the step that has fetched it ends it as well. */
static bool cmd_is_light(const struct ub_jfs *jfs)
{
	const struct ub_cmd *cmd = &jfs->cur;

	return !ub_armed_any(&jfs->obj.core->inject) && !cmd_has_begun(cmd) && !cmd->receiving &&
	       (cmd->done || !cmd->op->exec);
}

/* Under dma_lock. */
static enum step take_steps(struct ub_jfs *jfs, struct budget *b, const void *direct, bool linger,
			    struct ub_after *after)
{
	unsigned left = LIGHT_WQES;
	enum step step;

	if (ub_obj_dead(&jfs->obj))
		return STEP_GONE;
	pthread_mutex_lock(&jfs->lock);
	step = step_locked(jfs, direct, linger, after);
	while (step == STEP_EXEC && cmd_is_light(jfs) && left-- && may_exec_cmd(jfs, b)) {
		charge_cmd(jfs, b);
		jfs->cur.done = true;
		step = step_locked(jfs, NULL, linger, after);
	}
	pthread_mutex_unlock(&jfs->lock);
	return step;
}

static enum ub_exec execute_cmd(struct ub_jfs *jfs)
{
	enum ub_exec ret;

	if (jfs->cur.done && !jfs->cur.receiving)
		return UB_EXEC_DONE;
	ub_jfs_running(jfs, true);
	ret = ub_exec(jfs);
	ub_jfs_running(jfs, false);
	return ret;
}

/* Go on with the command that is due; false when the queue was given away. */
static bool go_on_with_cmd(struct ub_jfs *jfs, struct budget *b)
{
	if (!may_exec_cmd(jfs, b)) {
		requeue_jfs(jfs);
		return false;
	}
	if (!cmd_has_begun(&jfs->cur))
		charge_cmd(jfs, b);
	ub_usage_begin(jfs);
	if (ub_armed_any(&jfs->obj.core->inject) && !ub_inject_begin(jfs))
		return true;
	switch (execute_cmd(jfs)) {
	case UB_EXEC_DONE:
		return true;
	case UB_EXEC_AGAIN:
		requeue_jfs(jfs);
		return false;
	default:
		wait_for_time(jfs);
		return false;
	}
}

/* Nothing to do: whether to go on all the same. */
static bool stay_with_jfs(struct ub_jfs *jfs, enum step step, bool *linger)
{
	jfs->deficit = 0;
	if (step == STEP_LINGER) {
		ub_usage_leave(jfs);
		*linger = ub_engine_linger(jfs);
		return true;
	}
	*linger = ub_engine_may_linger(jfs);
	return !jfs_go_idle(jfs);
}

static void abandon_jfs(struct ub_jfs *jfs)
{
	ub_cmd_abandon(jfs);
	ub_cmd_release(&jfs->cur);
}

/* False: the thread has given the queue up. No lock is held. */
static bool act_on_step(struct ub_jfs *jfs, struct budget *b, enum step step, bool *linger)
{
	bool stays = true;

	switch (step) {
	case STEP_GONE:
		abandon_jfs(jfs);
		return false;
	case STEP_ABANDON:
		ub_cmd_abandon(jfs);
		return true;
	case STEP_LATE:
		wait_for_time(jfs);
		return false;
	case STEP_IDLE:
	case STEP_LINGER:
		return stay_with_jfs(jfs, step, linger);
	case STEP_AGAIN:
		stays = ++b->flushes < MAX_FLUSHES;
		if (!stays)
			requeue_jfs(jfs);
		return stays;
	default:
		stays = go_on_with_cmd(jfs, b);
		*linger = stays && ub_engine_may_linger(jfs);
		return stays;
	}
}

static bool run_step(struct ub_jfs *jfs, struct budget *b, bool *linger)
{
	struct ub_core *core = jfs->obj.core;
	struct ub_after after;
	enum step step;

	ub_after_init(&after, core);
	pthread_rwlock_rdlock(&core->dma_lock);
	step = take_steps(jfs, b, NULL, *linger, &after);
	pthread_rwlock_unlock(&core->dma_lock);
	ub_after_run(&after);
	return act_on_step(jfs, b, step, linger);
}

static void run_jfs(struct ub_jfs *jfs, struct ub_worker *worker)
{
	struct budget b = { 0 };
	bool linger;

	jfs->worker = worker;
	linger = ub_engine_may_linger(jfs);
	do {
		ub_engine_yield(jfs);
		/* Whatever this thread writes below must end before the device stands still. */
		if (ub_pause_due(jfs) && worker->commits) {
			requeue_jfs(jfs);
			return;
		}
	} while (run_step(jfs, &b, &linger));
}

const struct ub_engine_ops ub_jfs_engine_ops = {
	.run = run_jfs,
	.abandon = abandon_jfs,
};

/* What cannot be done under one hold of dma_lock, which it drops. */
static void run_on_inline(struct ub_jfs *jfs, struct budget *b, enum step step,
			  struct ub_after *after)
{
	struct ub_core *core = jfs->obj.core;
	bool linger = false;

	atomic_fetch_add(&core->engine.inlines, 1);
	ub_obj_get(&jfs->obj);
	pthread_rwlock_unlock(&core->dma_lock);
	ub_after_run(after);
	if (act_on_step(jfs, b, step, &linger))
		while (run_step(jfs, b, &linger))
			;
	ub_obj_put(&jfs->obj);
	atomic_fetch_sub(&core->engine.inlines, 1);
}

void ub_jfs_run_inline(struct ub_jfs *jfs, const void *direct)
{
	struct ub_core *core = jfs->obj.core;
	struct budget b = { .is_inline = true };
	struct ub_after after;
	enum step step;

	jfs->worker = NULL;
	ub_after_init(&after, core);
	step = take_steps(jfs, &b, direct, false, &after);
	if (step == STEP_IDLE && !after.pinned) {
		jfs->deficit = 0;
		if (jfs_go_idle(jfs)) {
			pthread_rwlock_unlock(&core->dma_lock);
			return;
		}
		step = STEP_AGAIN;
	}
	run_on_inline(jfs, &b, step, &after);
}
