/* SPDX-License-Identifier: GPL-2.0-only */
/* The PCIe front end of the device core: what its files share. */
#ifndef UBNPU_H
#define UBNPU_H

#include "compat.h"

#include "core/ub_core.h"
#include "iommu.h"
#include "qapi/qapi-types-common.h"
#include "qom/object.h"

#define TYPE_UBNPU "ubnpu"
OBJECT_DECLARE_SIMPLE_TYPE(UbNpu, UBNPU)

typedef struct UbDoorbells UbDoorbells;

struct UbNpu {
	PCIDevice parent;

	MemoryRegion bar_regs;		/* container: registers, MSI-X table and PBA */
	MemoryRegion regs;
	MemoryRegion db;
	MemoryRegion hbm;

	struct ub_core *core;
	struct ub_core_config config;
	char *eid;
	char *fabric;
	uint64_t guid_sequence;
	uint64_t hbm_size;
	uint32_t poll_us;
	OnOffAuto ioeventfd;
	bool db_prefetch;

	/* Interrupts raised by threads that do not hold the big lock wait here for bh. */
	uint64_t pending_vectors;
	QEMUBH *bh;

	UbIommu *iommu;
	bool iommu_checked;
	UbDoorbells *doorbells;		/* by eventfd; NULL: they trap */

	/* While it is saved or loaded. */
	uint8_t *state;
	uint32_t state_size, state_at;
	VMChangeStateEntry *vm_change;
};

extern const TypeInfo ubnpu_type;
extern const struct ub_core_host ubnpu_host;
extern const VMStateDescription ubnpu_vmstate;

void ubnpu_host_init(UbNpu *npu);
void ubnpu_host_cleanup(UbNpu *npu);
/* Do now what waits for the bottom half. */
void ubnpu_host_flush(UbNpu *npu);
/* Forget interrupts that were raised before a reset. */
void ubnpu_host_reset(UbNpu *npu);

/* doorbell.c: nothing is done and nothing fails where they trap. */
bool ubnpu_doorbells_start(UbNpu *npu, Error **errp);
/* No doorbell reaches the core from here on. */
void ubnpu_doorbells_stop(UbNpu *npu);
void ubnpu_doorbells_free(UbNpu *npu);
/* Hold doorbells back, or let those that came meanwhile through. */
void ubnpu_doorbells_hold(UbNpu *npu, bool hold);
/* From any thread: a page is given to a JFS, or taken back. */
void ubnpu_doorbell_change(UbNpu *npu, uint32_t page, bool in_use);
/* Under the big lock: attach and detach as was asked. */
void ubnpu_doorbells_apply(UbNpu *npu);

void ubnpu_state_init(UbNpu *npu);
void ubnpu_state_cleanup(UbNpu *npu);

#endif
