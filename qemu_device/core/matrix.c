/* SPDX-License-Identifier: MIT */
/*
 * Matrices of GEMM_F32. One that lies together in the host's memory is used there. One in several
 * parts is copied: a product in parts reads the other matrix once more for each, which costs as
 * much.
 */
#include "gemm.h"

#define ALIGN_FLOATS	15

void ub_matrix_set(struct ub_matrix *x, const struct ub_mem *mem, uint32_t rows, uint32_t cols,
		   uint32_t ld)
{
	memset(x, 0, sizeof(*x));
	x->mem = mem;
	x->rows = rows;
	x->cols = cols;
	x->stride = (uint64_t)ld * 4;
	x->len = (uint64_t)(rows - 1) * x->stride + (uint64_t)cols * 4;
}

/* ---- In place, under dma_lock ---- */
/* Whether all its leaves are neighbours. */
static bool find_run(struct ub_matrix *x)
{
	struct ub_seg *seg = x->mem->seg;
	uint64_t uba = seg->uba + (x->mem->addr - seg->va), at = 0;
	struct ub_leaf leaf;
	struct ub_walk walk;

	ub_walk_init(&walk, seg->ctx);
	while (at < x->len) {
		if (ub_walk_run(&walk, uba + at, x->len - at,
				x->is_write ? UB_PTE_WRITE : UB_PTE_READ, &leaf))
			break;
		if (at == 0) {
			x->addr = leaf.addr;
			x->hbm = leaf.hbm;
		}
		if (leaf.addr != x->addr + at || leaf.hbm != x->hbm)
			break;
		at += leaf.len;
	}
	ub_walk_end(&walk);
	return at == x->len;
}

static bool map_run(struct ub_core *core, struct ub_matrix *x)
{
	size_t len = x->len;

	if (x->hbm) {
		x->data = (float *)(void *)((uint8_t *)core->cfg.hbm + x->addr);
		return x->addr <= core->cfg.hbm_size && len <= core->cfg.hbm_size - x->addr;
	}
	x->data = core->host.map(core->opaque, x->addr, &len, x->is_write);
	x->mapped = x->data ? len : 0;
	return len == x->len && x->data;
}

static void unmap_run(struct ub_core *core, struct ub_matrix *x, uint64_t written)
{
	if (x->mapped)
		core->host.unmap(core->opaque, x->data, x->mapped, x->is_write,
				 x->is_write ? written : 0);
	x->mapped = 0;
}

void ub_matrix_survey(struct ub_jfs *jfs, struct ub_matrix *x, bool is_write)
{
	struct ub_core *core = jfs->obj.core;

	x->is_write = is_write;
	pthread_rwlock_rdlock(&core->dma_lock);
	/* What is copied is looked at piece by piece for poison. */
	x->in_place = ub_cmd_live(jfs) && !ub_armed(&core->inject, UB_FAULT_POISON) &&
		      find_run(x) && map_run(core, x);
	unmap_run(core, x, 0);
	pthread_rwlock_unlock(&core->dma_lock);
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
	if (!x->in_place) {
		x->data = x->copy;
		x->ld = (int)x->cols;
		return 0;
	}
	/* The leaves do not change while the segment is in use. */
	if (!map_run(jfs->obj.core, x)) {
		unmap_run(jfs->obj.core, x, 0);
		return UB_SUB_BUS;
	}
	x->ld = (int)(x->stride / 4);
	return 0;
}

void ub_matrix_hide(struct ub_jfs *jfs, struct ub_matrix *x)
{
	unmap_run(jfs->obj.core, x, x->len);
}
