/* SPDX-License-Identifier: MIT */
/* The rows of opcodes against the contract: names, capabilities, geometry; and opcodes without. */
#include "harness.h"
#include "op/op.h"

static void each_opcode_has_its_row(void **state)
{
#define OPCODE(name, number, cap) { #name, number },
	static const struct {
		const char *name;
		uint8_t number;
	} opcodes[] = { UB_HW_OPCODES(OPCODE) };
	unsigned rows = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(opcodes) / sizeof(opcodes[0]); i++) {
		const struct ub_op *op = ub_op_find(opcodes[i].number);

		assert_non_null(op);
		assert_string_equal(op->name, opcodes[i].name + strlen("UB_OP_"));
	}
	for (unsigned opcode = 0; opcode < 256; opcode++)
		rows += ub_op_find((uint8_t)opcode) != NULL;
	assert_int_equal(rows, sizeof(opcodes) / sizeof(opcodes[0]));
}

static void the_register_tells_of_each_row(void **state)
{
#define CAP(name, number, cap) | (cap)
	struct set *s = *state;

	assert_int_equal(ub_core_reg_read(s->rig.core, UB_REG_OPCODES, 8), 0 UB_HW_OPCODES(CAP));
}

static void opcodes_without_a_row_are_refused(void **state)
{
	static const uint8_t nobody[16];
	struct set *s = *state;
	unsigned refused = 0;

	for (unsigned opcode = 0; opcode < 256; opcode++) {
		union twqe w = wqe_new(opcode, 0, opcode);
		struct ub_hw_cqe cqe;

		if (ub_op_find((uint8_t)opcode))
			continue;
		wqe_target(&w, s->eid, s->b.va, s->b.id, s->b.token);
		post(&s->jfs, &w);
		cqe = expect(&s->jfc, UB_CR_UNSUPPORTED_OPCODE_ERR, UB_SUB_NONE, opcode);
		assert_int_equal(cqe.opcode, opcode);
		assert_memory_equal(cqe.rmt_eid, nobody, sizeof(nobody));
		refused++;
	}
	assert_int_equal(STAT(&s->rig, errors), refused);
}

/* Bytes as they are in the ring: what it is and whether it can run does not matter. */
static void put_any(struct tjfs *jfs, union twqe *w, unsigned blocks)
{
	w->w.idx = (uint16_t)jfs->pi;
	w->w.flags = (uint16_t)((w->w.flags & ~UB_WQE_OWNER) | ub_hw_owner(jfs->pi, jfs->depth));
	for (unsigned i = 0; i < blocks; i++)
		memcpy(jfs->ring + ((jfs->pi + i) & (jfs->depth - 1)) * UB_HW_WQEBB_SIZE,
		       w->raw + i * UB_HW_WQEBB_SIZE, UB_HW_WQEBB_SIZE);
	jfs->pi += blocks;
}

/* After it a NOP completes, which the device finds where it takes the WQE to end. */
static void expect_blocks(struct set *s, unsigned opcode, unsigned flags, unsigned sges,
			  unsigned inline_len)
{
	unsigned blocks = ub_hw_wqe_blocks(ub_hw_wqe_size((uint8_t)opcode, (uint16_t)flags,
							  (uint8_t)sges, (uint16_t)inline_len));
	union twqe w = wqe_new(opcode, flags | UB_WQE_COMPLETE, opcode);
	union twqe nop = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE, 1000);
	uint32_t at = s->jfs.pi, old = at;

	w.w.sge_num = (uint8_t)sges;
	w.w.inline_len = (uint16_t)inline_len;
	put_any(&s->jfs, &w, blocks);
	put_any(&s->jfs, &nop, 1);
	publish(&s->jfs);
	ring_db(&s->jfs, old);
	assert_int_equal(wait_cqe(&s->jfc).idx, at);
	assert_int_equal(expect(&s->jfc, UB_CR_SUCCESS, 0, 1000).idx, at + blocks);
}

static void the_device_steps_as_the_contract_says(void **state)
{
	static const uint16_t lengths[] = { 0, 1, 16, 17, 80, 81, 144, 176, 177, 208, 209, 4096 };
	struct set *s = *state;

	for (unsigned opcode = 0; opcode < 256; opcode++) {
		for (unsigned sges = 0; sges <= 14; sges++)
			expect_blocks(s, opcode, 0, sges, 0);
		for (unsigned i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
			expect_blocks(s, opcode, UB_WQE_INLINE, i % 2, lengths[i]);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, set_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_opcode_has_its_row),
		T(the_register_tells_of_each_row),
		T(opcodes_without_a_row_are_refused),
		T(the_device_steps_as_the_contract_says),
	};

	return cmocka_run_group_tests_name("core-opcodes", tests, NULL, NULL);
}
