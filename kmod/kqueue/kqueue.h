/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernel queues: a JFC and its JFSs whose rings are the kernel's. WQEs go in by SUBMIT and
 * io_uring; CQEs come out by REAP and as io_uring's completions.
 *
 * Locks, all inside those of base/base.h but the event locks:
 *
 *   kjfs->lock		the producer's side of a ring; never taken by interrupt handlers
 *   kjfc->reap		taken outside kjfc->lock alone: one REAP at a time looks, copies and drops
 *   kjfc->lock		the consumer's side: the JFC's ring, and the slots of its JFSs
 *
 * Neither gate nor ctx->lock is taken to submit or reap: queues are found by RCU, and whoever
 * takes a queue away first closes it under these locks. After that nobody touches ring, record or
 * doorbell.
 */
#ifndef UBNPU_KQUEUE_H
#define UBNPU_KQUEUE_H

#include <linux/mutex.h>

#include "queue/queue.h"

/* The owner of a WQE whose CQE is nobody's. */
#define UBNPU_LET_GO ERR_PTR(-ECANCELED)

/* What a WQE in flight belongs to; found by the index of its first WQEBB. */
struct ubnpu_kslot {
	void *owner;		/* struct io_uring_cmd, UBNPU_LET_GO, or NULL: the CQE is REAP's */
	u32 blocks;		/* of the WQE that begins here; 0: none in flight does */
};

struct ubnpu_kjfc {
	struct kref ref;
	struct rcu_head rcu;
	struct ubnpu_ctx *ctx;
	u32 id;
	u32 depth;
	struct ub_hw_cqe *ring;
	struct ub_hw_jfc_rec *rec;
	void __iomem *db;

	spinlock_t lock;	/* all below but wq and reap, the ring, and slots of the JFSs */
	wait_queue_head_t wq;	/* REAP, by ioctl and io_uring */
	struct mutex reap;	/* one REAP at a time */
	int closed;		/* why nothing is left to come, a negative errno; 0: open */
	bool failed;		/* the device put it into ERROR */
	struct list_head jfs;
	u32 scan;		/* CQEs looked at */
	u32 ci;			/* CQEs done with, as published: [ci, scan) has some for REAP */
	u32 held;		/* how many */
	u32 in_flight;		/* WQEs, each of which gives one CQE */
	u32 wakers;		/* commands and callers that want to be woken by an interrupt */
	u32 watchers;		/* REAPs of io_uring */
	u32 cancels;		/* how often these were told to end */
	bool armed;
	u32 arm_sn;
};

struct ubnpu_kjfs {
	struct rcu_head rcu;
	struct ubnpu_kjfc *jfc;
	struct list_head node;	/* jfc->lock; empty: detached */
	u32 id;
	u32 depth;
	void *ring;
	struct ub_hw_jfs_rec *rec;
	void __iomem *db;
	struct ubnpu_kslot *slots;

	spinlock_t lock;	/* all below but done, and the ring's producer side */
	int closed;		/* what SUBMIT gets, a negative errno; 0: open */
	u32 pi;			/* written under lock, read under jfc->lock too */
	u32 rung;		/* PI when the device was last rung, or found active */
	u32 done;		/* written under jfc->lock: before it no slot is in flight */
};

static inline struct ubnpu_kslot *ubnpu_kjfs_slot(const struct ubnpu_kjfs *jfs, u32 index)
{
	return &jfs->slots[index & (jfs->depth - 1)];
}

/* WQEs to submit; those of one io_uring command or of one ioctl. */
struct ubnpu_batch {
	void *wqes;		/* kernel memory */
	u32 blocks;
	u32 count;
	void *owner;
	bool whole;		/* all or none */
	u32 taken;		/* out: WQEBBs */
};

/* kqueue.c */
extern const struct ubnpu_queue_ops ubnpu_kqueue_ops;
void ubnpu_kjfs_close(struct ubnpu_kjfs *jfs, int why);
int ubnpu_kjfs_modify(struct ubnpu_queue *q, u32 state, struct ub_ioc_hdr *hdr);
u32 ubnpu_kjfs_in_flight(struct ubnpu_kjfs *jfs);
void ubnpu_kjfc_put(struct ubnpu_kjfc *jfc);
u32 ubnpu_kjfc_scan(struct ubnpu_kjfc *jfc);
void ubnpu_kjfc_arm(struct ubnpu_kjfc *jfc);
void ubnpu_kjfc_compact(struct ubnpu_kjfc *jfc);
u32 ubnpu_kjfc_peek_held(const struct ubnpu_kjfc *jfc, struct ub_hw_cqe *cqes, u32 max);
void ubnpu_kjfc_drop_held(struct ubnpu_kjfc *jfc, u32 count);
u32 ubnpu_kjfc_poll(struct ubnpu_kjfc *jfc);

/* submit.c */
u32 ubnpu_wqe_blocks(const struct ub_hw_wqe *wqe);
int ubnpu_batch_check(struct ubnpu_batch *b, struct ub_ioc_hdr *hdr);
struct ubnpu_kjfs *ubnpu_kjfs_find(struct ubnpu_ctx *ctx, u32 id, struct ub_ioc_hdr *hdr);
int ubnpu_kjfs_post(struct ubnpu_ctx *ctx, struct ubnpu_kjfs *jfs, struct ubnpu_batch *b,
		    bool plugged, struct ub_ioc_hdr *hdr);
void ubnpu_kjfs_kick(struct ubnpu_kjfs *jfs);
int ubnpu_submit(struct ubnpu_ctx *ctx, struct ubnpu_call *call);

/* plug.c */
bool ubnpu_plugged(struct file *file, u32 jfs);

/* reap.c */
int ubnpu_reap(struct ubnpu_ctx *ctx, struct ubnpu_call *call);
struct ubnpu_kjfc *ubnpu_kjfc_get(struct ubnpu_ctx *ctx, u32 id, struct ub_ioc_hdr *hdr);
u32 ubnpu_kjfc_peek(struct ubnpu_kjfc *jfc, struct ub_hw_cqe *cqes, u32 max);
void ubnpu_kjfc_drop(struct ubnpu_kjfc *jfc, u32 count);
void ubnpu_kjfc_watch(struct ubnpu_kjfc *jfc, struct wait_queue_entry *wait);
void ubnpu_kjfc_unwatch(struct ubnpu_kjfc *jfc, struct wait_queue_entry *wait);
int ubnpu_kjfc_cancel(struct ubnpu_ctx *ctx, u32 id);

/* cancel.c */
int ubnpu_kjfs_cancel(struct ubnpu_ctx *ctx, u32 id);

/* orphan.c */
void ubnpu_orphan_work(struct work_struct *work);

#endif
