/* SPDX-License-Identifier: MIT */
/* Steps of users: queues, doorbells, records. */
#include "ops.h"

static struct gjfs *some_jfs(struct gctx *ctx, struct input *in)
{
	return &ctx->jfs[in_pick(in, QUEUES)];
}

static void ring(struct gctx *ctx, struct gjfs *q)
{
	ub_core_db_write(world_core(ctx->dev), q->page * PAGE + UB_DB_JFS, q->pi, 4);
}

static void put_blocks(struct gjfs *q, uint8_t *raw, unsigned blocks, bool wrong)
{
	struct ub_hw_wqe *w = (struct ub_hw_wqe *)raw;

	w->idx = (uint16_t)(q->pi + wrong);
	w->flags = (uint16_t)((w->flags & ~UB_WQE_OWNER) | ub_hw_owner(q->pi, DEPTH));
	for (unsigned i = 0; i < blocks; i++, q->pi++)
		memcpy(q->ring + (q->pi & (DEPTH - 1)) * 64, raw + i * 64, 64);
}

/* One or a few WQEs, published, mostly with a doorbell. */
void op_post(struct guest *g, struct input *in)
{
	struct gctx *ctx = guest_ctx(g, in);
	struct gjfs *q = some_jfs(ctx, in);
	_Alignas(8) uint8_t raw[256];

	for (unsigned n = 1 + in_pick(in, 4); n; n--) {
		unsigned blocks = some_wqe(g, ctx, in, raw);

		if (q->pi + blocks - ub_load(&q->rec->ci) > DEPTH)
			break;
		put_blocks(q, raw, blocks, in_rarely(in, 64));
	}
	ub_store_seq(&q->rec->pi, q->pi);
	if (!in_rarely(in, 16))
		ring(ctx, q);
}

void op_recv(struct guest *g, struct input *in)
{
	struct gctx *ctx = guest_ctx(g, in);
	struct gjfr *r = &ctx->jfr;

	for (unsigned n = 1 + in_pick(in, 8); n && r->pi - ub_load(&r->rec->ci) < DEPTH; n--) {
		struct ub_hw_recv_wqe w = { .idx = (uint16_t)r->pi, .user_ctx = in_u8(in) };

		w.flags = (uint16_t)ub_hw_owner(r->pi, DEPTH);
		w.sge_num = (uint8_t)in_pick(in, UB_HW_RECV_SGE + 1);
		for (unsigned i = 0; i < w.sge_num; i++) {
			const struct gseg *seg = &ctx->seg[in_pick(in, SEGMENTS)];

			w.sge[i].token_id = seg->id;
			w.sge[i].len = in_u16(in) % (2 * PAGE);
			w.sge[i].va = seg->va + in_u8(in);
		}
		if (in_rarely(in, 32))
			((uint8_t *)&w)[in_pick(in, sizeof(w))] ^= (uint8_t)(1u << in_pick(in, 8));
		memcpy(&r->ring[r->pi++ & (DEPTH - 1)], &w, sizeof(w));
	}
	ub_store(&r->rec->pi, r->pi);
}

/* A store anywhere in the doorbell pages. */
void op_store(struct guest *g, struct input *in)
{
	struct gctx *ctx = guest_ctx(g, in);
	uint64_t at = in_rarely(in, 8) ? in_edge(in) : in_pick(in, FUZZ_DB_PAGES) * PAGE;
	unsigned size = 1u << in_pick(in, 4);

	if (in_rarely(in, 16))
		size = in_u8(in);
	ub_core_db_write(world_core(ctx->dev), at + in_u8(in), in_edge(in), size ? size : 1);
}

void op_direct(struct guest *g, struct input *in)
{
	struct gctx *ctx = guest_ctx(g, in);
	struct gjfs *q = some_jfs(ctx, in);
	_Alignas(8) uint8_t raw[256];

	some_wqe(g, ctx, in, raw);
	if (q->pi - ub_load(&q->rec->ci) < DEPTH)
		put_blocks(q, raw, 1, in_rarely(in, 32));
	ub_store_seq(&q->rec->pi, q->pi);
	if (in_rarely(in, 4))
		raw[in_pick(in, 64)] = in_u8(in);
	if (in_rarely(in, 4)) {
		ub_core_db_direct(world_core(ctx->dev), q->page, raw);
		return;
	}
	for (unsigned off = 0; off < 64; off += 8) {
		uint64_t word;

		memcpy(&word, raw + off, 8);
		ub_core_db_write(world_core(ctx->dev), q->page * PAGE + off, word, 8);
	}
}

void op_rearm(struct guest *g, struct input *in)
{
	struct gctx *ctx = guest_ctx(g, in);
	struct gjfc *jfc = &ctx->jfc;
	uint64_t word = jfc->ci + (uint64_t)in_pick(in, 3) - 1;
	unsigned sn = in_rarely(in, 8) ? in_u8(in) : ++jfc->sn;

	word &= UB_DB_JFC_CI_MASK;
	word |= in_rarely(in, 2) ? UB_DB_JFC_SOLICITED : 0;
	word |= (uint64_t)(sn & UB_DB_JFC_ARM_SN_MASK) << UB_DB_JFC_ARM_SN_SHIFT;
	word |= (uint64_t)jfc->id << UB_DB_JFC_ID_SHIFT;
	ub_core_db_write(world_core(ctx->dev), jfc->page * PAGE + UB_DB_JFC, word, 8);
}

