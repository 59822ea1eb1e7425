/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/* What programs and device share, of <ub/ub_hw.h>: doorbells, shadow records, WQEs and CQEs. */
#ifndef UB_HW_QUEUE_H
#define UB_HW_QUEUE_H

#include "ub_hw_device.h"

/* ---- Doorbell pages, offsets in a 4 KiB page of BAR 2 ---------------------------------------- */
#define UB_DB_DIRECT_WQE	0x00	/* 64 bytes; the store that covers byte 63 submits */
#define UB_DB_JFC		0x40	/* 64 bit, UB_DB_JFC_*; on a JFC's page */
#define UB_DB_JFS		0x80	/* 32 bit, PI; on a JFS's page */

/* JFC doorbell word: re-arm. */
#define UB_DB_JFC_CI_MASK	0xffffffull		/* bits 23:0, consumer index */
#define UB_DB_JFC_SOLICITED	(1ull << 24)		/* wake for solicited or failed CQEs only */
#define UB_DB_JFC_ARM_SN_SHIFT	25			/* bits 26:25, arm serial */
#define UB_DB_JFC_ARM_SN_MASK	3ull
#define UB_DB_JFC_ID_SHIFT	32			/* bits 51:32, JFC id, that of the page */

/* ---- Shadow records: user memory, one cache line a writer ------------------------------------ */
struct ub_hw_jfs_rec {
	__le32 pi;		/* user: WQEBBs posted; the truth a doorbell only hints at */
	__u8 rsvd0[60];
	__le32 event_idx;	/* device: wants a doorbell once PI moves past this */
	__le32 ci;		/* device: WQEBBs done with */
	__le32 state;		/* device: enum ub_queue_state */
	__u8 rsvd1[52];
};

struct ub_hw_jfr_rec {
	__le32 pi;		/* user: receive WQEs posted */
	__u8 rsvd0[60];
	__le32 ci;		/* device: receive WQEs consumed */
	__le32 state;		/* device: enum ub_queue_state */
	__u8 rsvd1[56];
};

struct ub_hw_jfc_rec {
	__le32 ci;		/* user: CQEs consumed */
	__u8 rsvd0[60];
	__le32 pi;		/* device: CQEs written */
	__le32 state;		/* device: enum ub_queue_state, READY or ERROR */
	__u8 rsvd1[56];
};

/* ---- Work queue entries ---------------------------------------------------------------------- */
/*
 * Opcodes: name, number, capability (0: every device has it). UB transactions have the vendor's
 * numbers, NPU work those from 0xc0. X is a macro of three arguments.
 */
#define UB_HW_OPCODES(X)					\
	X(UB_OP_WRITE,		0x00, UB_OPCAP_WRITE)		\
	X(UB_OP_WRITE_IMM,	0x01, UB_OPCAP_WRITE)		\
	X(UB_OP_WRITE_NOTIFY,	0x02, UB_OPCAP_WRITE)		\
	X(UB_OP_READ,		0x10, UB_OPCAP_READ)		\
	X(UB_OP_CAS,		0x20, UB_OPCAP_ATOMIC)		\
	X(UB_OP_SWAP,		0x21, UB_OPCAP_ATOMIC)		\
	X(UB_OP_FADD,		0x22, UB_OPCAP_ATOMIC)		\
	X(UB_OP_FSUB,		0x23, UB_OPCAP_ATOMIC)		\
	X(UB_OP_FAND,		0x24, UB_OPCAP_ATOMIC)		\
	X(UB_OP_FOR,		0x25, UB_OPCAP_ATOMIC)		\
	X(UB_OP_FXOR,		0x26, UB_OPCAP_ATOMIC)		\
	X(UB_OP_SEND,		0x40, UB_OPCAP_SEND)		\
	X(UB_OP_SEND_IMM,	0x41, UB_OPCAP_SEND)		\
	X(UB_OP_NOP,		0x51, 0)			\
	X(UB_OP_FILL,		0xc0, UB_OPCAP_FILL)		\
	X(UB_OP_CRC32C,		0xc1, UB_OPCAP_CRC32C)		\
	X(UB_OP_GEMM_F32,	0xc2, UB_OPCAP_GEMM_F32)	\
	X(UB_OP_LAUNCH,		0xc3, UB_OPCAP_LAUNCH)

