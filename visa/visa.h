/* SPDX-License-Identifier: MIT */
/*
 * What device, library and tests share of the virtual instruction set: instructions as they lie in
 * memory, the table of operations as rows, the verifier. docs/visa.md is normative.
 */
#ifndef UB_VISA_H
#define UB_VISA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ub/ub_visa_ops.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Instructions, RFC 9669, little-endian --------------------------------------------------- */
struct ub_visa_insn {
	uint8_t opcode;
	uint8_t regs;			/* destination in the low half, source in the high one */
	int16_t offset;
	int32_t imm;
};

static inline unsigned ub_visa_dst(const struct ub_visa_insn *i)
{
	return i->regs & 15;
}

static inline unsigned ub_visa_src(const struct ub_visa_insn *i)
{
	return i->regs >> 4;
}

#define UB_VISA_REGS		11
#define UB_VISA_FRAME		10	/* r10, the end of the stack */

enum {
	UB_BPF_LD = 0, UB_BPF_LDX, UB_BPF_ST, UB_BPF_STX,
	UB_BPF_ALU, UB_BPF_JMP, UB_BPF_JMP32, UB_BPF_ALU64,
};
#define UB_BPF_CLASS(opcode)	((opcode) & 7)
#define UB_BPF_X		8u	/* the operand is a register */
/* Of ALU, ALU64, JMP and JMP32: the upper half of the opcode. */
enum {
	UB_BPF_ADD = 0, UB_BPF_SUB, UB_BPF_MUL, UB_BPF_DIV, UB_BPF_OR, UB_BPF_AND, UB_BPF_LSH,
	UB_BPF_RSH, UB_BPF_NEG, UB_BPF_MOD, UB_BPF_XOR, UB_BPF_MOV, UB_BPF_ARSH, UB_BPF_END,
};
enum {
	UB_BPF_JA = 0, UB_BPF_JEQ, UB_BPF_JGT, UB_BPF_JGE, UB_BPF_JSET, UB_BPF_JNE, UB_BPF_JSGT,
	UB_BPF_JSGE, UB_BPF_CALL, UB_BPF_EXIT, UB_BPF_JLT, UB_BPF_JLE, UB_BPF_JSLT, UB_BPF_JSLE,
};
#define UB_BPF_CODE(opcode)	((opcode) >> 4)
/* Of the others: mode and size. */
#define UB_BPF_MODE(opcode)	((opcode) & 0xe0)
#define UB_BPF_MEM		0x60
#define UB_BPF_MEMSX		0x80
#define UB_BPF_WIDE		0x18	/* the whole opcode of a 64-bit immediate */

static inline unsigned ub_bpf_size(uint8_t opcode)
{
	static const uint8_t bytes[] = { 4, 2, 1, 8 };

	return bytes[opcode >> 3 & 3];
}

/* ---- table.c: operations as rows ------------------------------------------------------------- */
enum ub_visa_kind {
	UB_VISA_NONE, UB_VISA_DST, UB_VISA_SRC, UB_VISA_ACC, UB_VISA_SEGMENT, UB_VISA_OFFSET,
	UB_VISA_STRIDE, UB_VISA_SCALAR, UB_VISA_LOAD_SHAPE, UB_VISA_TILE_SHAPE,
	UB_VISA_MEMORY_TYPE, UB_VISA_TILE_TYPE, UB_VISA_CONDITION, UB_VISA_DIM, UB_VISA_ROW,
	UB_VISA_COLUMN, UB_VISA_COUNT,
};

#define UB_VISA_FORM_NUMBER(form, a, b, c, d, e) UB_VISA_FORM_##form,
enum ub_visa_form { UB_VISA_FORMS(UB_VISA_FORM_NUMBER) UB_VISA_FORM_COUNT };

enum ub_visa_op_types { UB_VISA_TYPES_NO, UB_VISA_TYPES_F, UB_VISA_TYPES_I, UB_VISA_TYPES_FI };
enum ub_visa_cost {
	UB_VISA_COST_FLAT, UB_VISA_COST_ELEMENTS, UB_VISA_COST_FUNCTION, UB_VISA_COST_PRODUCT,
};

struct ub_visa_row {
	const char *name;
	uint8_t form, types, cost;
};

/* NULL: no operation has the number. */
const struct ub_visa_row *ub_visa_find(uint32_t number);
/* Of its argument n, from 0. */
enum ub_visa_kind ub_visa_kind_of(const struct ub_visa_row *row, unsigned n);
/* 0, or the enum ub_visa_fault for an argument of that kind; of a program with so many tiles. */
unsigned ub_visa_check(enum ub_visa_kind kind, uint64_t value, unsigned tiles);
/* Argument n, from 0, is a tile that must not be the first one. */
bool ub_visa_is_apart(enum ub_visa_form form, unsigned n);
/* Fuel of a call, beside the instruction's own. */
uint64_t ub_visa_fuel(enum ub_visa_cost cost, uint64_t count);

const char *ub_visa_rule_str(unsigned rule);
const char *ub_visa_fault_str(unsigned fault);

/* ---- verify.c -------------------------------------------------------------------------------- */
struct ub_visa_needs {
	uint32_t tiles;			/* the program uses tiles 0 .. n-1 */
	uint64_t fuel;			/* of each block */
};

struct ub_visa_refusal {
	uint32_t rule;			/* enum ub_visa_rule */
	uint32_t insn;			/* index of the instruction */
};

/*
 * Whether a program is legal. Time is linear in bytes; no memory is allocated. What passes reads
 * and writes nothing but registers without a check at run time.
 * Returns 0, or the rule, with why filled.
 */
unsigned ub_visa_verify(const struct ub_visa_insn *insns, uint64_t bytes,
			const struct ub_visa_needs *needs, struct ub_visa_refusal *why);

#ifdef __cplusplus
}
#endif

#endif
