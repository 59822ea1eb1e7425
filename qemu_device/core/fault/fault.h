/* SPDX-License-Identifier: MIT */
/*
 * Faults on demand, hardware.md section 12: which there are, what is armed of them. Whoever may be
 * hit looks at one word with ub_armed(); all else is done by faults.c, under inject.lock, after
 * every other lock but engine.lock. inject/ arms them, and stalls and delays commands.
 */
#ifndef UB_CORE_FAULT_H
#define UB_CORE_FAULT_H

#include "base/bytes.h"
#include "base/device.h"

/* Substatus of a poisoned byte, inside the core alone: ub_poison_status() takes it out. */
#define UB_SUB_POISON	0xff

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

const struct ub_fault_names *ub_inject_names(unsigned kind);
/* Admin commands that arm and remove faults are hit by none. */
bool ub_inject_exempt(unsigned opcode);
/* Whether it can be armed, or with count 0 removed. */
bool ub_fault_check(struct ub_core *core, const struct ub_fault_spec *f, struct ub_refusal *why);
bool ub_fault_refuse(struct ub_refusal *why, unsigned status, uint32_t field, uint64_t value,
		     uint64_t least, uint64_t most);
/* It happens when it is set, and is not armed. */
bool ub_fault_at_once(unsigned kind);

/* Under inject.lock. */
void ub_fault_note_armed(struct ub_inject *in);
/* How many were removed; how many are armed. */
unsigned ub_fault_remove(struct ub_inject *in, uint32_t kind, uint32_t id);
unsigned ub_fault_count(struct ub_inject *in, uint32_t kind);

/* Function reset: nothing is armed any more. */
void ub_inject_clear(struct ub_core *core);

/* An occasion of a kind that is armed, for id: whether it happens. */
bool ub_inject_take(struct ub_core *core, unsigned kind, uint32_t id, uint64_t arg[2]);
static inline bool ub_inject_hit(struct ub_core *core, const struct ub_inject *inject,
				 unsigned kind, uint32_t id)
{
	uint64_t arg[2];

	return ub_armed(inject, kind) && ub_inject_take(core, kind, id, arg);
}

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

#endif
