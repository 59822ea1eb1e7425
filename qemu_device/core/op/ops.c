/* SPDX-License-Identifier: MIT */
/* One row for an opcode. */
#include "op/op.h"

#define IN_WQE(member)	{ offsetof(struct ub_hw_wqe, member), \
			  sizeof(((struct ub_hw_wqe *)0)->member) }
#define IN_EXT(member)	{ sizeof(struct ub_hw_wqe) + offsetof(union ub_hw_wqe_ext, member), \
			  sizeof(((union ub_hw_wqe_ext *)0)->member) }

#define ROW(op, ...)	[UB_OP_##op] = { .name = #op, __VA_ARGS__ }

/* What atomics have in common; which one it is ub_exec_atomic() sees. */
#define ATOMIC(op)					\
	ROW(op,						\
		.nsge = 1,				\
		.nsge_status = UB_CR_LOC_LEN_ERR,	\
		.reserved = IN_EXT(rsvd_atomic),	\
		.check = ub_check_atomic,		\
		.target = UB_PEER_MEMORY,		\
		.access = UB_ACCESS_ATOMIC,		\
		.exec = ub_exec_atomic			\
	)

/* Set by hand, as a table. */
/* clang-format off */
const struct ub_op ub_ops[256] = {
	ROW(WRITE,
		.may_inline = true,
		.nsge = UB_OP_ANY_SGE,
		.target = UB_PEER_MEMORY,
		.access = UB_ACCESS_WRITE,
		.exec = ub_exec_write
	),
	ROW(WRITE_IMM,
		.may_inline = true,
		.nsge = UB_OP_ANY_SGE,
		.reserved = IN_EXT(rsvd),
		.target = UB_PEER_MEMORY,
		.access = UB_ACCESS_WRITE,
		.second = UB_PEER_RECEIVER,
		.has_imm = true,
		.exec = ub_exec_message
	),
	ROW(WRITE_NOTIFY,
		.may_inline = true,
		.nsge = UB_OP_ANY_SGE,
		.reserved = IN_EXT(rsvd),
		.check = ub_check_notify,
		.target = UB_PEER_MEMORY,
		.access = UB_ACCESS_WRITE,
		.second = UB_PEER_MEMORY,
		.exec = ub_exec_write_notify
	),
	ROW(READ,
		.nsge = UB_OP_ANY_SGE,
		.target = UB_PEER_MEMORY,
		.access = UB_ACCESS_READ,
		.exec = ub_exec_read
	),
	ATOMIC(CAS),
	ATOMIC(SWAP),
	ATOMIC(FADD),
	ATOMIC(FSUB),
	ATOMIC(FAND),
	ATOMIC(FOR),
	ATOMIC(FXOR),
	ROW(SEND,
		.may_inline = true,
		.nsge = UB_OP_ANY_SGE,
		.target = UB_PEER_RECEIVER,
		.exec = ub_exec_message
	),
	ROW(SEND_IMM,
		.may_inline = true,
		.nsge = UB_OP_ANY_SGE,
		.reserved = IN_EXT(rsvd),
		.target = UB_PEER_RECEIVER,
		.has_imm = true,
		.exec = ub_exec_message
	),
	ROW(NOP,
		.nsge_status = UB_CR_LOC_OPERATION_ERR
	),
	ROW(FILL,
		.nsge = UB_OP_ANY_SGE,
		.reserved = IN_WQE(rsvd_fill),
		.check = ub_check_fill,
		.exec = ub_exec_fill
	),
	ROW(CRC32C,
		.nsge = UB_OP_ANY_SGE,
		.reserved = IN_WQE(rsvd_crc),
		.exec = ub_exec_crc32c
	),
	ROW(GEMM_F32,
		.nsge = 3,
		.nsge_status = UB_CR_LOC_OPERATION_ERR,
		.len_flags = UB_GEMM_TRANS_A | UB_GEMM_TRANS_B,
		.check = ub_check_gemm,
		.engine_only = true,
		.restarts = true,
		.exec = ub_exec_gemm
	),
	ROW(LAUNCH,
		.nsge = UB_OP_ANY_SGE,
		.reserved = IN_WQE(launch.rsvd),
		.check = ub_check_launch,
		.engine_only = true,
		.has_program = true,
		.exec = ub_exec_launch
	),
};
/* clang-format on */

#define CAP_OF(name, number, cap) | (ub_op_find(number) ? (cap) : 0)
uint64_t ub_op_caps(void)
{
	return 0 UB_HW_OPCODES(CAP_OF);
}
