/* SPDX-License-Identifier: MIT */
/* Id tables. */
#include <errno.h>
#include <stdlib.h>

#include "base/object.h"

static uint32_t leaf_count(const struct ub_idmap *map)
{
	return (map->max >> UB_IDMAP_BITS) + 1;
}

int ub_idmap_init(struct ub_idmap *map, uint32_t max)
{
	map->max = max;
	map->leaf = calloc(leaf_count(map), sizeof(*map->leaf));
	return map->leaf ? 0 : -ENOMEM;
}

void ub_idmap_fini(struct ub_idmap *map)
{
	if (!map->leaf)
		return;
	for (uint32_t i = 0; i < leaf_count(map); i++)
		free(atomic_load(&map->leaf[i]));
	free(map->leaf);
	map->leaf = NULL;
}

struct ub_obj *ub_idmap_get(struct ub_idmap *map, uint32_t id)
{
	_Atomic(struct ub_obj *) *leaf;

	if (id == 0 || id > map->max)
		return NULL;
	leaf = atomic_load_explicit(&map->leaf[id >> UB_IDMAP_BITS], memory_order_acquire);
	if (!leaf)
		return NULL;
	return atomic_load_explicit(&leaf[id & ((1u << UB_IDMAP_BITS) - 1)], memory_order_acquire);
}

int ub_idmap_reserve(struct ub_idmap *map, uint32_t id)
{
	_Atomic(struct ub_obj *) *leaf;

	if (atomic_load(&map->leaf[id >> UB_IDMAP_BITS]))
		return 0;
	leaf = calloc(1u << UB_IDMAP_BITS, sizeof(*leaf));
	if (!leaf)
		return -ENOMEM;
	atomic_store(&map->leaf[id >> UB_IDMAP_BITS], leaf);
	return 0;
}

void ub_idmap_set(struct ub_idmap *map, uint32_t id, struct ub_obj *obj)
{
	_Atomic(struct ub_obj *) *leaf = atomic_load(&map->leaf[id >> UB_IDMAP_BITS]);

	atomic_store_explicit(&leaf[id & ((1u << UB_IDMAP_BITS) - 1)], obj, memory_order_release);
}

struct ub_obj *ub_idmap_next(struct ub_idmap *map, uint32_t *id)
{
	for (uint64_t i = (uint64_t)*id + 1; i <= map->max; i++) {
		struct ub_obj *obj;

		if (!atomic_load(&map->leaf[i >> UB_IDMAP_BITS])) {
			i |= (1u << UB_IDMAP_BITS) - 1;
			continue;
		}
		obj = ub_idmap_get(map, (uint32_t)i);
		if (!obj)
			continue;
		*id = (uint32_t)i;
		return obj;
	}
	return NULL;
}

void ub_idmap_drain(struct ub_idmap *map, struct ub_obj **list)
{
	for (uint32_t i = 0; i < leaf_count(map); i++) {
		_Atomic(struct ub_obj *) *leaf = atomic_load(&map->leaf[i]);

		for (uint32_t j = 0; leaf && j < 1u << UB_IDMAP_BITS; j++) {
			struct ub_obj *obj = atomic_load(&leaf[j]);

			if (!obj)
				continue;
			atomic_store(&leaf[j], NULL);
			obj->next = *list;
			*list = obj;
		}
	}
}
