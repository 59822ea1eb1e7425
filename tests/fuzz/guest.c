/* SPDX-License-Identifier: MIT */
/* Building the guest's objects. */
#include "guest.h"

#define RWA (UB_PTE_READ | UB_PTE_WRITE | UB_PTE_ATOMIC)

int guest_admin(unsigned dev, const struct ub_admin_cmd *cmd)
{
	struct ub_core *core = world_core(dev);
	uint32_t pi = (uint32_t)ub_core_reg_read(core, UB_REG_ADMIN_PI, 4);
	uint32_t depth = (uint32_t)ub_core_reg_read(core, UB_REG_ADMIN_DEPTH, 4);
	uint64_t base = ub_core_reg_read(core, UB_REG_ADMIN_BASE, 8);
	struct ub_admin_slot *slot;
	uint64_t silent;

	if (!depth || ub_core_reg_read(core, UB_REG_STATUS, 4) != UB_STATUS_READY)
		return -1;
	slot = world_ptr(base + (pi & (depth - 1)) * sizeof(*slot), sizeof(*slot));
	if (!slot || (uintptr_t)slot % 4)
		return -1;
	slot->cmd = *cmd;
	silent = core->inject.given[UB_FAULT_ADMIN_SILENT];
	ub_core_reg_write(core, UB_REG_ADMIN_PI, pi + 1, 4);
	if ((uint32_t)ub_core_reg_read(core, UB_REG_ADMIN_CI, 4) != pi + 1)
		return -1;
	if (core->inject.given[UB_FAULT_ADMIN_SILENT] != silent)
		return -1;
	must((slot->reply.flags & UB_ADMIN_REPLY_OWNER) == !(pi & depth));
	must(slot->reply.status <= UB_ADMIN_BAD_PROGRAM);
	return slot->reply.status;
}

static void admin_ok(unsigned dev, const struct ub_admin_cmd *cmd)
{
	int status = guest_admin(dev, cmd);

	must(status == UB_ADMIN_OK);
}

int guest_modify(struct gctx *ctx, unsigned op, uint32_t id, unsigned state)
{
	struct ub_admin_cmd cmd = { .opcode = (uint8_t)op, .id = id };

	if (op == UB_ADMIN_MODIFY_JFS)
		cmd.jfs.state = (uint8_t)state;
	else
		cmd.jfr.state = (uint8_t)state;
	return guest_admin(ctx->dev, &cmd);
}

/* ---- Memory of a context ---- */
static uint64_t map_page(struct gctx *ctx, uint64_t pte)
{
	ctx->leaves[ctx->mapped] = pte | RWA | UB_PTE_VALID;
	return VA + ctx->mapped++ * PAGE;
}

static uint64_t map_new(struct gctx *ctx, unsigned pages, uint8_t **ptr)
{
	uint64_t bus = world_alloc(pages), va = VA + ctx->mapped * PAGE;

	*ptr = world_ptr(bus, pages * PAGE);
	for (unsigned i = 0; i < pages; i++)
		map_page(ctx, bus + i * PAGE);
	return va;
}

static void make_ctx(struct gctx *ctx)
{
	struct ub_admin_cmd cmd = { .opcode = UB_ADMIN_CREATE_CTX, .id = ctx->tid };
	uint64_t tables = world_alloc(4);

	for (unsigned level = 4; level > 1; level--) {
		uint64_t *table = world_ptr(tables + (4 - level) * PAGE, PAGE);

		table[VA >> (12 + 9 * (level - 1)) & 511] =
			(tables + (5 - level) * PAGE) | UB_PTE_VALID;
	}
	ctx->leaves = world_ptr(tables + 3 * PAGE, PAGE);
	cmd.ctx.pt_base = tables;
	admin_ok(ctx->dev, &cmd);
}

static void make_seg(struct gctx *ctx, unsigned i, uint64_t va, uint64_t len, uint32_t access)
{
	struct gseg *seg = &ctx->seg[i];
	struct ub_admin_cmd cmd = { .opcode = UB_ADMIN_CREATE_SEG };

	*seg = (struct gseg){ .id = (ctx->tid - 1) * SEGMENTS + i + 1, .va = va, .len = len };
	seg->token = 0x1000 + seg->id;
	cmd.id = seg->id;
	cmd.seg.va = cmd.seg.uba = va;
	cmd.seg.len = len;
	cmd.seg.tid = ctx->tid;
	cmd.seg.access = access;
	cmd.seg.token_policy = UB_HW_TOKEN_PLAIN_TEXT;
	cmd.seg.token_value = seg->token;
	admin_ok(ctx->dev, &cmd);
}

/* One of plain memory, one of scattered pages, one of device memory, one that only the own use. */
static void make_segs(struct gctx *ctx)
{
	uint32_t all = UB_ACCESS_READ | UB_ACCESS_WRITE | UB_ACCESS_ATOMIC;
	unsigned n = (ctx->dev * CONTEXTS + ctx->tid - 1) * 4;
	uint64_t va;
	uint8_t *ptr;

	make_seg(ctx, 0, map_new(ctx, 4, &ptr), 4 * PAGE, all);
	va = VA + ctx->mapped * PAGE;
	for (unsigned i = 0; i < 4; i++)
		map_page(ctx, SPLIT_BUS + (n + i) * PAGE);
	make_seg(ctx, 1, va + 8, 4 * PAGE - 16, all);
	va = VA + ctx->mapped * PAGE;
	for (unsigned i = 0; i < 3; i++)
		map_page(ctx, (n % 8 + i) * PAGE | UB_PTE_HBM);
	make_seg(ctx, 2, va, 3 * PAGE, UB_ACCESS_READ | UB_ACCESS_WRITE);
	make_seg(ctx, 3, map_new(ctx, 2, &ptr), 2 * PAGE, UB_ACCESS_LOCAL_ONLY);
}

