/* SPDX-License-Identifier: MIT */
/*
 * GEMM_F32 by the CBLAS at hand. The matrices are copied to private memory, so that neither a reset
 * nor a destroy ever waits for arithmetic, and the product is made in tiles with a look between
 * them whether it is still wanted.
 */
#include <cblas.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "core_internal.h"

/* 1 GFlop at most: between two of them the command shows progress, yields and may be ended. */
#define TILE_ROWS	1024
#define TILE_COLS	1024
#define TILE_DEPTH	512
#define HUGE_PAGE	(2u << 20)

struct matrix {
	float *data;		/* packed */
	uint32_t rows, cols;
	uint64_t stride;	/* bytes from row to row in memory */
	const struct ub_mem *mem;
};

struct product {
	struct matrix a, b, c;
	CBLAS_TRANSPOSE ta, tb;
	float alpha, beta;
	int m, n, k;
};

void ub_gemm_setup(const struct ub_core_config *cfg)
{
	void (*set_threads)(int);

	if (!cfg->own_process)
		return;
	/* Engines are the parallelism. Any CBLAS links; this one can be told. */
	set_threads = (void (*)(int))dlsym(RTLD_DEFAULT, "openblas_set_num_threads");
	if (set_threads)
		set_threads(1);
}

static size_t elements(const struct matrix *x)
{
	return ((size_t)x->rows * x->cols + 15) & ~(size_t)15;
}

static bool reserve(struct ub_scratch *scratch, size_t size)
{
	if (size <= scratch->size)
		return true;
	free(scratch->buf);
	size = (size + HUGE_PAGE - 1) & ~(size_t)(HUGE_PAGE - 1);
	scratch->buf = aligned_alloc(HUGE_PAGE, size);
	scratch->size = scratch->buf ? size : 0;
	/* A matrix that is copied and multiplied page by page misses the TLB at each row. */
	if (scratch->buf)
		madvise(scratch->buf, size, MADV_HUGEPAGE);
	return scratch->buf;
}

static void set_matrix(struct matrix *x, const struct ub_mem *mem, uint32_t rows, uint32_t cols,
		       uint32_t ld)
{
	x->mem = mem;
	x->rows = rows;
	x->cols = cols;
	x->stride = (uint64_t)ld * 4;
}

static float as_float(uint32_t bits)
{
	float f;

	memcpy(&f, &bits, 4);
	return f;
}

static void set_product(struct product *p, const struct ub_cmd *cmd)
{
	const struct ub_hw_wqe *w = &cmd->wqe;
	uint32_t m = w->gemm.m, n = w->gemm.n, k = w->gemm.k;

	p->ta = cmd->inline_len & UB_GEMM_TRANS_A ? CblasTrans : CblasNoTrans;
	p->tb = cmd->inline_len & UB_GEMM_TRANS_B ? CblasTrans : CblasNoTrans;
	p->alpha = as_float(w->gemm.alpha);
	p->beta = as_float(w->gemm.beta);
	p->m = (int)m;
	p->n = (int)n;
	p->k = (int)k;
	set_matrix(&p->a, &cmd->mem[0], p->ta == CblasTrans ? k : m, p->ta == CblasTrans ? m : k,
		   w->gemm.lda);
	set_matrix(&p->b, &cmd->mem[1], p->tb == CblasTrans ? n : k, p->tb == CblasTrans ? k : n,
		   w->gemm.ldb);
	set_matrix(&p->c, &cmd->mem[2], m, n, w->gemm.ldc);
}

static bool place(struct product *p, struct ub_scratch *scratch)
{
	size_t a = elements(&p->a), b = elements(&p->b), c = elements(&p->c);

	if (!reserve(scratch, (a + b + c) * 4))
		return false;
	p->a.data = scratch->buf;
	p->b.data = p->a.data + a;
	p->c.data = p->b.data + b;
	return true;
}

