/* SPDX-License-Identifier: MIT */
/* What another process asks, part by part: its parts are of one command, or it ends. */
#include "harness.h"

#include "fabric/frame.h"
#include "remote/owner.h"

#define TAIL 8u

struct visit {
	struct set s;
	struct tseg seg; /* mapped memory goes on behind it */
	struct ub_peer *peer;
	uint8_t payload[UB_FRAME_PIECE];
	struct {
		struct ub_frame frame;
		uint8_t payload[UB_FRAME_PIECE];
	} answer;
};

static const uint8_t visitor[16] = { 0xfd, 9 };

static void short_segment(struct visit *v)
{
	struct tseg *seg = &v->seg;
	struct ub_admin_cmd cmd;

	seg->va = mem_new(&v->s.ctx, 2 * UB_FRAME_PIECE, RWA, &seg->ptr);
	seg->len = UB_FRAME_PIECE + TAIL;
	seg->token = 7;
	cmd = seg_cmd(&v->s.rig, &v->s.ctx, seg->va, seg->len, UB_ACCESS_READ | UB_ACCESS_WRITE,
		      seg->token);
	seg->id = cmd.id;
	assert_int_equal(admin(&v->s.rig, &cmd), UB_ADMIN_OK);
}

static int begin(void **state)
{
	struct visit *v = calloc(1, sizeof(*v));
	struct ub_core_config config;

	rig_config(&v->s.rig, &config, 1);
	set_up_config(&v->s, &config);
	short_segment(v);
	v->s.rig.core->owner = ub_owner_new();
	v->peer = ub_owner_connect(v->s.rig.core, visitor, 1);
	assert_non_null(v->peer);
	memset(v->payload, 0x5a, sizeof(v->payload));
	*state = v;
	return 0;
}

static int end(void **state)
{
	struct visit *v = *state;

	ub_owner_disconnect(v->s.rig.core, v->peer);
	ub_owner_free(v->s.rig.core->owner);
	v->s.rig.core->owner = NULL;
	rig_fini(&v->s.rig);
	free(v);
	return 0;
}

/* A part of a command of total bytes whose first one has sequence 1. */
static struct ub_frame part(const struct visit *v, uint8_t opcode, uint64_t offset, uint64_t total)
{
	struct ub_frame f = {
		.version = UB_FRAME_VERSION,
		.kind = UB_FRAME_REQUEST,
		.opcode = opcode,
		.timeout = 20,
		.queue = 1,
		.sequence = 1 + offset / UB_FRAME_PIECE,
		.offset = offset,
		.total = total,
		.request = { .rmt_addr = v->seg.va,
			     .rmt_id = v->seg.id,
			     .rmt_token = v->seg.token },
	};

	if (ub_frame_carries(opcode))
		f.length = ub_frame_piece(offset, total);
	return f;
}

/* What the owner answers: a status, after a frame that nothing is wrong with. */
static unsigned ask(struct visit *v, struct ub_frame f)
{
	assert_null(ub_frame_check(&f));
	assert_true(ub_owner_request(v->s.rig.core, v->peer, &f, v->payload, &v->answer.frame));
	assert_null(ub_frame_check(&v->answer.frame));
	assert_int_equal(v->answer.frame.code, UB_ANSWER_DONE);
	return v->answer.frame.answer.status;
}

static void parts_of_one_command(void **state)
{
	struct visit *v = *state;
	uint64_t total = UB_FRAME_PIECE + TAIL;

	assert_int_equal(ask(v, part(v, UB_OP_WRITE, 0, total)), UB_CR_SUCCESS);
	assert_int_equal(ask(v, part(v, UB_OP_WRITE, UB_FRAME_PIECE, total)), UB_CR_SUCCESS);
	assert_int_equal(v->answer.frame.answer.moved, total);
	assert_int_equal(v->seg.ptr[total - 1], 0x5a);
	assert_int_equal(v->seg.ptr[total], 0);
}

/* The first part was checked for what it said; one that says more reaches nothing behind that. */
static void a_part_of_a_longer_command(void **state)
{
	struct visit *v = *state;
	struct ub_frame f = part(v, UB_OP_WRITE, UB_FRAME_PIECE, 2 * UB_FRAME_PIECE);

	assert_int_equal(ask(v, part(v, UB_OP_WRITE, 0, UB_FRAME_PIECE + TAIL)), UB_CR_SUCCESS);
	assert_int_equal(ask(v, f), UB_CR_REM_OPERATION_ERR);
	assert_int_equal(v->answer.frame.answer.substatus, UB_SUB_STATE);
	for (unsigned i = UB_FRAME_PIECE; i < 2 * UB_FRAME_PIECE; i++)
		assert_int_equal(v->seg.ptr[i], 0);
}

static void a_part_for_another_place(void **state)
{
	struct visit *v = *state;
	struct ub_frame f = part(v, UB_OP_WRITE, UB_FRAME_PIECE, UB_FRAME_PIECE + TAIL);

	assert_int_equal(ask(v, part(v, UB_OP_WRITE, 0, UB_FRAME_PIECE + TAIL)), UB_CR_SUCCESS);
	f.request.rmt_addr -= PAGE;
	assert_int_equal(ask(v, f), UB_CR_REM_OPERATION_ERR);
}

/* What the command before holds is let go of: its segment can be ended. */
static void a_read_amid_a_write(void **state)
{
	struct visit *v = *state;
	struct ub_admin_cmd cmd = { .opcode = UB_ADMIN_DESTROY_SEG, .id = v->seg.id };

	assert_int_equal(ask(v, part(v, UB_OP_WRITE, 0, UB_FRAME_PIECE + TAIL)), UB_CR_SUCCESS);
	assert_int_equal(ask(v, part(v, UB_OP_READ, 0, UB_FRAME_PIECE)), UB_CR_REM_OPERATION_ERR);
	assert_int_equal(admin(&v->s.rig, &cmd), UB_ADMIN_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(parts_of_one_command, begin, end),
		cmocka_unit_test_setup_teardown(a_part_of_a_longer_command, begin, end),
		cmocka_unit_test_setup_teardown(a_part_for_another_place, begin, end),
		cmocka_unit_test_setup_teardown(a_read_amid_a_write, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
