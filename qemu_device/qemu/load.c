/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the device gets into a stock QEMU: preloaded, it adds a type when QEMU adds its own. QEMU's
 * structures are compiled in, so a QEMU it was not built for is refused before it could crash.
 */
#include "qemu/osdep.h"

#include "ubnpu.h"

#include "qapi/qapi-commands-control.h"
#include "qapi/qapi-types-control.h"
#include "qemu/module.h"

static G_NORETURN void refuse(const char *what, int64_t built, int64_t found)
{
	/* Too early for error_report(). */
	fprintf(stderr,
		"ubnpu: built for a QEMU whose %s is %" PRId64 ", in this one it is %" PRId64
		"; build it again with this QEMU installed\n",
		what, built, found);
	exit(1);
}

static void check_version(void)
{
	VersionInfo *info = qmp_query_version(NULL);

	if (info->qemu->major != QEMU_VERSION_MAJOR)
		refuse("major version", QEMU_VERSION_MAJOR, info->qemu->major);
	if (info->qemu->minor != QEMU_VERSION_MINOR)
		refuse("minor version", QEMU_VERSION_MINOR, info->qemu->minor);
	qapi_free_VersionInfo(info);
}

/* Where this QEMU keeps fields of PCIDevice shows in its properties; these two are near the end. */
static void check_layout(void)
{
	static const struct {
		const char *name;
		size_t offset;
	} fields[] = {
		{ "failover_pair_id", offsetof(PCIDevice, failover_pair_id) },
		{ "acpi-index", offsetof(PCIDevice, acpi_index) },
	};
	ObjectClass *klass = object_class_by_name(TYPE_PCI_DEVICE);

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		ObjectProperty *property = object_class_property_find(klass, fields[i].name);
		ptrdiff_t found = property ? ((const Property *)property->opaque)->offset : -1;

		if ((size_t)found != fields[i].offset)
			refuse("PCI device layout", fields[i].offset, found);
	}
}

static void ubnpu_register(void)
{
	check_version();
	check_layout();
	if (ub_pci_device_size() != sizeof(PCIDevice))
		refuse("PCI device size", sizeof(PCIDevice), ub_pci_device_size());
	type_register_static(&ubnpu_type);
}

/* A preloaded object comes first in the list of types; PCIDevice is known at its end. */
static void ubnpu_register_last(void)
{
	register_module_init(ubnpu_register, MODULE_INIT_QOM);
}

/*
 * In place of type_init(): QEMU's symbols are weak here (build.mk), so a program that is not QEMU
 * starts as if this object were not there; and QEMU's own children do not load it.
 */
#pragma weak register_module_init
static void __attribute__((constructor)) ubnpu_load(void)
{
	if (!register_module_init)
		return;
	unsetenv("LD_PRELOAD");
	register_module_init(ubnpu_register_last, MODULE_INIT_QOM);
}
