/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The UB NPU as a PCIe endpoint of a stock QEMU. All behaviour is the core's; here are BARs, MSI-X,
 * reset and properties.
 */
#include "qemu/osdep.h"

#include "ubnpu.h"

#include <arpa/inet.h>

#include "hw/pci/msix.h"
#include "hw/pci/pcie.h"
#include "migration/vmstate.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "qemu/units.h"
#include "uapi/ub_hw.h"

#define UBNPU_PCIE_CAP	0x80
#define UBNPU_MAX_HBM	(64 * GiB)

static uint64_t regs_read(void *opaque, hwaddr addr, unsigned size)
{
	return ub_core_reg_read(((UbNpu *)opaque)->core, addr, size);
}

static void regs_write(void *opaque, hwaddr addr, uint64_t value, unsigned size)
{
	UbNpu *npu = opaque;

	ub_core_reg_write(npu->core, addr, value, size);
	if (addr == UB_REG_CTRL && (value & UB_CTRL_RESET))
		ubnpu_host_reset(npu);
}

static const MemoryRegionOps regs_ops = {
	.read = regs_read,
	.write = regs_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
	.valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
	.impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};

static uint64_t db_read(void *opaque, hwaddr addr, unsigned size)
{
	return 0;
}

static void db_write(void *opaque, hwaddr addr, uint64_t value, unsigned size)
{
	ub_core_db_write(((UbNpu *)opaque)->core, addr, value, size);
}

static const MemoryRegionOps db_ops = {
	.read = db_read,
	.write = db_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
	.valid = { .min_access_size = 1, .max_access_size = 8 },
	.impl = { .min_access_size = 1, .max_access_size = 8 },
};

static void put_be(uint8_t *at, uint64_t value, unsigned bytes)
{
	while (bytes--) {
		at[bytes] = value;
		value >>= 8;
	}
}

/* GUID: vendor, device, version 0, type 2 (an endpoint under a controller), sequence. */
static bool ubnpu_identity(UbNpu *npu, Error **errp)
{
	struct ub_core_config *config = &npu->config;
	uint64_t sequence = npu->guid_sequence;

	if (!sequence)
		sequence = (uint64_t)pci_dev_bus_num(&npu->parent) << 8 | npu->parent.devfn;
	put_be(config->guid, UB_HW_PCI_VENDOR_ID, 2);
	put_be(config->guid + 2, UB_HW_PCI_DEVICE_ID, 2);
	put_be(config->guid + 4, 0x02000000, 4);
	put_be(config->guid + 8, sequence, 8);
	if (npu->eid && inet_pton(AF_INET6, npu->eid, config->eid) != 1) {
		error_setg(errp, "ubnpu: eid=%s is not an EID; write it like an IPv6 address",
			   npu->eid);
		return false;
	}
	return true;
}

static bool ubnpu_hbm(UbNpu *npu, Error **errp)
{
	if (!npu->hbm_size)
		return true;
	if (!is_power_of_2(npu->hbm_size) || npu->hbm_size < MiB || npu->hbm_size > UBNPU_MAX_HBM) {
		error_setg(errp,
			   "ubnpu: hbm-size=%" PRIu64 " is not 0 or a power of two from 1 MiB to "
			   "64 GiB",
			   npu->hbm_size);
		return false;
	}
	memory_region_init_ram(&npu->hbm, OBJECT(npu), "ubnpu-hbm", npu->hbm_size, errp);
	if (*errp)
		return false;
	npu->config.hbm = memory_region_get_ram_ptr(&npu->hbm);
	npu->config.hbm_size = npu->hbm_size;
	return true;
}

