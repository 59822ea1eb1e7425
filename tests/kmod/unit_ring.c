// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rings of kernel queues, with a device made of memory. Indices begin shortly before 2^32, so that
 * each test takes them past it; a real queue begins at 0 and gets there after hours.
 */
#include <linux/prandom.h>
#include <linux/slab.h>

#include "kqueue/kqueue.h"
#include "unit.h"

#define DEPTH		64u
#define JFS_ID		1u
/* On an odd lap, for which memory that is zero holds no valid entry. */
#define START		(0u - 6 * DEPTH)
#define ROUNDS		5000u

struct ring_rig {
	struct ubnpu_dev ub;
	struct ubnpu_ctx ctx;
	struct ubnpu_queue queue;
	struct ubnpu_kjfc jfc;
	struct ubnpu_kjfs jfs;
	struct ub_hw_jfc_rec jfc_rec;
	struct ub_hw_jfs_rec jfs_rec;
	struct ub_hw_cqe cqes[DEPTH];
	u8 wqes[DEPTH][UB_HW_WQEBB_SIZE];
	struct ubnpu_kslot slots[DEPTH];
	u32 doorbell;
	u32 cq_pi;		/* the device's */
	u32 sq_ci;
	u64 sent, taken;	/* completions for REAP, numbered in user_ctx */
	struct rnd_state random;
};

static void rig_jfc(struct ring_rig *r)
{
	kref_init(&r->jfc.ref);
	spin_lock_init(&r->jfc.lock);
	mutex_init(&r->jfc.reap);
	init_waitqueue_head(&r->jfc.wq);
	INIT_LIST_HEAD(&r->jfc.jfs);
	r->jfc.ctx = &r->ctx;
	r->jfc.depth = DEPTH;
	r->jfc.ring = r->cqes;
	r->jfc.rec = &r->jfc_rec;
	r->jfc.scan = START;
	r->jfc.ci = START;
	r->jfc_rec.ci = cpu_to_le32(START);
	r->cq_pi = START;
}

static void rig_jfs(struct ring_rig *r)
{
	spin_lock_init(&r->jfs.lock);
	r->jfs.jfc = &r->jfc;
	r->jfs.id = JFS_ID;
	r->jfs.depth = DEPTH;
	r->jfs.ring = r->wqes;
	r->jfs.rec = &r->jfs_rec;
	r->jfs.db = (void __force __iomem *)&r->doorbell;
	r->jfs.slots = r->slots;
	r->jfs.pi = START;
	r->jfs.rung = START;
	r->jfs.done = START;
	r->jfs_rec.pi = cpu_to_le32(START);
	r->jfs_rec.ci = cpu_to_le32(START);
	r->jfs_rec.event_idx = cpu_to_le32(START);
	r->jfs_rec.state = cpu_to_le32(UB_STATE_READY);
	list_add_tail(&r->jfs.node, &r->jfc.jfs);
	r->sq_ci = START;
}

static struct ring_rig *rig_new(void)
{
	struct ring_rig *r = kvzalloc(sizeof(*r), GFP_KERNEL);

	if (!r)
		return NULL;
	prandom_seed_state(&r->random, 1);
	r->ctx.ub = &r->ub;
	xa_init_flags(&r->ub.queues[UBNPU_JFS].xa, XA_FLAGS_ALLOC1);
	rig_jfc(r);
	rig_jfs(r);
	r->queue.ctx = &r->ctx;
	r->queue.kjfs = &r->jfs;
	if (!xa_err(xa_store(&r->ub.queues[UBNPU_JFS].xa, JFS_ID, &r->queue, GFP_KERNEL)))
		return r;
	kvfree(r);
	return NULL;
}

static void rig_end(struct ring_rig *r)
{
	xa_destroy(&r->ub.queues[UBNPU_JFS].xa);
	kvfree(r);
}

static u32 pick(struct ring_rig *r, u32 below)
{
	return prandom_u32_state(&r->random) % below;
}

/* ---- The device ---- */
static bool device_has_room(const struct ring_rig *r)
{
	return r->cq_pi - le32_to_cpu(r->jfc_rec.ci) < DEPTH;
}

static void device_completes(struct ring_rig *r, struct ub_hw_cqe cqe)
{
	cqe.flags |= r->cq_pi & DEPTH ? 0 : UB_CQE_OWNER;
	r->cqes[r->cq_pi++ % DEPTH] = cqe;
}

static void device_receives(struct ring_rig *r)
{
	device_completes(r, (struct ub_hw_cqe){
		.flags = UB_CQE_RECV, .user_ctx = cpu_to_le64(r->sent++) });
}

/* Of a queue that is gone: nobody's. */
static void device_tells_nobody(struct ring_rig *r)
{
	device_completes(r, (struct ub_hw_cqe){ .local_id = cpu_to_le32(JFS_ID + 1) });
}

