/* SPDX-License-Identifier: MIT */
/* Matrices of GEMM_F32: rows of a segment, used where they lie or copied. */
#ifndef UB_GEMM_H
#define UB_GEMM_H

#include "op/op.h"

#define UB_MATRIX_PARTS	8u

/* Rows that lie together in the host's memory. */
struct ub_part {
	uint32_t row, rows;		/* the first, and how many */
	bool hbm;
	uint64_t addr;			/* of the host's bus or of device memory */
	float *data;			/* to be computed on, between show and hide */
	size_t mapped;			/* bytes */
};

struct ub_matrix {
	const struct ub_mem *mem;
	uint32_t rows, cols;
	uint64_t stride;		/* bytes from row to row in the segment */
	uint64_t len;			/* bytes, the last row without the gap after it */
	bool in_place, is_write;
	float *copy;			/* not in place: without gaps between rows */
	int ld;				/* elements from row to row of what is computed on */
	unsigned parts;
	struct ub_part part[UB_MATRIX_PARTS];
};

void ub_matrix_set(struct ub_matrix *x, const struct ub_mem *mem, uint32_t rows, uint32_t cols,
		   uint32_t ld);
/* Finds whether it can be used in place, in at most so many parts. No lock is held. */
void ub_matrix_survey(struct ub_jfs *jfs, struct ub_matrix *x, bool is_write, unsigned parts);
/* Floats for the copy; 0: none is needed. */
size_t ub_matrix_floats(const struct ub_matrix *x);
/* From the segment into the copy, or back. False: the command has failed. */
bool ub_matrix_copy(struct ub_jfs *jfs, struct ub_matrix *x, bool to_device);
/* Under dma_lock. 0 or UB_SUB_*. */
int ub_matrix_show(struct ub_jfs *jfs, struct ub_matrix *x);
/* Likewise; also for one that was not shown. */
void ub_matrix_hide(struct ub_jfs *jfs, struct ub_matrix *x);
/* The part that holds the row. */
const struct ub_part *ub_matrix_part(const struct ub_matrix *x, uint32_t row);

#endif
