/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ubnpu: driver of the UB NPU PCIe device. Objects and the functions between the files.
 *
 * Lock order, outermost first:
 *
 *   mmap_lock		the caller's; nothing below is held when it is taken
 *   ub->gate		read: whatever talks to the device; write: its reset, loss and removal
 *   ctx->lock		the objects, page table and UBA space of a context; who loses it alone
 *   ub->obj_lock	objects found in the device's tables stay while it is held (dumps)
 *   ub->admin_lock	the admin ring; one command is under way at a time
 *   db->lock		a doorbell page is mapped to users, or revoked
 *   kjfs->lock, kjfc->lock	kernel queues, see kqueue.h; the latter also by interrupt handlers
 *   ctx->jfce_lock	the channels of a context
 *   jfce->lock, ctx->ev_lock, ctx->wait_lock	events; also taken by interrupt handlers
 *   ub->users_lock	what each user has
 *
 * The fault handler takes db->lock alone and mmap takes ctx->lock, both inside mmap_lock, so user
 * memory is pinned and copied before gate and ctx->lock are taken, never while they are held.
 * Interrupt handlers find contexts and JFCs by RCU.
 */
#ifndef UBNPU_H
#define UBNPU_H

#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/idr.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/rwsem.h>
#include <linux/scatterlist.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "uapi/ub.h"

#define UBNPU_NAME		"ubnpu"
#define UBNPU_MINORS		256
#define UBNPU_ADMIN_DEPTH	64
#define UBNPU_EV_DEPTH		64	/* asynchronous events kept for a context */
#define UBNPU_UBA_CLASSES	31	/* see ummu.c */
#define UBNPU_PINNED		0	/* bytes, where an UB_OBJ_* is asked for */
#define UBNPU_USER_KINDS	(UB_OBJ_JFC + 1)
#define UBNPU_MAX_RESETS	3	/* by recovery, in ten hang_timeout_ms */

enum ubnpu_queue_type { UBNPU_JFS, UBNPU_JFR, UBNPU_JFC, UBNPU_QUEUE_TYPES };

struct ubnpu_caps {
	u8 guid[16];
	u8 eid[16];
	u64 caps, opcodes, max_msg, hbm_size;
	u32 hw_version, class_code, upi;
	u32 max_ctx, max_seg, max_eq, db_pages;
	u32 max_queues[UBNPU_QUEUE_TYPES];
	u32 max_depth[UBNPU_QUEUE_TYPES];
	u32 max_sge, max_inline, max_gemm_dim, engines;
	u32 comp_vectors;
};

struct ubnpu_dev;

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
	UBNPU_HANGS, UBNPU_QUEUE_RESETS, UBNPU_CONTEXT_RESETS, UBNPU_DEVICE_RESETS,
	UBNPU_ADMIN_RESETS, UBNPU_LOST_IRQS, UBNPU_LOST_DOORBELLS, UBNPU_EQ_OVERRUNS,
	UBNPU_ADMIN_TIMEOUTS, UBNPU_FATALS, UBNPU_COREDUMPS, UBNPU_COUNTERS
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

struct ubnpu_dev {
	struct device dev;	/* class device; its release frees this */
	struct cdev cdev;
	struct pci_dev *pdev;
	void __iomem *regs;
	phys_addr_t db_base;
	void __iomem *db;	/* every doorbell page, for kernel queues */
	struct inode *inode;	/* its address space holds every mapping of the device */
	int index;
	unsigned int num_eqs;
	struct ubnpu_caps caps;

	struct rw_semaphore gate;
	bool gone;		/* removed, for good, or not there yet */
	bool dead;		/* it cannot be used until it is reset */
	bool wedged;		/* and recovery has given up */
	u32 generation;

	/* Recovery, see hang.c and recover.c */
	struct delayed_work watch_work;
	struct work_struct recover_work;
	u32 looks;
	struct ubnpu_hang hang;
	unsigned long troubles;
	struct ubnpu_who culprit;	/* obj_lock */
	u64 resets[UBNPU_MAX_RESETS];	/* when; gate held for writing */
	unsigned int nr_resets;
	atomic64_t counters[UBNPU_COUNTERS];

