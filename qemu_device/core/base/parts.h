/* SPDX-License-Identifier: MIT */
/* Parts of a device that layers above work on: its faults and its engine. */
#ifndef UB_CORE_PARTS_H
#define UB_CORE_PARTS_H

#include "base/object.h"

struct ub_jfs;
struct ub_worker;

/* ---- fault/: faults on demand ---- */
#define UB_MAX_FAULTS	64

struct ub_fault_spec {
	uint32_t kind, id, count, skip;
	uint64_t arg[2];
};

struct ub_inject {
	atomic_uint armed;		/* bit n: kind n; 0: a loaded stall waits for a thread */
	pthread_mutex_t lock;
	unsigned n, waiting;		/* faults; loaded stalls */
	struct ub_fault_spec fault[UB_MAX_FAULTS];
	uint64_t given[UB_FAULT_MAX + 1];
};

/* ---- engine/ ---- */
/* Of a JFC held back or a JFS in an RNR wait; obj is referenced while it is queued. */
struct ub_timer {
	uint64_t due;			/* host clock */
	struct ub_timer *child, *next, *prev;
	struct ub_obj *obj;
	bool queued;
};

struct ub_class {
	struct ub_jfs *head, *tail;
	unsigned n;
};

struct ub_sched {
	struct ub_class class[UB_CLASSES];	/* 0: shared by weight, others strict */
	atomic_uint ready;			/* bit n: class n is not empty */
};

/* What the layers above have engine threads do. */
struct ub_engine_ops {
	/* Run a claimed queue until it is idle, its turn is over, parked or dead. */
	void (*run)(struct ub_jfs *jfs, struct ub_worker *worker);
	/* The engine has stopped: the queue lets go of its command. */
	void (*abandon)(struct ub_jfs *jfs);
};

struct ub_engine {
	const struct ub_engine_ops *ops;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	struct ub_sched sched;
	struct ub_timer *timers;
	atomic_ullong due;		/* of the first timer, UINT64_MAX: none */
	unsigned sleeping, timed;	/* threads, and those of them that wait for the timer */
	atomic_bool paused;
	atomic_uint inlines;		/* runs on doorbells' paths that do not hold dma_lock */
	unsigned busy;			/* threads that may touch a queue */
	pthread_cond_t quiet;		/* busy became 0 */
	pthread_cond_t stalled;		/* threads in stalled commands wait for their end */
	pthread_cond_t worked;		/* a queue's at_work became false */
	bool stop;
	unsigned started;
	pthread_t thread[16];
};

#endif
