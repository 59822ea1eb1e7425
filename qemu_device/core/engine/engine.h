/* SPDX-License-Identifier: MIT */
/* Engine threads, scheduler, timers, standing still; what is put off until no lock is held. */
#ifndef UB_CORE_ENGINE_H
#define UB_CORE_ENGINE_H

#include "engine/jfs.h"
#include "object/object.h"

/* ---- deferred.c: callbacks put off until no lock is held ---- */
struct ub_after {
	struct ub_core *core;
	uint64_t irqs;			/* vectors to raise */
	bool pinned;			/* core.callbacks was raised for irqs */
	bool all_irqs;			/* none of them is lost */
	char line[120];			/* guest error to report */
};

void ub_after_init(struct ub_after *after, struct ub_core *core);
/* Under the core's dma_lock: keeps ub_core_free() of a peer waiting until ub_after_run(). */
void ub_after_irq(struct ub_after *after, unsigned vector);
void ub_after_error(struct ub_after *after, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void ub_after_run(struct ub_after *after);
/* Count and report at once. */
void ub_guest_error(struct ub_core *core, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* ---- Threads ---- */
struct ub_scratch {		/* private memory of one engine thread */
	void *buf;
	size_t size;
};

/*
 * One engine thread. At a burst's end it runs more urgent queues on top of the command it is at, so
 * that it may be at one command of each class.
 */
struct ub_worker {
	unsigned level;			/* class of the queue it runs */
	unsigned commits;		/* commands under way that must not start again */
	unsigned nested;		/* commands it has put off for that queue */
	uint64_t poll_ns;		/* how long it polls next */
	bool gave_up;			/* polled in vain since it last had work */
	struct ub_scratch scratch[UB_CLASSES];
};

/* ---- sched.c ---- */
void ub_sched_place(struct ub_jfs *jfs, unsigned priority, unsigned weight);
void ub_sched_add(struct ub_sched *s, struct ub_jfs *jfs);
/* The queue whose turn it is, of class level or above, or NULL. */
struct ub_jfs *ub_sched_pick(struct ub_sched *s, unsigned level);
/* Another turn for a queue that is alone in its class. */
void ub_sched_top_up(struct ub_jfs *jfs);

/* Without a lock: whether a queue of class level or above waits. */
static inline bool ub_sched_waits(struct ub_sched *s, unsigned level)
{
	return atomic_load_explicit(&s->ready, memory_order_relaxed) >> level;
}

static inline bool ub_sched_alone(struct ub_sched *s, unsigned level)
{
	return !(atomic_load_explicit(&s->ready, memory_order_relaxed) >> level & 1);
}

/* ---- timer.c: *root is the first that is due ---- */
void ub_timer_add(struct ub_timer **root, struct ub_timer *t, uint64_t due);
void ub_timer_del(struct ub_timer **root, struct ub_timer *t);

/* ---- worker.c ---- */
/* No lock is held: serve timers and the more urgent queues that wait, on an engine thread. */
void ub_engine_yield(struct ub_jfs *jfs);
/* The same between two bursts of streams that stay mapped meanwhile; b may be NULL. */
void ub_engine_yield_with(struct ub_jfs *jfs, struct ub_stream *a, struct ub_stream *b);
/* Whether the thread may poll for more work of a queue that has none. */
bool ub_engine_may_linger(const struct ub_jfs *jfs);
/* Poll; true when the queue is to be looked at as an active one still. */
bool ub_engine_linger(struct ub_jfs *jfs);
/* Under dma_lock the first: arithmetic on the queue's memory begins or ends. */
void ub_engine_work(struct ub_jfs *jfs, bool begin);
/* No lock is held but admin's: wait until what has begun has ended. */
void ub_engine_wait_work(struct ub_jfs *jfs);
/* Have its kind's expire() called at due or before, if the timer is set for before. */
void ub_engine_set_timer(struct ub_core *core, struct ub_timer *t, uint64_t due);
/* Its object is dead: do not keep it until then. */
void ub_engine_cancel(struct ub_core *core, struct ub_timer *t);
int ub_engine_start(struct ub_core *core, const struct ub_engine_ops *ops);
void ub_engine_stop(struct ub_core *core);
/* The caller has claimed the queue (QUEUED) and gives its reference away. */
void ub_engine_push(struct ub_jfs *jfs);
void ub_engine_park(struct ub_jfs *jfs, uint64_t delay_ns);
/* What is left of its RNR wait, in ns; 0: it does not wait. */
uint64_t ub_engine_park_left(struct ub_jfs *jfs);
/* Have the queue looked at, whatever it waits for. */
void ub_engine_kick(struct ub_jfs *jfs, bool admin);

/* No lock is held: have a stalled thread look again. */
void ub_engine_wake(struct ub_jfs *jfs);

/* ---- pause.c ---- */
/* On return no engine thread and no doorbell's path touches anything, until resumed. */
void ub_engine_pause(struct ub_core *core);
void ub_engine_resume(struct ub_core *core);
/*
 * Under engine.lock, on an engine thread: it sleeps or wakes; it waits while the device is
 * paused.
 */
void ub_pause_idle(struct ub_engine *e, bool idle);
void ub_pause_wait(struct ub_engine *e);
/* Between two bursts of an engine thread: whether the device is to stand still, and wait. */
bool ub_pause_due(const struct ub_jfs *jfs);
void ub_pause_point(struct ub_jfs *jfs);

#endif
