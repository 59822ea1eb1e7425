// SPDX-License-Identifier: GPL-2.0-only
/* SUBMIT by io_uring. */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "kqueue/uring.h"

#define SMALL_BATCH	UB_HW_MAX_WQEBB		/* WQEBBs kept on the stack */

/*
 * Whether all is over: then nobody else will complete the command, else somebody may have
 * already.
 */
static bool uring_issued(struct ubnpu_kjfc *jfc, struct uring_pdu *pdu)
{
	bool over;

	spin_lock_irq(&jfc->lock);
	pdu->issuing = false;
	over = !pdu->left;
	if (!over)
		ubnpu_orphan_watch(jfc->ctx);
	spin_unlock_irq(&jfc->lock);
	return over;
}

static int uring_post(struct io_uring_cmd *cmd, struct ubnpu_batch *b, u32 id, bool *over)
{
	struct ubnpu_ctx *ctx = cmd->file->private_data;
	struct ub_ioc_hdr hdr;
	struct ubnpu_kjfs *jfs;
	int ret = ubnpu_batch_check(b, &hdr);

	if (ret)
		return ret;
	rcu_read_lock();
	jfs = ubnpu_kjfs_find(ctx, id, &hdr);
	if (IS_ERR(jfs))
		ret = PTR_ERR(jfs);
	else if (b->blocks > jfs->depth || b->count > jfs->jfc->depth)
		ret = -EINVAL;
	else
		ret = ubnpu_kjfs_post(ctx, jfs, b, ubnpu_plugged(cmd->file, id), &hdr);
	if (!ret)
		*over = uring_issued(jfs->jfc, uring_pdu(cmd));
	rcu_read_unlock();
	return ret;
}

static int uring_copy(struct io_uring_cmd *cmd, const struct ub_uring_cmd *a, void *wqes,
		      unsigned int issue_flags)
{
	size_t len = (size_t)a->arg * UB_HW_WQEBB_SIZE;
	struct iov_iter iter;
	int ret;

	if (!(cmd->flags & IORING_URING_CMD_FIXED))
		return copy_from_user(wqes, u64_to_user_ptr(a->addr), len) ? -EFAULT : 0;
	ret = ubnpu_uring_import_fixed(a->addr, len, &iter, cmd, issue_flags);
	if (ret)
		return ret;
	return copy_from_iter_full(wqes, len, &iter) ? 0 : -EFAULT;
}

/* The lone WQE in the SQE. The SQE may be the ring's own: it is read once. */
static int uring_take_sqe(struct io_uring_cmd *cmd, const struct ub_uring_cmd *a, void *wqe,
			  unsigned int issue_flags)
{
	if (!(issue_flags & IO_URING_F_SQE128) || a->addr || cmd->flags & IORING_URING_CMD_FIXED)
		return -EINVAL;
	memcpy(wqe, ubnpu_uring_area(cmd) + sizeof(*a), UB_HW_WQEBB_SIZE);
	return 0;
}

int ubnpu_uring_submit(struct io_uring_cmd *cmd, const struct ub_uring_cmd *a,
		       unsigned int issue_flags)
{
	struct ubnpu_ctx *ctx = cmd->file->private_data;
	u8 small[SMALL_BATCH * UB_HW_WQEBB_SIZE] __aligned(8);
	struct ubnpu_batch b = {
		.wqes = small, .blocks = a->arg ?: 1, .owner = cmd, .whole = true,
	};
	bool over = false;
	int ret;

	if (b.blocks > ctx->ub->caps.max_depth[UBNPU_JFS])
		return -EINVAL;
	if (b.blocks > SMALL_BATCH)
		b.wqes = kvmalloc((size_t)b.blocks * UB_HW_WQEBB_SIZE, GFP_KERNEL_ACCOUNT);
	if (!b.wqes)
		return -ENOMEM;
	memset(uring_pdu(cmd), 0, sizeof(struct uring_pdu));
	uring_pdu(cmd)->jfs = a->id;
	uring_pdu(cmd)->polled = issue_flags & IO_URING_F_IOPOLL;
	ret = a->arg ? uring_copy(cmd, a, b.wqes, issue_flags) :
		       uring_take_sqe(cmd, a, b.wqes, issue_flags);
	ret = ret ?: uring_post(cmd, &b, a->id, &over);
	if (b.wqes != small)
		kvfree(b.wqes);
	if (over)
		ubnpu_uring_submit_done(cmd, issue_flags);
	return ret ?: -EIOCBQUEUED;
}

/*
 * Called for a command that io_uring has not seen complete. It may be complete all the same, and
 * its queue gone.
 */
int ubnpu_uring_iopoll(struct io_uring_cmd *cmd, struct io_comp_batch *iob,
		       unsigned int poll_flags)
{
	struct ubnpu_ctx *ctx = cmd->file->private_data;
	struct ub_ioc_hdr hdr;
	struct ubnpu_kjfs *jfs;
	int count = 0;

	rcu_read_lock();
	jfs = ubnpu_kjfs_find(ctx, uring_pdu(cmd)->jfs, &hdr);
	if (!IS_ERR(jfs))
		count = ubnpu_kjfc_poll(jfs->jfc);
	rcu_read_unlock();
	return count;
}
