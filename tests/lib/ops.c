/* SPDX-License-Identifier: MIT */
/* Every opcode through the library, and the statuses that one queue can provoke. */
#include "common.h"

#include <math.h>
#include <stdlib.h>

#define SIZE 8192

static void fill_bytes(uint8_t *at, size_t n, unsigned seed)
{
	for (size_t i = 0; i < n; i++) {
		seed = seed * 1103515245u + 12345u;
		at[i] = (uint8_t)(seed >> 16);
	}
}

static struct ub_jfs_wr transfer(uint8_t opcode, const ub_sge_t *sge, uint8_t num,
				 const struct ub_target *target, uint64_t addr)
{
	return (struct ub_jfs_wr){ .opcode = opcode, .num_sge = num, .sge = sge, .target = target,
				   .rmt_addr = addr };
}

static void nop_completes(void **state)
{
	struct ub_jfs_wr wr = nop(0x1122334455667788u);
	struct rig *r = *state;
	struct ub_cr cr = run(r, &wr);

	assert_success(cr);
	assert_int_equal(cr.user_ctx, 0x1122334455667788u);
	assert_int_equal(cr.opcode, UB_OP_NOP);
	assert_int_equal(cr.local_id, r->jfs->id);
	assert_int_equal(cr.flags, 0);
	assert_true(cr.timestamp_ns != 0);
}

static void write_and_read_move_bytes(void **state)
{
	struct rig *r = *state;
	struct mem a = mem_make(r->ctx, SIZE, RW), b = mem_make(r->ctx, SIZE, RW);
	ub_sge_t sge = mem_sge(&a, 3, 5000);
	struct ub_jfs_wr wr = transfer(UB_OP_WRITE, &sge, 1, &b.target, b.seg->va + 11);
	struct ub_cr cr;

	fill_bytes(a.buf, SIZE, 1);
	cr = run(r, &wr);
	assert_success(cr);
	assert_int_equal(cr.len, 5000);
	assert_memory_equal(b.buf + 11, a.buf + 3, 5000);
	assert_int_equal(b.buf[10], 0);
	assert_int_equal(b.buf[5011], 0);
	memset(a.buf, 0, SIZE);
	wr.opcode = UB_OP_READ;
	run_ok(r, &wr);
	assert_memory_equal(b.buf + 11, a.buf + 3, 5000);
	mem_free(&a);
	mem_free(&b);
}

static void large_write_runs_on_an_engine(void **state)
{
	struct rig *r = *state;
	size_t size = 5u << 20;
	struct mem a = mem_make(r->ctx, size, RW), b = mem_make(r->ctx, size, RW);
	ub_sge_t sge = mem_sge(&a, 0, size);
	struct ub_jfs_wr wr = transfer(UB_OP_WRITE, &sge, 1, &b.target, b.seg->va);

	fill_bytes(a.buf, size, 2);
	run_ok(r, &wr);
	assert_memory_equal(a.buf, b.buf, size);
	mem_free(&a);
	mem_free(&b);
}

static void scatter_gather(void **state)
{
	struct rig *r = *state;
	struct mem a = mem_make(r->ctx, SIZE, RW), b = mem_make(r->ctx, SIZE, RW);
	struct ub_jfs_wr wr;
	ub_sge_t sge[13];
	size_t at = 0;

	fill_bytes(a.buf, SIZE, 3);
	for (unsigned i = 0; i < 13; i++)
		sge[i] = mem_sge(&a, i * 500, i + 1);
	for (uint8_t n = 1; n <= 13; n++) {
		wr = transfer(UB_OP_WRITE, sge, n, &b.target, b.seg->va);
		memset(b.buf, 0, SIZE);
		run_ok(r, &wr);
		at = 0;
		for (unsigned i = 0; i < n; at += ++i)
			assert_memory_equal(b.buf + at, a.buf + i * 500, i + 1);
		assert_int_equal(b.buf[at], 0);
	}
	wr.opcode = UB_OP_READ;
	memset(a.buf, 0, SIZE);
	fill_bytes(b.buf, SIZE, 4);
	run_ok(r, &wr);
	at = 0;
	for (unsigned i = 0; i < 13; at += ++i)
		assert_memory_equal(a.buf + i * 500, b.buf + at, i + 1);
	mem_free(&a);
	mem_free(&b);
}

