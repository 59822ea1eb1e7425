/* SPDX-License-Identifier: MIT */
/*
 * Engine threads. Queues with work wait in the scheduler's lists; those in an RNR wait, and JFCs
 * with events held back, among the timers. At the end of a burst or command a thread runs more
 * urgent queues first, nested in what it is at.
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "engine/engine.h"
#include "fault/fault.h"

#define KEEP_SCRATCH	(64 << 20)
#define LEAST_POLL	16	/* part of poll_ns that misses leave */
#define LOOKS		16	/* at PI under one hold of dma_lock */

static uint64_t monotonic_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static uint64_t clock_ns(struct ub_core *core)
{
	return core->host.clock_ns(core->opaque);
}

/* ---- Timers, under engine.lock ---- */
static void note_due(struct ub_engine *e)
{
	atomic_store_explicit(&e->due, e->timers ? e->timers->due : UINT64_MAX,
			      memory_order_relaxed);
}

static void add_timer(struct ub_engine *e, struct ub_timer *t, uint64_t due)
{
	ub_timer_add(&e->timers, t, due);
	note_due(e);
	/* Whoever waits for a later one, or for none, is to wait for this one. */
	if (e->timers == t && e->sleeping)
		pthread_cond_signal(&e->cond);
}

static void del_timer(struct ub_engine *e, struct ub_timer *t)
{
	ub_timer_del(&e->timers, t);
	note_due(e);
}

static void unpark(struct ub_engine *e, struct ub_jfs *jfs)
{
	del_timer(e, &jfs->timer);
	atomic_store(&jfs->sched, UB_SCHED_QUEUED);
	ub_sched_add(&e->sched, jfs);
}

/* Serve those that are due. Drops the lock for those that are not the end of a queue's wait. */
static void serve_timers(struct ub_core *core)
{
	struct ub_engine *e = &core->engine;

	while (e->timers && e->timers->due <= clock_ns(core)) {
		struct ub_obj *obj = e->timers->obj;

		if (obj->kind == UB_KIND_JFS) {
			unpark(e, ub_container(obj, struct ub_jfs, obj));
			continue;
		}
		del_timer(e, e->timers);
		pthread_mutex_unlock(&e->lock);
		obj->row->expire(obj);
		ub_obj_put(obj);
		pthread_mutex_lock(&e->lock);
	}
}

void ub_engine_set_timer(struct ub_core *core, struct ub_timer *t, uint64_t due)
{
	struct ub_engine *e = &core->engine;

	pthread_mutex_lock(&e->lock);
	if (!t->queued) {
		ub_obj_get(t->obj);
		add_timer(e, t, due);
	} else if (due < t->due) {
		del_timer(e, t);
		add_timer(e, t, due);
	}
	pthread_mutex_unlock(&e->lock);
}

void ub_engine_cancel(struct ub_core *core, struct ub_timer *t)
{
	struct ub_engine *e = &core->engine;
	bool queued;

	pthread_mutex_lock(&e->lock);
	queued = t->queued;
	if (queued)
		del_timer(e, t);
	pthread_mutex_unlock(&e->lock);
	if (queued)
		ub_obj_put(t->obj);
}

/* ---- Waiting ---- */
/* The host's clock says when a timer is due; how long to sleep is in our own time. */
static void wait_for_timer(struct ub_core *core)
{
	struct ub_engine *e = &core->engine;
	uint64_t now = clock_ns(core), ns = monotonic_ns();
	struct timespec ts;

	if (e->timers->due <= now)
		return;
	ns += e->timers->due - now;
	ts.tv_sec = (time_t)(ns / 1000000000u);
	ts.tv_nsec = (long)(ns % 1000000000u);
	e->timed++;
	pthread_cond_timedwait(&e->cond, &e->lock, &ts);
	e->timed--;
}

static void poll_longer(struct ub_core *core, struct ub_worker *worker)
{
	worker->poll_ns *= 2;
	if (worker->poll_ns > core->cfg.poll_ns)
		worker->poll_ns = core->cfg.poll_ns;
}

