/* SPDX-License-Identifier: MIT */
/* Payload: lists of pieces of segments as byte streams, copied in bursts. */
#include "core_internal.h"

void ub_stream_flat(struct ub_stream *s, void *ptr)
{
	memset(s, 0, sizeof(*s));
	s->flat = ptr;
}

void ub_stream_mem(struct ub_stream *s, struct ub_core *core, const struct ub_mem *mem, unsigned n,
		   uint64_t rights)
{
	memset(s, 0, sizeof(*s));
	s->core = core;
	s->mem = mem;
	s->n = n;
	s->rights = rights;
	ub_walk_init(&s->walk, NULL);
}

static void unmap_span(struct ub_stream *s)
{
	bool is_write = s->rights & (UB_PTE_WRITE | UB_PTE_ATOMIC);

	if (s->map_ptr)
		s->core->host.unmap(s->core->opaque, s->map_ptr, s->map_len, is_write,
				    is_write ? s->map_len - s->len : 0);
	s->map_ptr = NULL;
	s->len = 0;
}

void ub_stream_end(struct ub_stream *s)
{
	if (s->flat)
		return;
	unmap_span(s);
	ub_walk_end(&s->walk);
}

static bool fail(struct ub_stream *s, int sub)
{
	s->sub = (uint8_t)sub;
	return false;
}

static bool show(struct ub_stream *s, const struct ub_leaf *leaf)
{
	struct ub_core *core = s->core;
	size_t len = leaf->len;

	if (leaf->hbm) {
		if (leaf->addr >= core->cfg.hbm_size || len > core->cfg.hbm_size - leaf->addr)
			return fail(s, UB_SUB_BUS);
		s->ptr = (uint8_t *)core->cfg.hbm + leaf->addr;
	} else {
		s->ptr = core->host.map(core->opaque, leaf->addr, &len,
					s->rights & (UB_PTE_WRITE | UB_PTE_ATOMIC));
		if (!s->ptr)
			return fail(s, UB_SUB_BUS);
		s->map_ptr = s->ptr;
		s->map_len = len;
	}
	s->len = len;
	return true;
}

bool ub_stream_fill(struct ub_stream *s, uint64_t want)
{
	const struct ub_mem *mem;
	struct ub_leaf leaf;
	int sub;

	if (s->len)
		return true;
	if (s->flat) {
		s->ptr = s->flat + s->off;
		s->len = want;
		return true;
	}
	unmap_span(s);
	while (s->i < s->n && s->off == s->mem[s->i].len) {
		s->i++;
		s->off = 0;
	}
	if (s->i == s->n)
		return fail(s, UB_SUB_BOUNDS);
	mem = &s->mem[s->i];
	if (ub_obj_dead(&mem->seg->obj))
		return fail(s, UB_SUB_TOKEN_ID);
	if (s->walk.ctx != mem->seg->ctx) {
		ub_walk_end(&s->walk);
		ub_walk_init(&s->walk, mem->seg->ctx);
	}
	if (want > mem->len - s->off)
		want = mem->len - s->off;
	sub = ub_walk_run(&s->walk, mem->seg->uba + (mem->addr - mem->seg->va) + s->off, want,
			  s->rights, &leaf);
	if (!sub && ub_armed(&s->core->inject, UB_FAULT_POISON) &&
	    !ub_inject_clean(s->core, mem->seg->obj.id, mem->addr - mem->seg->va + s->off,
			     &leaf.len))
		sub = UB_SUB_POISON;
	return sub ? fail(s, sub) : show(s, &leaf);
}

bool ub_stream_fill_all(struct ub_stream *s, uint64_t len)
{
	if (!ub_stream_fill(s, len))
		return false;
	if (s->len >= len)
		return true;
	/* Aligned, so of one page: poison begins in it, or memory ends. */
	return fail(s, ub_armed(&s->core->inject, UB_FAULT_POISON) ? UB_SUB_POISON : UB_SUB_BUS);
}

void ub_stream_skip(struct ub_stream *s, uint64_t n)
{
	s->ptr += n;
	s->len -= n;
	s->off += n;
}

void ub_stream_start_at(struct ub_stream *s, uint64_t n)
{
	while (!s->flat && s->i < s->n && n >= s->mem[s->i].len)
		n -= s->mem[s->i++].len;
	s->off = n;
}

bool ub_cmd_live(struct ub_jfs *jfs)
{
	struct ub_cmd *cmd = &jfs->cur;

	if (atomic_load_explicit(&jfs->gen, memory_order_relaxed) != cmd->gen)
		return false;
	return !cmd->jfr ||
	       atomic_load_explicit(&cmd->jfr->gen, memory_order_relaxed) == cmd->jfr_gen;
}

bool ub_stream_resume(struct ub_stream *s)
{
	if (s->flat || !s->len || !ub_obj_dead(&s->mem[s->i].seg->obj))
		return true;
	return fail(s, UB_SUB_TOKEN_ID);
}

void ub_stream_pause(struct ub_stream *s, struct ub_core *own)
{
	if (s->core != own)
		ub_stream_end(s);
}

void ub_stream_put_off(struct ub_jfs *jfs)
{
	for (unsigned i = 0; i < 2; i++)
		if (jfs->kept[i])
			ub_stream_end(jfs->kept[i]);
}

void ub_stream_yield(struct ub_jfs *jfs, struct ub_stream *a, struct ub_stream *b)
{
	ub_jfs_progress(jfs);
	jfs->kept[0] = a;
	jfs->kept[1] = b;
	ub_engine_yield(jfs);
	jfs->kept[0] = jfs->kept[1] = NULL;
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
			ub_stream_yield(jfs, src, dst);
	}
	return x;
}

/* ---- Matrices ---- */
static void seek(struct ub_stream *s, uint64_t off)
{
	uint64_t gap = off - s->off;

	if (gap < s->len) {
		ub_stream_skip(s, gap);
		return;
	}
	unmap_span(s);
	s->off = off;
}

struct rows {
	struct ub_stream *s;
	uint64_t row_bytes, stride;
	uint32_t left;			/* rows */
	uint64_t row_at, at;		/* offset of the row; in it */
	uint8_t *packed;
};

#define ROWS_PER_BURST 1024

static enum ub_xfer rows_burst(struct rows *r, bool to_device)
{
	uint64_t budget = UB_BURST;
	unsigned pieces = 0;

	while (r->left && budget && pieces++ < ROWS_PER_BURST) {
		uint64_t n = r->row_bytes - r->at;

		if (n > budget)
			n = budget;
		seek(r->s, r->row_at + r->at);
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
		x = ub_cmd_live(jfs) ? rows_burst(&r, to_device) : UB_XFER_GONE;
		ub_stream_end(s);
		pthread_rwlock_unlock(&s->core->dma_lock);
		ub_jfs_progress(jfs);
		ub_engine_yield(jfs);
	}
	return x;
}
