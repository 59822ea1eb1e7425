/* SPDX-License-Identifier: MIT */
/* BAR 2: doorbell pages. */
#include "core_internal.h"

/* The queue of a page, referenced, or NULL. */
static struct ub_obj *find_page(struct ub_core *core, uint64_t page)
{
	struct ub_obj *obj = NULL;

	if (page >= core->cfg.db_pages)
		return NULL;
	pthread_rwlock_rdlock(&core->dma_lock);
	obj = atomic_load_explicit(&core->db[page], memory_order_acquire);
	if (obj)
		ub_obj_get(obj);
	pthread_rwlock_unlock(&core->dma_lock);
	return obj;
}

void ub_jfs_doorbell(struct ub_jfs *jfs, const void *direct)
{
	struct ub_core *core = jfs->obj.core;
	struct ub_engine *e = &core->engine;
	unsigned s = UB_SCHED_IDLE;

	if (ub_inject_hit(core, &core->inject, UB_FAULT_LOST_DB, jfs->obj.id))
		return;
	ub_count(jfs->obj.core, UB_ST_DOORBELLS, 1);
	atomic_fetch_add_explicit(&jfs->doorbells, 1, memory_order_relaxed);
	if (!jfs->obj.core->cfg.inline_bytes || !ub_pause_inline(e)) {
		ub_engine_kick(jfs, false);
		return;
	}
	if (atomic_compare_exchange_strong(&jfs->sched, &s, UB_SCHED_RUNNING))
		ub_jfs_run(jfs, NULL, direct);
	else
		ub_engine_kick(jfs, false);
	ub_pause_inline_end(e);
}

static bool ring_jfs(struct ub_jfs *jfs, uint64_t at, uint64_t value, unsigned size)
{
	uint8_t direct[UB_HW_WQEBB_SIZE];

	if (at == UB_DB_JFS && size == 4) {
		ub_jfs_doorbell(jfs, NULL);
		return true;
	}
	if (at + size > UB_DB_DIRECT_WQE + UB_HW_WQEBB_SIZE)
		return false;
	pthread_mutex_lock(&jfs->lock);
	memcpy(jfs->direct + at, &value, size);
	memcpy(direct, jfs->direct, sizeof(direct));
	pthread_mutex_unlock(&jfs->lock);
	if (at + size == UB_DB_DIRECT_WQE + UB_HW_WQEBB_SIZE) {
		ub_jfs_doorbell(jfs, direct);
	}
	return true;
}

static bool ring_jfc(struct ub_core *core, struct ub_jfc *jfc, uint64_t at, uint64_t value,
		     unsigned size)
{
	struct ub_after after;

	if (at != UB_DB_JFC || size != 8 ||
	    (value >> UB_DB_JFC_ID_SHIFT & UB_HW_ID_MASK) != jfc->obj.id)
		return false;
	ub_after_init(&after, core);
	pthread_rwlock_rdlock(&core->dma_lock);
	if (!ub_obj_dead(&jfc->obj))
		ub_jfc_rearm(jfc, value, &after);
	pthread_rwlock_unlock(&core->dma_lock);
	ub_after_run(&after);
	return true;
}

static bool ring(struct ub_core *core, uint64_t offset, uint64_t value, unsigned size)
{
	struct ub_obj *obj = find_page(core, offset / UB_HW_PAGE_SIZE);
	uint64_t at = offset % UB_HW_PAGE_SIZE;
	bool ok = false;

	if (!obj)
		return false;
	if (offset % size == 0) {
		if (obj->kind == UB_KIND_JFS)
			ok = ring_jfs(ub_container(obj, struct ub_jfs, obj), at, value, size);
		else
			ok = ring_jfc(core, ub_container(obj, struct ub_jfc, obj), at, value, size);
	}
	ub_obj_put(obj);
	return ok;
}

void ub_core_db_write(struct ub_core *core, uint64_t offset, uint64_t value, unsigned size)
{
	bool size_ok = size == 1 || size == 2 || size == 4 || size == 8;

	ub_count(core, UB_ST_DB_TRAPS, 1);
	if (!size_ok || !ring(core, offset, value, size))
		ub_guest_error(core, "doorbell page %llu: %u bytes 0x%llx at offset 0x%llx ignored",
			       (unsigned long long)(offset / UB_HW_PAGE_SIZE), size,
			       (unsigned long long)value,
			       (unsigned long long)(offset % UB_HW_PAGE_SIZE));
}

void ub_core_db_direct(struct ub_core *core, uint32_t page, const void *wqe64)
{
	struct ub_obj *obj = find_page(core, page);

	ub_count(core, UB_ST_DB_TRAPS, 1);
	if (obj && obj->kind == UB_KIND_JFS) {
		ub_jfs_doorbell(ub_container(obj, struct ub_jfs, obj), wqe64);
	} else {
		ub_guest_error(core, "direct WQE to doorbell page %u, which no JFS has", page);
	}
	if (obj)
		ub_obj_put(obj);
}