/* A user's line of some record gets a value that no user would give it. */
void op_record(struct guest *g, struct input *in)
{
	struct gctx *ctx = guest_ctx(g, in);
	struct gjfs *q = some_jfs(ctx, in);

	switch (in_pick(in, 3)) {
	case 0:
		ub_store_seq(&q->rec->pi, q->pi + (uint32_t)in_edge(in));
		ring(ctx, q);
		break;
	case 1:
		ub_store(&ctx->jfr.rec->pi, ctx->jfr.pi + (uint32_t)in_edge(in));
		break;
	default:
		ctx->tainted = true;
		ub_store(&ctx->jfc.rec->ci, ctx->jfc.ci + (uint32_t)in_edge(in));
		break;
	}
}

static void jfs_was_reset(struct gjfs *q)
{
	q->pi = 0;
	q->seen = false;
	ub_store(&q->rec->pi, 0);
	memset(q->ring, 0, DEPTH * 64);
}

static void jfr_was_reset(struct gjfr *r)
{
	r->pi = 0;
	memset(r->seen, 0, sizeof(r->seen));
	ub_store(&r->rec->pi, 0);
	memset(r->ring, 0, DEPTH * sizeof(*r->ring));
}

void op_state(struct guest *g, struct input *in)
{
	struct gctx *ctx = guest_ctx(g, in);
	struct gjfs *q = some_jfs(ctx, in);
	unsigned state = in_pick(in, 5);
	bool is_reset = state == UB_STATE_RESET;

	if (in_rarely(in, 3)) {
		if (!guest_modify(ctx, UB_ADMIN_MODIFY_JFR, ctx->jfr.id, state) && is_reset) {
			guest_drain(g, ctx);
			jfr_was_reset(&ctx->jfr);
		}
	} else if (!guest_modify(ctx, UB_ADMIN_MODIFY_JFS, q->id, state) && is_reset) {
		guest_drain(g, ctx);
		jfs_was_reset(q);
	}
}

/* A segment goes, comes back as it was, or gets another token. */
void op_segment(struct guest *g, struct input *in)
{
	struct gctx *ctx = guest_ctx(g, in);
	struct gseg *seg = &ctx->seg[in_pick(in, SEGMENTS)];
	struct ub_admin_cmd cmd = { .id = seg->id };

	switch (in_pick(in, 3)) {
	case 0:
		cmd.opcode = UB_ADMIN_DESTROY_SEG;
		break;
	case 1:
		cmd.opcode = UB_ADMIN_CREATE_SEG;
		cmd.seg.va = cmd.seg.uba = seg->va;
		cmd.seg.len = seg->len;
		cmd.seg.tid = in_rarely(in, 4) ? in_u8(in) : ctx->tid;
		cmd.seg.access = in_rarely(in, 4) ? in_u8(in) : UB_ACCESS_READ | UB_ACCESS_WRITE;
		cmd.seg.token_policy = in_pick(in, 3);
		cmd.seg.token_value = seg->token;
		break;
	default:
		cmd.opcode = UB_ADMIN_MODIFY_SEG;
		cmd.seg.token_value = in_rarely(in, 2) ? BAD_TOKEN : seg->token;
		break;
	}
	guest_admin(ctx->dev, &cmd);
}

void op_query(struct guest *g, struct input *in)
{
	static const uint8_t ops[] = { UB_ADMIN_QUERY_JFS, UB_ADMIN_QUERY_JFR, UB_ADMIN_QUERY_JFC };
	struct gctx *ctx = guest_ctx(g, in);
	struct ub_admin_cmd cmd = { .opcode = ops[in_pick(in, 3)], .id = in_pick(in, 6) };

	if (in_rarely(in, 3)) {
		cmd.opcode = UB_ADMIN_MODIFY_JFC;
		cmd.jfc.mod_count = in_pick(in, 8);
		cmd.jfc.mod_usec = in_u8(in);
		cmd.jfc.flags = in_pick(in, 2);
	}
	guest_admin(ctx->dev, &cmd);
}

void op_drain(struct guest *g, struct input *in)
{
	guest_drain(g, guest_ctx(g, in));
}

/* A leaf of a context's data pages changes under the device; rings keep theirs. */
void op_leaf(struct guest *g, struct input *in)
{
	struct gctx *ctx = guest_ctx(g, in);
	unsigned n = in_pick(in, 13);
	uint64_t rights = in_u8(in) & 0xf;

	if (in_rarely(in, 3))
		rights |= (uint64_t)in_u8(in) << 4;
	ctx->leaves[n] = (SPLIT_BUS + in_pick(in, SPLIT_PAGES) * PAGE) | rights;
}

void op_migrate(struct guest *g, struct input *in)
{
	(void)g;
	(void)in;
	world_migrate();
}

void op_settle(struct guest *g, struct input *in)
{
	(void)in;
	world_settle();
	guest_drain_all(g);
}

void ops_run(struct guest *g, struct input *in, const op_fn *ops, unsigned n, unsigned steps)
{
	while (in_left(in) && steps--)
		ops[in_pick(in, n)](g, in);
	world_settle();
	guest_drain_all(g);
}
