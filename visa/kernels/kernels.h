/* SPDX-License-Identifier: MIT */
/* Arguments of the kernels, for the device and for who launches them. Sizes are in elements. */
#ifndef UB_VISA_KERNELS_H
#define UB_VISA_KERNELS_H

/* Segments: a, b, c. A block adds 4096 elements. */
struct vadd_args {
	unsigned long long elements;
};

/* Segments: x, y; y may be x. A block does SOFTMAX_ROWS() rows of at most 4096 columns. */
struct softmax_args {
	unsigned long long rows, cols;
};
#define SOFTMAX_ROWS(cols)	(4096 / (cols))

/* Segments: x, weights, y. A block does one row of at most 4096 columns. */
struct rms_norm_args {
	unsigned long long cols;
	unsigned int mean_factor;	/* bits of 1 / cols */
	unsigned int epsilon;		/* bits of f32 */
};

/* Segments: a, b, c: c = silu(a b). A block makes 64 x 64 elements; x along n, y along m. */
struct gemm_silu_args {
	unsigned long long m, n, k;
};
#define GEMM_TILE	64

#endif
