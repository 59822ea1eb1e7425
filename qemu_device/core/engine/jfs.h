/* SPDX-License-Identifier: MIT */
/* What an engine runs: a send queue and the command it is at. */
#ifndef UB_CORE_JFS_H
#define UB_CORE_JFS_H

#include "engine/request.h"
#include "memory/memory.h"

struct ub_jfc;
struct ub_jfr;
struct ub_launch;		/* op/launch.c */
struct ub_program;		/* object/object.h */
struct ub_op;			/* op/op.h */

/* ---- One command ---- */
/* A receive WQE that a message has taken, and what becomes of it. */
struct ub_recv {
	struct ub_hw_recv_wqe wqe;
	uint32_t index;
	struct ub_mem mem[UB_HW_RECV_SGE];
	unsigned n;
	uint8_t status, sub;
};

/* ub_cmd.lost: what a restored command had found that was gone when it was saved */
#define UB_LOST_RMT	1u
#define UB_LOST_NOTIFY	2u
#define UB_LOST_JFR	4u
#define UB_LOST_RECV	8u
#define UB_LOST_ALL	15u

struct ub_cmd {
	bool active;			/* fetched and not yet finished */
	bool done;			/* has a result */
	uint8_t phase;			/* of exec: what is behind it, for repeats after RNR */
	uint8_t rnr_tries;
	uint8_t late;			/* inject/late.c: its completion is put off */
	uint8_t nblocks, nsge, opcode;
	const struct ub_op *op;		/* the opcode's row, NULL: unknown */
	uint16_t flags, inline_len;
	uint32_t gen, index;
	uint64_t total;			/* bytes of SGEs or inline data */
	uint64_t cost;			/* for the scheduler */
	uint64_t wait_ns;		/* until it is looked at again */
	/* Of the payload, what inline_data has: all of it, but of a command of another process. */
	uint64_t part, part_end;
	union {
		struct ub_hw_wqe wqe;
		uint8_t raw[UB_HW_WQE_BYTES];
	};
	union ub_hw_wqe_ext ext;
	struct ub_hw_sge sge[UB_MAX_SGE];
	uint8_t *inline_data;
	struct ub_mem mem[UB_MAX_SGE];
	struct ub_mem rmt, notify;
	struct ub_core *peer;		/* referenced; may be the own core; NULL: link, or none */
	struct ub_link *link;		/* to the peer's process, referenced */
	struct ub_jfr *jfr;		/* receiver, referenced */
	uint32_t jfr_gen, jetty_id;
	bool receiving;			/* recv is valid */
	struct ub_recv recv;
	struct ub_program *program;	/* LAUNCH: referenced; held like the segments */
	bool holds_program;
	struct ub_launch *launch;	/* LAUNCH: where it is, once it has begun */
	bool restored;			/* of a loaded state: find again what it had found */
	uint32_t lost, jfr_id;
	uint8_t status, substatus, cqe_flags;
	uint64_t moved;
	uint64_t imm;
};

/* ub_cmd.phase */
enum { UB_PHASE_NEW, UB_PHASE_CHECKED, UB_PHASE_WRITTEN };

/* ---- Send queues ---- */
/* usage.h: what it has done. Of the thread that runs it; others look. */
struct ub_used {
	uint64_t since;		/* until when a thread's time is counted, 0: none works on it */
	uint64_t taken;		/* when the first command that is not timed left the ring */
	uint32_t untimed;	/* commands that ended without a CQE since */
	atomic_ullong busy_ns, bytes, errors, service_ns;
	atomic_uint service[UB_USAGE_BUCKETS];
};

/* Values of ub_jfs.sched: who has the queue. */
enum {
	UB_SCHED_IDLE = 0,
	UB_SCHED_QUEUED = 1,		/* on the run queue */
	UB_SCHED_RUNNING = 2,
	UB_SCHED_PARKED = 3,		/* in an RNR wait */
	UB_SCHED_MASK = 3,
	UB_SCHED_KICK = 4,		/* look again before going idle */
	UB_SCHED_ADMIN = 8,		/* look again before parking */
};

struct ub_jfs {
	struct ub_obj obj;
	struct ub_ctx *ctx;
	struct ub_jfc *jfc;
	struct ub_jfr *jfr;		/* Jetty */
	struct ub_pinned ring, rec_pin;
	struct ub_hw_jfs_rec *rec;
	uint32_t depth, db_page, flags;
	uint8_t level, weight;		/* class of the scheduler, share in it */
	uint8_t rnr_retry, err_timeout;
	const uint8_t *eid;		/* of its device */
	_Atomic(struct ub_request *) request;	/* NULL: it has asked no other process yet */
	atomic_uint sched;
	atomic_uint gen;		/* + 1 on RESET and destroy, under the write side */
	/* engine.lock while it waits, then of the thread that runs it */
	struct ub_jfs *run_next;
	struct ub_timer timer;		/* end of an RNR wait */
	int64_t deficit;		/* bytes it may still have run in this turn */
	int64_t need;			/* and what its next command takes, 0: not known */
	uint64_t park_left;		/* of a loaded state: the rest of an RNR wait, in ns */
	bool at_work;			/* engine.lock: on memory, without dma_lock */
	uint32_t works;			/* engine.lock: how often it was */
	struct ub_worker *worker;	/* that runs it; NULL: a doorbell's path */
	struct ub_stream *kept[2];	/* mapped from burst to burst */
	pthread_mutex_t lock;
	atomic_uint state;		/* written under lock */
	bool suspend_due;		/* WR_SUSPEND_DONE to be given */
	bool flushing, flush_untrusted;
	uint8_t flush_sub;
	uint32_t flush_end;
	uint32_t ci;
	uint64_t count, direct_wqes;
	atomic_ullong inline_wqes, engine_wqes, doorbells, preempted;
	/* Of the thread that runs it; others look. */
	atomic_uint progress;		/* moves with each burst and each retry */
	atomic_bool running;		/* its command is being executed */
	struct ub_used used;
	/* inject/stall.c */
	atomic_uint stall;		/* 0: none */
	bool stall_loaded;		/* and no thread has it yet */
	uint64_t stall_due;		/* host clock */
	struct ub_cmd cur;		/* of the thread that runs it; held flags: dma_lock */
	uint8_t direct[UB_HW_WQEBB_SIZE];
};

static inline void ub_jfs_progress(struct ub_jfs *jfs)
{
	unsigned n = atomic_load_explicit(&jfs->progress, memory_order_relaxed);

	atomic_store_explicit(&jfs->progress, n + 1, memory_order_relaxed);
}

static inline void ub_jfs_running(struct ub_jfs *jfs, bool running)
{
	atomic_store_explicit(&jfs->running, running, memory_order_relaxed);
}

/* Values of ub_jfs.stall but 0: enum ub_stall_end + 1, or that the queue has left READY. */
#define UB_STALL_OVER	(UB_STALL_DEVICE + 2)

/* ---- command.c ---- */
/* The command has ended in failure. */
void ub_cmd_fail(struct ub_cmd *cmd, unsigned status, unsigned sub);
/* Its program is held no more. */
void ub_cmd_unhold_program(struct ub_cmd *cmd);

#endif
