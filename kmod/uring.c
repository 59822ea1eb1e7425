// SPDX-License-Identifier: GPL-2.0-only
/* io_uring's door: commands on the context file. */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "compat.h"
#include "kqueue.h"

#define SMALL_BATCH	UB_HW_MAX_WQEBB		/* WQEBBs kept on the stack */

/* A SUBMIT in flight; all but jfs and polled under kjfc->lock. */
struct uring_pdu {
	u64 extra;
	u32 jfs;
	u32 left;	/* WQEs */
	u32 ok;
	s32 res;
	bool polled;	/* by IOPOLL: no interrupt is wanted */
	bool lone;
	bool issuing;	/* who submits it completes it if it is over by then */
};

static struct uring_pdu *uring_pdu(struct io_uring_cmd *cmd)
{
	BUILD_BUG_ON(sizeof(struct uring_pdu) > sizeof(cmd->pdu));
	return (struct uring_pdu *)cmd->pdu;
}

static void submit_done(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	struct uring_pdu *pdu = uring_pdu(cmd);

	ubnpu_uring_done(cmd, pdu->res, pdu->lone ? pdu->extra : pdu->ok, issue_flags);
}

UBNPU_URING_TASK(submit_done)

void ubnpu_uring_begin(struct ubnpu_kjfc *jfc, void *owner, u32 wqes)
{
	struct uring_pdu *pdu = uring_pdu(owner);

	pdu->left = wqes;
	pdu->lone = wqes == 1;
	pdu->issuing = true;
	if (!pdu->polled)
		jfc->wakers++;
}

static u64 cqe_extra(const struct ub_hw_cqe *cqe)
{
	return cqe->flags & UB_CQE_IMM ? le64_to_cpu(cqe->imm_data) : le32_to_cpu(cqe->len);
}

/* One of its WQEs is over. May be called by interrupt handlers. */
void ubnpu_uring_ended(struct ubnpu_kjfc *jfc, void *owner, int res, const struct ub_hw_cqe *cqe)
{
	struct io_uring_cmd *cmd = owner;
	struct uring_pdu *pdu = uring_pdu(cmd);

	if (res < 0 || (res && !pdu->res))
		pdu->res = res;
	if (!res)
		pdu->ok++;
	if (cqe)
		pdu->extra = cqe_extra(cqe);
	if (--pdu->left)
		return;
	if (!pdu->polled)
		jfc->wakers--;
	if (pdu->issuing)
		return;
	/* For IOPOLL this sets a mark and no more, which is all that may be done to a command polled. */
	if (pdu->polled)
		submit_done(cmd, 0);
	else
		io_uring_cmd_complete_in_task(cmd, submit_done_in_task);
}

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

static int uring_submit(struct io_uring_cmd *cmd, const struct ub_uring_cmd *a,
			unsigned int issue_flags)
{
	struct ubnpu_ctx *ctx = cmd->file->private_data;
	u8 small[SMALL_BATCH * UB_HW_WQEBB_SIZE] __aligned(8);
	struct ubnpu_batch b = { .wqes = small, .blocks = a->arg ?: 1, .owner = cmd, .whole = true };
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
		submit_done(cmd, issue_flags);
	return ret ?: -EIOCBQUEUED;
}

static int uring_reg_seg(struct io_uring_cmd *cmd, const struct ub_uring_cmd *a)
{
	unsigned int ioc;

	if (a->arg > _IOC_SIZEMASK)
		return -EINVAL;
	ioc = _IOC(_IOC_READ | _IOC_WRITE, UB_IOC_MAGIC, _IOC_NR(UB_IOC_REG_SEG), a->arg);
	return ubnpu_ioctl(cmd->file, ioc, a->addr);
}

static int uring_dereg_seg(struct io_uring_cmd *cmd, const struct ub_uring_cmd *a)
{
	struct ubnpu_call call = { .dereg_seg.token_id = a->id };

	return a->arg || a->addr ? -EINVAL : ubnpu_dereg_seg(cmd->file->private_data, &call);
}

static int uring_cancel(struct io_uring_cmd *cmd, const struct ub_uring_cmd *a)
{
	struct ubnpu_ctx *ctx = cmd->file->private_data;

	if (a->addr)
		return -EINVAL;
	if (a->arg == UB_OBJ_JFS)
		return ubnpu_kjfs_cancel(ctx, a->id);
	return a->arg == UB_OBJ_JFC ? ubnpu_waits_cancel(ctx, a->id) : -EINVAL;
}

/* What sleeps for its own sake is left to io_uring's workers. */
static int uring_blocking(struct io_uring_cmd *cmd, const struct ub_uring_cmd *a)
{
	switch (cmd->cmd_op) {
	case UB_URING_REG_SEG:
		return uring_reg_seg(cmd, a);
	case UB_URING_DEREG_SEG:
		return uring_dereg_seg(cmd, a);
	default:
		return uring_cancel(cmd, a);
	}
}

int ubnpu_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	const struct ub_uring_cmd *area;
	struct ub_uring_cmd a;
	int ret;

	if (issue_flags & UBNPU_URING_F_CANCEL) {
		if (cmd->cmd_op == UB_URING_REAP)
			ubnpu_uring_reap_cancel(cmd, issue_flags);
		else
			ubnpu_uring_wait_cancel(cmd, issue_flags);
		return 0;
	}
	area = ubnpu_uring_area(cmd);
	a.id = READ_ONCE(area->id);
	a.arg = READ_ONCE(area->arg);
	a.addr = READ_ONCE(area->addr);
	switch (cmd->cmd_op) {
	case UB_URING_SUBMIT:
		ret = uring_submit(cmd, &a, issue_flags);
		break;
	case UB_URING_WAIT:
		return ubnpu_uring_wait(cmd, a.id, a.arg, a.addr, issue_flags);
	case UB_URING_REAP:
		ret = ubnpu_uring_reap(cmd, &a, issue_flags);
		break;
	case UB_URING_REG_SEG:
	case UB_URING_DEREG_SEG:
	case UB_URING_CANCEL:
		if (issue_flags & IO_URING_F_NONBLOCK)
			return -EAGAIN;
		ret = uring_blocking(cmd, &a);
		break;
	default:
		return -ENOTTY;
	}
	if (ret == -EIOCBQUEUED)
		return ret;
	/* Not returned: io_uring would take EAGAIN for its own and forget what is above zero. */
	ubnpu_uring_done(cmd, ret == -ERESTARTSYS ? -EINTR : ret, 0, issue_flags);
	return -EIOCBQUEUED;
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
