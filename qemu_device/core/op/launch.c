/* SPDX-License-Identifier: MIT */
/*
 * LAUNCH: the blocks of a grid, one after the other. Between two operations, and each so many
 * instructions, the command shows progress, serves more urgent queues and may be ended or saved.
 */
#include <stdlib.h>

#include "op/op.h"
#include "program/block.h"

#define INSNS_AT_ONCE 4096u	 /* between two looks, where no operation is called */
#define TURN_FUEL     (1u << 18) /* of a turn, if other queues of its class wait */

struct ub_launch {
	struct ub_block block;
	uint64_t blocks; /* of the grid */
	uint64_t used;	 /* fuel, in this turn */
	bool saved;	 /* of a loaded state, and not yet looked at */
};

/* ---- Checks ---- */
static uint64_t grid_blocks(const uint32_t grid[3])
{
	uint64_t blocks = (uint64_t)grid[0] * grid[1];

	if (blocks > UB_VISA_MAX_BLOCKS)
		return 0;
	blocks *= grid[2];
	return blocks <= UB_VISA_MAX_BLOCKS ? blocks : 0;
}

void ub_check_launch(struct ub_cmd *cmd)
{
	if (!cmd->nsge)
		ub_cmd_fail(cmd, UB_CR_LOC_OPERATION_ERR, UB_SUB_SGE_COUNT);
	else if (!grid_blocks(cmd->wqe.launch.grid))
		ub_cmd_fail(cmd, UB_CR_LOC_OPERATION_ERR, UB_SUB_LENGTH);
	else if (cmd->sge[0].len > UB_VISA_MAX_ARGS)
		ub_cmd_fail(cmd, UB_CR_LOC_LEN_ERR, UB_SUB_LENGTH);
}

/* ---- Memory of blocks ---- */
/* A piece of the table's segment; SGE 0 is the argument block. */
static struct ub_mem piece_of(struct ub_jfs *jfs, unsigned segment, uint64_t offset, uint64_t len)
{
	struct ub_mem mem = jfs->cur.mem[segment + 1];

	mem.addr += offset;
	mem.len = len;
	return mem;
}

static unsigned fail_access(struct ub_jfs *jfs, unsigned sub)
{
	ub_cmd_fail(&jfs->cur, UB_CR_LOC_ACCESS_ERR, sub);
	return UB_VISA_FAULT_ACCESS;
}

static unsigned fail_gone(struct ub_jfs *jfs)
{
	ub_cmd_fail(&jfs->cur, UB_CR_WR_FLUSH_ERR, UB_SUB_NONE);
	return UB_VISA_FAULT_ACCESS;
}

static unsigned move_rows(void *opaque, unsigned segment, uint64_t offset, uint32_t rows,
			  uint32_t row_bytes, uint64_t stride, void *packed, bool to_segment)
{
	struct ub_jfs *jfs = opaque;
	struct ub_mem mem = piece_of(jfs, segment, offset, (rows - 1) * stride + row_bytes);
	struct ub_stream s;
	enum ub_xfer x;

	ub_stream_mem(&s, jfs->obj.core, &mem, 1, to_segment ? UB_PTE_WRITE : UB_PTE_READ);
	if (stride == row_bytes)
		x = ub_stream_copy_rows(jfs, &s, 1, (uint64_t)rows * row_bytes, 0, packed,
					to_segment);
	else
		x = ub_stream_copy_rows(jfs, &s, rows, row_bytes, stride, packed, to_segment);
	if (x == UB_XFER_GONE)
		return fail_gone(jfs);
	return x == UB_XFER_OK ? 0 : fail_access(jfs, s.sub);
}

