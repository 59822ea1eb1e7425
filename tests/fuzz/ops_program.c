/* SPDX-License-Identifier: MIT */
/* Steps of a hostile guest with programs: made of instructions that often pass the verifier. */
#include "ops.h"
#include "visa/visa.h"

#define MOST_INSNS 48u

static unsigned some_operation(struct input *in)
{
	unsigned number = in_u8(in);

	/* The next one that there is. */
	for (unsigned i = 0; i < 256 && !ub_visa_find(number); i++)
		number = (number + 1) % 256;
	return number;
}

/* What an argument of the operation may well be. */
static int32_t some_argument(struct input *in, enum ub_visa_kind kind)
{
	switch (kind) {
	case UB_VISA_OFFSET:
		return (int32_t)(in_pick(in, 64) * 8);
	case UB_VISA_STRIDE:
		return (int32_t)in_pick(in, 64);
	case UB_VISA_LOAD_SHAPE:
	case UB_VISA_TILE_SHAPE:
		return (int32_t)((1 + in_pick(in, 8)) | (1 + in_pick(in, 8)) << 16);
	case UB_VISA_SCALAR:
		return (int32_t)in_u32(in);
	default:
		return (int32_t)in_pick(in, 4);
	}
}

static unsigned put_call(struct input *in, struct ub_visa_insn *at)
{
	unsigned number = some_operation(in), n = 0;

	for (unsigned i = 0; i < 5; i++) {
		enum ub_visa_kind kind = ub_visa_kind_of(ub_visa_find(number), i);

		if (kind != UB_VISA_NONE)
			at[n++] = (struct ub_visa_insn){ 0xb7, (uint8_t)(i + 1), 0,
							 some_argument(in, kind) };
	}
	at[n++] = (struct ub_visa_insn){ 0x85, 0, 0, (int32_t)number };
	return n;
}

static unsigned put_any(struct input *in, struct ub_visa_insn *at)
{
	at->opcode = in_u8(in);
	at->regs = (uint8_t)(in_pick(in, 12) | in_pick(in, 12) << 4);
	at->offset = in_rarely(in, 2) ? 0 : (int16_t)((int)in_pick(in, 32) - 24);
	at->imm = in_rarely(in, 2) ? 0 : (int32_t)in_u32(in);
	return 1;
}

static unsigned some_program(struct input *in, struct ub_visa_insn insns[MOST_INSNS])
{
	unsigned n = 0, wanted = 1 + in_pick(in, MOST_INSNS - 7);

	memset(insns, 0, MOST_INSNS * sizeof(*insns));
	while (n < wanted)
		n += in_rarely(in, 4) ? put_any(in, &insns[n]) : put_call(in, &insns[n]);
	insns[n++].opcode = 0x95;
	return n;
}

/* The first page of a context's first segment. */
static void *image_of(struct gctx *ctx)
{
	uint64_t leaf = ctx->leaves[ctx->seg[0].va >> 12 & 511];

	return leaf & UB_PTE_HBM ? NULL : world_ptr(leaf & UB_PTE_ADDR_MASK, PAGE);
}

void op_program(struct guest *g, struct input *in)
{
	struct gctx *ctx = guest_ctx(g, in);
	struct ub_visa_insn insns[MOST_INSNS];
	struct ub_admin_cmd cmd = { .opcode = UB_ADMIN_CREATE_PROGRAM };
	unsigned n = some_program(in, insns);
	void *image = image_of(ctx);

	cmd.id = 1 + in_pick(in, FUZZ_MAX_PROGRAM);
	if (!image || in_rarely(in, 4)) {
		cmd.opcode = UB_ADMIN_DESTROY_PROGRAM;
		guest_admin(ctx->dev, &cmd);
		return;
	}
	/* Devices may be reading and writing there. */
	for (unsigned i = 0; i < n; i++)
		__atomic_store_n((uint64_t *)image + i, ((uint64_t *)insns)[i], __ATOMIC_RELAXED);
	cmd.program.addr = ctx->seg[0].va;
	cmd.program.token_id = ctx->seg[0].id;
	cmd.program.tid = ctx->tid;
	cmd.program.len = n * (uint32_t)sizeof(*insns);
	cmd.program.tiles = in_pick(in, 5);
	cmd.program.fuel = 1 + in_pick(in, MOST_FUEL);
	guest_admin(ctx->dev, &cmd);
}