static void inline_data_needs_no_segment(void **state)
{
	struct rig *r = *state;
	struct mem b = mem_make(r->ctx, SIZE, RW);
	uint8_t local[208];
	ub_sge_t sge[2];
	struct ub_jfs_wr wr = transfer(UB_OP_WRITE, sge, 2, &b.target, b.seg->va);

	fill_bytes(local, sizeof(local), 5);
	wr.flags = UB_WR_INLINE;
	for (uint32_t n = 1; n <= 208; n += 23) {
		sge[0] = (ub_sge_t){ .len = n / 2, .va = (uintptr_t)local };
		sge[1] = (ub_sge_t){ .len = n - n / 2, .va = (uintptr_t)local + n / 2 };
		memset(b.buf, 0, SIZE);
		run_ok(r, &wr);
		assert_memory_equal(b.buf, local, n);
		assert_int_equal(b.buf[n], 0);
	}
	mem_free(&b);
}

static void write_notify_stores_eight_bytes(void **state)
{
	struct rig *r = *state;
	struct mem a = mem_make(r->ctx, SIZE, RW), b = mem_make(r->ctx, SIZE, RW);
	struct mem c = mem_make(r->ctx, SIZE, RW);
	ub_sge_t sge = mem_sge(&a, 0, 100);
	struct ub_jfs_wr wr = transfer(UB_OP_WRITE_NOTIFY, &sge, 1, &b.target, b.seg->va);
	uint64_t value;

	fill_bytes(a.buf, SIZE, 6);
	wr.imm_data = 0xfeedfacecafebeefu;
	wr.notify = &c.target;
	wr.notify_addr = c.seg->va + 64;
	run_ok(r, &wr);
	memcpy(&value, c.buf + 64, 8);
	assert_int_equal(value, 0xfeedfacecafebeefu);
	assert_memory_equal(a.buf, b.buf, 100);
	wr.notify_addr++;
	assert_status(run(r, &wr), UB_CR_LOC_OPERATION_ERR, UB_SUB_ALIGNMENT);
	mem_free(&a);
	mem_free(&b);
	mem_free(&c);
}

struct atomic_case {
	uint8_t opcode;
	uint64_t old, operand, compare, want;
};

static void check_atomic(struct rig *r, struct mem *local, struct mem *at, unsigned width,
			 const struct atomic_case *c)
{
	uint64_t mask = width == 8 ? UINT64_MAX : UINT32_MAX, old = c->old & mask, got = 0;
	ub_sge_t sge = mem_sge(local, 16, width);
	struct ub_jfs_wr wr = transfer(c->opcode, &sge, 1, &at->target, at->seg->va + 24);

	wr.operand = c->operand & mask;
	wr.compare = c->compare & mask;
	memset(local->buf, 0, 64);
	memset(at->buf, 0x77, 64);
	memcpy(at->buf + 24, &old, width);
	run_ok(r, &wr);
	memcpy(&got, local->buf + 16, width);
	assert_int_equal(got, old);
	got = 0;
	memcpy(&got, at->buf + 24, width);
	assert_int_equal(got, c->want & mask);
	assert_int_equal(at->buf[24 + width], 0x77);
}

static void atomics_of_both_widths(void **state)
{
	static const struct atomic_case cases[] = {
		{ UB_OP_CAS, 5, 9, 5, 9 },
		{ UB_OP_CAS, 5, 9, 6, 5 },
		{ UB_OP_SWAP, 5, 0x123456789au, 0, 0x123456789au },
		{ UB_OP_FADD, UINT64_MAX, 3, 0, 2 },
		{ UB_OP_FSUB, 1, 3, 0, (uint64_t)-2 },
		{ UB_OP_FAND, 0xff00ff00ff00ff00u, 0xffff0000ffff0000u, 0, 0xff000000ff000000u },
		{ UB_OP_FOR, 0xf0f0, 0x0f00, 0, 0xfff0 },
		{ UB_OP_FXOR, 0xffff, 0x0ff0, 0, 0xf00f },
	};
	struct rig *r = *state;
	struct mem a = mem_make(r->ctx, 4096, RW), b = mem_make(r->ctx, 4096, RWA);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		check_atomic(r, &a, &b, 8, &cases[i]);
		check_atomic(r, &a, &b, 4, &cases[i]);
	}
	mem_free(&a);
	mem_free(&b);
}

