// SPDX-License-Identifier: GPL-2.0-only
/* io_uring's door: commands on the context file. */
#include "compat.h"
#include "entry/entry.h"

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

/* Returns how many commands of io_uring that ends. */
static int uring_cancel_jfc(struct ubnpu_ctx *ctx, u32 id)
{
	struct ub_ioc_hdr hdr;
	struct ubnpu_queue *jfc;
	int ret = ubnpu_enter(ctx, &hdr);

	if (ret)
		return ret;
	jfc = ubnpu_queue_find(ctx, UBNPU_JFC, id, &hdr);
	if (!jfc)
		ret = -ENOENT;
	else if (jfc->kjfc)
		ret = ubnpu_kjfc_cancel(ctx, id);
	else
		ret = ubnpu_waits_cancel(jfc);
	ubnpu_leave(ctx);
	return ret;
}

static int uring_cancel(struct io_uring_cmd *cmd, const struct ub_uring_cmd *a)
{
	struct ubnpu_ctx *ctx = cmd->file->private_data;

	if (a->addr)
		return -EINVAL;
	if (a->arg == UB_OBJ_JFS)
		return ubnpu_kjfs_cancel(ctx, a->id);
	return a->arg == UB_OBJ_JFC ? uring_cancel_jfc(ctx, a->id) : -EINVAL;
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
		ret = ubnpu_uring_submit(cmd, &a, issue_flags);
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
