/* SPDX-License-Identifier: MIT */
/*
 * Matrices of GEMM_F32. One whose rows lie together in the host's memory, or in a few groups that
 * each do, is used there; another is copied.
 */
#include "op/gemm.h"

#define ALIGN_FLOATS	15

static void one_part(struct ub_matrix *x)
{
	x->parts = 1;
	x->part[0] = (struct ub_part){ .rows = x->rows };
}

void ub_matrix_set(struct ub_matrix *x, const struct ub_mem *mem, uint32_t rows, uint32_t cols,
		   uint32_t ld)
{
	memset(x, 0, sizeof(*x));
	x->mem = mem;
	x->rows = rows;
	x->cols = cols;
	x->stride = (uint64_t)ld * 4;
	x->len = (uint64_t)(rows - 1) * x->stride + (uint64_t)cols * 4;
	one_part(x);
}

/* ---- In place, under dma_lock ---- */
static bool leaf_follows(const struct ub_matrix *x, const struct ub_leaf *leaf, uint64_t at)
{
	const struct ub_part *last = &x->part[x->parts - 1];

	return leaf->hbm == last->hbm && leaf->addr == last->addr + at - last->row * x->stride;
}

/* A leaf that is not the neighbour of the last begins a part, if a row begins there too. */
static bool add_leaf(struct ub_matrix *x, const struct ub_leaf *leaf, uint64_t at, unsigned most)
{
	if (x->parts && leaf_follows(x, leaf, at))
		return true;
	if (x->parts == most || at % x->stride)
		return false;
	x->part[x->parts++] = (struct ub_part){
		.row = (uint32_t)(at / x->stride),
		.hbm = leaf->hbm,
		.addr = leaf->addr,
	};
	return true;
}

static bool find_parts(struct ub_matrix *x, unsigned most)
{
	struct ub_seg *seg = x->mem->seg;
	uint64_t uba = seg->uba + (x->mem->addr - seg->va), at = 0;
	struct ub_leaf leaf;
	struct ub_walk walk;

	ub_walk_init(&walk, seg->ctx);
	for (x->parts = 0; at < x->len; at += leaf.len) {
		if (ub_walk_run(&walk, uba + at, x->len - at,
				x->is_write ? UB_PTE_WRITE : UB_PTE_READ, &leaf) ||
		    !add_leaf(x, &leaf, at, most))
			break;
	}
	ub_walk_end(&walk);
	for (unsigned i = 0; i < x->parts; i++)
		x->part[i].rows = (i + 1 < x->parts ? x->part[i + 1].row : x->rows) -
				  x->part[i].row;
	return at == x->len;
}

static bool map_part(struct ub_core *core, struct ub_matrix *x, struct ub_part *p)
{
	uint64_t bytes = (p->rows - 1) * x->stride + (uint64_t)x->cols * 4;
	size_t len = bytes;

	if (p->hbm) {
		p->data = (float *)(void *)((uint8_t *)core->cfg.hbm + p->addr);
		return p->addr <= core->cfg.hbm_size && bytes <= core->cfg.hbm_size - p->addr;
	}
	p->data = core->host.map(core->opaque, p->addr, &len, x->is_write);
	p->mapped = p->data ? len : 0;
	return len == bytes && p->data;
}

static bool map_parts(struct ub_core *core, struct ub_matrix *x)
{
	for (unsigned i = 0; i < x->parts; i++)
		if (!map_part(core, x, &x->part[i]))
			return false;
	return true;
}

static void unmap_parts(struct ub_core *core, struct ub_matrix *x, bool written)
{
	for (unsigned i = 0; i < x->parts; i++) {
		struct ub_part *p = &x->part[i];

		if (p->mapped)
			core->host.unmap(core->opaque, p->data, p->mapped, x->is_write,
					 x->is_write && written ? p->mapped : 0);
		p->mapped = 0;
	}
}

void ub_matrix_survey(struct ub_jfs *jfs, struct ub_matrix *x, bool is_write, unsigned parts)
{
	struct ub_core *core = jfs->obj.core;

	x->is_write = is_write;
	pthread_rwlock_rdlock(&core->dma_lock);
	/* What is copied is looked at piece by piece for poison. */
	x->in_place = ub_cmd_live(jfs) && !ub_armed(&core->inject, UB_FAULT_POISON) &&
		      find_parts(x, parts) && map_parts(core, x);
	unmap_parts(core, x, false);
	pthread_rwlock_unlock(&core->dma_lock);
	if (!x->in_place)
		one_part(x);
}

/* ---- Copies ---- */
size_t ub_matrix_floats(const struct ub_matrix *x)
{
	if (x->in_place)
		return 0;
	return ((size_t)x->rows * x->cols + ALIGN_FLOATS) & ~(size_t)ALIGN_FLOATS;
}

bool ub_matrix_copy(struct ub_jfs *jfs, struct ub_matrix *x, bool to_device)
{
	uint64_t row = (uint64_t)x->cols * 4;
	struct ub_stream s;
	enum ub_xfer xf;

	if (x->in_place)
		return true;
	ub_stream_mem(&s, jfs->obj.core, x->mem, 1, to_device ? UB_PTE_WRITE : UB_PTE_READ);
	if (row == x->stride)
		xf = ub_stream_copy_rows(jfs, &s, 1, row * x->rows, 0, x->copy, to_device);
	else
		xf = ub_stream_copy_rows(jfs, &s, x->rows, row, x->stride, x->copy, to_device);
	if (xf == UB_XFER_GONE)
		ub_cmd_fail(&jfs->cur, UB_CR_WR_FLUSH_ERR, UB_SUB_NONE);
	else if (xf != UB_XFER_OK)
		ub_cmd_fail(&jfs->cur, UB_CR_LOC_ACCESS_ERR, s.sub);
	return xf == UB_XFER_OK;
}

/* ---- While it is computed on ---- */
int ub_matrix_show(struct ub_jfs *jfs, struct ub_matrix *x)
{
	x->ld = x->in_place ? (int)(x->stride / 4) : (int)x->cols;
	if (!x->in_place) {
		x->part[0].data = x->copy;
		return 0;
	}
	/* The leaves do not change while the segment is in use. */
	if (!map_parts(jfs->obj.core, x)) {
		unmap_parts(jfs->obj.core, x, false);
		return UB_SUB_BUS;
	}
	return 0;
}

void ub_matrix_hide(struct ub_jfs *jfs, struct ub_matrix *x)
{
	unmap_parts(jfs->obj.core, x, true);
}

const struct ub_part *ub_matrix_part(const struct ub_matrix *x, uint32_t row)
{
	unsigned i = x->parts - 1;

	while (x->part[i].row > row)
		i--;
	return &x->part[i];
}
