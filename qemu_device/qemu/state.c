/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Snapshots and migration. The core stands still whenever the VM does, so that its state is one
 * with that of the guest's memory; and then all memory it writes without telling QEMU is marked.
 */
#include "qemu/osdep.h"

#include "ubnpu.h"

#include "hw/pci/msix.h"
#include "migration/vmstate.h"
#include "qemu/error-report.h"
#include "qemu/units.h"

#define STATE_MAX	(1u << 30)

static void stand_still(UbNpu *npu)
{
	ubnpu_doorbells_hold(npu, true);
	ub_core_pause(npu->core);
	ubnpu_host_flush(npu);
	if (npu->hbm_size)
		memory_region_set_dirty(&npu->hbm, 0, npu->hbm_size);
}

/* What a peer raised here after its own flush goes with the state. */
static void vm_changed(void *opaque, bool running, RunState run_state)
{
	UbNpu *npu = opaque;

	if (!running) {
		stand_still(npu);
		return;
	}
	ubnpu_host_flush(npu);
	ub_core_resume(npu->core);
	ubnpu_doorbells_hold(npu, false);
}

static int append(void *opaque, void *data, size_t len)
{
	UbNpu *npu = opaque;

	if (len > STATE_MAX)
		return -1;
	npu->state = g_memdup2(data, len);
	npu->state_size = len;
	return 0;
}

static int consume(void *opaque, void *data, size_t len)
{
	UbNpu *npu = opaque;

	if (len > npu->state_size - npu->state_at)
		return -1;
	memcpy(data, npu->state + npu->state_at, len);
	npu->state_at += len;
	return 0;
}

static void drop(UbNpu *npu)
{
	g_free(npu->state);
	npu->state = NULL;
	npu->state_size = 0;
	npu->state_at = 0;
}

static int ubnpu_pre_save(void *opaque)
{
	UbNpu *npu = opaque;
	struct ub_core_stream to = { append, npu };

	drop(npu);
	if (npu->fabric) {
		error_report("ubnpu: a device on a fabric (fabric=%s) can be neither saved nor "
			     "migrated: unplug it before",
			     npu->fabric);
		return -EINVAL;
	}
	if (!ub_core_save(npu->core, &to))
		return 0;
	error_report("ubnpu: the device's state cannot be saved: it runs, or is above %u bytes",
		     STATE_MAX);
	return -EINVAL;
}

static int ubnpu_pre_load(void *opaque)
{
	drop(opaque);
	stand_still(opaque);
	return 0;
}

static int ubnpu_post_load(void *opaque, int version_id)
{
	UbNpu *npu = opaque;
	struct ub_core_stream from = { consume, npu };
	char text[200] = "";
	int ret = ub_core_load(npu->core, &from, text, sizeof(text));

	drop(npu);
	if (ret)
		error_report("ubnpu: %s", text);
	return ret ? -EINVAL : 0;
}

static bool size_is_possible(void *opaque, int version_id)
{
	UbNpu *npu = opaque;

	return npu->state_size > 0 && npu->state_size <= STATE_MAX;
}

const VMStateDescription ubnpu_vmstate = {
	.name = TYPE_UBNPU,
	.version_id = 1,
	.minimum_version_id = 1,
	.pre_save = ubnpu_pre_save,
	.pre_load = ubnpu_pre_load,
	.post_load = ubnpu_post_load,
	.fields = (UbVmstateFields) {
		VMSTATE_PCI_DEVICE(parent, UbNpu),
		VMSTATE_MSIX(parent, UbNpu),
		VMSTATE_UINT64(pending_vectors, UbNpu),
		VMSTATE_UINT32(state_size, UbNpu),
		VMSTATE_VALIDATE("size of the device's state", size_is_possible),
		VMSTATE_VBUFFER_ALLOC_UINT32(state, UbNpu, 1, NULL, state_size),
		VMSTATE_END_OF_LIST()
	},
};

void ubnpu_state_init(UbNpu *npu)
{
	npu->vm_change = ub_add_vm_change(DEVICE(npu), vm_changed, npu);
	if (!runstate_is_running()) {
		ubnpu_doorbells_hold(npu, true);
		ub_core_pause(npu->core);
	}
}

void ubnpu_state_cleanup(UbNpu *npu)
{
	qemu_del_vm_change_state_handler(npu->vm_change);
	drop(npu);
}
