/* SPDX-License-Identifier: MIT */
/*
 * Counters. What each command moves is counted in its queues, where one thread at a time writes,
 * and added up when somebody asks; an atomic addition for each would be a good part of a small
 * command.
 */
#include "object/object.h"

_Static_assert(sizeof(struct ub_hw_stats) == UB_ST_COUNT * 8, "statistics");
_Static_assert(UB_ST_COUNT <= 32, "bits of struct ub_kind_row");

static bool kind_counts(const struct ub_kind_row *row, enum ub_stat stat)
{
	return row->stats >> stat & 1;
}

static uint64_t sum_of_kind(struct ub_core *core, unsigned kind, enum ub_stat stat)
{
	uint64_t sum = 0;
	struct ub_obj *obj;

	for (uint32_t key = 0; (obj = ub_idmap_next(&core->map[kind], &key));)
		sum += obj->row->count(obj, stat);
	return sum;
}

uint64_t ub_stat_read(struct ub_core *core, enum ub_stat stat)
{
	uint64_t v;

	pthread_rwlock_rdlock(&core->dma_lock);
	v = atomic_load_explicit(&core->stat[stat].v, memory_order_relaxed);
	for (unsigned kind = 0; kind < UB_KINDS; kind++)
		if (kind_counts(&core->kinds[kind], stat))
			v += sum_of_kind(core, kind, stat);
	pthread_rwlock_unlock(&core->dma_lock);
	return v;
}

/* sign: 1 or -1, modulo 2^64. */
static void fold_stats(struct ub_obj *obj, uint64_t sign)
{
	for (unsigned stat = 0; obj->row->stats >> stat; stat++)
		if (kind_counts(obj->row, stat))
			ub_count(obj->core, stat, sign * obj->row->count(obj, stat));
}

void ub_stat_retire(struct ub_obj *obj)
{
	fold_stats(obj, 1);
}

void ub_stat_adopt(struct ub_obj *obj)
{
	fold_stats(obj, -(uint64_t)1);
}
