/* SPDX-License-Identifier: MIT */
/* FILL, CRC32C, GEMM_F32 against independent computations. */
#include <math.h>

#include "op/op.h"
#include "harness.h"

/* ---- FILL ---- */
static void fill_of(struct set *s, uint32_t size, uint32_t offset, uint32_t len)
{
	union twqe w = wqe_new(UB_OP_FILL, UB_WQE_COMPLETE, 1);
	const uint8_t *pattern = (const uint8_t *)&w.w.pattern;
	uint32_t second = 3000 * size;

	w.w.pattern = 0x0123456789abcdef;
	w.w.pattern_size = size;
	wqe_sge(&w, s->a.va + offset, len, s->a.id);
	wqe_sge(&w, s->b.va + 1, second, s->b.id);
	memset(s->a.ptr, 0xff, offset + len + 64);
	memset(s->b.ptr, 0xff, second + 64);
	post(&s->jfs, &w);
	assert_int_equal(expect(&s->jfc, UB_CR_SUCCESS, 0, 1).len, len + second);
	for (uint32_t i = 0; i < len; i++)
		assert_int_equal(s->a.ptr[offset + i], pattern[i % size]);
	for (uint32_t i = 0; i < second; i++)
		assert_int_equal(s->b.ptr[1 + i], pattern[i % size]);
	assert_int_equal(s->a.ptr[offset + len], 0xff);
	assert_int_equal(s->b.ptr[1 + second], 0xff);
	if (offset)
		assert_int_equal(s->a.ptr[offset - 1], 0xff);
}

static void fill_patterns(void **state)
{
	for (uint32_t size = 1; size <= 8; size *= 2) {
		fill_of(*state, size, 0, 0);
		fill_of(*state, size, 3, size);
		fill_of(*state, size, 4095, 8 * 1001);
		fill_of(*state, size, 1, 200000);
	}
}

/* ---- CRC32C ---- */
static uint64_t crc_of(struct set *s, union twqe *w)
{
	struct ub_hw_cqe cqe;

	post(&s->jfs, w);
	cqe = expect(&s->jfc, UB_CR_SUCCESS, 0, 1);
	assert_int_equal(cqe.flags & UB_CQE_IMM, UB_CQE_IMM);
	return cqe.imm_data;
}

static void crc_vector(struct set *s, const void *data, uint32_t len, uint32_t want)
{
	union twqe w = wqe_new(UB_OP_CRC32C, UB_WQE_COMPLETE, 1);

	memcpy(s->a.ptr + 5, data, len);
	wqe_sge(&w, s->a.va + 5, len, s->a.id);
	assert_int_equal(crc_of(s, &w), want);
	assert_int_equal(ub_crc32c_table(0, data, len), want);
}

/* "123456789", and the examples of RFC 3720. */
static void crc32c_known_vectors(void **state)
{
	uint8_t data[32];

	crc_vector(*state, "123456789", 9, 0xe3069283);
	crc_vector(*state, "", 0, 0);
	memset(data, 0, 32);
	crc_vector(*state, data, 32, 0x8a9136aa);
	memset(data, 0xff, 32);
	crc_vector(*state, data, 32, 0x62a8ab43);
	for (unsigned i = 0; i < 32; i++)
		data[i] = (uint8_t)i;
	crc_vector(*state, data, 32, 0x46dd794e);
	for (unsigned i = 0; i < 32; i++)
		data[i] = (uint8_t)(31 - i);
	crc_vector(*state, data, 32, 0x113fdb5c);
}

/* Bit by bit, as the polynomial says. */
static uint32_t crc_slow(const uint8_t *p, size_t n)
{
	uint32_t c = ~0u;

	while (n--) {
		c ^= *p++;
		for (int i = 0; i < 8; i++)
			c = c & 1 ? c >> 1 ^ 0x82f63b78 : c >> 1;
	}
	return ~c;
}

