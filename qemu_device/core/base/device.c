/* SPDX-License-Identifier: MIT */
/* A device's memory, locks and references; its capabilities and its first error. */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/device.h"

#define ATTEND_NS	200000		/* how often a thread that waits attends */

#define CAPS (UB_CAP_EVENT_IDX | UB_CAP_TOKEN | UB_CAP_STRICT | UB_CAP_MODERATION | \
	      UB_CAP_EMULATED)

static void init_locks(struct ub_core *core)
{
	pthread_rwlockattr_t attr;

	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&core->dma_lock, &attr);
	pthread_rwlockattr_destroy(&attr);
	pthread_mutex_init(&core->admin_lock, NULL);
	pthread_cond_init(&core->admin_cond, NULL);
	pthread_mutex_init(&core->err_lock, NULL);
	pthread_mutex_init(&core->inject.lock, NULL);
}

static void destroy_locks(struct ub_core *core)
{
	pthread_rwlock_destroy(&core->dma_lock);
	pthread_mutex_destroy(&core->admin_lock);
	pthread_cond_destroy(&core->admin_cond);
	pthread_mutex_destroy(&core->err_lock);
	pthread_mutex_destroy(&core->inject.lock);
}

static bool init_tables(struct ub_core *core, const uint32_t limits[UB_KINDS])
{
	core->db = calloc(core->cfg.db_pages, sizeof(*core->db));
	for (unsigned kind = 0; kind < UB_KINDS; kind++)
		if (ub_idmap_init(&core->map[kind], limits[kind]))
			return false;
	return core->db;
}

static void free_tables(struct ub_core *core)
{
	for (unsigned kind = 0; kind < UB_KINDS; kind++)
		ub_idmap_fini(&core->map[kind]);
	free(core->db);
}

struct ub_core *ub_core_alloc(const struct ub_core_config *config, const struct ub_core_host *host,
			      void *opaque, const uint32_t limits[UB_KINDS])
{
	struct ub_core *core = aligned_alloc(64, sizeof(*core));

	if (!core)
		return NULL;
	memset(core, 0, sizeof(*core));
	core->cfg = *config;
	core->host = *host;
	core->opaque = opaque;
	atomic_init(&core->refs, 1);
	atomic_init(&core->status, UB_STATUS_READY);
	init_locks(core);
	if (init_tables(core, limits))
		return core;
	ub_core_put(core);
	return NULL;
}

void ub_core_get(struct ub_core *core)
{
	atomic_fetch_add_explicit(&core->refs, 1, memory_order_relaxed);
}

void ub_core_put(struct ub_core *core)
{
	if (atomic_fetch_sub_explicit(&core->refs, 1, memory_order_acq_rel) != 1)
		return;
	destroy_locks(core);
	free_tables(core);
	free(core);
}

uint64_t ub_caps(const struct ub_core_config *c)
{
	return CAPS | (c->hbm_size ? UB_CAP_HBM : 0) | (c->inject ? UB_CAP_INJECT : 0) |
	       (c->direct_wqe ? UB_CAP_DIRECT_WQE : 0) | (c->huge_leaf ? UB_CAP_HUGE_LEAF : 0) |
	       (c->progress ? UB_CAP_PROGRESS : 0) | (c->usage ? UB_CAP_USAGE : 0);
}

void ub_capture(struct ub_core *core, uint32_t cause, uint64_t info)
{
	pthread_mutex_lock(&core->err_lock);
	if (core->err_cause == UB_ERR_NONE) {
		core->err_cause = cause;
		core->err_info = info;
	}
	pthread_mutex_unlock(&core->err_lock);
}

static struct timespec attend_time(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	ts.tv_nsec += ATTEND_NS;
	if (ts.tv_nsec >= 1000000000) {
		ts.tv_nsec -= 1000000000;
		ts.tv_sec++;
	}
	return ts;
}

/* As a waiting writer it keeps new readers out, so it gets the lock however busy they are. */
void ub_dma_lock_write(struct ub_core *core)
{
	struct timespec until;

	if (!core->host.attend) {
		pthread_rwlock_wrlock(&core->dma_lock);
		return;
	}
	if (!pthread_rwlock_trywrlock(&core->dma_lock))
		return;
	do {
		core->host.attend(core->opaque);
		until = attend_time(CLOCK_MONOTONIC);
	} while (pthread_rwlock_clockwrlock(&core->dma_lock, CLOCK_MONOTONIC, &until) == ETIMEDOUT);
}

void ub_core_wait(struct ub_core *core, pthread_cond_t *cond, pthread_mutex_t *lock)
{
	struct timespec until;

	if (!core->host.attend) {
		pthread_cond_wait(cond, lock);
		return;
	}
	pthread_mutex_unlock(lock);
	core->host.attend(core->opaque);
	pthread_mutex_lock(lock);
	until = attend_time(CLOCK_MONOTONIC);
	pthread_cond_clockwait(cond, lock, CLOCK_MONOTONIC, &until);
}

void ub_dma_lock(struct ub_core *a, struct ub_core *b)
{
	if ((uintptr_t)a > (uintptr_t)b) {
		struct ub_core *t = a;

		a = b;
		b = t;
	}
	pthread_rwlock_rdlock(&a->dma_lock);
	if (a != b)
		pthread_rwlock_rdlock(&b->dma_lock);
}

void ub_dma_unlock(struct ub_core *a, struct ub_core *b)
{
	pthread_rwlock_unlock(&a->dma_lock);
	if (a != b)
		pthread_rwlock_unlock(&b->dma_lock);
}
