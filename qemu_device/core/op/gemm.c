/* SPDX-License-Identifier: MIT */
/*
 * GEMM_F32 by the CBLAS at hand, in tiles, with a look between them whether it is still wanted.
 * What lies together in the host's memory is used where it is; a destroy or reset of the queue
 * waits for the tile under way, and nobody else does. The rest is copied to private memory.
 */
#include <cblas.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "op/gemm.h"

/* Of a tile, or little more: after it the command shows progress, yields and may be ended. */
#define TILE_FLOPS	2.2e9
#define TILE_ROWS	1024u
#define TILE_DEPTH	4096u
#define MIN_COLS	64u
/*
 * A matrix in parts along k costs next to nothing; each further part along m or n costs a pass over
 * the other matrix, and three are as dear as the copies they save.
 */
#define ACROSS_PARTS	3u
#define DEPTH_PARTS	UB_MATRIX_PARTS
#define HUGE_PAGE	(2u << 20)

struct product {
	struct ub_matrix a, b, c;
	CBLAS_TRANSPOSE ta, tb;
	float alpha, beta;
	uint32_t m, n, k;
};

struct tile {
	uint32_t i, j, l;		/* of C's rows and columns, and of k */
	uint32_t rows, cols, depth;
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

/* ---- Checks ---- */
static bool gemm_dim_valid(const struct ub_cmd *cmd)
{
	const uint32_t dims[] = { cmd->wqe.gemm.m, cmd->wqe.gemm.n, cmd->wqe.gemm.k,
				  cmd->wqe.gemm.lda, cmd->wqe.gemm.ldb, cmd->wqe.gemm.ldc };

	for (unsigned i = 0; i < 6; i++)
		if (dims[i] > UB_MAX_GEMM_DIM)
			return false;
	return true;
}

static void check_gemm_matrix(struct ub_cmd *cmd, unsigned i, uint32_t rows, uint32_t cols,
			      uint32_t ld)
{
	if (cmd->done)
		return;
	if (!rows || !cols || ld < cols)
		ub_cmd_fail(cmd, UB_CR_LOC_OPERATION_ERR, UB_SUB_LENGTH);
	else if (cmd->sge[i].va % 4)
		ub_cmd_fail(cmd, UB_CR_LOC_OPERATION_ERR, UB_SUB_ALIGNMENT);
	else if (((uint64_t)(rows - 1) * ld + cols) * 4 > cmd->sge[i].len)
		ub_cmd_fail(cmd, UB_CR_LOC_LEN_ERR, UB_SUB_LENGTH);
}

void ub_check_gemm(struct ub_cmd *cmd)
{
	bool ta = cmd->inline_len & UB_GEMM_TRANS_A, tb = cmd->inline_len & UB_GEMM_TRANS_B;
	uint32_t m = cmd->wqe.gemm.m, n = cmd->wqe.gemm.n, k = cmd->wqe.gemm.k;

	if (!gemm_dim_valid(cmd)) {
		ub_cmd_fail(cmd, UB_CR_LOC_LEN_ERR, UB_SUB_LENGTH);
		return;
	}
	check_gemm_matrix(cmd, 0, ta ? k : m, ta ? m : k, cmd->wqe.gemm.lda);
	check_gemm_matrix(cmd, 1, tb ? n : k, tb ? k : n, cmd->wqe.gemm.ldb);
	check_gemm_matrix(cmd, 2, m, n, cmd->wqe.gemm.ldc);
}

/* ---- Operands ---- */
static bool reserve_scratch(struct ub_scratch *scratch, size_t size)
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
	p->m = m;
	p->n = n;
	p->k = k;
	ub_matrix_set(&p->a, &cmd->mem[0], p->ta == CblasTrans ? k : m,
		      p->ta == CblasTrans ? m : k, w->gemm.lda);
	ub_matrix_set(&p->b, &cmd->mem[1], p->tb == CblasTrans ? n : k,
		      p->tb == CblasTrans ? k : n, w->gemm.ldb);
	ub_matrix_set(&p->c, &cmd->mem[2], m, n, w->gemm.ldc);
}

/* A result that is added to what is there is made aside: it may have to be made once more. */
static bool place_product(struct ub_jfs *jfs, struct product *p)
{
	struct ub_scratch *scratch = &jfs->worker->scratch[jfs->level];
	size_t floats;
	float *at;

	ub_matrix_survey(jfs, &p->a, false, p->ta == CblasTrans ? DEPTH_PARTS : ACROSS_PARTS);
	ub_matrix_survey(jfs, &p->b, false, p->tb == CblasTrans ? ACROSS_PARTS : DEPTH_PARTS);
	if (p->beta == 0.0f)
		ub_matrix_survey(jfs, &p->c, true, ACROSS_PARTS);
	floats = ub_matrix_floats(&p->a) + ub_matrix_floats(&p->b) + ub_matrix_floats(&p->c);
	if (!floats)
		return true;
	if (!reserve_scratch(scratch, 4 * floats)) {
		ub_cmd_fail(&jfs->cur, UB_CR_LOC_OPERATION_ERR, UB_SUB_LENGTH);
		return false;
	}
	at = scratch->buf;
	p->a.copy = at;
	p->b.copy = at += ub_matrix_floats(&p->a);
	p->c.copy = at + ub_matrix_floats(&p->b);
	return ub_matrix_copy(jfs, &p->a, false) && ub_matrix_copy(jfs, &p->b, false) &&
	       (p->beta == 0.0f || ub_matrix_copy(jfs, &p->c, false));
}