	struct mutex obj_lock;
	struct ubnpu_ids ctxs;
	struct ubnpu_ids segs;
	struct ubnpu_ids queues[UBNPU_QUEUE_TYPES];
	struct ida db_ida;
	atomic64_t table_bytes;	/* of the page tables of all contexts */

	spinlock_t users_lock;	/* what each user has, see user.c */
	struct list_head users;

	struct mutex admin_lock;
	struct ub_admin_slot *admin_ring;
	dma_addr_t admin_dma;
	u32 admin_pi;
	u32 admin_irqs;		/* interrupts of vector 0 */
	wait_queue_head_t admin_wq;

	struct ubnpu_eq *eqs;
	unsigned long overrun_eqs;
	struct work_struct overrun_work;
};

/* A doorbell page; outlives its queue while it is mapped. */
struct ubnpu_db {
	struct kref ref;
	struct mutex lock;
	bool revoked;
	unsigned long pfn;
	u32 page;
};

/* Pinned user memory, or kernel memory, and its place in the context's UBA space. */
struct ubnpu_mem {
	u64 addr;
	u64 len;
	bool writable;
	unsigned long npages;
	struct sg_append_table sgt;
	void *vaddr;		/* kernel memory alone */
	u64 uba;		/* of the first byte */
	int uba_class;
	int uba_slot;
	u32 leaf_4k;
	u32 leaf_2m;
};

struct ubnpu_pt_table {
	__le64 *entries;
	dma_addr_t dma;
	unsigned int used;
	struct ubnpu_pt_table **child;	/* NULL at level 1 */
};

struct ubnpu_pt {
	struct ubnpu_pt_table *root;
	struct ida slots[UBNPU_UBA_CLASSES];
};

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

	struct mutex lock;
	struct list_head segs;
	struct list_head queues[UBNPU_QUEUE_TYPES];
	u32 nr_segs;
	u32 nr_queues[UBNPU_QUEUE_TYPES];
	atomic64_t pinned;	/* pages */
	struct ubnpu_pt pt;
	struct page *status_page;
	struct page *dummy_page;

	spinlock_t ev_lock;
	wait_queue_head_t ev_wq;
	struct ub_async_event ev[UBNPU_EV_DEPTH];
	u32 ev_head, ev_tail;
	u32 ev_dropped;
	bool fatal_told;

	spinlock_t jfce_lock;
	struct list_head jfces;
	u32 nr_jfces;

	struct delayed_work orphan_work;	/* see orphan.c */
	spinlock_t wait_lock;	/* WAITs of io_uring; also taken by interrupt handlers */
};

struct ubnpu_seg {
	u32 id;
	struct ubnpu_ctx *ctx;
	struct list_head node;
	struct rcu_head rcu;
	struct ubnpu_mem *mem;
	u32 access;
	u32 flags;
};

struct ubnpu_jfce {
	struct kref ref;
	struct ubnpu_ctx *ctx;
	struct list_head node;
	spinlock_t lock;
	wait_queue_head_t wq;
	struct list_head ready;	/* JFCs with an event to read */
	struct eventfd_ctx *eventfd;	/* or NULL */
};

struct ubnpu_kjfc;
struct ubnpu_kjfs;

struct ubnpu_queue {
	u32 id;
	enum ubnpu_queue_type type;
	struct ubnpu_ctx *ctx;
	struct list_head node;
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
	struct list_head ev_node;
	u32 ev_sn;
	bool detached;
	struct list_head waits;	/* ctx->wait_lock, as the next three */
	int waits_closed;	/* what a WAIT gets, a negative errno; 0: open */
	u32 fired_sn;
	bool fired_unseen;	/* an event was lost: the next WAIT ends at once */
	atomic64_t interrupts;
	/* Kernel queues, see kqueue.h; else NULL */
	struct ubnpu_kjfc *kjfc;
	struct ubnpu_kjfs *kjfs;
};

