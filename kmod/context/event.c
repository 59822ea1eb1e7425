// SPDX-License-Identifier: GPL-2.0-only
/* Asynchronous events of a context: kept in a small ring, read from the context's file. */
#include <linux/ktime.h>
#include <linux/poll.h>
#include <linux/uaccess.h>

#include "context/context.h"

/* Any context, also interrupts; the caller holds RCU. */
void ubnpu_ctx_event(struct ubnpu_ctx *ctx, u32 type, u32 id, u32 info)
{
	unsigned long flags;

	spin_lock_irqsave(&ctx->ev_lock, flags);
	if (ctx->ev_head - ctx->ev_tail == UBNPU_EV_DEPTH) {
		ctx->ev_dropped++;
	} else {
		/* The device's own word that it is lost is the only one. */
		if (type == UB_EVENT_DEV_FATAL)
			ctx->fatal_told = true;
		ctx->ev[ctx->ev_head++ % UBNPU_EV_DEPTH] = (struct ub_async_event) {
			.type = type,
			.id = id,
			.info = info,
			.lost = ctx->ev_dropped,
			.time_ns = ktime_get_ns(),
		};
		ctx->ev_dropped = 0;
	}
	spin_unlock_irqrestore(&ctx->ev_lock, flags);
	wake_up_interruptible_poll(&ctx->ev_wq, EPOLLIN);
}

/* The device dropped events, of this context or of others: the next record says so. */
void ubnpu_ctx_events_lost(struct ubnpu_ctx *ctx, u32 count)
{
	unsigned long flags;

	spin_lock_irqsave(&ctx->ev_lock, flags);
	ctx->ev_dropped += count;
	spin_unlock_irqrestore(&ctx->ev_lock, flags);
}

/* Takes the next record: 1, or 0 with none, or -ENODATA at the end of a lost context's stream. */
static int ev_take(struct ubnpu_ctx *ctx, struct ub_async_event *ev)
{
	int ret = 1;

	spin_lock_irq(&ctx->ev_lock);
	if (ctx->ev_head != ctx->ev_tail) {
		*ev = ctx->ev[ctx->ev_tail++ % UBNPU_EV_DEPTH];
	} else if (READ_ONCE(ctx->lost) && !ctx->fatal_told) {
		ctx->fatal_told = true;
		*ev = (struct ub_async_event) {
			.type = UB_EVENT_DEV_FATAL,
			.lost = ctx->ev_dropped,
			.time_ns = ktime_get_ns(),
		};
	} else {
		ret = READ_ONCE(ctx->lost) ? -ENODATA : 0;
	}
	spin_unlock_irq(&ctx->ev_lock);
	return ret;
}

static bool ev_readable(struct ubnpu_ctx *ctx)
{
	return READ_ONCE(ctx->ev_head) != READ_ONCE(ctx->ev_tail) || READ_ONCE(ctx->lost);
}

ssize_t ubnpu_ctx_read(struct file *file, char __user *buf, size_t len, loff_t *pos)
{
	struct ubnpu_ctx *ctx = file->private_data;
	struct ub_async_event ev;
	size_t done = 0;
	int ret;

	if (len < sizeof(ev))
		return -EINVAL;
	while (len - done >= sizeof(ev)) {
		ret = ev_take(ctx, &ev);
		if (ret < 0 || (!ret && done))
			break;
		if (!ret) {
			if (file->f_flags & O_NONBLOCK)
				return -EAGAIN;
			ret = wait_event_freezable(ctx->ev_wq, ev_readable(ctx));
			if (ret)
				return ret;
			continue;
		}
		if (copy_to_user(buf + done, &ev, sizeof(ev)))
			return done ? done : -EFAULT;
		done += sizeof(ev);
	}
	return done;
}

__poll_t ubnpu_ctx_poll(struct file *file, struct poll_table_struct *wait)
{
	struct ubnpu_ctx *ctx = file->private_data;
	__poll_t mask = 0;

	poll_wait(file, &ctx->ev_wq, wait);
	if (ev_readable(ctx))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (READ_ONCE(ctx->lost))
		mask |= EPOLLERR | EPOLLHUP;
	return mask;
}
