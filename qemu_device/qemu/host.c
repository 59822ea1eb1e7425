/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The core's host interface on QEMU: DMA by the device's bus address space, MSI-X, clock and log.
 * Engine threads run these without the big lock and must never take it: a reset holds it while it
 * waits for them. What needs it is left to a bottom half, and map() alone waits for that, which
 * whoever waits for the core serves by attend().
 */
#include "qemu/osdep.h"

#include "ubnpu.h"

#include "hw/pci/msix.h"
#include "qemu/log.h"
#include "qemu/rcu.h"
#include "qemu/timer.h"

static void *host_map(void *opaque, uint64_t addr, size_t *len, bool is_write)
{
	return ubnpu_iommu_map(opaque, addr, len, is_write);
}

static void host_unmap(void *opaque, void *ptr, size_t len, bool is_write, size_t written)
{
	UbNpu *npu = opaque;

	address_space_unmap(pci_get_address_space(&npu->parent), ptr, len, is_write, written);
}

static void host_notify(UbNpu *npu, unsigned vector)
{
	trace_ubnpu_interrupt(npu, vector);
	msix_notify(&npu->parent, vector);
}

static void host_interrupt(void *opaque, unsigned vector)
{
	UbNpu *npu = opaque;

	if (bql_locked() && !ubnpu_iommu_is_busy(npu)) {
		host_notify(npu, vector);
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
	ubnpu_doorbell_change(opaque, page, in_use);
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

static void host_attend(void *opaque)
{
	ubnpu_iommu_attend();
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
	.attend = host_attend,
};

static void ubnpu_bh(void *opaque)
{
	UbNpu *npu = opaque;
	uint64_t vectors = qatomic_xchg(&npu->pending_vectors, 0);

	while (vectors) {
		unsigned vector = ctz64(vectors);

		vectors &= vectors - 1;
		host_notify(npu, vector);
	}
	ubnpu_doorbells_apply(npu);
	ubnpu_iommu_bh(npu);
}

void ubnpu_host_flush(UbNpu *npu)
{
	ubnpu_bh(npu);
}

void ubnpu_host_init(UbNpu *npu)
{
	npu->bh = qemu_bh_new(ubnpu_bh, npu);
	ubnpu_iommu_init(npu);
}

void ubnpu_host_cleanup(UbNpu *npu)
{
	ubnpu_iommu_cleanup(npu);
	qemu_bh_delete(npu->bh);
}

void ubnpu_host_reset(UbNpu *npu)
{
	qatomic_set(&npu->pending_vectors, 0);
}
