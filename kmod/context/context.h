/* SPDX-License-Identifier: GPL-2.0-only */
/* Contexts: who has them, who pays for them, and their events. */
#ifndef UBNPU_CONTEXT_H
#define UBNPU_CONTEXT_H

#include <linux/mm.h>

#include "hw/hw.h"

#define UBNPU_EV_DEPTH		64	/* asynchronous events kept for a context */
#define UBNPU_PINNED		0	/* bytes, where an UB_OBJ_* is asked for */
#define UBNPU_USER_KINDS	(UB_OBJ_PROGRAM + 1)

struct poll_table_struct;

struct ubnpu_ctx {
	struct kref ref;
	struct rcu_head rcu;
	struct ubnpu_dev *ub;
	struct ubnpu_user *user;	/* who pays: the opener */
	const struct file *file;	/* until it is released */
	u32 tid;
	u32 generation;
	u32 lost;		/* enum ub_lost; written under lock, and gate in either way */
	bool closed;
	struct mm_struct *mm;	/* the opener's: accounting and identity, not its users */
	struct pid *pid;
	kuid_t uid;
	char comm[TASK_COMM_LEN];

	struct mutex lock;	/* all down to pt, but pinned */
	struct list_head segs;
	struct list_head programs;
	struct list_head queues[UBNPU_QUEUE_TYPES];
	u32 nr_segs;
	u32 nr_queues[UBNPU_QUEUE_TYPES];
	bool no_token_told;	/* the log names who does without tokens, once */
	atomic64_t pinned;	/* pages */
	struct ubnpu_pt pt;
	struct page *status_page;
	struct page *dummy_page;

	spinlock_t ev_lock;	/* the next five; also taken by interrupt handlers */
	wait_queue_head_t ev_wq;
	struct ub_async_event ev[UBNPU_EV_DEPTH];
	u32 ev_head, ev_tail;
	u32 ev_dropped;
	bool fatal_told;

	spinlock_t jfce_lock;	/* the next two */
	struct list_head jfces;
	u32 nr_jfces;

	struct delayed_work orphan_work;	/* see kqueue/orphan.c */
	spinlock_t wait_lock;	/* WAITs of io_uring; also taken by interrupt handlers */
};

static inline struct ub_status_page *ubnpu_ctx_status(const struct ubnpu_ctx *ctx)
{
	return page_address(ctx->status_page);
}

/* user.c */
struct ubnpu_user *ubnpu_user_get(struct ubnpu_dev *ub, kuid_t uid);
void ubnpu_user_put(struct ubnpu_user *user);
int ubnpu_user_charge(struct ubnpu_ctx *ctx, u32 kind, u64 count, struct ub_ioc_hdr *hdr);
void ubnpu_user_uncharge(struct ubnpu_ctx *ctx, u32 kind, u64 count);

/* ctx.c */
void ubnpu_ctx_get(struct ubnpu_ctx *ctx);
void ubnpu_ctx_put(struct ubnpu_ctx *ctx);
struct ubnpu_ctx *ubnpu_ctx_find(struct ubnpu_dev *ub, u32 tid);
int ubnpu_enter(struct ubnpu_ctx *ctx, struct ub_ioc_hdr *hdr);
void ubnpu_leave(struct ubnpu_ctx *ctx);
int ubnpu_check_mm(struct ubnpu_ctx *ctx, struct ub_ioc_hdr *hdr);
void ubnpu_ctx_set_generation(struct ubnpu_ctx *ctx);
void ubnpu_who_set(struct ubnpu_who *who, const struct ubnpu_ctx *ctx, u32 type, u32 queue);
int ubnpu_destroy_retry(struct ubnpu_ctx *ctx, u8 opcode, u32 id);
void ubnpu_orphan_watch(struct ubnpu_ctx *ctx);

/* token.c */
__le32 ubnpu_token_make(struct ubnpu_ctx *ctx, u32 policy, u32 *value);

/* event.c */
void ubnpu_ctx_event(struct ubnpu_ctx *ctx, u32 type, u32 id, u32 info);
void ubnpu_ctx_events_lost(struct ubnpu_ctx *ctx, u32 count);
ssize_t ubnpu_ctx_read(struct file *file, char __user *buf, size_t len, loff_t *pos);
__poll_t ubnpu_ctx_poll(struct file *file, struct poll_table_struct *wait);

#endif