static void fill_repeats_patterns(void **state)
{
	struct rig *r = *state;
	struct mem a = mem_make(r->ctx, SIZE, RW);
	ub_sge_t sge[2] = { mem_sge(&a, 8, 64), mem_sge(&a, 1024, 4096) };
	struct ub_jfs_wr wr = { .opcode = UB_OP_FILL, .num_sge = 2, .sge = sge };

	for (uint32_t size = 1; size <= 8; size *= 2) {
		memset(a.buf, 0, SIZE);
		wr.pattern = 0x1122334455667788u & (UINT64_MAX >> (64 - 8 * size));
		wr.pattern_size = size;
		run_ok(r, &wr);
		for (unsigned i = 0; i < 4096; i++)
			assert_int_equal(a.buf[1024 + i], (uint8_t)(wr.pattern >> i % size * 8));
		assert_int_equal(a.buf[7], 0);
		assert_int_equal(a.buf[72], 0);
	}
	sge[0].len = 63;
	assert_status(run(r, &wr), UB_CR_LOC_LEN_ERR, UB_SUB_LENGTH);
	wr.pattern_size = 3;
	assert_int_equal(run(r, &wr).status, UB_CR_LOC_OPERATION_ERR);
	mem_free(&a);
}

static uint32_t crc32c_bitwise(uint32_t crc, const uint8_t *data, size_t n)
{
	crc = ~crc;
	for (size_t i = 0; i < n; i++) {
		crc ^= data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
	}
	return ~crc;
}

static void crc32c_of_pieces(void **state)
{
	struct rig *r = *state;
	struct mem a = mem_make(r->ctx, 1u << 20, RW);
	ub_sge_t sge[2] = { mem_sge(&a, 0, 9) };
	struct ub_jfs_wr wr = { .opcode = UB_OP_CRC32C, .num_sge = 1, .sge = sge };
	struct ub_cr cr;

	memcpy(a.buf, "123456789", 9);
	cr = run(r, &wr);
	assert_int_equal(cr.imm_data, 0xe3069283u);
	assert_true(cr.flags & UB_CQE_IMM);
	fill_bytes(a.buf, a.size, 7);
	sge[0] = mem_sge(&a, 1, 333333);
	sge[1] = mem_sge(&a, 333334, 500001);
	wr.num_sge = 2;
	cr = run(r, &wr);
	assert_int_equal(cr.imm_data, crc32c_bitwise(0, a.buf + 1, 833334));
	wr.num_sge = 1;
	cr = run(r, &wr);
	wr.crc_seed = (uint32_t)cr.imm_data;
	sge[0] = sge[1];
	assert_int_equal(run(r, &wr).imm_data, crc32c_bitwise(0, a.buf + 1, 833334));
	mem_free(&a);
}

struct gemm_case {
	uint32_t m, n, k;
	float alpha, beta;
	uint32_t trans;
	uint32_t pad;	/* elements between rows */
};

static double naive(const struct gemm_case *g, const float *a, uint32_t lda, const float *b,
		    uint32_t ldb, uint32_t i, uint32_t j)
{
	double sum = 0;

	for (uint32_t p = 0; p < g->k; p++)
		sum += (double)(g->trans & UB_GEMM_TRANS_A ? a[p * lda + i] : a[i * lda + p]) *
		       (g->trans & UB_GEMM_TRANS_B ? b[j * ldb + p] : b[p * ldb + j]);
	return sum;
}

