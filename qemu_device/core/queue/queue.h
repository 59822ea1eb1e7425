/* SPDX-License-Identifier: MIT */
/* Event queues, completion queues, receive queues, send queues. */
#ifndef UB_CORE_QUEUE_H
#define UB_CORE_QUEUE_H

#include "engine/engine.h"

struct ub_eq {
	struct ub_obj obj;
	pthread_mutex_t lock;
	struct ub_pinned ring, rec_pin;
	struct ub_hw_eq_rec *rec;
	uint32_t depth, pi, overrun;
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

/* ---- Admin commands: 0 or the status that was set ---- */
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
int ub_usage_query(struct ub_admin *a);

/* ---- What kinds.c tells of each ---- */
void ub_eq_lose(struct ub_obj *obj, struct ub_after *after);
void ub_jfc_lose(struct ub_obj *obj, struct ub_after *after);
void ub_jfr_lose(struct ub_obj *obj, struct ub_after *after);
void ub_jfs_lose(struct ub_obj *obj, struct ub_after *after);
void ub_eq_end(struct ub_obj *obj);
void ub_jfc_end(struct ub_obj *obj);
void ub_jfr_end(struct ub_obj *obj);
void ub_jfs_end(struct ub_obj *obj);
void ub_jfr_kill(struct ub_obj *obj);
void ub_jfs_kill(struct ub_obj *obj);
void ub_jfs_quiesce(struct ub_obj *obj);
void ub_jfs_leave(struct ub_obj *obj);
void ub_jfs_tell_reset(struct ub_obj *obj);
void ub_jfc_leave(struct ub_obj *obj);
void ub_jfc_expire(struct ub_obj *obj);
uint64_t ub_jfc_count(struct ub_obj *obj, enum ub_stat stat);
uint64_t ub_jfs_count(struct ub_obj *obj, enum ub_stat stat);

/* ---- eq.c, jfc.c, moderation.c, jfr.c: under dma_lock of the object's core ---- */
/* With admin_lock held: of that context, or NULL with BAD_ID set. */
struct ub_jfc *ub_admin_jfc(struct ub_admin *a, struct ub_ctx *ctx, uint32_t id, uint32_t off);
/* False: the JFC is in ERROR and the CQE lost. Fills owner bit and timestamp. */
bool ub_jfc_push(struct ub_jfc *jfc, struct ub_hw_cqe *cqe, struct ub_after *after);
/* Bytes [from, to) of a CQE that is to come, where it is expected to go. */
void ub_jfc_tear(struct ub_jfc *jfc, const struct ub_hw_cqe *cqe, size_t from, size_t to);
/* Under jfc.lock: a CQE was written; wake: it is solicited or failed. */
void ub_jfc_notify(struct ub_jfc *jfc, bool wake, uint64_t now, struct ub_after *after);
void ub_jfc_rearm(struct ub_jfc *jfc, uint64_t word, struct ub_after *after);
void ub_jfc_moderate(struct ub_jfc *jfc, const struct ub_admin_jfc *c, struct ub_after *after);
/* Of a vector, or NULL. */
struct ub_eq *ub_eq_find(struct ub_core *core, uint32_t vector);
void ub_eq_push(struct ub_eq *eq, struct ub_hw_eqe eqe, struct ub_after *after);
void ub_event(struct ub_core *core, unsigned type, uint32_t id, uint32_t tid, uint32_t info,
	      struct ub_after *after);

enum ub_take { UB_TAKE_OK, UB_TAKE_EMPTY, UB_TAKE_STATE, UB_TAKE_BAD };
enum ub_take ub_jfr_take(struct ub_jfr *jfr, struct ub_hw_recv_wqe *wqe, uint32_t *index,
			 struct ub_after *after);
/* Gives a few flush CQEs; false when there is nothing left. */
bool ub_jfr_flush(struct ub_jfr *jfr, struct ub_after *after);

/* ---- jfs.c ---- */
/* How many queues' commands are being executed. */
uint32_t ub_jfs_count_running(struct ub_core *core);
/* Under jfs.lock. */
void ub_jfs_enter_error(struct ub_jfs *jfs, uint32_t flush_end, unsigned sub);
void ub_jfs_set_state(struct ub_jfs *jfs, unsigned state);

#endif
