/* SPDX-License-Identifier: GPL-2.0-only */
/* Queues of all kinds, their doorbells, and how events of the device come to them. */
#ifndef UBNPU_QUEUE_H
#define UBNPU_QUEUE_H

#include "memory/memory.h"

struct io_uring_cmd;
struct ubnpu_queue;

struct ubnpu_eq {
	struct ubnpu_dev *ub;
	unsigned int index;
	int irq;
	bool requested;
	char name[24];
	struct ub_hw_eqe *ring;
	struct ub_hw_eq_rec *rec;
	dma_addr_t dma;
	size_t bytes;		/* ring and record */
	u32 depth;
	u32 ci;
	u32 overrun;
	u32 seen_ci;		/* at the last look, see ubnpu_eqs_watch() */
	bool seen_entry;
};

/* A doorbell page; outlives its queue while it is mapped. */
struct ubnpu_db {
	struct kref ref;
	struct mutex lock;	/* revoked, while a fault maps the page */
	bool revoked;
	unsigned long pfn;
	u32 page;
};

struct ubnpu_jfce {
	struct kref ref;
	struct ubnpu_ctx *ctx;
	struct list_head node;	/* ctx->jfce_lock */
	spinlock_t lock;	/* ready and its JFCs; also taken by interrupt handlers */
	wait_queue_head_t wq;
	struct list_head ready;	/* JFCs with an event to read */
	struct eventfd_ctx *eventfd;	/* or NULL */
};

/* Whose rings they are decides: the users' own, mapped, or the kernel's. */
struct ubnpu_queue_ops {
	/* The kernel's alone, NULL for mapped queues: */
	int (*init)(struct ubnpu_queue *q, struct ub_ioc_hdr *hdr);	/* it has memory */
	void (*attach)(struct ubnpu_queue *q);	/* the device has it, nobody can find it yet */
	void (*free)(struct ubnpu_queue *q);	/* closed, or never attached */
	void (*look)(struct ubnpu_queue *q);	/* under RCU: of a JFC, events may be lost */
	/* Of both: */
	int (*modify)(struct ubnpu_queue *q, u32 state, struct ub_ioc_hdr *hdr);
	void (*fired)(struct ubnpu_queue *jfc, u32 arm_sn);	/* interrupt handler, under RCU */
	void (*close)(struct ubnpu_queue *q, int why);	/* it goes; may be called twice */
};

struct ubnpu_kjfc;
struct ubnpu_kjfs;

struct ubnpu_queue {
	u32 id;
	enum ubnpu_queue_type type;
	struct ubnpu_ctx *ctx;
	const struct ubnpu_queue_ops *ops;
	struct list_head node;	/* ctx->lock */
	struct rcu_head rcu;
	struct ubnpu_mem *mem;
	struct ubnpu_db *db;	/* not for a JFR */
	u64 rec_offset;
	u32 depth;
	u32 flags;
	u32 jfc;
	u32 jfr;
	/* JFS only */
	u8 priority;
	u8 weight;
	struct page *rec_page;	/* these six are the watcher's */
	u32 looked;		/* ubnpu_dev.looks of the last look at it */
	u32 progress;
	u32 still;		/* looks in a row that found it running and not further */
	u32 rung;		/* 0: no; ubnpu_dev.looks when it was rung again */
	u32 rung_ci;
	/* JFC only */
	u16 mod_count;
	u16 mod_usec;
	u32 eq;
	u64 user_ctx;
	struct ubnpu_jfce *jfce;
	struct list_head ev_node;	/* jfce->lock, as the next two */
	u32 ev_sn;
	bool detached;
	struct list_head waits;	/* ctx->wait_lock, as the next three */
	int waits_closed;	/* what a WAIT gets, a negative errno; 0: open */
	u32 fired_sn;
	bool fired_unseen;	/* an event was lost: the next WAIT ends at once */
	atomic64_t interrupts;
	/* Kernel queues, see kqueue/kqueue.h; else NULL */
	struct ubnpu_kjfc *kjfc;
	struct ubnpu_kjfs *kjfs;
};

