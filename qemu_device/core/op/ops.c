/* SPDX-License-Identifier: MIT */
/* One row for an opcode. */
#include "op/op.h"

#define IN_WQE(member)	{ offsetof(struct ub_hw_wqe, member), \
			  sizeof(((struct ub_hw_wqe *)0)->member) }
#define IN_EXT(member)	{ sizeof(struct ub_hw_wqe) + offsetof(union ub_hw_wqe_ext, member), \
			  sizeof(((union ub_hw_wqe_ext *)0)->member) }

/* What atomics have in common; which one it is ub_exec_atomic() sees. */
#define ATOMIC(op)						\
	[UB_OP_##op] = {					\
		.name = #op,					\
		.cap = UB_OPCAP_ATOMIC,				\
		.nsge = 1,					\
		.nsge_status = UB_CR_LOC_LEN_ERR,		\
		.reserved = IN_EXT(rsvd_atomic),		\
		.check = ub_check_atomic,			\
		.target = UB_PEER_MEMORY,			\
		.access = UB_ACCESS_ATOMIC,			\
		.exec = ub_exec_atomic,				\
	}

static const struct ub_op ops[256] = {
	[UB_OP_WRITE] = {
		.name = "WRITE",
		.cap = UB_OPCAP_WRITE,
		.may_inline = true,
		.nsge = UB_OP_ANY_SGE,
		.target = UB_PEER_MEMORY,
		.access = UB_ACCESS_WRITE,
		.exec = ub_exec_write,
	},
	[UB_OP_WRITE_IMM] = {
		.name = "WRITE_IMM",
		.cap = UB_OPCAP_WRITE,
		.may_inline = true,
		.nsge = UB_OP_ANY_SGE,
		.reserved = IN_EXT(rsvd),
		.target = UB_PEER_MEMORY,
		.access = UB_ACCESS_WRITE,
		.second = UB_PEER_RECEIVER,
		.has_imm = true,
		.exec = ub_exec_message,
	},
	[UB_OP_WRITE_NOTIFY] = {
		.name = "WRITE_NOTIFY",
		.cap = UB_OPCAP_WRITE,
		.may_inline = true,
		.nsge = UB_OP_ANY_SGE,
		.reserved = IN_EXT(rsvd),
		.check = ub_check_notify,
		.target = UB_PEER_MEMORY,
		.access = UB_ACCESS_WRITE,
		.second = UB_PEER_MEMORY,
		.exec = ub_exec_write_notify,
	},
	[UB_OP_READ] = {
		.name = "READ",
		.cap = UB_OPCAP_READ,
		.nsge = UB_OP_ANY_SGE,
		.target = UB_PEER_MEMORY,
		.access = UB_ACCESS_READ,
		.exec = ub_exec_read,
	},
	ATOMIC(CAS),
	ATOMIC(SWAP),
	ATOMIC(FADD),
	ATOMIC(FSUB),
	ATOMIC(FAND),
	ATOMIC(FOR),
	ATOMIC(FXOR),
	[UB_OP_SEND] = {
		.name = "SEND",
		.cap = UB_OPCAP_SEND,
		.may_inline = true,
		.nsge = UB_OP_ANY_SGE,
		.target = UB_PEER_RECEIVER,
		.exec = ub_exec_message,
	},
	[UB_OP_SEND_IMM] = {
		.name = "SEND_IMM",
		.cap = UB_OPCAP_SEND,
		.may_inline = true,
		.nsge = UB_OP_ANY_SGE,
		.reserved = IN_EXT(rsvd),
		.target = UB_PEER_RECEIVER,
		.has_imm = true,
		.exec = ub_exec_message,
	},
	[UB_OP_NOP] = {
		.name = "NOP",
		.nsge_status = UB_CR_LOC_OPERATION_ERR,
	},
	[UB_OP_FILL] = {
		.name = "FILL",
		.cap = UB_OPCAP_FILL,
		.nsge = UB_OP_ANY_SGE,
		.reserved = IN_WQE(rsvd_fill),
		.check = ub_check_fill,
		.exec = ub_exec_fill,
	},
	[UB_OP_CRC32C] = {
		.name = "CRC32C",
		.cap = UB_OPCAP_CRC32C,
		.nsge = UB_OP_ANY_SGE,
		.reserved = IN_WQE(rsvd_crc),
		.exec = ub_exec_crc32c,
	},
	[UB_OP_GEMM_F32] = {
		.name = "GEMM_F32",
		.cap = UB_OPCAP_GEMM_F32,
		.nsge = 3,
		.nsge_status = UB_CR_LOC_OPERATION_ERR,
		.len_flags = UB_GEMM_TRANS_A | UB_GEMM_TRANS_B,
		.check = ub_check_gemm,
		.engine_only = true,
		.restarts = true,
		.exec = ub_exec_gemm,
	},
};

const struct ub_op *ub_op_find(unsigned opcode)
{
	return opcode < 256 && ops[opcode].name ? &ops[opcode] : NULL;
}

uint64_t ub_op_caps(void)
{
	uint64_t caps = 0;

	for (unsigned opcode = 0; opcode < 256; opcode++)
		caps |= ops[opcode].cap;
	return caps;
}
