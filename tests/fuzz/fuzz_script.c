/* SPDX-License-Identifier: MIT */
/* Everything a guest can do, in any order, with resets in between. */
#include "ops.h"

static const op_fn ops[] = {
	op_post,  op_post,    op_post,	op_recv,    op_store, op_direct,  op_rearm,    op_record,
	op_state, op_segment, op_query, op_drain,   op_leaf,  op_settle,  op_register, op_admin,
	op_admin, op_poke,    op_reset, op_migrate, op_fault, op_program,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned runs;
	struct input in = { data, data + size };
	struct guest g;

	world_begin();
	guest_init(&g);
	ops_run(&g, &in, ops, sizeof(ops) / sizeof(ops[0]), 128);
	world_end();
	if (++runs % 64 == 0)
		world_replace();
	return 0;
}
