// SPDX-License-Identifier: GPL-2.0-only
/* Contexts: who may use one and how it is found. An open file is one, see entry/file.c. */
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "context/context.h"

#define DESTROY_LIMIT	(4 * HZ)
#define DESTROY_WAIT_US	2000
#define ORPHAN_PERIOD	(HZ / 2)

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

/* With a reference, or NULL. */
struct ubnpu_ctx *ubnpu_ctx_find(struct ubnpu_dev *ub, u32 tid)
{
	struct ubnpu_ctx *ctx;

	rcu_read_lock();
	ctx = xa_load(&ub->ctxs.xa, tid);
	if (ctx && !kref_get_unless_zero(&ctx->ref))
		ctx = NULL;
	rcu_read_unlock();
	return ctx;
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

void ubnpu_ctx_set_generation(struct ubnpu_ctx *ctx)
{
	WRITE_ONCE(ubnpu_ctx_status(ctx)->generation, ctx->ub->generation);
}

void ubnpu_who_set(struct ubnpu_who *who, const struct ubnpu_ctx *ctx, u32 type, u32 queue)
{
	*who = (struct ubnpu_who) {
		.tid = ctx->tid,
		.type = type,
		.queue = queue,
		.uid = __kuid_val(ctx->uid),
		.pid = pid_nr(ctx->pid),
	};
	strscpy(who->comm, ctx->comm, sizeof(who->comm));
}

/* The device does not let go of an object; a send queue has an owner to be named. */
static void ctx_stuck(struct ubnpu_ctx *ctx, u8 opcode, u32 id)
{
	struct ubnpu_dev *ub = ctx->ub;
	bool jfs = opcode == UB_ADMIN_DESTROY_JFS;

	if (jfs) {
		mutex_lock(&ub->obj_lock);
		ubnpu_who_set(&ub->culprit, ctx, UB_OBJ_JFS, id);
		mutex_unlock(&ub->obj_lock);
	}
	ubnpu_kill(ub, jfs ? UBNPU_STUCK : UBNPU_SILENT);
}

/* Only a send queue that hangs is not let go of; a segment's user may be slow for good reason. */
static unsigned long ctx_destroy_limit(u8 opcode)
{
	return opcode == UB_ADMIN_DESTROY_JFS && ubnpu_hang_timeout() ? ubnpu_hang_quarter() :
									DESTROY_LIMIT;
}

/*
 * A segment may be held for a moment by a command of a peer. A device that does not let go in time
 * is cut off from memory, which makes it safe to go on.
 */
int ubnpu_destroy_retry(struct ubnpu_ctx *ctx, u8 opcode, u32 id)
{
	unsigned long until = jiffies + ctx_destroy_limit(opcode);
	struct ubnpu_dev *ub = ctx->ub;
	int ret = -EBUSY;

	lockdep_assert_held(&ub->gate);
	lockdep_assert_held(&ctx->lock);
	while (ret == -EBUSY && time_before(jiffies, until) && !READ_ONCE(ub->dead)) {
		ret = ubnpu_admin_id(ub, opcode, id, NULL, NULL);
		if (ret == -EBUSY)
			usleep_range(DESTROY_WAIT_US, 2 * DESTROY_WAIT_US);
	}
	if (ret && !READ_ONCE(ub->dead)) {
		dev_err(&ub->pdev->dev, "device did not let go of object %u: command 0x%02x: %d\n",
			id, opcode, ret);
		ctx_stuck(ctx, opcode, id);
	}
	return ret;
}

/*
 * For commands of io_uring, see kqueue/orphan.c. Under the lock that a command's end needs: it has
 * begun, and is not over.
 */
void ubnpu_orphan_watch(struct ubnpu_ctx *ctx)
{
	schedule_delayed_work(&ctx->orphan_work, ORPHAN_PERIOD);
}
