/* SPDX-License-Identifier: MIT */
/* Instructions of programs, written down by hand. */
#ifndef UB_TEST_INSNS_H
#define UB_TEST_INSNS_H

#include "../../visa/visa.h"

#define N(program)	(sizeof(program) / sizeof((program)[0]))
#define INSN(op, dst, src, off, value)						\
	{ .opcode = (op), .regs = (dst) | (src) << 4, .offset = (off), .imm = (value) }
#define EXIT		INSN(0x95, 0, 0, 0, 0)
#define MOV(reg, value)	INSN(0xb7, reg, 0, 0, value)
#define MOV_REG(to, of)	INSN(0xbf, to, of, 0, 0)
#define ADD(reg, value)	INSN(0x07, reg, 0, 0, value)
#define JA(off)		INSN(0x05, 0, 0, off, 0)
#define JNE(reg, value, off)	INSN(0x55, reg, 0, off, value)
#define LOAD64(reg, base, off)	INSN(0x79, reg, base, off, 0)
#define STORE64(base, off, reg)	INSN(0x7b, base, reg, off, 0)
#define WIDE(reg, low, high)	INSN(0x18, reg, 0, 0, low), INSN(0, 0, 0, 0, high)
#define CALL(number)	INSN(0x85, 0, 0, 0, number)
/* Calls with constants. */
#define CALL1(number, a)		MOV(1, a), CALL(number)
#define CALL2(number, a, b)		MOV(1, a), MOV(2, b), CALL(number)
#define CALL3(number, a, b, c)		MOV(1, a), MOV(2, b), MOV(3, c), CALL(number)
/* Of f32 in memory and in the tile. */
#define TLOAD(tile, segment, offset, rows, cols)				\
	MOV(1, tile), MOV(2, segment), MOV(3, offset),				\
	MOV(4, (rows) | (cols) << 16), MOV(5, (cols) * 4), CALL(UB_VISA_tload)
#define TSTORE(tile, segment, offset, cols)					\
	MOV(1, tile), MOV(2, segment), MOV(3, offset), MOV(4, UB_F32),		\
	MOV(5, (cols) * 4), CALL(UB_VISA_tstore)

#endif
