/* SPDX-License-Identifier: MIT */
/* What admin commands have in common: checks, and look-ups that say what is wrong. */
#include "object/object.h"

int ub_admin_fail(struct ub_admin *a, enum ub_admin_status status, uint32_t detail)
{
	a->reply->status = status;
	a->reply->detail = detail;
	return status;
}

int ub_admin_check_new(struct ub_admin *a, enum ub_kind kind)
{
	uint32_t id = a->cmd->id;

	if (!ub_obj_id_valid(a->core, kind, id))
		return ub_admin_fail(a, UB_ADMIN_BAD_ID, UB_ADMIN_OFF(id));
	if (ub_obj_find(a->core, kind, id))
		return ub_admin_fail(a, UB_ADMIN_ID_IN_USE, UB_ADMIN_OFF(id));
	if (ub_obj_reserve(a->core, kind, id))
		return ub_admin_fail(a, UB_ADMIN_NO_MEMORY, 0);
	return 0;
}

int ub_admin_check_ring(struct ub_admin *a, uint64_t ring, uint64_t rec, uint32_t depth,
			uint32_t depth_off)
{
	uint32_t max = a->core->cfg.max_depth;

	if (ring % UB_HW_PAGE_SIZE)
		return ub_admin_fail(a, UB_ADMIN_BAD_FIELD, UB_ADMIN_OFF(jfs.ring));
	if (rec % sizeof(struct ub_hw_jfs_rec))
		return ub_admin_fail(a, UB_ADMIN_BAD_FIELD, UB_ADMIN_OFF(jfs.rec));
	if (depth < UB_HW_MIN_DEPTH || depth & (depth - 1))
		return ub_admin_fail(a, UB_ADMIN_BAD_FIELD, depth_off);
	if (depth > max)
		return ub_admin_fail(a, UB_ADMIN_LIMIT, max);
	return 0;
}

int ub_admin_check_page(struct ub_admin *a, uint32_t page, uint32_t off)
{
	if (page == 0 || page >= a->core->cfg.db_pages)
		return ub_admin_fail(a, UB_ADMIN_BAD_FIELD, off);
	if (atomic_load(&a->core->db[page]))
		return ub_admin_fail(a, UB_ADMIN_ID_IN_USE, off);
	return 0;
}

/* JFS, JFR and JFC have ring, rec and depth at the same place. */
int ub_admin_pin_queue(struct ub_admin *a, struct ub_ctx *ctx, struct ub_obj *obj)
{
	struct ub_pinned *ring = ub_obj_pin(obj, 0), *rec = ub_obj_pin(obj, 1);

	if (a->kept) {
		*ring = a->kept->ring;
		*rec = a->kept->rec;
		memset(a->kept, 0, sizeof(*a->kept));
		return 0;
	}
	if (ub_pin_uba(ring, ctx, a->cmd->jfs.ring, (size_t)a->cmd->jfs.depth * obj->row->slot))
		return ub_admin_fail(a, UB_ADMIN_BAD_ADDRESS, UB_ADMIN_OFF(jfs.ring));
	if (ub_pin_uba(rec, ctx, a->cmd->jfs.rec, sizeof(struct ub_hw_jfs_rec))) {
		ub_pin_drop(ring, a->core);
		return ub_admin_fail(a, UB_ADMIN_BAD_ADDRESS, UB_ADMIN_OFF(jfs.rec));
	}
	return 0;
}

struct ub_ctx *ub_admin_ctx(struct ub_admin *a, uint32_t tid, uint32_t off)
{
	struct ub_obj *obj = ub_obj_find(a->core, UB_KIND_CTX, tid);

	if (!obj)
		ub_admin_fail(a, UB_ADMIN_BAD_ID, off);
	return obj ? ub_container(obj, struct ub_ctx, obj) : NULL;
}

struct ub_obj *ub_admin_obj(struct ub_admin *a, enum ub_kind kind)
{
	struct ub_obj *obj = ub_obj_find(a->core, kind, a->cmd->id);

	if (!obj)
		ub_admin_fail(a, UB_ADMIN_BAD_ID, UB_ADMIN_OFF(id));
	return obj;
}

int ub_admin_end_unheld(struct ub_admin *a, struct ub_obj *obj, const atomic_uint *holds,
			struct ub_ctx *ctx)
{
	uint32_t held;

	/* Holds are taken under the read side: none can come between the look and the kill. */
	ub_dma_lock_write(a->core);
	held = atomic_load(holds);
	if (!held) {
		ub_obj_kill(obj);
		ub_obj_unpublish(obj);
	}
	ub_dma_unlock_write(a->core);
	if (held)
		return ub_admin_fail(a, UB_ADMIN_BUSY, held);
	ctx->obj.users--;
	ub_obj_put(obj);
	return 0;
}
