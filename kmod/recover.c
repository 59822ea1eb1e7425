// SPDX-License-Identifier: GPL-2.0-only
/*
 * Recovery. A queue or a context is reset alone, while the others go on. A device that cannot be
 * used is cut off from memory at once, and reset by a worker a bounded number of times.
 */
#include <linux/jiffies.h>
#include <linux/pci.h>

#include "kqueue.h"

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

/* With a reference, or NULL. */
struct ubnpu_ctx *ubnpu_queue_owner(struct ubnpu_dev *ub, enum ubnpu_queue_type type, u32 id)
{
	struct ubnpu_ctx *ctx = NULL;
	struct ubnpu_queue *q;

	rcu_read_lock();
	q = xa_load(&ub->queues[type].xa, id);
	if (q && kref_get_unless_zero(&q->ctx->ref))
		ctx = q->ctx;
	rcu_read_unlock();
	return ctx;
}

/* ---- One queue ---- */
static u32 queue_error_event(const struct ubnpu_queue *q)
{
	if (q->type == UBNPU_JFR)
		return UB_EVENT_JFR_ERR;
	return q->flags & UB_JFS_F_JETTY ? UB_EVENT_JETTY_ERR : UB_EVENT_JFS_ERR;
}

static int queue_to_error(struct ubnpu_queue *q, struct ub_ioc_hdr *hdr)
{
	struct ub_admin_cmd cmd = { .id = cpu_to_le32(q->id) };

	if (q->kjfs)
		return ubnpu_kjfs_modify(q, UB_STATE_ERROR, hdr);
	if (q->type == UBNPU_JFS) {
		cmd.opcode = UB_ADMIN_MODIFY_JFS;
		cmd.jfs.state = UB_STATE_ERROR;
	} else {
		cmd.opcode = UB_ADMIN_MODIFY_JFR;
		cmd.jfr.state = UB_STATE_ERROR;
	}
	return ubnpu_admin(q->ctx->ub, &cmd, NULL, hdr);
}

/* A JFS or JFR goes to ERROR and is flushed; the owner is told why. The gate is held. */
int ubnpu_reset_queue(struct ubnpu_ctx *ctx, enum ubnpu_queue_type type, u32 id, u32 info)
{
	struct ub_ioc_hdr hdr;
	struct ubnpu_queue *q;
	int ret;

	mutex_lock(&ctx->lock);
	q = ubnpu_queue_find(ctx, type, id, &hdr);
	ret = ctx->lost ? -ENODEV : q ? queue_to_error(q, &hdr) : -ENOENT;
	if (!ret)
		ubnpu_ctx_event(ctx, queue_error_event(q), id, info);
	mutex_unlock(&ctx->lock);
	return ret;
}

/* ---- The device ---- */
static void cut_off(struct ubnpu_dev *ub)
{
	WRITE_ONCE(ub->dead, true);
	pci_clear_master(ub->pdev);
	/* Who waits for an answer need not wait on. */
	wake_up(&ub->admin_wq);
}

/*
 * The device cannot be used. Cut it off from memory, so that what is pinned may be freed, and
 * leave the rest to a worker: the caller holds locks.
 */
void ubnpu_kill(struct ubnpu_dev *ub, enum ubnpu_trouble why)
{
	set_bit(why, &ub->troubles);
	cut_off(ub);
	schedule_work(&ub->recover_work);
}

/* From interrupt handlers. */
void ubnpu_fatal(struct ubnpu_dev *ub)
{
	set_bit(UBNPU_FATAL, &ub->troubles);
	schedule_work(&ub->recover_work);
}

/* An object that the device does not let go of; a send queue has an owner to be named. */
void ubnpu_stuck(struct ubnpu_dev *ub, u8 opcode, u32 id)
{
	struct ubnpu_queue *q;

	mutex_lock(&ub->obj_lock);
	q = opcode == UB_ADMIN_DESTROY_JFS ? xa_load(&ub->queues[UBNPU_JFS].xa, id) : NULL;
	if (q)
		ubnpu_who_set(&ub->culprit, q->ctx, UB_OBJ_JFS, id);
	mutex_unlock(&ub->obj_lock);
	ubnpu_kill(ub, q ? UBNPU_STUCK : UBNPU_SILENT);
}

/* The device works again: nothing of before is held against it. The gate is held for writing. */
void ubnpu_recovered(struct ubnpu_dev *ub)
{
	ub->wedged = false;
	ub->nr_resets = 0;
	ub->hang.active = false;
	memset(&ub->culprit, 0, sizeof(ub->culprit));
}

static bool may_reset(struct ubnpu_dev *ub)
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
static bool recover(struct ubnpu_dev *ub)
{
	unsigned int resets;

	while (may_reset(ub)) {
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

static enum ub_health_event take_stock(struct ubnpu_dev *ub, struct ubnpu_who *who)
{
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
		cut_off(ub);
	down_write(&ub->gate);
	if (ub->gone || ub->wedged || !READ_ONCE(ub->troubles)) {
		up_write(&ub->gate);
		return;
	}
	event = take_stock(ub, &who);
	recovered = recover(ub);
	up_write(&ub->gate);
	if (recovered)
		dev_warn(&ub->dev, "reset after a fault, generation %u\n", READ_ONCE(ub->generation));
	else
		dev_err(&ub->dev, "lost after a fault until it is reset by an administrator\n");
	ubnpu_report_wedged(ub, event, UB_SCOPE_DEVICE, &who, recovered);
	ubnpu_netlink_notify(ub);
}