static void ubnpu_bars(UbNpu *npu)
{
	PCIDevice *pdev = &npu->parent;
	const uint8_t kind = PCI_BASE_ADDRESS_SPACE_MEMORY | PCI_BASE_ADDRESS_MEM_TYPE_64;
	const uint8_t prefetchable = kind | PCI_BASE_ADDRESS_MEM_PREFETCH;

	memory_region_init(&npu->bar_regs, OBJECT(npu), "ubnpu-bar0", UB_HW_REGS_SIZE);
	memory_region_init_io(&npu->regs, OBJECT(npu), &regs_ops, npu, "ubnpu-regs",
			      UB_HW_MSIX_TABLE);
	memory_region_add_subregion(&npu->bar_regs, 0, &npu->regs);
	memory_region_init_io(&npu->db, OBJECT(npu), &db_ops, npu, "ubnpu-doorbells",
			      pow2ceil((uint64_t)npu->config.db_pages * UB_HW_PAGE_SIZE));
	pci_register_bar(pdev, UB_HW_BAR_REGS, kind, &npu->bar_regs);
	/* A bridge passes on above 4 GiB only what is prefetchable, and doorbells are large. */
	pci_register_bar(pdev, UB_HW_BAR_DB, npu->db_prefetch ? prefetchable : kind, &npu->db);
	if (npu->hbm_size)
		pci_register_bar(pdev, UB_HW_BAR_HBM, prefetchable, &npu->hbm);
}

/*
 * Undoes ubnpu_bars() and ubnpu_capabilities(): a subregion left in would keep the device for
 * ever.
 */
static void ubnpu_withdraw(UbNpu *npu)
{
	PCIDevice *pdev = &npu->parent;

	if (msix_present(pdev))
		msix_uninit(pdev, &npu->bar_regs, &npu->bar_regs);
	if (pci_is_express(pdev) && pdev->exp.exp_cap)
		pcie_cap_exit(pdev);
	memory_region_del_subregion(&npu->bar_regs, &npu->regs);
	/* A device that is plugged in before the memory is freed wants its name. */
	if (npu->hbm_size)
		vmstate_unregister_ram(&npu->hbm, DEVICE(npu));
}

static bool ubnpu_capabilities(UbNpu *npu, Error **errp)
{
	PCIDevice *pdev = &npu->parent;

	if (pcie_endpoint_cap_init(pdev, UBNPU_PCIE_CAP) < 0) {
		error_setg(errp, "ubnpu: this bus takes no PCIe device; use a machine with PCIe, "
			   "such as q35");
		return false;
	}
	pcie_cap_flr_init(pdev);
	if (msix_init(pdev, npu->config.vectors, &npu->bar_regs, UB_HW_BAR_REGS, UB_HW_MSIX_TABLE,
		      &npu->bar_regs, UB_HW_BAR_REGS, UB_HW_MSIX_PBA, 0, errp) < 0)
		return false;
	for (unsigned vector = 0; vector < npu->config.vectors; vector++)
		msix_vector_use(pdev, vector);
	return true;
}

static bool ubnpu_limits(UbNpu *npu, Error **errp)
{
	if (npu->config.vectors < 2 || npu->config.vectors > 64) {
		error_setg(errp, "ubnpu: vectors=%u is not from 2 to 64", npu->config.vectors);
		return false;
	}
	if (npu->poll_us > 1000) {
		error_setg(errp, "ubnpu: poll-us=%u is not from 0 to 1000", npu->poll_us);
		return false;
	}
	npu->config.poll_ns = npu->poll_us * 1000;
	if (npu->config.db_pages < 2 || npu->config.db_pages > 65536) {
		error_setg(errp, "ubnpu: db-pages=%u is not from 2 to 65536", npu->config.db_pages);
		return false;
	}
	return true;
}

/* Under the big lock. The devices of this QEMU reach each other; it lives as long as QEMU does. */
static struct ub_fabric *ubnpu_fabric(void)
{
	static struct ub_fabric *fabric;

	if (!fabric)
		fabric = ub_fabric_new();
	return fabric;
}

static void ubnpu_realize(PCIDevice *pdev, Error **errp)
{
	ERRP_GUARD();
	UbNpu *npu = UBNPU(pdev);
	const char *error = NULL;

	if (!ubnpu_limits(npu, errp) || !ubnpu_identity(npu, errp) || !ubnpu_hbm(npu, errp))
		return;
	if (DEVICE(pdev)->hotplugged && !ubnpu_iommu_check(npu, errp))
		return;
	if (npu->ioeventfd == ON_OFF_AUTO_AUTO)
		npu->ioeventfd = kvm_enabled() ? ON_OFF_AUTO_ON : ON_OFF_AUTO_OFF;
	ubnpu_bars(npu);
	if (!ubnpu_capabilities(npu, errp)) {
		ubnpu_withdraw(npu);
		return;
	}
	npu->config.own_process = true;
	if (npu->fabric)
		npu->config.fabric_path = npu->fabric;
	else
		npu->config.fabric = ubnpu_fabric();
	ubnpu_host_init(npu);
	npu->core = ub_core_new(&npu->config, &ubnpu_host, npu, &error);
	if (!npu->core)
		error_setg(errp, "ubnpu: %s", error);
	else if (!ubnpu_doorbells_start(npu, errp))
		ub_core_free(npu->core);
	if (*errp) {
		npu->core = NULL;
		ubnpu_host_cleanup(npu);
		ubnpu_withdraw(npu);
		return;
	}
	ubnpu_iommu_start(npu);
	ubnpu_state_init(npu);
}

