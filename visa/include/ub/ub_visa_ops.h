/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/**
 * @file
 * The virtual instruction set's table: tile operations, their arguments, limits, what a program is
 * refused for and what ends a launch. Header <ub/tile.h>, verifier, device, reference model, tests
 * and the tables of docs/visa.md are made of it; docs/visa.md is normative for behaviour.
 *
 * Includes nothing, so that a compiler for the device can read it.
 */
#ifndef UB_VISA_OPS_H
#define UB_VISA_OPS_H

#define UB_VISA_VERSION		1

/* ---- Limits ---------------------------------------------------------------------------------- */
#define UB_VISA_MAX_INSNS	65536	/* of 8 bytes, of one program */
#define UB_VISA_MAX_FUEL	(1ull << 40)	/* of one block */
#define UB_VISA_MAX_TILES	16
#define UB_VISA_TILE_ELEMENTS	4096	/* of 4 bytes, of one tile */
#define UB_VISA_STACK_BYTES	512
#define UB_VISA_MAX_ARGS	4096	/* bytes of a launch's argument block */
#define UB_VISA_MAX_SEGMENTS	12	/* of a launch's table */
#define UB_VISA_MAX_BLOCKS	0xffffffffull	/* of a grid */

/* Addresses of the scalar layer. Nothing else is there. */
#define UB_VISA_STACK_BASE	0x10000ull	/* the stack's first byte; r10 is its end */
#define UB_VISA_ARGS_BASE	0x20000ull	/* argument block; r1 at the start */

/* Types of elements. A tile holds f32 or i32; memory holds any. */
#define UB_F32	0
#define UB_I32	1
#define UB_F16	2
#define UB_BF16	3
#define UB_I8	4
#define UB_VISA_TILE_TYPES	2
#define UB_VISA_TYPES		5

/* Conditions of TCMP and TCMPS. */
#define UB_EQ	0
#define UB_NE	1
#define UB_LT	2
#define UB_LE	3
#define UB_GT	4
#define UB_GE	5
#define UB_VISA_CONDITIONS	6

/* A shape: rows and columns of a tile, its type, the type in memory (TLOAD alone, else 0). */
#define UB_SHAPE(rows, cols, type, memory)						\
	((unsigned long long)(rows) | (unsigned long long)(cols) << 16 |		\
	 (unsigned long long)(type) << 32 | (unsigned long long)(memory) << 40)
#define UB_VISA_SHAPE_BITS	48

/*
 * Kinds of arguments. DST is a tile that is written, SRC one that is read, ACC both.
 * Forms: what arguments operations have. X(form, kind of each of the five)
 */
#define UB_VISA_FORMS(X)					\
	X(INDEX,	DIM, NONE, NONE, NONE, NONE)		\
	X(LOAD,		DST, SEGMENT, OFFSET, LOAD_SHAPE, STRIDE)	\
	X(STORE,	SRC, SEGMENT, OFFSET, MEMORY_TYPE, STRIDE)	\
	X(UNARY,	DST, SRC, NONE, NONE, NONE)		\
	X(TURN,		DST, SRC, NONE, NONE, NONE)		\
	X(CONVERT,	DST, SRC, TILE_TYPE, NONE, NONE)	\
	X(FILL,		DST, SCALAR, TILE_SHAPE, NONE, NONE)	\
	X(GET,		SRC, ROW, COLUMN, NONE, NONE)		\
	X(SET,		ACC, ROW, COLUMN, SCALAR, NONE)		\
	X(BINARY,	DST, SRC, SRC, NONE, NONE)		\
	X(SCALAR,	DST, SRC, SCALAR, NONE, NONE)		\
	X(COMPARE,	DST, SRC, SRC, CONDITION, NONE)		\
	X(COMPARE_S,	DST, SRC, SCALAR, CONDITION, NONE)	\
	X(SELECT,	DST, SRC, SRC, SRC, NONE)		\
	X(REDUCE_ROW,	DST, SRC, NONE, NONE, NONE)		\
	X(REDUCE_COL,	DST, SRC, NONE, NONE, NONE)		\
	X(EXPAND_ROW,	DST, SRC, COUNT, NONE, NONE)		\
	X(EXPAND_COL,	DST, SRC, COUNT, NONE, NONE)		\
	X(BY_ROW,	DST, SRC, SRC, NONE, NONE)		\
	X(BY_COL,	DST, SRC, SRC, NONE, NONE)		\
	X(PRODUCT,	DST, SRC, SRC, NONE, NONE)		\
	X(PRODUCT_ACC,	ACC, SRC, SRC, NONE, NONE)		\
	X(WORD_READ,	SEGMENT, OFFSET, NONE, NONE, NONE)	\
	X(WORD_WRITE,	SEGMENT, OFFSET, SCALAR, NONE, NONE)	\
	X(WORD_CAS,	SEGMENT, OFFSET, SCALAR, SCALAR, NONE)

