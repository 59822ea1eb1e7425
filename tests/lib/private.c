// SPDX-License-Identifier: MIT
/* What is not exported, and what is exported without the token, is not there for other contexts. */
#include "common.h"

#include <stdlib.h>

#include <ub/ub_uapi.h>

#define SIZE 4096

/* Who tries has a context of his own on the same device. */
struct two {
	struct rig owner, other;
	struct mem own; /* of the other: what he moves from and to */
	uint8_t *buf;
};

static int two_setup(void **state)
{
	struct two *t = calloc(1, sizeof(*t));

	rig_open(&t->owner, device_a);
	rig_open(&t->other, device_a);
	t->own = mem_make(t->other.ctx, SIZE, UB_ACCESS_LOCAL_ONLY);
	t->buf = ub_alloc_buf(SIZE);
	assert_non_null(t->buf);
	*state = t;
	return 0;
}

static int two_teardown(void **state)
{
	struct two *t = *state;

	ub_free_buf(t->buf, SIZE);
	mem_free(&t->own);
	rig_close(&t->other);
	rig_close(&t->owner);
	free(t);
	return 0;
}

#define two_test(name) cmocka_unit_test_setup_teardown(name, two_setup, two_teardown)

static struct ub_seg *export_buf(struct two *t, uint32_t access, uint32_t policy, uint32_t value)
{
	struct ub_seg_cfg cfg = { .va = t->buf,
				  .len = SIZE,
				  .access = access,
				  .token_policy = policy,
				  .token_value = value };
	struct ub_seg *seg = ub_register_seg(t->owner.ctx, &cfg);

	if (!seg)
		fail_msg("segment: %s", ub_last_error()->message);
	return seg;
}

static struct ub_target target_of(const struct ub_seg *seg)
{
	struct ub_desc desc;

	ub_describe_seg(seg, &desc);
	return ub_import(&desc);
}

static struct ub_cr access_at(struct rig *r, const struct mem *m, unsigned opcode,
			      const struct ub_target *target, uint64_t addr)
{
	ub_sge_t sge = mem_sge(m, 0, 8);
	struct ub_jfs_wr wr = {
		.opcode = opcode, .num_sge = 1, .sge = &sge, .target = target, .rmt_addr = addr
	};

	return run(r, &wr);
}

static const unsigned ops[] = { UB_OP_READ, UB_OP_WRITE, UB_OP_FADD };

/* Inside, at the edge and outside: one answer, so that nobody can look for memory. */
static void assert_hidden(struct two *t, const struct ub_target *target)
{
	const uint64_t at[] = { target->va, target->va + SIZE - 4, target->va + SIZE,
				target->va ^ 1ull << 40, 0 };
	size_t i, j;

	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		for (j = 0; j < sizeof(at) / sizeof(at[0]); j++) {
			if (ops[i] == UB_OP_FADD && at[j] % 8)
				continue;
			assert_status(access_at(&t->other, &t->own, ops[i], target, at[j]),
				      UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_TOKEN);
		}
	for (i = 0; i < SIZE; i++)
		assert_int_equal(t->buf[i], 0);
}

static void local_by_default(void **state)
{
	struct two *t = *state;
	struct ub_seg *seg = export_buf(t, 0, 0, 0);
	struct ub_target target = target_of(seg);
	struct mem own = mem_make(t->owner.ctx, SIZE, UB_ACCESS_LOCAL_ONLY);
	size_t i;

	assert_int_equal(seg->access, UB_ACCESS_LOCAL_ONLY);
	assert_hidden(t, &target);
	/* Its own context needs neither rights nor token. */
	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		assert_success(access_at(&t->owner, &own, ops[i], &target, target.va));
	assert_status(access_at(&t->owner, &own, UB_OP_WRITE, &target, target.va + SIZE),
		      UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_BOUNDS);
	mem_free(&own);
	assert_int_equal(ub_unregister_seg(seg), 0);
}

