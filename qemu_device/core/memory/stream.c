/* SPDX-License-Identifier: MIT */
/* Payload: lists of pieces of segments as byte streams. */
#include "fault/fault.h"
#include "memory/memory.h"

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
	s->translations = atomic_load_explicit(&core->translations, memory_order_relaxed);
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

static bool fail_stream(struct ub_stream *s, int sub)
{
	s->sub = (uint8_t)sub;
	return false;
}

static bool show_leaf(struct ub_stream *s, const struct ub_leaf *leaf)
{
	struct ub_core *core = s->core;
	size_t len = leaf->len;

	if (leaf->hbm) {
		if (leaf->addr >= core->cfg.hbm_size || len > core->cfg.hbm_size - leaf->addr)
			return fail_stream(s, UB_SUB_BUS);
		s->ptr = (uint8_t *)core->cfg.hbm + leaf->addr;
	} else {
		s->ptr = core->host.map(core->opaque, leaf->addr, &len,
					s->rights & (UB_PTE_WRITE | UB_PTE_ATOMIC));
		if (!s->ptr)
			return fail_stream(s, UB_SUB_BUS);
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
		return fail_stream(s, UB_SUB_BOUNDS);
	mem = &s->mem[s->i];
	if (ub_obj_dead(&mem->seg->obj))
		return fail_stream(s, UB_SUB_TOKEN_ID);
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
	return sub ? fail_stream(s, sub) : show_leaf(s, &leaf);
}

bool ub_stream_fill_all(struct ub_stream *s, uint64_t len)
{
	if (!ub_stream_fill(s, len))
		return false;
	if (s->len >= len)
		return true;
	/* Aligned, so of one page: poison begins in it, or memory ends. */
	return fail_stream(s, ub_armed(&s->core->inject, UB_FAULT_POISON) ? UB_SUB_POISON :
			      UB_SUB_BUS);
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

/* Translations that ended between two bursts: what is mapped is not to be touched any more. */
static void drop_ended(struct ub_stream *s)
{
	unsigned now = atomic_load_explicit(&s->core->translations, memory_order_relaxed);

	if (s->translations == now)
		return;
	ub_stream_end(s);
	s->translations = now;
}

bool ub_stream_resume(struct ub_stream *s)
{
	if (!s->flat)
		drop_ended(s);
	if (s->flat || !s->len || !ub_obj_dead(&s->mem[s->i].seg->obj))
		return true;
	return fail_stream(s, UB_SUB_TOKEN_ID);
}

void ub_stream_pause(struct ub_stream *s, struct ub_core *own)
{
	if (s->core != own)
		ub_stream_end(s);
}

void ub_stream_seek(struct ub_stream *s, uint64_t off)
{
	uint64_t gap = off - s->off;

	if (gap < s->len) {
		ub_stream_skip(s, gap);
		return;
	}
	unmap_span(s);
	s->off = off;
}
