/* SPDX-License-Identifier: MIT */
/* Lives of objects: references, death, memory that is kept for them. */
#include <stdlib.h>

#include "object/object.h"

/* Maps have no key 0. */
static uint32_t map_key(const struct ub_kind_row *row, uint32_t id)
{
	return id + 1 - row->first_id;
}

void *ub_obj_new(struct ub_core *core, enum ub_kind kind, uint32_t id)
{
	const struct ub_kind_row *row = &core->kinds[kind];
	struct ub_obj *obj = calloc(1, row->size);

	if (!obj)
		return NULL;
	atomic_init(&obj->refs, 1);
	atomic_init(&obj->dead, false);
	obj->kind = kind;
	obj->id = id;
	obj->core = core;
	obj->row = row;
	return obj;
}

struct ub_obj *ub_obj_find(struct ub_core *core, enum ub_kind kind, uint32_t id)
{
	return ub_idmap_get(&core->map[kind], map_key(&core->kinds[kind], id));
}

bool ub_obj_id_valid(struct ub_core *core, enum ub_kind kind, uint32_t id)
{
	uint32_t key = map_key(&core->kinds[kind], id);

	return key && key <= core->map[kind].max;
}

int ub_obj_reserve(struct ub_core *core, enum ub_kind kind, uint32_t id)
{
	return ub_idmap_reserve(&core->map[kind], map_key(&core->kinds[kind], id));
}

void ub_obj_publish(struct ub_obj *obj)
{
	ub_idmap_set(&obj->core->map[obj->kind], map_key(obj->row, obj->id), obj);
}

void ub_obj_unpublish(struct ub_obj *obj)
{
	ub_idmap_set(&obj->core->map[obj->kind], map_key(obj->row, obj->id), NULL);
}

void ub_obj_get(struct ub_obj *obj)
{
	atomic_fetch_add_explicit(&obj->refs, 1, memory_order_relaxed);
}

void ub_obj_use(struct ub_obj *obj)
{
	ub_obj_get(obj);
	obj->users++;
}

struct ub_pinned *ub_obj_pin(struct ub_obj *obj, unsigned n)
{
	return obj->row->pin[n] ? (struct ub_pinned *)((char *)obj + obj->row->pin[n]) : NULL;
}

void ub_obj_put(struct ub_obj *obj)
{
	if (atomic_fetch_sub_explicit(&obj->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (unsigned i = 0; i < UB_KIND_PINS && ub_obj_pin(obj, i); i++)
		free(ub_obj_pin(obj, i)->page);
	if (obj->row->end)
		obj->row->end(obj);
	free(obj);
}

void ub_obj_kill(struct ub_obj *obj)
{
	atomic_store(&obj->dead, true);
	ub_stat_retire(obj);
	if (obj->row->kill)
		obj->row->kill(obj);
}

void ub_obj_detach(struct ub_obj *obj)
{
	if (obj->row->quiesce)
		obj->row->quiesce(obj);
	for (unsigned i = 0; i < UB_KIND_PINS && ub_obj_pin(obj, i); i++)
		ub_unpin(ub_obj_pin(obj, i), obj->core);
	if (obj->row->leave)
		obj->row->leave(obj);
}

void ub_obj_destroy(struct ub_obj *obj)
{
	ub_dma_lock_write(obj->core);
	ub_obj_kill(obj);
	ub_obj_unpublish(obj);
	ub_dma_unlock_write(obj->core);
	ub_obj_detach(obj);
	ub_obj_put(obj);
}