/*
 * Operations. X(number, name, form, types, cost, what it does)
 *
 * Types: F is f32 alone, I i32 alone, FI either, all tiles alike unless the text says otherwise;
 * NO has no tile of a fixed type. Cost: FLAT, ELEMENTS of the tile it reads or makes, FUNCTION of
 * so many, PRODUCT; docs/visa.md has the fuel of each.
 */
#define UB_VISA_OPS(X)									\
	X(0x01, block, INDEX, NO, FLAT, "index of this block in dimension 0 .. 2")	\
	X(0x02, grid, INDEX, NO, FLAT, "blocks of the grid in dimension 0 .. 2")	\
	X(0x10, tload, LOAD, NO, ELEMENTS, "rows of memory, converted to the tile's type")	\
	X(0x11, tstore, STORE, NO, ELEMENTS, "rows to memory, converted to its type")	\
	X(0x18, tmov, UNARY, FI, ELEMENTS, "a copy")					\
	X(0x19, tcvt, CONVERT, NO, ELEMENTS, "a copy, converted to the type given")	\
	X(0x1a, ttrans, TURN, FI, ELEMENTS, "rows become columns")			\
	X(0x1b, texpands, FILL, NO, ELEMENTS, "the scalar's low 32 bits in each element")	\
	X(0x1c, tci, FILL, NO, ELEMENTS, "i32: the scalar, one more for each element, by rows") \
	X(0x1d, tget, GET, NO, FLAT, "the element's 32 bits, zero-extended")		\
	X(0x1e, tset, SET, NO, FLAT, "the scalar's low 32 bits become the element")	\
	X(0x20, tadd, BINARY, FI, ELEMENTS, "a + b")					\
	X(0x21, tsub, BINARY, FI, ELEMENTS, "a - b")					\
	X(0x22, tmul, BINARY, FI, ELEMENTS, "a * b")					\
	X(0x23, tdiv, BINARY, FI, ELEMENTS, "a / b")					\
	X(0x24, tmax, BINARY, FI, ELEMENTS, "the greater; NaN if one is")		\
	X(0x25, tmin, BINARY, FI, ELEMENTS, "the lesser; NaN if one is")		\
	X(0x26, tand, BINARY, I, ELEMENTS, "bitwise and")				\
	X(0x27, tor, BINARY, I, ELEMENTS, "bitwise or")					\
	X(0x28, txor, BINARY, I, ELEMENTS, "bitwise exclusive or")			\
	X(0x29, tshl, BINARY, I, ELEMENTS, "a shifted left by the low 5 bits of b")	\
	X(0x2a, tshr, BINARY, I, ELEMENTS, "a shifted right by the low 5 bits of b, sign kept")	\
	X(0x30, tadds, SCALAR, FI, ELEMENTS, "as tadd, b the scalar")			\
	X(0x31, tsubs, SCALAR, FI, ELEMENTS, "as tsub, b the scalar")			\
	X(0x32, tmuls, SCALAR, FI, ELEMENTS, "as tmul, b the scalar")			\
	X(0x33, tdivs, SCALAR, FI, ELEMENTS, "as tdiv, b the scalar")			\
	X(0x34, tmaxs, SCALAR, FI, ELEMENTS, "as tmax, b the scalar")			\
	X(0x35, tmins, SCALAR, FI, ELEMENTS, "as tmin, b the scalar")			\
	X(0x36, tands, SCALAR, I, ELEMENTS, "as tand, b the scalar")			\
	X(0x37, tors, SCALAR, I, ELEMENTS, "as tor, b the scalar")			\
	X(0x38, txors, SCALAR, I, ELEMENTS, "as txor, b the scalar")			\
	X(0x39, tshls, SCALAR, I, ELEMENTS, "as tshl, b the scalar")			\
	X(0x3a, tshrs, SCALAR, I, ELEMENTS, "as tshr, b the scalar")			\
	X(0x40, tabs, UNARY, FI, ELEMENTS, "without its sign; of f32 the sign bit is cleared")	\
	X(0x41, tneg, UNARY, FI, ELEMENTS, "0 - a; of f32 the sign bit is turned")	\
	X(0x42, tnot, UNARY, I, ELEMENTS, "each bit turned")				\
	X(0x43, trelu, UNARY, FI, ELEMENTS, "as tmax with 0")				\
	X(0x44, tsqrt, UNARY, F, ELEMENTS, "square root, correctly rounded")		\
	X(0x45, trecip, UNARY, F, ELEMENTS, "1 / a, correctly rounded")			\
	X(0x46, trsqrt, UNARY, F, FUNCTION, "1 / square root")				\
	X(0x47, texp, UNARY, F, FUNCTION, "e to the power a")				\
	X(0x48, tlog, UNARY, F, FUNCTION, "natural logarithm")				\
	X(0x49, tsin, UNARY, F, FUNCTION, "sine of radians")				\
	X(0x4a, tcos, UNARY, F, FUNCTION, "cosine of radians")				\
	X(0x4b, ttanh, UNARY, F, FUNCTION, "hyperbolic tangent")			\
	X(0x4c, tsigmoid, UNARY, F, FUNCTION, "1 / (1 + exp(-a))")			\
	X(0x4d, tsilu, UNARY, F, FUNCTION, "a / (1 + exp(-a))")				\
	X(0x4e, tgelu, UNARY, F, FUNCTION, "a (1 + erf(a / sqrt(2))) / 2")		\
	X(0x50, tcmp, COMPARE, FI, ELEMENTS, "i32: 1 where the condition holds, else 0") \
	X(0x51, tcmps, COMPARE_S, FI, ELEMENTS, "as tcmp, b the scalar")		\
	X(0x52, tsel, SELECT, FI, ELEMENTS, "b where a, which is i32, is not 0, else c")	\
	X(0x58, trowsum, REDUCE_ROW, FI, ELEMENTS, "sum of each row")			\
	X(0x59, trowmax, REDUCE_ROW, FI, ELEMENTS, "greatest of each row")		\
	X(0x5a, trowmin, REDUCE_ROW, FI, ELEMENTS, "least of each row")			\
	X(0x5b, trowargmax, REDUCE_ROW, FI, ELEMENTS, "i32: column of each row's first greatest") \
	X(0x5c, tcolsum, REDUCE_COL, FI, ELEMENTS, "sum of each column")		\
	X(0x5d, tcolmax, REDUCE_COL, FI, ELEMENTS, "greatest of each column")		\
	X(0x5e, tcolmin, REDUCE_COL, FI, ELEMENTS, "least of each column")		\
	X(0x60, trowexpand, EXPAND_ROW, FI, ELEMENTS, "one column, repeated to so many")	\
	X(0x61, tcolexpand, EXPAND_COL, FI, ELEMENTS, "one row, repeated to so many")	\
	X(0x62, trowexpandadd, BY_ROW, FI, ELEMENTS, "as tadd, b one column for all")	\
	X(0x63, trowexpandsub, BY_ROW, FI, ELEMENTS, "as tsub, b one column for all")	\
	X(0x64, trowexpandmul, BY_ROW, FI, ELEMENTS, "as tmul, b one column for all")	\
	X(0x65, trowexpanddiv, BY_ROW, FI, ELEMENTS, "as tdiv, b one column for all")	\
	X(0x68, tcolexpandadd, BY_COL, FI, ELEMENTS, "as tadd, b one row for all")	\
	X(0x69, tcolexpandsub, BY_COL, FI, ELEMENTS, "as tsub, b one row for all")	\
	X(0x6a, tcolexpandmul, BY_COL, FI, ELEMENTS, "as tmul, b one row for all")	\
	X(0x6b, tcolexpanddiv, BY_COL, FI, ELEMENTS, "as tdiv, b one row for all")	\
	X(0x70, tmatmul, PRODUCT, FI, PRODUCT, "matrix product of a and b")		\
	X(0x71, tmatmul_acc, PRODUCT_ACC, FI, PRODUCT, "matrix product, added to what is there") \
	X(0x80, word_load, WORD_READ, NO, FLAT, "the 64-bit word, acquire")		\
	X(0x81, word_store, WORD_WRITE, NO, FLAT, "the word becomes the scalar, release")	\
	X(0x82, word_add, WORD_WRITE, NO, FLAT, "adds; the old word")			\
	X(0x83, word_swap, WORD_WRITE, NO, FLAT, "stores; the old word")		\
	X(0x84, word_cas, WORD_CAS, NO, FLAT, "stores if the word is compare; the old word")

