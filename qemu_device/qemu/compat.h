/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One source for QEMU 7.2 to 11.x: what changed between them stands here and nowhere else.
 */
#ifndef UBNPU_COMPAT_H
#define UBNPU_COMPAT_H

#define QEMU_SINCE(major, minor) \
	(QEMU_VERSION_MAJOR > (major) || \
	 (QEMU_VERSION_MAJOR == (major) && QEMU_VERSION_MINOR >= (minor)))

#include "qemu/main-loop.h"
#include "migration/vmstate.h"
#if QEMU_SINCE(8, 0)
#include "hw/pci/pci_device.h"
#else
#include "hw/pci/pci.h"
#endif
#if QEMU_SINCE(11, 0)
#include "hw/core/qdev-properties.h"
#else
#include "hw/qdev-properties.h"
#endif
#if QEMU_SINCE(10, 0)
#include "system/kvm.h"
#else
#include "sysemu/kvm.h"
#endif
#if QEMU_SINCE(10, 1)
#include "system/memory.h"
#else
#include "exec/memory.h"
#endif

#if !QEMU_SINCE(9, 0)
#define bql_locked() qemu_mutex_iothread_locked()
#endif

#if QEMU_SINCE(10, 0)
#define UB_PROPS_END
#define ub_set_props(dc, props) device_class_set_props(dc, props)
#else
#define ub_set_props(dc, props) device_class_set_props(dc, (Property *)(props))
#define UB_PROPS_END DEFINE_PROP_END_OF_LIST(),
#endif

#if !QEMU_SINCE(9, 2)
#define device_class_set_legacy_reset(dc, fn) ((dc)->reset = (fn))
#endif

/* Later ones do not tell; the layout check has to do. */
#if QEMU_SINCE(8, 0)
#define ub_pci_device_size() sizeof(PCIDevice)
#else
#define ub_pci_device_size() object_type_get_instance_size(TYPE_PCI_DEVICE)
#endif

#if QEMU_SINCE(10, 0)
#include "system/runstate.h"
#else
#include "sysemu/runstate.h"
#endif

#if QEMU_SINCE(10, 2)
#define ub_add_vm_change(dev, cb, opaque) qdev_add_vm_change_state_handler(dev, cb, NULL, opaque)
#else
#define ub_add_vm_change(dev, cb, opaque) qdev_add_vm_change_state_handler(dev, cb, opaque)
#endif

#if QEMU_SINCE(8, 2)
typedef const VMStateField UbVmstateFields[];
#else
typedef VMStateField UbVmstateFields[];
#endif

#if QEMU_SINCE(10, 1)
typedef const void *UbClassData;
typedef const InterfaceInfo UbInterfaceInfo;
#else
typedef void *UbClassData;
typedef InterfaceInfo UbInterfaceInfo;
#endif

/* A plug-in has no trace events: QEMU's are generated with QEMU. See in_tree/trace-events. */
#ifdef UBNPU_IN_TREE
#include "trace.h"
#else
#define trace_ubnpu_reset(npu) ((void)(npu))
#define trace_ubnpu_interrupt(npu, vector) ((void)(npu), (void)(vector))
#endif

#endif
