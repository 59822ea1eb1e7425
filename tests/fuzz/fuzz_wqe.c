/* SPDX-License-Identifier: MIT */
/* Users' work on live queues of two contexts on each of two devices. */
#include "ops.h"

static const op_fn ops[] = {
	op_post,   op_post,   op_post,	  op_post,  op_recv,	op_recv,  op_store,
	op_direct, op_rearm,  op_record,  op_state, op_segment, op_query, op_drain,
	op_leaf,   op_settle, op_migrate, op_fault, op_program,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };
	struct guest g;

	world_begin();
	guest_init(&g);
	ops_run(&g, &in, ops, sizeof(ops) / sizeof(ops[0]), 96);
	world_end();
	return 0;
}