/* ---- Queues ---- */
static void make_jfc(struct gctx *ctx, uint64_t rec_va, uint8_t *rec)
{
	struct ub_admin_cmd cmd = { .opcode = UB_ADMIN_CREATE_JFC, .id = ctx->tid };
	uint8_t *ring;

	memset(&ctx->jfc, 0, sizeof(ctx->jfc));
	ctx->jfc.id = ctx->tid;
	ctx->jfc.page = ctx->tid * 4;
	cmd.jfc.ring = map_new(ctx, 1, &ring);
	cmd.jfc.rec = rec_va;
	cmd.jfc.tid = ctx->tid;
	cmd.jfc.depth = DEPTH;
	cmd.jfc.db_page = ctx->jfc.page;
	cmd.jfc.eq = 1;
	ctx->jfc.ring = (struct ub_hw_cqe *)ring;
	ctx->jfc.rec = (struct ub_hw_jfc_rec *)rec;
	admin_ok(ctx->dev, &cmd);
}

static void make_jfr(struct gctx *ctx, uint64_t rec_va, uint8_t *rec)
{
	struct ub_admin_cmd cmd = { .opcode = UB_ADMIN_CREATE_JFR, .id = ctx->tid };
	uint8_t *ring;

	memset(&ctx->jfr, 0, sizeof(ctx->jfr));
	ctx->jfr.id = ctx->tid;
	cmd.jfr.ring = map_new(ctx, 1, &ring);
	cmd.jfr.rec = rec_va;
	cmd.jfr.tid = ctx->tid;
	cmd.jfr.depth = DEPTH;
	cmd.jfr.jfc = ctx->tid;
	cmd.jfr.token_policy = UB_HW_TOKEN_PLAIN_TEXT;
	cmd.jfr.token_value = RECV_TOKEN;
	ctx->jfr.ring = (struct ub_hw_recv_wqe *)ring;
	ctx->jfr.rec = (struct ub_hw_jfr_rec *)rec;
	admin_ok(ctx->dev, &cmd);
}

static void make_jfs(struct gctx *ctx, unsigned i, uint64_t rec_va, uint8_t *rec)
{
	struct gjfs *q = &ctx->jfs[i];
	struct ub_admin_cmd cmd = { .opcode = UB_ADMIN_CREATE_JFS };

	memset(q, 0, sizeof(*q));
	cmd.id = q->id = (ctx->tid - 1) * QUEUES + i + 1;
	q->page = ctx->tid * 4 + 1 + i;
	cmd.jfs.ring = map_new(ctx, 1, &q->ring);
	cmd.jfs.rec = rec_va;
	cmd.jfs.tid = ctx->tid;
	cmd.jfs.depth = DEPTH;
	cmd.jfs.db_page = q->page;
	cmd.jfs.jfc = ctx->tid;
	cmd.jfs.priority = (uint8_t)(i * 9);
	cmd.jfs.rnr_retry = (uint8_t)(i + 1);
	if (i) {
		cmd.jfs.jfr = ctx->tid;
		cmd.jfs.flags = UB_JFS_F_JETTY | (ctx->dev ? UB_JFS_F_ERROR_SUSPEND : 0);
	}
	q->rec = (struct ub_hw_jfs_rec *)rec;
	admin_ok(ctx->dev, &cmd);
}

static void make_queues(struct gctx *ctx)
{
	uint8_t *rec;
	uint64_t va = map_new(ctx, 1, &rec);

	make_jfc(ctx, va, rec);
	make_jfr(ctx, va + 128, rec + 128);
	for (unsigned i = 0; i < QUEUES; i++)
		make_jfs(ctx, i, va + 256 + i * 128, rec + 256 + i * 128);
}

/* ---- Devices ---- */
static void enable(unsigned dev)
{
	struct ub_core *core = world_core(dev);

	ub_core_reg_write(core, UB_REG_ADMIN_BASE, world_alloc(1), 8);
	ub_core_reg_write(core, UB_REG_ADMIN_DEPTH, 8, 4);
	ub_core_reg_write(core, UB_REG_CTRL, UB_CTRL_ENABLE, 4);
	for (unsigned i = 0; i < 2; i++) {
		struct ub_admin_cmd cmd = { .opcode = UB_ADMIN_CREATE_EQ, .id = i };

		cmd.eq.base = world_alloc(1);
		cmd.eq.rec = cmd.eq.base + 2048;
		cmd.eq.depth = 64;
		admin_ok(dev, &cmd);
	}
}

void guest_device(struct guest *g, unsigned dev)
{
	world_rewind(dev * DEVICE_PAGES);
	enable(dev);
	for (unsigned i = 0; i < CONTEXTS; i++) {
		struct gctx *ctx = &g->ctx[dev][i];

		memset(ctx, 0, sizeof(*ctx));
		ctx->dev = dev;
		ctx->tid = i + 1;
		make_ctx(ctx);
		make_segs(ctx);
		make_queues(ctx);
	}
}

void guest_init(struct guest *g)
{
	memset(g, 0, sizeof(*g));
	for (unsigned i = 0; i < DEVICES; i++)
		guest_device(g, i);
}

struct gctx *guest_ctx(struct guest *g, struct input *in)
{
	unsigned n = in_pick(in, DEVICES * CONTEXTS);

	return &g->ctx[n / CONTEXTS][n % CONTEXTS];
}
