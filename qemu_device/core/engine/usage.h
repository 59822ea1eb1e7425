/* SPDX-License-Identifier: MIT */
/*
 * What a send queue has done: struct ub_hw_usage says what is counted. The clock is read where a
 * thread begins with a queue and where it leaves it before a command's end; in between the times of
 * the CQEs serve, so a command costs additions alone.
 */
#ifndef UB_CORE_USAGE_H
#define UB_CORE_USAGE_H

#include "engine/jfs.h"

/* The thread has a command at hand, fetched or gone on with. */
void ub_usage_begin(struct ub_jfs *jfs);
/* The command has ended; now: the time of its CQE, 0 where it gave none. */
void ub_usage_end(struct ub_jfs *jfs, uint64_t now);
/* The thread leaves the queue, which another may have at once. */
void ub_usage_leave(struct ub_jfs *jfs);
/* The command is dropped: it never was. */
void ub_usage_drop(struct ub_jfs *jfs);

/* Adds what the queue has done to a record. */
void ub_usage_add(struct ub_hw_usage *sum, struct ub_jfs *jfs);

#endif