/* What a program is refused for. X(rule, number, what it says) */
#define UB_VISA_RULES(X)								\
	X(LENGTH, 1, "a program has 1 to 65536 whole instructions of 8 bytes")		\
	X(TILES, 2, "a program may use 16 tiles")					\
	X(FUEL, 3, "fuel is 1 to 2^40 a block")						\
	X(OPCODE, 4, "the opcode is none of RFC 9669's groups base64 and divmul64")	\
	X(REGISTER, 5, "registers are r0 to r10, and r10 is never written")		\
	X(RESERVED, 6, "a field that this opcode does not use is not zero")		\
	X(WIDE, 7, "a 64-bit immediate has no second half")				\
	X(JUMP, 8, "the jump leaves the program or ends inside an instruction")		\
	X(END, 9, "the last instruction is neither exit nor a jump")			\
	X(STACK, 10, "the access by r10 is not within the stack of 512 bytes")		\
	X(CALL, 11, "the call is of no operation in the table")				\
	X(ARGUMENT, 12, "a constant argument is not what the operation takes")

/* What ends a launch. X(fault, number, what it says) */
#define UB_VISA_FAULTS(X)								\
	X(FUEL, 1, "the block has used up its fuel")					\
	X(MEMORY, 2, "the address is neither in the stack nor in the argument block")	\
	X(TILE, 3, "the program has declared no such tile")				\
	X(EMPTY, 4, "the tile has not been written")					\
	X(SHAPE, 5, "rows and columns do not fit the operation or the tile")		\
	X(TYPE, 6, "the operation does not take this type")				\
	X(SAME_TILE, 7, "the operation cannot write a tile that it reads")		\
	X(SEGMENT, 8, "the launch's table has no such segment")				\
	X(BOUNDS, 9, "the access is not within the segment")				\
	X(ALIGNMENT, 10, "the word is not at a multiple of 8 bytes")			\
	X(VALUE, 11, "the argument is out of its range")				\
	X(ACCESS, 12, "memory cannot be reached; the completion's substatus says why")

