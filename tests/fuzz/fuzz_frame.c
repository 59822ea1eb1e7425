/* SPDX-License-Identifier: MIT */
/*
 * A hostile process on the fabric: frames of every kind, repeated, out of order, left unfinished,
 * while the guest changes what they are for.
 */
#include <stdlib.h>

#include "ops.h"
#include "remote/owner.h"

#define PEERS 2

static struct ub_peer *peers[DEVICES][PEERS];
static struct ub_frame last[DEVICES];

static void some_receiver(const struct gctx *ctx, struct input *in, uint32_t *id, uint32_t *token,
			  uint16_t *flags)
{
	bool jetty = in_u8(in) % 3 == 0;

	*id = jetty ? ctx->jfs[1].id : ctx->jfr.id;
	*token = in_u8(in) % 8 ? RECV_TOKEN : BAD_TOKEN;
	if (jetty)
		*flags |= UB_WQE_TO_JETTY;
}

static void some_memory(const struct gctx *ctx, struct input *in, uint64_t len, __le64 *addr,
			uint32_t *id, uint32_t *token)
{
	const struct gseg *seg = &ctx->seg[in_u8(in) % SEGMENTS];
	uint64_t room = seg->len > len ? seg->len - len : 0;

	*id = seg->id;
	*token = seg->token;
	*addr = seg->va + (room ? in_u16(in) % room & ~7ull : 0);
}

/* As a well-behaved process would send it. */
static void good_frame(struct guest *g, struct input *in, unsigned dev, struct ub_frame *f)
{
	static const uint8_t opcodes[] = {
		UB_OP_WRITE, UB_OP_WRITE_IMM, UB_OP_WRITE_NOTIFY, UB_OP_READ,
		UB_OP_CAS,   UB_OP_FADD,      UB_OP_SEND,	  UB_OP_SEND_IMM,
	};
	const struct gctx *ctx = &g->ctx[dev][in_u8(in) % CONTEXTS];
	__le64 addr = 0;
	uint32_t total = in_u8(in) % 4 ? in_u16(in) % 512 : in_u16(in) * 4u;

	*f = (struct ub_frame){ .version = UB_FRAME_VERSION, .kind = UB_FRAME_REQUEST };
	f->opcode = opcodes[in_u8(in) % sizeof(opcodes)];
	if (f->opcode >= UB_OP_CAS && f->opcode <= UB_OP_FXOR)
		total = in_u8(in) % 2 ? 8 : 4;
	f->timeout = 1;
	f->queue = 1 + in_u8(in) % 3;
	f->total = total;
	f->sequence = last[dev].sequence + 1;
	if (f->opcode == UB_OP_SEND || f->opcode == UB_OP_SEND_IMM)
		some_receiver(ctx, in, &f->request.rmt_id, &f->request.rmt_token, &f->flags);
	else
		some_memory(ctx, in, total, &addr, &f->request.rmt_id, &f->request.rmt_token);
	f->request.rmt_addr = addr;
	if (f->opcode >= UB_OP_CAS && f->opcode <= UB_OP_FXOR)
		f->request.ext.operand = in_u16(in);
	else if (f->opcode == UB_OP_WRITE_IMM)
		some_receiver(ctx, in, &f->request.ext.notify_id, &f->request.ext.notify_token,
			      &f->flags);
	else if (f->opcode == UB_OP_WRITE_NOTIFY)
		some_memory(ctx, in, 8, &f->request.ext.notify_addr, &f->request.ext.notify_id,
			    &f->request.ext.notify_token);
	if (ub_frame_carries(f->opcode))
		f->length = ub_frame_piece(0, total);
}

/* The next piece of the command before, the same once more, or one that is not due. */
static void another_piece(struct input *in, struct ub_frame *f)
{
	uint64_t n = in_u8(in) % 4 ? 1 : in_u8(in) % 3;

	f->offset += n * UB_FRAME_PIECE;
	f->sequence += n;
	if (f->offset < f->total && f->length)
		f->length = ub_frame_piece(f->offset, f->total);
}

static void deliver(unsigned dev, struct ub_peer *peer, const struct ub_frame *f)
{
	struct ub_core *core = world_core(dev);
	uint32_t room = f->kind == UB_FRAME_REQUEST && f->opcode == UB_OP_READ
				? ub_frame_piece(f->offset, f->total)
				: 0;
	uint8_t *payload = malloc(f->length ? f->length : 1);
	struct ub_frame *answer = malloc(sizeof(*answer) + room);

	must(payload && answer);
	memset(payload, 0x5a, f->length);
	if (ub_owner_request(core, peer, f, payload, answer))
		must(!ub_frame_check(answer));
	free(payload);
	free(answer);
}

static void op_frame(struct guest *g, struct input *in)
{
	unsigned dev = in_u8(in) % DEVICES, how = in_u8(in);
	struct ub_frame f = last[dev];

	if (how % 4 == 0)
		another_piece(in, &f);
	else if (how % 16 == 1)
		in_bytes(in, &f, sizeof(f));
	else if (how % 16 == 2)
		f.kind = UB_FRAME_CANCEL;
	else
		good_frame(g, in, dev, &f);
	if (f.kind == UB_FRAME_CANCEL)
		f.length = 0;
	if (how % 16 == 3)
		((uint8_t *)&f)[in_u8(in) % sizeof(f)] ^= in_u8(in);
	if (ub_frame_check(&f))
		return;
	if (f.kind == UB_FRAME_ANSWER) {
		ub_request_answered(world_core(dev), NULL, &f, NULL);
		return;
	}
	deliver(dev, peers[dev][in_u8(in) % PEERS], &f);
	last[dev] = f;
}

static void op_tick(struct guest *g, struct input *in)
{
	(void)g;
	ub_owner_tick(world_core(in_u8(in) % DEVICES));
}

static void connect_all(void)
{
	static const uint8_t eid[16] = { 0xfd, 9 };

	for (unsigned dev = 0; dev < DEVICES; dev++) {
		struct ub_core *core = world_core(dev);

		core->owner = ub_owner_new();
		must(core->owner);
		for (unsigned i = 0; i < PEERS; i++) {
			peers[dev][i] = ub_owner_connect(core, eid, i);
			must(peers[dev][i]);
		}
		memset(&last[dev], 0, sizeof(last[dev]));
	}
}

static void end_all(void)
{
	for (unsigned dev = 0; dev < DEVICES; dev++) {
		ub_owner_free(world_core(dev)->owner);
		world_core(dev)->owner = NULL;
	}
}

static const op_fn ops[] = {
	op_frame, op_frame,   op_frame, op_frame, op_frame,  op_frame,	op_recv, op_recv,
	op_state, op_segment, op_drain, op_leaf,  op_record, op_settle, op_tick, op_fault,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };
	struct guest g;

	world_begin();
	guest_init(&g);
	connect_all();
	ops_run(&g, &in, ops, sizeof(ops) / sizeof(ops[0]), 96);
	end_all();
	world_end();
	return 0;
}