static void exported_under_a_token_that_is_made(void **state)
{
	struct two *t = *state;
	struct ub_seg *seg = export_buf(t, RWA, 0, 0), *again;
	struct ub_target target = target_of(seg), guess = target;

	guess.token_value = 0;
	assert_hidden(t, &guess);
	guess.token_value = ~target.token_value;
	assert_hidden(t, &guess);
	/* As of a segment that is not there. */
	guess = target;
	guess.id ^= 0x40000;
	assert_hidden(t, &guess);
	assert_success(access_at(&t->other, &t->own, UB_OP_WRITE, &target, target.va));
	assert_status(access_at(&t->other, &t->own, UB_OP_WRITE, &target, target.va + SIZE),
		      UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_BOUNDS);
	assert_int_equal(ub_unregister_seg(seg), 0);
	/* Two in a row that are alike come once in 2^32 times; four would be no chance. */
	again = export_buf(t, RWA, 0, 0);
	if (again->token_value == target.token_value) {
		assert_int_equal(ub_unregister_seg(again), 0);
		again = export_buf(t, RWA, 0, 0);
	}
	assert_int_not_equal(again->token_value, target.token_value);
	assert_int_equal(ub_unregister_seg(again), 0);
}

static void token_that_is_given(void **state)
{
	struct two *t = *state;
	struct ub_seg *seg = export_buf(t, RW, UB_TOKEN_PLAIN_TEXT, 0);
	struct ub_target target = target_of(seg);

	assert_int_equal(target.token_value, 0);
	assert_success(access_at(&t->other, &t->own, UB_OP_WRITE, &target, target.va));
	target.token_value = 1;
	memset(t->buf, 0, SIZE);
	assert_hidden(t, &target);
	assert_int_equal(ub_unregister_seg(seg), 0);
}

static void no_token_only_by_name(void **state)
{
	struct two *t = *state;
	struct ub_seg *seg = export_buf(t, RW, UB_TOKEN_NONE, 0);
	struct ub_target target = target_of(seg);

	target.token_value = 77;
	assert_success(access_at(&t->other, &t->own, UB_OP_WRITE, &target, target.va));
	assert_refused(ub_set_seg_token(seg, 5), EINVAL, UB_EXT_NO_TOKEN);
	assert_int_equal(ub_unregister_seg(seg), 0);
	seg = export_buf(t, 0, 0, 0);
	assert_refused(ub_set_seg_token(seg, 5), EINVAL, UB_EXT_NO_TOKEN);
	assert_int_equal(ub_unregister_seg(seg), 0);
}

static struct ub_cr send_to(struct two *t, const struct ub_target *target)
{
	ub_sge_t sge = mem_sge(&t->own, 0, 8);
	struct ub_jfs_wr wr = { .opcode = UB_OP_SEND, .num_sge = 1, .sge = &sge, .target = target };

	return run(&t->other, &wr);
}

/* Receive buffers are memory, too. */
static void receive_queue_has_a_token(void **state)
{
	struct two *t = *state;
	struct ub_jfr *jfr = make_jfr(t->owner.ctx, t->owner.jfc, 64);
	struct ub_seg *seg = export_buf(t, 0, 0, 0);
	ub_sge_t into = { SIZE, seg->token_id, seg->va };
	struct ub_target target = jfr_target(jfr), guess = target;

	assert_int_equal(jfr->token_value, target.token_value);
	post_recv(jfr, &into, 1, 3);
	guess.token_value ^= 1;
	assert_status(send_to(t, &guess), UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_TOKEN);
	guess = target;
	guess.id ^= 0x400;
	assert_status(send_to(t, &guess), UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_TOKEN);
	expect_no_cr(t->owner.jfc);
	assert_success(send_to(t, &target));
	assert_int_equal(wait_cr(t->owner.jfc).user_ctx, 3);
	assert_int_equal(ub_delete_jfr(jfr), 0);
	assert_int_equal(ub_unregister_seg(seg), 0);
}

static void receive_queue_without_a_token_by_name(void **state)
{
	struct two *t = *state;
	struct ub_jfr_cfg cfg = { .jfc = t->owner.jfc, .token_policy = UB_TOKEN_NONE };
	struct ub_jfr *jfr = ub_create_jfr(t->owner.ctx, &cfg);
	struct ub_target target = jfr_target(jfr);

	target.token_value = 99;
	/* It is found: what is missing is a buffer. */
	assert_int_equal(send_to(t, &target).status, UB_CR_RNR_RETRY_CNT_EXC_ERR);
	assert_int_equal(ub_delete_jfr(jfr), 0);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		two_test(local_by_default),
		two_test(exported_under_a_token_that_is_made),
		two_test(token_that_is_given),
		two_test(no_token_only_by_name),
		two_test(receive_queue_has_a_token),
		two_test(receive_queue_without_a_token_by_name),
	};

	return run_all(argc, argv, tests);
}
