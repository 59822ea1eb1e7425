/* SPDX-License-Identifier: GPL-2.0-only */
/* Differences between kernels from 6.1 on. Nothing else in the driver looks at the version. */
#ifndef UBNPU_COMPAT_H
#define UBNPU_COMPAT_H

#include <linux/device.h>
#include <linux/mm.h>
#include <linux/version.h>
#include <net/genetlink.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#include <asm/unaligned.h>
#else
#include <linux/unaligned.h>
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline void vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags |= flags;
}

static inline void vm_flags_clear(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags &= ~flags;
}
#endif

/* class.devnode took a non-const device before 6.2. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define UBNPU_DEVNODE_CONST
#else
#define UBNPU_DEVNODE_CONST const
#endif

/*
 * Before 6.2 a long-term pin for reading may get the zero page, or one shared since a fork, which the
 * owner's next store replaces. A pin for writing, forced where need be, breaks such sharing first.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define UBNPU_GUP_OWN_COPY (FOLL_FORCE | FOLL_WRITE)
#else
#define UBNPU_GUP_OWN_COPY 0
#endif

static inline struct nlattr **ubnpu_dump_attrs(struct netlink_callback *cb)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
	return genl_dumpit_info(cb)->attrs;
#else
	return genl_info_dump(cb)->attrs;
#endif
}

#endif