static void check_gemm(struct rig *r, struct mem *mem, const struct gemm_case *g)
{
	uint32_t lda = (g->trans & UB_GEMM_TRANS_A ? g->m : g->k) + g->pad;
	uint32_t ldb = (g->trans & UB_GEMM_TRANS_B ? g->k : g->n) + g->pad, ldc = g->n + g->pad;
	size_t third = mem->size / 3 & ~(size_t)63;
	float *a = (float *)mem->buf, *b = (float *)(mem->buf + third);
	float *c = (float *)(mem->buf + 2 * third), *before = malloc(third);
	ub_sge_t sge[3] = { mem_sge(mem, 0, third), mem_sge(mem, third, third),
			    mem_sge(mem, 2 * third, third) };
	struct ub_jfs_wr wr = { .opcode = UB_OP_GEMM_F32, .num_sge = 3, .sge = sge,
				.gemm_trans = g->trans,
				.gemm = { g->m, g->n, g->k, lda, ldb, ldc, g->alpha, g->beta } };

	srand(8);
	for (size_t i = 0; i < 3 * third / 4; i++)
		a[i] = (float)rand() / (float)RAND_MAX - 0.5f;
	memcpy(before, c, third);
	run_ok(r, &wr);
	for (uint32_t i = 0; i < g->m; i++)
		for (uint32_t j = 0; j < g->n; j++) {
			double want = g->alpha * naive(g, a, lda, b, ldb, i, j) +
				      g->beta * (double)before[i * ldc + j];

			assert_true(fabs(want - c[i * ldc + j]) < 1e-5 * g->k + 1e-6);
		}
	if (g->pad)
		assert_memory_equal(&c[g->n], &before[g->n], 4 * g->pad);
	free(before);
}

static void gemm_all_forms(void **state)
{
	static const struct gemm_case cases[] = {
		{ 1, 1, 1, 1, 0, 0, 0 },
		{ 7, 5, 3, 1, 0, 0, 0 },
		{ 17, 33, 9, 2.5f, -0.5f, 0, 3 },
		{ 17, 33, 9, 1, 1, UB_GEMM_TRANS_A, 1 },
		{ 17, 33, 9, -1, 0, UB_GEMM_TRANS_B, 2 },
		{ 64, 48, 80, 1, 0.25f, UB_GEMM_TRANS_A | UB_GEMM_TRANS_B, 0 },
	};
	struct rig *r = *state;
	struct mem m = mem_make(r->ctx, 3 * 65536, RW);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_gemm(r, &m, &cases[i]);
	mem_free(&m);
}

static void gemm_bad_shapes(void **state)
{
	struct rig *r = *state;
	struct mem m = mem_make(r->ctx, 4096, RW);
	ub_sge_t sge[3] = { mem_sge(&m, 0, 64), mem_sge(&m, 64, 64), mem_sge(&m, 128, 64) };
	struct ub_jfs_wr wr = { .opcode = UB_OP_GEMM_F32, .num_sge = 3, .sge = sge,
				.gemm = { 4, 4, 4, 4, 4, 4, 1, 0 } };

	run_ok(r, &wr);
	wr.gemm.k = 0;
	assert_int_equal(run(r, &wr).status, UB_CR_LOC_OPERATION_ERR);
	wr.gemm.k = 5;
	wr.gemm.lda = 5;
	assert_status(run(r, &wr), UB_CR_LOC_LEN_ERR, UB_SUB_LENGTH);
	wr.gemm.lda = 3;
	assert_int_equal(run(r, &wr).status, UB_CR_LOC_OPERATION_ERR);
	wr.num_sge = 2;
	assert_int_equal(run(r, &wr).status, UB_CR_LOC_OPERATION_ERR);
	mem_free(&m);
}

static void access_by_token_is_checked(void **state)
{
	struct rig *r = *state;
	struct mem a = mem_make(r->ctx, 4096, RW), b = mem_make(r->ctx, 4096, UB_ACCESS_READ);
	ub_sge_t sge = mem_sge(&a, 0, 8);
	struct ub_jfs_wr wr = transfer(UB_OP_READ, &sge, 1, &b.target, b.seg->va);
	struct ub_target wrong = b.target;

	run_ok(r, &wr);
	wr.opcode = UB_OP_WRITE;
	assert_status(run(r, &wr), UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_RIGHTS);
	wr.opcode = UB_OP_FADD;
	assert_status(run(r, &wr), UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_RIGHTS);
	wr.opcode = UB_OP_READ;
	wr.rmt_addr = b.seg->va + 4089;
	assert_status(run(r, &wr), UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_BOUNDS);
	wr.rmt_addr = b.seg->va - 1;
	assert_status(run(r, &wr), UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_BOUNDS);
	wr.rmt_addr = b.seg->va;
	wrong.id ^= 0x40000;
	wr.target = &wrong;
	assert_status(run(r, &wr), UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_TOKEN);
	wrong = b.target;
	wrong.eid.raw[7] ^= 0x5a;
	assert_status(run(r, &wr), UB_CR_ACK_TIMEOUT_ERR, UB_SUB_EID);
	mem_free(&a);
	mem_free(&b);
}

