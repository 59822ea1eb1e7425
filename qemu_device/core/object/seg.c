/* SPDX-License-Identifier: MIT */
/* Segments: admin commands, and the checks of an access up to the page table. */
#include <stdlib.h>

#include "object/object.h"

#define SEG_OFF(member) UB_ADMIN_OFF(seg.member)

static bool seg_access_valid(uint32_t access)
{
	switch (access) {
	case UB_ACCESS_LOCAL_ONLY:
	case UB_ACCESS_READ:
	case UB_ACCESS_READ | UB_ACCESS_WRITE:
	case UB_ACCESS_READ | UB_ACCESS_WRITE | UB_ACCESS_ATOMIC:
		return true;
	default:
		return false;
	}
}

static bool seg_range_valid(uint64_t at, uint64_t len)
{
	return at <= 1ull << UB_UBA_BITS && len <= (1ull << UB_UBA_BITS) - at;
}

static int check_seg(struct ub_admin *a)
{
	const struct ub_admin_seg *s = &a->cmd->seg;

	if (s->len == 0)
		return ub_admin_fail(a, UB_ADMIN_BAD_FIELD, SEG_OFF(len));
	if (!seg_range_valid(s->va, s->len))
		return ub_admin_fail(a, UB_ADMIN_BAD_FIELD, SEG_OFF(va));
	if (!seg_range_valid(s->uba, s->len) || (s->va ^ s->uba) % UB_HW_PAGE_SIZE)
		return ub_admin_fail(a, UB_ADMIN_BAD_FIELD, SEG_OFF(uba));
	if (!seg_access_valid(s->access))
		return ub_admin_fail(a, UB_ADMIN_BAD_FIELD, SEG_OFF(access));
	if (s->token_policy != UB_HW_TOKEN_NONE && s->token_policy != UB_HW_TOKEN_PLAIN_TEXT)
		return ub_admin_fail(a, UB_ADMIN_BAD_FIELD, SEG_OFF(token_policy));
	return 0;
}

static void fill_seg(struct ub_seg *seg, const struct ub_admin_seg *s)
{
	seg->va = s->va;
	seg->uba = s->uba;
	seg->len = s->len;
	seg->access = s->access;
	seg->policy = s->token_policy;
	atomic_init(&seg->token, s->token_value);
	atomic_init(&seg->holds, 0);
}

int ub_seg_create(struct ub_admin *a)
{
	struct ub_ctx *ctx;
	struct ub_seg *seg;
	int ret = ub_admin_check_new(a, UB_KIND_SEG);

	if (!ret)
		ret = check_seg(a);
	if (ret)
		return ret;
	ctx = ub_admin_ctx(a, a->cmd->seg.tid, SEG_OFF(tid));
	if (!ctx)
		return UB_ADMIN_BAD_ID;
	seg = ub_obj_new(a->core, UB_KIND_SEG, a->cmd->id);
	if (!seg)
		return ub_admin_fail(a, UB_ADMIN_NO_MEMORY, 0);
	fill_seg(seg, &a->cmd->seg);
	seg->ctx = ctx;
	ub_obj_use(&ctx->obj);
	ub_obj_publish(&seg->obj);
	return 0;
}

int ub_seg_modify(struct ub_admin *a)
{
	struct ub_obj *obj = ub_admin_obj(a, UB_KIND_SEG);

	if (!obj)
		return UB_ADMIN_BAD_ID;
	atomic_store(&ub_container(obj, struct ub_seg, obj)->token, a->cmd->seg.token_value);
	return 0;
}

int ub_seg_destroy(struct ub_admin *a)
{
	struct ub_obj *obj = ub_admin_obj(a, UB_KIND_SEG);
	struct ub_seg *seg;

	if (!obj)
		return UB_ADMIN_BAD_ID;
	seg = ub_container(obj, struct ub_seg, obj);
	return ub_admin_end_unheld(a, obj, &seg->holds, seg->ctx);
}

void ub_seg_end(struct ub_obj *obj)
{
	ub_obj_put(&ub_container(obj, struct ub_seg, obj)->ctx->obj);
}

/* ---- Checks ---- */
static bool is_inside_seg(const struct ub_seg *seg, uint64_t addr, uint64_t len)
{
	return addr >= seg->va && len <= seg->len && addr - seg->va <= seg->len - len;
}

static void fill_mem(struct ub_mem *mem, struct ub_seg *seg, uint64_t addr, uint64_t len)
{
	ub_obj_get(&seg->obj);
	mem->seg = seg;
	mem->addr = addr;
	mem->len = len;
	mem->held = false;
}

int ub_seg_local(struct ub_ctx *ctx, uint32_t token_id, uint64_t addr, uint64_t len,
		 struct ub_mem *mem)
{
	struct ub_obj *obj = ub_idmap_get(&ctx->obj.core->map[UB_KIND_SEG], token_id);
	struct ub_seg *seg = obj ? ub_container(obj, struct ub_seg, obj) : NULL;

	if (!seg || seg->ctx != ctx)
		return UB_SUB_TOKEN_ID;
	if (!is_inside_seg(seg, addr, len))
		return UB_SUB_BOUNDS;
	fill_mem(mem, seg, addr, len);
	return 0;
}

/* What is not there and what the caller has no token for get one answer, so nobody can search. */
static bool is_open_to(const struct ub_seg *seg, const struct ub_ctx *user, const uint32_t *token)
{
	if (seg->access == UB_ACCESS_LOCAL_ONLY)
		return seg->ctx == user;
	return !token || seg->policy == UB_HW_TOKEN_NONE || atomic_load(&seg->token) == *token;
}

int ub_seg_token(struct ub_core *owner, const struct ub_ctx *user, uint32_t token_id,
		 const uint32_t *token, uint32_t access, uint64_t addr, uint64_t len,
		 struct ub_mem *mem)
{
	struct ub_obj *obj = ub_idmap_get(&owner->map[UB_KIND_SEG], token_id);
	struct ub_seg *seg = obj ? ub_container(obj, struct ub_seg, obj) : NULL;

	if (!seg || !is_open_to(seg, user, token))
		return UB_SUB_TOKEN;
	if (!is_inside_seg(seg, addr, len))
		return UB_SUB_BOUNDS;
	if (seg->access != UB_ACCESS_LOCAL_ONLY && access & ~seg->access)
		return UB_SUB_RIGHTS;
	fill_mem(mem, seg, addr, len);
	return 0;
}

void ub_mem_hold(struct ub_mem *mem)
{
	atomic_fetch_add(&mem->seg->holds, 1);
	mem->held = true;
}

void ub_mem_unhold(struct ub_mem *mem)
{
	if (mem->held)
		atomic_fetch_sub(&mem->seg->holds, 1);
	mem->held = false;
}

void ub_mem_put(struct ub_mem *mem)
{
	ub_mem_unhold(mem);
	if (mem->seg)
		ub_obj_put(&mem->seg->obj);
	mem->seg = NULL;
	mem->len = 0;
}
