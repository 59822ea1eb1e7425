/* SPDX-License-Identifier: MIT */
/* Faults on demand: which there are, and what of them is armed. */
#include <ub/ub_names.h>

#include "fault/fault.h"

#define OFF(member)	UB_ADMIN_OFF(inject.member)
#define ARG0_OFF	OFF(arg)
#define ARG1_OFF	(OFF(arg) + 8)

/* ---- Kinds ---- */
enum ids { IDS_NONE, IDS_JFS, IDS_JFC, IDS_SEG, IDS_VECTOR, IDS_OPCODE, IDS_QUEUE };

static const struct kind {
	struct ub_fault_names names;
	enum ids ids;
	bool lasting;			/* in force until it is removed */
	bool at_once;
	uint64_t least[2], most[2];	/* of arg */
} kinds[UB_FAULT_MAX + 1] = {
#define KIND(NAME, kind, ids, lasting, at_once, arg0, least0, most0, arg1, least1, most1, meaning) \
	[UB_FAULT_##NAME] = { { kind, IDS_##ids ? "id" : NULL, { arg0, arg1 } }, IDS_##ids, \
			      lasting, at_once, { least0, least1 }, { most0, most1 } },
	UB_FAULTS(KIND)
};

const struct ub_fault_names *ub_inject_names(unsigned kind)
{
	return kind && kind <= UB_FAULT_MAX ? &kinds[kind].names : NULL;
}

/* ---- Checks ---- */
bool ub_fault_refuse(struct ub_refusal *why, unsigned status, uint32_t field, uint64_t value,
		     uint64_t least, uint64_t most)
{
	*why = (struct ub_refusal){ status, field, value, least, most };
	return false;
}

static bool fault_in_range(struct ub_refusal *why, unsigned status, uint32_t field, uint64_t value,
			   uint64_t least, uint64_t most)
{
	if (value >= least && value <= most)
		return true;
	return ub_fault_refuse(why, status, field, value, least, most);
}

bool ub_inject_exempt(unsigned opcode)
{
	return opcode == UB_ADMIN_INJECT || opcode == UB_ADMIN_QUERY_INJECT;
}

static bool check_fault_id(struct ub_core *core, const struct ub_fault_spec *f,
			   struct ub_refusal *why)
{
	const struct ub_core_config *c = &core->cfg;
	const struct {
		uint32_t least, most;
	} ids[] = {
		[IDS_NONE] = { 0, 0 },
		[IDS_JFS] = { 0, c->max_jfs },
		[IDS_JFC] = { 0, c->max_jfc },
		[IDS_SEG] = { 1, c->max_seg },
		[IDS_VECTOR] = { 0, c->vectors - 1 },
		[IDS_OPCODE] = { 0, 0xff },
		[IDS_QUEUE] = { 0, UB_HW_ID_MASK },
	};
	enum ids kind = kinds[f->kind].ids;

	if (kind == IDS_OPCODE && ub_inject_exempt(f->id))
		return ub_fault_refuse(why, UB_ADMIN_BAD_ID, UB_ADMIN_OFF(id), f->id, 0,
				       UB_ADMIN_INJECT - 1);
	return fault_in_range(why, UB_ADMIN_BAD_ID, UB_ADMIN_OFF(id), f->id, ids[kind].least,
			      ids[kind].most);
}

static bool check_fault_args(const struct ub_fault_spec *f, struct ub_refusal *why)
{
	const struct kind *k = &kinds[f->kind];
	uint64_t most = k->most[1];

	if (!fault_in_range(why, UB_ADMIN_BAD_FIELD, ARG0_OFF, f->arg[0], k->least[0], k->most[0]))
		return false;
	/* Only time takes a time. */
	if (f->kind == UB_FAULT_STALL && f->arg[0] != UB_STALL_TIME)
		most = 0;
	return fault_in_range(why, UB_ADMIN_BAD_FIELD, ARG1_OFF, f->arg[1], k->least[1], most);
}

bool ub_fault_check(struct ub_core *core, const struct ub_fault_spec *f, struct ub_refusal *why)
{
	const struct kind *k;

	if (!fault_in_range(why, UB_ADMIN_BAD_FIELD, OFF(kind), f->kind, 1, UB_FAULT_MAX))
		return false;
	k = &kinds[f->kind];
	if (!check_fault_id(core, f, why))
		return false;
	if (!f->count)
		return true;
	if (k->at_once && !fault_in_range(why, UB_ADMIN_BAD_FIELD, OFF(count), f->count, 1, 1))
		return false;
	if ((k->at_once || k->lasting) &&
	    !fault_in_range(why, UB_ADMIN_BAD_FIELD, OFF(skip), f->skip, 0, 0))
		return false;
	return check_fault_args(f, why);
}

bool ub_fault_at_once(unsigned kind)
{
	return kinds[kind].at_once;
}

