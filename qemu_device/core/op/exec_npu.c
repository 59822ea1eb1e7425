/* SPDX-License-Identifier: MIT */
/* FILL and CRC32C. */
#include "op/op.h"

/* What is done to each mapped span of the SGEs; offset is in its piece. */
typedef void (*span_fn)(struct ub_cmd *cmd, uint8_t *ptr, uint64_t len, uint64_t offset);

static bool spans_burst(struct ub_cmd *cmd, struct ub_stream *s, uint64_t left, span_fn fn)
{
	bool there = ub_stream_resume(s);

	while (left) {
		uint64_t n;

		if (!there || !ub_stream_fill(s, cmd->total - cmd->moved)) {
			ub_cmd_fail(cmd, UB_CR_LOC_ACCESS_ERR, s->sub);
			return false;
		}
		n = s->len < left ? s->len : left;
		fn(cmd, s->ptr, n, s->off);
		ub_stream_skip(s, n);
		cmd->moved += n;
		left -= n;
	}
	return true;
}

static void for_spans(struct ub_jfs *jfs, uint64_t rights, span_fn fn)
{
	struct ub_core *core = jfs->obj.core;
	struct ub_cmd *cmd = &jfs->cur;
	struct ub_stream s;
	bool go = true;

	ub_stream_mem(&s, core, cmd->mem, cmd->nsge, rights);
	ub_stream_start_at(&s, cmd->moved);
	while (go && cmd->moved < cmd->total) {
		uint64_t left = cmd->total - cmd->moved;

		pthread_rwlock_rdlock(&core->dma_lock);
		go = ub_cmd_live(jfs) &&
		     spans_burst(cmd, &s, left < UB_BURST ? left : UB_BURST, fn);
		if (!go || cmd->moved == cmd->total)
			ub_stream_end(&s);
		pthread_rwlock_unlock(&core->dma_lock);
		if (go && cmd->moved < cmd->total)
			ub_engine_yield_with(jfs, &s, NULL);
	}
}

/* The pattern as 8 bytes. */
static uint64_t repeat_pattern(uint64_t pattern, uint32_t size)
{
	for (; size < 8; size *= 2)
		pattern = (pattern & ((1ull << size * 8) - 1)) | pattern << size * 8;
	return pattern;
}

static void fill_span(struct ub_cmd *cmd, uint8_t *ptr, uint64_t len, uint64_t offset)
{
	uint64_t w = repeat_pattern(cmd->wqe.pattern, cmd->wqe.pattern_size);
	unsigned turn = offset % 8 * 8;

	if (turn)
		w = w >> turn | w << (64 - turn);
	for (; len >= 8; len -= 8, ptr += 8)
		memcpy(ptr, &w, 8);
	memcpy(ptr, &w, len);
}

static void crc_span(struct ub_cmd *cmd, uint8_t *ptr, uint64_t len, uint64_t offset)
{
	(void)offset;
	cmd->imm = ub_crc32c((uint32_t)cmd->imm, ptr, len);
}

void ub_check_fill(struct ub_cmd *cmd)
{
	uint32_t size = cmd->wqe.pattern_size;

	if (size != 1 && size != 2 && size != 4 && size != 8) {
		ub_cmd_fail(cmd, UB_CR_LOC_OPERATION_ERR, UB_SUB_LENGTH);
		return;
	}
	for (unsigned i = 0; i < cmd->nsge; i++)
		if (cmd->sge[i].len % size)
			ub_cmd_fail(cmd, UB_CR_LOC_LEN_ERR, UB_SUB_LENGTH);
}

enum ub_exec ub_exec_fill(struct ub_jfs *jfs)
{
	for_spans(jfs, UB_PTE_WRITE, fill_span);
	return UB_EXEC_DONE;
}

enum ub_exec ub_exec_crc32c(struct ub_jfs *jfs)
{
	if (!jfs->cur.moved)
		jfs->cur.imm = jfs->cur.wqe.crc_seed;
	for_spans(jfs, UB_PTE_READ, crc_span);
	if (!jfs->cur.done)
		jfs->cur.cqe_flags |= UB_CQE_IMM;
	return UB_EXEC_DONE;
}
