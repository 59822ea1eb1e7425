// SPDX-License-Identifier: GPL-2.0-only
/* A context loses what it has: with its device, alone, or because it is closed. */
#include <linux/poll.h>

#include "recover/recover.h"

/* Nothing is left to do the second time. */
void ubnpu_ctx_release_objects(struct ubnpu_ctx *ctx, bool device)
{
	lockdep_assert_held(&ctx->ub->gate);
	lockdep_assert_held(&ctx->lock);
	ubnpu_queues_release(ctx, device);
	ubnpu_programs_release(ctx, device);
	ubnpu_segs_release(ctx, device);
	if (device)
		ubnpu_destroy_retry(ctx, UB_ADMIN_DESTROY_CTX, ctx->tid);
	ubnpu_pt_destroy(&ctx->pt);
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
 * Whoever waits learns it, and nobody else begins anything. Who has learnt it reaches no doorbell
 * any more.
 */
static void ctx_lose(struct ubnpu_ctx *ctx, enum ub_lost how)
{
	struct ubnpu_queue *q;
	int type;

	lockdep_assert_held(&ctx->lock);
	ctx_take_doorbells(ctx);
	WRITE_ONCE(ctx->lost, how);
	for (type = 0; type < UBNPU_QUEUE_TYPES; type++)
		list_for_each_entry(q, &ctx->queues[type], node)
			q->ops->close(q, -ENODEV);
	WRITE_ONCE(ubnpu_ctx_status(ctx)->lost, how);
	wake_up_interruptible_poll(&ctx->ev_wq, EPOLLIN | EPOLLERR | EPOLLHUP);
	ubnpu_jfces_wake(ctx);
}

void ubnpu_ctx_lose(struct ubnpu_ctx *ctx)
{
	lockdep_assert_held_write(&ctx->ub->gate);
	mutex_lock(&ctx->lock);
	ctx_lose(ctx, UB_LOST_DEVICE);
	mutex_unlock(&ctx->lock);
}

/* This context alone is lost. Fails if the device does not let go. */
int ubnpu_ctx_reset(struct ubnpu_ctx *ctx)
{
	int ret = 0;

	lockdep_assert_held_read(&ctx->ub->gate);
	mutex_lock(&ctx->lock);
	if (ctx->lost || READ_ONCE(ctx->closed)) {
		ret = -ENODEV;
	} else {
		ctx_lose(ctx, UB_LOST_CONTEXT);
		ubnpu_ctx_release_objects(ctx, true);
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
	ubnpu_ctx_release_objects(ctx, false);
	mutex_unlock(&ctx->lock);
}
