/* SPDX-License-Identifier: MIT */
/* The checks of frames that others have written. */
#include "fabric/frame.h"

#define MAX_DELAY_NS 10000000000ull

/* As the contract's list has them: all below UB_OP_NPU_FIRST that need a capability. */
static bool has_peer(uint8_t opcode)
{
#define HAS_PEER(name, number, cap) \
	case name:                  \
		return (cap) && (name) < UB_OP_NPU_FIRST;
	switch (opcode) {
		UB_HW_OPCODES(HAS_PEER)
	default:
		return false;
	}
#undef HAS_PEER
}

static const char *check_piece(const struct ub_frame *f)
{
	if (f->total > UB_MAX_MSG)
		return "a payload above the largest message";
	if (f->offset % UB_FRAME_PIECE || f->offset > f->total)
		return "a piece that begins where none does";
	if (f->offset && f->offset == f->total)
		return "a piece behind the payload's end";
	return NULL;
}

static const char *check_request(const struct ub_frame *f)
{
	const char *wrong = check_piece(f);
	uint32_t length = ub_frame_carries(f->opcode) ? ub_frame_piece(f->offset, f->total) : 0;

	if (wrong)
		return wrong;
	if (f->length != length)
		return "a request whose length is not that of its piece";
	if (f->code || f->flags & ~(UB_WQE_TO_JETTY | UB_WQE_SOLICITED) ||
	    f->timeout > UB_HW_MAX_ERR_TIMEOUT)
		return "a request with undefined flags";
	if (f->sequence < f->offset / UB_FRAME_PIECE)
		return "a sequence number below that of the command's first piece";
	return NULL;
}

static const char *check_answer(const struct ub_frame *f)
{
	const char *wrong = check_piece(f);

	if (wrong)
		return wrong;
	if (f->code > UB_ANSWER_LATER)
		return "an answer of an unknown kind";
	if (f->answer.status > UB_CR_REM_DATA_POISON || f->answer.substatus > UB_SUB_JFC_FULL)
		return "an answer with an unknown status";
	if (f->answer.delay_ns > MAX_DELAY_NS || f->answer.moved > f->total)
		return "an answer that is out of range";
	if (f->length && (f->opcode != UB_OP_READ || f->code || f->answer.status ||
			  f->length != ub_frame_piece(f->offset, f->total)))
		return "an answer whose length is not that of its piece";
	return NULL;
}

const char *ub_frame_check(const struct ub_frame *f)
{
	if (f->version != UB_FRAME_VERSION)
		return "another version";
	if (f->rsvd)
		return "a reserved field";
	if (!f->queue || f->queue > UB_HW_ID_MASK)
		return "a queue that cannot be";
	if (f->length > UB_FRAME_PIECE)
		return "more payload than a piece has";
	switch (f->kind) {
	case UB_FRAME_REQUEST:
		return has_peer(f->opcode) ? check_request(f) : "an opcode without a peer";
	case UB_FRAME_CANCEL:
		return f->length ? "payload of a CANCEL" : NULL;
	case UB_FRAME_ANSWER:
		return has_peer(f->opcode) ? check_answer(f) : "an opcode without a peer";
	default:
		return "an unknown kind";
	}
}
