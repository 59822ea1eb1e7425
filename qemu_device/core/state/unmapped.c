/* SPDX-License-Identifier: MIT */
/* Translations end, as when the guest's IOMMU unmaps: who has lost memory, what is waited for. */
#include "engine/engine.h"
#include "state/state.h"

struct range {
	uint64_t addr, last;
	bool gone;
};

static bool has_lost(struct ub_obj *obj, const struct range *r)
{
	for (unsigned i = 0; i < UB_KIND_PINS && ub_obj_pin(obj, i); i++)
		if (ub_pin_taken(ub_obj_pin(obj, i), obj->core, r->addr, r->last, r->gone))
			return true;
	return false;
}

static void lose_memory(struct ub_obj *obj, struct ub_after *after)
{
	for (unsigned i = 0; i < UB_KIND_PINS && ub_obj_pin(obj, i); i++)
		ub_pin_lose(ub_obj_pin(obj, i), obj->core, obj->row->pin_written[i]);
	if (obj->row->lose)
		obj->row->lose(obj, after);
	else
		ub_after_error(after, "context %u: its page table was unmapped", obj->id);
}

static void look_at_objects(struct ub_core *core, const struct range *r, struct ub_after *after)
{
	for (unsigned kind = 0; kind < UB_KINDS; kind++) {
		struct ub_obj *obj;

		for (uint32_t key = 0; (obj = ub_idmap_next(&core->map[kind], &key));)
			if (has_lost(obj, r))
				lose_memory(obj, after);
	}
}

static void wait_for_products(struct ub_core *core)
{
	struct ub_obj *obj;

	for (uint32_t key = 0; (obj = ub_idmap_next(&core->map[UB_KIND_JFS], &key));)
		ub_engine_wait_work(ub_container(obj, struct ub_jfs, obj));
}

void ub_core_unmapped(struct ub_core *core, uint64_t addr, uint64_t last, bool gone)
{
	const struct range range = { addr, last, gone };
	struct ub_after after;

	ub_after_init(&after, core);
	pthread_mutex_lock(&core->admin_lock);
	ub_dma_lock_write(core);
	atomic_fetch_add(&core->translations, 1);
	look_at_objects(core, &range, &after);
	ub_dma_unlock_write(core);
	wait_for_products(core);
	pthread_mutex_unlock(&core->admin_lock);
	ub_after_run(&after);
}

void ub_core_drain(struct ub_core *core)
{
	ub_dma_lock_write(core);
	ub_dma_unlock_write(core);
}
