/* SPDX-License-Identifier: MIT */
/* Lives of objects: references, id tables. */
#include <errno.h>
#include <stdlib.h>

#include "core_internal.h"

void ub_obj_init(struct ub_obj *obj, struct ub_core *core, enum ub_kind kind, uint32_t id)
{
	atomic_init(&obj->refs, 1);
	atomic_init(&obj->dead, false);
	obj->kind = kind;
	obj->id = id;
	obj->core = core;
}

void ub_obj_get(struct ub_obj *obj)
{
	atomic_fetch_add_explicit(&obj->refs, 1, memory_order_relaxed);
}

static void free_queue_memory(struct ub_pinned *ring, struct ub_pinned *rec, pthread_mutex_t *lock)
{
	free(ring->page);
	free(rec->page);
	pthread_mutex_destroy(lock);
}

static void free_jfs(struct ub_jfs *jfs)
{
	free_queue_memory(&jfs->ring, &jfs->rec_pin, &jfs->lock);
	ub_obj_put(&jfs->jfc->obj);
	if (jfs->jfr)
		ub_obj_put(&jfs->jfr->obj);
	ub_obj_put(&jfs->ctx->obj);
	free(jfs);
}

static void free_jfr(struct ub_jfr *jfr)
{
	free_queue_memory(&jfr->ring, &jfr->rec_pin, &jfr->lock);
	ub_obj_put(&jfr->jfc->obj);
	ub_obj_put(&jfr->ctx->obj);
	free(jfr);
}

static void free_jfc(struct ub_jfc *jfc)
{
	free_queue_memory(&jfc->ring, &jfc->rec_pin, &jfc->lock);
	ub_obj_put(&jfc->eq->obj);
	ub_obj_put(&jfc->ctx->obj);
	free(jfc);
}

static void free_eq(struct ub_eq *eq)
{
	free_queue_memory(&eq->ring, &eq->rec_pin, &eq->lock);
	free(eq);
}

static void free_seg(struct ub_seg *seg)
{
	ub_obj_put(&seg->ctx->obj);
	free(seg);
}

static void free_ctx(struct ub_ctx *ctx)
{
	free(ctx->root.page);
	free(ctx);
}

void ub_obj_put(struct ub_obj *obj)
{
	if (atomic_fetch_sub_explicit(&obj->refs, 1, memory_order_acq_rel) != 1)
		return;
	switch (obj->kind) {
	case UB_KIND_CTX:
		free_ctx(ub_container(obj, struct ub_ctx, obj));
		break;
	case UB_KIND_SEG:
		free_seg(ub_container(obj, struct ub_seg, obj));
		break;
	case UB_KIND_EQ:
		free_eq(ub_container(obj, struct ub_eq, obj));
		break;
	case UB_KIND_JFC:
		free_jfc(ub_container(obj, struct ub_jfc, obj));
		break;
	case UB_KIND_JFR:
		free_jfr(ub_container(obj, struct ub_jfr, obj));
		break;
	case UB_KIND_JFS:
		free_jfs(ub_container(obj, struct ub_jfs, obj));
		break;
	}
}

static void kill_jfs(struct ub_jfs *jfs)
{
	struct ub_cmd *cmd = &jfs->cur;

	atomic_fetch_add(&jfs->gen, 1);
	for (unsigned i = 0; i < cmd->nsge; i++)
		ub_mem_unhold(&cmd->mem[i]);
	ub_mem_unhold(&cmd->rmt);
	ub_mem_unhold(&cmd->notify);
}

void ub_obj_kill(struct ub_obj *obj)
{
	atomic_store(&obj->dead, true);
	ub_stat_retire(obj);
	if (obj->kind == UB_KIND_JFS)
		kill_jfs(ub_container(obj, struct ub_jfs, obj));
	else if (obj->kind == UB_KIND_JFR)
		atomic_fetch_add(&ub_container(obj, struct ub_jfr, obj)->gen, 1);
}

static void detach_pair(struct ub_core *core, struct ub_pinned *ring, struct ub_pinned *rec)
{
	ub_unpin(ring, core);
	ub_unpin(rec, core);
}

void ub_obj_detach(struct ub_obj *obj)
{
	struct ub_core *core = obj->core;
	struct ub_ctx *ctx = ub_container(obj, struct ub_ctx, obj);
	struct ub_eq *eq = ub_container(obj, struct ub_eq, obj);
	struct ub_jfc *jfc = ub_container(obj, struct ub_jfc, obj);
	struct ub_jfr *jfr = ub_container(obj, struct ub_jfr, obj);
	struct ub_jfs *jfs = ub_container(obj, struct ub_jfs, obj);

	if (obj->kind == UB_KIND_JFS)
		ub_engine_wait_work(jfs);
	switch (obj->kind) {
	case UB_KIND_CTX:
		ub_unpin(&ctx->root, core);
		break;
	case UB_KIND_SEG:
		break;
	case UB_KIND_EQ:
		detach_pair(core, &eq->ring, &eq->rec_pin);
		break;
	case UB_KIND_JFC:
		detach_pair(core, &jfc->ring, &jfc->rec_pin);
		break;
	case UB_KIND_JFR:
		detach_pair(core, &jfr->ring, &jfr->rec_pin);
		break;
	case UB_KIND_JFS:
		detach_pair(core, &jfs->ring, &jfs->rec_pin);
		break;
	}
}

void ub_obj_destroy(struct ub_obj *obj, struct ub_idmap *map)
{
	pthread_rwlock_wrlock(&obj->core->dma_lock);
	ub_obj_kill(obj);
	ub_idmap_set(map, obj->id, NULL);
	pthread_rwlock_unlock(&obj->core->dma_lock);
	ub_obj_detach(obj);
	ub_obj_put(obj);
}

/* ---- Id tables ---- */
static uint32_t leaves(const struct ub_idmap *map)
{
	return (map->max >> UB_IDMAP_BITS) + 1;
}

int ub_idmap_init(struct ub_idmap *map, uint32_t max)
{
	map->max = max;
	map->leaf = calloc(leaves(map), sizeof(*map->leaf));
	return map->leaf ? 0 : -ENOMEM;
}

void ub_idmap_fini(struct ub_idmap *map)
{
	if (!map->leaf)
		return;
	for (uint32_t i = 0; i < leaves(map); i++)
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
	for (uint32_t i = 0; i < leaves(map); i++) {
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
