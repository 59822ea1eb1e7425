/* SPDX-License-Identifier: MIT */
/*
 * What the files of the core share.
 *
 * Lock order: admin_lock, dma_lock (of two cores the lower address first), jfs.lock, jfr.lock,
 * jfc.lock, eq.lock, engine.lock. Host callbacks other than map, unmap and clock_ns are called
 * with none of them held: what is to be said is collected in a struct ub_after and sent once they
 * are dropped.
 *
 * Memory of the guest is touched only under the read side of the dma_lock of the device that owns
 * it, after a look at the dead flags of the objects involved; destroy and reset set those flags
 * under the write side. Arithmetic on matrices in place holds no lock: it begins and ends under the
 * read side (ub_engine_work()), and destroy and reset wait for its end. Objects are reference
 * counted: memory of an object outlives its death until the last engine lets go of it.
 */
#ifndef UB_CORE_INTERNAL_H
#define UB_CORE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <ub/ub_hw.h>

#include "fault/fault.h"
#include "ub_core.h"

#define UB_BURST		65536u		/* bytes copied under one hold of the dma_lock */
#define UB_MAX_MSG		0x40000000u
#define UB_MAX_GEMM_DIM		16384u
#define UB_INLINE_WQES		64		/* what a doorbell store runs itself at most */
#define UB_INLINE_TOTAL		65536u		/* and payload of all of them */
#define UB_QUANTUM		65536		/* bytes a round gives for each unit of weight */
#define UB_CLASSES		(UB_HW_MAX_PRIORITY - UB_HW_STRICT_PRIORITY + 2)
#define UB_MIN_COST		4096
#define UB_FLUSH_CHUNK		64
#define UB_MAX_EQ		64
#define UB_WQE_BYTES		(UB_HW_MAX_WQEBB * UB_HW_WQEBB_SIZE)
#define UB_MAX_SGE		13

#define ub_container(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))