static void poll_shorter(struct ub_core *core, struct ub_worker *worker)
{
	worker->poll_ns /= 2;
	if (worker->poll_ns < core->cfg.poll_ns / LEAST_POLL)
		worker->poll_ns = core->cfg.poll_ns / LEAST_POLL;
}

static void wait_for_work(struct ub_core *core, struct ub_worker *worker)
{
	struct ub_engine *e = &core->engine;
	uint64_t start = monotonic_ns();

	if (worker->gave_up)
		ub_count(core, UB_ST_sleeps, 1);
	worker->gave_up = false;
	e->sleeping++;
	ub_pause_idle(e, true);
	if (e->timers)
		wait_for_timer(core);
	else
		pthread_cond_wait(&e->cond, &e->lock);
	ub_pause_idle(e, false);
	e->sleeping--;
	/* So short that polling to the full would have paid. */
	if (monotonic_ns() - start < core->cfg.poll_ns)
		poll_longer(core, worker);
}

/* The next queue to run, or NULL to stop. */
static struct ub_jfs *next_queue(struct ub_core *core, struct ub_worker *worker)
{
	struct ub_engine *e = &core->engine;
	struct ub_jfs *jfs = NULL;

	pthread_mutex_lock(&e->lock);
	while (!jfs && !e->stop) {
		if (atomic_load(&e->paused)) {
			ub_pause_wait(e);
			continue;
		}
		serve_timers(core);
		jfs = ub_sched_pick(&e->sched, 0);
		if (!jfs && !e->stop)
			wait_for_work(core, worker);
	}
	/* Leave the timers to another thread. */
	if (e->timers && e->sleeping && !e->timed)
		pthread_cond_signal(&e->cond);
	pthread_mutex_unlock(&e->lock);
	return jfs;
}

/* ---- Running ---- */
static void trim_scratch(struct ub_scratch *scratch)
{
	if (scratch->size <= KEEP_SCRATCH)
		return;
	free(scratch->buf);
	scratch->buf = NULL;
	scratch->size = 0;
}

static void serve_queue(struct ub_worker *worker, struct ub_jfs *jfs)
{
	unsigned level = jfs->level;

	worker->level = level;
	atomic_store(&jfs->sched, UB_SCHED_RUNNING);
	jfs->obj.core->engine.ops->run(jfs, worker);
	ub_obj_put(&jfs->obj);
	trim_scratch(&worker->scratch[level]);
}

static struct ub_jfs *urgent_queue(struct ub_engine *e, unsigned level)
{
	struct ub_jfs *jfs;

	pthread_mutex_lock(&e->lock);
	jfs = e->stop ? NULL : ub_sched_pick(&e->sched, level);
	pthread_mutex_unlock(&e->lock);
	return jfs;
}

/* Without the lock when nothing is due. */
static void look_at_timers(struct ub_core *core)
{
	struct ub_engine *e = &core->engine;
	uint64_t due = atomic_load_explicit(&e->due, memory_order_relaxed);

	if (due == UINT64_MAX || clock_ns(core) < due)
		return;
	pthread_mutex_lock(&e->lock);
	serve_timers(core);
	pthread_mutex_unlock(&e->lock);
}

/* Before the thread puts the command off: let go of what it keeps mapped. */
static void put_off(struct ub_jfs *jfs)
{
	for (unsigned i = 0; i < 2; i++)
		if (jfs->kept[i])
			ub_stream_end(jfs->kept[i]);
}

