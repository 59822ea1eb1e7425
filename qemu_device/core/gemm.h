/* SPDX-License-Identifier: MIT */
/* Matrices of GEMM_F32: rows of a segment, used where they lie or copied. */
#ifndef UB_GEMM_H
#define UB_GEMM_H

#include "core_internal.h"

struct ub_matrix {
	const struct ub_mem *mem;
	uint32_t rows, cols;
	uint64_t stride;		/* bytes from row to row in the segment */
	bool in_place, hbm;
	uint64_t addr, len;		/* in place: of the host's bus or device memory, in bytes */
	bool is_write;
	float *copy;			/* else: without gaps between rows */
	/* To be computed on, between show and hide */
	float *data;
	int ld;				/* elements from row to row */
	size_t mapped;			/* bytes */
};

void ub_matrix_set(struct ub_matrix *x, const struct ub_mem *mem, uint32_t rows, uint32_t cols,
		   uint32_t ld);
/* Finds whether it can be used in place. No lock is held. */
void ub_matrix_survey(struct ub_jfs *jfs, struct ub_matrix *x, bool is_write);
/* Floats for the copy; 0: none is needed. */
size_t ub_matrix_floats(const struct ub_matrix *x);
/* From the segment into the copy, or back. False: the command has failed. */
bool ub_matrix_copy(struct ub_jfs *jfs, struct ub_matrix *x, bool to_device);
/* Under dma_lock. 0 or UB_SUB_*. */
int ub_matrix_show(struct ub_jfs *jfs, struct ub_matrix *x);
/* Likewise; also for one that was not shown. */
void ub_matrix_hide(struct ub_jfs *jfs, struct ub_matrix *x);

#endif