static uint64_t word_step(uint64_t *at, enum ub_word_op op, uint64_t value, uint64_t compare)
{
	switch (op) {
	case UB_WORD_LOAD:
		return __atomic_load_n(at, __ATOMIC_ACQUIRE);
	case UB_WORD_STORE:
		__atomic_store_n(at, value, __ATOMIC_RELEASE);
		return 0;
	case UB_WORD_ADD:
		return __atomic_fetch_add(at, value, __ATOMIC_SEQ_CST);
	case UB_WORD_SWAP:
		return __atomic_exchange_n(at, value, __ATOMIC_SEQ_CST);
	default:
		__atomic_compare_exchange_n(at, &compare, value, false, __ATOMIC_SEQ_CST,
					    __ATOMIC_SEQ_CST);
		return compare;
	}
}

static uint64_t word_rights(enum ub_word_op op)
{
	return op == UB_WORD_LOAD    ? UB_PTE_READ
	       : op == UB_WORD_STORE ? UB_PTE_WRITE
				     : UB_PTE_ATOMIC;
}

/* Device memory has no atomics: it says so as memory without the right. */
static unsigned word_locked(struct ub_jfs *jfs, struct ub_stream *s, enum ub_word_op op,
			    uint64_t *value, uint64_t compare)
{
	if (!ub_cmd_live(jfs))
		return fail_gone(jfs);
	if (!ub_stream_fill_all(s, 8))
		return fail_access(jfs, s->sub);
	if (word_rights(op) == UB_PTE_ATOMIC && !s->map_ptr)
		return fail_access(jfs, UB_SUB_PTE_RIGHTS);
	*value = word_step((uint64_t *)(void *)s->ptr, op, *value, compare);
	ub_stream_skip(s, 8);
	return 0;
}

static unsigned move_word(void *opaque, unsigned segment, uint64_t offset, enum ub_word_op op,
			  uint64_t *value, uint64_t compare)
{
	struct ub_jfs *jfs = opaque;
	struct ub_core *core = jfs->obj.core;
	struct ub_mem mem = piece_of(jfs, segment, offset, 8);
	struct ub_stream s;
	unsigned fault;

	ub_stream_mem(&s, core, &mem, 1, word_rights(op));
	pthread_rwlock_rdlock(&core->dma_lock);
	fault = word_locked(jfs, &s, op, value, compare);
	ub_stream_end(&s);
	pthread_rwlock_unlock(&core->dma_lock);
	return fault;
}

static const struct ub_block_memory block_memory = { .rows = move_rows, .word = move_word };

/* ---- Beginning ---- */
static void bind_block(struct ub_jfs *jfs, struct ub_launch *l)
{
	struct ub_cmd *cmd = &jfs->cur;
	struct ub_block *b = &l->block;

	b->insns = cmd->program->insns;
	b->tiles = cmd->program->needs.tiles;
	b->memory = &block_memory;
	b->opaque = jfs;
	memcpy(b->grid, cmd->wqe.launch.grid, sizeof(b->grid));
	l->blocks = grid_blocks(b->grid);
	b->segments = cmd->nsge - 1u;
	for (unsigned i = 0; i < b->segments; i++) {
		b->segment_len[i] = cmd->sge[i + 1].len;
		b->segment_addr[i] = cmd->sge[i + 1].va;
	}
}

static bool read_args(struct ub_jfs *jfs, struct ub_block *b)
{
	struct ub_cmd *cmd = &jfs->cur;
	struct ub_stream s;
	enum ub_xfer x;

	b->args_len = cmd->sge[0].len;
	if (!b->args_len)
		return true;
	ub_stream_mem(&s, jfs->obj.core, &cmd->mem[0], 1, UB_PTE_READ);
	x = ub_stream_copy_rows(jfs, &s, 1, b->args_len, 0, b->args, false);
	if (x == UB_XFER_GONE)
		fail_gone(jfs);
	else if (x != UB_XFER_OK)
		fail_access(jfs, s.sub);
	return x == UB_XFER_OK;
}