static void ubnpu_exit(PCIDevice *pdev)
{
	UbNpu *npu = UBNPU(pdev);

	ubnpu_doorbells_stop(npu);
	ubnpu_state_cleanup(npu);
	ub_core_free(npu->core);
	npu->core = NULL;
	ubnpu_iommu_stop(npu);
	ubnpu_doorbells_free(npu);
	ubnpu_host_cleanup(npu);
	ubnpu_withdraw(npu);
}

/* The first reset comes once all devices are there, and before the guest runs. */
static void refuse_iommu(UbNpu *npu)
{
	Error *err = NULL;

	if (!npu->iommu_checked && !ubnpu_iommu_check(npu, &err)) {
		error_report_err(err);
		exit(1);
	}
	npu->iommu_checked = true;
}

static void ubnpu_reset(DeviceState *dev)
{
	UbNpu *npu = UBNPU(dev);

	trace_ubnpu_reset(npu);
	refuse_iommu(npu);
	ub_core_reset(npu->core);
	ubnpu_host_reset(npu);
}

static void ubnpu_config_write(PCIDevice *pdev, uint32_t addr, uint32_t value, int len)
{
	pci_default_write_config(pdev, addr, value, len);
	pcie_cap_flr_write_config(pdev, addr, value, len);
}

/* Defaults are those of ub_core_config_init(); a test of the core holds them together. */
static const Property ubnpu_properties[] = {
	DEFINE_PROP_UINT32("engines", UbNpu, config.engines, 2),
	DEFINE_PROP_SIZE("hbm-size", UbNpu, hbm_size, 64 * MiB),
	DEFINE_PROP_ON_OFF_AUTO("ioeventfd", UbNpu, ioeventfd, ON_OFF_AUTO_AUTO),
	DEFINE_PROP_STRING("eid", UbNpu, eid),
	DEFINE_PROP_STRING("fabric", UbNpu, fabric),
	DEFINE_PROP_UINT64("guid-sequence", UbNpu, guid_sequence, 0),
	DEFINE_PROP_UINT32("upi", UbNpu, config.upi, 0),
	DEFINE_PROP_UINT32("max-ctx", UbNpu, config.max_ctx, 1024),
	DEFINE_PROP_UINT32("max-seg", UbNpu, config.max_seg, 131072),
	DEFINE_PROP_UINT32("max-jfs", UbNpu, config.max_jfs, 2048),
	DEFINE_PROP_UINT32("max-jfr", UbNpu, config.max_jfr, 2048),
	DEFINE_PROP_UINT32("max-jfc", UbNpu, config.max_jfc, 2048),
	DEFINE_PROP_UINT32("max-depth", UbNpu, config.max_depth, 65536),
	DEFINE_PROP_UINT32("vectors", UbNpu, config.vectors, 8),
	DEFINE_PROP_UINT32("db-pages", UbNpu, config.db_pages, 4096),
	DEFINE_PROP_BOOL("db-prefetch", UbNpu, db_prefetch, true),
	DEFINE_PROP_UINT32("poll-us", UbNpu, poll_us, 20),
	DEFINE_PROP_UINT32("inline-bytes", UbNpu, config.inline_bytes, 4096),
	DEFINE_PROP_BOOL("inject", UbNpu, config.inject, true),
	DEFINE_PROP_BOOL("direct-wqe", UbNpu, config.direct_wqe, true),
	DEFINE_PROP_BOOL("huge-leaf", UbNpu, config.huge_leaf, true),
	DEFINE_PROP_BOOL("progress", UbNpu, config.progress, true),
	DEFINE_PROP_BOOL("usage", UbNpu, config.usage, true),
	UB_PROPS_END
};

