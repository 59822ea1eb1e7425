/* SPDX-License-Identifier: GPL-2.0-only */
/* Differences between kernels from 6.1 on. Nothing else in the driver looks at the version. */
#ifndef UBNPU_COMPAT_H
#define UBNPU_COMPAT_H

#include <linux/blkdev.h>
#include <linux/device.h>
#include <linux/eventfd.h>
#include <linux/hrtimer.h>
#include <linux/io_uring_types.h>
#include <linux/mm.h>
#include <linux/version.h>
#include <net/genetlink.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#include <asm/unaligned.h>
#else
#include <linux/unaligned.h>
#endif

static inline void ubnpu_eventfd_add(struct eventfd_ctx *ctx)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
	eventfd_signal(ctx, 1);
#else
	eventfd_signal(ctx);
#endif
}

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline void vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags |= flags;
}

static inline void vm_flags_clear(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags &= ~flags;
}
#endif

/* class.devnode took a non-const device before 6.2. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define UBNPU_DEVNODE_CONST
#else
#define UBNPU_DEVNODE_CONST const
#endif

/*
 * Before 6.2 a long-term pin for reading may get the zero page, or one shared since a fork, which
 * the owner's next store replaces. A pin for writing, forced where need be, breaks such sharing
 * first.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define UBNPU_GUP_OWN_COPY (FOLL_FORCE | FOLL_WRITE)
#else
#define UBNPU_GUP_OWN_COPY 0
#endif

/* A group that asks for CAP_NET_ADMIN in its namespace; its flag got a name of its own in 6.7. */
#ifdef GENL_MCAST_CAP_NET_ADMIN
#define UBNPU_MCAST_NET_ADMIN GENL_MCAST_CAP_NET_ADMIN
#else
#define UBNPU_MCAST_NET_ADMIN GENL_UNS_ADMIN_PERM
#endif

/* Before 6.3 a pin does not wait for the program that gives a userfaultfd's pages. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#define UBNPU_GUP_WAITS false
#else
#define UBNPU_GUP_WAITS true
#endif

/*
 * io_uring: the header, where a command's area is, cancellation, and how completions are handed
 * over.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
#include <linux/io_uring.h>
#else
#include <linux/io_uring/cmd.h>
#endif

static inline const void *ubnpu_uring_area(const struct io_uring_cmd *cmd)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
	return cmd->cmd;
#else
	return cmd->sqe->cmd;
#endif
}

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
#define UBNPU_URING_F_CANCEL 0
static inline void ubnpu_uring_mark_cancelable(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
}
#else
#define UBNPU_URING_F_CANCEL IO_URING_F_CANCEL
#define ubnpu_uring_mark_cancelable io_uring_cmd_mark_cancelable
#endif

static inline int ubnpu_uring_import_fixed(u64 addr, unsigned long len, struct iov_iter *iter,
					   struct io_uring_cmd *cmd, unsigned int issue_flags)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0)
	return io_uring_cmd_import_fixed(addr, len, ITER_SOURCE, iter, cmd);
#else
	return io_uring_cmd_import_fixed(addr, len, ITER_SOURCE, iter, cmd, issue_flags);
#endif
}

static inline void ubnpu_uring_done(struct io_uring_cmd *cmd, int res, u64 extra,
				    unsigned int issue_flags)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0)
	io_uring_cmd_done(cmd, res, extra, issue_flags);
#else
	io_uring_cmd_done32(cmd, res, extra, issue_flags);
#endif
}

static inline struct task_struct *ubnpu_uring_task(struct io_uring_cmd *cmd)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
	return cmd_to_io_kiocb(cmd)->task;
#else
	return io_uring_cmd_get_task(cmd);
#endif
}

static inline bool ubnpu_uring_cancels(const struct task_struct *task)
{
#ifndef CONFIG_IO_URING
	return false;
#elif LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
	return atomic_read(&task->io_uring->in_idle);
#else
	return atomic_read(&task->io_uring->in_cancel);
#endif
}

/*
 * Whether io_uring waits for the end of a command in flight: its ring goes, or its task cancels all
 * it has, which is an SQPOLL thread that ends, or executes another program. A thread that ends
 * otherwise leaves its commands to the ring.
 */
static inline bool ubnpu_uring_waits_for(struct io_uring_cmd *cmd)
{
	struct task_struct *task = ubnpu_uring_task(cmd);

	if (percpu_ref_is_dying(&cmd_to_io_kiocb(cmd)->ctx->refs))
		return true;
	if (!(READ_ONCE(task->flags) & PF_IO_WORKER) && !data_race(task->in_execve != 0))
		return false;
	return ubnpu_uring_cancels(task);
}

/* A command that completes more than once, into buffers of a group. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
#define UBNPU_URING_MULTISHOT
#endif

/* Defines fn_in_task, to be given to io_uring_cmd_complete_in_task(), which calls fn. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 19, 0)
#define UBNPU_URING_TASK(fn) \
static void fn##_in_task(struct io_uring_cmd *cmd, unsigned int issue_flags) \
{ \
	fn(cmd, issue_flags); \
}
#else
#define UBNPU_URING_TASK(fn) \
static void fn##_in_task(struct io_tw_req tw_req, io_tw_token_t tw) \
{ \
	fn(io_uring_cmd_from_tw(tw_req), IO_URING_CMD_TASK_WORK_ISSUE_FLAGS); \
}
#endif

/* A kernel without block devices has no plugs, nor their types. */
#ifdef CONFIG_BLOCK
static inline struct blk_plug_cb *ubnpu_check_plugged(blk_plug_cb_fn unplug, void *data, int size)
{
	return blk_check_plugged(unplug, data, size);
}
#else
struct blk_plug_cb {
	void *data;
};

static inline struct blk_plug_cb *ubnpu_check_plugged(void (*unplug)(struct blk_plug_cb *, bool),
						      void *data, int size)
{
	return NULL;
}
#endif

/* The kernel has it for whole jiffies alone. */
#define ubnpu_wait_event_freezable_hrtimeout(wq_head, condition, timeout) \
({ \
	int ret_ = 0; \
	might_sleep(); \
	if (!(condition)) \
		ret_ = __wait_event_hrtimeout(wq_head, condition, timeout, \
					      (TASK_INTERRUPTIBLE | TASK_FREEZABLE)); \
	ret_; \
})

static inline void ubnpu_hrtimer_setup(struct hrtimer *timer,
				       enum hrtimer_restart (*fn)(struct hrtimer *))
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
	hrtimer_init(timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	timer->function = fn;
#else
	hrtimer_setup(timer, fn, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
#endif
}

static inline struct nlattr **ubnpu_dump_attrs(struct netlink_callback *cb)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
	return genl_dumpit_info(cb)->attrs;
#else
	return genl_info_dump(cb)->attrs;
#endif
}

#endif
