/* SPDX-License-Identifier: MIT */
/* c = silu(a b): matrices in tiles, and the function while the result is still in one. */
#include <ub/tile.h>

#include "kernels.h"

static inline __attribute__((always_inline)) unsigned long long part(unsigned long long all,
								     unsigned long long from)
{
	return all - from < GEMM_TILE ? all - from : GEMM_TILE;
}

UB_PROGRAM(gemm_silu)
int gemm_silu(const struct gemm_silu_args *args)
{
	unsigned long long n = args->n, k = args->k;
	unsigned long long col = ub_block(0) * GEMM_TILE, row = ub_block(1) * GEMM_TILE;
	unsigned long long rows = part(args->m, row), cols = part(n, col);

	ub_texpands(2, 0, UB_SHAPE(rows, cols, UB_F32, 0));
	for (unsigned long long at = 0; at < k; at += GEMM_TILE) {
		unsigned long long depth = part(k, at);

		ub_tload(0, 0, (row * k + at) * 4, UB_SHAPE(rows, depth, UB_F32, UB_F32), k * 4);
		ub_tload(1, 1, (at * n + col) * 4, UB_SHAPE(depth, cols, UB_F32, UB_F32), n * 4);
		ub_tmatmul_acc(2, 0, 1);
	}
	ub_tsilu(2, 2);
	ub_tstore(2, 2, (row * n + col) * 4, UB_F32, n * 4);
	return 0;
}
