/* SPDX-License-Identifier: MIT */
/* Life of a device: configuration, creation, reset, end. */
#include <sched.h>
#include <stdlib.h>

#include "core_internal.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the core is for little-endian hosts");
_Static_assert(sizeof(struct ub_hw_stats) == UB_ST_COUNT * 8, "statistics");

void ub_core_config_init(struct ub_core_config *config)
{
	*config = (struct ub_core_config){
		.engines = 2,
		.max_ctx = 1024,
		.max_seg = 131072,
		.max_jfs = 2048,
		.max_jfr = 2048,
		.max_jfc = 2048,
		.vectors = 8,
		.db_pages = 4096,
		.max_depth = 65536,
		.poll_ns = 20000,
		.inline_bytes = 4096,
		.inject = true,
		.direct_wqe = true,
		.huge_leaf = true,
		.progress = true,
	};
}

static bool in(uint32_t v, uint32_t low, uint32_t high)
{
	return v >= low && v <= high;
}

static const char *check_config(const struct ub_core_config *c)
{
	if (!in(c->engines, 1, 16))
		return "engines must be 1 to 16";
	if (!in(c->max_ctx, 1, UB_HW_ID_MASK) || !in(c->max_seg, 1, UB_HW_ID_MASK) ||
	    !in(c->max_jfs, 1, UB_HW_ID_MASK) || !in(c->max_jfr, 1, UB_HW_ID_MASK) ||
	    !in(c->max_jfc, 1, UB_HW_ID_MASK))
		return "limits of contexts, segments and queues must be 1 to 1048575";
	if (!in(c->vectors, 2, UB_MAX_EQ))
		return "vectors must be 2 to 64";
	if (!in(c->db_pages, 2, 65536))
		return "doorbell pages must be 2 to 65536";
	if (!in(c->max_depth, UB_HW_MIN_DEPTH, 65536) || c->max_depth & (c->max_depth - 1))
		return "ring depth must be a power of two, 64 to 65536";
	if (c->poll_ns > 1000000)
		return "the time an engine polls must be at most 1000 us";
	if (c->inline_bytes > UB_INLINE_TOTAL)
		return "payload of commands on the doorbell's path must be at most 65536 bytes";
	if (c->upi > 0x7fff)
		return "UPI must be at most 32767";
	if (!c->hbm != !c->hbm_size || c->hbm_size % UB_HW_PAGE_SIZE)
		return "device memory must be a multiple of 4096 bytes and have an address";
	return NULL;
}

/* An EID of our own prefix and the GUID's end, when none is given. */
static void derive_eid(struct ub_core_config *c)
{
	static const uint8_t zero[16];

	if (memcmp(c->eid, zero, 16) != 0)
		return;
	memcpy(c->eid, c->guid, 16);
	c->eid[0] = 0xfd;
}

static bool init_tables(struct ub_core *core)
{
	const struct ub_core_config *c = &core->cfg;

	core->db = calloc(c->db_pages, sizeof(*core->db));
	return core->db && !ub_idmap_init(&core->ctx, c->max_ctx) &&
	       !ub_idmap_init(&core->seg, c->max_seg) && !ub_idmap_init(&core->jfs, c->max_jfs) &&
	       !ub_idmap_init(&core->jfr, c->max_jfr) && !ub_idmap_init(&core->jfc, c->max_jfc);
}

static void free_tables(struct ub_core *core)
{
	ub_idmap_fini(&core->ctx);
	ub_idmap_fini(&core->seg);
	ub_idmap_fini(&core->jfs);
	ub_idmap_fini(&core->jfr);
	ub_idmap_fini(&core->jfc);
	free(core->db);
}

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
	ub_inject_init(core);
}

void ub_core_get(struct ub_core *core)
{
	atomic_fetch_add_explicit(&core->refs, 1, memory_order_relaxed);
}

void ub_core_put(struct ub_core *core)
{
	if (atomic_fetch_sub_explicit(&core->refs, 1, memory_order_acq_rel) != 1)
		return;
	pthread_rwlock_destroy(&core->dma_lock);
	pthread_mutex_destroy(&core->admin_lock);
	pthread_cond_destroy(&core->admin_cond);
	pthread_mutex_destroy(&core->err_lock);
	ub_inject_fini(core);
	free_tables(core);
	free(core);
}

