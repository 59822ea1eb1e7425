/* SPDX-License-Identifier: MIT */
/* Payload of commands: copied in bursts, between which more urgent queues are served. */
#include "op/op.h"

bool ub_cmd_live(struct ub_jfs *jfs)
{
	struct ub_cmd *cmd = &jfs->cur;

	if (atomic_load_explicit(&jfs->gen, memory_order_relaxed) != cmd->gen)
		return false;
	return !cmd->jfr ||
	       atomic_load_explicit(&cmd->jfr->gen, memory_order_relaxed) == cmd->jfr_gen;
}

void ub_stream_local(struct ub_stream *s, struct ub_jfs *jfs, uint64_t rights)
{
	struct ub_cmd *cmd = &jfs->cur;

	if (cmd->inline_data)
		ub_stream_flat(s, cmd->inline_data);
	else
		ub_stream_mem(s, jfs->obj.core, cmd->mem, cmd->nsge, rights);
	ub_stream_start_at(s, cmd->moved - cmd->part);
}

void ub_cmd_xfer(struct ub_cmd *cmd, enum ub_xfer x, const struct ub_stream *local,
		 const struct ub_stream *remote, bool to_remote)
{
	enum ub_xfer local_side = to_remote ? UB_XFER_SRC : UB_XFER_DST;

	if (x == UB_XFER_OK)
		return;
	if (x == UB_XFER_GONE)
		ub_cmd_fail(cmd, UB_CR_REM_OPERATION_ERR, UB_SUB_STATE);
	else if (x == local_side)
		ub_cmd_fail(cmd, UB_CR_LOC_ACCESS_ERR, local->sub);
	else
		ub_cmd_fail(cmd, UB_CR_REM_ACCESS_ABORT_ERR, remote->sub);
}

/* One burst of len bytes of the rest; both locks are held. */
static enum ub_xfer copy_burst(struct ub_stream *dst, struct ub_stream *src, uint64_t len,
			       uint64_t rest, uint64_t *moved)
{
	if (!ub_stream_resume(src))
		return UB_XFER_SRC;
	if (!ub_stream_resume(dst))
		return UB_XFER_DST;
	while (len) {
		uint64_t n;

		if (!ub_stream_fill(src, rest))
			return UB_XFER_SRC;
		if (!ub_stream_fill(dst, rest))
			return UB_XFER_DST;
		n = src->len < dst->len ? src->len : dst->len;
		if (n > len)
			n = len;
		memmove(dst->ptr, src->ptr, n);
		ub_stream_skip(src, n);
		ub_stream_skip(dst, n);
		*moved += n;
		len -= n;
		rest -= n;
	}
	return UB_XFER_OK;
}

enum ub_xfer ub_stream_copy(struct ub_jfs *jfs, struct ub_stream *dst, struct ub_stream *src,
			    uint64_t len, uint64_t *moved)
{
	struct ub_core *own = jfs->obj.core;
	struct ub_core *a = src->core ? src->core : own;
	struct ub_core *b = dst->core ? dst->core : own;
	enum ub_xfer x = UB_XFER_OK;

	while (len && x == UB_XFER_OK) {
		uint64_t n = len < UB_BURST ? len : UB_BURST;

		ub_dma_lock(a, b);
		if (ub_cmd_live(jfs))
			x = copy_burst(dst, src, n, len, moved);
		else
			x = UB_XFER_GONE;
		len -= n;
		if (len && x == UB_XFER_OK) {
			ub_stream_pause(src, own);
			ub_stream_pause(dst, own);
		} else {
			ub_stream_end(src);
			ub_stream_end(dst);
		}
		ub_dma_unlock(a, b);
		if (len && x == UB_XFER_OK)
			ub_engine_yield_with(jfs, src, dst);
	}
	return x;
}

/* ---- Rows of matrices ---- */
struct rows {
	struct ub_stream *s;
	uint64_t row_bytes, stride;
	uint32_t left;			/* rows */
	uint64_t row_at, at;		/* offset of the row; in it */
	uint8_t *packed;
};

#define ROWS_PER_BURST 1024

static enum ub_xfer copy_rows_burst(struct rows *r, bool to_device)
{
	uint64_t budget = UB_BURST;
	unsigned pieces = 0;

	while (r->left && budget && pieces++ < ROWS_PER_BURST) {
		uint64_t n = r->row_bytes - r->at;

		if (n > budget)
			n = budget;
		ub_stream_seek(r->s, r->row_at + r->at);
		if (!ub_stream_fill(r->s, n))
			return to_device ? UB_XFER_DST : UB_XFER_SRC;
		if (n > r->s->len)
			n = r->s->len;
		memcpy(to_device ? r->s->ptr : r->packed, to_device ? r->packed : r->s->ptr, n);
		ub_stream_skip(r->s, n);
		r->packed += n;
		r->at += n;
		budget -= n;
		if (r->at == r->row_bytes) {
			r->at = 0;
			r->row_at += r->stride;
			r->left--;
		}
	}
	return UB_XFER_OK;
}

enum ub_xfer ub_stream_copy_rows(struct ub_jfs *jfs, struct ub_stream *s, uint32_t rows,
				 uint64_t row_bytes, uint64_t stride, void *packed, bool to_device)
{
	struct rows r = { .s = s, .row_bytes = row_bytes, .stride = stride, .left = rows,
			  .packed = packed };
	enum ub_xfer x = UB_XFER_OK;

	while (r.left && x == UB_XFER_OK) {
		pthread_rwlock_rdlock(&s->core->dma_lock);
		x = ub_cmd_live(jfs) ? copy_rows_burst(&r, to_device) : UB_XFER_GONE;
		ub_stream_end(s);
		pthread_rwlock_unlock(&s->core->dma_lock);
		ub_jfs_progress(jfs);
		ub_engine_yield(jfs);
	}
	return x;
}
