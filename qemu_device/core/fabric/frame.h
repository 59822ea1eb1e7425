/* SPDX-License-Identifier: MIT */
/*
 * What devices of different processes say to each other: docs/fabric.md is normative. Everything is
 * little-endian. Frames of others are checked by ub_frame_check() before anything else looks.
 */
#ifndef UB_CORE_FRAME_H
#define UB_CORE_FRAME_H

#include "base/words.h"

#define UB_FRAME_VERSION	1
#define UB_FRAME_PIECE		UB_BURST	/* payload of one frame at most */
#define UB_FRAME_WINDOW		8		/* pieces of a command without an answer */

enum ub_frame_kind {
	UB_FRAME_REQUEST	= 1,
	UB_FRAME_CANCEL		= 2,	/* the queue's command ends: no more pieces come */
	UB_FRAME_ANSWER		= 3,
};

/* ub_frame.code of an ANSWER. */
enum ub_frame_code {
	UB_ANSWER_DONE		= 0,	/* executed, or refused with a status */
	UB_ANSWER_RNR		= 1,	/* no receive WQE: not executed, again after delay_ns */
	UB_ANSWER_LATER		= 2,	/* cannot be executed now: again after delay_ns */
};

struct ub_frame {
	uint8_t version;
	uint8_t kind;
	uint8_t opcode;
	uint8_t code;
	uint16_t flags;			/* REQUEST: UB_WQE_TO_JETTY, UB_WQE_SOLICITED */
	uint8_t timeout;		/* REQUEST: err_timeout of its queue */
	uint8_t rsvd;
	uint8_t src_eid[16];
	uint8_t dst_eid[16];
	uint64_t sequence;		/* of the piece; the answer has the request's */
	uint32_t upi;
	uint32_t generation;		/* of the sender's device */
	uint32_t queue;			/* the requester's JFS */
	uint32_t length;		/* bytes of payload that follow */
	uint64_t offset;		/* of the piece in the command's payload */
	uint64_t total;			/* the command's payload */
	union {
		struct {
			uint64_t rmt_addr;
			uint32_t rmt_id;
			uint32_t rmt_token;
			union ub_hw_wqe_ext ext;
		} request;
		struct {
			uint8_t status;		/* enum ub_cr_status */
			uint8_t substatus;
			uint8_t rsvd[6];
			uint64_t delay_ns;
			uint64_t moved;		/* bytes of the command's payload so far */
			uint64_t value;		/* atomics: what was there before */
			uint8_t rsvd1[16];
		} answer;
	};
};

_Static_assert(sizeof(struct ub_frame) == 128, "the header of a frame");

/* How many pieces a payload of so many bytes takes, at least one. */
static inline uint32_t ub_frame_pieces(uint64_t total)
{
	return total ? (uint32_t)((total + UB_FRAME_PIECE - 1) / UB_FRAME_PIECE) : 1;
}

/* Bytes of the piece that begins at offset. */
static inline uint32_t ub_frame_piece(uint64_t offset, uint64_t total)
{
	uint64_t left = total - offset;

	return (uint32_t)(left < UB_FRAME_PIECE ? left : UB_FRAME_PIECE);
}

/* Whether the opcode's payload goes to the owner of the memory or queue; else it comes from it. */
static inline bool ub_frame_carries(uint8_t opcode)
{
	return opcode < UB_OP_READ || opcode == UB_OP_SEND || opcode == UB_OP_SEND_IMM;
}

/* A frame of another process, copied from where that can write: NULL, or what is wrong with it. */
const char *ub_frame_check(const struct ub_frame *frame);

#endif
