/* SPDX-License-Identifier: MIT */
/*
 * An io_uring by system calls alone, for programs of either word size, which no liburing has. One
 * command at a time.
 */
#ifndef TESTS_VM_RING_H
#define TESTS_VM_RING_H

#include <linux/io_uring.h>
#include <stdint.h>

#include <ub/ub_uapi.h>

struct ring {
	int fd;
	uint8_t *sq, *cq, *sqes;
	struct io_uring_params p;
	uint64_t extra;		/* of the last completion, the first word of CQE32 */
};

/* flags: IORING_SETUP_*; SQE128 and CQE32 are added. */
void ring_open(struct ring *r, unsigned int flags);
void ring_close(struct ring *r);
/* The next SQE, prepared but for what the caller adds. */
struct io_uring_sqe *ring_sqe(struct ring *r, int fd, uint32_t op, const struct ub_uring_cmd *cmd,
			      const void *wqe);
/* Submits it and waits for its completion. @return res */
int ring_run(struct ring *r);

#endif
