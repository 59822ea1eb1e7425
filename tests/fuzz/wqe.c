/* SPDX-License-Identifier: MIT */
/* Work queue entries: sensible ones, with a chance that one field or byte is not. */
#include "ops.h"

#define NUMBER_OF(name, number, cap) number,
static const uint8_t opcodes[] = { UB_HW_OPCODES(NUMBER_OF) };

static bool is_atomic(unsigned op)
{
	return op >= UB_OP_CAS && op <= UB_OP_FXOR;
}

static bool may_inline(unsigned op)
{
	return op <= UB_OP_WRITE_NOTIFY || op == UB_OP_SEND || op == UB_OP_SEND_IMM;
}

/* A place in a segment with room for len bytes, or, rarely, without. */
static uint64_t some_place(struct input *in, const struct gseg *seg, uint64_t len, unsigned align)
{
	uint64_t off = in_u16(in) % (seg->len + 1);

	if (!in_rarely(in, 16) && off + len > seg->len)
		off = len > seg->len ? 0 : seg->len - len;
	return seg->va + off / align * align;
}

static uint32_t some_len(struct input *in)
{
	switch (in_pick(in, 4)) {
	case 0: return in_pick(in, 64);
	case 1: return PAGE - 2 + in_pick(in, 5);
	case 2: return in_u16(in) % (4 * PAGE);
	default: return in_rarely(in, 8) ? (uint32_t)in_edge(in) : 8;
	}
}

static void put_sge(struct input *in, struct gctx *ctx, uint8_t *at, uint32_t len, unsigned align)
{
	const struct gseg *seg = &ctx->seg[in_pick(in, SEGMENTS)];
	struct ub_hw_sge sge = { .len = len, .token_id = seg->id };

	sge.va = some_place(in, seg, len, align);
	if (in_rarely(in, 32))
		sge.token_id = in_u8(in);
	memcpy(at, &sge, sizeof(sge));
}

static void target(struct guest *g, struct input *in, struct ub_hw_wqe *w, uint64_t len)
{
	struct gctx *peer = guest_ctx(g, in);
	const struct gseg *seg = &peer->seg[in_pick(in, SEGMENTS)];

	memcpy(w->rmt_eid, world_eid(peer->dev), 16);
	if (in_rarely(in, 32))
		w->rmt_eid[3] ^= 1;
	if (w->opcode == UB_OP_SEND || w->opcode == UB_OP_SEND_IMM) {
		bool jetty = w->flags & UB_WQE_TO_JETTY;

		w->rmt_id = jetty ? peer->jfs[QUEUES - 1].id : peer->jfr.id;
		w->rmt_token = in_rarely(in, 32) ? BAD_TOKEN : RECV_TOKEN;
		return;
	}
	w->rmt_id = seg->id;
	w->rmt_token = in_rarely(in, 32) ? BAD_TOKEN : seg->token;
	w->rmt_addr = some_place(in, seg, len, is_atomic(w->opcode) ? 8 : 1);
}

static void extension(struct guest *g, struct input *in, struct gctx *ctx, unsigned op,
		      union ub_hw_wqe_ext *ext)
{
	const struct gseg *seg = &ctx->seg[in_pick(in, SEGMENTS)];

	(void)g;
	memset(ext, 0, sizeof(*ext));
	if (is_atomic(op)) {
		ext->operand = in_edge(in);
		ext->compare = in_pick(in, 2);
		return;
	}
	ext->imm_data = in_u8(in);
	if (op == UB_OP_WRITE_IMM) {
		ext->notify_id = ctx->jfr.id;
		ext->notify_token = RECV_TOKEN;
	} else if (op == UB_OP_WRITE_NOTIFY) {
		ext->notify_addr = some_place(in, seg, 8, 8);
		ext->notify_id = seg->id;
		ext->notify_token = seg->token;
	}
}

