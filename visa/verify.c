/* SPDX-License-Identifier: MIT */
/*
 * The verifier. It looks at each instruction a bounded number of times: once for its form, once for
 * where it jumps to, once for what constants it passes to operations. Addresses are not followed:
 * the device checks each access of the scalar layer when it happens.
 */
#include <string.h>

#include "visa.h"

struct verifier {
	const struct ub_visa_insn *insns;
	uint32_t count;
	const struct ub_visa_needs *needs;
	uint8_t half[UB_VISA_MAX_INSNS / 8];   /* bit n: n is the second half of one before */
	uint8_t target[UB_VISA_MAX_INSNS / 8]; /* bit n: n is jumped to */
};

static bool bit_is_set(const uint8_t *bits, uint32_t n)
{
	return bits[n / 8] >> n % 8 & 1;
}

static void set_bit(uint8_t *bits, uint32_t n)
{
	bits[n / 8] |= (uint8_t)(1u << n % 8);
}

/* ---- The form of each instruction; 0 or the rule ---- */
/* The operand is a register, then imm is zero, or imm, then the source is. */
static unsigned check_operand(const struct ub_visa_insn *i)
{
	if (i->opcode & UB_BPF_X)
		return i->imm ? UB_VISA_RULE_RESERVED : 0;
	return ub_visa_src(i) ? UB_VISA_RULE_RESERVED : 0;
}

static unsigned check_mov(const struct ub_visa_insn *i)
{
	bool wide = UB_BPF_CLASS(i->opcode) == UB_BPF_ALU64;
	bool extends = i->offset == 8 || i->offset == 16 || (wide && i->offset == 32);

	if (i->offset && !(extends && i->opcode & UB_BPF_X))
		return UB_VISA_RULE_RESERVED;
	return check_operand(i);
}

/* Byte order; of ALU64 without a source. */
static unsigned check_end(const struct ub_visa_insn *i)
{
	if (UB_BPF_CLASS(i->opcode) == UB_BPF_ALU64 && i->opcode & UB_BPF_X)
		return UB_VISA_RULE_OPCODE;
	if (ub_visa_src(i) || i->offset || (i->imm != 16 && i->imm != 32 && i->imm != 64))
		return UB_VISA_RULE_RESERVED;
	return 0;
}

static unsigned check_alu(const struct ub_visa_insn *i)
{
	switch (UB_BPF_CODE(i->opcode)) {
	case UB_BPF_NEG:
		if (i->opcode & UB_BPF_X)
			return UB_VISA_RULE_OPCODE;
		return i->imm || i->offset || ub_visa_src(i) ? UB_VISA_RULE_RESERVED : 0;
	case UB_BPF_MOV:
		return check_mov(i);
	case UB_BPF_END:
		return check_end(i);
	case UB_BPF_DIV:
	case UB_BPF_MOD:
		/* 1: signed */
		return i->offset & ~1 ? UB_VISA_RULE_RESERVED : check_operand(i);
	case UB_BPF_END + 1:
	case UB_BPF_END + 2:
		return UB_VISA_RULE_OPCODE;
	default:
		return i->offset ? UB_VISA_RULE_RESERVED : check_operand(i);
	}
}

static unsigned check_call(const struct ub_visa_insn *i)
{
	if (i->opcode & UB_BPF_X || UB_BPF_CLASS(i->opcode) == UB_BPF_JMP32)
		return UB_VISA_RULE_OPCODE;
	/* Other sources are calls of local functions and of functions by type. */
	if (ub_visa_src(i) || !ub_visa_find((uint32_t)i->imm))
		return UB_VISA_RULE_CALL;
	return ub_visa_dst(i) || i->offset ? UB_VISA_RULE_RESERVED : 0;
}

static unsigned check_jump(const struct ub_visa_insn *i)
{
	bool narrow = UB_BPF_CLASS(i->opcode) == UB_BPF_JMP32;

	switch (UB_BPF_CODE(i->opcode)) {
	case UB_BPF_JA:
		if (i->opcode & UB_BPF_X)
			return UB_VISA_RULE_OPCODE;
		return i->regs || (narrow ? i->offset : i->imm) ? UB_VISA_RULE_RESERVED : 0;
	case UB_BPF_CALL:
		return check_call(i);
	case UB_BPF_EXIT:
		if (i->opcode & UB_BPF_X || narrow)
			return UB_VISA_RULE_OPCODE;
		return i->regs || i->offset || i->imm ? UB_VISA_RULE_RESERVED : 0;
	case UB_BPF_JSLE + 1:
	case UB_BPF_JSLE + 2:
		return UB_VISA_RULE_OPCODE;
	default:
		return check_operand(i);
	}
}

