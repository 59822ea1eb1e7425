// SPDX-License-Identifier: GPL-2.0-only
/*
 * SUBMITs of io_uring that nobody can wait for any more. When a ring goes, or the task whose
 * commands they are ends or executes another program, io_uring waits until all are over, and no
 * signal ends that wait: the process stays. A SUBMIT may take its time, in a SUSPENDED queue for
 * ever. Most kernels do not ask for its end, and for IOPOLL none does. So while there are any, look
 * now and then whether io_uring waits for one, and let that go: for io_uring it is cancelled; its
 * WQE stays in the queue, and what becomes of that is told nobody.
 */
#include "compat.h"
#include "kqueue.h"

#define LOOK_PERIOD	(HZ / 2)
#define LOOK_SLOTS	256		/* with interrupts off */

static bool before(u32 a, u32 b)
{
	return (s32)(a - b) < 0;
}

/* kjfc->lock is held. Whether a command is there that goes on. */
static bool slot_look(struct ubnpu_kjfc *jfc, struct ubnpu_kslot *slot)
{
	struct io_uring_cmd *cmd = slot->owner;

	if (IS_ERR_OR_NULL(cmd))
		return false;
	if (!ubnpu_uring_waits_for(cmd))
		return true;
	slot->owner = UBNPU_LET_GO;
	ubnpu_uring_ended(jfc, cmd, -ECANCELED, NULL);
	return false;
}

static bool slots_look(struct ubnpu_kjfs *jfs, u32 *at, u32 end)
{
	struct ubnpu_kslot *slot;
	bool owned = false;
	u32 count;

	spin_lock_irq(&jfs->jfc->lock);
	if (before(*at, jfs->done))
		*at = jfs->done;
	for (count = 0; count < LOOK_SLOTS && before(*at, end); count++) {
		slot = ubnpu_kjfs_slot(jfs, *at);
		owned |= slot_look(jfs->jfc, slot);
		*at += slot->blocks;
	}
	spin_unlock_irq(&jfs->jfc->lock);
	return owned;
}

static bool kjfs_look(struct ubnpu_kjfs *jfs)
{
	/* Pairs with the release after the slots were filled. */
	u32 end = smp_load_acquire(&jfs->pi), at = READ_ONCE(jfs->done);
	bool owned = false;

	while (before(at, end))
		owned |= slots_look(jfs, &at, end);
	return owned;
}

/* kjfc->lock is held: a SUBMIT has gone in, and is not over. */
void ubnpu_orphan_watch(struct ubnpu_ctx *ctx)
{
	schedule_delayed_work(&ctx->orphan_work, LOOK_PERIOD);
}

void ubnpu_orphan_work(struct work_struct *work)
{
	struct ubnpu_ctx *ctx = container_of(to_delayed_work(work), struct ubnpu_ctx, orphan_work);
	struct ub_ioc_hdr hdr;
	struct ubnpu_queue *q;
	bool owned = false;

	/* Of what is lost all has ended. */
	if (ubnpu_enter(ctx, &hdr))
		return;
	list_for_each_entry(q, &ctx->queues[UBNPU_JFS], node)
		if (q->kjfs)
			owned |= kjfs_look(q->kjfs);
	ubnpu_leave(ctx);
	if (owned)
		ubnpu_orphan_watch(ctx);
}