#define UB_VISA_OP_NUMBER(number, name, form, types, cost, says) UB_VISA_##name = number,
enum ub_visa_op { UB_VISA_OPS(UB_VISA_OP_NUMBER) };
#define UB_VISA_RULE_NUMBER(name, number, says) UB_VISA_RULE_##name = number,
enum ub_visa_rule { UB_VISA_RULES(UB_VISA_RULE_NUMBER) };
#define UB_VISA_FAULT_NUMBER(name, number, says) UB_VISA_FAULT_##name = number,
enum ub_visa_fault { UB_VISA_FAULTS(UB_VISA_FAULT_NUMBER) };

/*
 * imm_data of a LAUNCH that a fault has ended: fault, argument (1 .. 5, 0: none), index of the
 * instruction, block (x + X (y + Y z)).
 */
#define UB_VISA_RECORD(fault, argument, insn, block)					\
	((unsigned long long)(fault) | (unsigned long long)(argument) << 8 |		\
	 (unsigned long long)(insn) << 16 | (unsigned long long)(block) << 32)
#define UB_VISA_RECORD_FAULT(record)	((unsigned)((record) & 0xff))
#define UB_VISA_RECORD_ARGUMENT(record)	((unsigned)((record) >> 8 & 0xff))
#define UB_VISA_RECORD_INSN(record)	((unsigned)((record) >> 16 & 0xffff))
#define UB_VISA_RECORD_BLOCK(record)	((unsigned)((record) >> 32))

#endif
