/* SPDX-License-Identifier: MIT */
/* BAR 2: doorbell pages. */
#include "fault/fault.h"
#include "run/run.h"

/*
 * The queue of a page, or NULL. With a queue the dma_lock is held, which keeps it alive: on the
 * way of a small command a lock or a reference more is felt.
 */
static struct ub_obj *lock_page(struct ub_core *core, uint64_t page)
{
	struct ub_obj *obj;

	if (page >= core->cfg.db_pages)
		return NULL;
	pthread_rwlock_rdlock(&core->dma_lock);
	obj = atomic_load_explicit(&core->db[page], memory_order_acquire);
	if (!obj)
		pthread_rwlock_unlock(&core->dma_lock);
	return obj;
}

/* Under dma_lock, which it drops. */
static void ring_send(struct ub_jfs *jfs, const void *direct)
{
	struct ub_core *core = jfs->obj.core;
	unsigned s = UB_SCHED_IDLE;

	if (ub_inject_hit(core, &core->inject, UB_FAULT_LOST_DB, jfs->obj.id)) {
		pthread_rwlock_unlock(&core->dma_lock);
		return;
	}
	atomic_fetch_add_explicit(&jfs->doorbells, 1, memory_order_relaxed);
	if (core->cfg.inline_bytes && !atomic_load(&core->engine.paused) &&
	    atomic_compare_exchange_strong(&jfs->sched, &s, UB_SCHED_RUNNING)) {
		ub_jfs_run_inline(jfs, direct);
		return;
	}
	ub_engine_kick(jfs, false);
	pthread_rwlock_unlock(&core->dma_lock);
}

/* As above. False: no such register. */
static bool ring_jfs(struct ub_jfs *jfs, uint64_t at, uint64_t value, unsigned size)
{
	struct ub_core *core = jfs->obj.core;
	uint8_t direct[UB_HW_WQEBB_SIZE];

	if (at == UB_DB_JFS && size == 4) {
		ring_send(jfs, NULL);
		return true;
	}
	if (at + size > UB_DB_DIRECT_WQE + UB_HW_WQEBB_SIZE) {
		pthread_rwlock_unlock(&core->dma_lock);
		return false;
	}
	pthread_mutex_lock(&jfs->lock);
	memcpy(jfs->direct + at, &value, size);
	memcpy(direct, jfs->direct, sizeof(direct));
	pthread_mutex_unlock(&jfs->lock);
	if (at + size == UB_DB_DIRECT_WQE + UB_HW_WQEBB_SIZE)
		ring_send(jfs, direct);
	else
		pthread_rwlock_unlock(&core->dma_lock);
	return true;
}

/* As above. */
static bool ring_jfc(struct ub_jfc *jfc, uint64_t at, uint64_t value, unsigned size)
{
	struct ub_core *core = jfc->obj.core;
	bool ok = at == UB_DB_JFC && size == 8 &&
		  (value >> UB_DB_JFC_ID_SHIFT & UB_HW_ID_MASK) == jfc->obj.id;
	struct ub_after after;

	ub_after_init(&after, core);
	if (ok)
		ub_jfc_rearm(jfc, value, &after);
	pthread_rwlock_unlock(&core->dma_lock);
	ub_after_run(&after);
	return ok;
}

static bool ring_page(struct ub_core *core, uint64_t offset, uint64_t value, unsigned size)
{
	uint64_t at = offset % UB_HW_PAGE_SIZE;
	struct ub_obj *obj = offset % size ? NULL : lock_page(core, offset / UB_HW_PAGE_SIZE);

	if (!obj)
		return false;
	if (obj->kind == UB_KIND_JFS)
		return ring_jfs(ub_container(obj, struct ub_jfs, obj), at, value, size);
	return ring_jfc(ub_container(obj, struct ub_jfc, obj), at, value, size);
}

void ub_core_db_write(struct ub_core *core, uint64_t offset, uint64_t value, unsigned size)
{
	bool size_ok = size == 1 || size == 2 || size == 4 || size == 8;

	ub_count(core, UB_ST_db_traps, 1);
	if (!size_ok || !ring_page(core, offset, value, size))
		ub_guest_error(core, "doorbell page %llu: %u bytes 0x%llx at offset 0x%llx ignored",
			       (unsigned long long)(offset / UB_HW_PAGE_SIZE), size,
			       (unsigned long long)value,
			       (unsigned long long)(offset % UB_HW_PAGE_SIZE));
}

void ub_core_db_direct(struct ub_core *core, uint32_t page, const void *wqe64)
{
	struct ub_obj *obj = lock_page(core, page);

	ub_count(core, UB_ST_db_traps, 1);
	if (obj && obj->kind == UB_KIND_JFS) {
		ring_send(ub_container(obj, struct ub_jfs, obj), wqe64);
		return;
	}
	if (obj)
		pthread_rwlock_unlock(&core->dma_lock);
	ub_guest_error(core, "direct WQE to doorbell page %u, which no JFS has", page);
}