/* ---- Shared words ---- */
static inline uint32_t ub_load(const __le32 *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static inline uint32_t ub_load_seq(const __le32 *p)
{
	return __atomic_load_n(p, __ATOMIC_SEQ_CST);
}

static inline void ub_store(__le32 *p, uint32_t v)
{
	__atomic_store_n(p, v, __ATOMIC_RELEASE);
}

static inline void ub_store_seq(__le32 *p, uint32_t v)
{
	__atomic_store_n(p, v, __ATOMIC_SEQ_CST);
}

/* Parity of the lap of a ring, as owner bits show it: 1 on the first. */
static inline unsigned ub_lap(uint32_t index, uint32_t depth)
{
	return !(index & depth);
}

/* ---- Callbacks put off until no lock is held ---- */
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

/* ---- Objects ---- */
enum ub_kind { UB_KIND_CTX, UB_KIND_SEG, UB_KIND_EQ, UB_KIND_JFC, UB_KIND_JFR, UB_KIND_JFS };

struct ub_obj {
	atomic_uint refs;
	atomic_bool dead;		/* set under the write side of dma_lock */
	enum ub_kind kind;
	uint32_t id;
	uint32_t users;			/* admin_lock: objects that refer to this one */
	struct ub_core *core;		/* not to be followed once dead, but by its own engines */
	struct ub_obj *next;		/* list of what a reset takes away */
};

void ub_obj_init(struct ub_obj *obj, struct ub_core *core, enum ub_kind kind, uint32_t id);
void ub_obj_get(struct ub_obj *obj);
void ub_obj_put(struct ub_obj *obj);

static inline bool ub_obj_dead(struct ub_obj *obj)
{
	return atomic_load_explicit(&obj->dead, memory_order_relaxed);
}

/* Ids 1 .. max to objects, in two levels made on demand. */
#define UB_IDMAP_BITS 9
struct ub_idmap {
	uint32_t max;
	_Atomic(_Atomic(struct ub_obj *) *) *leaf;
};

int ub_idmap_init(struct ub_idmap *map, uint32_t max);
void ub_idmap_fini(struct ub_idmap *map);
struct ub_obj *ub_idmap_get(struct ub_idmap *map, uint32_t id);
int ub_idmap_reserve(struct ub_idmap *map, uint32_t id);
void ub_idmap_set(struct ub_idmap *map, uint32_t id, struct ub_obj *obj);
/* The object of the least id above *id, which becomes *id; NULL at the end. */
struct ub_obj *ub_idmap_next(struct ub_idmap *map, uint32_t *id);
/* Take every object out and push it on *list. */
void ub_idmap_drain(struct ub_idmap *map, struct ub_obj **list);

/* Memory that stays mapped as long as a queue lives, as one pointer a page. */
struct ub_run {
	void *ptr;
	size_t len;
	uint64_t addr;			/* bus address or, with hbm, offset in device memory */
	bool hbm;
};

struct ub_pinned {
	uint8_t **page;
	uint32_t npages, nruns;
	struct ub_run *run;
	bool is_write;
};

struct ub_ctx {
	struct ub_obj obj;
	uint64_t pt_base;
	struct ub_pinned root;		/* level 4 table */
};

struct ub_seg {
	struct ub_obj obj;
	struct ub_ctx *ctx;
	uint64_t va, uba, len;
	uint32_t access, policy;
	atomic_uint token;
	atomic_uint holds;		/* commands of the own context under way */
};

struct ub_eq {
	struct ub_obj obj;
	pthread_mutex_t lock;
	struct ub_pinned ring, rec_pin;
	struct ub_hw_eq_rec *rec;
	uint32_t depth, pi, overrun;
};

/* Of a JFC held back or a JFS in an RNR wait; obj is referenced while it is queued. */
struct ub_timer {
	uint64_t due;			/* host clock */
	struct ub_timer *child, *next, *prev;
	struct ub_obj *obj;
	bool queued;
};

struct ub_jfc {
	struct ub_obj obj;
	struct ub_ctx *ctx;
	struct ub_eq *eq;
	struct ub_pinned ring, rec_pin;
	struct ub_hw_jfc_rec *rec;
	uint32_t depth, db_page;
	pthread_mutex_t lock;
	atomic_uint state;		/* written under lock */
	uint32_t pi, ci_seen;
	uint32_t solicited_end;		/* index after the last solicited or failed CQE */
	bool has_solicited;
	bool armed, armed_solicited;
	uint8_t armed_sn, fired_sn;
	uint32_t armed_ci;
	/* Moderation */
	uint16_t mod_count, mod_usec;
	bool adaptive;
	bool held_back;			/* CQEs wait for the bounds below */
	uint32_t target;		/* CQEs beyond armed_ci */
	uint64_t hold_until;		/* 0: no such bound */
	uint64_t last_ns, gap_ns;	/* adaptive: last CQE, mean gap */
	unsigned vain, vain_left;	/* adaptive: events not to hold back, as it did not pay */
	struct ub_timer timer;
	uint64_t count, events, rearms, moderated;
};

struct ub_jfr {
	struct ub_obj obj;
	struct ub_ctx *ctx;
	struct ub_jfc *jfc;
	struct ub_pinned ring, rec_pin;
	struct ub_hw_jfr_rec *rec;
	uint32_t depth, policy, token;
	uint8_t min_rnr_timer;
	pthread_mutex_t lock;
	uint8_t state;
	bool flushing;
	uint32_t pi_seen, ci, flush_end;
	atomic_uint gen;		/* + 1 on RESET, under the write side of dma_lock */
	uint64_t count;
};

/* ---- One command ---- */
struct ub_mem {				/* a piece of a segment */
	struct ub_seg *seg;		/* NULL for an empty piece */
	uint64_t addr;
	uint64_t len;
	bool held;
};

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
	uint8_t late;			/* inject.c: its completion is put off */
	uint8_t nblocks, nsge, opcode;
	uint16_t flags, inline_len;
	uint32_t gen, index;
	uint64_t total;			/* bytes of SGEs or inline data */
	uint64_t cost;			/* for the scheduler */
	uint64_t wait_ns;		/* until it is looked at again */
	union {
		struct ub_hw_wqe wqe;
		uint8_t raw[UB_WQE_BYTES];
	};
	union ub_hw_wqe_ext ext;
	struct ub_hw_sge sge[UB_MAX_SGE];
	uint8_t *inline_data;
	struct ub_mem mem[UB_MAX_SGE];
	struct ub_mem rmt, notify;
	struct ub_core *peer;		/* referenced; may be the own core */
	struct ub_jfr *jfr;		/* receiver, referenced */
	uint32_t jfr_gen, jetty_id;
	bool receiving;			/* recv is valid */
	struct ub_recv recv;
	bool restored;			/* of a loaded state: find again what it had found */
	uint32_t lost, jfr_id;
	uint8_t status, substatus, cqe_flags;
	uint64_t moved;
	uint64_t imm;
};

