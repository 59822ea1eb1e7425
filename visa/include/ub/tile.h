/* SPDX-License-Identifier: MIT */
/**
 * @file
 * The tile operations for programs of the device, in C: clang --target=bpf -O2. docs/visa.md says
 * what each does. A program is a function in a section of its own, and calls inline ones alone:
 *
 *	UB_PROGRAM(name)
 *	int name(const struct args *args) { ub_tload(0, 0, args->at, ...); return 0; }
 */
#ifndef UB_TILE_H
#define UB_TILE_H

#include <ub/ub_visa_ops.h>

/** The section that holds a program; name is the program's. */
#define UB_PROGRAM(name)	__attribute__((section("ub/" #name), used))

/* A call of the operation's number, as RFC 9669 has it for helper functions. */
typedef unsigned long long ub_visa_u64;
typedef ub_visa_u64 (*ub_visa_call_INDEX)(ub_visa_u64 dimension);
typedef void (*ub_visa_call_LOAD)(ub_visa_u64 dst, ub_visa_u64 segment, ub_visa_u64 offset,
				  ub_visa_u64 shape, ub_visa_u64 stride);
typedef void (*ub_visa_call_STORE)(ub_visa_u64 src, ub_visa_u64 segment, ub_visa_u64 offset,
				   ub_visa_u64 memory_type, ub_visa_u64 stride);
typedef void (*ub_visa_call_UNARY)(ub_visa_u64 dst, ub_visa_u64 a);
typedef ub_visa_call_UNARY ub_visa_call_TURN;
typedef ub_visa_call_UNARY ub_visa_call_REDUCE_ROW;
typedef ub_visa_call_UNARY ub_visa_call_REDUCE_COL;
typedef void (*ub_visa_call_CONVERT)(ub_visa_u64 dst, ub_visa_u64 a, ub_visa_u64 type);
typedef void (*ub_visa_call_FILL)(ub_visa_u64 dst, ub_visa_u64 scalar, ub_visa_u64 shape);
typedef ub_visa_u64 (*ub_visa_call_GET)(ub_visa_u64 src, ub_visa_u64 row, ub_visa_u64 column);
typedef void (*ub_visa_call_SET)(ub_visa_u64 dst, ub_visa_u64 row, ub_visa_u64 column,
				 ub_visa_u64 scalar);
typedef void (*ub_visa_call_BINARY)(ub_visa_u64 dst, ub_visa_u64 a, ub_visa_u64 b);
typedef ub_visa_call_BINARY ub_visa_call_BY_ROW;
typedef ub_visa_call_BINARY ub_visa_call_BY_COL;
typedef ub_visa_call_BINARY ub_visa_call_PRODUCT;
typedef ub_visa_call_BINARY ub_visa_call_PRODUCT_ACC;
typedef void (*ub_visa_call_SCALAR)(ub_visa_u64 dst, ub_visa_u64 a, ub_visa_u64 scalar);
typedef void (*ub_visa_call_COMPARE)(ub_visa_u64 dst, ub_visa_u64 a, ub_visa_u64 b,
				     ub_visa_u64 condition);
typedef void (*ub_visa_call_COMPARE_S)(ub_visa_u64 dst, ub_visa_u64 a, ub_visa_u64 scalar,
				       ub_visa_u64 condition);
typedef void (*ub_visa_call_SELECT)(ub_visa_u64 dst, ub_visa_u64 mask, ub_visa_u64 b,
				    ub_visa_u64 c);
typedef void (*ub_visa_call_EXPAND_ROW)(ub_visa_u64 dst, ub_visa_u64 a, ub_visa_u64 columns);
typedef void (*ub_visa_call_EXPAND_COL)(ub_visa_u64 dst, ub_visa_u64 a, ub_visa_u64 rows);
typedef ub_visa_u64 (*ub_visa_call_WORD_READ)(ub_visa_u64 segment, ub_visa_u64 offset);
typedef ub_visa_u64 (*ub_visa_call_WORD_WRITE)(ub_visa_u64 segment, ub_visa_u64 offset,
					       ub_visa_u64 scalar);
typedef ub_visa_u64 (*ub_visa_call_WORD_CAS)(ub_visa_u64 segment, ub_visa_u64 offset,
					     ub_visa_u64 compare, ub_visa_u64 scalar);

#define UB_VISA_CALL(number, name, form, types, cost, says)	\
	static const ub_visa_call_##form ub_##name __attribute__((unused)) =	\
		(ub_visa_call_##form)number;
UB_VISA_OPS(UB_VISA_CALL)
#undef UB_VISA_CALL

/** The bits of a constant of f32, for scalars: the device's scalar layer has integers alone. */
static inline __attribute__((always_inline, unused)) unsigned ub_f32(float value)
{
	union {
		float f;
		unsigned bits;
	} u;

	u.f = value;
	return u.bits;
}

#endif
