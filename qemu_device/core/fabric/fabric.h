/* SPDX-License-Identifier: MIT */
/* The devices of this process, by EID. */
#ifndef UB_CORE_FABRIC_H
#define UB_CORE_FABRIC_H

#include "base/device.h"

/* 0, or -EEXIST: another has the EID. */
int ub_fabric_join(struct ub_core *core);
void ub_fabric_leave(struct ub_core *core);
/* Referenced, or NULL. */
struct ub_core *ub_fabric_find(const uint8_t eid[16]);

#endif
