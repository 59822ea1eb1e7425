/* SPDX-License-Identifier: MIT */
/* Soft-max of each row: the greatest is taken off first, so that no exponential overflows. */
#include <ub/tile.h>

#include "kernels.h"

UB_PROGRAM(softmax)
int softmax(const struct softmax_args *args)
{
	unsigned long long cols = args->cols, all = SOFTMAX_ROWS(cols), first = ub_block(0) * all;
	unsigned long long left = args->rows - first, rows = left < all ? left : all;
	unsigned long long at = first * cols * 4;

	ub_tload(0, 0, at, UB_SHAPE(rows, cols, UB_F32, UB_F32), cols * 4);
	ub_trowmax(1, 0);
	ub_trowexpandsub(0, 0, 1);
	ub_texp(0, 0);
	ub_trowsum(1, 0);
	ub_trowexpanddiv(0, 0, 1);
	ub_tstore(0, 1, at, UB_F32, cols * 4);
	return 0;
}
