// SPDX-License-Identifier: GPL-2.0-only
/* Kernel queues: their making and closing, and the consumer's side of a kernel JFC. */
#include <linux/dma-mapping.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "kqueue/uring.h"

#define CQE_DONE	1	/* in rsvd of a CQE between ci and scan: not for REAP */

/* ---- Life ---- */
static void kjfc_free(struct kref *ref)
{
	struct ubnpu_kjfc *jfc = container_of(ref, struct ubnpu_kjfc, ref);

	kfree_rcu(jfc, rcu);
}

void ubnpu_kjfc_put(struct ubnpu_kjfc *jfc)
{
	kref_put(&jfc->ref, kjfc_free);
}

static int kjfc_new(struct ubnpu_queue *q)
{
	struct ubnpu_kjfc *jfc = kzalloc(sizeof(*jfc), GFP_KERNEL_ACCOUNT);

	if (!jfc)
		return -ENOMEM;
	kref_init(&jfc->ref);
	spin_lock_init(&jfc->lock);
	mutex_init(&jfc->reap);
	init_waitqueue_head(&jfc->wq);
	INIT_LIST_HEAD(&jfc->jfs);
	jfc->ctx = q->ctx;
	jfc->depth = q->depth;
	jfc->ring = q->mem->vaddr;
	jfc->rec = q->mem->vaddr + q->rec_offset;
	q->kjfc = jfc;
	return 0;
}

static int kjfs_new(struct ubnpu_queue *q)
{
	struct ubnpu_kjfs *jfs = kzalloc(sizeof(*jfs), GFP_KERNEL_ACCOUNT);

	if (!jfs)
		return -ENOMEM;
	jfs->slots = kvcalloc(q->depth, sizeof(*jfs->slots), GFP_KERNEL_ACCOUNT);
	if (!jfs->slots) {
		kfree(jfs);
		return -ENOMEM;
	}
	spin_lock_init(&jfs->lock);
	INIT_LIST_HEAD(&jfs->node);
	jfs->depth = q->depth;
	jfs->ring = q->mem->vaddr;
	jfs->rec = q->mem->vaddr + q->rec_offset;
	q->kjfs = jfs;
	return 0;
}

/* A queue whose memory is the kernel's. */
static int kqueue_init(struct ubnpu_queue *q, struct ub_ioc_hdr *hdr)
{
	int ret = q->type == UBNPU_JFC ? kjfc_new(q) : kjfs_new(q);

	return ret ? ubnpu_fail_nomem(hdr) : 0;
}

/* The device has the queue; nobody else can find it yet. */
static void kqueue_attach(struct ubnpu_queue *q)
{
	struct ubnpu_dev *ub = q->ctx->ub;
	struct ubnpu_queue *parent;
	void __iomem *page;

	page = ub->db + (u64)q->db->page * UB_HW_PAGE_SIZE;
	if (q->kjfc) {
		q->kjfc->id = q->id;
		q->kjfc->db = page + UB_DB_JFC;
	}
	if (!q->kjfs)
		return;
	parent = xa_load(&ub->queues[UBNPU_JFC].xa, q->jfc);
	q->kjfs->id = q->id;
	q->kjfs->db = page + UB_DB_JFS;
	q->kjfs->jfc = parent->kjfc;
	kref_get(&parent->kjfc->ref);
	spin_lock_irq(&parent->kjfc->lock);
	list_add_tail(&q->kjfs->node, &parent->kjfc->jfs);
	spin_unlock_irq(&parent->kjfc->lock);
}

/* Closed, or never attached. What still looks at it does so under RCU. */
static void kqueue_free(struct ubnpu_queue *q)
{
	if (q->kjfc)
		ubnpu_kjfc_put(q->kjfc);
	if (!q->kjfs)
		return;
	if (q->kjfs->jfc)
		ubnpu_kjfc_put(q->kjfs->jfc);
	kvfree(q->kjfs->slots);
	kfree_rcu(q->kjfs, rcu);
}

/* ---- The JFC's ring; jfc->lock is held from here on ---- */
static struct ub_hw_cqe *kjfc_slot(const struct ubnpu_kjfc *jfc, u32 index)
{
	return &jfc->ring[index & (jfc->depth - 1)];
}

static bool kjfc_valid(const struct ubnpu_kjfc *jfc, u32 index)
{
	u8 flags = READ_ONCE(kjfc_slot(jfc, index)->flags);

	return !!(flags & UB_CQE_OWNER) == ub_hw_owner(index, jfc->depth);
}

