// SPDX-License-Identifier: GPL-2.0-only
/* Segments: pinned memory that work requests name. */
#include <linux/mm.h>
#include <linux/slab.h>

#include "check/check.h"
#include "memory/memory.h"
#include "trace.h"

static int seg_create_on_device(struct ubnpu_seg *seg, struct ub_ioc_reg_seg *a)
{
	struct ub_admin_cmd cmd = {
		.opcode = UB_ADMIN_CREATE_SEG,
		.id = cpu_to_le32(seg->id),
		.seg = {
			.va = cpu_to_le64(a->addr),
			.uba = cpu_to_le64(seg->mem->uba),
			.len = cpu_to_le64(a->len),
			.tid = cpu_to_le32(seg->ctx->tid),
			.access = cpu_to_le32(a->access),
		},
	};

	if (a->access != UB_ACCESS_LOCAL_ONLY) {
		cmd.seg.token_policy = ubnpu_token_make(seg->ctx, a->token_policy, &a->token_value);
		cmd.seg.token_value = cpu_to_le32(a->token_value);
	}
	return ubnpu_admin(seg->ctx->ub, &cmd, NULL, &a->hdr);
}

/* The memory is pinned. */
static int seg_insert(struct ubnpu_seg *seg, struct ub_ioc_reg_seg *a)
{
	struct ubnpu_ctx *ctx = seg->ctx;
	struct ubnpu_ids *ids = &ctx->ub->segs;
	u32 cap = READ_ONCE(ubnpu_max_segs_per_ctx);
	int ret;

	lockdep_assert_held(&ctx->lock);
	if (ctx->nr_segs >= cap)
		return ubnpu_fail(&a->hdr, -EDQUOT, UB_EXT_CTX_LIMIT, UB_OBJ_SEG, cap);
	ret = ubnpu_id_alloc(ids, &seg->id);
	if (ret == -EBUSY)
		return ubnpu_fail(&a->hdr, -ENOSPC, UB_EXT_DEV_LIMIT, UB_OBJ_SEG, ids->max);
	if (ret)
		return ubnpu_fail_nomem(&a->hdr);
	ret = ubnpu_mem_map(&ctx->pt, seg->mem, &a->hdr);
	if (ret)
		goto free_id;
	ret = seg_create_on_device(seg, a);
	if (ret)
		goto unmap;
	list_add_tail(&seg->node, &ctx->segs);
	ctx->nr_segs++;
	ubnpu_id_publish(ids, seg->id, seg);
	return 0;
unmap:
	ubnpu_mem_unmap(&ctx->pt, seg->mem);
free_id:
	ubnpu_id_free(ctx->ub, ids, seg->id);
	return ret;
}

int ubnpu_reg_seg(struct ubnpu_ctx *ctx, struct ubnpu_call *call)
{
	struct ub_ioc_reg_seg *a = &call->reg_seg;
	struct ubnpu_seg *seg;
	int ret = ubnpu_check_mm(ctx, &a->hdr) ?: ub_check_reg_seg(a);

	if (ret)
		return ret;
	seg = kzalloc(sizeof(*seg), GFP_KERNEL_ACCOUNT);
	if (!seg)
		return ubnpu_fail_nomem(&a->hdr);
	ret = ubnpu_user_charge(ctx, UB_OBJ_SEG, 1, &a->hdr);
	if (ret)
		goto free;
	seg->ctx = ctx;
	seg->access = a->access;
	seg->flags = a->flags;
	seg->token_policy = a->token_policy;
	seg->mem = ubnpu_mem_pin(ctx, a->addr, a->len, !(a->flags & UB_REG_F_READ_ONLY), &a->hdr);
	if (IS_ERR(seg->mem)) {
		ret = PTR_ERR(seg->mem);
		goto uncharge;
	}
	ret = ubnpu_enter(ctx, &a->hdr);
	if (ret)
		goto unpin;
	ret = seg_insert(seg, a);
	if (!ret) {
		a->token_id = seg->id;
		a->leaf_4k = seg->mem->leaf_4k;
		a->leaf_2m = seg->mem->leaf_2m;
		trace_ubnpu_reg_seg(seg);
	}
	ubnpu_leave(ctx);
	if (!ret)
		return 0;
unpin:
	ubnpu_mem_unpin(ctx, seg->mem);
uncharge:
	ubnpu_user_uncharge(ctx, UB_OBJ_SEG, 1);
free:
	kfree(seg);
	return ret;
}