/* The WQE at CI is as the contract says; its completion is REAP's. */
static int device_executes_one(struct ring_rig *r)
{
	const struct ub_hw_wqe *wqe = (void *)r->wqes[r->sq_ci % DEPTH];
	u32 blocks = ubnpu_wqe_blocks(wqe);
	bool owner = le16_to_cpu(wqe->flags) & UB_WQE_OWNER;

	UNIT_EXPECT(le16_to_cpu(wqe->idx) == (u16)r->sq_ci);
	UNIT_EXPECT(owner == !(r->sq_ci & DEPTH));
	UNIT_EXPECT(le16_to_cpu(wqe->flags) & UB_WQE_COMPLETE);
	device_completes(r, (struct ub_hw_cqe){
		.opcode = wqe->opcode, .local_id = cpu_to_le32(JFS_ID),
		.idx = cpu_to_le32(r->sq_ci), .user_ctx = wqe->user_ctx });
	r->sq_ci += blocks;
	r->jfs_rec.ci = cpu_to_le32(r->sq_ci);
	return 0;
}

/* ---- REAP ---- */
static int reap_some(struct ring_rig *r, u32 max)
{
	struct ub_hw_cqe cqes[16];
	u32 i, count = ubnpu_kjfc_peek(&r->jfc, cqes, min(max, 16u)), drop;

	UNIT_EXPECT(count == min_t(u64, min(max, 16u), r->sent - r->taken));
	for (i = 0; i < count; i++) {
		UNIT_EXPECT(le64_to_cpu(cqes[i].user_ctx) == r->taken + i);
		UNIT_EXPECT(!(cqes[i].flags & UB_CQE_OWNER));
	}
	drop = pick(r, count + 1);
	ubnpu_kjfc_drop(&r->jfc, drop);
	r->taken += drop;
	return 0;
}

static int completions_come_once_in_order(void)
{
	struct ring_rig *r = rig_new();
	u32 i, j;

	UNIT_EXPECT(r);
	for (i = 0; i < ROUNDS; i++) {
		for (j = pick(r, 20); j && device_has_room(r); j--) {
			if (pick(r, 3))
				device_receives(r);
			else
				device_tells_nobody(r);
		}
		UNIT_EXPECT(!reap_some(r, 1 + pick(r, 16)));
		if (!pick(r, 4)) {
			spin_lock_irq(&r->jfc.lock);
			ubnpu_kjfc_scan(&r->jfc);
			ubnpu_kjfc_compact(&r->jfc);
			/* What is left waits for REAP, and is together. */
			UNIT_EXPECT(r->jfc.scan - r->jfc.ci == r->jfc.held);
			spin_unlock_irq(&r->jfc.lock);
		}
		UNIT_EXPECT(le32_to_cpu(r->jfc_rec.ci) == r->jfc.ci);
	}
	UNIT_EXPECT(r->cq_pi - START > 100 * DEPTH);
	rig_end(r);
	return 0;
}

/* A batch of WQEs of random length. Returns its WQEs. */
static u32 make_batch(struct ring_rig *r, struct ubnpu_batch *b, u32 most)
{
	u32 count = 0;

	b->blocks = 0;
	while (count < most) {
		struct ub_hw_wqe *wqe = b->wqes + (size_t)b->blocks * UB_HW_WQEBB_SIZE;

		memset(wqe, 0, UB_HW_MAX_WQEBB * UB_HW_WQEBB_SIZE);
		wqe->opcode = UB_OP_WRITE;
		wqe->sge_num = pick(r, 10);
		wqe->user_ctx = cpu_to_le64(r->sent + count++);
		b->blocks += ubnpu_wqe_blocks(wqe);
	}
	return count;
}

/* Posts what fits; the device does a part of it; someone reaps. */
static int post_and_execute(struct ring_rig *r, struct ubnpu_batch *b)
{
	struct ub_ioc_hdr hdr;
	u32 i, at = 0, old = r->jfs.pi;
	int ret;

	make_batch(r, b, 1 + pick(r, 6));
	UNIT_EXPECT(!ubnpu_batch_check(b, &hdr));
	rcu_read_lock();
	ret = ubnpu_kjfs_post(&r->ctx, &r->jfs, b, false, &hdr);
	rcu_read_unlock();
	UNIT_EXPECT(!ret || ret == -EAGAIN);
	UNIT_EXPECT(r->jfs.pi - old == (ret ? 0 : b->taken));
	for (i = 0; !ret && at < b->taken; i++)
		at += ubnpu_wqe_blocks(b->wqes + (size_t)at * UB_HW_WQEBB_SIZE);
	if (!ret)
		UNIT_EXPECT(at == b->taken);
	UNIT_EXPECT(r->jfs.pi - r->sq_ci <= DEPTH);
	UNIT_EXPECT(r->jfc.in_flight + r->jfc.scan - r->jfc.ci <= DEPTH);
	return 0;
}

