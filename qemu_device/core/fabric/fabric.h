/* SPDX-License-Identifier: MIT */
/* The devices of one process that reach each other, by EID. */
#ifndef UB_CORE_FABRIC_H
#define UB_CORE_FABRIC_H

#include "base/device.h"

/* fabric may be NULL: nobody is there and whoever joins is alone. From any thread. */
/* 0, or -EEXIST: another has the EID. */
int ub_fabric_join(struct ub_fabric *fabric, struct ub_core *core);
void ub_fabric_leave(struct ub_fabric *fabric, struct ub_core *core);
/* Referenced, or NULL. */
struct ub_core *ub_fabric_find(struct ub_fabric *fabric, const uint8_t eid[16]);

#endif
