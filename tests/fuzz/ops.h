/* SPDX-License-Identifier: MIT */
/* What a hostile guest does, one step at a time; a fuzzer picks from a list of these. */
#ifndef UB_FUZZ_OPS_H
#define UB_FUZZ_OPS_H

#include "guest.h"

typedef void (*op_fn)(struct guest *g, struct input *in);

void op_post(struct guest *g, struct input *in);
void op_recv(struct guest *g, struct input *in);
void op_store(struct guest *g, struct input *in);
void op_direct(struct guest *g, struct input *in);
void op_rearm(struct guest *g, struct input *in);
void op_record(struct guest *g, struct input *in);
void op_state(struct guest *g, struct input *in);
void op_segment(struct guest *g, struct input *in);
void op_query(struct guest *g, struct input *in);
void op_drain(struct guest *g, struct input *in);
void op_leaf(struct guest *g, struct input *in);
void op_migrate(struct guest *g, struct input *in);
void op_settle(struct guest *g, struct input *in);
void op_program(struct guest *g, struct input *in);

void op_register(struct guest *g, struct input *in);
void op_admin(struct guest *g, struct input *in);
void op_fault(struct guest *g, struct input *in);
void op_poke(struct guest *g, struct input *in);
void op_reset(struct guest *g, struct input *in);

/* At most so many steps, then the checks at rest. */
void ops_run(struct guest *g, struct input *in, const op_fn *ops, unsigned n, unsigned steps);

/* Launches end soon, whatever the program does: fuel of a block, blocks in each dimension. */
#define MOST_FUEL	3000u
#define MOST_BLOCKS	4u

/* A well-formed send WQE, then perhaps not any more. How many WQEBBs it takes. */
unsigned some_wqe(struct guest *g, struct gctx *ctx, struct input *in, uint8_t raw[256]);
/* An admin command with fields as the fuzzer has them. */
void some_admin(struct input *in, struct ub_admin_cmd *cmd);

#endif