struct ub_core *ub_core_new(const struct ub_core_config *config, const struct ub_core_host *host,
			    void *opaque, const char **error)
{
	struct ub_core *core;

	*error = check_config(config);
	if (*error)
		return NULL;
	*error = "no memory for the device's tables";
	core = aligned_alloc(64, sizeof(*core));
	if (!core)
		return NULL;
	memset(core, 0, sizeof(*core));
	core->cfg = *config;
	core->host = *host;
	core->opaque = opaque;
	atomic_init(&core->refs, 1);
	atomic_init(&core->status, UB_STATUS_READY);
	derive_eid(&core->cfg);
	init_locks(core);
	if (!init_tables(core))
		goto fail;
	ub_gemm_setup(&core->cfg);
	*error = "no engine thread could be started";
	if (ub_engine_start(core))
		goto fail;
	*error = "another device of this process has this EID";
	if (ub_fabric_join(core)) {
		ub_engine_stop(core);
		goto fail;
	}
	*error = NULL;
	return core;
fail:
	ub_core_put(core);
	return NULL;
}

void ub_core_free(struct ub_core *core)
{
	if (!core)
		return;
	ub_fabric_leave(core);
	ub_core_reset(core);
	ub_engine_stop(core);
	/* A peer that had decided on an interrupt before the reset may still be raising it. */
	while (atomic_load(&core->callbacks))
		sched_yield();
	ub_core_put(core);
}

/* ---- Locks of a command ---- */
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

/* ---- Reset ---- */
static void drain(struct ub_core *core, struct ub_obj **list)
{
	ub_idmap_drain(&core->jfs, list);
	ub_idmap_drain(&core->jfr, list);
	ub_idmap_drain(&core->jfc, list);
	ub_idmap_drain(&core->seg, list);
	ub_idmap_drain(&core->ctx, list);
	for (unsigned i = 0; i < UB_MAX_EQ; i++) {
		struct ub_obj *eq = atomic_exchange(&core->eq[i], NULL);

		if (!eq)
			continue;
		eq->next = *list;
		*list = eq;
	}
	for (uint32_t i = 0; i < core->cfg.db_pages; i++)
		atomic_store(&core->db[i], NULL);
}

static void reset_registers(struct ub_core *core)
{
	atomic_store(&core->ctrl, 0);
	atomic_store(&core->status, UB_STATUS_READY);
	atomic_store(&core->admin_base, 0);
	atomic_store(&core->admin_depth, 0);
	atomic_store(&core->admin_pi, 0);
	atomic_store(&core->admin_ci, 0);
	pthread_mutex_lock(&core->err_lock);
	core->err_cause = 0;
	core->err_info = 0;
	pthread_mutex_unlock(&core->err_lock);
	atomic_fetch_add(&core->generation, 1);
}

static void bury(struct ub_core *core, struct ub_obj *obj)
{
	ub_obj_detach(obj);
	if (obj->kind == UB_KIND_JFS) {
		struct ub_jfs *jfs = ub_container(obj, struct ub_jfs, obj);

		if (core->host.db_page)
			core->host.db_page(core->opaque, jfs->db_page, false);
		ub_engine_kick(jfs, true);
	}
	if (obj->kind == UB_KIND_JFC)
		ub_engine_cancel(core, &ub_container(obj, struct ub_jfc, obj)->timer);
	ub_obj_put(obj);
}

/* Wait until no other thread works on the admin ring, and keep it so. */
static void admin_claim(struct ub_core *core)
{
	pthread_mutex_lock(&core->admin_lock);
	core->resets_waiting++;
	while (core->admin_busy)
		pthread_cond_wait(&core->admin_cond, &core->admin_lock);
	core->resets_waiting--;
	core->admin_busy = true;
	pthread_mutex_unlock(&core->admin_lock);
}

static void admin_release(struct ub_core *core)
{
	pthread_mutex_lock(&core->admin_lock);
	core->admin_busy = false;
	pthread_cond_broadcast(&core->admin_cond);
	pthread_mutex_unlock(&core->admin_lock);
}

void ub_core_reset(struct ub_core *core)
{
	struct ub_obj *list = NULL, *obj;

	admin_claim(core);
	pthread_mutex_lock(&core->admin_lock);
	pthread_rwlock_wrlock(&core->dma_lock);
	drain(core, &list);
	for (obj = list; obj; obj = obj->next)
		ub_obj_kill(obj);
	ub_inject_clear(core);
	reset_registers(core);
	pthread_rwlock_unlock(&core->dma_lock);
	pthread_mutex_unlock(&core->admin_lock);
	while ((obj = list)) {
		list = obj->next;
		bury(core, obj);
	}
	admin_release(core);
}