#define UB_HW_OPCODE_NUMBER(name, number, cap) name = number,
enum ub_opcode { UB_HW_OPCODES(UB_HW_OPCODE_NUMBER) };
#define UB_OP_NPU_FIRST		0xc0	/* from here on: no extension, no inline data, no peer */

#define UB_WQE_OWNER		(1u << 0)	/* parity of the lap, 1 on the first */
#define UB_WQE_COMPLETE		(1u << 1)	/* write a CQE also on success */
#define UB_WQE_SOLICITED	(1u << 2)	/* the peer's CQE is solicited (own one: NPU ops) */
#define UB_WQE_FENCE		(1u << 3)	/* after all earlier reads and atomics */
#define UB_WQE_COMP_ORDER	(1u << 4)	/* complete in order */
#define UB_WQE_PLACE_SHIFT	5		/* 2 bit: 0 none, 1 relaxed, 2 strong */
#define UB_WQE_PLACE_MASK	(3u << 5)
#define UB_WQE_INLINE		(1u << 7)	/* payload is data, not SGEs */
#define UB_WQE_TO_JETTY		(1u << 8)	/* rmt_id is a Jetty id, else a JFR id */
#define UB_WQE_FLAGS		0x01ffu		/* all that are defined */

struct ub_hw_sge {
	__le32 len;		/* bytes */
	__le32 token_id;	/* segment of the queue's own context */
	__le64 va;
};

/*
 * Send WQE: 48 bytes, then a 32-byte extension for the opcodes that have one, then SGEs or inline
 * data. It takes ceil(total / 64) consecutive WQEBBs, at most 4, and may wrap in the ring.
 */
struct ub_hw_wqe {
	__le16 idx;		/* low 16 bits of the index of its first WQEBB */
	__le16 flags;		/* UB_WQE_* */
	__u8 opcode;
	__u8 sge_num;
	__le16 inline_len;	/* bytes with UB_WQE_INLINE; GEMM_F32: UB_GEMM_TRANS_*; else 0 */
	__le64 user_ctx;	/* echoed in the CQE */
	__extension__ union {
		__extension__ struct {
			__u8 rmt_eid[16];
			__le64 rmt_addr;	/* memory ops: owner's virtual address */
			__le32 rmt_id;		/* TokenID; SEND: JFR or Jetty id */
			__le32 rmt_token;	/* TokenValue */
		};
		__extension__ struct {	/* FILL */
			__le64 pattern;
			__le32 pattern_size;	/* 1, 2, 4 or 8 bytes; divides each SGE's len */
			__u8 rsvd_fill[20];
		};
		__extension__ struct {	/* CRC32C; the result is the CQE's imm_data */
			__le32 crc_seed;	/* result of the data before, 0 to start */
			__u8 rsvd_crc[28];
		};
		__extension__ struct {	/* GEMM_F32: C = alpha op(A) op(B) + beta C */
			__le32 m, n, k;
			__le32 lda, ldb, ldc;	/* elements from row to row */
			__le32 alpha, beta;	/* IEEE 754 binary32 */
		} gemm;				/* SGEs: A, B, C; row-major */
		__extension__ struct {	/* LAUNCH; SGEs: argument block, then segments 0 .. 11 */
			__le32 program;		/* id */
			__le32 grid[3];		/* blocks in x, y, z, at least 1 each */
			__u8 rsvd[16];
		} launch;
	};
};

#define UB_GEMM_TRANS_A		(1u << 0)
#define UB_GEMM_TRANS_B		(1u << 1)