static struct ub_launch *new_launch(unsigned tiles)
{
	struct ub_launch *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->block.store = calloc(tiles ? tiles : 1, UB_VISA_TILE_ELEMENTS * sizeof(uint32_t));
	if (l->block.store)
		return l;
	free(l);
	return NULL;
}

void ub_launch_free(struct ub_cmd *cmd)
{
	free(cmd->launch->block.store);
	free(cmd->launch);
	cmd->launch = NULL;
}

static void begin_launch(struct ub_jfs *jfs)
{
	struct ub_cmd *cmd = &jfs->cur;
	struct ub_launch *l = new_launch(cmd->program->needs.tiles);

	if (!l) {
		ub_cmd_fail(cmd, UB_CR_LOC_OPERATION_ERR, UB_SUB_LENGTH);
		return;
	}
	bind_block(jfs, l);
	if (!read_args(jfs, &l->block)) {
		free(l->block.store);
		free(l);
		return;
	}
	ub_block_begin(&l->block, 0, cmd->program->needs.fuel);
	cmd->launch = l;
}

/* ---- A loaded state: what it says must be a place where a block can be ---- */
static bool tile_is_possible(struct ub_tile t)
{
	if (!t.rows)
		return !t.cols && !t.type;
	return t.cols && ub_tile_count(t) <= UB_VISA_TILE_ELEMENTS && t.type < UB_VISA_TILE_TYPES;
}

static bool block_is_possible(const struct ub_launch *l, const struct ub_program *p)
{
	const struct ub_block *b = &l->block;
	uint32_t at = 0;

	/* No jump ends inside an instruction either. */
	while (at < p->count && at < b->pc)
		at += p->insns[at].opcode == UB_BPF_WIDE ? 2 : 1;
	if (at != b->pc || at >= p->count || b->index >= l->blocks || b->fuel > p->needs.fuel)
		return false;
	for (unsigned i = 0; i < UB_VISA_MAX_TILES; i++)
		if (!tile_is_possible(b->tile[i]) || (i >= p->needs.tiles && b->tile[i].rows))
			return false;
	return true;
}

static void resume_launch(struct ub_jfs *jfs)
{
	struct ub_cmd *cmd = &jfs->cur;

	cmd->launch->saved = false;
	bind_block(jfs, cmd->launch);
	if (cmd->launch->block.args_len != cmd->sge[0].len ||
	    !block_is_possible(cmd->launch, cmd->program))
		ub_cmd_fail(cmd, UB_CR_LOC_OPERATION_ERR, UB_SUB_PROGRAM);
}

void ub_out_launch(struct ub_out *out, const struct ub_cmd *cmd)
{
	const struct ub_block *b = cmd->launch ? &cmd->launch->block : NULL;

	ub_out_u32(out, b && !cmd->done);
	if (!b || cmd->done)
		return;
	ub_out_u32(out, b->args_len);
	ub_out_bytes(out, b->args, b->args_len);
	ub_out_u32(out, b->index);
	ub_out_u32(out, b->pc);
	ub_out_u64(out, b->fuel);
	ub_out_bytes(out, b->reg, sizeof(b->reg));
	ub_out_bytes(out, b->stack, sizeof(b->stack));
	for (unsigned i = 0; i < UB_VISA_MAX_TILES; i++) {
		ub_out_u32(out, b->tile[i].rows);
		ub_out_u32(out, b->tile[i].cols);
		ub_out_u32(out, b->tile[i].type);
		ub_out_bytes(out, ub_tile_data(b, i).bits, ub_tile_count(b->tile[i]) * 4);
	}
}

static void in_tile(struct ub_in *in, struct ub_block *b, unsigned i)
{
	struct ub_tile t;

	t.rows = (uint16_t)ub_in_upto(in, UB_VISA_TILE_ELEMENTS, "a tile's rows");
	t.cols = (uint16_t)ub_in_upto(in, UB_VISA_TILE_ELEMENTS, "a tile's columns");
	t.type = (uint8_t)ub_in_upto(in, UB_VISA_TILE_TYPES - 1, "a tile's type");
	if (!ub_in_check(in, tile_is_possible(t), "a tile has a shape that none can have"))
		return;
	b->tile[i] = t;
	ub_in_bytes(in, ub_tile_data(b, i).bits, ub_tile_count(t) * 4);
}