static bool move(struct ub_jfs *jfs, struct matrix *x, bool to_device)
{
	struct ub_cmd *cmd = &jfs->cur;
	uint64_t row = (uint64_t)x->cols * 4;
	struct ub_stream s;
	enum ub_xfer xf;

	ub_stream_mem(&s, jfs->obj.core, x->mem, 1, to_device ? UB_PTE_WRITE : UB_PTE_READ);
	if (row == x->stride)
		xf = ub_stream_copy_rows(jfs, &s, 1, row * x->rows, 0, x->data, to_device);
	else
		xf = ub_stream_copy_rows(jfs, &s, x->rows, row, x->stride, x->data, to_device);
	if (xf == UB_XFER_GONE)
		ub_cmd_fail(cmd, UB_CR_WR_FLUSH_ERR, UB_SUB_NONE);
	else if (xf != UB_XFER_OK)
		ub_cmd_fail(cmd, UB_CR_LOC_ACCESS_ERR, s.sub);
	return xf == UB_XFER_OK;
}

struct tile {
	int i, j, l;			/* of C's rows and columns, and of k */
	int rows, cols, depth;
};

static const float *at(const struct matrix *x, int row, int col)
{
	return x->data + (size_t)row * x->cols + col;
}

/* Of the products along k the first scales C, the others add to it. */
static void multiply_tile(const struct product *p, const struct tile *t)
{
	const float *a = p->ta == CblasTrans ? at(&p->a, t->l, t->i) : at(&p->a, t->i, t->l);
	const float *b = p->tb == CblasTrans ? at(&p->b, t->j, t->l) : at(&p->b, t->l, t->j);
	float *c = p->c.data + (size_t)t->i * p->n + t->j;

	cblas_sgemm(CblasRowMajor, p->ta, p->tb, t->rows, t->cols, t->depth, p->alpha, a,
		    (int)p->a.cols, b, (int)p->b.cols, t->l ? 1.0f : p->beta, c, p->n);
}

/* Asked to stop: destroyed, reset, or on its way to ERROR, which flushes. */
static bool unwanted(struct ub_jfs *jfs)
{
	return atomic_load(&jfs->gen) != jfs->cur.gen ||
	       atomic_load(&jfs->state) == UB_STATE_ERROR;
}

static int least(int limit, int n)
{
	return limit < n ? limit : n;
}

/* The next one, along k first; false after the last. */
static bool next_tile(const struct product *p, struct tile *t)
{
	t->l += t->depth;
	if (t->l >= p->k) {
		t->l = 0;
		t->j += t->cols;
	}
	if (t->j >= p->n) {
		t->j = 0;
		t->i += t->rows;
	}
	t->rows = least(TILE_ROWS, p->m - t->i);
	t->cols = least(TILE_COLS, p->n - t->j);
	t->depth = least(TILE_DEPTH, p->k - t->l);
	return t->i < p->m;
}

static bool multiply(struct ub_jfs *jfs, const struct product *p)
{
	struct tile t = { 0 };

	t.rows = least(TILE_ROWS, p->m);
	t.cols = least(TILE_COLS, p->n);
	t.depth = least(TILE_DEPTH, p->k);
	do {
		if (unwanted(jfs)) {
			ub_cmd_fail(&jfs->cur, UB_CR_WR_FLUSH_ERR, UB_SUB_NONE);
			return false;
		}
		multiply_tile(p, &t);
		ub_jfs_progress(jfs);
		ub_engine_yield(jfs);
	} while (next_tile(p, &t));
	return true;
}

void ub_exec_gemm(struct ub_jfs *jfs)
{
	struct ub_scratch *scratch = &jfs->worker->scratch[jfs->level];
	struct ub_cmd *cmd = &jfs->cur;
	struct product p = { 0 };
	bool ok;

	set_product(&p, cmd);
	if (!place(&p, scratch)) {
		ub_cmd_fail(cmd, UB_CR_LOC_OPERATION_ERR, UB_SUB_LENGTH);
		return;
	}
	if (!move(jfs, &p.a, false) || !move(jfs, &p.b, false) ||
	    (p.beta != 0.0f && !move(jfs, &p.c, false)) || !multiply(jfs, &p))
		return;
	jfs->worker->commits++;
	ok = move(jfs, &p.c, true);
	jfs->worker->commits--;
	if (!ok)
		return;
	cmd->moved = (uint64_t)p.m * (uint64_t)p.n * 4;
}
