/* SPDX-License-Identifier: MIT */
/* Speed of the core without a VM, each figure beside what the host does itself. */
#include <cblas.h>
#include <stdio.h>
#include <time.h>

#include "harness.h"

/* CPU time of the process: the machine may be shared, and whoever waits here sleeps. */
static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static double nop_ns(struct set *s, unsigned depth)
{
	unsigned rounds = 2000000 / depth;
	double start = now();

	for (unsigned i = 0; i < rounds; i++) {
		uint32_t old = s->jfs.pi;
		struct ub_hw_cqe cqe;

		for (unsigned j = 0; j < depth; j++) {
			union twqe w;

			w.w = (struct ub_hw_wqe){ .opcode = UB_OP_NOP, .flags = UB_WQE_COMPLETE };
			wqe_put(&s->jfs, &w);
		}
		ring_db(&s->jfs, old);
		for (unsigned j = 0; j < depth; j++)
			while (!poll_cqe(&s->jfc, &cqe))
				;
	}
	return (now() - start) / ((double)rounds * depth) * 1e9;
}

static void post_write(struct set *s)
{
	union twqe w = wqe_new(UB_OP_WRITE, UB_WQE_COMPLETE, 0);

	wqe_target(&w, s->eid, s->b.va, s->b.id, s->b.token);
	wqe_sge(&w, s->a.va, 1 << 20, s->a.id);
	post(&s->jfs, &w);
}

static void take_cqe(struct set *s, long nap_ns)
{
	struct ub_hw_cqe cqe;

	while (!poll_cqe(&s->jfc, &cqe))
		nanosleep(&(struct timespec){ .tv_nsec = nap_ns }, NULL);
	if (cqe.status)
		abort();
}

static double write_rate(struct set *s, unsigned depth)
{
	unsigned rounds = 3000;
	double start = now();

	for (unsigned i = 0; i < rounds; i++) {
		if (i >= depth)
			take_cqe(s, depth > 1 ? 200000 : 10000);
		post_write(s);
	}
	for (unsigned i = 0; i < depth; i++)
		take_cqe(s, depth > 1 ? 200000 : 10000);
	return rounds * (double)(1 << 20) / (now() - start) / 1e9;
}

static double memcpy_rate(struct set *s)
{
	unsigned rounds = 3000;
	double start = now();

	for (unsigned i = 0; i < rounds; i++) {
		memcpy(s->b.ptr, s->a.ptr, 1 << 20);
		__asm__ volatile("" ::: "memory");
	}
	return rounds * (double)(1 << 20) / (now() - start) / 1e9;
}

#define N 1024

static double gemm_rate(struct set *s, struct tseg m[3])
{
	unsigned rounds = 20;
	double start = now();

	for (unsigned i = 0; i < rounds; i++) {
		union twqe w = wqe_new(UB_OP_GEMM_F32, UB_WQE_COMPLETE, 0);
		float one = 1;

		w.w.gemm.m = w.w.gemm.n = w.w.gemm.k = N;
		w.w.gemm.lda = w.w.gemm.ldb = w.w.gemm.ldc = N;
		memcpy(&w.w.gemm.alpha, &one, 4);
		for (unsigned j = 0; j < 3; j++)
			wqe_sge(&w, m[j].va, N * N * 4, m[j].id);
		post(&s->jfs, &w);
		take_cqe(s, 1000000);
	}
	return rounds * 2.0 * N * N * N / (now() - start) / 1e9;
}

static double cblas_rate(struct tseg m[3])
{
	unsigned rounds = 20;
	double start = now();

	for (unsigned i = 0; i < rounds; i++)
		cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, N, N, N, 1,
			    (float *)m[0].ptr, N, (float *)m[1].ptr, N, 0, (float *)m[2].ptr, N);
	return rounds * 2.0 * N * N * N / (now() - start) / 1e9;
}

static void best(double *v, double x)
{
	if (x > *v)
		*v = x;
}

static void least(double *v, double x)
{
	if (x < *v)
		*v = x;
}

int main(void)
{
	double nop1 = 1e9, nop32 = 1e9, write = 0, deep = 0, copy = 0, gemm = 0, blas = 0;
	struct tseg m[3];
	struct set *s;
	void *state;

	set_up(&state);
	s = state;
	for (unsigned i = 0; i < 3; i++) {
		seg_new(&s->ctx, &m[i], N * N * 4, UB_ACCESS_LOCAL_ONLY, 0);
		for (unsigned j = 0; j < N * N; j++)
			((float *)m[i].ptr)[j] = (float)(j % 7);
	}
	for (int i = 0; i < 3; i++) {
		least(&nop1, nop_ns(s, 1));
		least(&nop32, nop_ns(s, 32));
		best(&write, write_rate(s, 1));
		best(&deep, write_rate(s, 8));
		best(&copy, memcpy_rate(s));
		best(&gemm, gemm_rate(s, m));
		best(&blas, cblas_rate(m));
	}
	printf("NOP, depth 1:    %6.0f ns\n", nop1);
	printf("NOP, depth 32:   %6.0f ns\n", nop32);
	printf("WRITE 1 MiB:     %6.1f GB/s, memcpy %.1f GB/s, ratio %.2f\n", write, copy,
	       write / copy);
	printf("  with 8 of them: %6.1f GB/s, ratio %.2f\n", deep, deep / copy);
	printf("GEMM_F32 1024:   %6.1f GFlop/s, cblas %.1f GFlop/s, ratio %.2f\n", gemm, blas,
	       gemm / blas);
	set_down(&state);
	return 0;
}
