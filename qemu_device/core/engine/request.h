/* SPDX-License-Identifier: MIT */
/*
 * A send queue's command at a device of another process: its payload goes in pieces, of which some
 * are under way at a time, and each is answered. The port's thread puts answers into the box; the
 * thread that runs the queue takes them out, in order.
 */
#ifndef UB_CORE_REQUEST_H
#define UB_CORE_REQUEST_H

#include "fabric/frame.h"

struct ub_link;

struct ub_box {
	uint8_t status, substatus;
	uint32_t length;
	uint64_t moved, value;
};

struct ub_request {
	pthread_mutex_t lock;
	/* Under lock */
	bool waiting;			/* the command is under way */
	struct ub_link *link;
	uint8_t opcode;
	uint64_t base, total;		/* sequence number of its first piece; payload */
	uint32_t asked, answered, taken;	/* pieces */
	bool put_back;			/* the next piece was not executed: again */
	bool rnr;			/* for want of a receive WQE */
	uint64_t delay_ns;		/* after that time */
	struct ub_box box[UB_FRAME_WINDOW];
	uint8_t *payload;		/* of READ: what the answers in the box brought */
	size_t payload_size;
	/* Of the thread that runs the queue */
	uint32_t pieces, epoch;
	uint64_t first_ns;		/* when what is under way was first asked; host clock */
	uint64_t deadline_ns;		/* by which the next answer is to come */
	uint64_t not_before_ns;		/* after an answer that put it back */
};

/* NULL: no memory. */
struct ub_request *ub_request_new(void);
void ub_request_free(struct ub_request *rq);

#endif