union ub_hw_wqe_ext {
	__extension__ struct {	/* WRITE_IMM, SEND_IMM, WRITE_NOTIFY */
		__le64 imm_data;	/* WRITE_NOTIFY: the 8 bytes to store */
		__le64 notify_addr;	/* WRITE_NOTIFY, 8-byte aligned */
		__le32 notify_id;	/* WRITE_NOTIFY: TokenID; WRITE_IMM: JFR or Jetty id */
		__le32 notify_token;
		__u8 rsvd[8];
	};
	__extension__ struct {	/* atomics; operand length is SGE 0's: 4 or 8 bytes */
		__le64 operand;		/* CAS, SWAP: new value */
		__le64 compare;		/* CAS */
		__u8 rsvd_atomic[16];
	};
};

#define UB_HW_RECV_SGE		3

struct ub_hw_recv_wqe {
	__le16 idx;
	__le16 flags;		/* UB_WQE_OWNER */
	__u8 rsvd;
	__u8 sge_num;		/* 0 .. 3 */
	__le16 rsvd1;
	__le64 user_ctx;
	struct ub_hw_sge sge[UB_HW_RECV_SGE];
};

/* ---- Geometry of WQEs --------------------------------------------------------------------------
 * What takes how much of a ring, for device, driver and library alike. The opcode alone decides;
 * opcodes from UB_OP_NPU_FIRST on have no extension and no inline data, so that a driver carries
 * those it does not know.
 */
#define UB_HW_WQE_BYTES		(UB_HW_MAX_WQEBB * UB_HW_WQEBB_SIZE)	/* the largest WQE */

/* Parity of the lap that index is in, as owner bits of WQEs, CQEs, EQEs and replies show it. */
static inline __u32 ub_hw_owner(__u32 index, __u32 depth)
{
	return !(index & depth);
}

/* Whether a 32-byte union ub_hw_wqe_ext follows the first 48 bytes. */
static inline int ub_hw_wqe_has_ext(__u8 opcode)
{
	switch (opcode) {
	case UB_OP_WRITE_IMM:
	case UB_OP_WRITE_NOTIFY:
	case UB_OP_SEND_IMM:
		return 1;
	default:
		return opcode >= UB_OP_CAS && opcode <= UB_OP_FXOR;
	}
}

/* Bytes before SGEs or inline data. */
static inline __u32 ub_hw_wqe_head(__u8 opcode)
{
	return (__u32)sizeof(struct ub_hw_wqe) +
	       (ub_hw_wqe_has_ext(opcode) ? (__u32)sizeof(union ub_hw_wqe_ext) : 0);
}

/* Bytes of a WQE with these fields, flags and inline_len in the CPU's order; may be too many. */
static inline __u32 ub_hw_wqe_size(__u8 opcode, __u16 flags, __u8 sge_num, __u16 inline_len)
{
	int is_inline = flags & UB_WQE_INLINE && opcode < UB_OP_NPU_FIRST;

	return ub_hw_wqe_head(opcode) +
	       (is_inline ? inline_len : sge_num * (__u32)sizeof(struct ub_hw_sge));
}

/* WQEBBs that a WQE of so many bytes takes; what is too long takes the most there is. */
static inline __u32 ub_hw_wqe_blocks(__u32 bytes)
{
	__u32 blocks = (bytes + UB_HW_WQEBB_SIZE - 1) / UB_HW_WQEBB_SIZE;

	return blocks < UB_HW_MAX_WQEBB ? blocks : UB_HW_MAX_WQEBB;
}

/* Whether PI's move from old to pi passes the index at which the device wants a doorbell. */
static inline int ub_hw_wants_doorbell(__u32 event_idx, __u32 pi, __u32 old)
{
	return (__u32)(pi - event_idx - 1) < (__u32)(pi - old);
}