static unsigned check_memory(const struct ub_visa_insn *i)
{
	unsigned class = UB_BPF_CLASS(i->opcode), mode = UB_BPF_MODE(i->opcode);
	unsigned size = ub_bpf_size(i->opcode);
	unsigned base = class == UB_BPF_LDX ? ub_visa_src(i) : ub_visa_dst(i);
	bool extends = class == UB_BPF_LDX && mode == UB_BPF_MEMSX && size < 8;

	if (mode != UB_BPF_MEM && !extends)
		return UB_VISA_RULE_OPCODE;
	if (class == UB_BPF_ST ? ub_visa_src(i) != 0 : i->imm != 0)
		return UB_VISA_RULE_RESERVED;
	if (base == UB_VISA_FRAME && (i->offset < -UB_VISA_STACK_BYTES || i->offset > -(int)size))
		return UB_VISA_RULE_STACK;
	return 0;
}

/* Whether it writes the register that it names as its destination. */
static bool writes_dst(const struct ub_visa_insn *i)
{
	switch (UB_BPF_CLASS(i->opcode)) {
	case UB_BPF_LD:
	case UB_BPF_LDX:
	case UB_BPF_ALU:
	case UB_BPF_ALU64:
		return true;
	default:
		return false;
	}
}

static unsigned check_form(const struct ub_visa_insn *i)
{
	if (ub_visa_dst(i) >= UB_VISA_REGS || ub_visa_src(i) >= UB_VISA_REGS ||
	    (writes_dst(i) && ub_visa_dst(i) == UB_VISA_FRAME))
		return UB_VISA_RULE_REGISTER;
	switch (UB_BPF_CLASS(i->opcode)) {
	case UB_BPF_LD:
		if (i->opcode != UB_BPF_WIDE)
			return UB_VISA_RULE_OPCODE;
		return ub_visa_src(i) || i->offset ? UB_VISA_RULE_RESERVED : 0;
	case UB_BPF_LDX:
	case UB_BPF_ST:
	case UB_BPF_STX:
		return check_memory(i);
	case UB_BPF_JMP:
	case UB_BPF_JMP32:
		return check_jump(i);
	default:
		return check_alu(i);
	}
}

static bool is_second_half(const struct verifier *v, uint32_t n)
{
	const struct ub_visa_insn *i = &v->insns[n];

	return n < v->count && !i->opcode && !i->regs && !i->offset;
}

static unsigned check_forms(struct verifier *v, uint32_t *at)
{
	for (*at = 0; *at < v->count; (*at)++) {
		unsigned rule = check_form(&v->insns[*at]);

		if (rule)
			return rule;
		if (v->insns[*at].opcode != UB_BPF_WIDE)
			continue;
		if (!is_second_half(v, *at + 1))
			return UB_VISA_RULE_WIDE;
		set_bit(v->half, ++*at);
	}
	return 0;
}

/* ---- Where it goes ---- */
static bool is_jump(const struct ub_visa_insn *i)
{
	unsigned class = UB_BPF_CLASS(i->opcode), code = UB_BPF_CODE(i->opcode);

	return (class == UB_BPF_JMP || class == UB_BPF_JMP32) && code != UB_BPF_CALL &&
	       code != UB_BPF_EXIT;
}

static unsigned check_targets(struct verifier *v, uint32_t *at)
{
	const struct ub_visa_insn *last = NULL;

	for (*at = 0; *at < v->count; (*at)++) {
		const struct ub_visa_insn *i = &v->insns[*at];
		int64_t to;

		if (bit_is_set(v->half, *at))
			continue;
		last = i;
		if (!is_jump(i))
			continue;
		to = (int64_t)*at + 1 + (i->opcode == UB_BPF_JMP32 ? i->imm : i->offset);
		if (to < 0 || to >= v->count || bit_is_set(v->half, (uint32_t)to))
			return UB_VISA_RULE_JUMP;
		set_bit(v->target, (uint32_t)to);
	}
	*at = v->count - 1;
	if (UB_BPF_CLASS(last->opcode) == UB_BPF_JMP || UB_BPF_CLASS(last->opcode) == UB_BPF_JMP32)
		if (UB_BPF_CODE(last->opcode) == UB_BPF_JA ||
		    UB_BPF_CODE(last->opcode) == UB_BPF_EXIT)
			return 0;
	return UB_VISA_RULE_END;
}