/* One ioctl: the caller's structure, and a file to install once it is copied back. */
struct ubnpu_call {
	union {
		struct ub_ioc_hdr hdr;
		struct ub_ioc_query_device query_device;
		struct ub_ioc_reg_seg reg_seg;
		struct ub_ioc_dereg_seg dereg_seg;
		struct ub_ioc_set_token set_token;
		struct ub_ioc_create_jfce create_jfce;
		struct ub_ioc_create_jfc create_jfc;
		struct ub_ioc_create_jfs create_jfs;
		struct ub_ioc_create_jfr create_jfr;
		struct ub_ioc_modify_queue modify_queue;
		struct ub_ioc_query_queue query_queue;
		struct ub_ioc_destroy_queue destroy_queue;
		struct ub_ioc_modify_jfc modify_jfc;
		struct ub_ioc_submit submit;
		struct ub_ioc_reap reap;
	};
	struct file *install;
	int fd;
};

static inline int ubnpu_fail(struct ub_ioc_hdr *hdr, int err, u32 code, u32 obj, u64 limit)
{
	hdr->ext_code = code;
	hdr->ext_obj = obj;
	hdr->ext_limit = limit;
	return err;
}

static inline int ubnpu_fail_nomem(struct ub_ioc_hdr *hdr)
{
	return ubnpu_fail(hdr, -ENOMEM, UB_EXT_NO_MEMORY, 0, 0);
}

/* main.c */
extern unsigned int ubnpu_max_queues_per_ctx;
extern unsigned int ubnpu_max_segs_per_ctx;
int ubnpu_register(void);
void ubnpu_unregister(void);
int ubnpu_id_alloc(struct ubnpu_ids *ids, u32 *id);
void ubnpu_id_publish(struct ubnpu_ids *ids, u32 id, void *obj);
void ubnpu_id_free(struct ubnpu_dev *ub, struct ubnpu_ids *ids, u32 id);
struct ubnpu_dev *ubnpu_dev_next(unsigned long *index);
struct ubnpu_dev *ubnpu_dev_get(unsigned long index);
void ubnpu_dev_put(struct ubnpu_dev *ub);

/* user.c */
struct ubnpu_user *ubnpu_user_get(struct ubnpu_dev *ub, kuid_t uid);
void ubnpu_user_put(struct ubnpu_user *user);
int ubnpu_user_charge(struct ubnpu_ctx *ctx, u32 kind, u64 count, struct ub_ioc_hdr *hdr);
void ubnpu_user_uncharge(struct ubnpu_ctx *ctx, u32 kind, u64 count);

/* reset.c: the gate is held for writing, but for ubnpu_dev_reset */
int ubnpu_hw_start(struct ubnpu_dev *ub);
int ubnpu_hw_reset(struct ubnpu_dev *ub);
void ubnpu_lose_all(struct ubnpu_dev *ub);
void ubnpu_drop_all(struct ubnpu_dev *ub);
int ubnpu_hw_recover(struct ubnpu_dev *ub);
int ubnpu_dev_reset(struct ubnpu_dev *ub, bool force);
extern const struct pci_error_handlers ubnpu_err_handlers;

/* recover.c */
void ubnpu_kill(struct ubnpu_dev *ub, enum ubnpu_trouble why);
void ubnpu_fatal(struct ubnpu_dev *ub);
void ubnpu_stuck(struct ubnpu_dev *ub, u8 opcode, u32 id);
void ubnpu_recover_work(struct work_struct *work);
void ubnpu_recovered(struct ubnpu_dev *ub);
int ubnpu_reset_queue(struct ubnpu_ctx *ctx, enum ubnpu_queue_type type, u32 id, u32 info);
struct ubnpu_ctx *ubnpu_ctx_find(struct ubnpu_dev *ub, u32 tid);
struct ubnpu_ctx *ubnpu_queue_owner(struct ubnpu_dev *ub, enum ubnpu_queue_type type, u32 id);

/* hang.c */
unsigned int ubnpu_hang_timeout(void);
unsigned long ubnpu_hang_quarter(void);
void ubnpu_watch_start(struct ubnpu_dev *ub);
void ubnpu_watch_work(struct work_struct *work);