/* WAIT: again after cmd.wait_ns. */
enum ub_exec { UB_EXEC_DONE, UB_EXEC_WAIT };

/* ub_cmd.phase */
enum { UB_PHASE_NEW, UB_PHASE_CHECKED, UB_PHASE_WRITTEN };

/* ---- Send queues ---- */
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
	uint8_t rnr_retry;
	atomic_uint sched;
	atomic_uint gen;		/* + 1 on RESET and destroy, under the write side */
	/* engine.lock while it waits, then of the thread that runs it */
	struct ub_jfs *run_next;
	struct ub_timer timer;		/* end of an RNR wait */
	int64_t deficit;		/* bytes it may still have run in this turn */
	int64_t need;			/* and what its next command takes, 0: not known */
	uint64_t park_left;		/* of a loaded state: the rest of an RNR wait, in ns */
	bool at_work;			/* engine.lock: on memory, without dma_lock */
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
	/* inject.c */
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

/* ---- The device ---- */
struct ub_counter {
	_Alignas(64) atomic_ullong v;
};

enum ub_stat {			/* the order of struct ub_hw_stats */
	UB_ST_WQES, UB_ST_CQES, UB_ST_ERRORS, UB_ST_BYTES, UB_ST_DB_TRAPS, UB_ST_DOORBELLS,
	UB_ST_DIRECT_WQES, UB_ST_REARMS, UB_ST_INTERRUPTS, UB_ST_EQES, UB_ST_ADMIN_CMDS,
	UB_ST_INLINE_WQES, UB_ST_ENGINE_WQES, UB_ST_GUEST_ERRORS, UB_ST_POLLS_HIT, UB_ST_SLEEPS,
	UB_ST_PREEMPTIONS, UB_ST_MODERATED, UB_ST_COUNT,
};

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

struct ub_class {
	struct ub_jfs *head, *tail;
	unsigned n;
};

struct ub_sched {
	struct ub_class class[UB_CLASSES];	/* 0: shared by weight, others strict */
	atomic_uint ready;			/* bit n: class n is not empty */
};

struct ub_engine {
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

struct ub_core {
	struct ub_core_config cfg;
	struct ub_core_host host;
	void *opaque;
	atomic_uint refs;		/* owner and peers' commands */
	atomic_uint callbacks;		/* interrupts that peers are about to raise */
	pthread_rwlock_t dma_lock;

	pthread_mutex_t admin_lock;
	pthread_cond_t admin_cond;
	bool admin_busy;		/* a thread works on the admin ring or resets */
	unsigned resets_waiting;
	atomic_uint ctrl, status, generation;
	atomic_ullong admin_base;
	atomic_uint admin_depth, admin_pi, admin_ci;
	pthread_mutex_t err_lock;
	uint32_t err_cause;
	uint64_t err_info;
	uint64_t err_window_ns;		/* of the rate limit of guest_error() */
	unsigned err_printed, err_suppressed;