static void crc32c_in_pieces(void **state)
{
	struct set *s = *state;
	union twqe w = wqe_new(UB_OP_CRC32C, UB_WQE_COMPLETE, 1);
	uint32_t want, first;

	for (unsigned i = 0; i < 300000; i++)
		s->a.ptr[i] = (uint8_t)(i * i >> 3);
	want = crc_slow(s->a.ptr, 300000);
	wqe_sge(&w, s->a.va, 7, s->a.id);
	wqe_sge(&w, s->a.va + 7, 0, s->a.id);
	wqe_sge(&w, s->a.va + 7, 299993, s->a.id);
	assert_int_equal(crc_of(s, &w), want);
	w = wqe_new(UB_OP_CRC32C, UB_WQE_COMPLETE, 1);
	wqe_sge(&w, s->a.va, 100001, s->a.id);
	first = (uint32_t)crc_of(s, &w);
	w = wqe_new(UB_OP_CRC32C, UB_WQE_COMPLETE, 1);
	w.w.crc_seed = first;
	wqe_sge(&w, s->a.va + 100001, 199999, s->a.id);
	assert_int_equal(crc_of(s, &w), want);
	assert_int_equal(ub_crc32c_table(first, s->a.ptr + 100001, 199999), want);
}

/* ---- GEMM ---- */
struct gemm {
	uint32_t m, n, k, lda, ldb, ldc;
	float alpha, beta;
	unsigned trans;
};

static float at(const float *x, uint32_t ld, uint32_t i, uint32_t j, bool t)
{
	return t ? x[(size_t)j * ld + i] : x[(size_t)i * ld + j];
}

static double reference(const struct gemm *g, const float *a, const float *b, float c, uint32_t i,
			uint32_t j)
{
	double sum = 0;

	for (uint32_t k = 0; k < g->k; k++)
		sum += (double)at(a, g->lda, i, k, g->trans & UB_GEMM_TRANS_A) *
		       at(b, g->ldb, k, j, g->trans & UB_GEMM_TRANS_B);
	return g->alpha * sum + (g->beta != 0 ? g->beta * c : 0);
}

static union twqe gemm_wqe(const struct gemm *g, const struct tseg x[3])
{
	union twqe w = wqe_new(UB_OP_GEMM_F32, UB_WQE_COMPLETE, 1);

	w.w.gemm.m = g->m;
	w.w.gemm.n = g->n;
	w.w.gemm.k = g->k;
	w.w.gemm.lda = g->lda;
	w.w.gemm.ldb = g->ldb;
	w.w.gemm.ldc = g->ldc;
	memcpy(&w.w.gemm.alpha, &g->alpha, 4);
	memcpy(&w.w.gemm.beta, &g->beta, 4);
	w.w.inline_len = (uint16_t)g->trans;
	for (unsigned i = 0; i < 3; i++)
		wqe_sge(&w, x[i].va, (uint32_t)x[i].len, x[i].id);
	return w;
}

static void fill_floats(const struct tseg *seg, unsigned seed)
{
	float *p = (float *)seg->ptr;

	for (uint64_t i = 0; i < seg->len / 4; i++) {
		seed = seed * 1664525 + 1013904223;
		p[i] = (float)(int)(seed >> 16 & 0xff) / 64 - 2;
	}
}

static void check_product(const struct gemm *g, const struct tseg x[3], const float *before)
{
	const float *c = (const float *)x[2].ptr;

	for (uint32_t i = 0; i < g->m; i++) {
		for (uint32_t j = 0; j < g->ldc; j++) {
			size_t e = (size_t)i * g->ldc + j;

			if (j >= g->n) {	/* between the rows nothing changes */
				assert_true(c[e] == before[e]);
				continue;
			}
			assert_true(fabs(c[e] - reference(g, (float *)x[0].ptr, (float *)x[1].ptr,
							  before[e], i, j)) <
				    1e-4 * (1 + g->k));
		}
	}
}

static void gemm_of(struct set *s, const struct tseg x[3], const struct gemm *g)
{
	float *before = malloc(x[2].len);
	union twqe w = gemm_wqe(g, x);

	for (unsigned i = 0; i < 3; i++)
		fill_floats(&x[i], i + g->m * 3 + g->trans);
	if (g->beta == 0)	/* is not read */
		for (uint32_t i = 0; i < g->m; i++)
			for (uint32_t j = 0; j < g->n; j++)
				((float *)x[2].ptr)[(size_t)i * g->ldc + j] = NAN;
	memcpy(before, x[2].ptr, x[2].len);
	post(&s->jfs, &w);
	assert_int_equal(expect(&s->jfc, UB_CR_SUCCESS, 0, 1).len, g->m * g->n * 4);
	check_product(g, x, before);
	free(before);
}

