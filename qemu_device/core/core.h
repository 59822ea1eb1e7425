/* SPDX-License-Identifier: MIT */
/* What core.c, admin.c, regs.c and kinds.c share. */
#ifndef UB_CORE_TOP_H
#define UB_CORE_TOP_H

#include "object/object.h"

/* kinds.c */
extern const struct ub_kind_row ub_kinds[UB_KINDS];

/* admin.c: commands up to pi are ready. */
void ub_admin_doorbell(struct ub_core *core, uint32_t pi);

#endif
