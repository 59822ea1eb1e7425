// SPDX-License-Identifier: GPL-2.0-only
/* CANCEL of a kernel JFS: what is in flight ends, and the queue works on. */
#include <linux/delay.h>

#include "kqueue/kqueue.h"

#define FLUSH_TRIES	5000
#define FLUSH_WAIT_US	200

/* A command that does not end in time is dropped by the RESET that follows. */
static void kjfs_wait_flushed(struct ubnpu_kjfs *jfs)
{
	int tries;

	for (tries = 0; tries < FLUSH_TRIES && ubnpu_kjfs_in_flight(jfs); tries++)
		usleep_range(FLUSH_WAIT_US, 2 * FLUSH_WAIT_US);
}

static u32 kjfs_state(struct ubnpu_kjfs *jfs)
{
	return le32_to_cpu(READ_ONCE(jfs->rec->state));
}

/* Through ERROR and RESET back to READY. While that lasts SUBMIT gets -ECANCELED. */
static int kjfs_flush_and_restart(struct ubnpu_queue *q, struct ub_ioc_hdr *hdr)
{
	u32 state = kjfs_state(q->kjfs);
	int ret = 0;

	if (state == UB_STATE_READY || state == UB_STATE_SUSPENDED)
		ret = ubnpu_kjfs_modify(q, UB_STATE_ERROR, hdr);
	if (ret)
		return ret;
	kjfs_wait_flushed(q->kjfs);
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
	if (count || kjfs_state(q->kjfs) != UB_STATE_READY)
		ret = kjfs_flush_and_restart(q, &hdr);
	ubnpu_kjfs_close(q->kjfs, ret ? before : 0);
	ret = ret ?: count;
leave:
	ubnpu_leave(ctx);
	return ret;
}
