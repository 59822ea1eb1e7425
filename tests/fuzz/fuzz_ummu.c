/* SPDX-License-Identifier: MIT */
/*
 * Page tables of any content: entries of all levels, tables within themselves, and walks of them.
 */
#include "ops.h"

#define TABLES		6
#define SEG		1

/* Some entry: a table of ours, a leaf, a huge leaf, or anything. */
static uint64_t some_entry(struct input *in, uint64_t tables)
{
	uint64_t rights = in_u8(in) & 0xf;

	switch (in_pick(in, 5)) {
	case 0:
	case 1: return (tables + in_pick(in, TABLES) * PAGE) | rights | UB_PTE_VALID;
	case 2: return (world_some_bus(in) & UB_PTE_ADDR_MASK) | rights | UB_PTE_VALID;
	case 3: return (in_pick(in, 4) * 0x200000ull) | rights | UB_PTE_VALID | UB_PTE_HUGE |
		       (in_rarely(in, 2) ? UB_PTE_HBM : 0);
	default: return in_rarely(in, 2) ? in_u64(in) :
			in_pick(in, 20) * PAGE | rights | UB_PTE_VALID | UB_PTE_HBM;
	}
}

/* Indices that a walk of few different addresses goes through. */
static unsigned some_index(struct input *in)
{
	static const uint16_t usual[] = { 0, 1, 2, 3, 255, 256, 510, 511 };

	return in_rarely(in, 8) ? in_u16(in) % 512 : usual[in_pick(in, 8)];
}

static uint64_t some_address(struct input *in)
{
	uint64_t uba = 0;

	for (unsigned level = 0; level < 4; level++)
		uba = uba << 9 | some_index(in);
	return uba * PAGE + (in_rarely(in, 2) ? in_u16(in) % PAGE : 0);
}

static void fill_tables(struct input *in, uint64_t tables)
{
	for (unsigned n = 4 + in_pick(in, 60); n && in_left(in); n--) {
		uint64_t *table = world_ptr(tables + in_pick(in, TABLES) * PAGE, PAGE);
		unsigned at = some_index(in);

		table[at] = some_entry(in, tables);
		if (in_rarely(in, 8))
			for (unsigned i = 1; i < 16 && at + i < 512; i++)
				table[at + i] = table[at] + i * PAGE;
	}
}

static void make_segment(struct gctx *ctx, uint32_t tid)
{
	struct ub_admin_cmd cmd = { .opcode = UB_ADMIN_CREATE_SEG, .id = FUZZ_MAX_SEG - tid };

	cmd.seg.len = 1ull << UB_UBA_BITS;
	cmd.seg.tid = tid;
	cmd.seg.access = UB_ACCESS_READ | UB_ACCESS_WRITE | UB_ACCESS_ATOMIC;
	must(guest_admin(ctx->dev, &cmd) == UB_ADMIN_OK);
}

/* A context whose tables are the fuzzer's, with a segment over all of it. */
static void hostile_context(struct gctx *ctx, uint64_t tables)
{
	struct ub_admin_cmd cmd = { .opcode = UB_ADMIN_CREATE_CTX, .id = 5 };

	cmd.ctx.pt_base = tables;
	must(guest_admin(ctx->dev, &cmd) == UB_ADMIN_OK);
	make_segment(ctx, 5);
}

/* Queues in memory as the tables say; most are refused. */
static void op_queue(struct gctx *ctx, struct input *in)
{
	struct ub_admin_cmd cmd = { .opcode = UB_ADMIN_CREATE_JFC, .id = 5 };

	cmd.jfc.ring = some_address(in) & ~(PAGE - 1ull);
	cmd.jfc.rec = some_address(in) & ~127ull;
	cmd.jfc.tid = 5;
	cmd.jfc.depth = 64u << in_pick(in, 3);
	cmd.jfc.db_page = 30;
	cmd.jfc.eq = 1;
	if (guest_admin(ctx->dev, &cmd) == UB_ADMIN_OK)
		guest_admin(ctx->dev, &(struct ub_admin_cmd){ .opcode = UB_ADMIN_DESTROY_JFC,
							      .id = 5 });
}

/* Moves between the context with the hostile tables and an orderly one, by token. */
static void op_move(struct gctx *ctx, struct input *in)
{
	static const uint8_t moves[] = { UB_OP_WRITE, UB_OP_READ, UB_OP_WRITE_NOTIFY, UB_OP_CAS,
					 UB_OP_FADD, UB_OP_SWAP };
	struct gjfs *q = &ctx->jfs[0];
	_Alignas(8) uint8_t raw[128] = { 0 };
	struct ub_hw_wqe *w = (struct ub_hw_wqe *)raw;
	bool small;
	unsigned blocks = 1;
	struct ub_hw_sge sge = { .token_id = ctx->seg[0].id, .va = ctx->seg[0].va };

	w->opcode = moves[in_pick(in, 6)];
	small = w->opcode >= UB_OP_CAS;
	sge.len = small ? 8 : in_rarely(in, 2) ? in_u16(in) % (4 * PAGE) : in_pick(in, 64);
	w->idx = (uint16_t)q->pi;
	w->flags = (uint16_t)(ub_hw_owner(q->pi, DEPTH) | UB_WQE_COMPLETE);
	w->sge_num = 1;
	memcpy(w->rmt_eid, world_eid(ctx->dev), 16);
	w->rmt_id = FUZZ_MAX_SEG - 5;
	w->rmt_addr = small ? some_address(in) & ~7ull : some_address(in);
	if (small || w->opcode == UB_OP_WRITE_NOTIFY) {
		union ub_hw_wqe_ext *ext = (union ub_hw_wqe_ext *)(raw + 48);

		blocks = 2;
		if (!small) {
			ext->notify_addr = some_address(in) & ~7ull;
			ext->notify_id = FUZZ_MAX_SEG - 5;
		}
	}
	memcpy(raw + (blocks == 2 ? 80 : 48), &sge, sizeof(sge));
	for (unsigned i = 0; i < blocks; i++, q->pi++)
		memcpy(q->ring + (q->pi & (DEPTH - 1)) * 64, raw + i * 64, 64);
	ub_store_seq(&q->rec->pi, q->pi);
	ub_core_db_write(world_core(ctx->dev), q->page * PAGE + UB_DB_JFS, q->pi, 4);
	world_settle();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };
	struct gctx *ctx;
	struct guest g;
	uint64_t tables;

	world_begin();
	guest_init(&g);
	/* Hostile tables may lead to anything, the rings among it. */
	g.tainted = true;
	ctx = &g.ctx[in_pick(&in, DEVICES)][0];
	world_rewind(DEVICES * DEVICE_PAGES);
	tables = world_alloc(TABLES);
	hostile_context(ctx, tables);
	fill_tables(&in, tables);
	for (unsigned n = 0; n < 48 && in_left(&in); n++) {
		if (in_rarely(&in, 6))
			op_queue(ctx, &in);
		else if (in_rarely(&in, 8))
			fill_tables(&in, tables);
		else
			op_move(ctx, &in);
	}
	world_end();
	return 0;
}
