/* SPDX-License-Identifier: MIT */
/*
 * Counters. What each command moves is counted in its queues, where one thread at a time writes,
 * and added up when somebody asks; an atomic addition for each would be a good part of a small
 * command.
 */
#include "core_internal.h"

static const enum ub_stat of_jfs[] = {
	UB_ST_WQES, UB_ST_DOORBELLS, UB_ST_DIRECT_WQES, UB_ST_INLINE_WQES, UB_ST_ENGINE_WQES,
};

#define JFS_STATS (sizeof(of_jfs) / sizeof(of_jfs[0]))

static uint64_t jfs_count(struct ub_jfs *jfs, enum ub_stat stat)
{
	switch (stat) {
	case UB_ST_WQES: return jfs->count;
	case UB_ST_DOORBELLS: return atomic_load(&jfs->doorbells);
	case UB_ST_DIRECT_WQES: return jfs->direct_wqes;
	case UB_ST_INLINE_WQES: return atomic_load(&jfs->inline_wqes);
	case UB_ST_ENGINE_WQES: return atomic_load(&jfs->engine_wqes);
	default: return 0;
	}
}

static uint64_t jfs_sum(struct ub_core *core, enum ub_stat stat)
{
	uint64_t sum = 0;
	struct ub_obj *obj;

	for (uint32_t id = 0; (obj = ub_idmap_next(&core->jfs, &id));) {
		struct ub_jfs *jfs = ub_container(obj, struct ub_jfs, obj);

		pthread_mutex_lock(&jfs->lock);
		sum += jfs_count(jfs, stat);
		pthread_mutex_unlock(&jfs->lock);
	}
	return sum;
}

static uint64_t jfc_sum(struct ub_core *core)
{
	uint64_t sum = 0;
	struct ub_obj *obj;

	for (uint32_t id = 0; (obj = ub_idmap_next(&core->jfc, &id));) {
		struct ub_jfc *jfc = ub_container(obj, struct ub_jfc, obj);

		pthread_mutex_lock(&jfc->lock);
		sum += jfc->count;
		pthread_mutex_unlock(&jfc->lock);
	}
	return sum;
}

static bool is_of_jfs(enum ub_stat stat)
{
	for (unsigned i = 0; i < JFS_STATS; i++)
		if (of_jfs[i] == stat)
			return true;
	return false;
}

uint64_t ub_stat_read(struct ub_core *core, enum ub_stat stat)
{
	uint64_t v;

	pthread_rwlock_rdlock(&core->dma_lock);
	v = atomic_load_explicit(&core->stat[stat].v, memory_order_relaxed);
	if (is_of_jfs(stat))
		v += jfs_sum(core, stat);
	else if (stat == UB_ST_CQES)
		v += jfc_sum(core);
	pthread_rwlock_unlock(&core->dma_lock);
	return v;
}

/* sign: 1 or -1, modulo 2^64. */
static void fold(struct ub_obj *obj, uint64_t sign)
{
	struct ub_jfs *jfs = ub_container(obj, struct ub_jfs, obj);

	if (obj->kind == UB_KIND_JFC)
		ub_count(obj->core, UB_ST_CQES,
			 sign * ub_container(obj, struct ub_jfc, obj)->count);
	for (unsigned i = 0; obj->kind == UB_KIND_JFS && i < JFS_STATS; i++)
		ub_count(obj->core, of_jfs[i], sign * jfs_count(jfs, of_jfs[i]));
}

void ub_stat_retire(struct ub_obj *obj)
{
	fold(obj, 1);
}

void ub_stat_adopt(struct ub_obj *obj)
{
	fold(obj, -(uint64_t)1);
}
