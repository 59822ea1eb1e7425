/* SPDX-License-Identifier: MIT */
/* Faults are armed by admin command or text; commands that are hit stall, fail or complete late. */
#ifndef UB_CORE_INJECT_H
#define UB_CORE_INJECT_H

#include "fault/fault.h"
#include "queue/queue.h"

/* ---- arm.c ---- */
/* Arm, or with count 0 remove. No lock of the core is held but admin_lock. */
bool ub_inject_set(struct ub_core *core, const struct ub_fault_spec *fault, struct ub_refusal *why,
		   struct ub_after *after);
int ub_inject_admin(struct ub_admin *a);
int ub_inject_query(struct ub_admin *a);

/* ---- stall.c ---- */
/*
 * Before a command is executed: false when it is not to be, but the next step to look at it. May
 * take long. No lock is held.
 */
bool ub_inject_begin(struct ub_jfs *jfs);
/* With admin_lock held, of a paused device. */
void ub_out_stall(struct ub_out *out, struct ub_jfs *jfs);
void ub_in_stall(struct ub_in *in, struct ub_jfs *jfs);

/* ---- late.c ---- */
/* ub_cmd.late: 0, or one more than the pieces of its CQE that are still to be written alone */
#define UB_LATE_OVER	1
#define UB_LATE_PIECES	3
#define UB_LATE_MAX	(UB_LATE_OVER + UB_LATE_PIECES)
/* Under dma_lock: whether a CQE is put off, by cmd.wait_ns. */
bool ub_inject_late(struct ub_cmd *cmd, struct ub_jfc *jfc, const struct ub_hw_cqe *cqe);

#endif
