/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The core's host interface on QEMU: DMA by the device's bus address space, MSI-X, clock, log, and
 * eventfds for doorbells. Engine threads run these without the big lock and must never wait for it:
 * a reset holds it while it waits for them. What needs it is left to a bottom half.
 */
#include "qemu/osdep.h"

#include "ubnpu.h"

#include "hw/pci/msix.h"
#include "qemu/event_notifier.h"
#include "qemu/log.h"
#include "qemu/rcu.h"
#include "qemu/timer.h"
#include "uapi/ub_hw.h"

struct UbDoorbell {
	EventNotifier notifier;
	UbNpu *npu;
	uint32_t page;
};

typedef struct UbDoorbellChange {
	uint32_t page;
	bool in_use;
} UbDoorbellChange;

/* Only memory that the process can address: never MMIO, whose access would need the big lock. */
static void *host_map(void *opaque, uint64_t addr, size_t *len, bool is_write)
{
	UbNpu *npu = opaque;
	hwaddr xlat, l = *len;
	MemoryRegion *mr;

	RCU_READ_LOCK_GUARD();
	mr = address_space_translate(pci_get_address_space(&npu->parent), addr, &xlat, &l, is_write,
				     MEMTXATTRS_UNSPECIFIED);
	if (!l || !memory_region_is_ram(mr) || memory_region_is_ram_device(mr) ||
	    (is_write && (mr->readonly || mr->rom_device)))
		return NULL;
	memory_region_ref(mr);
	*len = l;
	return (char *)memory_region_get_ram_ptr(mr) + xlat;
}

static void host_unmap(void *opaque, void *ptr, size_t len, bool is_write, size_t written)
{
	UbNpu *npu = opaque;

	address_space_unmap(pci_get_address_space(&npu->parent), ptr, len, is_write, written);
}

static void host_interrupt(void *opaque, unsigned vector)
{
	UbNpu *npu = opaque;

	if (bql_locked()) {
		msix_notify(&npu->parent, vector);
		return;
	}
	qatomic_or(&npu->pending_vectors, UINT64_C(1) << vector);
	qemu_bh_schedule(npu->bh);
}

static uint64_t host_clock_ns(void *opaque)
{
	return qemu_clock_get_ns(QEMU_CLOCK_REALTIME);
}

static void host_guest_error(void *opaque, const char *line)
{
	UbNpu *npu = opaque;

	qemu_log_mask(LOG_GUEST_ERROR, "ubnpu %s: %s\n",
		      npu->parent.qdev.id ? npu->parent.qdev.id : "-", line);
}

static void host_thread_enter(void *opaque)
{
	rcu_register_thread();
}

static void host_thread_leave(void *opaque)
{
	rcu_unregister_thread();
}

static void host_db_page(void *opaque, uint32_t page, bool in_use)
{
	UbNpu *npu = opaque;
	UbDoorbellChange *change;

	if (npu->ioeventfd != ON_OFF_AUTO_ON)
		return;
	change = g_new(UbDoorbellChange, 1);
	*change = (UbDoorbellChange){ .page = page, .in_use = in_use };
	WITH_QEMU_LOCK_GUARD(&npu->db_lock)
		g_queue_push_tail(&npu->db_changes, change);
	qemu_bh_schedule(npu->bh);
}

/* Rings and records: mapped once, written ever since. */
static void host_kept_written(void *opaque, void *ptr, size_t len)
{
	ram_addr_t offset;
	MemoryRegion *mr;

	RCU_READ_LOCK_GUARD();
	mr = memory_region_from_host(ptr, &offset);
	if (mr)
		memory_region_set_dirty(mr, offset, len);
}

const struct ub_core_host ubnpu_host = {
	.map = host_map,
	.unmap = host_unmap,
	.interrupt = host_interrupt,
	.clock_ns = host_clock_ns,
	.guest_error = host_guest_error,
	.thread_enter = host_thread_enter,
	.thread_leave = host_thread_leave,
	.db_page = host_db_page,
	.kept_written = host_kept_written,
};

static void doorbell_rung(EventNotifier *notifier)
{
	UbDoorbell *db = container_of(notifier, UbDoorbell, notifier);

	if (event_notifier_test_and_clear(notifier))
		ub_core_db_write(db->npu->core, (uint64_t)db->page * UB_HW_PAGE_SIZE + UB_DB_JFS, 0,
				 4);
}

static void doorbell_attach(UbNpu *npu, uint32_t page)
{
	UbDoorbell *db;

	if (npu->doorbells[page])
		return;
	db = g_new0(UbDoorbell, 1);
	if (event_notifier_init(&db->notifier, 0) < 0) {
		g_free(db);	/* out of descriptors: this page goes on trapping */
		return;
	}
	db->npu = npu;
	db->page = page;
	npu->doorbells[page] = db;
	event_notifier_set_handler(&db->notifier, doorbell_rung);
	memory_region_add_eventfd(&npu->db, (hwaddr)page * UB_HW_PAGE_SIZE + UB_DB_JFS, 4, false, 0,
				  &db->notifier);
}

static void doorbell_detach(UbNpu *npu, uint32_t page)
{
	UbDoorbell *db = npu->doorbells[page];

	if (!db)
		return;
	npu->doorbells[page] = NULL;
	memory_region_del_eventfd(&npu->db, (hwaddr)page * UB_HW_PAGE_SIZE + UB_DB_JFS, 4, false, 0,
				  &db->notifier);
	event_notifier_set_handler(&db->notifier, NULL);
	event_notifier_cleanup(&db->notifier);
	g_free(db);
}

static void apply_doorbell_changes(UbNpu *npu)
{
	for (;;) {
		UbDoorbellChange *change;

		WITH_QEMU_LOCK_GUARD(&npu->db_lock)
			change = g_queue_pop_head(&npu->db_changes);
		if (!change)
			return;
		if (change->in_use)
			doorbell_attach(npu, change->page);
		else
			doorbell_detach(npu, change->page);
		g_free(change);
	}
}

static void ubnpu_bh(void *opaque)
{
	UbNpu *npu = opaque;
	uint64_t vectors = qatomic_xchg(&npu->pending_vectors, 0);

	while (vectors) {
		unsigned vector = ctz64(vectors);

		vectors &= vectors - 1;
		msix_notify(&npu->parent, vector);
	}
	apply_doorbell_changes(npu);
}

void ubnpu_host_flush(UbNpu *npu)
{
	ubnpu_bh(npu);
}

void ubnpu_host_init(UbNpu *npu)
{
	qemu_mutex_init(&npu->db_lock);
	g_queue_init(&npu->db_changes);
	npu->doorbells = g_new0(UbDoorbell *, npu->config.db_pages);
	npu->bh = qemu_bh_new(ubnpu_bh, npu);
}

void ubnpu_host_cleanup(UbNpu *npu)
{
	for (uint32_t page = 0; page < npu->config.db_pages; page++)
		doorbell_detach(npu, page);
	qemu_bh_delete(npu->bh);
	g_queue_foreach(&npu->db_changes, (GFunc)(void *)g_free, NULL);
	g_queue_clear(&npu->db_changes);
	g_free(npu->doorbells);
	qemu_mutex_destroy(&npu->db_lock);
}

void ubnpu_host_reset(UbNpu *npu)
{
	qatomic_set(&npu->pending_vectors, 0);
}