void ub_in_launch(struct ub_in *in, struct ub_cmd *cmd)
{
	struct ub_launch *l;
	struct ub_block *b;

	if (!ub_in_bool(in, "a launch under way"))
		return;
	l = new_launch(UB_VISA_MAX_TILES);
	if (!ub_in_check(in, l, "no memory"))
		return;
	cmd->launch = l;
	l->saved = true;
	b = &l->block;
	b->args_len = ub_in_upto(in, UB_VISA_MAX_ARGS, "a launch's argument block");
	ub_in_bytes(in, b->args, b->args_len);
	b->index = ub_in_u32(in);
	b->pc = ub_in_u32(in);
	b->fuel = ub_in_u64(in);
	ub_in_bytes(in, b->reg, sizeof(b->reg));
	ub_in_bytes(in, b->stack, sizeof(b->stack));
	for (unsigned i = 0; i < UB_VISA_MAX_TILES && !in->failed; i++)
		in_tile(in, b, i);
	ub_in_check(in, cmd->phase != UB_PHASE_NEW, "a launch goes on that was not looked at");
}

/* ---- Running ---- */
static void end_by_fault(struct ub_cmd *cmd, const struct ub_block *b)
{
	/* An access says itself why it failed. */
	if (!cmd->done)
		ub_cmd_fail(cmd, UB_CR_LOC_OPERATION_ERR, UB_SUB_PROGRAM);
	if (cmd->status == UB_CR_WR_FLUSH_ERR)
		return;
	cmd->imm = UB_VISA_RECORD(b->fault, b->argument, b->pc, b->index);
	cmd->cqe_flags |= UB_CQE_IMM;
}

/* Destroyed, reset, or on its way to ERROR, which flushes. */
static bool is_wanted(struct ub_jfs *jfs)
{
	return ub_cmd_live(jfs) && atomic_load(&jfs->state) != UB_STATE_ERROR;
}

/* False: the launch has ended. */
static bool go_on(struct ub_jfs *jfs, struct ub_launch *l)
{
	struct ub_block *b = &l->block;
	uint64_t before = b->fuel;
	enum ub_block_stop stop = ub_block_run(b, INSNS_AT_ONCE);

	l->used += before - b->fuel;
	switch (stop) {
	case UB_BLOCK_FAULT:
		end_by_fault(&jfs->cur, b);
		return false;
	case UB_BLOCK_EXIT:
		if (b->index + 1ull == l->blocks)
			return false;
		ub_block_begin(b, b->index + 1, jfs->cur.program->needs.fuel);
		return true;
	default:
		return true;
	}
}

/* Fuel stands for bytes: what others of its class move while it computes. */
static bool turn_is_over(struct ub_jfs *jfs, struct ub_launch *l)
{
	if (l->used < TURN_FUEL)
		return false;
	jfs->deficit -= (int64_t)l->used;
	l->used = 0;
	return !ub_sched_alone(&jfs->obj.core->engine.sched, jfs->level);
}

enum ub_exec ub_exec_launch(struct ub_jfs *jfs)
{
	struct ub_cmd *cmd = &jfs->cur;

	if (!cmd->launch)
		begin_launch(jfs);
	else if (cmd->launch->saved)
		resume_launch(jfs);
	while (!cmd->done && go_on(jfs, cmd->launch)) {
		ub_jfs_progress(jfs);
		ub_engine_yield(jfs);
		if (!is_wanted(jfs))
			fail_gone(jfs);
		else if (turn_is_over(jfs, cmd->launch))
			return UB_EXEC_AGAIN;
	}
	return UB_EXEC_DONE;
}
