/* SPDX-License-Identifier: MIT */
/* Steps of a hostile driver: registers, admin commands, any memory, resets. */
#include "ops.h"

static const uint8_t admin_ops[] = {
	UB_ADMIN_NOP,	       UB_ADMIN_CREATE_CTX,	UB_ADMIN_DESTROY_CTX,
	UB_ADMIN_CREATE_SEG,   UB_ADMIN_MODIFY_SEG,	UB_ADMIN_DESTROY_SEG,
	UB_ADMIN_CREATE_EQ,    UB_ADMIN_DESTROY_EQ,	UB_ADMIN_CREATE_JFC,
	UB_ADMIN_MODIFY_JFC,   UB_ADMIN_QUERY_JFC,	UB_ADMIN_DESTROY_JFC,
	UB_ADMIN_CREATE_JFS,   UB_ADMIN_MODIFY_JFS,	UB_ADMIN_QUERY_JFS,
	UB_ADMIN_DESTROY_JFS,  UB_ADMIN_CREATE_JFR,	UB_ADMIN_MODIFY_JFR,
	UB_ADMIN_QUERY_JFR,    UB_ADMIN_DESTROY_JFR,	UB_ADMIN_INJECT,
	UB_ADMIN_QUERY_INJECT, UB_ADMIN_CREATE_PROGRAM, UB_ADMIN_DESTROY_PROGRAM,
};

void op_register(struct guest *g, struct input *in)
{
	static const uint16_t special[] = { UB_REG_CTRL, UB_REG_ERR_CAUSE, UB_REG_ADMIN_BASE,
					    UB_REG_ADMIN_DEPTH, UB_REG_ADMIN_PI };
	struct gctx *ctx = guest_ctx(g, in);
	struct ub_core *core = world_core(ctx->dev);
	uint64_t at = in_rarely(in, 2) ? in_u16(in) : special[in_pick(in, 5)];
	unsigned size = 1u << in_pick(in, 4);
	uint64_t value = in_rarely(in, 2) ? world_some_bus(in) : in_edge(in);

	if (in_rarely(in, 3)) {
		ub_core_reg_read(core, at, size);
		return;
	}
	ub_core_reg_write(core, at, value, size);
	if (at == UB_REG_CTRL && value & UB_CTRL_RESET)
		g->tainted = true;
}

/* UBAs of the guest's own contexts, mostly. */
static uint64_t some_uba(struct input *in)
{
	return in_rarely(in, 16) ? in_edge(in) : VA + in_pick(in, 40) * PAGE;
}

static void some_ring(struct input *in, struct ub_admin_cmd *cmd)
{
	cmd->jfs.ring = some_uba(in);
	cmd->jfs.rec = some_uba(in) + in_pick(in, 8) * 128;
	cmd->jfs.tid = in_pick(in, 4);
	cmd->jfs.depth = in_rarely(in, 8) ? (uint32_t)in_edge(in) : 64u << in_pick(in, 4);
}

static void some_seg(struct input *in, struct ub_admin_seg *s)
{
	s->va = some_uba(in) + in_pick(in, 4);
	s->uba = in_rarely(in, 2) ? s->va : some_uba(in) + s->va % PAGE;
	s->len = in_rarely(in, 2) ? in_edge(in) : in_u16(in);
	s->tid = in_pick(in, 4);
	s->access = in_pick(in, 16);
	s->token_policy = in_pick(in, 3);
	s->token_value = in_u8(in);
}

/* Nothing waits for seconds. */
static void bound_time(struct ub_admin_cmd *cmd)
{
	struct ub_admin_inject *c = &cmd->inject;

	if (cmd->opcode != UB_ADMIN_INJECT)
		return;
	if (c->kind == UB_FAULT_STALL && c->arg[0] == UB_STALL_TIME)
		c->arg[1] %= 1 << 17;
	if (c->kind == UB_FAULT_CQE_DELAY || c->kind == UB_FAULT_CQE_TORN)
		c->arg[0] %= 1 << 17;
}

static void some_fault(struct input *in, struct ub_admin_cmd *cmd)
{
	struct ub_admin_inject *c = &cmd->inject;

	c->kind = 1 + in_pick(in, UB_FAULT_MAX);
	c->count = in_rarely(in, 8) ? UB_FAULT_FOREVER : in_pick(in, 4);
	c->skip = in_rarely(in, 4) ? in_pick(in, 4) : 0;
	cmd->id = in_rarely(in, 3) ? 0 : cmd->id;
	switch (c->kind) {
	case UB_FAULT_STATUS:
	case UB_FAULT_ADMIN_STATUS:
		c->arg[0] = in_pick(in, 18);
		break;
	case UB_FAULT_POISON:
		c->arg[0] = in_u16(in);
		c->arg[1] = 1 + in_u8(in);
		break;
	case UB_FAULT_STALL:
		c->arg[0] = in_pick(in, 5);
		c->arg[1] = c->arg[0] ? 0 : in_u16(in);
		break;
	case UB_FAULT_CQE_DELAY:
	case UB_FAULT_CQE_TORN:
		c->arg[0] = in_u16(in);
		break;
	case UB_FAULT_EVENT:
		c->arg[0] = in_pick(in, 14);
		c->arg[1] = (uint64_t)in_pick(in, 4) << 32 | in_u8(in);
		break;
	default:
		break;
	}
}