/* health.c */
extern const struct attribute_group ubnpu_health_group;
const char *ubnpu_counter_name(enum ubnpu_counter counter);
void ubnpu_count(struct ubnpu_dev *ub, enum ubnpu_counter counter);
void ubnpu_who_set(struct ubnpu_who *who, const struct ubnpu_ctx *ctx, u32 type, u32 queue);
void ubnpu_report(struct ubnpu_dev *ub, enum ub_health_event event, enum ub_reset_scope scope,
		  const struct ubnpu_who *who);
void ubnpu_report_wedged(struct ubnpu_dev *ub, enum ub_health_event event,
			 enum ub_reset_scope scope, const struct ubnpu_who *who, bool recovered);

/* dump.c: the gate is held */
void ubnpu_dump(struct ubnpu_dev *ub, const struct ubnpu_who *who, const char *why);

/* admin.c */
int ubnpu_admin_alloc(struct ubnpu_dev *ub);
void ubnpu_admin_free(struct ubnpu_dev *ub);
int ubnpu_admin_start(struct ubnpu_dev *ub);
int ubnpu_admin(struct ubnpu_dev *ub, const struct ub_admin_cmd *cmd,
		struct ub_admin_reply *reply, struct ub_ioc_hdr *hdr);
int ubnpu_admin_id(struct ubnpu_dev *ub, u8 opcode, u32 id, struct ub_admin_reply *reply,
		   struct ub_ioc_hdr *hdr);

/* eq.c */
int ubnpu_eqs_alloc(struct ubnpu_dev *ub);
void ubnpu_eqs_free(struct ubnpu_dev *ub);
int ubnpu_eqs_start(struct ubnpu_dev *ub);
void ubnpu_irqs_disable(struct ubnpu_dev *ub);
void ubnpu_irqs_enable(struct ubnpu_dev *ub);
void ubnpu_overrun_work(struct work_struct *work);
void ubnpu_eqs_watch(struct ubnpu_dev *ub);

/* ctx.c */
extern const struct file_operations ubnpu_fops;
void ubnpu_ctx_get(struct ubnpu_ctx *ctx);
void ubnpu_ctx_put(struct ubnpu_ctx *ctx);
int ubnpu_enter(struct ubnpu_ctx *ctx, struct ub_ioc_hdr *hdr);
void ubnpu_leave(struct ubnpu_ctx *ctx);
int ubnpu_check_mm(struct ubnpu_ctx *ctx, struct ub_ioc_hdr *hdr);
void ubnpu_ctx_lose(struct ubnpu_ctx *ctx);
int ubnpu_ctx_reset(struct ubnpu_ctx *ctx);
void ubnpu_ctx_drop(struct ubnpu_ctx *ctx);
void ubnpu_ctx_set_generation(struct ubnpu_ctx *ctx);
int ubnpu_destroy_retry(struct ubnpu_dev *ub, u8 opcode, u32 id);

/* event.c */
void ubnpu_ctx_event(struct ubnpu_ctx *ctx, u32 type, u32 id, u32 info);
void ubnpu_ctx_events_lost(struct ubnpu_ctx *ctx, u32 count);
ssize_t ubnpu_ctx_read(struct file *file, char __user *buf, size_t len, loff_t *pos);
__poll_t ubnpu_ctx_poll(struct file *file, struct poll_table_struct *wait);

/* ioctl.c */
long ubnpu_ioctl(struct file *file, unsigned int cmd, unsigned long arg);

/* seg.c */
int ubnpu_mem_account(struct ubnpu_ctx *ctx, unsigned long npages, struct ub_ioc_hdr *hdr);
void ubnpu_mem_unaccount(struct ubnpu_ctx *ctx, unsigned long npages);
struct ubnpu_mem *ubnpu_mem_pin(struct ubnpu_ctx *ctx, u64 addr, u64 len, bool writable,
				struct ub_ioc_hdr *hdr);
void ubnpu_mem_unpin(struct ubnpu_ctx *ctx, struct ubnpu_mem *mem);
int ubnpu_reg_seg(struct ubnpu_ctx *ctx, struct ubnpu_call *call);
int ubnpu_dereg_seg(struct ubnpu_ctx *ctx, struct ubnpu_call *call);
int ubnpu_set_token(struct ubnpu_ctx *ctx, struct ubnpu_call *call);
void ubnpu_segs_release(struct ubnpu_ctx *ctx, bool device);