/* Its slots stay while jfc->lock is held and it is on the list. */
static struct ubnpu_kjfs *kjfc_find_jfs(const struct ubnpu_kjfc *jfc, u32 id)
{
	struct ubnpu_kjfs *jfs = NULL;
	struct ubnpu_queue *q;

	rcu_read_lock();
	q = xa_load(&jfc->ctx->ub->queues[UBNPU_JFS].xa, id);
	if (q && q->kjfs && q->kjfs->jfc == jfc && !list_empty(&q->kjfs->node))
		jfs = q->kjfs;
	rcu_read_unlock();
	return jfs;
}

/* The oldest WQE in flight is over: res is a status or a negative errno. */
static bool kjfs_end_one(struct ubnpu_kjfs *jfs, int res, const struct ub_hw_cqe *cqe)
{
	struct ubnpu_kslot *slot = ubnpu_kjfs_slot(jfs, jfs->done);
	void *owner = slot->owner;
	u32 blocks = slot->blocks;

	lockdep_assert_held(&jfs->jfc->lock);
	slot->owner = NULL;
	slot->blocks = 0;
	jfs->jfc->in_flight--;
	/* The slot may be filled anew once done is seen. */
	smp_store_release(&jfs->done, jfs->done + blocks);
	if (!IS_ERR_OR_NULL(owner))
		ubnpu_uring_ended(jfs->jfc, owner, res, cqe);
	return owner;
}

static void kjfs_end_all(struct ubnpu_kjfs *jfs, int res)
{
	/* Pairs with the release after the slots were filled. */
	u32 pi = smp_load_acquire(&jfs->pi);

	while (jfs->done != pi)
		kjfs_end_one(jfs, res, NULL);
}

/* A CQE of a WQE: returns whether io_uring took it. */
static bool kjfc_take(struct ubnpu_kjfc *jfc, const struct ub_hw_cqe *cqe)
{
	struct ubnpu_kjfs *jfs;
	u32 pi, idx = le32_to_cpu(cqe->idx);

	lockdep_assert_held(&jfc->lock);
	if (cqe->flags & UB_CQE_RECV)
		return false;
	jfs = kjfc_find_jfs(jfc, le32_to_cpu(cqe->local_id));
	if (!jfs)
		return true;
	if (cqe->status == UB_CR_WR_FLUSH_ERR_DONE)
		kjfs_end_all(jfs, UB_CR_WR_FLUSH_ERR);
	if (cqe->status == UB_CR_WR_FLUSH_ERR_DONE || cqe->status == UB_CR_WR_SUSPEND_DONE)
		return READ_ONCE(jfs->closed) == -ECANCELED;
	pi = smp_load_acquire(&jfs->pi);
	/* A device that lies, or is late, may name what is not in flight, or a WQE's middle. */
	if (idx - jfs->done >= pi - jfs->done || !ubnpu_kjfs_slot(jfs, idx)->blocks)
		return true;
	while (jfs->done != idx && jfs->done != pi)
		kjfs_end_one(jfs, UB_CR_WR_UNHANDLED, NULL);
	return kjfs_end_one(jfs, cqe->status, cqe);
}

static void kjfc_publish(struct ubnpu_kjfc *jfc)
{
	u32 ci = jfc->ci;

	lockdep_assert_held(&jfc->lock);
	while (ci != jfc->scan && kjfc_slot(jfc, ci)->rsvd)
		ci++;
	if (ci == jfc->ci)
		return;
	jfc->ci = ci;
	/* The device may overwrite CQEs once it sees CI: they are read before. */
	mb();
	WRITE_ONCE(jfc->rec->ci, cpu_to_le32(ci));
}

static void kjfc_fail(struct ubnpu_kjfc *jfc)
{
	struct ubnpu_kjfs *jfs;

	lockdep_assert_held(&jfc->lock);
	list_for_each_entry(jfs, &jfc->jfs, node)
		kjfs_end_all(jfs, UB_CR_WR_FLUSH_ERR);
	if (!jfc->failed)
		wake_up_interruptible_all(&jfc->wq);
	jfc->failed = true;
}

