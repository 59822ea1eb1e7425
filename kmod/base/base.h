/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ubnpu: driver of the UB NPU PCIe device. Here are the device and what every layer uses.
 *
 * Lock order, outermost first:
 *
 *   mmap_lock		the caller's; nothing below is held when it is taken
 *   ub->gate		read: whatever talks to the device; write: its reset, loss and removal
 *   ctx->lock		the objects, page table and UBA space of a context; who loses it alone
 *   ub->obj_lock	objects found in the device's tables stay while it is held (dumps)
 *   ub->usage_lock	the room where the device writes records of usage
 *   ub->admin_lock	the admin ring; one command is under way at a time
 *   db->lock		a doorbell page is mapped to users, or revoked
 *   kjfs->lock, kjfc->lock	kernel queues, see kqueue/kqueue.h; the latter also in interrupts
 *   ctx->jfce_lock	the channels of a context
 *   jfce->lock, ctx->ev_lock, ctx->wait_lock	events; also taken by interrupt handlers
 *   ub->users_lock	what each user has
 *
 * The fault handler takes db->lock alone and mmap takes ctx->lock, both inside mmap_lock, so user
 * memory is pinned and copied before gate and ctx->lock are taken, never while they are held.
 * Interrupt handlers find contexts and JFCs by RCU.
 */
#ifndef UBNPU_BASE_H
#define UBNPU_BASE_H

#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/idr.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "uapi/ub.h"
#include "uapi/ub_names.h"

#define UBNPU_NAME		"ubnpu"
#define UBNPU_MINORS		256
#define UBNPU_LOOKS		4	/* in hang_timeout_ms */
#define UBNPU_MAX_RESETS	3	/* by recovery, in ten hang_timeout_ms */

enum ubnpu_queue_type { UBNPU_JFS, UBNPU_JFR, UBNPU_JFC, UBNPU_QUEUE_TYPES };

struct ubnpu_caps {
	u8 guid[16];
	u8 eid[16];
	u64 caps, opcodes, max_msg, hbm_size;
	u32 hw_version, class_code, upi;
	u32 max_ctx, max_seg, max_program, max_eq, db_pages;
	u32 visa_version;
	u32 max_queues[UBNPU_QUEUE_TYPES];
	u32 max_depth[UBNPU_QUEUE_TYPES];
	u32 max_sge, max_inline, max_gemm_dim, engines;
	u32 comp_vectors;
};

/* A table of device objects by id. */
struct ubnpu_ids {
	struct xarray xa;
	u32 next;		/* ids are handed out in turn, so that a stale one is noticed */
	u32 max;
};

/* Whom a fault or a recovery concerns; what is zero is not known, or nobody in particular. */
struct ubnpu_who {
	u32 tid;
	u32 type;		/* UB_OBJ_* of the queue */
	u32 queue;
	u32 uid;
	pid_t pid;
	char comm[TASK_COMM_LEN];
};

/* Counters since the device was bound, in the order of UB_A_HANGS and on. */
enum ubnpu_counter {
#define UBNPU_COUNTER(_counter, _name, _meaning) UBNPU_##_counter,
	UB_HEALTH_COUNTERS(UBNPU_COUNTER)
#undef UBNPU_COUNTER
	UBNPU_COUNTERS
};

/* Why the device is dead: bits of ubnpu_dev.troubles. */
enum ubnpu_trouble {
	UBNPU_FATAL,		/* it says so */
	UBNPU_SILENT,		/* an admin command got no answer, or no sensible one */
	UBNPU_STUCK,		/* a queue it does not let go of: ubnpu_dev.culprit */
};

/* A queue that hangs; hang.c treats one at a time. */
struct ubnpu_hang {
	bool active;
	bool aborted;		/* the first step was made */
	u32 detail;		/* its progress then */
	struct ubnpu_who who;
};

struct pci_saved_state;
struct ubnpu_eq;
struct ubnpu_queue_ops;

struct ubnpu_dev {
	struct device dev;	/* class device; its release frees this */
	struct cdev cdev;
	struct pci_dev *pdev;
	struct pci_saved_state *config;	/* what a reset may take away, see hw/answer.c */
	void __iomem *regs;
	phys_addr_t db_base;
	void __iomem *db;	/* every doorbell page, for kernel queues */
	const struct ubnpu_queue_ops *kernel_queues;	/* what kernel queues do */
	struct inode *inode;	/* its address space holds every mapping of the device */
	int index;
	unsigned int num_eqs;
	struct ubnpu_caps caps;

	struct rw_semaphore gate;	/* the next five; see the lock order */
	bool gone;		/* removed, for good, or not there yet */
	bool dead;		/* it cannot be used until it is reset */
	bool wedged;		/* and recovery has given up */
	bool away;		/* dead, and in others' hands, see recover/away.c */
	u32 generation;