/* ummu.c: ctx->lock is held */
int ubnpu_pt_init(struct ubnpu_ctx *ctx);
void ubnpu_pt_destroy(struct ubnpu_ctx *ctx);
int ubnpu_mem_map(struct ubnpu_ctx *ctx, struct ubnpu_mem *mem);
void ubnpu_mem_unmap(struct ubnpu_ctx *ctx, struct ubnpu_mem *mem);

/* queue.c */
extern const u32 ubnpu_queue_obj[UBNPU_QUEUE_TYPES];
extern const u8 ubnpu_query_op[UBNPU_QUEUE_TYPES];
struct ubnpu_queue *ubnpu_queue_new(struct ubnpu_ctx *ctx, enum ubnpu_queue_type type,
				    const struct ub_ioc_queue_mem *mem, u32 depth, bool kernel,
				    struct ub_ioc_hdr *hdr);
void ubnpu_queue_free(struct ubnpu_queue *q);
struct ubnpu_queue *ubnpu_queue_find(struct ubnpu_ctx *ctx, enum ubnpu_queue_type type, u32 id,
				     struct ub_ioc_hdr *hdr);
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
void ubnpu_jfc_notify(struct ubnpu_queue *jfc, u32 arm_sn);
void ubnpu_jfc_detach(struct ubnpu_queue *jfc);

/* jfce.c */
int ubnpu_create_jfce(struct ubnpu_ctx *ctx, struct ubnpu_call *call);
struct ubnpu_jfce *ubnpu_jfce_get(struct ubnpu_ctx *ctx, int fd);
void ubnpu_jfce_put(struct ubnpu_jfce *jfce);
void ubnpu_jfces_wake(struct ubnpu_ctx *ctx);

/* mmap.c */
int ubnpu_mapping_init(struct ubnpu_dev *ub);
void ubnpu_mapping_free(struct ubnpu_dev *ub);
struct ubnpu_db *ubnpu_db_alloc(struct ubnpu_dev *ub);
void ubnpu_db_revoke(struct ubnpu_db *db);
void ubnpu_db_free(struct ubnpu_dev *ub, struct ubnpu_db *db);
u64 ubnpu_db_offset(const struct ubnpu_queue *q);
void ubnpu_db_unmap(struct ubnpu_queue *q);
int ubnpu_mmap(struct file *file, struct vm_area_struct *vma);

/* uring.c */
struct io_uring_cmd;
struct io_comp_batch;
int ubnpu_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags);
int ubnpu_uring_iopoll(struct io_uring_cmd *cmd, struct io_comp_batch *iob,
		       unsigned int poll_flags);

/* uring_wait.c */
int ubnpu_uring_wait(struct io_uring_cmd *cmd, u32 jfc, u32 arm_sn, u64 ns,
		     unsigned int issue_flags);
void ubnpu_uring_wait_cancel(struct io_uring_cmd *cmd, unsigned int issue_flags);
int ubnpu_waits_cancel(struct ubnpu_ctx *ctx, u32 jfc);
void ubnpu_waits_fired(struct ubnpu_queue *jfc, u32 arm_sn);
void ubnpu_waits_close(struct ubnpu_queue *jfc, int why);

/* uring_reap.c */
int ubnpu_uring_reap(struct io_uring_cmd *cmd, const struct ub_uring_cmd *a,
		     unsigned int issue_flags);
void ubnpu_uring_reap_cancel(struct io_uring_cmd *cmd, unsigned int issue_flags);

/* sysfs.c */
extern const struct attribute_group *ubnpu_groups[];
const char *ubnpu_stat_name(unsigned int index);

/* netlink.c */
int ubnpu_netlink_init(void);
void ubnpu_netlink_exit(void);
void ubnpu_netlink_notify(struct ubnpu_dev *ub);
void ubnpu_netlink_health(struct ubnpu_dev *ub, enum ub_health_event event,
			  enum ub_reset_scope scope, const struct ubnpu_who *who);

static inline struct ubnpu_dev *to_ubnpu(struct device *dev)
{
	return container_of(dev, struct ubnpu_dev, dev);
}

#endif