/* Takes what the device has written. Returns how many CQEs that was. */
u32 ubnpu_kjfc_scan(struct ubnpu_kjfc *jfc)
{
	u32 first = jfc->scan, held = jfc->held;
	struct ub_hw_cqe *cqe;

	lockdep_assert_held(&jfc->lock);
	if (jfc->closed)
		return 0;
	while (kjfc_valid(jfc, jfc->scan)) {
		/* Pairs with the device writing the owner bit last. */
		dma_rmb();
		cqe = kjfc_slot(jfc, jfc->scan);
		cqe->rsvd = 0;
		if (kjfc_take(jfc, cqe))
			cqe->rsvd = cpu_to_le32(CQE_DONE);
		else
			jfc->held++;
		jfc->scan++;
	}
	kjfc_publish(jfc);
	if (jfc->held != held)
		wake_up_interruptible(&jfc->wq);
	if (le32_to_cpu(READ_ONCE(jfc->rec->state)) == UB_STATE_ERROR)
		kjfc_fail(jfc);
	return jfc->scan - first;
}

/* Moves CQEs that wait for REAP together, so that those io_uring took leave room. */
void ubnpu_kjfc_compact(struct ubnpu_kjfc *jfc)
{
	u32 to = jfc->scan, from = jfc->scan;
	struct ub_hw_cqe *cqe;

	lockdep_assert_held(&jfc->lock);
	if (jfc->scan - jfc->ci == jfc->held)
		return;
	while (from != jfc->ci) {
		cqe = kjfc_slot(jfc, --from);
		if (cqe->rsvd || --to == from)
			continue;
		*kjfc_slot(jfc, to) = *cqe;
		kjfc_slot(jfc, to)->flags = (cqe->flags & ~UB_CQE_OWNER) |
					    (ub_hw_owner(to, jfc->depth) ? UB_CQE_OWNER : 0);
		cqe->rsvd = cpu_to_le32(CQE_DONE);
	}
	kjfc_publish(jfc);
}

/* Up to max of the CQEs for REAP, oldest first, which stay. Returns how many. */
u32 ubnpu_kjfc_peek_held(const struct ubnpu_kjfc *jfc, struct ub_hw_cqe *cqes, u32 max)
{
	u32 at, count = 0;

	lockdep_assert_held(&jfc->lock);
	if (jfc->closed)
		return 0;
	for (at = jfc->ci; at != jfc->scan && count < max; at++) {
		if (kjfc_slot(jfc, at)->rsvd)
			continue;
		cqes[count] = *kjfc_slot(jfc, at);
		cqes[count++].flags &= ~UB_CQE_OWNER;
	}
	return count;
}

/* The oldest count of them were delivered. */
void ubnpu_kjfc_drop_held(struct ubnpu_kjfc *jfc, u32 count)
{
	u32 at;

	lockdep_assert_held(&jfc->lock);
	if (jfc->closed)
		return;
	jfc->held -= count;
	for (at = jfc->ci; count; at++) {
		if (kjfc_slot(jfc, at)->rsvd)
			continue;
		kjfc_slot(jfc, at)->rsvd = cpu_to_le32(CQE_DONE);
		count--;
	}
	kjfc_publish(jfc);
}

/*
 * Asks for an interrupt at the next CQE, at once if there is one not looked at, if anybody wants
 * it.
 */
void ubnpu_kjfc_arm(struct ubnpu_kjfc *jfc)
{
	u64 word;

	lockdep_assert_held(&jfc->lock);
	if (!jfc->wakers || jfc->armed || jfc->closed || jfc->failed)
		return;
	jfc->arm_sn = (jfc->arm_sn + 1) & UB_DB_JFC_ARM_SN_MASK;
	jfc->armed = true;
	word = (jfc->scan & UB_DB_JFC_CI_MASK) | (u64)jfc->arm_sn << UB_DB_JFC_ARM_SN_SHIFT |
	       (u64)jfc->id << UB_DB_JFC_ID_SHIFT;
	writeq(word, jfc->db);
}

/* ---- From outside; no lock is held ---- */
u32 ubnpu_kjfc_poll(struct ubnpu_kjfc *jfc)
{
	unsigned long flags;
	u32 count;

	spin_lock_irqsave(&jfc->lock, flags);
	count = ubnpu_kjfc_scan(jfc);
	ubnpu_kjfc_arm(jfc);
	spin_unlock_irqrestore(&jfc->lock, flags);
	return count;
}

/* From interrupt handlers, under RCU. */
static void kqueue_fired(struct ubnpu_queue *q, u32 arm_sn)
{
	struct ubnpu_kjfc *jfc = q->kjfc;
	unsigned long flags;

	spin_lock_irqsave(&jfc->lock, flags);
	if (arm_sn == jfc->arm_sn || arm_sn == UB_JFCE_SN_UNKNOWN)
		jfc->armed = false;
	ubnpu_kjfc_scan(jfc);
	ubnpu_kjfc_arm(jfc);
	spin_unlock_irqrestore(&jfc->lock, flags);
}