static unsigned fill_gemm(struct input *in, struct gctx *ctx, struct ub_hw_wqe *w, uint8_t *at)
{
	w->sge_num = 3;
	w->inline_len = in_pick(in, 4);
	w->gemm.m = 1 + in_pick(in, 40);
	w->gemm.n = 1 + in_pick(in, 40);
	w->gemm.k = 1 + in_pick(in, 40);
	w->gemm.lda = w->gemm.ldb = w->gemm.ldc = 40 + in_pick(in, 8);
	w->gemm.alpha = 0x3f800000;
	w->gemm.beta = in_rarely(in, 4) ? in_u32(in) : 0;
	for (unsigned i = 0; i < 3; i++)
		put_sge(in, ctx, at + i * sizeof(struct ub_hw_sge), 8000, 4);
	return 3 * sizeof(struct ub_hw_sge);
}

static unsigned payload(struct input *in, struct gctx *ctx, struct ub_hw_wqe *w, uint8_t *at,
			uint64_t *len)
{
	unsigned n = is_atomic(w->opcode) ? 1 : w->opcode == UB_OP_NOP ? 0 : in_pick(in, 5);

	if (w->opcode == UB_OP_GEMM_F32)
		return fill_gemm(in, ctx, w, at);
	if (may_inline(w->opcode) && in_rarely(in, 3)) {
		w->flags |= UB_WQE_INLINE;
		w->inline_len = in_pick(in, 180);
		*len = w->inline_len;
		return w->inline_len;
	}
	w->sge_num = (uint8_t)n;
	for (unsigned i = 0; i < n; i++) {
		uint32_t bytes = is_atomic(w->opcode) ? 4 + 4 * in_pick(in, 2) : some_len(in);

		if (w->opcode == UB_OP_FILL && !in_rarely(in, 16))
			bytes &= ~7u;
		put_sge(in, ctx, at + i * sizeof(struct ub_hw_sge), bytes, 1);
		*len += bytes;
	}
	return n * (unsigned)sizeof(struct ub_hw_sge);
}

static void bound_blocks(uint8_t raw[256])
{
	struct ub_hw_wqe w;

	memcpy(&w, raw, sizeof(w));
	if (w.opcode != UB_OP_LAUNCH)
		return;
	for (unsigned i = 0; i < 3; i++)
		w.launch.grid[i] %= MOST_BLOCKS + 1;
	memcpy(raw, &w, sizeof(w));
}

unsigned some_wqe(struct guest *g, struct gctx *ctx, struct input *in, uint8_t raw[256])
{
	struct ub_hw_wqe w = { .opcode = opcodes[in_pick(in, sizeof(opcodes))] };
	unsigned head = ub_hw_wqe_head(w.opcode), bytes;
	union ub_hw_wqe_ext ext;
	uint64_t len = 0;

	memset(raw, 0, 256);
	w.flags = (uint16_t)(in_u8(in) << 1 & (UB_WQE_COMPLETE | UB_WQE_SOLICITED | UB_WQE_FENCE));
	w.flags |= in_rarely(in, 3) ? UB_WQE_TO_JETTY : 0;
	w.user_ctx = in_u8(in);
	bytes = head + payload(in, ctx, &w, raw + head, &len);
	if (w.opcode == UB_OP_FILL) {
		w.pattern = in_edge(in);
		w.pattern_size = 1u << in_pick(in, 4);
	} else if (w.opcode == UB_OP_LAUNCH) {
		w.launch.program = 1 + in_pick(in, FUZZ_MAX_PROGRAM);
		for (unsigned i = 0; i < 3; i++)
			w.launch.grid[i] = in_pick(in, MOST_BLOCKS);
	} else if (w.opcode < UB_OP_NOP) {
		target(g, in, &w, len);
	}
	extension(g, in, ctx, w.opcode, &ext);
	memcpy(raw, &w, sizeof(w));
	if (ub_hw_wqe_has_ext(w.opcode))
		memcpy(raw + sizeof(w), &ext, sizeof(ext));
	if (in_rarely(in, 8))
		for (unsigned n = 1 + in_pick(in, 3); n; n--)
			raw[in_u8(in)] = in_u8(in);
	bound_blocks(raw);
	return bytes > 256 ? 4 : (bytes + 63) / 64;
}
