/* SPDX-License-Identifier: MIT */
/* Send queues run, step by step: by engine threads or on the path of a doorbell. */
#ifndef UB_CORE_RUN_H
#define UB_CORE_RUN_H

#include "op/op.h"

/* For ub_engine_start(). */
extern const struct ub_engine_ops ub_jfs_engine_ops;

/* Run a claimed queue on the path of a doorbell, under dma_lock, which it drops. */
void ub_jfs_run_inline(struct ub_jfs *jfs, const void *direct);

#endif