static int device_executes(struct ring_rig *r, u32 most)
{
	for (; most && r->sq_ci != le32_to_cpu(r->jfs_rec.pi); most--) {
		/* For each WQE that was taken there is room. */
		UNIT_EXPECT(device_has_room(r));
		if (device_executes_one(r))
			return -EINVAL;
		r->sent++;
	}
	r->jfs_rec.event_idx = cpu_to_le32(r->sq_ci);
	return 0;
}

static int wqes_go_in_and_come_back(void)
{
	struct ring_rig *r = rig_new();
	struct ubnpu_batch b = { .wqes = kzalloc(16 * UB_HW_MAX_WQEBB * UB_HW_WQEBB_SIZE,
						 GFP_KERNEL) };
	u32 i;

	UNIT_EXPECT(r && b.wqes);
	for (i = 0; i < ROUNDS; i++) {
		/* Numbers are given when it is executed: all that went in before has been. */
		UNIT_EXPECT(!device_executes(r, U32_MAX));
		UNIT_EXPECT(!post_and_execute(r, &b));
		UNIT_EXPECT(!device_executes(r, pick(r, 8)));
		UNIT_EXPECT(!reap_some(r, 16));
	}
	UNIT_EXPECT(!device_executes(r, U32_MAX));
	while (r->taken != r->sent)
		UNIT_EXPECT(!reap_some(r, 16));
	UNIT_EXPECT(!r->jfc.in_flight && r->jfs.done == r->jfs.pi);
	UNIT_EXPECT(r->jfs.pi - START > 100 * DEPTH);
	kfree(b.wqes);
	rig_end(r);
	return 0;
}

/* Whole or not at all, and a batch that cannot fit is told so. */
static int a_full_ring_takes_nothing(void)
{
	struct ring_rig *r = rig_new();
	struct ubnpu_batch b = { .wqes = kzalloc((DEPTH + 1) * UB_HW_WQEBB_SIZE, GFP_KERNEL),
				 .blocks = DEPTH, .whole = true };
	struct ub_ioc_hdr hdr;
	u32 pi;

	UNIT_EXPECT(r && b.wqes);
	UNIT_EXPECT(!ubnpu_batch_check(&b, &hdr) && b.count == DEPTH);
	rcu_read_lock();
	UNIT_EXPECT(!ubnpu_kjfs_post(&r->ctx, &r->jfs, &b, false, &hdr));
	pi = r->jfs.pi;
	UNIT_EXPECT(pi == START + DEPTH && r->doorbell == pi);
	b.blocks = 1;
	UNIT_EXPECT(!ubnpu_batch_check(&b, &hdr));
	UNIT_EXPECT(ubnpu_kjfs_post(&r->ctx, &r->jfs, &b, false, &hdr) == -EAGAIN);
	UNIT_EXPECT(hdr.ext_code == UB_EXT_QUEUE_FULL && r->jfs.pi == pi);
	rcu_read_unlock();
	kfree(b.wqes);
	rig_end(r);
	return 0;
}

/* Lengths as the device steps: SGEs, inline bytes, extension, never beyond four. */
static int wqes_have_their_length(void)
{
	static const struct { u8 opcode, sge_num; u16 flags, inline_len; u32 blocks; } cases[] = {
		{ UB_OP_NOP, 0, 0, 0, 1 },
		{ UB_OP_WRITE, 1, 0, 0, 1 },
		{ UB_OP_WRITE, 2, 0, 0, 2 },
		{ UB_OP_WRITE, 13, 0, 0, 4 },
		{ UB_OP_WRITE, 255, 0, 0, 4 },
		{ UB_OP_WRITE, 0, UB_WQE_INLINE, 16, 1 },
		{ UB_OP_WRITE, 0, UB_WQE_INLINE, 17, 2 },
		{ UB_OP_WRITE, 0, UB_WQE_INLINE, 65535, 4 },
		{ UB_OP_CAS, 1, 0, 0, 2 },
		{ UB_OP_GEMM_F32, 3, UB_WQE_INLINE, 65535, 2 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ub_hw_wqe wqe = {
			.opcode = cases[i].opcode,
			.sge_num = cases[i].sge_num,
			.flags = cpu_to_le16(cases[i].flags),
			.inline_len = cpu_to_le16(cases[i].inline_len),
		};

		UNIT_EXPECT(ubnpu_wqe_blocks(&wqe) == cases[i].blocks);
	}
	return 0;
}

const struct unit_case unit_ring_cases[] = {
	{ "completions_come_once_in_order", completions_come_once_in_order },
	{ "wqes_go_in_and_come_back", wqes_go_in_and_come_back },
	{ "a_full_ring_takes_nothing", a_full_ring_takes_nothing },
	{ "wqes_have_their_length", wqes_have_their_length },
	{ }
};