static void local_access_is_checked(void **state)
{
	struct rig *r = *state;
	struct mem a = mem_make(r->ctx, 4096, UB_ACCESS_LOCAL_ONLY), b = mem_make(r->ctx, 4096, RW);
	ub_sge_t sge = mem_sge(&a, 0, 8);
	struct ub_jfs_wr wr = transfer(UB_OP_WRITE, &sge, 1, &b.target, b.seg->va);

	run_ok(r, &wr);
	sge.va += 4090;
	assert_status(run(r, &wr), UB_CR_LOC_ACCESS_ERR, UB_SUB_BOUNDS);
	sge = mem_sge(&a, 0, 8);
	sge.token_id ^= 0x40000;
	assert_status(run(r, &wr), UB_CR_LOC_ACCESS_ERR, UB_SUB_TOKEN_ID);
	/* By target its own context reaches it, too. */
	wr.target = &a.target;
	wr.rmt_addr = a.seg->va;
	sge = mem_sge(&b, 0, 8);
	run_ok(r, &wr);
	mem_free(&a);
	mem_free(&b);
}

static void foreign_segment_is_not_local(void **state)
{
	struct rig *r = *state, other;
	struct mem mine, theirs;
	struct ub_jfs_wr wr;
	ub_sge_t sge;

	rig_open(&other, device_a);
	mine = mem_make(r->ctx, 4096, RW);
	theirs = mem_make(other.ctx, 4096, RW);
	sge = mem_sge(&theirs, 0, 8);
	wr = transfer(UB_OP_WRITE, &sge, 1, &mine.target, mine.seg->va);
	assert_status(run(r, &wr), UB_CR_LOC_ACCESS_ERR, UB_SUB_TOKEN_ID);
	sge = mem_sge(&mine, 0, 8);
	wr = transfer(UB_OP_WRITE, &sge, 1, &theirs.target, theirs.seg->va);
	run_ok(r, &wr);
	mem_free(&mine);
	mem_free(&theirs);
	rig_close(&other);
}

static void malformed_requests(void **state)
{
	struct rig *r = *state;
	struct mem a = mem_make(r->ctx, 4096, RWA);
	ub_sge_t sge = mem_sge(&a, 0, 8);
	struct ub_jfs_wr wr = transfer(UB_OP_FADD, &sge, 1, &a.target, a.seg->va + 4);

	assert_status(run(r, &wr), UB_CR_LOC_OPERATION_ERR, UB_SUB_ALIGNMENT);
	wr.rmt_addr = a.seg->va;
	sge.len = 5;
	assert_status(run(r, &wr), UB_CR_LOC_LEN_ERR, UB_SUB_LENGTH);
	wr = nop(1);
	wr.opcode = 0x33;
	assert_int_equal(run(r, &wr).status, UB_CR_UNSUPPORTED_OPCODE_ERR);
	mem_free(&a);
}

static void unsignalled_success_is_silent_failure_is_not(void **state)
{
	struct rig *r = *state;
	struct ub_jfs_wr wr = nop(1);

	wr.flags = 0;
	for (int i = 0; i < 10; i++)
		post(r->jfs, &wr);
	wr.opcode = 0x33;
	wr.user_ctx = 2;
	post(r->jfs, &wr);
	assert_int_equal(wait_cr(r->jfc).user_ctx, 2);
	expect_no_cr(r->jfc);
}


int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		rig_test(nop_completes),
		rig_test(write_and_read_move_bytes),
		rig_test(large_write_runs_on_an_engine),
		rig_test(scatter_gather),
		rig_test(inline_data_needs_no_segment),
		rig_test(write_notify_stores_eight_bytes),
		rig_test(atomics_of_both_widths),
		rig_test(fill_repeats_patterns),
		rig_test(crc32c_of_pieces),
		rig_test(gemm_all_forms),
		rig_test(gemm_bad_shapes),
		rig_test(access_by_token_is_checked),
		rig_test(local_access_is_checked),
		rig_test(foreign_segment_is_not_local),
		rig_test(malformed_requests),
		rig_test(unsignalled_success_is_silent_failure_is_not),
	};

	return run_all(argc, argv, tests);
}
