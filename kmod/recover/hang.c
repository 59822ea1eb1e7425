// SPDX-License-Identifier: GPL-2.0-only
/*
 * The watcher. While a device has queues it looks at it four times in hang_timeout_ms: for
 * interrupts and doorbells that were lost, and for a send queue whose command is being executed
 * and does not progress. Such a queue is aborted; if that does not help by the next look its
 * context is reset; if the device does not let go of that, the device. One queue at a time.
 */
#include <linux/highmem.h>
#include <linux/io.h>

#include "recover/recover.h"
#include "trace.h"

/* ---- Looking ---- */
static struct page *jfs_find_rec_page(const struct ubnpu_queue *q)
{
	u64 offset = q->rec_offset;
	struct scatterlist *sg;
	unsigned int i;

	for_each_sgtable_sg(&q->mem->sgt.sgt, sg, i) {
		if (offset < sg->length)
			return pfn_to_page(page_to_pfn(sg_page(sg)) + (offset >> PAGE_SHIFT));
		offset -= sg->length;
	}
	return NULL;
}

/* By its record alone, which costs the device nothing. What it says is the user's business. */
static bool jfs_has_work(struct ubnpu_queue *q)
{
	const struct ub_hw_jfs_rec *rec;
	bool work;

	if (q->kjfs)
		return READ_ONCE(q->kjfs->rec->pi) != READ_ONCE(q->kjfs->rec->ci);
	if (!q->rec_page)
		q->rec_page = jfs_find_rec_page(q);
	if (!q->rec_page)
		return false;
	rec = kmap_local_page(q->rec_page) + offset_in_page(q->rec_offset);
	work = READ_ONCE(rec->pi) != READ_ONCE(rec->ci);
	kunmap_local(rec);
	return work;
}

static void hang_begin(struct ubnpu_dev *ub, struct ubnpu_queue *q)
{
	struct ubnpu_hang *hang = &ub->hang;

	if (hang->active)
		return;
	*hang = (struct ubnpu_hang) { .active = true, .detail = q->progress };
	ubnpu_who_set(&hang->who, q->ctx, UB_OBJ_JFS, q->id);
}

static void jfs_doorbell_lost(struct ubnpu_dev *ub, struct ubnpu_queue *q)
{
	struct ubnpu_who who;

	ubnpu_who_set(&who, q->ctx, UB_OBJ_JFS, q->id);
	dev_warn_ratelimited(&ub->dev, "send queue %u: doorbell lost, rung again\n", q->id);
	ubnpu_count(ub, UBNPU_LOST_DOORBELLS);
	ubnpu_report(ub, UB_HEALTH_LOST_DB, UB_SCOPE_QUEUE, &who);
}

/* It stands still, waits for nothing, and a thread is free: nobody told the device. */
static void jfs_ring_again(struct ubnpu_dev *ub, struct ubnpu_queue *q,
			   const struct ub_admin_reply *reply)
{
	q->rung = ub->looks;
	q->rung_ci = le32_to_cpu(reply->ci);
	writel(le32_to_cpu(reply->pi), ub->db + (u64)q->db->page * UB_HW_PAGE_SIZE + UB_DB_JFS);
}

/* That it goes on now is the doorbell's doing. */
static bool jfs_ringing_helped(const struct ubnpu_dev *ub, const struct ubnpu_queue *q,
			       const struct ub_admin_reply *reply)
{
	return q->rung && q->rung + 1 == ub->looks &&
	       (le32_to_cpu(reply->ci) != q->rung_ci || reply->flags & UB_ADMIN_REPLY_RUNNING);
}

/* Once in hang_timeout_ms: that doorbell may be lost as well. */
static bool jfs_may_ring(const struct ubnpu_dev *ub, const struct ubnpu_queue *q, u32 running,
			 const struct ub_admin_reply *reply)
{
	return (!q->rung || ub->looks - q->rung >= UBNPU_LOOKS) && running < ub->caps.engines &&
	       !(reply->flags & UB_ADMIN_REPLY_WAITING) &&
	       le32_to_cpu(reply->state) == UB_STATE_READY && reply->pi != reply->ci;
}

static void jfs_look_at(struct ubnpu_dev *ub, struct ubnpu_queue *q, u32 running,
			const struct ub_admin_reply *reply)
{
	bool again = q->looked + 1 == ub->looks;
	bool moved = !again || le32_to_cpu(reply->detail) != q->progress;
	bool runs = reply->flags & UB_ADMIN_REPLY_RUNNING;

	if (jfs_ringing_helped(ub, q, reply))
		jfs_doorbell_lost(ub, q);
	if (moved || runs)
		q->rung = 0;
	q->still = runs && !moved ? q->still + 1 : 0;
	q->progress = le32_to_cpu(reply->detail);
	q->looked = ub->looks;
	if (q->still >= UBNPU_LOOKS)
		hang_begin(ub, q);
	else if (!runs && !moved && jfs_may_ring(ub, q, running, reply))
		jfs_ring_again(ub, q, reply);
}