static void gemm_shapes_of(struct set *s)
{
	static const uint32_t dims[][3] = { { 1, 1, 1 }, { 1, 7, 3 }, { 64, 64, 64 },
					    { 33, 65, 17 }, { 128, 100, 129 }, { 3, 1, 200 } };
	static const float scale[][2] = { { 1, 0 }, { 1, 1 }, { -0.5f, 2 }, { 0, 1 } };
	struct tseg x[3];

	for (unsigned i = 0; i < 3; i++)
		seg_new(&s->ctx, &x[i], 256 << 10, UB_ACCESS_LOCAL_ONLY, 0);
	for (unsigned d = 0; d < 6; d++) {
		for (unsigned t = 0; t < 4; t++) {
			for (unsigned v = 0; v < 4; v++) {
				unsigned pad = v * 5;
				struct gemm g = { .m = dims[d][0], .n = dims[d][1],
						  .k = dims[d][2], .alpha = scale[v][0],
						  .beta = scale[v][1], .trans = t };

				g.lda = (t & UB_GEMM_TRANS_A ? g.m : g.k) + pad;
				g.ldb = (t & UB_GEMM_TRANS_B ? g.k : g.n) + pad;
				g.ldc = g.n + pad;
				gemm_of(s, x, &g);
			}
		}
	}
}

static void gemm_shapes(void **state)
{
	gemm_shapes_of(*state);
}

/* Memory in pieces is copied, together it is used where it is. */
static void gemm_of_pieces(void **state)
{
	struct set *s = *state;

	s->rig.map_limit = 4096;
	gemm_shapes_of(s);
	s->rig.map_limit = 0;
}

/* A segment's memory has its units in the opposite order, and its leaves so that none sees it. */
static void turn_over(struct set *s, const struct tseg *x, uint32_t unit)
{
	uint8_t *old = malloc(x->len);
	uint32_t units = (uint32_t)(x->len / unit);

	memcpy(old, x->ptr, x->len);
	for (uint32_t i = 0; i < units; i++)
		memcpy(x->ptr + i * unit, old + (units - 1 - i) * unit, unit);
	for (uint32_t i = 0; i < units / 2; i++) {
		for (uint32_t at = 0; at < unit; at += PAGE) {
			uint64_t *a = pt_entry(&s->ctx, x->va + i * unit + at, 1);
			uint64_t *b = pt_entry(&s->ctx, x->va + (units - 1 - i) * unit + at, 1);
			uint64_t pte = *a;

			*a = *b;
			*b = pte;
		}
	}
	free(old);
}

static uint32_t progress_of(struct set *s)
{
	query(&s->rig, UB_ADMIN_QUERY_JFS, s->jfs.id);
	return s->rig.reply.detail;
}

/* How often the queue moved: once for the command, for each tile, for each burst of a copy. */
static uint32_t moves_of_product(struct set *s, const struct tseg x[3], const struct gemm *g,
				 uint32_t unit)
{
	uint32_t before = progress_of(s);
	union twqe w = gemm_wqe(g, x);
	float *c = malloc(x[2].len);

	for (unsigned i = 0; i < 3; i++) {
		fill_floats(&x[i], i + g->trans);
		if (i == 2)
			memcpy(c, x[2].ptr, x[2].len);
		turn_over(s, &x[i], unit);
	}
	post(&s->jfs, &w);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 1);
	for (unsigned i = 0; i < 3; i++)
		turn_over(s, &x[i], unit);
	check_product(g, x, c);
	free(c);
	return progress_of(s) - before - 1;
}

/*
 * Rows of 256 bytes, 64 of them. In two parts all are used where they are: tiles end where parts
 * do, of A and C along m, of B along k; transposed, of A along k and of B along n. In four, A and C
 * are copied, transposed B and C. A page that ends within a row leaves nothing but copies.
 */
