/* SPDX-License-Identifier: MIT */
/*
 * Engine threads. Queues with work wait in one list and get turns of deficit round robin: a turn
 * adds a quantum that grows with priority, and a queue runs while its account is positive.
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "core_internal.h"

#define MAX_DEBT	(64 << 20)	/* so that a queue comes round again in bounded turns */
#define KEEP_SCRATCH	(64 << 20)

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* ---- Lists, under engine.lock ---- */
static void append(struct ub_jfs **head, struct ub_jfs **tail, struct ub_jfs *jfs)
{
	jfs->run_next = NULL;
	jfs->run_prev = *tail;
	if (*tail)
		(*tail)->run_next = jfs;
	else
		*head = jfs;
	*tail = jfs;
}

static void unlink_jfs(struct ub_jfs **head, struct ub_jfs **tail, struct ub_jfs *jfs)
{
	if (jfs->run_prev)
		jfs->run_prev->run_next = jfs->run_next;
	else
		*head = jfs->run_next;
	if (jfs->run_next)
		jfs->run_next->run_prev = jfs->run_prev;
	else
		*tail = jfs->run_prev;
	jfs->run_next = jfs->run_prev = NULL;
}

static void unpark(struct ub_engine *e, struct ub_jfs *jfs)
{
	unlink_jfs(&e->park_head, &e->park_tail, jfs);
	atomic_store(&jfs->sched, UB_SCHED_QUEUED);
	append(&e->run_head, &e->run_tail, jfs);
}

/* Queue those whose wait is over; when the next one's is, or 0. */
static uint64_t serve_parked(struct ub_engine *e)
{
	uint64_t now, next = 0;
	struct ub_jfs *jfs = e->park_head, *after;

	if (!jfs)
		return 0;
	now = now_ns();
	for (; jfs; jfs = after) {
		after = jfs->run_next;
		if (jfs->park_until <= now)
			unpark(e, jfs);
		else if (!next || jfs->park_until < next)
			next = jfs->park_until;
	}
	return next;
}

static void wait_until(struct ub_engine *e, uint64_t ns)
{
	struct timespec ts = {
		.tv_sec = (time_t)(ns / 1000000000u),
		.tv_nsec = (long)(ns % 1000000000u),
	};

	if (ns)
		pthread_cond_timedwait(&e->cond, &e->lock, &ts);
	else
		pthread_cond_wait(&e->cond, &e->lock);
}

/* The next queue to run, or NULL to stop. */
static struct ub_jfs *next_queue(struct ub_engine *e)
{
	struct ub_jfs *jfs = NULL;

	pthread_mutex_lock(&e->lock);
	while (!jfs && !e->stop) {
		uint64_t next = serve_parked(e);

		jfs = e->run_head;
		if (jfs)
			unlink_jfs(&e->run_head, &e->run_tail, jfs);
		else
			wait_until(e, next);
	}
	pthread_mutex_unlock(&e->lock);
	return jfs;
}

static bool alone(struct ub_engine *e)
{
	bool yes;

	pthread_mutex_lock(&e->lock);
	yes = !e->run_head;
	pthread_mutex_unlock(&e->lock);
	return yes;
}

static void give_turn(struct ub_engine *e, struct ub_jfs *jfs)
{
	if (jfs->deficit < 0 && alone(e))
		jfs->deficit = 0;
	if (jfs->deficit < -MAX_DEBT)
		jfs->deficit = -MAX_DEBT;
	jfs->deficit += (jfs->priority + 1) * (int64_t)UB_QUANTUM;
}

static void trim(struct ub_scratch *scratch)
{
	if (scratch->size <= KEEP_SCRATCH)
		return;
	free(scratch->buf);
	scratch->buf = NULL;
	scratch->size = 0;
}

static void *engine_main(void *arg)
{
	struct ub_core *core = arg;
	struct ub_scratch scratch = { 0 };
	struct ub_jfs *jfs;

	if (core->host.thread_enter)
		core->host.thread_enter(core->opaque);
	while ((jfs = next_queue(&core->engine))) {
		give_turn(&core->engine, jfs);
		atomic_store(&jfs->sched, UB_SCHED_RUNNING);
		ub_jfs_run(jfs, &scratch, NULL);
		ub_obj_put(&jfs->obj);
		trim(&scratch);
	}
	free(scratch.buf);
	if (core->host.thread_leave)
		core->host.thread_leave(core->opaque);
	return NULL;
}

