// SPDX-License-Identifier: GPL-2.0-only
/* The producer's side of a kernel JFS: WQEs from user space into its ring. */
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "kqueue/uring.h"

#define SMALL_BATCH	UB_HW_MAX_WQEBB		/* WQEBBs kept on the stack */

/* As the device steps, for malformed ones too. */
u32 ubnpu_wqe_blocks(const struct ub_hw_wqe *wqe)
{
	return ub_hw_wqe_blocks(ub_hw_wqe_size(wqe->opcode, le16_to_cpu(wqe->flags), wqe->sge_num,
					       le16_to_cpu(wqe->inline_len)));
}

/* Counts the WQEs; the last must be whole. What is in them is the device's to judge. */
int ubnpu_batch_check(struct ubnpu_batch *b, struct ub_ioc_hdr *hdr)
{
	u32 at;

	b->count = 0;
	for (at = 0; at < b->blocks; b->count++)
		at += ubnpu_wqe_blocks(b->wqes + (size_t)at * UB_HW_WQEBB_SIZE);
	if (at == b->blocks)
		return 0;
	return ubnpu_fail(hdr, -EINVAL, UB_EXT_BAD_LENGTH, 0, at);
}

/* Under RCU. */
struct ubnpu_kjfs *ubnpu_kjfs_find(struct ubnpu_ctx *ctx, u32 id, struct ub_ioc_hdr *hdr)
{
	struct ubnpu_queue *q;
	int ret;

	if (READ_ONCE(ctx->lost))
		return ERR_PTR(ubnpu_fail(hdr, -ENODEV, UB_EXT_DEVICE_LOST, 0, ctx->generation));
	q = xa_load(&ctx->ub->queues[UBNPU_JFS].xa, id);
	if (q && q->ctx == ctx && q->kjfs)
		return q->kjfs;
	if (q && q->ctx == ctx)
		ret = ubnpu_fail(hdr, -EINVAL, UB_EXT_WRONG_DOOR, id, 0);
	else
		ret = ubnpu_fail(hdr, -ENOENT, UB_EXT_NO_SUCH_OBJECT, id, 0);
	return ERR_PTR(ret);
}

static int kjfs_closed_error(struct ubnpu_ctx *ctx, struct ubnpu_kjfs *jfs, int why,
			     struct ub_ioc_hdr *hdr)
{
	switch (why) {
	case -ENODEV:
		return ubnpu_fail(hdr, why, UB_EXT_DEVICE_LOST, 0, ctx->generation);
	case -ECANCELED:
		return ubnpu_fail(hdr, why, UB_EXT_CANCELLED, jfs->id, 0);
	case -ENOENT:
		return ubnpu_fail(hdr, why, UB_EXT_NO_SUCH_OBJECT, jfs->id, 0);
	default:
		return ubnpu_fail(hdr, -EINVAL, UB_EXT_BAD_STATE, jfs->id, UB_STATE_ERROR);
	}
}

/* A queue that executes nothing any more takes nothing. */
static int kjfs_check(struct ubnpu_ctx *ctx, struct ubnpu_kjfs *jfs, struct ub_ioc_hdr *hdr)
{
	u32 state;

	lockdep_assert_held(&jfs->lock);
	if (jfs->closed)
		return kjfs_closed_error(ctx, jfs, jfs->closed, hdr);
	state = le32_to_cpu(READ_ONCE(jfs->rec->state));
	if (state == UB_STATE_ERROR || state == UB_STATE_RESET)
		return ubnpu_fail(hdr, -EINVAL, UB_EXT_BAD_STATE, jfs->id, state);
	return 0;
}

/* WQEBBs: both the device and the slots are done with what they are counted as free for. */
static u32 kjfs_ring_room(const struct ubnpu_kjfs *jfs)
{
	u32 in_ring = jfs->pi - le32_to_cpu(READ_ONCE(jfs->rec->ci));
	/* Pairs with the release when a slot has been emptied. */
	u32 in_slots = jfs->pi - smp_load_acquire(&jfs->done);

	return jfs->depth - max(in_ring, in_slots);
}