/* From now on SUBMIT gets why. */
void ubnpu_kjfs_close(struct ubnpu_kjfs *jfs, int why)
{
	spin_lock(&jfs->lock);
	WRITE_ONCE(jfs->closed, why);
	spin_unlock(&jfs->lock);
}

/* What is in flight will not be completed by the device: it ends with why. */
static void kjfs_close_for_good(struct ubnpu_kjfs *jfs, int why)
{
	struct ubnpu_kjfc *jfc = jfs->jfc;

	ubnpu_kjfs_close(jfs, why);
	if (!jfc)
		return;
	spin_lock_irq(&jfc->lock);
	if (!list_empty(&jfs->node)) {
		ubnpu_kjfc_scan(jfc);
		kjfs_end_all(jfs, why == -ENOENT ? -ECANCELED : why);
		list_del_init(&jfs->node);
	}
	spin_unlock_irq(&jfc->lock);
}

static void kjfc_close_for_good(struct ubnpu_kjfc *jfc, int why)
{
	spin_lock_irq(&jfc->lock);
	if (!jfc->closed)
		jfc->closed = why;
	spin_unlock_irq(&jfc->lock);
	wake_up_interruptible_all(&jfc->wq);
}

/* The device has forgotten the queue, or is about to be reset or gone. May be called twice. */
static void kqueue_close(struct ubnpu_queue *q, int why)
{
	if (q->kjfs)
		kjfs_close_for_good(q->kjfs, why);
	if (q->kjfc)
		kjfc_close_for_good(q->kjfc, why);
}

/* The JFS has entered RESET: what it had is dropped, and its ring is on its first lap. */
static void kjfs_restart(struct ubnpu_kjfs *jfs)
{
	struct ubnpu_kjfc *jfc = jfs->jfc;

	spin_lock(&jfs->lock);
	spin_lock_irq(&jfc->lock);
	ubnpu_kjfc_scan(jfc);
	kjfs_end_all(jfs, -ECANCELED);
	jfs->pi = 0;
	jfs->rung = 0;
	jfs->done = 0;
	memset(jfs->ring, 0, (size_t)jfs->depth * UB_HW_WQEBB_SIZE);
	WRITE_ONCE(jfs->rec->pi, 0);
	spin_unlock_irq(&jfc->lock);
	spin_unlock(&jfs->lock);
}

/*
 * Enter a state. Nothing may be published after the device has seen PI for the last time: it would
 * never end. So the queue closes before it enters ERROR.
 */
int ubnpu_kjfs_modify(struct ubnpu_queue *q, u32 state, struct ub_ioc_hdr *hdr)
{
	struct ub_admin_cmd cmd = {
		.opcode = UB_ADMIN_MODIFY_JFS,
		.id = cpu_to_le32(q->id),
		.jfs.state = state,
	};
	struct ubnpu_kjfs *jfs = q->kjfs;
	int ret, before = jfs->closed;

	lockdep_assert_held(&q->ctx->lock);
	if (state == UB_STATE_ERROR)
		ubnpu_kjfs_close(jfs, before ?: -EINVAL);
	ret = ubnpu_admin(q->ctx->ub, &cmd, NULL, hdr);
	if (ret)
		ubnpu_kjfs_close(jfs, before);
	else if (state == UB_STATE_RESET)
		kjfs_restart(jfs);
	else if (state == UB_STATE_READY)
		ubnpu_kjfs_close(jfs, 0);
	return ret;
}

/* WQEs; for who waits until there are none. */
u32 ubnpu_kjfs_in_flight(struct ubnpu_kjfs *jfs)
{
	struct ubnpu_kjfc *jfc = jfs->jfc;
	u32 at, pi, count = 0;

	spin_lock_irq(&jfc->lock);
	ubnpu_kjfc_scan(jfc);
	/* Pairs with the release after the slots were filled. */
	pi = smp_load_acquire(&jfs->pi);
	for (at = jfs->done; at != pi; at += ubnpu_kjfs_slot(jfs, at)->blocks)
		count++;
	spin_unlock_irq(&jfc->lock);
	return count;
}

static void kqueue_look(struct ubnpu_queue *q)
{
	if (q->kjfc)
		ubnpu_kjfc_poll(q->kjfc);
}

const struct ubnpu_queue_ops ubnpu_kqueue_ops = {
	.init = kqueue_init,
	.attach = kqueue_attach,
	.free = kqueue_free,
	.look = kqueue_look,
	.modify = ubnpu_kjfs_modify,
	.fired = kqueue_fired,
	.close = kqueue_close,
};