/* A fault in the middle of work; queues are as the guest knows them still. */
void op_fault(struct guest *g, struct input *in)
{
	struct gctx *ctx = guest_ctx(g, in);
	struct ub_admin_cmd cmd = { .opcode = UB_ADMIN_INJECT, .id = in_pick(in, 6) };

	some_fault(in, &cmd);
	bound_time(&cmd);
	guest_admin(ctx->dev, &cmd);
}

static void some_fields(struct input *in, struct ub_admin_cmd *cmd)
{
	switch (cmd->opcode) {
	case UB_ADMIN_CREATE_CTX:
		cmd->ctx.pt_base = world_some_bus(in);
		break;
	case UB_ADMIN_CREATE_SEG:
		some_seg(in, &cmd->seg);
		break;
	case UB_ADMIN_CREATE_PROGRAM:
		cmd->program.addr = some_uba(in);
		cmd->program.fuel = in_pick(in, MOST_FUEL);
		cmd->program.tid = in_pick(in, 4);
		cmd->program.token_id = in_pick(in, FUZZ_MAX_SEG);
		cmd->program.len = in_rarely(in, 8) ? (uint32_t)in_edge(in) : in_pick(in, 64) * 8;
		cmd->program.tiles = in_pick(in, 18);
		break;
	case UB_ADMIN_CREATE_EQ:
		cmd->eq.base = world_some_bus(in);
		cmd->eq.rec = world_some_bus(in) + in_pick(in, 64) * 64;
		cmd->eq.depth = 64u << in_pick(in, 11);
		break;
	case UB_ADMIN_CREATE_JFC:
		some_ring(in, cmd);
		cmd->jfc.db_page = in_pick(in, FUZZ_DB_PAGES + 1);
		cmd->jfc.eq = in_pick(in, FUZZ_VECTORS + 1);
		break;
	case UB_ADMIN_CREATE_JFS:
		some_ring(in, cmd);
		cmd->jfs.db_page = in_pick(in, FUZZ_DB_PAGES + 1);
		cmd->jfs.jfc = in_pick(in, 4);
		cmd->jfs.flags = in_pick(in, 4);
		cmd->jfs.jfr = cmd->jfs.flags & UB_JFS_F_JETTY ? in_pick(in, 4) : 0;
		cmd->jfs.priority = in_u8(in) & 15;
		cmd->jfs.rnr_retry = in_u8(in) & 7;
		cmd->jfs.weight = in_u8(in);
		break;
	case UB_ADMIN_CREATE_JFR:
		some_ring(in, cmd);
		cmd->jfr.jfc = in_pick(in, 4);
		cmd->jfr.min_rnr_timer = in_pick(in, 5);
		break;
	case UB_ADMIN_MODIFY_JFS:
		cmd->jfs.state = in_pick(in, 5);
		break;
	case UB_ADMIN_MODIFY_JFR:
		cmd->jfr.state = in_pick(in, 5);
		break;
	case UB_ADMIN_MODIFY_JFC:
		cmd->jfc.mod_count = in_u8(in);
		cmd->jfc.mod_usec = in_u16(in);
		cmd->jfc.flags = in_pick(in, 3);
		break;
	case UB_ADMIN_INJECT:
		some_fault(in, cmd);
		break;
	case UB_ADMIN_QUERY_INJECT:
		cmd->id = 0;
		cmd->inject.kind = in_pick(in, UB_FAULT_MAX + 2);
		break;
	default:
		break;
	}
}

void some_admin(struct input *in, struct ub_admin_cmd *cmd)
{
	memset(cmd, 0, sizeof(*cmd));
	cmd->opcode = admin_ops[in_pick(in, sizeof(admin_ops))];
	cmd->tag = in_u8(in);
	cmd->id = cmd->opcode ? in_pick(in, 10) : 0;
	some_fields(in, cmd);
	if (in_rarely(in, 12))
		for (unsigned n = 1 + in_pick(in, 3); n; n--)
			((uint8_t *)cmd)[in_pick(in, sizeof(*cmd))] = in_u8(in);
	bound_time(cmd);
}

void op_admin(struct guest *g, struct input *in)
{
	struct gctx *ctx = guest_ctx(g, in);
	struct ub_admin_cmd cmd;

	some_admin(in, &cmd);
	/* What it does to queues is no longer known here. */
	g->tainted = true;
	guest_admin(ctx->dev, &cmd);
}

/* Any bytes anywhere in memory or device memory. */
void op_poke(struct guest *g, struct input *in)
{
	uint8_t bytes[64], *ptr;
	size_t n = 1 + in_pick(in, sizeof(bytes));
	uint64_t at = world_some_bus(in) + in_u16(in) % PAGE;

	in_bytes(in, bytes, n);
	g->tainted = true;
	ptr = world_ptr(at, n);
	if (ptr)
		memcpy(ptr, bytes, n);
}

void op_reset(struct guest *g, struct input *in)
{
	unsigned dev = in_pick(in, DEVICES);

	world_reset(dev);
	if (!in_rarely(in, 8))
		guest_device(g, dev);
	else
		g->tainted = true;
}