void ub_engine_yield(struct ub_jfs *jfs)
{
	struct ub_worker *worker = jfs->worker;
	struct ub_core *core = jfs->obj.core;
	bool served = false, running;
	struct ub_jfs *urgent;
	unsigned level;

	if (!worker)
		return;
	if (ub_pause_due(jfs)) {
		put_off(jfs);
		ub_pause_point(jfs);
		return;
	}
	look_at_timers(core);
	/* Nothing may stall on top of another command. */
	if (!ub_sched_waits(&core->engine.sched, worker->level + 1) ||
	    ub_armed_stall(&core->inject))
		return;
	level = worker->level;
	worker->nested++;
	running = atomic_exchange_explicit(&jfs->running, false, memory_order_relaxed);
	while (!ub_pause_due(jfs) && !ub_armed_stall(&core->inject) &&
	       (urgent = urgent_queue(&core->engine, level + 1))) {
		served = true;
		put_off(jfs);
		serve_queue(worker, urgent);
	}
	worker->nested--;
	worker->level = level;
	ub_jfs_running(jfs, running);
	if (!served)
		return;
	ub_count(core, UB_ST_preemptions, 1);
	atomic_fetch_add_explicit(&jfs->preempted, 1, memory_order_relaxed);
}

void ub_engine_yield_with(struct ub_jfs *jfs, struct ub_stream *a, struct ub_stream *b)
{
	ub_jfs_progress(jfs);
	jfs->kept[0] = a;
	jfs->kept[1] = b;
	ub_engine_yield(jfs);
	jfs->kept[0] = jfs->kept[1] = NULL;
}

/* ---- Arithmetic in place ---- */
void ub_engine_work(struct ub_jfs *jfs, bool begin)
{
	struct ub_engine *e = &jfs->obj.core->engine;

	pthread_mutex_lock(&e->lock);
	jfs->at_work = begin;
	if (begin)
		jfs->works++;
	else
		pthread_cond_broadcast(&e->worked);
	pthread_mutex_unlock(&e->lock);
}

void ub_engine_wait_work(struct ub_jfs *jfs)
{
	struct ub_engine *e = &jfs->obj.core->engine;
	uint32_t works;

	pthread_mutex_lock(&e->lock);
	works = jfs->works;
	while (jfs->at_work && jfs->works == works)
		pthread_cond_wait(&e->worked, &e->lock);
	pthread_mutex_unlock(&e->lock);
}