void ub_engine_push(struct ub_jfs *jfs)
{
	struct ub_engine *e = &jfs->obj.core->engine;

	pthread_mutex_lock(&e->lock);
	append(&e->run_head, &e->run_tail, jfs);
	pthread_mutex_unlock(&e->lock);
	pthread_cond_signal(&e->cond);
}

void ub_engine_park(struct ub_jfs *jfs, uint64_t delay_ns)
{
	struct ub_engine *e = &jfs->obj.core->engine;
	unsigned s;

	pthread_mutex_lock(&e->lock);
	jfs->park_until = now_ns() + delay_ns;
	s = atomic_load(&jfs->sched);
	/* A plain doorbell does not shorten the wait; a change of state ends it. */
	while (!(s & UB_SCHED_ADMIN) &&
	       !atomic_compare_exchange_weak(&jfs->sched, &s, UB_SCHED_PARKED))
		;
	if (s & UB_SCHED_ADMIN) {
		atomic_store(&jfs->sched, UB_SCHED_QUEUED);
		append(&e->run_head, &e->run_tail, jfs);
	} else {
		append(&e->park_head, &e->park_tail, jfs);
	}
	pthread_mutex_unlock(&e->lock);
	pthread_cond_signal(&e->cond);
}

static void kick_parked(struct ub_jfs *jfs)
{
	struct ub_engine *e = &jfs->obj.core->engine;

	pthread_mutex_lock(&e->lock);
	if (atomic_load(&jfs->sched) == UB_SCHED_PARKED) {
		unpark(e, jfs);
		pthread_cond_signal(&e->cond);
	}
	pthread_mutex_unlock(&e->lock);
}

void ub_engine_kick(struct ub_jfs *jfs, bool admin)
{
	unsigned flags = UB_SCHED_KICK | (admin ? UB_SCHED_ADMIN : 0);
	unsigned s = atomic_load(&jfs->sched);

	for (;;) {
		switch (s & UB_SCHED_MASK) {
		case UB_SCHED_IDLE:
			if (!atomic_compare_exchange_weak(&jfs->sched, &s, UB_SCHED_QUEUED))
				continue;
			ub_obj_get(&jfs->obj);
			ub_engine_push(jfs);
			return;
		case UB_SCHED_RUNNING:
			if (!atomic_compare_exchange_weak(&jfs->sched, &s, s | flags))
				continue;
			return;
		case UB_SCHED_PARKED:
			if (admin)
				kick_parked(jfs);
			return;
		default:
			return;
		}
	}
}

int ub_engine_start(struct ub_core *core)
{
	struct ub_engine *e = &core->engine;
	pthread_condattr_t attr;

	pthread_mutex_init(&e->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&e->cond, &attr);
	pthread_condattr_destroy(&attr);
	while (e->started < core->cfg.engines) {
		if (pthread_create(&e->thread[e->started], NULL, engine_main, core)) {
			ub_engine_stop(core);
			return -EAGAIN;
		}
		e->started++;
	}
	return 0;
}

static void drop_list(struct ub_jfs *jfs)
{
	while (jfs) {
		struct ub_jfs *next = jfs->run_next;

		ub_cmd_release(&jfs->cur);
		ub_obj_put(&jfs->obj);
		jfs = next;
	}
}

void ub_engine_stop(struct ub_core *core)
{
	struct ub_engine *e = &core->engine;

	pthread_mutex_lock(&e->lock);
	e->stop = true;
	pthread_cond_broadcast(&e->cond);
	pthread_mutex_unlock(&e->lock);
	while (e->started)
		pthread_join(e->thread[--e->started], NULL);
	drop_list(e->run_head);
	drop_list(e->park_head);
	e->run_head = e->run_tail = e->park_head = e->park_tail = NULL;
	pthread_mutex_destroy(&e->lock);
	pthread_cond_destroy(&e->cond);
}
