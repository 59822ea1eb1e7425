// SPDX-License-Identifier: GPL-2.0-only
/*
 * Recovery. A queue or a context is reset alone, while the others go on. A device that cannot be
 * used is cut off from memory at once, and reset by a worker a bounded number of times.
 */
#include <linux/jiffies.h>
#include <linux/pci.h>

#include "recover/recover.h"

/* ---- One queue ---- */
static u32 queue_error_event(const struct ubnpu_queue *q)
{
	if (q->type == UBNPU_JFR)
		return UB_EVENT_JFR_ERR;
	return q->flags & UB_JFS_F_JETTY ? UB_EVENT_JETTY_ERR : UB_EVENT_JFS_ERR;
}

/* A JFS or JFR goes to ERROR and is flushed; the owner is told why. */
int ubnpu_reset_queue(struct ubnpu_ctx *ctx, enum ubnpu_queue_type type, u32 id, u32 info)
{
	struct ub_ioc_hdr hdr;
	struct ubnpu_queue *q;
	int ret;

	lockdep_assert_held_read(&ctx->ub->gate);
	mutex_lock(&ctx->lock);
	q = ubnpu_queue_find(ctx, type, id, &hdr);
	ret = ctx->lost ? -ENODEV : q ? q->ops->modify(q, UB_STATE_ERROR, &hdr) : -ENOENT;
	if (!ret)
		ubnpu_ctx_event(ctx, queue_error_event(q), id, info);
	mutex_unlock(&ctx->lock);
	return ret;
}

/* ---- The device ---- */
static bool recover_may_reset(struct ubnpu_dev *ub)
{
	u64 now = get_jiffies_64();
	u64 *oldest = &ub->resets[ub->nr_resets % UBNPU_MAX_RESETS];
	unsigned int timeout = ubnpu_hang_timeout();

	if (!timeout || !pci_device_is_present(ub->pdev))
		return false;
	if (ub->nr_resets >= UBNPU_MAX_RESETS &&
	    now - *oldest < msecs_to_jiffies(10 * timeout))
		return false;
	*oldest = now;
	ub->nr_resets++;
	return true;
}

/* Resets it as often as is allowed; if that does not help it stays dead and the contexts go. */
static bool recover_dev(struct ubnpu_dev *ub)
{
	unsigned int resets;

	while (recover_may_reset(ub)) {
		ubnpu_count(ub, UBNPU_DEVICE_RESETS);
		if (ubnpu_hw_recover(ub))
			continue;
		resets = ub->nr_resets;
		ubnpu_recovered(ub);
		ub->nr_resets = resets;
		return true;
	}
	ubnpu_lose_all(ub);
	ubnpu_drop_all(ub);
	ub->hang.active = false;
	ub->wedged = true;
	return false;
}

static enum ub_health_event recover_take_stock(struct ubnpu_dev *ub, struct ubnpu_who *who)
{
	lockdep_assert_held_write(&ub->gate);
	*who = ub->culprit;
	if (test_bit(UBNPU_FATAL, &ub->troubles)) {
		ubnpu_count(ub, UBNPU_FATALS);
		ubnpu_dump(ub, who, "the device reports a fatal error");
		return UB_HEALTH_FATAL;
	}
	if (!test_bit(UBNPU_STUCK, &ub->troubles)) {
		ubnpu_dump(ub, who, "the device does not answer");
		return UB_HEALTH_ADMIN_TIMEOUT;
	}
	/* What the watcher has found is counted and dumped already. */
	if (!ub->hang.active || ub->hang.who.queue != who->queue) {
		ubnpu_count(ub, UBNPU_HANGS);
		ubnpu_dump(ub, who, "a send queue is not let go of");
	}
	return UB_HEALTH_HANG;
}

void ubnpu_recover_work(struct work_struct *work)
{
	struct ubnpu_dev *ub = container_of(work, struct ubnpu_dev, recover_work);
	enum ub_health_event event;
	struct ubnpu_who who;
	bool recovered;

	/* Before the gate, which those hold who wait for an answer. */
	if (test_bit(UBNPU_FATAL, &ub->troubles))
		ubnpu_cut_off(ub);
	down_write(&ub->gate);
	if (ub->gone || ub->wedged || ub->away || !READ_ONCE(ub->troubles)) {
		up_write(&ub->gate);
		return;
	}
	event = recover_take_stock(ub, &who);
	recovered = recover_dev(ub);
	up_write(&ub->gate);
	if (recovered)
		dev_warn(&ub->dev, "device reset after a fault: generation %u\n",
			 READ_ONCE(ub->generation));
	else
		dev_err(&ub->dev, "device lost after a fault: an administrator has to reset it\n");
	ubnpu_report_wedged(ub, event, UB_SCOPE_DEVICE, &who, recovered);
	ubnpu_report_dev(ub);
}