/* ---- Constants, from one place that is jumped to to the next ---- */
struct constants {
	uint32_t known; /* bit n: of register n */
	uint64_t value[UB_VISA_REGS];
};

static void set_known(struct constants *c, unsigned reg, uint64_t value)
{
	c->known |= 1u << reg;
	c->value[reg] = value;
}

static void follow_mov(struct constants *c, const struct ub_visa_insn *i)
{
	bool narrow = UB_BPF_CLASS(i->opcode) == UB_BPF_ALU;
	unsigned dst = ub_visa_dst(i), src = ub_visa_src(i);
	uint64_t value = (uint64_t)(int64_t)i->imm;

	if (i->opcode & UB_BPF_X) {
		if (i->offset || !(c->known >> src & 1)) {
			c->known &= ~(1u << dst);
			return;
		}
		value = c->value[src];
	}
	set_known(c, dst, narrow ? (uint32_t)value : value);
}

static void follow(struct constants *c, const struct ub_visa_insn *i)
{
	unsigned class = UB_BPF_CLASS(i->opcode);

	if (i->opcode == UB_BPF_WIDE)
		set_known(c, ub_visa_dst(i), (uint32_t)i->imm | (uint64_t)(uint32_t)i[1].imm << 32);
	else if ((class == UB_BPF_ALU || class == UB_BPF_ALU64) &&
		 UB_BPF_CODE(i->opcode) == UB_BPF_MOV)
		follow_mov(c, i);
	else if (writes_dst(i))
		c->known &= ~(1u << ub_visa_dst(i));
	else if (class == UB_BPF_JMP && UB_BPF_CODE(i->opcode) == UB_BPF_CALL)
		c->known &= ~0x3fu;
}

static bool arguments_are_right(const struct verifier *v, const struct constants *c,
				const struct ub_visa_row *row)
{
	for (unsigned n = 0; n < 5; n++) {
		unsigned reg = n + 1;

		if (!(c->known >> reg & 1))
			continue;
		if (ub_visa_check(ub_visa_kind_of(row, n), c->value[reg], v->needs->tiles))
			return false;
		if (ub_visa_is_apart(row->form, n) && c->known & 2 && c->value[1] == c->value[reg])
			return false;
	}
	return true;
}

static bool is_call(const struct ub_visa_insn *i)
{
	return i->opcode == (UB_BPF_JMP | UB_BPF_CALL << 4);
}

static unsigned check_arguments(const struct verifier *v, uint32_t *at)
{
	struct constants c = { 0 };

	for (*at = 0; *at < v->count; (*at)++) {
		const struct ub_visa_insn *i = &v->insns[*at];

		if (bit_is_set(v->half, *at))
			continue;
		if (bit_is_set(v->target, *at))
			c.known = 0;
		if (is_call(i) && !arguments_are_right(v, &c, ub_visa_find((uint32_t)i->imm)))
			return UB_VISA_RULE_ARGUMENT;
		follow(&c, i);
	}
	return 0;
}

/* ---- All of it ---- */
static unsigned check_needs(uint64_t bytes, const struct ub_visa_needs *needs)
{
	if (!bytes || bytes % sizeof(struct ub_visa_insn) ||
	    bytes / sizeof(struct ub_visa_insn) > UB_VISA_MAX_INSNS)
		return UB_VISA_RULE_LENGTH;
	if (needs->tiles > UB_VISA_MAX_TILES)
		return UB_VISA_RULE_TILES;
	if (!needs->fuel || needs->fuel > UB_VISA_MAX_FUEL)
		return UB_VISA_RULE_FUEL;
	return 0;
}

unsigned ub_visa_verify(const struct ub_visa_insn *insns, uint64_t bytes,
			const struct ub_visa_needs *needs, struct ub_visa_refusal *why)
{
	struct verifier v = { .insns = insns, .needs = needs };

	*why = (struct ub_visa_refusal){ 0 };
	why->rule = check_needs(bytes, needs);
	if (why->rule)
		return why->rule;
	v.count = (uint32_t)(bytes / sizeof(*insns));
	why->rule = check_forms(&v, &why->insn);
	if (!why->rule)
		why->rule = check_targets(&v, &why->insn);
	if (!why->rule)
		why->rule = check_arguments(&v, &why->insn);
	return why->rule;
}
