/* SPDX-License-Identifier: MIT */
/*
 * One block of a launch: registers, stack, argument block, tile store, and how it goes on. It holds
 * no pointer into memory of the guest; what reaches there goes through struct ub_block_memory.
 * docs/visa.md is normative.
 */
#ifndef UB_CORE_BLOCK_H
#define UB_CORE_BLOCK_H

#include "visa/visa.h"

struct ub_tile {
	uint16_t rows, cols;		/* 0: nothing was written to it */
	uint8_t type;			/* UB_F32, UB_I32 */
};

/* What only moves bits takes all elements as integers. */
typedef int32_t __attribute__((may_alias)) ub_any_i32;
typedef uint32_t __attribute__((may_alias)) ub_any_u32;

union ub_elements {
	float *f;
	ub_any_i32 *i;
	ub_any_u32 *bits;
};

enum ub_word_op { UB_WORD_LOAD, UB_WORD_STORE, UB_WORD_ADD, UB_WORD_SWAP, UB_WORD_CAS };

/* Ranges are checked by the caller. Each returns 0 or a fault. */
struct ub_block_memory {
	/* Rows, stride bytes apart in the segment, to or from packed memory. */
	unsigned (*rows)(void *opaque, unsigned segment, uint64_t offset, uint32_t rows,
			 uint32_t row_bytes, uint64_t stride, void *packed, bool to_segment);
	/* In one step with respect to all other accesses; *value is the operand, then the old. */
	unsigned (*word)(void *opaque, unsigned segment, uint64_t offset, enum ub_word_op op,
			 uint64_t *value, uint64_t compare);
};

struct ub_block {
	/* Of the program and the launch. */
	const struct ub_visa_insn *insns;
	uint32_t tiles;
	const struct ub_block_memory *memory;
	void *opaque;
	uint32_t grid[3];
	uint8_t args[UB_VISA_MAX_ARGS];
	uint32_t args_len;
	uint32_t segments;
	uint64_t segment_len[UB_VISA_MAX_SEGMENTS];
	uint64_t segment_addr[UB_VISA_MAX_SEGMENTS];
	/* Of the block. */
	uint32_t index;
	uint32_t pc;
	uint64_t fuel;
	uint64_t reg[UB_VISA_REGS];
	uint8_t stack[UB_VISA_STACK_BYTES];
	struct ub_tile tile[UB_VISA_MAX_TILES];
	uint32_t *store;		/* UB_VISA_TILE_ELEMENTS for each tile */
	uint32_t packed[UB_VISA_TILE_ELEMENTS];
	/* Why it stopped with a fault. */
	uint8_t fault, argument;
};

static inline union ub_elements ub_tile_data(const struct ub_block *b, unsigned tile)
{
	return (union ub_elements){ .bits = b->store + (size_t)tile * UB_VISA_TILE_ELEMENTS };
}

static inline uint32_t ub_tile_count(struct ub_tile t)
{
	return (uint32_t)t.rows * t.cols;
}

enum ub_block_stop { UB_BLOCK_EXIT, UB_BLOCK_FAULT, UB_BLOCK_CALL, UB_BLOCK_BUDGET };

/* ---- scalar.c ---- */
/* Block index of the grid begins; fuel: of the program. */
void ub_block_begin(struct ub_block *b, uint32_t index, uint64_t fuel);
/*
 * Until an operation was executed, so many instructions were, or it ends. Between two calls, and
 * while memory is moved, the block is its structure and its store, and can go on elsewhere.
 */
enum ub_block_stop ub_block_run(struct ub_block *b, uint32_t insns);

/* ---- call.c ---- */
/* The operation of the call at pc; sets r0. False: fault and argument say why, nothing is done. */
bool ub_block_call(struct ub_block *b, uint32_t number);
bool ub_block_fault(struct ub_block *b, unsigned fault, unsigned argument);

/* ---- Kernels: element.c, matrix.c; one for each operation and type ---- */
struct ub_operands {
	union ub_elements d, a, b, c;
	uint32_t count;			/* elements of a */
	uint32_t rows, cols;		/* of a; of a product, of its result */
	uint32_t depth;			/* of a product; of an expansion, how many */
	uint32_t scalar;
	unsigned condition;
};

typedef void (*ub_kernel)(const struct ub_operands *o);

#define UB_KERNELS_NO(name)
#define UB_KERNELS_F(name)	void ub_f_##name(const struct ub_operands *o);
#define UB_KERNELS_I(name)	void ub_i_##name(const struct ub_operands *o);
#define UB_KERNELS_FI(name)	UB_KERNELS_F(name) UB_KERNELS_I(name)
#define UB_KERNELS_OF(number, name, form, types, cost, says) UB_KERNELS_##types(name)
UB_VISA_OPS(UB_KERNELS_OF)

/* The one NaN that operations give. */
static inline float ub_canonical(float x)
{
	return x == x ? x : __builtin_nanf("");
}

/* ---- convert.c ---- */
extern const uint8_t ub_type_bytes[UB_VISA_TYPES];
void ub_convert_in(union ub_elements to, unsigned type, const void *from, unsigned memory,
		   uint32_t count);
void ub_convert_out(void *to, unsigned memory, union ub_elements from, unsigned type,
		    uint32_t count);

#endif
