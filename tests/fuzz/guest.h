/* SPDX-License-Identifier: MIT */
/*
 * A driver and its users on the fuzzed devices: on each, contexts with page tables, segments and
 * queues as a well-behaved guest makes them. What happens to them is the fuzzer's.
 */
#ifndef UB_FUZZ_GUEST_H
#define UB_FUZZ_GUEST_H

#include "input.h"
#include "world.h"

#define CONTEXTS	2	/* on each device */
#define SEGMENTS	4	/* of each context */
#define QUEUES		2	/* send queues of each context; the second is a Jetty */
#define DEPTH		64
#define VA		0x10000000000ull
#define BAD_TOKEN	0xbad
#define RECV_TOKEN	0x5e11
#define DEVICE_PAGES	40	/* of RAM, for the objects of one */
#define WINDOW		256	/* receive WQEs of which completions are told apart */

struct gseg {
	uint32_t id, token;
	uint64_t va, len;
};

struct gjfc {
	uint32_t id, page, ci;
	uint8_t sn;
	struct ub_hw_cqe *ring;
	struct ub_hw_jfc_rec *rec;
};

struct gjfr {
	uint32_t id, pi;
	struct ub_hw_recv_wqe *ring;
	struct ub_hw_jfr_rec *rec;
	uint64_t seen[WINDOW];	/* index + 1 of completions; they overtake each other */
};

struct gjfs {
	uint32_t id, page, pi;
	uint8_t *ring;
	struct ub_hw_jfs_rec *rec;
	bool seen;
	uint32_t last;		/* index of the last completion */
};

struct gctx {
	unsigned dev;
	uint32_t tid;
	uint64_t *leaves;	/* level 1 table */
	unsigned mapped;
	bool tainted;		/* it told the device that it had taken completions it had not */
	struct gseg seg[SEGMENTS];
	struct gjfc jfc;
	struct gjfr jfr;
	struct gjfs jfs[QUEUES];
};

struct guest {
	struct gctx ctx[DEVICES][CONTEXTS];
	bool tainted;		/* the guest wrote where devices write: completions say nothing */
};

void guest_init(struct guest *g);
/* A device's part again, after its reset. */
void guest_device(struct guest *g, unsigned dev);
/* Status, or -1 if the admin ring cannot be used. */
int guest_admin(unsigned dev, const struct ub_admin_cmd *cmd);
int guest_modify(struct gctx *ctx, unsigned op, uint32_t id, unsigned state);
/* Takes what completions there are and checks each. */
void guest_drain(struct guest *g, struct gctx *ctx);
void guest_drain_all(struct guest *g);
struct gctx *guest_ctx(struct guest *g, struct input *in);

#endif
