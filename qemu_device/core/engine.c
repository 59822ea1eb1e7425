/* SPDX-License-Identifier: MIT */
/*
 * Engine threads. Queues with work wait in the scheduler's lists, those in an RNR wait in another
 * one. At the end of a burst or command a thread runs more urgent queues first, nested in what it
 * is at.
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "core_internal.h"

#define KEEP_SCRATCH	(64 << 20)

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* ---- RNR waits, under engine.lock ---- */
static void park(struct ub_engine *e, struct ub_jfs *jfs)
{
	jfs->run_next = NULL;
	jfs->run_prev = e->park_tail;
	if (e->park_tail)
		e->park_tail->run_next = jfs;
	else
		e->park_head = jfs;
	e->park_tail = jfs;
}

static void unlink_parked(struct ub_engine *e, struct ub_jfs *jfs)
{
	if (jfs->run_prev)
		jfs->run_prev->run_next = jfs->run_next;
	else
		e->park_head = jfs->run_next;
	if (jfs->run_next)
		jfs->run_next->run_prev = jfs->run_prev;
	else
		e->park_tail = jfs->run_prev;
	jfs->run_next = jfs->run_prev = NULL;
}

static void unpark(struct ub_engine *e, struct ub_jfs *jfs)
{
	unlink_parked(e, jfs);
	atomic_store(&jfs->sched, UB_SCHED_QUEUED);
	ub_sched_add(&e->sched, jfs);
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

		jfs = ub_sched_pick(&e->sched, 0);
		if (!jfs)
			wait_until(e, next);
	}
	pthread_mutex_unlock(&e->lock);
	return jfs;
}

/* ---- Running ---- */
static void trim(struct ub_scratch *scratch)
{
	if (scratch->size <= KEEP_SCRATCH)
		return;
	free(scratch->buf);
	scratch->buf = NULL;
	scratch->size = 0;
}

static void serve(struct ub_worker *worker, struct ub_jfs *jfs)
{
	unsigned level = jfs->level;

	worker->level = level;
	atomic_store(&jfs->sched, UB_SCHED_RUNNING);
	ub_jfs_run(jfs, worker, NULL);
	ub_obj_put(&jfs->obj);
	trim(&worker->scratch[level]);
}

static struct ub_jfs *urgent_queue(struct ub_engine *e, unsigned level)
{
	struct ub_jfs *jfs;

	pthread_mutex_lock(&e->lock);
	jfs = e->stop ? NULL : ub_sched_pick(&e->sched, level);
	pthread_mutex_unlock(&e->lock);
	return jfs;
}

void ub_engine_yield(struct ub_jfs *jfs)
{
	struct ub_worker *worker = jfs->worker;
	struct ub_core *core = jfs->obj.core;
	bool served = false;
	struct ub_jfs *urgent;
	unsigned level;

	if (!worker || !ub_sched_waits(&core->engine.sched, worker->level + 1))
		return;
	level = worker->level;
	while ((urgent = urgent_queue(&core->engine, level + 1))) {
		served = true;
		serve(worker, urgent);
	}
	worker->level = level;
	if (!served)
		return;
	ub_count(core, UB_ST_PREEMPTIONS, 1);
	atomic_fetch_add_explicit(&jfs->preempted, 1, memory_order_relaxed);
}

static void *engine_main(void *arg)
{
	struct ub_core *core = arg;
	struct ub_worker worker = { 0 };
	struct ub_jfs *jfs;

	if (core->host.thread_enter)
		core->host.thread_enter(core->opaque);
	while ((jfs = next_queue(&core->engine)))
		serve(&worker, jfs);
	for (unsigned i = 0; i < UB_CLASSES; i++)
		free(worker.scratch[i].buf);
	if (core->host.thread_leave)
		core->host.thread_leave(core->opaque);
	return NULL;
}

/* ---- Queues come and go ---- */
void ub_engine_push(struct ub_jfs *jfs)
{
	struct ub_engine *e = &jfs->obj.core->engine;

	pthread_mutex_lock(&e->lock);
	ub_sched_add(&e->sched, jfs);
	pthread_mutex_unlock(&e->lock);
	pthread_cond_signal(&e->cond);
}

void ub_engine_park(struct ub_jfs *jfs, uint64_t delay_ns)
{
	struct ub_engine *e = &jfs->obj.core->engine;
	unsigned s;

	pthread_mutex_lock(&e->lock);
	jfs->need = 0;
	jfs->park_until = now_ns() + delay_ns;
	s = atomic_load(&jfs->sched);
	/* A plain doorbell does not shorten the wait; a change of state ends it. */
	while (!(s & UB_SCHED_ADMIN) &&
	       !atomic_compare_exchange_weak(&jfs->sched, &s, UB_SCHED_PARKED))
		;
	if (s & UB_SCHED_ADMIN) {
		atomic_store(&jfs->sched, UB_SCHED_QUEUED);
		ub_sched_add(&e->sched, jfs);
	} else {
		park(e, jfs);
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
			/* So that it need not wait for the turn that its command takes. */
			if (admin && !atomic_compare_exchange_weak(&jfs->sched, &s, s | flags))
				continue;
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
	for (unsigned i = 0; i < UB_CLASSES; i++)
		drop_list(e->sched.class[i].head);
	memset(&e->sched, 0, sizeof(e->sched));
	drop_list(e->park_head);
	e->park_head = e->park_tail = NULL;
	pthread_mutex_destroy(&e->lock);
	pthread_cond_destroy(&e->cond);
}
