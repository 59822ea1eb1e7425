// SPDX-License-Identifier: GPL-2.0-only
/* The device node: an open file is a context. */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "entry/entry.h"

static void ctx_init(struct ubnpu_ctx *ctx, struct ubnpu_dev *ub, const struct file *file)
{
	int type;

	kref_init(&ctx->ref);
	get_device(&ub->dev);
	ctx->ub = ub;
	ctx->file = file;
	mmgrab(current->mm);
	ctx->mm = current->mm;
	ctx->pid = get_pid(task_tgid(current));
	ctx->uid = file->f_cred->uid;
	get_task_comm(ctx->comm, current->group_leader);
	mutex_init(&ctx->lock);
	INIT_LIST_HEAD(&ctx->segs);
	INIT_LIST_HEAD(&ctx->programs);
	for (type = 0; type < UBNPU_QUEUE_TYPES; type++)
		INIT_LIST_HEAD(&ctx->queues[type]);
	spin_lock_init(&ctx->ev_lock);
	init_waitqueue_head(&ctx->ev_wq);
	INIT_DELAYED_WORK(&ctx->orphan_work, ubnpu_orphan_work);
	spin_lock_init(&ctx->wait_lock);
	spin_lock_init(&ctx->jfce_lock);
	INIT_LIST_HEAD(&ctx->jfces);
}

static struct ubnpu_ctx *ctx_new(struct ubnpu_dev *ub, const struct file *file)
{
	struct ubnpu_ctx *ctx;

	if (!current->mm)
		return ERR_PTR(-EINVAL);
	ctx = kzalloc(sizeof(*ctx), GFP_KERNEL_ACCOUNT);
	if (!ctx)
		return ERR_PTR(-ENOMEM);
	ctx_init(ctx, ub, file);
	ctx->user = ubnpu_user_get(ub, ctx->uid);
	ctx->status_page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	ctx->dummy_page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (ctx->user && ctx->status_page && ctx->dummy_page)
		return ctx;
	ubnpu_ctx_put(ctx);
	return ERR_PTR(-ENOMEM);
}

static int ctx_create_on_device(struct ubnpu_ctx *ctx)
{
	struct ub_admin_cmd cmd = {
		.opcode = UB_ADMIN_CREATE_CTX,
		.ctx.pt_base = cpu_to_le64(ctx->pt.root->dma),
	};
	struct ubnpu_dev *ub = ctx->ub;
	int ret = ubnpu_id_alloc(&ub->ctxs, &ctx->tid);

	if (ret)
		return ret == -EBUSY ? -ENOSPC : ret;
	cmd.id = cpu_to_le32(ctx->tid);
	ret = ubnpu_admin(ub, &cmd, NULL, NULL);
	if (ret)
		ubnpu_id_free(ub, &ub->ctxs, ctx->tid);
	return ret;
}

static int ctx_start(struct ubnpu_ctx *ctx)
{
	struct ubnpu_dev *ub = ctx->ub;
	int ret;

	lockdep_assert_held_read(&ub->gate);
	if (ub->gone)
		return -ENODEV;
	if (READ_ONCE(ub->dead))
		return -EIO;
	ret = ubnpu_pt_init(&ctx->pt, ub);
	if (ret)
		return ret;
	ret = ctx_create_on_device(ctx);
	if (ret) {
		ubnpu_pt_destroy(&ctx->pt);
		return ret;
	}
	ctx->generation = ub->generation;
	ubnpu_ctx_set_generation(ctx);
	ubnpu_id_publish(&ub->ctxs, ctx->tid, ctx);
	return 0;
}

static int ctx_start_charged(struct ubnpu_ctx *ctx)
{
	struct ub_ioc_hdr hdr;
	int ret = ubnpu_user_charge(ctx, UB_OBJ_CONTEXT, 1, &hdr);

	if (ret)
		return ret;
	ret = down_read_killable(&ctx->ub->gate);
	if (!ret) {
		ret = ctx_start(ctx);
		up_read(&ctx->ub->gate);
	}
	if (ret)
		ubnpu_user_uncharge(ctx, UB_OBJ_CONTEXT, 1);
	return ret;
}

static int ubnpu_open(struct inode *inode, struct file *file)
{
	struct ubnpu_dev *ub = container_of(inode->i_cdev, struct ubnpu_dev, cdev);
	struct ubnpu_ctx *ctx = ctx_new(ub, file);
	int ret;

	if (IS_ERR(ctx))
		return PTR_ERR(ctx);
	ret = ctx_start_charged(ctx);
	if (ret) {
		ubnpu_ctx_put(ctx);
		return ret;
	}
	file->private_data = ctx;
	file->f_mapping = ub->inode->i_mapping;
	return nonseekable_open(inode, file);
}

static int ubnpu_release(struct inode *inode, struct file *file)
{
	struct ubnpu_ctx *ctx = file->private_data;
	struct ubnpu_dev *ub = ctx->ub;

	WRITE_ONCE(ctx->closed, true);
	down_read(&ub->gate);
	/* Waits for who resets this context. */
	mutex_lock(&ctx->lock);
	ubnpu_ctx_release_objects(ctx, !ctx->lost);
	mutex_unlock(&ctx->lock);
	/* While it is in the table, who waits for it to leave sees it. */
	ubnpu_user_uncharge(ctx, UB_OBJ_CONTEXT, 1);
	ubnpu_id_free(ub, &ub->ctxs, ctx->tid);
	up_read(&ub->gate);
	/* Its queues are gone, so nobody starts it again. */
	cancel_delayed_work_sync(&ctx->orphan_work);
	ubnpu_jfces_wake(ctx);
	ubnpu_ctx_put(ctx);
	return 0;
}

const struct file_operations ubnpu_fops = {
	.owner = THIS_MODULE,
	.open = ubnpu_open,
	.release = ubnpu_release,
	.read = ubnpu_ctx_read,
	.poll = ubnpu_ctx_poll,
	.unlocked_ioctl = ubnpu_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = ubnpu_mmap,
	.show_fdinfo = ubnpu_show_fdinfo,
	.uring_cmd = ubnpu_uring_cmd,
	.uring_cmd_iopoll = ubnpu_uring_iopoll,
};
