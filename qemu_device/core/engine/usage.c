/* SPDX-License-Identifier: MIT */
/* What a send queue has done. */
#include "engine/usage.h"

static uint64_t usage_clock(struct ub_jfs *jfs)
{
	struct ub_core *core = jfs->obj.core;

	return core->host.clock_ns(core->opaque);
}

/* The inverse of ub_hw_usage_least(). */
static unsigned bucket_of(uint64_t ns)
{
	unsigned log, bucket;

	if (ns < 256)
		return 0;
	log = 63 - (unsigned)__builtin_clzll(ns);
	bucket = 1 + 2 * (log - 8) + (ns >> (log - 1) & 1);
	return bucket < UB_USAGE_BUCKETS ? bucket : UB_USAGE_BUCKETS - 1;
}

void ub_usage_begin(struct ub_jfs *jfs)
{
	struct ub_used *used = &jfs->used;

	if (!used->since)
		used->since = usage_clock(jfs);
	if (!used->taken)
		used->taken = used->since;
}

static void count_busy(struct ub_used *used, uint64_t now)
{
	ub_add(&used->busy_ns, now - used->since);
	used->since = now;
}

/* Of n commands, each had its share of the time since the first was taken. */
static void count_service(struct ub_used *used, uint64_t now, unsigned n)
{
	uint64_t ns = now - used->taken;
	atomic_uint *bucket = &used->service[bucket_of(n == 1 ? ns : ns / n)];

	ub_add(&used->service_ns, ns);
	atomic_store_explicit(bucket, atomic_load_explicit(bucket, memory_order_relaxed) + n,
			      memory_order_relaxed);
	used->taken = 0;
	used->untimed = 0;
}

void ub_usage_end(struct ub_jfs *jfs, uint64_t now)
{
	struct ub_used *used = &jfs->used;

	if (!now) {
		used->untimed++;
		return;
	}
	/* One that was flushed before a thread went on with it. */
	if (!used->since)
		used->since = now;
	if (!used->taken)
		used->taken = used->since;
	count_service(used, now, used->untimed + 1);
	count_busy(used, now);
}

void ub_usage_leave(struct ub_jfs *jfs)
{
	struct ub_used *used = &jfs->used;

	if (!used->since)
		return;
	if (jfs->cur.active || used->untimed) {
		uint64_t now = usage_clock(jfs);

		if (!jfs->cur.active)
			count_service(used, now, used->untimed);
		count_busy(used, now);
	}
	used->since = 0;
}

void ub_usage_drop(struct ub_jfs *jfs)
{
	jfs->used.taken = 0;
	jfs->used.untimed = 0;
}

void ub_usage_add(struct ub_hw_usage *sum, struct ub_jfs *jfs)
{
	struct ub_used *used = &jfs->used;

	sum->busy_ns += atomic_load(&used->busy_ns);
	sum->bytes += atomic_load(&used->bytes);
	sum->errors += atomic_load(&used->errors);
	sum->service_ns += atomic_load(&used->service_ns);
	sum->doorbells += atomic_load(&jfs->doorbells);
	for (unsigned i = 0; i < UB_USAGE_BUCKETS; i++)
		sum->service[i] += atomic_load(&used->service[i]);
	pthread_mutex_lock(&jfs->lock);
	sum->wqes += jfs->count;
	sum->pending += ub_load(&jfs->rec->pi) - jfs->ci;
	pthread_mutex_unlock(&jfs->lock);
}