/* doorbell.c */
struct ubnpu_db *ubnpu_db_alloc(struct ubnpu_dev *ub);
void ubnpu_db_get(struct ubnpu_db *db);
void ubnpu_db_put(struct ubnpu_db *db);
void ubnpu_db_revoke(struct ubnpu_db *db);
void ubnpu_db_free(struct ubnpu_dev *ub, struct ubnpu_db *db);
u64 ubnpu_db_offset(const struct ubnpu_queue *q);
void ubnpu_db_unmap(struct ubnpu_queue *q);

/* wait.c */
int ubnpu_uring_wait(struct io_uring_cmd *cmd, u32 jfc, u32 arm_sn, u64 ns,
		     unsigned int issue_flags);
void ubnpu_uring_wait_cancel(struct io_uring_cmd *cmd, unsigned int issue_flags);
int ubnpu_waits_cancel(struct ubnpu_queue *jfc);
void ubnpu_waits_fired(struct ubnpu_queue *jfc, u32 arm_sn);
bool ubnpu_waits_look(struct ubnpu_queue *jfc);
void ubnpu_waits_close(struct ubnpu_queue *jfc, int why);

/* jfce.c */
int ubnpu_create_jfce(struct ubnpu_ctx *ctx, struct ubnpu_call *call);
struct ubnpu_jfce *ubnpu_jfce_get(struct ubnpu_ctx *ctx, int fd);
void ubnpu_jfce_put(struct ubnpu_jfce *jfce);
void ubnpu_jfces_wake(struct ubnpu_ctx *ctx);
void ubnpu_jfc_notify(struct ubnpu_queue *jfc, u32 arm_sn);
void ubnpu_jfc_detach(struct ubnpu_queue *jfc);

/* queue.c */
extern const u32 ubnpu_queue_obj[UBNPU_QUEUE_TYPES];
extern const u8 ubnpu_query_op[UBNPU_QUEUE_TYPES];
struct ubnpu_queue *ubnpu_queue_new(struct ubnpu_ctx *ctx, enum ubnpu_queue_type type,
				    const struct ub_ioc_queue_mem *mem, u32 depth, bool kernel,
				    struct ub_ioc_hdr *hdr);
void ubnpu_queue_free(struct ubnpu_queue *q);
struct ubnpu_queue *ubnpu_queue_find(struct ubnpu_ctx *ctx, enum ubnpu_queue_type type, u32 id,
				     struct ub_ioc_hdr *hdr);
struct ubnpu_ctx *ubnpu_queue_owner(struct ubnpu_dev *ub, enum ubnpu_queue_type type, u32 id);
int ubnpu_queue_attach(struct ubnpu_queue *q, struct ub_ioc_hdr *hdr);
int ubnpu_queue_create(struct ubnpu_queue *q, struct ub_admin_cmd *cmd, struct ub_ioc_hdr *hdr);
int ubnpu_create_jfs(struct ubnpu_ctx *ctx, struct ubnpu_call *call);
int ubnpu_create_jfr(struct ubnpu_ctx *ctx, struct ubnpu_call *call);
int ubnpu_modify_queue(struct ubnpu_ctx *ctx, struct ubnpu_call *call,
		       enum ubnpu_queue_type type);
int ubnpu_query_queue(struct ubnpu_ctx *ctx, struct ubnpu_call *call, enum ubnpu_queue_type type);
int ubnpu_destroy_queue(struct ubnpu_ctx *ctx, struct ubnpu_call *call,
			enum ubnpu_queue_type type);
void ubnpu_queues_release(struct ubnpu_ctx *ctx, bool device);

/* jfc.c */
int ubnpu_create_jfc(struct ubnpu_ctx *ctx, struct ubnpu_call *call);
int ubnpu_modify_jfc(struct ubnpu_ctx *ctx, struct ubnpu_call *call);

/* eq.c */
int ubnpu_eqs_alloc(struct ubnpu_dev *ub);
void ubnpu_eqs_free(struct ubnpu_dev *ub);
int ubnpu_eqs_start(struct ubnpu_dev *ub);
void ubnpu_irqs_disable(struct ubnpu_dev *ub);
void ubnpu_irqs_enable(struct ubnpu_dev *ub);
void ubnpu_overrun_work(struct work_struct *work);
void ubnpu_eqs_watch(struct ubnpu_dev *ub);

#endif