	/* Recovery, see recover/hang.c and recover/recover.c */
	struct delayed_work watch_work;
	struct work_struct recover_work;
	u32 looks;		/* the watcher's, as the next */
	struct ubnpu_hang hang;
	unsigned long troubles;	/* enum ubnpu_trouble, by atomic operations */
	struct ubnpu_who culprit;	/* obj_lock, or gate held for writing */
	u64 resets[UBNPU_MAX_RESETS];	/* when; gate held for writing */
	unsigned int nr_resets;		/* the same */
	atomic64_t counters[UBNPU_COUNTERS];

	struct mutex obj_lock;	/* what is in the next three stays; look-ups by RCU */
	struct ubnpu_ids ctxs;
	struct ubnpu_ids segs;
	struct ubnpu_ids programs;
	struct ubnpu_ids queues[UBNPU_QUEUE_TYPES];
	struct ida db_ida;
	atomic64_t table_bytes;	/* of the page tables of all contexts */

	spinlock_t users_lock;	/* the list, and what each user has, see context/user.c */
	struct list_head users;

	struct mutex usage_lock;	/* the room for records, see hw/usage.c */
	struct ub_hw_usage *usage;
	dma_addr_t usage_dma;

	struct mutex admin_lock;	/* the ring and its PI */
	struct ub_admin_slot *admin_ring;
	dma_addr_t admin_dma;
	u32 admin_pi;
	u32 admin_irqs;		/* interrupts of vector 0 */
	wait_queue_head_t admin_wq;

	struct ubnpu_eq *eqs;
	unsigned long overrun_eqs;	/* by atomic operations */
	struct work_struct overrun_work;
};

/* Who is told of devices and their health; what the driver itself needs is not among it. */
struct ubnpu_report_ops {
	void (*dev)(struct ubnpu_dev *ub);	/* it came, or was reset */
	void (*health)(struct ubnpu_dev *ub, enum ub_health_event event,
		       enum ub_reset_scope scope, const struct ubnpu_who *who);
};

static inline struct ubnpu_dev *to_ubnpu(struct device *dev)
{
	return container_of(dev, struct ubnpu_dev, dev);
}

/* params.c */
extern unsigned int ubnpu_max_queues_per_ctx;
extern unsigned int ubnpu_max_segs_per_ctx;
extern unsigned int ubnpu_max_ctxs_per_user;
extern unsigned int ubnpu_max_queues_per_user;
extern unsigned int ubnpu_max_segs_per_user;
extern unsigned int ubnpu_max_programs_per_user;
extern unsigned int ubnpu_max_pinned_mb_per_user;
extern unsigned int ubnpu_admin_timeout_ms;

/* ids.c */
void ubnpu_ids_init(struct ubnpu_ids *ids, u32 max);
int ubnpu_id_alloc(struct ubnpu_ids *ids, u32 *id);
void ubnpu_id_publish(struct ubnpu_ids *ids, u32 id, void *obj);
void ubnpu_id_free(struct ubnpu_dev *ub, struct ubnpu_ids *ids, u32 id);

/* devices.c */
int ubnpu_dev_reserve(struct ubnpu_dev *ub);
void ubnpu_dev_publish(struct ubnpu_dev *ub);
void ubnpu_dev_withdraw(struct ubnpu_dev *ub);
struct ubnpu_dev *ubnpu_dev_next(unsigned long *index);
struct ubnpu_dev *ubnpu_dev_get(unsigned long index);
void ubnpu_dev_put(struct ubnpu_dev *ub);
void ubnpu_devs_destroy(void);

/* trouble.c */
void ubnpu_declare_dead(struct ubnpu_dev *ub);
void ubnpu_cut_off(struct ubnpu_dev *ub);
void ubnpu_kill(struct ubnpu_dev *ub, enum ubnpu_trouble why);
void ubnpu_fatal(struct ubnpu_dev *ub);

/* watch.c */
unsigned int ubnpu_hang_timeout(void);
unsigned long ubnpu_hang_quarter(void);
void ubnpu_watch_start(struct ubnpu_dev *ub);

/* health.c, stats.c */
extern const struct attribute_group ubnpu_health_group;
extern const struct attribute_group ubnpu_stat_group;
const char *ubnpu_counter_name(enum ubnpu_counter counter);
const char *ubnpu_stat_name(unsigned int index);
unsigned int ubnpu_stats(const struct ubnpu_dev *ub);
void ubnpu_count(struct ubnpu_dev *ub, enum ubnpu_counter counter);

/* report.c */
void ubnpu_report_to(const struct ubnpu_report_ops *ops);
void ubnpu_report_dev(struct ubnpu_dev *ub);
void ubnpu_report(struct ubnpu_dev *ub, enum ub_health_event event, enum ub_reset_scope scope,
		  const struct ubnpu_who *who);
void ubnpu_report_wedged(struct ubnpu_dev *ub, enum ub_health_event event,
			 enum ub_reset_scope scope, const struct ubnpu_who *who, bool recovered);

#endif
