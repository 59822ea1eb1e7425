// SPDX-License-Identifier: GPL-2.0-only
/*
 * WAIT: an io_uring command that ends when a mapped JFC fires. Who takes it off the list
 * completes it.
 */
#include <linux/slab.h>

#include "compat.h"
#include "queue/queue.h"

struct ubnpu_wait {
	struct list_head node;	/* ctx->wait_lock; empty: somebody is completing it */
	struct ubnpu_ctx *ctx;
	struct io_uring_cmd *cmd;
	struct hrtimer timer;
	u32 arm_sn;
	int res;
	bool listed;		/* was put on the list */
	bool cancelled;		/* before it was */
};

static struct ubnpu_wait **wait_of(struct io_uring_cmd *cmd)
{
	return (struct ubnpu_wait **)cmd->pdu;
}

static void wait_done(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	struct ubnpu_ctx *ctx = cmd->file->private_data;
	struct ubnpu_wait *w;
	int res;

	spin_lock_irq(&ctx->wait_lock);
	w = *wait_of(cmd);
	/* io_uring may still ask to cancel the command: it finds that it is over. */
	*wait_of(cmd) = NULL;
	spin_unlock_irq(&ctx->wait_lock);
	res = w->res;
	hrtimer_cancel(&w->timer);
	kfree(w);
	ubnpu_uring_done(cmd, res, 0, issue_flags);
}

UBNPU_URING_TASK(wait_done)

static void wait_end(struct ubnpu_wait *w, int res)
{
	lockdep_assert_held(&w->ctx->wait_lock);
	list_del_init(&w->node);
	w->res = res;
	io_uring_cmd_complete_in_task(w->cmd, wait_done_in_task);
}

static enum hrtimer_restart wait_expired(struct hrtimer *timer)
{
	struct ubnpu_wait *w = container_of(timer, struct ubnpu_wait, timer);
	unsigned long flags;

	spin_lock_irqsave(&w->ctx->wait_lock, flags);
	if (!list_empty(&w->node))
		wait_end(w, -ETIME);
	spin_unlock_irqrestore(&w->ctx->wait_lock, flags);
	return HRTIMER_NORESTART;
}

/* What is known already: 0 fired, a negative errno, or -EIOCBQUEUED to wait. */
static int wait_begin(struct ubnpu_wait *w, u32 id, u64 ns)
{
	struct ubnpu_queue *jfc;

	lockdep_assert_held(&w->ctx->wait_lock);
	if (w->cancelled)
		return -ECANCELED;
	if (READ_ONCE(w->ctx->lost))
		return -ENODEV;
	jfc = xa_load(&w->ctx->ub->queues[UBNPU_JFC].xa, id);
	if (!jfc || jfc->ctx != w->ctx)
		return -ENOENT;
	if (jfc->kjfc)
		return -EINVAL;
	if (jfc->waits_closed)
		return jfc->waits_closed;
	if (jfc->fired_unseen || jfc->fired_sn == w->arm_sn) {
		jfc->fired_unseen = false;
		return 0;
	}
	w->listed = true;
	ubnpu_orphan_watch(w->ctx);
	list_add_tail(&w->node, &jfc->waits);
	hrtimer_start(&w->timer, ns_to_ktime(ns), HRTIMER_MODE_REL);
	return -EIOCBQUEUED;
}