/* ---- Tiles ---- */
static int show_product(struct ub_jfs *jfs, struct product *p)
{
	int sub = ub_matrix_show(jfs, &p->a);

	if (!sub)
		sub = ub_matrix_show(jfs, &p->b);
	return sub ? sub : ub_matrix_show(jfs, &p->c);
}

static void hide_product(struct ub_jfs *jfs, struct product *p)
{
	ub_matrix_hide(jfs, &p->a);
	ub_matrix_hide(jfs, &p->b);
	ub_matrix_hide(jfs, &p->c);
}

/* Makes the matrices accessible. False: the command has failed, or is not wanted. */
static bool begin_tile(struct ub_jfs *jfs, struct product *p)
{
	struct ub_core *core = jfs->obj.core;
	bool live;
	int sub = 0;

	pthread_rwlock_rdlock(&core->dma_lock);
	/* Destroyed, reset, or on its way to ERROR, which flushes. */
	live = ub_cmd_live(jfs) && atomic_load(&jfs->state) != UB_STATE_ERROR;
	if (live)
		sub = show_product(jfs, p);
	if (live && !sub)
		ub_engine_work(jfs, true);
	else
		hide_product(jfs, p);
	pthread_rwlock_unlock(&core->dma_lock);
	if (!live)
		ub_cmd_fail(&jfs->cur, UB_CR_WR_FLUSH_ERR, UB_SUB_NONE);
	else if (sub)
		ub_cmd_fail(&jfs->cur, UB_CR_LOC_ACCESS_ERR, (unsigned)sub);
	return live && !sub;
}

static void end_tile(struct ub_jfs *jfs, struct product *p)
{
	struct ub_core *core = jfs->obj.core;

	pthread_rwlock_rdlock(&core->dma_lock);
	hide_product(jfs, p);
	pthread_rwlock_unlock(&core->dma_lock);
	ub_engine_work(jfs, false);
}

static float *element_at(const struct ub_matrix *x, uint32_t row, uint32_t col)
{
	const struct ub_part *part = ub_matrix_part(x, row);

	return part->data + (size_t)(row - part->row) * (size_t)x->ld + col;
}

/* Of the products along k the first scales C, the others add to it. */
static void multiply_tile(const struct product *p, const struct tile *t)
{
	const float *a = p->ta == CblasTrans ? element_at(&p->a, t->l, t->i) :
			 element_at(&p->a, t->i, t->l);
	const float *b = p->tb == CblasTrans ? element_at(&p->b, t->j, t->l) :
			 element_at(&p->b, t->l, t->j);
	float *c = element_at(&p->c, t->i, t->j);

	cblas_sgemm(CblasRowMajor, p->ta, p->tb, (int)t->rows, (int)t->cols, (int)t->depth,
		    p->alpha, a, p->a.ld, b, p->b.ld, t->l ? 1.0f : p->beta, c, p->c.ld);
}

static uint32_t lesser(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* In equal parts of at most limit: a narrow rest costs a whole pass over the other matrix. */
static uint32_t tile_extent(uint32_t whole, uint32_t limit)
{
	uint32_t parts = (whole - 1) / limit + 1;

	return (whole - 1) / parts + 1;
}

/* No tile goes beyond a part. */
static void clip_tile(const struct ub_matrix *x, uint32_t row, uint32_t *rows)
{
	const struct ub_part *part = ub_matrix_part(x, row);

	*rows = lesser(*rows, part->row + part->rows - row);
}

static void set_tile_extent(const struct product *p, struct tile *t)
{
	uint32_t rows = tile_extent(p->m, TILE_ROWS), depth = tile_extent(p->k, TILE_DEPTH);
	uint32_t most = (uint32_t)(TILE_FLOPS / (2.0 * rows * depth)) + MIN_COLS;
	uint32_t cols = tile_extent(p->n, most);

	t->rows = lesser(rows, p->m - t->i);
	t->cols = lesser(cols, p->n - t->j);
	t->depth = lesser(depth, p->k - t->l);
	clip_tile(&p->a, p->ta == CblasTrans ? t->l : t->i,
		  p->ta == CblasTrans ? &t->depth : &t->rows);
	clip_tile(&p->b, p->tb == CblasTrans ? t->j : t->l,
		  p->tb == CblasTrans ? &t->cols : &t->depth);
	clip_tile(&p->c, t->i, &t->rows);
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
	if (t->i >= p->m)
		return false;
	set_tile_extent(p, t);
	return true;
}

static bool multiply(struct ub_jfs *jfs, struct product *p)
{
	struct tile t = { 0 };

	set_tile_extent(p, &t);
	do {
		if (!begin_tile(jfs, p))
			return false;
		multiply_tile(p, &t);
		end_tile(jfs, p);
		ub_jfs_progress(jfs);
		ub_engine_yield(jfs);
	} while (next_tile(p, &t));
	return true;
}

enum ub_exec ub_exec_gemm(struct ub_jfs *jfs)
{
	struct ub_cmd *cmd = &jfs->cur;
	struct product p;
	bool ok;

	set_product(&p, cmd);
	if (!place_product(jfs, &p) || !multiply(jfs, &p))
		return UB_EXEC_DONE;
	jfs->worker->commits++;
	ok = ub_matrix_copy(jfs, &p.c, true);
	jfs->worker->commits--;
	if (ok)
		cmd->moved = (uint64_t)p.m * p.n * 4;
	return UB_EXEC_DONE;
}