static u32 batch_fitting(const struct ubnpu_batch *b, u32 room, u32 cqes)
{
	u32 at = 0, count = 0, blocks;

	while (at < b->blocks && count < cqes) {
		blocks = ubnpu_wqe_blocks(b->wqes + (size_t)at * UB_HW_WQEBB_SIZE);
		if (at + blocks > room)
			break;
		at += blocks;
		count++;
	}
	return count;
}

/* WQEs that go in now. */
static u32 batch_fits(struct ubnpu_kjfs *jfs, const struct ubnpu_batch *b)
{
	struct ubnpu_kjfc *jfc = jfs->jfc;
	u32 used = jfc->in_flight + jfc->scan - jfc->ci;
	u32 cqes = used < jfc->depth ? jfc->depth - used : 0;
	u32 count = batch_fitting(b, kjfs_ring_room(jfs), cqes);

	lockdep_assert_held(&jfs->lock);
	lockdep_assert_held(&jfc->lock);
	return b->whole && count < b->count ? 0 : count;
}

/* Takes room in the JFC for as many of the WQEs as may go in; 0: none. */
static u32 batch_reserve(struct ubnpu_kjfs *jfs, const struct ubnpu_batch *b)
{
	struct ubnpu_kjfc *jfc = jfs->jfc;
	unsigned long flags;
	u32 count;

	spin_lock_irqsave(&jfc->lock, flags);
	count = batch_fits(jfs, b);
	if (count < b->count) {
		ubnpu_kjfc_scan(jfc);
		ubnpu_kjfc_compact(jfc);
		count = batch_fits(jfs, b);
	}
	if (jfc->closed || jfc->failed)
		count = 0;
	jfc->in_flight += count;
	if (count && b->owner)
		ubnpu_uring_begin(jfc, b->owner, count);
	spin_unlock_irqrestore(&jfc->lock, flags);
	return count;
}

static void kjfs_put_block(struct ubnpu_kjfs *jfs, u32 index, const void *block)
{
	memcpy(jfs->ring + (size_t)(index & (jfs->depth - 1)) * UB_HW_WQEBB_SIZE, block,
	       UB_HW_WQEBB_SIZE);
}

/* One WQE with the fields that are the kernel's. Returns its WQEBBs. */
static u32 kjfs_put_wqe(struct ubnpu_kjfs *jfs, u32 index, struct ub_hw_wqe *wqe, void *owner)
{
	struct ubnpu_kslot *slot = ubnpu_kjfs_slot(jfs, index);
	u32 i, blocks = ubnpu_wqe_blocks(wqe);
	u16 flags = le16_to_cpu(wqe->flags) & ~UB_WQE_OWNER;

	flags |= UB_WQE_COMPLETE | (ub_hw_owner(index, jfs->depth) ? UB_WQE_OWNER : 0);
	wqe->flags = cpu_to_le16(flags);
	wqe->idx = cpu_to_le16((u16)index);
	for (i = 0; i < blocks; i++)
		kjfs_put_block(jfs, index + i, (void *)wqe + (size_t)i * UB_HW_WQEBB_SIZE);
	slot->owner = owner;
	slot->blocks = blocks;
	return blocks;
}

static void kjfs_ring(struct ubnpu_kjfs *jfs)
{
	u32 event_idx, pi = jfs->pi, old = jfs->rung;

	lockdep_assert_held(&jfs->lock);
	if (pi == old)
		return;
	jfs->rung = pi;
	/* Pairs with the device publishing event_idx before it reads PI once more. */
	mb();
	event_idx = le32_to_cpu(READ_ONCE(jfs->rec->event_idx));
	if (ub_hw_wants_doorbell(event_idx, pi, old))
		writel(pi, jfs->db);
}

static int batch_put(struct ubnpu_kjfs *jfs, struct ubnpu_batch *b, struct ub_ioc_hdr *hdr)
{
	u32 count = batch_reserve(jfs, b);
	u32 old = jfs->pi, pi = old;

	lockdep_assert_held(&jfs->lock);
	if (!count)
		return ubnpu_fail(hdr, -EAGAIN, UB_EXT_QUEUE_FULL, jfs->id, jfs->depth);
	while (count--)
		pi += kjfs_put_wqe(jfs, pi, b->wqes + (size_t)(pi - old) * UB_HW_WQEBB_SIZE,
				   b->owner);
	b->taken = pi - old;
	/* Pairs with the acquire of who ends what is in flight. */
	smp_store_release(&jfs->pi, pi);
	/* The WQEs are in memory before the device sees PI. */
	dma_wmb();
	WRITE_ONCE(jfs->rec->pi, cpu_to_le32(pi));
	return 0;
}

