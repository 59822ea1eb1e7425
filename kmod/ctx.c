// SPDX-License-Identifier: GPL-2.0-only
/* Contexts: an open file of the device node. */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/delay.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "kqueue.h"

#define DESTROY_LIMIT	(4 * HZ)
#define DESTROY_WAIT_US	2000

static void ctx_free(struct kref *ref)
{
	struct ubnpu_ctx *ctx = container_of(ref, struct ubnpu_ctx, ref);

	if (ctx->status_page)
		__free_page(ctx->status_page);
	if (ctx->dummy_page)
		__free_page(ctx->dummy_page);
	put_pid(ctx->pid);
	mmdrop(ctx->mm);
	if (ctx->user)
		ubnpu_user_put(ctx->user);
	ubnpu_dev_put(ctx->ub);
	kfree_rcu(ctx, rcu);
}

void ubnpu_ctx_get(struct ubnpu_ctx *ctx)
{
	kref_get(&ctx->ref);
}

void ubnpu_ctx_put(struct ubnpu_ctx *ctx)
{
	kref_put(&ctx->ref, ctx_free);
}

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

/* The gate is held for reading. */
static int ctx_start(struct ubnpu_ctx *ctx)
{
	struct ubnpu_dev *ub = ctx->ub;
	int ret;

	if (ub->gone)
		return -ENODEV;
	if (READ_ONCE(ub->dead))
		return -EIO;
	ret = ubnpu_pt_init(ctx);
	if (ret)
		return ret;
	ret = ctx_create_on_device(ctx);
	if (ret) {
		ubnpu_pt_destroy(ctx);
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

/* Only a send queue that hangs is not let go of; a segment's user may be slow for good reason. */
static unsigned long destroy_limit(u8 opcode)
{
	return opcode == UB_ADMIN_DESTROY_JFS && ubnpu_hang_timeout() ? ubnpu_hang_quarter() :
									DESTROY_LIMIT;
}

/*
 * A segment may be held for a moment by a command of a peer. A device that does not let go in time
 * is cut off from memory, which makes it safe to go on.
 */
int ubnpu_destroy_retry(struct ubnpu_dev *ub, u8 opcode, u32 id)
{
	unsigned long until = jiffies + destroy_limit(opcode);
	int ret = -EBUSY;

	while (ret == -EBUSY && time_before(jiffies, until) && !READ_ONCE(ub->dead)) {
		ret = ubnpu_admin_id(ub, opcode, id, NULL, NULL);
		if (ret == -EBUSY)
			usleep_range(DESTROY_WAIT_US, 2 * DESTROY_WAIT_US);
	}
	if (ret && !READ_ONCE(ub->dead)) {
		dev_err(&ub->pdev->dev, "object %u is not released (0x%02x: %d)\n", id, opcode,
			ret);
		ubnpu_stuck(ub, opcode, id);
	}
	return ret;
}

/* With ctx->lock held; nothing is left to do the second time. */
static void ctx_release_objects(struct ubnpu_ctx *ctx, bool device)
{
	ubnpu_queues_release(ctx, device);
	ubnpu_segs_release(ctx, device);
	if (device)
		ubnpu_destroy_retry(ctx->ub, UB_ADMIN_DESTROY_CTX, ctx->tid);
	ubnpu_pt_destroy(ctx);
}

static int ubnpu_release(struct inode *inode, struct file *file)
{
	struct ubnpu_ctx *ctx = file->private_data;
	struct ubnpu_dev *ub = ctx->ub;

	WRITE_ONCE(ctx->closed, true);
	down_read(&ub->gate);
	/* Waits for who resets this context. */
	mutex_lock(&ctx->lock);
	ctx_release_objects(ctx, !ctx->lost);
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

/*
 * Every ioctl that touches objects runs between enter and leave: the device is there, is not being
 * reset, and the context is the caller's alone.
 */
int ubnpu_enter(struct ubnpu_ctx *ctx, struct ub_ioc_hdr *hdr)
{
	int ret = down_read_killable(&ctx->ub->gate);

	if (ret)
		return ret;
	mutex_lock(&ctx->lock);
	if (!ctx->lost)
		return 0;
	ubnpu_leave(ctx);
	return ubnpu_fail(hdr, -ENODEV, UB_EXT_DEVICE_LOST, 0, ctx->generation);
}

void ubnpu_leave(struct ubnpu_ctx *ctx)
{
	mutex_unlock(&ctx->lock);
	up_read(&ctx->ub->gate);
}

/*
 * Memory is accounted to the process that opened the context and addresses in work requests are its
 * own: whoever got the file by inheritance or over a socket may not register or map through it.
 */
int ubnpu_check_mm(struct ubnpu_ctx *ctx, struct ub_ioc_hdr *hdr)
{
	if (current->mm == ctx->mm)
		return 0;
	return ubnpu_fail(hdr, -EACCES, UB_EXT_FOREIGN_CONTEXT, 0, 0);
}

static struct ub_status_page *ctx_status(struct ubnpu_ctx *ctx)
{
	return page_address(ctx->status_page);
}

void ubnpu_ctx_set_generation(struct ubnpu_ctx *ctx)
{
	WRITE_ONCE(ctx_status(ctx)->generation, ctx->ub->generation);
}

static void ctx_take_doorbells(struct ubnpu_ctx *ctx)
{
	struct ubnpu_queue *q;
	int type;

	for (type = 0; type < UBNPU_QUEUE_TYPES; type++)
		list_for_each_entry(q, &ctx->queues[type], node)
			if (q->db) {
				ubnpu_db_revoke(q->db);
				ubnpu_db_unmap(q);
			}
}

/*
 * With ctx->lock held: whoever waits learns it, and nobody else begins anything. Who has learnt it
 * reaches no doorbell any more.
 */
static void ctx_lose(struct ubnpu_ctx *ctx, enum ub_lost how)
{
	struct ubnpu_queue *q;
	int type;

	ctx_take_doorbells(ctx);
	WRITE_ONCE(ctx->lost, how);
	for (type = 0; type < UBNPU_QUEUE_TYPES; type++)
		list_for_each_entry(q, &ctx->queues[type], node) {
			ubnpu_kqueue_close(q, -ENODEV);
			ubnpu_waits_close(q, -ENODEV);
		}
	WRITE_ONCE(ctx_status(ctx)->lost, how);
	wake_up_interruptible_poll(&ctx->ev_wq, EPOLLIN | EPOLLERR | EPOLLHUP);
	ubnpu_jfces_wake(ctx);
}

/* The gate is held for writing. */
void ubnpu_ctx_lose(struct ubnpu_ctx *ctx)
{
	mutex_lock(&ctx->lock);
	ctx_lose(ctx, UB_LOST_DEVICE);
	mutex_unlock(&ctx->lock);
}

/* This context alone is lost; the gate is held for reading. Fails if the device does not let go. */
int ubnpu_ctx_reset(struct ubnpu_ctx *ctx)
{
	int ret = 0;

	mutex_lock(&ctx->lock);
	if (ctx->lost || READ_ONCE(ctx->closed)) {
		ret = -ENODEV;
	} else {
		ctx_lose(ctx, UB_LOST_CONTEXT);
		ctx_release_objects(ctx, true);
		if (READ_ONCE(ctx->ub->dead))
			ret = -EIO;
	}
	mutex_unlock(&ctx->lock);
	return ret;
}

/* Frees what a lost context had; what it lost before is gone already. */
void ubnpu_ctx_drop(struct ubnpu_ctx *ctx)
{
	mutex_lock(&ctx->lock);
	ctx_release_objects(ctx, false);
	mutex_unlock(&ctx->lock);
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
	.uring_cmd = ubnpu_uring_cmd,
	.uring_cmd_iopoll = ubnpu_uring_iopoll,
};
