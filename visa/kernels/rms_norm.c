/* SPDX-License-Identifier: MIT */
/* y = x / sqrt(mean of x^2 + epsilon) * weights, of each row. */
#include <ub/tile.h>

#include "kernels.h"

UB_PROGRAM(rms_norm)
int rms_norm(const struct rms_norm_args *args)
{
	unsigned long long cols = args->cols, at = ub_block(0) * cols * 4;

	ub_tload(0, 0, at, UB_SHAPE(1, cols, UB_F32, UB_F32), 0);
	ub_tmul(1, 0, 0);
	ub_trowsum(2, 1);
	ub_tmuls(2, 2, args->mean_factor);
	ub_tadds(2, 2, args->epsilon);
	ub_trsqrt(2, 2);
	ub_trowexpandmul(0, 0, 2);
	ub_tload(1, 1, 0, UB_SHAPE(1, cols, UB_F32, UB_F32), 0);
	ub_tmul(0, 0, 1);
	ub_tstore(0, 2, at, UB_F32, 0);
	return 0;
}