static void gemm_in_parts(void **state)
{
	static const struct { uint32_t unit, ld, moves[2]; } cases[] = {
		{ 16384, 64, { 1, 1 } },
		{ 8192, 64, { 2 * 2, 2 * 2 * 2 } },
		{ 4096, 64, { 4 + 2, 4 + 2 } },
		{ 4096, 63, { 1 + 3, 1 + 3 } },
	};
	struct set *s = *state;
	struct tseg x[3];

	for (unsigned i = 0; i < 3; i++)
		seg_new(&s->ctx, &x[i], 16384, UB_ACCESS_LOCAL_ONLY, 0);
	for (unsigned i = 0; i < 4; i++) {
		for (unsigned turned = 0; turned < 2; turned++) {
			struct gemm g = { .m = 63, .n = 63, .k = 63, .alpha = 1,
					  .trans = turned ? UB_GEMM_TRANS_A | UB_GEMM_TRANS_B : 0 };

			g.lda = g.ldb = g.ldc = cases[i].ld;
			assert_int_equal(moves_of_product(s, x, &g, cases[i].unit),
					 cases[i].moves[turned]);
		}
	}
}

/* More than one tile either way, checked by a vector: C v = A (B v). */
static void gemm_in_tiles(void **state)
{
	struct set *s = *state;
	struct gemm g = { .m = 1100, .n = 1600, .k = 2100, .lda = 2100, .ldb = 1600, .ldc = 1600,
			  .alpha = 1 };
	double *bv = calloc(g.k, sizeof(double));
	struct tseg x[3];
	union twqe w;

	seg_new(&s->ctx, &x[0], g.m * g.k * 4, UB_ACCESS_LOCAL_ONLY, 0);
	seg_new(&s->ctx, &x[1], g.k * g.n * 4, UB_ACCESS_LOCAL_ONLY, 0);
	seg_new(&s->ctx, &x[2], g.m * g.n * 4, UB_ACCESS_LOCAL_ONLY, 0);
	fill_floats(&x[0], 1);
	fill_floats(&x[1], 2);
	w = gemm_wqe(&g, x);
	post(&s->jfs, &w);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 1);
	for (uint32_t k = 0; k < g.k; k++)
		for (uint32_t j = 0; j < g.n; j++)
			bv[k] += ((float *)x[1].ptr)[k * g.n + j] * (double)(j % 5 + 1);
	for (uint32_t i = 0; i < g.m; i++) {
		double want = 0, got = 0;

		for (uint32_t k = 0; k < g.k; k++)
			want += ((float *)x[0].ptr)[i * g.k + k] * bv[k];
		for (uint32_t j = 0; j < g.n; j++)
			got += ((float *)x[2].ptr)[i * g.n + j] * (double)(j % 5 + 1);
		assert_true(fabs(want - got) < 1e-2 * g.k);
	}
	free(bv);
}

static void gemm_fails_on_leaves(void **state)
{
	struct set *s = *state;
	struct gemm g = { .m = 64, .n = 64, .k = 64, .lda = 64, .ldb = 64, .ldc = 64, .alpha = 1 };

	for (unsigned i = 0; i < 3; i++) {
		struct tseg x[3];
		union twqe w;
		uint64_t pte;

		for (unsigned j = 0; j < 3; j++)
			seg_new(&s->ctx, &x[j], 16384, UB_ACCESS_LOCAL_ONLY, 0);
		pte = *pt_entry(&s->ctx, x[i].va + PAGE, 1);
		pt_set(&s->ctx, x[i].va + PAGE, pte & ~(i == 2 ? UB_PTE_WRITE : UB_PTE_READ));
		w = gemm_wqe(&g, x);
		post(&s->jfs, &w);
		expect(&s->jfc, UB_CR_LOC_ACCESS_ERR, UB_SUB_PTE_RIGHTS, 1);
	}
}

static void npu_work_is_solicited_for_itself(void **state)
{
	struct set *s = *state;
	union twqe w = wqe_new(UB_OP_CRC32C, UB_WQE_COMPLETE | UB_WQE_SOLICITED, 1);

	post(&s->jfs, &w);
	assert_int_equal(expect(&s->jfc, UB_CR_SUCCESS, 0, 1).flags & UB_CQE_SOLICITED,
			 UB_CQE_SOLICITED);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, set_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(fill_patterns),
		T(crc32c_known_vectors),
		T(crc32c_in_pieces),
		T(gemm_shapes),
		T(gemm_of_pieces),
		T(gemm_in_parts),
		T(gemm_in_tiles),
		T(gemm_fails_on_leaves),
		T(npu_work_is_solicited_for_itself),
	};

	return cmocka_run_group_tests_name("core-npu", tests, NULL, NULL);
}
