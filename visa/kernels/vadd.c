/* SPDX-License-Identifier: MIT */
/* c = a + b. */
#include <ub/tile.h>

#include "kernels.h"

UB_PROGRAM(vadd)
int vadd(const struct vadd_args *args)
{
	unsigned long long at = ub_block(0) * 4096, left = args->elements - at;
	unsigned long long n = left < 4096 ? left : 4096;

	ub_tload(0, 0, at * 4, UB_SHAPE(1, n, UB_F32, UB_F32), 0);
	ub_tload(1, 1, at * 4, UB_SHAPE(1, n, UB_F32, UB_F32), 0);
	ub_tadd(0, 0, 1);
	ub_tstore(0, 2, at * 4, UB_F32, 0);
	return 0;
}