/* When nothing runs, only queues with work in their rings are asked for. */
static void watch_look_at_queues(struct ubnpu_dev *ub, u32 running)
{
	struct ub_admin_reply reply;
	struct ubnpu_queue *q;
	unsigned long id;

	mutex_lock(&ub->obj_lock);
	xa_for_each(&ub->queues[UBNPU_JFS].xa, id, q) {
		if (!running && !q->rung && !jfs_has_work(q))
			continue;
		if (!ubnpu_admin_id(ub, UB_ADMIN_QUERY_JFS, id, &reply, NULL))
			jfs_look_at(ub, q, running, &reply);
		cond_resched();
	}
	mutex_unlock(&ub->obj_lock);
}

/* ---- Treating ---- */
static void hang_end(struct ubnpu_dev *ub, enum ub_reset_scope scope)
{
	ubnpu_count(ub, scope == UB_SCOPE_QUEUE ? UBNPU_QUEUE_RESETS : UBNPU_CONTEXT_RESETS);
	ubnpu_report_wedged(ub, UB_HEALTH_HANG, scope, &ub->hang.who, true);
	ub->hang.active = false;
}

static void hang_abort_queue(struct ubnpu_dev *ub)
{
	struct ubnpu_hang *hang = &ub->hang;
	struct ubnpu_ctx *ctx = ubnpu_ctx_find(ub, hang->who.tid);

	dev_err(&ub->dev, "send queue %u of context %u, pid %d (%s), made no progress in %u ms\n",
		hang->who.queue, hang->who.tid, hang->who.pid, hang->who.comm,
		ubnpu_hang_timeout());
	trace_ubnpu_hang(ub->index, hang->who.tid, hang->who.queue, UB_SCOPE_QUEUE, hang->detail);
	ubnpu_count(ub, UBNPU_HANGS);
	ubnpu_dump(ub, &hang->who, "a send queue does not progress");
	hang->aborted = true;
	if (!ctx)
		return;
	/* One that is in ERROR already stands still all the same. */
	ubnpu_reset_queue(ctx, UBNPU_JFS, hang->who.queue, UB_CR_ACK_TIMEOUT_ERR);
	ubnpu_ctx_put(ctx);
}

/* If the device does not let go of the context it is dead by then, and recover.c goes on. */
static void hang_abort_ctx(struct ubnpu_dev *ub)
{
	struct ubnpu_hang *hang = &ub->hang;
	struct ubnpu_ctx *ctx = ubnpu_ctx_find(ub, hang->who.tid);

	dev_err(&ub->dev, "send queue %u did not end when aborted: resetting context %u\n",
		hang->who.queue, hang->who.tid);
	trace_ubnpu_hang(ub->index, hang->who.tid, hang->who.queue, UB_SCOPE_CONTEXT,
			 hang->detail);
	if (!ctx || !ubnpu_ctx_reset(ctx))
		hang_end(ub, UB_SCOPE_CONTEXT);
	if (ctx)
		ubnpu_ctx_put(ctx);
}

static void hang_treat(struct ubnpu_dev *ub)
{
	struct ubnpu_hang *hang = &ub->hang;
	struct ub_admin_reply reply;
	int ret;

	lockdep_assert_held_read(&ub->gate);
	if (!hang->active)
		return;
	if (!hang->aborted) {
		hang_abort_queue(ub);
		return;
	}
	ret = ubnpu_admin_id(ub, UB_ADMIN_QUERY_JFS, hang->who.queue, &reply, NULL);
	if (READ_ONCE(ub->dead))
		return;
	if (ret || !(reply.flags & UB_ADMIN_REPLY_RUNNING))
		hang_end(ub, UB_SCOPE_QUEUE);
	else if (le32_to_cpu(reply.detail) == hang->detail)
		hang_abort_ctx(ub);
	else
		hang->detail = le32_to_cpu(reply.detail);
}

/* It is unplugged, or somebody else has reset it and its addresses are gone. */
static void watch_no_answer(struct ubnpu_dev *ub)
{
	dev_err(&ub->dev, "device does not answer: its registers are not there\n");
	ubnpu_kill(ub, UBNPU_SILENT);
}

void ubnpu_watch_work(struct work_struct *work)
{
	struct ubnpu_dev *ub = container_of(to_delayed_work(work), struct ubnpu_dev, watch_work);
	u32 running;

	down_read(&ub->gate);
	if (!ub->gone && !READ_ONCE(ub->dead) && ubnpu_hang_timeout()) {
		running = readl(ub->regs + UB_REG_RUNNING);
		ub->looks++;
		ubnpu_eqs_watch(ub);
		/* Last, so that what was read before was there. */
		if (ubnpu_hw_is_there(ub)) {
			watch_look_at_queues(ub, running);
			hang_treat(ub);
		} else {
			watch_no_answer(ub);
		}
		if (!xa_empty(&ub->queues[UBNPU_JFC].xa))
			ubnpu_watch_start(ub);
	}
	up_read(&ub->gate);
}