/* ---- Completion queue entries ---------------------------------------------------------------- */
enum ub_cr_status {		/* liburma's names and numbers */
	UB_CR_SUCCESS			= 0,
	UB_CR_UNSUPPORTED_OPCODE_ERR	= 1,
	UB_CR_LOC_LEN_ERR		= 2,
	UB_CR_LOC_OPERATION_ERR		= 3,
	UB_CR_LOC_ACCESS_ERR		= 4,
	UB_CR_REM_RESP_LEN_ERR		= 5,
	UB_CR_REM_UNSUPPORTED_REQ_ERR	= 6,
	UB_CR_REM_OPERATION_ERR		= 7,
	UB_CR_REM_ACCESS_ABORT_ERR	= 8,
	UB_CR_ACK_TIMEOUT_ERR		= 9,
	UB_CR_RNR_RETRY_CNT_EXC_ERR	= 10,
	UB_CR_WR_FLUSH_ERR		= 11,
	UB_CR_WR_SUSPEND_DONE		= 12,
	UB_CR_WR_FLUSH_ERR_DONE		= 13,
	UB_CR_WR_UNHANDLED		= 14,
	UB_CR_LOC_DATA_POISON		= 15,
	UB_CR_REM_DATA_POISON		= 16,
};

/* Substatus: which check failed, for people; programs go by status. */
enum ub_cr_substatus {
	UB_SUB_NONE		= 0,
	UB_SUB_FLAGS		= 1,	/* undefined flag or reserved field set */
	UB_SUB_SGE_COUNT	= 2,
	UB_SUB_LENGTH		= 3,
	UB_SUB_ALIGNMENT	= 4,
	UB_SUB_TOKEN_ID		= 5,	/* no such segment, or of another context */
	UB_SUB_TOKEN		= 6,	/* by token: it opens no segment, JFR or Jetty of that id */
	UB_SUB_BOUNDS		= 7,	/* outside the segment */
	UB_SUB_RIGHTS		= 8,	/* the segment's access bits */
	UB_SUB_UNMAPPED		= 9,	/* no leaf in the page table */
	UB_SUB_PTE_RIGHTS	= 10,	/* leaf without the right */
	UB_SUB_BUS		= 11,	/* leaf address is not memory */
	UB_SUB_OWNER		= 12,	/* WQE owner bit or idx not of this lap */
	UB_SUB_PI		= 13,	/* PI more than a ring ahead */
	UB_SUB_RSVD14		= 14,
	UB_SUB_STATE		= 15,	/* queue not READY */
	UB_SUB_EID		= 16,	/* no device of that EID */
	UB_SUB_JFC_FULL		= 17,
	UB_SUB_PROGRAM		= 18,	/* no such program; with IMM: a fault, UB_VISA_RECORD() */
};

#define UB_CQE_OWNER		(1u << 0)	/* parity of the lap, 1 on the first */
#define UB_CQE_RECV		(1u << 1)	/* of a JFR */
#define UB_CQE_SOLICITED	(1u << 2)
#define UB_CQE_IMM		(1u << 3)	/* imm_data is valid */
#define UB_CQE_JETTY		(1u << 4)	/* local_id is a Jetty's */

struct ub_hw_cqe {
	__u8 status;		/* enum ub_cr_status; the first four bytes are written last */
	__u8 substatus;		/* enum ub_cr_substatus */
	__u8 opcode;		/* of the WQE that caused it */
	__u8 flags;		/* UB_CQE_* */
	__le32 local_id;	/* JFS, JFR or Jetty id */
	__le64 user_ctx;
	__le32 len;		/* bytes moved */
	__le32 idx;		/* index of the WQE's first WQEBB, or of the receive WQE */
	__le64 imm_data;	/* immediate data; CRC32C: result; LAUNCH: record of a fault */
	__u8 rmt_eid[16];	/* the peer */
	__le32 rmt_id;		/* the peer's JFS or Jetty id */
	__le32 rsvd;
	__le64 timestamp_ns;	/* device clock when it was written */
};

#endif
