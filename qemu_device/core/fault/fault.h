/* SPDX-License-Identifier: MIT */
/*
 * Faults on demand, hardware.md section 12. Whoever may be hit looks at one word with ub_armed();
 * all else is done by inject.c, under inject.lock, after every other lock but engine.lock.
 */
#ifndef UB_CORE_INJECT_H
#define UB_CORE_INJECT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ub/ub_hw.h>

#define UB_MAX_FAULTS	64
/* Substatus of a poisoned byte, inside the core alone: ub_poison_status() takes it out. */
#define UB_SUB_POISON	0xff

struct ub_core;
struct ub_jfs;
struct ub_jfc;
struct ub_cmd;
struct ub_admin;
struct ub_after;
struct ub_in;
struct ub_out;

struct ub_fault_spec {
	uint32_t kind, id, count, skip;
	uint64_t arg[2];
};

struct ub_inject {
	atomic_uint armed;		/* bit n: kind n; bit 0: a loaded stall waits for a thread */
	pthread_mutex_t lock;
	unsigned n, waiting;		/* faults; loaded stalls */
	struct ub_fault_spec fault[UB_MAX_FAULTS];
	uint64_t given[UB_FAULT_MAX + 1];
};

#define UB_STALL_WAITING	0	/* as a kind of ub_armed() */

static inline bool ub_armed(const struct ub_inject *inject, unsigned kind)
{
	return atomic_load_explicit(&inject->armed, memory_order_relaxed) >> kind & 1;
}

/* Whether anything is armed of what happens to a command: the run loop's one look. */
static inline bool ub_armed_any(const struct ub_inject *inject)
{
	return atomic_load_explicit(&inject->armed, memory_order_relaxed);
}

static inline bool ub_armed_stall(const struct ub_inject *inject)
{
	const unsigned bits = 1u << UB_FAULT_STALL | 1u << UB_STALL_WAITING;

	return atomic_load_explicit(&inject->armed, memory_order_relaxed) & bits;
}

static inline bool ub_armed_late(const struct ub_inject *inject)
{
	const unsigned bits = 1u << UB_FAULT_CQE_DELAY | 1u << UB_FAULT_CQE_TORN;

	return atomic_load_explicit(&inject->armed, memory_order_relaxed) & bits;
}

/* Why a fault cannot be armed: the field of struct ub_admin_cmd, and what it may be. */
struct ub_refusal {
	unsigned status;		/* enum ub_admin_status */
	uint32_t field;
	uint64_t value, least, most;
};

/* A kind's name, and those of id and arg in text, NULL where they are not used. */
struct ub_fault_names {
	const char *kind, *id, *arg[2];
};

void ub_inject_init(struct ub_core *core);
void ub_inject_fini(struct ub_core *core);
/* Function reset: nothing is armed any more. */
void ub_inject_clear(struct ub_core *core);
const struct ub_fault_names *ub_inject_names(unsigned kind);
/* Arm, or with count 0 remove. No lock of the core is held but admin_lock. */
bool ub_inject_set(struct ub_core *core, const struct ub_fault_spec *fault, struct ub_refusal *why,
		   struct ub_after *after);
int ub_inject_admin(struct ub_admin *a);
int ub_inject_query(struct ub_admin *a);
bool ub_inject_exempt(unsigned opcode);

/* An occasion of a kind that is armed, for id: whether it happens. */
bool ub_inject_take(struct ub_core *core, unsigned kind, uint32_t id, uint64_t arg[2]);
static inline bool ub_inject_hit(struct ub_core *core, const struct ub_inject *inject,
				 unsigned kind, uint32_t id)
{
	uint64_t arg[2];

	return ub_armed(inject, kind) && ub_inject_take(core, kind, id, arg);
}

/*
 * Before a command is executed: false when it is not to be, but the next step to look at it. May
 * take long. No lock is held.
 */
bool ub_inject_begin(struct ub_jfs *jfs);
/* Values of ub_jfs.stall but 0: enum ub_stall_end + 1, or that the queue has left READY. */
#define UB_STALL_OVER	(UB_STALL_DEVICE + 2)
/* With jfs.lock held: the queue leaves READY. */
void ub_inject_left_ready(struct ub_jfs *jfs);
/* No lock is held: have a stalled thread look again. */
void ub_inject_wake(struct ub_jfs *jfs);

/* ub_cmd.late: 0, or one more than the pieces of its CQE that are still to be written alone */
#define UB_LATE_OVER	1
#define UB_LATE_PIECES	3
#define UB_LATE_MAX	(UB_LATE_OVER + UB_LATE_PIECES)
/* Under dma_lock: whether a CQE is put off, by cmd.wait_ns. */
bool ub_inject_late(struct ub_cmd *cmd, struct ub_jfc *jfc, const struct ub_hw_cqe *cqe);

/* Bytes from off of a segment up to *len: false if the first is poisoned; *len ends before it. */
bool ub_inject_clean(struct ub_core *core, uint32_t token_id, uint64_t off, uint64_t *len);

static inline void ub_poison_status(uint8_t *status, uint8_t *sub)
{
	if (*sub != UB_SUB_POISON)
		return;
	*sub = UB_SUB_NONE;
	if (*status == UB_CR_LOC_ACCESS_ERR)
		*status = UB_CR_LOC_DATA_POISON;
	else if (*status == UB_CR_REM_ACCESS_ABORT_ERR)
		*status = UB_CR_REM_DATA_POISON;
}

/* With admin_lock held, of a paused device. */
void ub_out_faults(struct ub_out *out, struct ub_core *core);
void ub_in_faults(struct ub_in *in, struct ub_core *core);
void ub_out_stall(struct ub_out *out, struct ub_jfs *jfs);
void ub_in_stall(struct ub_in *in, struct ub_jfs *jfs);

#endif
