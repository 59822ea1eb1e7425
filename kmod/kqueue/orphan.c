// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands of io_uring that must end, because it waits for them: their ring goes, or the task whose
 * they are ends or executes another program. No signal ends that wait, so the process would stay.
 * A WAIT may take its time, and a SUBMIT in a SUSPENDED queue takes for ever. Before 6.7 io_uring
 * does not ask for the end of a command, and for IOPOLL it never does. So while there are any, on
 * every kernel, look now and then whether io_uring waits for one, and let that go: it is cancelled.
 * The WQE of a SUBMIT stays in the queue, and what becomes of it is told nobody.
 */
#include "kqueue/uring.h"

#define LOOK_SLOTS	256		/* with interrupts off */

static bool index_before(u32 a, u32 b)
{
	return (s32)(a - b) < 0;
}

/* Whether a command is there that goes on. */
static bool kslot_look(struct ubnpu_kjfc *jfc, struct ubnpu_kslot *slot)
{
	struct io_uring_cmd *cmd = slot->owner;

	lockdep_assert_held(&jfc->lock);
	if (IS_ERR_OR_NULL(cmd))
		return false;
	if (!ubnpu_uring_waits_for(cmd))
		return true;
	slot->owner = UBNPU_LET_GO;
	ubnpu_uring_ended(jfc, cmd, -ECANCELED, NULL);
	return false;
}

static bool kslots_look(struct ubnpu_kjfs *jfs, u32 *at, u32 end)
{
	struct ubnpu_kslot *slot;
	bool more = false;
	u32 count;

	spin_lock_irq(&jfs->jfc->lock);
	if (index_before(*at, jfs->done))
		*at = jfs->done;
	for (count = 0; count < LOOK_SLOTS && index_before(*at, end); count++) {
		slot = ubnpu_kjfs_slot(jfs, *at);
		more |= kslot_look(jfs->jfc, slot);
		*at += slot->blocks;
	}
	spin_unlock_irq(&jfs->jfc->lock);
	return more;
}

static bool kjfs_look(struct ubnpu_kjfs *jfs)
{
	/* Pairs with the release after the slots were filled. */
	u32 end = smp_load_acquire(&jfs->pi), at = READ_ONCE(jfs->done);
	bool more = false;

	while (index_before(at, end))
		more |= kslots_look(jfs, &at, end);
	return more;
}

void ubnpu_orphan_work(struct work_struct *work)
{
	struct ubnpu_ctx *ctx = container_of(to_delayed_work(work), struct ubnpu_ctx, orphan_work);
	struct ub_ioc_hdr hdr;
	struct ubnpu_queue *q;
	bool more = false;

	/* Of what is lost all has ended. */
	if (ubnpu_enter(ctx, &hdr))
		return;
	list_for_each_entry(q, &ctx->queues[UBNPU_JFS], node)
		if (q->kjfs)
			more |= kjfs_look(q->kjfs);
	list_for_each_entry(q, &ctx->queues[UBNPU_JFC], node)
		more |= ubnpu_waits_look(q);
	ubnpu_leave(ctx);
	if (more)
		ubnpu_orphan_watch(ctx);
}
