/* SPDX-License-Identifier: MIT */
/* Stalls: an engine thread stands in a command that has not begun. */
#include <time.h>

#include "inject/inject.h"

static uint64_t clock_ns(struct ub_core *core)
{
	return core->host.clock_ns(core->opaque);
}

static bool stall_is_over(struct ub_jfs *jfs)
{
	unsigned stall = atomic_load(&jfs->stall);

	if (atomic_load(&jfs->obj.dead) || stall == UB_STALL_OVER)
		return true;
	return stall == UB_STALL_TIME + 1 && clock_ns(jfs->obj.core) >= jfs->stall_due;
}

/* The host's clock says when it is over; how long to sleep is in our own time. */
static void sleep_stalled(struct ub_jfs *jfs)
{
	struct ub_engine *e = &jfs->obj.core->engine;
	bool timed = atomic_load(&jfs->stall) == UB_STALL_TIME + 1;
	uint64_t now = clock_ns(jfs->obj.core), left;
	struct timespec ts;

	if (!timed || atomic_load(&e->paused)) {
		pthread_cond_wait(&e->stalled, &e->lock);
		return;
	}
	/* It may have become over since it was looked at. */
	if (jfs->stall_due <= now)
		return;
	left = jfs->stall_due - now;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	left += (uint64_t)ts.tv_nsec;
	ts.tv_sec += (time_t)(left / 1000000000u);
	ts.tv_nsec = (long)(left % 1000000000u);
	pthread_cond_timedwait(&e->stalled, &e->lock, &ts);
}

/* For a pause it is as good as asleep: it has touched nothing and touches nothing. */
static void stand_stalled(struct ub_jfs *jfs)
{
	struct ub_engine *e = &jfs->obj.core->engine;

	ub_jfs_running(jfs, true);
	pthread_mutex_lock(&e->lock);
	ub_pause_idle(e, true);
	while (!e->stop && (atomic_load(&e->paused) || !stall_is_over(jfs)))
		sleep_stalled(jfs);
	ub_pause_idle(e, false);
	pthread_mutex_unlock(&e->lock);
	ub_jfs_running(jfs, false);
}

/* Under jfs.lock, so that no change of state goes unseen. */
static bool enter_stall(struct ub_jfs *jfs, const uint64_t arg[2])
{
	bool ready;

	pthread_mutex_lock(&jfs->lock);
	ready = atomic_load(&jfs->state) == UB_STATE_READY &&
		atomic_load(&jfs->gen) == jfs->cur.gen;
	if (ready) {
		jfs->stall_due = clock_ns(jfs->obj.core) + arg[1];
		atomic_store(&jfs->stall, (unsigned)arg[0] + 1);
	}
	pthread_mutex_unlock(&jfs->lock);
	return ready;
}

static void stall_has_thread(struct ub_jfs *jfs)
{
	struct ub_inject *in = &jfs->obj.core->inject;

	if (!jfs->stall_loaded)
		return;
	jfs->stall_loaded = false;
	pthread_mutex_lock(&in->lock);
	/* A reset may have come between. */
	if (in->waiting)
		in->waiting--;
	ub_fault_note_armed(in);
	pthread_mutex_unlock(&in->lock);
}

/* Whether the command is to be executed after it. */
static bool stall_cmd(struct ub_jfs *jfs)
{
	bool flushed;

	stall_has_thread(jfs);
	stand_stalled(jfs);
	flushed = atomic_exchange(&jfs->stall, 0) == UB_STALL_OVER;
	if (flushed)
		ub_cmd_fail(&jfs->cur, UB_CR_WR_FLUSH_ERR, UB_SUB_NONE);
	return !flushed && !atomic_load(&jfs->obj.dead);
}

/* Not begun before: nothing was checked, it does not wait, no stall of it is under way. */
static bool cmd_is_fresh(const struct ub_jfs *jfs)
{
	const struct ub_cmd *cmd = &jfs->cur;

	return cmd->phase == UB_PHASE_NEW && !cmd->late;
}

bool ub_inject_begin(struct ub_jfs *jfs)
{
	struct ub_core *core = jfs->obj.core;
	struct ub_cmd *cmd = &jfs->cur;
	uint64_t arg[2];
	bool go = true;

	if (cmd->done || !cmd_is_fresh(jfs))
		return true;
	if (atomic_load(&jfs->stall))
		go = stall_cmd(jfs);
	else if (jfs->worker && ub_armed(&core->inject, UB_FAULT_STALL) &&
		 ub_inject_take(core, UB_FAULT_STALL, jfs->obj.id, arg))
		go = enter_stall(jfs, arg) && stall_cmd(jfs);
	if (go && ub_armed(&core->inject, UB_FAULT_STATUS) &&
	    ub_inject_take(core, UB_FAULT_STATUS, jfs->obj.id, arg))
		ub_cmd_fail(cmd, (unsigned)arg[0], (unsigned)arg[1]);
	return go;
}

void ub_out_stall(struct ub_out *out, struct ub_jfs *jfs)
{
	uint64_t now = clock_ns(jfs->obj.core);

	ub_out_u32(out, atomic_load(&jfs->stall));
	ub_out_u64(out, jfs->stall_due > now ? jfs->stall_due - now : 0);
}

void ub_in_stall(struct ub_in *in, struct ub_jfs *jfs)
{
	uint32_t stall = ub_in_upto(in, UB_STALL_OVER, "a JFS's stall");
	uint64_t left = ub_in_u64(in);

	ub_in_check(in, left <= UB_FAULT_MAX_NS, "a stall is longer than any can be");
	ub_in_check(in, !stall || (jfs->cur.active && cmd_is_fresh(jfs) && !jfs->cur.done),
		    "a JFS stalls without a command");
	if (in->failed || !stall)
		return;
	jfs->stall_due = clock_ns(jfs->obj.core) + left;
	atomic_store(&jfs->stall, stall);
	jfs->stall_loaded = true;
	jfs->obj.core->inject.waiting++;
	ub_fault_note_armed(&jfs->obj.core->inject);
}
