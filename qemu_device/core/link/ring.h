/* SPDX-License-Identifier: MIT */
/*
 * Frames from one process to another in memory that both map, and nothing that either of them does
 * there harms the other: whatever is read is copied first or only moved on as payload.
 */
#ifndef UB_CORE_RING_H
#define UB_CORE_RING_H

#include "fabric/frame.h"

#define UB_RING_BYTES	(1u << 20)	/* of each direction */

/* What the two sides share of one direction, each word on a cache line of its writer. */
struct ub_ring_ctl {
	_Alignas(64) atomic_ullong tail;	/* producer: bytes ever put in */
	_Alignas(64) atomic_ullong head;	/* consumer: bytes ever taken out */
	_Alignas(64) atomic_uint asleep;	/* consumer: wake me when something comes */
	_Alignas(64) atomic_uint starved;	/* producer: wake me when something goes */
};

struct ub_ring_record {
	atomic_uint ready;
	uint32_t size;			/* of the record, this included */
	uint64_t rsvd;
	struct ub_frame frame;
	uint8_t payload[];
};

/* One side's view of one direction. */
struct ub_ring {
	struct ub_ring_ctl *ctl;
	uint8_t *base;			/* mapped twice in a row: no record is split */
	uint64_t at;			/* tail of the producer, head of the consumer */
	uint32_t taking;		/* size of the record that ub_ring_next() gave */
	bool broken;			/* the other side breaks the rules */
};

/* A memory file for two rings, sealed against a change of its size; -1: none to be had. */
int ub_ring_file(void);
/* Whether a file of another process is one; else mapping it could end in SIGBUS. */
bool ub_ring_file_ok(int fd);

/* Both directions of a file; the one that made it sends by the first. */
struct ub_rings {
	void *ctl;
	struct ub_ring out, in;
};

bool ub_rings_map(struct ub_rings *rings, int fd, bool made_it);
void ub_rings_unmap(struct ub_rings *rings);

/* ---- Producer; one thread at a time, but for ub_ring_post() ---- */
/* Room for a frame with length bytes of payload, or NULL. */
struct ub_ring_record *ub_ring_reserve(struct ub_ring *ring, uint32_t length);
/* ok false: the record is passed over. True: the consumer sleeps and is to be woken. */
bool ub_ring_post(struct ub_ring *ring, struct ub_ring_record *record, bool ok);

/* ---- Consumer; one thread ---- */
/*
 * The next frame, its header copied, or NULL: there is none, or the ring is broken. The payload
 * behind it has frame->length bytes, which the other side may go on writing. Of one that was left
 * out all is zero.
 */
struct ub_ring_record *ub_ring_next(struct ub_ring *ring, struct ub_frame *frame);
/* The frame that ub_ring_next() gave is done with. True: the producer is to be woken. */
bool ub_ring_take(struct ub_ring *ring);
/* Before the consumer sleeps: false when there is something after all. */
bool ub_ring_sleep(struct ub_ring *ring);
void ub_ring_awake(struct ub_ring *ring);

#endif
