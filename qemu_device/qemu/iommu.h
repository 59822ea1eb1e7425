/* SPDX-License-Identifier: GPL-2.0-only */
/* The device's view of memory, which an IOMMU of the guest may translate. */
#ifndef UBNPU_IOMMU_H
#define UBNPU_IOMMU_H

#include "compat.h"

typedef struct UbNpu UbNpu;
typedef struct UbIommu UbIommu;

/* Before the core is made, which may map; then, once there is one, the address space is watched. */
void ubnpu_iommu_init(UbNpu *npu);
void ubnpu_iommu_start(UbNpu *npu);
/* When the core is gone. */
void ubnpu_iommu_stop(UbNpu *npu);
void ubnpu_iommu_cleanup(UbNpu *npu);
/* False: this device cannot follow what the IOMMU before it does. */
bool ubnpu_iommu_check(UbNpu *npu, Error **errp);

/* The core's map(), from any thread. */
void *ubnpu_iommu_map(UbNpu *npu, hwaddr addr, size_t *len, bool is_write);
/* In the device's bottom half: answer threads that ask. */
void ubnpu_iommu_bh(UbNpu *npu);
/* The core's attend(). */
void ubnpu_iommu_attend(void);
/* An IOMMU is at work, which must not get an interrupt of ours in the middle of it. */
bool ubnpu_iommu_is_busy(UbNpu *npu);

#endif