	struct ub_idmap ctx, seg, jfs, jfr, jfc;
	_Atomic(struct ub_obj *) eq[UB_MAX_EQ];
	_Atomic(struct ub_obj *) *db;	/* pages of BAR 2 */
	struct ub_engine engine;
	struct ub_inject inject;
	struct ub_core *fabric_next;
	struct ub_counter stat[UB_ST_COUNT];
};

/* For a counter that one thread at a time writes. */
static inline void ub_add(atomic_ullong *counter, uint64_t n)
{
	uint64_t v = atomic_load_explicit(counter, memory_order_relaxed);

	atomic_store_explicit(counter, v + n, memory_order_relaxed);
}

static inline void ub_count(struct ub_core *core, enum ub_stat stat, uint64_t n)
{
	atomic_fetch_add_explicit(&core->stat[stat].v, n, memory_order_relaxed);
}

/* ---- stats.c: those that each command moves are counted in its queues ---- */
uint64_t ub_stat_read(struct ub_core *core, enum ub_stat stat);
/* Under the write side of dma_lock: the queue is dead, what it counted stays. */
void ub_stat_retire(struct ub_obj *obj);
/* A queue of a loaded state brings what it counted, which the core's counters hold as well. */
void ub_stat_adopt(struct ub_obj *obj);

void ub_core_get(struct ub_core *core);
void ub_core_put(struct ub_core *core);
void ub_capture(struct ub_core *core, uint32_t cause, uint64_t info);

/* The read side for one command's two devices, which may be the same. */
void ub_dma_lock(struct ub_core *a, struct ub_core *b);
void ub_dma_unlock(struct ub_core *a, struct ub_core *b);

/* ---- regs.c ---- */
/* What the CAPS register of such a device reads. */
uint64_t ub_caps(const struct ub_core_config *c);

/* ---- fabric.c ---- */
int ub_fabric_join(struct ub_core *core);
void ub_fabric_leave(struct ub_core *core);
/* Referenced, or NULL. */
struct ub_core *ub_fabric_find(const uint8_t eid[16]);

/* ---- admin.c ---- */
struct ub_admin {			/* one command under way */
	struct ub_core *core;
	const struct ub_admin_cmd *cmd;
	struct ub_admin_reply *reply;
	struct ub_after *after;
	uint32_t page;			/* db_page() to be told of it, 0: nothing */
	bool page_in_use;
	bool injected;			/* the status is a fault's */
	struct ub_kept *kept;		/* of a loaded state: a queue's memory, else NULL */
};

struct ub_kept {
	struct ub_pinned ring, rec;
};

#define UB_ADMIN_OFF(member) ((uint32_t)offsetof(struct ub_admin_cmd, member))

int ub_admin_fail(struct ub_admin *a, enum ub_admin_status status, uint32_t detail);
void ub_admin_doorbell(struct ub_core *core, uint32_t pi);
/* Checks a create has in common; 0 or the status that was set. */
int ub_admin_check_new(struct ub_admin *a, struct ub_idmap *map);
int ub_admin_check_ring(struct ub_admin *a, uint64_t ring, uint64_t rec, uint32_t depth,
			uint32_t depth_off);
int ub_admin_check_page(struct ub_admin *a, uint32_t page, uint32_t off);
int ub_admin_pin_queue(struct ub_admin *a, struct ub_ctx *ctx, size_t slot,
		       struct ub_pinned *ring, struct ub_pinned *rec);
struct ub_ctx *ub_admin_ctx(struct ub_admin *a, uint32_t tid, uint32_t off);
struct ub_jfc *ub_admin_jfc(struct ub_admin *a, struct ub_ctx *ctx, uint32_t id, uint32_t off);
/* The object cmd.id names, or NULL with BAD_ID set. */
struct ub_obj *ub_admin_obj(struct ub_admin *a, struct ub_idmap *map);

/* ---- Admin commands of each object: 0 or the status that was set ---- */
int ub_ctx_create(struct ub_admin *a);
int ub_ctx_destroy(struct ub_admin *a);
int ub_seg_create(struct ub_admin *a);
int ub_seg_modify(struct ub_admin *a);
int ub_seg_destroy(struct ub_admin *a);
int ub_eq_create(struct ub_admin *a);
int ub_eq_destroy(struct ub_admin *a);
int ub_jfc_create(struct ub_admin *a);
int ub_jfc_modify(struct ub_admin *a);
int ub_jfc_query(struct ub_admin *a);
int ub_jfc_destroy(struct ub_admin *a);
int ub_jfr_create(struct ub_admin *a);
int ub_jfr_modify(struct ub_admin *a);
int ub_jfr_query(struct ub_admin *a);
int ub_jfr_destroy(struct ub_admin *a);
int ub_jfs_create(struct ub_admin *a);
int ub_jfs_modify(struct ub_admin *a);
int ub_jfs_query(struct ub_admin *a);
int ub_jfs_destroy(struct ub_admin *a);
/* Under the write side of dma_lock: from now on nothing is touched on its behalf. */
void ub_obj_kill(struct ub_obj *obj);
/* Let go of pinned memory; the object is dead. */
void ub_obj_detach(struct ub_obj *obj);
/* Kill, take out of map, detach and put. */
void ub_obj_destroy(struct ub_obj *obj, struct ub_idmap *map);

/* ---- seg.c: the checks of section 4 up to the leaves; under dma_lock ---- */
/* 0 or UB_SUB_*; fills mem with a referenced segment. */
int ub_seg_local(struct ub_ctx *ctx, uint32_t token_id, uint64_t addr, uint64_t len,
		 struct ub_mem *mem);
/* token: NULL if it was checked before. */
int ub_seg_token(struct ub_core *owner, uint32_t token_id, const uint32_t *token, uint32_t access,
		 uint64_t addr, uint64_t len, struct ub_mem *mem);
void ub_mem_hold(struct ub_mem *mem);
void ub_mem_unhold(struct ub_mem *mem);
void ub_mem_put(struct ub_mem *mem);

/* ---- ummu.c; all under dma_lock but for creation, which the admin lock covers ---- */
struct ub_walk {
	struct ub_ctx *ctx;
	uint64_t region;		/* 2 MiB regions; what table or huge is of */
	uint64_t *table;
	size_t table_len;
	uint64_t huge;
};

struct ub_leaf {
	uint64_t addr;			/* of the byte asked for */
	uint64_t len;			/* to the end of the leaf */
	bool hbm;
};

void ub_walk_init(struct ub_walk *walk, struct ub_ctx *ctx);
void ub_walk_end(struct ub_walk *walk);
/* 0 or UB_SUB_UNMAPPED, UB_SUB_PTE_RIGHTS. */
int ub_walk_leaf(struct ub_walk *walk, uint64_t uba, uint64_t rights, struct ub_leaf *leaf);
/* As above, over consecutive leaves at consecutive addresses, up to len bytes. */
int ub_walk_run(struct ub_walk *walk, uint64_t uba, uint64_t len, uint64_t rights,
		struct ub_leaf *leaf);

/* 0 or -1. */
int ub_pin_uba(struct ub_pinned *pin, struct ub_ctx *ctx, uint64_t uba, size_t len);
int ub_pin_bus(struct ub_pinned *pin, struct ub_core *core, uint64_t addr, size_t len,
	       bool is_write);
/* The steps of these: a table of pages, then pieces of memory in order. */
int ub_pin_alloc(struct ub_pinned *pin, size_t len, bool is_write);
int ub_pin_piece(struct ub_pinned *pin, struct ub_core *core, uint64_t addr, size_t at, size_t len,
		 size_t total, bool hbm);
/* The page pointers stay until the object is freed; drop takes them as well. */
void ub_unpin(struct ub_pinned *pin, struct ub_core *core);
void ub_pin_drop(struct ub_pinned *pin, struct ub_core *core);

static inline void *ub_pinned_at(const struct ub_pinned *pin, uint64_t off)
{
	return pin->page[off / UB_HW_PAGE_SIZE] + off % UB_HW_PAGE_SIZE;
}

/* ---- stream.c: bytes of a list of pieces, or of private memory, in order ---- */
struct ub_stream {
	struct ub_core *core;
	uint8_t *flat;			/* private memory, in place of pieces */
	const struct ub_mem *mem;
	unsigned n, i;
	uint64_t off;			/* in piece i */
	uint64_t rights;
	struct ub_walk walk;
	uint8_t *ptr;			/* mapped and not yet used */
	size_t len;
	void *map_ptr;			/* to be unmapped */
	size_t map_len;
	uint8_t sub;			/* why it failed */
};

enum ub_xfer { UB_XFER_OK, UB_XFER_SRC, UB_XFER_DST, UB_XFER_GONE };

void ub_stream_flat(struct ub_stream *s, void *ptr);
void ub_stream_mem(struct ub_stream *s, struct ub_core *core, const struct ub_mem *mem, unsigned n,
		   uint64_t rights);
/* Under dma_lock: make ptr and len show at least 1 byte. */
bool ub_stream_fill(struct ub_stream *s, uint64_t want);
/* All of these few bytes. */
bool ub_stream_fill_all(struct ub_stream *s, uint64_t len);
void ub_stream_skip(struct ub_stream *s, uint64_t n);
/* Go on after the first n bytes of a fresh stream. */
void ub_stream_start_at(struct ub_stream *s, uint64_t n);
/* Under dma_lock: let go of what is mapped. */
void ub_stream_end(struct ub_stream *s);
/*
 * Under dma_lock: end of a burst that is not the last. What is mapped of the own device stays, for
 * a segment's translations hold as long as it does; a peer may go away as a whole.
 */
void ub_stream_pause(struct ub_stream *s, struct ub_core *own);
/* No lock is held: ub_engine_yield() between two such bursts; b may be NULL. */
void ub_stream_yield(struct ub_jfs *jfs, struct ub_stream *a, struct ub_stream *b);
/* Before the thread puts the command off: let go of what these keep. */
void ub_stream_put_off(struct ub_jfs *jfs);
/* Under dma_lock: start of the next burst; false when the segment is gone. */
bool ub_stream_resume(struct ub_stream *s);
/* Takes the dma_lock for each burst. *moved grows by what was copied. */
enum ub_xfer ub_stream_copy(struct ub_jfs *jfs, struct ub_stream *dst, struct ub_stream *src,
			    uint64_t len, uint64_t *moved);
/* As above for rows of row_bytes, stride apart in *s from its start, to or from packed memory. */
enum ub_xfer ub_stream_copy_rows(struct ub_jfs *jfs, struct ub_stream *s, uint32_t rows,
				 uint64_t row_bytes, uint64_t stride, void *packed, bool to_device);
/* Under dma_lock: is the command still wanted? */
bool ub_cmd_live(struct ub_jfs *jfs);

/* ---- wqe.c ---- */
bool ub_wqe_known(unsigned opcode);
bool ub_wqe_is_first(const struct ub_hw_wqe *wqe, uint32_t index, uint32_t depth);
unsigned ub_wqe_blocks(const struct ub_hw_wqe *wqe);
/* Splits raw; sets done with a status when it is malformed. */
void ub_wqe_parse(struct ub_cmd *cmd);
void ub_cmd_fail(struct ub_cmd *cmd, unsigned status, unsigned sub);

/* ---- exec*.c ---- */
enum ub_exec ub_exec(struct ub_jfs *jfs);
/* Find again what a restored command had found. No lock is held. */
void ub_cmd_restore(struct ub_jfs *jfs);
/* Lets go of what the command holds. Under dma_lock, or when the queue is dead. */
void ub_cmd_release(struct ub_cmd *cmd);
void ub_exec_memory(struct ub_jfs *jfs);
void ub_exec_atomic(struct ub_jfs *jfs);
enum ub_exec ub_exec_message(struct ub_jfs *jfs);
/* The command ends without going on: a receive WQE it has taken completes all the same. */
void ub_cmd_abandon(struct ub_jfs *jfs);
/* Section 4 for the SGEs of the receive WQE that was taken; under the receiver's dma_lock. */
void ub_cmd_check_receive(struct ub_cmd *cmd, struct ub_recv *r);
void ub_cmd_end_receive(struct ub_cmd *cmd);
void ub_exec_fill(struct ub_jfs *jfs);
void ub_exec_crc32c(struct ub_jfs *jfs);
void ub_exec_gemm(struct ub_jfs *jfs);
void ub_stream_local(struct ub_stream *s, struct ub_jfs *jfs, uint64_t rights);
void ub_gemm_setup(const struct ub_core_config *cfg);
/* Status of a transfer between the command's own memory and its target. */
void ub_cmd_xfer(struct ub_cmd *cmd, enum ub_xfer x, const struct ub_stream *local,
		 const struct ub_stream *remote, bool to_remote);

/* ---- jfc.c, eq.c, jfr.c: under dma_lock of the object's core ---- */
/* False: the JFC is in ERROR and the CQE lost. Fills owner bit and timestamp. */
bool ub_jfc_push(struct ub_jfc *jfc, struct ub_hw_cqe *cqe, struct ub_after *after);
/* Bytes [from, to) of a CQE that is to come, where it is expected to go. */
void ub_jfc_tear(struct ub_jfc *jfc, const struct ub_hw_cqe *cqe, size_t from, size_t to);
/* Under jfc.lock: a CQE was written; wake: it is solicited or failed. */
void ub_jfc_notify(struct ub_jfc *jfc, bool wake, uint64_t now, struct ub_after *after);
void ub_jfc_rearm(struct ub_jfc *jfc, uint64_t word, struct ub_after *after);
void ub_jfc_moderate(struct ub_jfc *jfc, const struct ub_admin_jfc *c, struct ub_after *after);
void ub_eq_push(struct ub_eq *eq, struct ub_hw_eqe eqe, struct ub_after *after);
void ub_event(struct ub_core *core, unsigned type, uint32_t id, uint32_t tid, uint32_t info,
	      struct ub_after *after);

enum ub_take { UB_TAKE_OK, UB_TAKE_EMPTY, UB_TAKE_STATE, UB_TAKE_BAD };
enum ub_take ub_jfr_take(struct ub_jfr *jfr, struct ub_hw_recv_wqe *wqe, uint32_t *index,
			 struct ub_after *after);
/* Gives a few flush CQEs; false when there is nothing left. */
bool ub_jfr_flush(struct ub_jfr *jfr, struct ub_after *after);

/* ---- run.c, jfs.c ---- */
/* How many queues' commands are being executed. */
uint32_t ub_jfs_count_running(struct ub_core *core);
/* Run a claimed queue until it is idle, its turn is over, parked or dead. */
void ub_jfs_run(struct ub_jfs *jfs, struct ub_worker *worker);
/* The same on the path of a doorbell, under dma_lock, which it drops. */
void ub_jfs_run_inline(struct ub_jfs *jfs, const void *direct);
/* Under jfs.lock. */
void ub_jfs_enter_error(struct ub_jfs *jfs, uint32_t flush_end, unsigned sub);
void ub_jfs_set_state(struct ub_jfs *jfs, unsigned state);

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

/* ---- engine.c ---- */
/* No lock is held: serve timers and the more urgent queues that wait, on an engine thread. */
void ub_engine_yield(struct ub_jfs *jfs);
/* Whether the thread may poll for more work of a queue that has none. */
bool ub_engine_may_linger(const struct ub_jfs *jfs);
/* Poll; true when the queue is to be looked at as an active one still. */
bool ub_engine_linger(struct ub_jfs *jfs);
/* Under dma_lock the first: arithmetic on the queue's memory begins or ends. */
void ub_engine_work(struct ub_jfs *jfs, bool begin);
/* No lock is held but admin's: the queue cannot begin any more, wait until it has ended. */
void ub_engine_wait_work(struct ub_jfs *jfs);
/* Have ub_jfc_timer() called at due or before, if the timer is set for before. */
void ub_engine_set_timer(struct ub_core *core, struct ub_timer *t, uint64_t due);
/* The JFC is dead: do not keep it until then. */
void ub_engine_cancel(struct ub_core *core, struct ub_timer *t);
/* No lock is held. */
void ub_jfc_timer(struct ub_jfc *jfc);
int ub_engine_start(struct ub_core *core);
void ub_engine_stop(struct ub_core *core);
/* The caller has claimed the queue (QUEUED) and gives its reference away. */
void ub_engine_push(struct ub_jfs *jfs);
void ub_engine_park(struct ub_jfs *jfs, uint64_t delay_ns);
/* What is left of its RNR wait, in ns; 0: it does not wait. */
uint64_t ub_engine_park_left(struct ub_jfs *jfs);
/* Have the queue looked at, whatever it waits for. */
void ub_engine_kick(struct ub_jfs *jfs, bool admin);

/* ---- pause.c ---- */
/*
 * Under engine.lock, on an engine thread: it sleeps or wakes; it waits while the device is
 * paused.
 */
void ub_pause_idle(struct ub_engine *e, bool idle);
void ub_pause_wait(struct ub_engine *e);
/* Between two bursts of an engine thread: whether the device is to stand still, and wait. */
bool ub_pause_due(const struct ub_jfs *jfs);
void ub_pause_point(struct ub_jfs *jfs);

/* ---- crc32c.c ---- */
uint32_t ub_crc32c(uint32_t crc, const void *data, size_t len);
/* The portable one, for machines without the instruction. */
uint32_t ub_crc32c_table(uint32_t crc, const void *data, size_t len);

#endif
