// SPDX-License-Identifier: GPL-2.0-only
/*
 * REAP: a multishot io_uring command that hands over the CQEs of a kernel JFC as they come. Whoever
 * finds CQEs wakes it by the JFC's wait queue; then it runs in its task, under the ring's lock, as
 * cancellation by io_uring does. So those two never meet, and the work that is due is one at most.
 */
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "kqueue/uring.h"

#ifdef UBNPU_URING_MULTISHOT

struct ubnpu_mshot {
	struct wait_queue_entry wait;	/* on jfc->wq */
	struct ubnpu_kjfc *jfc;
	struct io_uring_cmd *cmd;
	atomic_t due;			/* work in the task is on its way */
	u32 cancels;			/* of the JFC, when this began */
	u16 group;
	int over;			/* why, a negative errno: the work that is due ends it */
};

static struct ubnpu_mshot **mshot_of(struct io_uring_cmd *cmd)
{
	return (struct ubnpu_mshot **)cmd->pdu;
}

static void mshot_end(struct ubnpu_mshot *m, int res, unsigned int issue_flags)
{
	struct io_uring_cmd *cmd = m->cmd;

	if (!m->over)
		ubnpu_kjfc_unwatch(m->jfc, &m->wait);
	m->over = res;
	/* Nobody wakes it any more; somebody may have before. */
	if (atomic_read(&m->due))
		return;
	*mshot_of(cmd) = NULL;
	ubnpu_kjfc_put(m->jfc);
	kfree(m);
	ubnpu_uring_done(cmd, res, 0, issue_flags);
}

/* 0: there may be more to come. */
static int mshot_ended(const struct ubnpu_mshot *m)
{
	int closed = READ_ONCE(m->jfc->closed);

	if (closed)
		return closed == -ENODEV ? -ENODEV : -ECANCELED;
	return READ_ONCE(m->jfc->failed) ? -EINVAL : 0;
}

static ssize_t mshot_fill(const struct ub_hw_cqe *cqes, u32 *count, void __user *to, size_t len)
{
	*count = min_t(size_t, *count, len / sizeof(*cqes));
	if (!*count)
		return -EINVAL;
	return copy_to_user(to, cqes, *count * sizeof(*cqes)) ? -EFAULT :
								*count * sizeof(*cqes);
}

/* 1: delivered; 0: there is nothing; a negative errno: it is over. */
static int mshot_deliver(struct ubnpu_mshot *m, unsigned int issue_flags)
{
	struct ub_hw_cqe cqes[UB_URING_REAP_MAX];
	u32 count = ubnpu_kjfc_peek(m->jfc, cqes, UB_URING_REAP_MAX);
	struct io_br_sel sel;
	size_t len = 0;

	lockdep_assert_held(&m->jfc->reap);
	if (!count)
		return mshot_ended(m);
	sel = io_uring_cmd_buffer_select(m->cmd, m->group, &len, issue_flags);
	if (sel.val < 0 || !sel.addr)
		return -ENOBUFS;
	sel.val = mshot_fill(cqes, &count, sel.addr, len);
	if (!io_uring_mshot_cmd_post_cqe(m->cmd, &sel, issue_flags)) {
		ubnpu_kjfc_drop(m->jfc, count);
		return 1;
	}
	return sel.val < 0 ? (int)sel.val : -EOVERFLOW;
}

static int mshot_deliver_all(struct ubnpu_mshot *m, unsigned int issue_flags)
{
	int ret = 1;

	/* Without its task there is no memory to copy to. */
	if (current->flags & (PF_EXITING | PF_KTHREAD))
		return -ECANCELED;
	while (ret > 0) {
		if (READ_ONCE(m->jfc->cancels) != m->cancels)
			return -ECANCELED;
		mutex_lock(&m->jfc->reap);
		ret = mshot_deliver(m, issue_flags);
		mutex_unlock(&m->jfc->reap);
	}
	return ret;
}

static void mshot_work(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	struct ubnpu_mshot *m = *mshot_of(cmd);
	int res;

	/* What comes from here on is due anew. */
	atomic_xchg(&m->due, 0);
	res = m->over ?: mshot_deliver_all(m, issue_flags);
	if (res)
		mshot_end(m, res, issue_flags);
}

UBNPU_URING_TASK(mshot_work)

/* Under the lock of the wait queue. */
static int mshot_wake(struct wait_queue_entry *wait, unsigned int mode, int flags, void *key)
{
	struct ubnpu_mshot *m = container_of(wait, struct ubnpu_mshot, wait);

	if (!atomic_xchg(&m->due, 1))
		io_uring_cmd_complete_in_task(m->cmd, mshot_work_in_task);
	return 0;
}

int ubnpu_uring_reap(struct io_uring_cmd *cmd, const struct ub_uring_cmd *a,
		     unsigned int issue_flags)
{
	struct ub_ioc_hdr hdr;
	struct ubnpu_mshot *m;

	if (issue_flags & IO_URING_F_IOPOLL)
		return -EOPNOTSUPP;
	if (!(cmd->flags & IORING_URING_CMD_MULTISHOT) || a->arg || a->addr)
		return -EINVAL;
	m = kzalloc(sizeof(*m), GFP_KERNEL_ACCOUNT);
	if (!m)
		return -ENOMEM;
	m->jfc = ubnpu_kjfc_get(cmd->file->private_data, a->id, &hdr);
	if (IS_ERR(m->jfc)) {
		int ret = PTR_ERR(m->jfc);

		kfree(m);
		return ret;
	}
	m->cmd = cmd;
	m->group = READ_ONCE(cmd->sqe->buf_index);
	m->cancels = READ_ONCE(m->jfc->cancels);
	init_waitqueue_func_entry(&m->wait, mshot_wake);
	atomic_set(&m->due, 1);
	*mshot_of(cmd) = m;
	ubnpu_uring_mark_cancelable(cmd, issue_flags);
	ubnpu_kjfc_watch(m->jfc, &m->wait);
	/* The first look finds what is there already. It may end the command at once. */
	io_uring_cmd_complete_in_task(cmd, mshot_work_in_task);
	return -EIOCBQUEUED;
}

/* io_uring wants it to end: its ring or its task goes. */
void ubnpu_uring_reap_cancel(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	struct ubnpu_mshot *m = *mshot_of(cmd);

	if (m && !m->over)
		mshot_end(m, -ECANCELED, issue_flags);
}

#else

int ubnpu_uring_reap(struct io_uring_cmd *cmd, const struct ub_uring_cmd *a,
		     unsigned int issue_flags)
{
	return -EOPNOTSUPP;
}

void ubnpu_uring_reap_cancel(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
}

#endif
