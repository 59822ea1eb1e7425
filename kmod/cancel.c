// SPDX-License-Identifier: GPL-2.0-only
/* CANCEL of a kernel JFS: what is in flight ends, and the queue works on. */
#include <linux/delay.h>
#include <linux/sched/signal.h>

#include "kqueue.h"

#define FLUSH_TRIES	5000
#define FLUSH_WAIT_US	200

/* A command that does not end in time is dropped by the RESET that follows. */
static void wait_flushed(struct ubnpu_kjfs *jfs)
{
	int tries;

	for (tries = 0; tries < FLUSH_TRIES && ubnpu_kjfs_in_flight(jfs); tries++)
		usleep_range(FLUSH_WAIT_US, 2 * FLUSH_WAIT_US);
}

static u32 jfs_state(struct ubnpu_kjfs *jfs)
{
	return le32_to_cpu(READ_ONCE(jfs->rec->state));
}

/* Through ERROR and RESET back to READY. While that lasts SUBMIT gets -ECANCELED. */
static int flush_and_restart(struct ubnpu_queue *q, struct ub_ioc_hdr *hdr)
{
	u32 state = jfs_state(q->kjfs);
	int ret = 0;

	if (state == UB_STATE_READY || state == UB_STATE_SUSPENDED)
		ret = ubnpu_kjfs_modify(q, UB_STATE_ERROR, hdr);
	if (ret)
		return ret;
	wait_flushed(q->kjfs);
	if (state != UB_STATE_RESET)
		ret = ubnpu_kjfs_modify(q, UB_STATE_RESET, hdr);
	return ret ?: ubnpu_kjfs_modify(q, UB_STATE_READY, hdr);
}

/* Returns how many WQEs were in flight, or a negative errno. May sleep. */
int ubnpu_kjfs_cancel(struct ubnpu_ctx *ctx, u32 id)
{
	struct ub_ioc_hdr hdr;
	struct ubnpu_queue *q;
	int before, count, ret = ubnpu_enter(ctx, &hdr);

	if (ret)
		return ret;
	q = ubnpu_queue_find(ctx, UBNPU_JFS, id, &hdr);
	ret = !q ? -ENOENT : !q->kjfs ? -EINVAL : 0;
	if (ret)
		goto leave;
	before = q->kjfs->closed;
	ubnpu_kjfs_close(q->kjfs, -ECANCELED);
	count = ubnpu_kjfs_in_flight(q->kjfs);
	if (count || jfs_state(q->kjfs) != UB_STATE_READY)
		ret = flush_and_restart(q, &hdr);
	ubnpu_kjfs_close(q->kjfs, ret ? before : 0);
	ret = ret ?: count;
leave:
	ubnpu_leave(ctx);
	return ret;
}

/*
 * A command of io_uring holds the context's file. In a SUSPENDED queue it waits for somebody to
 * let the queue go on; when the process that could is dead, the context would live for ever. So
 * while a queue is SUSPENDED with commands in flight, look now and then whether the process is
 * there.
 */
#define ORPHAN_PERIOD	HZ

static bool opener_lives(struct ubnpu_ctx *ctx)
{
	struct task_struct *task;
	bool lives;

	rcu_read_lock();
	task = pid_task(ctx->pid, PIDTYPE_TGID);
	lives = task && atomic_read(&task->signal->live) > 0;
	rcu_read_unlock();
	return lives;
}

/* The id of a queue that is SUSPENDED with commands in flight; 0: none. */
static u32 suspended_jfs(struct ubnpu_ctx *ctx)
{
	struct ub_ioc_hdr hdr;
	struct ubnpu_queue *q;
	u32 id = 0;

	if (ubnpu_enter(ctx, &hdr))
		return 0;
	list_for_each_entry(q, &ctx->queues[UBNPU_JFS], node) {
		if (q->kjfs && jfs_state(q->kjfs) == UB_STATE_SUSPENDED &&
		    ubnpu_kjfs_in_flight(q->kjfs)) {
			id = q->id;
			break;
		}
	}
	ubnpu_leave(ctx);
	return id;
}

void ubnpu_orphan_watch(struct ubnpu_ctx *ctx)
{
	schedule_delayed_work(&ctx->orphan_work, ORPHAN_PERIOD);
}

void ubnpu_orphan_work(struct work_struct *work)
{
	struct ubnpu_ctx *ctx = container_of(to_delayed_work(work), struct ubnpu_ctx, orphan_work);
	u32 id = suspended_jfs(ctx);

	if (!id)
		return;
	if (!opener_lives(ctx))
		ubnpu_kjfs_cancel(ctx, id);
	ubnpu_orphan_watch(ctx);
}