/* What the device has not been rung for may be what takes the room. */
static int batch_make_room(struct ubnpu_kjfs *jfs, struct ubnpu_batch *b, struct ub_ioc_hdr *hdr)
{
	int ret = batch_put(jfs, b, hdr);

	if (ret != -EAGAIN || jfs->rung == jfs->pi)
		return ret;
	kjfs_ring(jfs);
	ubnpu_kjfc_poll(jfs->jfc);
	return batch_put(jfs, b, hdr);
}

/* Under RCU. Rings for what was put in plugged; see ubnpu_kjfs_post(). */
void ubnpu_kjfs_kick(struct ubnpu_kjfs *jfs)
{
	spin_lock(&jfs->lock);
	if (!jfs->closed)
		kjfs_ring(jfs);
	spin_unlock(&jfs->lock);
	ubnpu_kjfc_poll(jfs->jfc);
}

/*
 * Under RCU. Small commands run inside the doorbell's store, so their CQEs are there when it
 * returns: they are taken at once. For those that are not, and whose owner waits, an interrupt is
 * asked for. With plugged all that is left to ubnpu_kjfs_kick().
 */
int ubnpu_kjfs_post(struct ubnpu_ctx *ctx, struct ubnpu_kjfs *jfs, struct ubnpu_batch *b,
		    bool plugged, struct ub_ioc_hdr *hdr)
{
	int ret;

	spin_lock(&jfs->lock);
	ret = kjfs_check(ctx, jfs, hdr) ?: batch_make_room(jfs, b, hdr);
	if (!ret && !plugged)
		kjfs_ring(jfs);
	spin_unlock(&jfs->lock);
	if (!ret && !plugged)
		ubnpu_kjfc_poll(jfs->jfc);
	return ret;
}

static int batch_submit(struct ubnpu_ctx *ctx, struct ub_ioc_submit *a, struct ubnpu_batch *b)
{
	struct ubnpu_kjfs *jfs;
	int ret;

	if (copy_from_user(b->wqes, u64_to_user_ptr(a->wqes),
			   (size_t)b->blocks * UB_HW_WQEBB_SIZE))
		return ubnpu_fail(&a->hdr, -EFAULT, UB_EXT_BAD_ADDRESS, 0, 0);
	ret = ubnpu_batch_check(b, &a->hdr);
	if (ret)
		return ret;
	rcu_read_lock();
	jfs = ubnpu_kjfs_find(ctx, a->id, &a->hdr);
	ret = IS_ERR(jfs) ? PTR_ERR(jfs) : ubnpu_kjfs_post(ctx, jfs, b, false, &a->hdr);
	rcu_read_unlock();
	a->taken = b->taken;
	return ret;
}

int ubnpu_submit(struct ubnpu_ctx *ctx, struct ubnpu_call *call)
{
	struct ub_ioc_submit *a = &call->submit;
	u8 small[SMALL_BATCH * UB_HW_WQEBB_SIZE] __aligned(8);
	u32 max = ctx->ub->caps.max_depth[UBNPU_JFS];
	struct ubnpu_batch b = { .wqes = small, .blocks = a->nblocks };
	int ret;

	if (a->pad)
		return ubnpu_fail(&a->hdr, -EINVAL, UB_EXT_RESERVED_SET,
				  offsetof(typeof(*a), pad), 0);
	if (!a->nblocks || a->nblocks > max)
		return ubnpu_fail(&a->hdr, -EINVAL, UB_EXT_BAD_VALUE,
				  offsetof(typeof(*a), nblocks), max);
	if (b.blocks > SMALL_BATCH)
		b.wqes = kvmalloc((size_t)b.blocks * UB_HW_WQEBB_SIZE, GFP_KERNEL_ACCOUNT);
	if (!b.wqes)
		return ubnpu_fail_nomem(&a->hdr);
	a->taken = 0;
	ret = batch_submit(ctx, a, &b);
	if (b.wqes != small)
		kvfree(b.wqes);
	return ret;
}