/* ---- What is armed, under inject.lock ---- */
void ub_fault_note_armed(struct ub_inject *in)
{
	unsigned bits = in->waiting ? 1u << UB_STALL_WAITING : 0;

	for (unsigned i = 0; i < in->n; i++)
		bits |= 1u << in->fault[i].kind;
	atomic_store(&in->armed, bits);
}

static void drop_fault(struct ub_inject *in, unsigned i)
{
	in->n--;
	memmove(&in->fault[i], &in->fault[i + 1], (in->n - i) * sizeof(in->fault[0]));
}

unsigned ub_fault_remove(struct ub_inject *in, uint32_t kind, uint32_t id)
{
	unsigned n = in->n;

	for (unsigned i = in->n; i--;)
		if (in->fault[i].kind == kind && in->fault[i].id == id)
			drop_fault(in, i);
	ub_fault_note_armed(in);
	return n - in->n;
}

unsigned ub_fault_count(struct ub_inject *in, uint32_t kind)
{
	unsigned n = 0;

	for (unsigned i = 0; i < in->n; i++)
		n += in->fault[i].kind == kind;
	return n;
}

void ub_inject_clear(struct ub_core *core)
{
	struct ub_inject *in = &core->inject;

	pthread_mutex_lock(&in->lock);
	in->n = in->waiting = 0;
	ub_fault_note_armed(in);
	pthread_mutex_unlock(&in->lock);
}

static bool fault_concerns(const struct ub_fault_spec *f, unsigned kind, uint32_t id)
{
	bool any = f->id == 0 && kinds[kind].ids != IDS_VECTOR;

	return f->kind == kind && (any || f->id == id);
}

/* It happens once more: whether that was the last time. */
static bool use_up_fault(struct ub_inject *in, struct ub_fault_spec *f)
{
	in->given[f->kind]++;
	if (f->count == UB_FAULT_FOREVER || kinds[f->kind].lasting)
		return false;
	return --f->count == 0;
}

bool ub_inject_take(struct ub_core *core, unsigned kind, uint32_t id, uint64_t arg[2])
{
	struct ub_inject *in = &core->inject;
	bool happens = false;

	pthread_mutex_lock(&in->lock);
	for (unsigned i = 0; i < in->n && !happens; i++) {
		struct ub_fault_spec *f = &in->fault[i];

		if (!fault_concerns(f, kind, id))
			continue;
		if (f->skip) {
			f->skip--;
			continue;
		}
		happens = true;
		memcpy(arg, f->arg, sizeof(f->arg));
		if (use_up_fault(in, f)) {
			drop_fault(in, i);
			ub_fault_note_armed(in);
		}
	}
	pthread_mutex_unlock(&in->lock);
	return happens;
}

/* ---- Poison ---- */
static bool is_clean_of(const struct ub_fault_spec *f, uint64_t off, uint64_t *len)
{
	uint64_t from = f->arg[0], to = from + f->arg[1];

	if (off >= to || off + *len <= from)
		return true;
	if (off >= from)
		return false;
	*len = from - off;
	return true;
}

bool ub_inject_clean(struct ub_core *core, uint32_t token_id, uint64_t off, uint64_t *len)
{
	struct ub_inject *in = &core->inject;
	bool clean = true;

	pthread_mutex_lock(&in->lock);
	for (unsigned i = 0; i < in->n && clean; i++) {
		struct ub_fault_spec *f = &in->fault[i];

		if (!fault_concerns(f, UB_FAULT_POISON, token_id))
			continue;
		clean = is_clean_of(f, off, len);
		if (!clean)
			use_up_fault(in, f);
	}
	pthread_mutex_unlock(&in->lock);
	return clean;
}

/* ---- State ---- */
void ub_out_faults(struct ub_out *out, struct ub_core *core)
{
	struct ub_inject *in = &core->inject;

	for (unsigned kind = 1; kind <= UB_FAULT_MAX; kind++)
		ub_out_u64(out, in->given[kind]);
	ub_out_u32(out, in->n);
	for (unsigned i = 0; i < in->n; i++)
		ub_out_bytes(out, &in->fault[i], sizeof(in->fault[i]));
}

void ub_in_faults(struct ub_in *in, struct ub_core *core)
{
	struct ub_inject *to = &core->inject;
	struct ub_refusal why;
	uint32_t n;

	for (unsigned kind = 1; kind <= UB_FAULT_MAX; kind++)
		to->given[kind] = ub_in_u64(in);
	n = ub_in_upto(in, UB_MAX_FAULTS, "the number of faults armed");
	ub_in_check(in, !n || core->cfg.inject, "faults are armed that this device does not take: "
		    "give it inject=on");
	pthread_mutex_lock(&to->lock);
	for (uint32_t i = 0; i < n && !in->failed; i++) {
		struct ub_fault_spec *f = &to->fault[i];

		ub_in_bytes(in, f, sizeof(*f));
		if (ub_in_check(in, !in->failed && ub_fault_check(core, f, &why) && f->count &&
				!kinds[f->kind].at_once, "a fault that cannot be armed"))
			to->n = i + 1;
	}
	ub_fault_note_armed(to);
	pthread_mutex_unlock(&to->lock);
}