int ubnpu_uring_wait(struct io_uring_cmd *cmd, u32 jfc, u32 arm_sn, u64 ns,
		     unsigned int issue_flags)
{
	struct ubnpu_ctx *ctx = cmd->file->private_data;
	struct ubnpu_wait *w;
	int ret;

	if (issue_flags & IO_URING_F_IOPOLL)
		return -EOPNOTSUPP;
	if (arm_sn > UB_DB_JFC_ARM_SN_MASK || !ns || ns > UB_URING_WAIT_MAX_NS)
		return -EINVAL;
	w = kzalloc(sizeof(*w), GFP_KERNEL_ACCOUNT);
	if (!w)
		return -ENOMEM;
	INIT_LIST_HEAD(&w->node);
	w->ctx = ctx;
	w->cmd = cmd;
	w->arm_sn = arm_sn;
	ubnpu_hrtimer_setup(&w->timer, wait_expired);
	*wait_of(cmd) = w;
	/* From here on the command is completed, never refused. */
	ubnpu_uring_mark_cancelable(cmd, issue_flags);
	rcu_read_lock();
	spin_lock_irq(&ctx->wait_lock);
	ret = wait_begin(w, jfc, ns);
	if (ret != -EIOCBQUEUED)
		w->res = ret;
	spin_unlock_irq(&ctx->wait_lock);
	rcu_read_unlock();
	if (ret != -EIOCBQUEUED)
		wait_done(cmd, issue_flags);
	return -EIOCBQUEUED;
}

/* io_uring wants it to end: its ring or its task goes. */
void ubnpu_uring_wait_cancel(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	struct ubnpu_ctx *ctx = cmd->file->private_data;
	struct ubnpu_wait *w;
	bool mine;

	spin_lock_irq(&ctx->wait_lock);
	w = *wait_of(cmd);
	mine = w && !list_empty(&w->node);
	if (mine) {
		list_del_init(&w->node);
		w->res = -ECANCELED;
	} else if (w && !w->listed) {
		w->cancelled = true;
	}
	spin_unlock_irq(&ctx->wait_lock);
	if (mine)
		wait_done(cmd, issue_flags);
}

static int waits_end(struct ubnpu_queue *jfc, int res)
{
	struct ubnpu_wait *w, *next;
	int count = 0;

	lockdep_assert_held(&jfc->ctx->wait_lock);
	list_for_each_entry_safe(w, next, &jfc->waits, node) {
		wait_end(w, res);
		count++;
	}
	return count;
}

/* CANCEL. Returns how many there were. */
int ubnpu_waits_cancel(struct ubnpu_queue *jfc)
{
	int count;

	spin_lock_irq(&jfc->ctx->wait_lock);
	count = waits_end(jfc, -ECANCELED);
	spin_unlock_irq(&jfc->ctx->wait_lock);
	return count;
}

/* From interrupt handlers, under RCU. */
void ubnpu_waits_fired(struct ubnpu_queue *jfc, u32 arm_sn)
{
	struct ubnpu_wait *w, *next;
	unsigned long flags;
	int woken = 0;

	spin_lock_irqsave(&jfc->ctx->wait_lock, flags);
	if (arm_sn == UB_JFCE_SN_UNKNOWN) {
		woken = waits_end(jfc, 0);
		jfc->fired_unseen = !woken;
	} else {
		jfc->fired_sn = arm_sn;
		list_for_each_entry_safe(w, next, &jfc->waits, node)
			if (w->arm_sn == arm_sn)
				wait_end(w, 0);
	}
	spin_unlock_irqrestore(&jfc->ctx->wait_lock, flags);
}

/* Ends those that io_uring waits for; see kqueue/orphan.c. Whether there are others. */
bool ubnpu_waits_look(struct ubnpu_queue *jfc)
{
	struct ubnpu_wait *w, *next;
	bool others = false;

	spin_lock_irq(&jfc->ctx->wait_lock);
	list_for_each_entry_safe(w, next, &jfc->waits, node) {
		if (ubnpu_uring_waits_for(w->cmd))
			wait_end(w, -ECANCELED);
		else
			others = true;
	}
	spin_unlock_irq(&jfc->ctx->wait_lock);
	return others;
}

/* The JFC is going. May be called twice. */
void ubnpu_waits_close(struct ubnpu_queue *jfc, int why)
{
	spin_lock_irq(&jfc->ctx->wait_lock);
	jfc->waits_closed = why;
	waits_end(jfc, why);
	spin_unlock_irq(&jfc->ctx->wait_lock);
}