static const struct {
	const char *name, *text;
} ubnpu_descriptions[] = {
	{ "engines", "threads that execute commands, 1 to 16" },
	{ "hbm-size", "device memory, 0 or a power of two from 1M to 64G" },
	{ "ioeventfd", "doorbells by eventfd instead of a trap; auto: with KVM only" },
	{ "eid",
	  "entity identifier, 128 bit, written like an IPv6 address; default: from the GUID" },
	{ "fabric", "folder of a fabric; default: only devices of this QEMU are reached" },
	{ "guid-sequence", "low 64 bits of the GUID; 0: from the PCI address" },
	{ "upi", "UB partition identifier, 0 to 32767" },
	{ "max-ctx", "contexts (TIDs), 1 to 1048575" },
	{ "max-seg", "segments (TokenIDs), 1 to 1048575" },
	{ "max-jfs", "send queues and Jettys, 1 to 1048575" },
	{ "max-jfr", "receive queues, 1 to 1048575" },
	{ "max-jfc", "completion queues, 1 to 1048575" },
	{ "max-depth", "entries of any ring, power of two, 64 to 65536" },
	{ "vectors", "MSI-X vectors, 2 to 64: one for events, the others for completions" },
	{ "db-pages", "doorbell pages of 4 KiB, 2 to 65536; one a send or completion queue" },
	{ "db-prefetch", "off: BAR 2 is not prefetchable, as in 0.1.0; to load what that saved" },
	{ "poll-us", "microseconds that an engine without work polls before it sleeps, 0 to 1000" },
	{ "inline-bytes",
	  "largest payload that a doorbell store itself moves, 0 (nothing) to 65536" },
	{ "inject", "takes faults on demand: by the guest, and by setting inject-fault" },
	{ "direct-wqe", "off: the guest is not told of requests in one store to the doorbell" },
	{ "huge-leaf", "off: the guest is not told of 2 MiB leaves in the page tables" },
	{ "progress", "off: the guest is not told that it can see progress, so it finds no hangs" },
	{ "usage", "off: the guest is not told how busy queues are, nor how long commands take" },
	{ "inject-fault", "arms a fault while the device runs: KIND[:KEY=VALUE,...]" },
};

static void ubnpu_inject_fault(Object *obj, const char *text, Error **errp)
{
	UbNpu *npu = UBNPU(obj);
	char why[300];

	if (!npu->core)
		error_setg(errp,
			   "ubnpu: inject-fault is for a device that is there; set it by QMP");
	else if (ub_core_inject_text(npu->core, text, why, sizeof(why)))
		error_setg(errp, "ubnpu: %s", why);
}

static void ubnpu_class_init(ObjectClass *klass, UbClassData data)
{
	DeviceClass *dc = DEVICE_CLASS(klass);
	PCIDeviceClass *pc = PCI_DEVICE_CLASS(klass);

	pc->realize = ubnpu_realize;
	pc->exit = ubnpu_exit;
	pc->config_write = ubnpu_config_write;
	pc->vendor_id = UB_HW_PCI_VENDOR_ID;
	pc->device_id = UB_HW_PCI_DEVICE_ID;
	pc->revision = UB_HW_PCI_REVISION;
	pc->class_id = UB_HW_PCI_CLASS;
	dc->desc = "UB NPU (UB-style, emulated)";
	dc->vmsd = &ubnpu_vmstate;
	set_bit(DEVICE_CATEGORY_MISC, dc->categories);
	device_class_set_legacy_reset(dc, ubnpu_reset);
	ub_set_props(dc, ubnpu_properties);
	object_class_property_add_str(klass, "inject-fault", NULL, ubnpu_inject_fault);
	for (size_t i = 0; i < ARRAY_SIZE(ubnpu_descriptions); i++)
		object_class_property_set_description(klass, ubnpu_descriptions[i].name,
						      ubnpu_descriptions[i].text);
}

static void ubnpu_instance_init(Object *obj)
{
	ub_core_config_init(&UBNPU(obj)->config);
}

const TypeInfo ubnpu_type = {
	.name = TYPE_UBNPU,
	.parent = TYPE_PCI_DEVICE,
	.instance_size = sizeof(UbNpu),
	.instance_init = ubnpu_instance_init,
	.class_init = ubnpu_class_init,
	.interfaces = (UbInterfaceInfo[]) {
		{ INTERFACE_PCIE_DEVICE },
		{ }
	},
};
