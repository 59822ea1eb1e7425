/* SPDX-License-Identifier: MIT */
/* A hostile driver: registers and the admin ring, on bare devices. */
#include "ops.h"

static const op_fn ops[] = { op_admin, op_admin, op_admin, op_admin, op_register, op_poke };

/* The admin ring straight from the input, slot after slot. */
static void raw_ring(struct input *in)
{
	struct ub_core *core = world_core(0);
	uint32_t pi = (uint32_t)ub_core_reg_read(core, UB_REG_ADMIN_PI, 4);
	uint64_t base = ub_core_reg_read(core, UB_REG_ADMIN_BASE, 8);
	unsigned n = 1 + in_pick(in, 8);

	for (unsigned i = 0; i < n; i++) {
		struct ub_admin_slot *slot = world_ptr(base + ((pi + i) & 7) * sizeof(*slot),
						       sizeof(*slot));

		if (slot)
			in_bytes(in, &slot->cmd, sizeof(slot->cmd));
	}
	ub_core_reg_write(core, UB_REG_ADMIN_PI, pi + n, 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };
	struct guest g;

	world_begin();
	guest_init(&g);
	if (in_rarely(&in, 4))
		raw_ring(&in);
	ops_run(&g, &in, ops, sizeof(ops) / sizeof(ops[0]), 160);
	world_end();
	return 0;
}