struct ubnpu_seg *ubnpu_seg_find(struct ubnpu_ctx *ctx, u32 id, struct ub_ioc_hdr *hdr)
{
	struct ubnpu_seg *seg;

	lockdep_assert_held(&ctx->lock);
	rcu_read_lock();
	seg = xa_load(&ctx->ub->segs.xa, id);
	if (seg && seg->ctx != ctx)
		seg = NULL;
	rcu_read_unlock();
	if (!seg)
		ubnpu_fail(hdr, -ENOENT, UB_EXT_NO_SUCH_OBJECT, id, 0);
	return seg;
}

/* The device holds the segment no more. */
static void seg_free(struct ubnpu_seg *seg)
{
	struct ubnpu_ctx *ctx = seg->ctx;

	lockdep_assert_held(&ctx->lock);
	trace_ubnpu_dereg_seg(seg);
	list_del(&seg->node);
	ctx->nr_segs--;
	ubnpu_id_free(ctx->ub, &ctx->ub->segs, seg->id);
	ubnpu_mem_unmap(&ctx->pt, seg->mem);
	ubnpu_mem_unpin(ctx, seg->mem);
	ubnpu_user_uncharge(ctx, UB_OBJ_SEG, 1);
	kfree_rcu(seg, rcu);
}

int ubnpu_dereg_seg(struct ubnpu_ctx *ctx, struct ubnpu_call *call)
{
	struct ub_ioc_dereg_seg *a = &call->dereg_seg;
	struct ubnpu_seg *seg;
	int ret = ub_check_dereg_seg(a) ?: ubnpu_enter(ctx, &a->hdr);

	if (ret)
		return ret;
	seg = ubnpu_seg_find(ctx, a->token_id, &a->hdr);
	ret = seg ? ubnpu_admin_id(ctx->ub, UB_ADMIN_DESTROY_SEG, seg->id, NULL, &a->hdr) :
		    -ENOENT;
	if (!ret)
		seg_free(seg);
	ubnpu_leave(ctx);
	return ret;
}

int ubnpu_set_token(struct ubnpu_ctx *ctx, struct ubnpu_call *call)
{
	struct ub_ioc_set_token *a = &call->set_token;
	struct ub_admin_cmd cmd = {
		.opcode = UB_ADMIN_MODIFY_SEG,
		.id = cpu_to_le32(a->token_id),
		.seg.token_value = cpu_to_le32(a->token_value),
	};
	struct ubnpu_seg *seg;
	int ret = ubnpu_enter(ctx, &a->hdr);

	if (ret)
		return ret;
	seg = ubnpu_seg_find(ctx, a->token_id, &a->hdr);
	ret = seg ? ub_check_set_token(a, seg->access, seg->token_policy) : -ENOENT;
	if (!ret)
		ret = ubnpu_admin(ctx->ub, &cmd, NULL, &a->hdr);
	ubnpu_leave(ctx);
	return ret;
}

void ubnpu_segs_release(struct ubnpu_ctx *ctx, bool device)
{
	struct ubnpu_seg *seg, *next;

	lockdep_assert_held(&ctx->lock);
	list_for_each_entry_safe(seg, next, &ctx->segs, node) {
		if (device)
			ubnpu_destroy_retry(ctx, UB_ADMIN_DESTROY_SEG, seg->id);
		seg_free(seg);
		cond_resched();
	}
}