/* ---- Polling ---- */
static inline void relax_cpu(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

/* Whether PI moved, or the queue is gone. */
static bool look_at_pi(struct ub_jfs *jfs)
{
	struct ub_core *core = jfs->obj.core;
	bool moved = true;

	pthread_rwlock_rdlock(&core->dma_lock);
	if (!ub_obj_dead(&jfs->obj)) {
		moved = false;
		for (unsigned i = 0; i < LOOKS && !moved; i++) {
			moved = ub_load(&jfs->rec->pi) != jfs->ci;
			relax_cpu();
		}
	}
	pthread_rwlock_unlock(&core->dma_lock);
	return moved;
}

bool ub_engine_may_linger(const struct ub_jfs *jfs)
{
	return jfs->worker && jfs->worker->poll_ns && !jfs->worker->nested;
}

bool ub_engine_linger(struct ub_jfs *jfs)
{
	struct ub_worker *worker = jfs->worker;
	struct ub_core *core = jfs->obj.core;
	uint64_t end = monotonic_ns() + worker->poll_ns;

	do {
		bool moved = look_at_pi(jfs);

		if (moved || ub_sched_waits(&core->engine.sched, 0)) {
			ub_count(core, UB_ST_polls_hit, 1);
			poll_longer(core, worker);
			return moved;
		}
		/* A doorbell, a change of state, or the device is to stand still. */
		if (atomic_load(&jfs->sched) != UB_SCHED_RUNNING || ub_pause_due(jfs))
			return false;
		look_at_timers(core);
	} while (monotonic_ns() < end);
	poll_shorter(core, worker);
	worker->gave_up = true;
	return false;
}

static void *engine_main(void *arg)
{
	struct ub_core *core = arg;
	struct ub_worker worker = { .poll_ns = core->cfg.poll_ns };
	struct ub_jfs *jfs;

	if (core->host.thread_enter)
		core->host.thread_enter(core->opaque);
	pthread_mutex_lock(&core->engine.lock);
	ub_pause_idle(&core->engine, false);
	pthread_mutex_unlock(&core->engine.lock);
	while ((jfs = next_queue(core, &worker)))
		serve_queue(&worker, jfs);
	for (unsigned i = 0; i < UB_CLASSES; i++)
		free(worker.scratch[i].buf);
	pthread_mutex_lock(&core->engine.lock);
	ub_pause_idle(&core->engine, true);
	pthread_mutex_unlock(&core->engine.lock);
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
	struct ub_core *core = jfs->obj.core;
	struct ub_engine *e = &core->engine;
	uint64_t due = clock_ns(core) + delay_ns;
	unsigned s;

	pthread_mutex_lock(&e->lock);
	jfs->need = 0;
	s = atomic_load(&jfs->sched);
	/* A plain doorbell does not shorten the wait; a change of state ends it. */
	while (!(s & UB_SCHED_ADMIN) &&
	       !atomic_compare_exchange_weak(&jfs->sched, &s, UB_SCHED_PARKED))
		;
	if (s & UB_SCHED_ADMIN) {
		atomic_store(&jfs->sched, UB_SCHED_QUEUED);
		ub_sched_add(&e->sched, jfs);
		pthread_cond_signal(&e->cond);
	} else {
		add_timer(e, &jfs->timer, due);
	}
	pthread_mutex_unlock(&e->lock);
}

uint64_t ub_engine_park_left(struct ub_jfs *jfs)
{
	struct ub_engine *e = &jfs->obj.core->engine;
	uint64_t now = clock_ns(jfs->obj.core), left = jfs->park_left;

	pthread_mutex_lock(&e->lock);
	if (atomic_load(&jfs->sched) == UB_SCHED_PARKED)
		left = jfs->timer.due > now ? jfs->timer.due - now : 1;
	pthread_mutex_unlock(&e->lock);
	return left;
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

void ub_engine_wake(struct ub_jfs *jfs)
{
	struct ub_engine *e = &jfs->obj.core->engine;

	if (!atomic_load(&jfs->stall))
		return;
	pthread_mutex_lock(&e->lock);
	pthread_cond_broadcast(&e->stalled);
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
			if (admin)
				ub_engine_wake(jfs);
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

int ub_engine_start(struct ub_core *core, const struct ub_engine_ops *ops)
{
	struct ub_engine *e = &core->engine;
	pthread_condattr_t attr;

	e->ops = ops;
	pthread_mutex_init(&e->lock, NULL);
	atomic_init(&e->due, UINT64_MAX);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&e->cond, &attr);
	pthread_cond_init(&e->stalled, &attr);
	pthread_cond_init(&e->quiet, NULL);
	pthread_cond_init(&e->worked, NULL);
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

static void drop_jfs(struct ub_jfs *jfs)
{
	jfs->obj.core->engine.ops->abandon(jfs);
	ub_obj_put(&jfs->obj);
}

static void drop_all(struct ub_engine *e)
{
	struct ub_jfs *jfs;

	for (unsigned i = 0; i < UB_CLASSES; i++) {
		while ((jfs = e->sched.class[i].head)) {
			e->sched.class[i].head = jfs->run_next;
			drop_jfs(jfs);
		}
	}
	while (e->timers) {
		struct ub_obj *obj = e->timers->obj;

		del_timer(e, e->timers);
		if (obj->kind == UB_KIND_JFS)
			drop_jfs(ub_container(obj, struct ub_jfs, obj));
		else
			ub_obj_put(obj);
	}
}

void ub_engine_stop(struct ub_core *core)
{
	struct ub_engine *e = &core->engine;

	pthread_mutex_lock(&e->lock);
	e->stop = true;
	pthread_cond_broadcast(&e->cond);
	pthread_cond_broadcast(&e->stalled);
	pthread_mutex_unlock(&e->lock);
	while (e->started)
		pthread_join(e->thread[--e->started], NULL);
	drop_all(e);
	pthread_mutex_destroy(&e->lock);
	pthread_cond_destroy(&e->cond);
	pthread_cond_destroy(&e->stalled);
	pthread_cond_destroy(&e->quiet);
	pthread_cond_destroy(&e->worked);
}
