/* SPDX-License-Identifier: MIT */
/* Rings and states: batches, full rings, wrap-around, suspend, flush, reset. */
#include "common.h"

#include <stdlib.h>
#include <unistd.h>

static void wait_state(struct ub_jfs *jfs, uint32_t want)
{
	struct ub_queue_attr attr = { .state = 99 };

	for (int i = 0; i < TIMEOUT_MS; i++) {
		assert_int_equal(ub_query_jfs(jfs, &attr), 0);
		if (attr.state == want)
			return;
		usleep(1000);
	}
	assert_string_equal(ub_state_str(attr.state), ub_state_str(want));
}

static void suspend(struct rig *r)
{
	assert_int_equal(ub_modify_jfs(r->jfs, UB_STATE_SUSPENDED), 0);
	assert_status(wait_cr(r->jfc), UB_CR_WR_SUSPEND_DONE, UB_SUB_NONE);
	wait_state(r->jfs, UB_STATE_SUSPENDED);
}

static void batch_rings_once(void **state)
{
	struct rig *r = *state;
	struct ub_jfs_wr wr[100];
	unsigned posted = 0;

	for (unsigned i = 0; i < 100; i++)
		wr[i] = nop(i);
	assert_int_equal(ub_post_jfs_wr(r->jfs, wr, 100, &posted), 0);
	assert_int_equal(posted, 100);
	assert_int_equal(r->jfs->posted, 100);
	assert_int_equal(r->jfs->doorbells + r->jfs->suppressed, 1);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(wait_cr(r->jfc).user_ctx, i);
}

static void empty_batch_does_nothing(void **state)
{
	struct rig *r = *state;
	unsigned posted = 7;

	assert_int_equal(ub_post_jfs_wr(r->jfs, NULL, 0, &posted), 0);
	assert_int_equal(posted, 0);
	assert_int_equal(r->jfs->doorbells + r->jfs->suppressed, 0);
}

static void bad_request_ends_the_batch(void **state)
{
	struct rig *r = *state;
	struct ub_jfs_wr wr[5];
	unsigned posted;

	for (unsigned i = 0; i < 5; i++)
		wr[i] = nop(i);
	wr[3].flags |= 0x4000;
	assert_int_equal(ub_post_jfs_wr(r->jfs, wr, 5, &posted), -EINVAL);
	assert_int_equal(posted, 3);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(wait_cr(r->jfc).user_ctx, i);
	expect_no_cr(r->jfc);
}

static void full_ring_gives_enospc(void **state)
{
	struct rig *r = *state;
	struct ub_jfs_wr wr[300];
	unsigned posted;

	for (unsigned i = 0; i < 300; i++)
		wr[i] = nop(i);
	suspend(r);
	assert_refused(ub_post_jfs_wr(r->jfs, wr, 300, &posted), ENOSPC, 0);
	assert_int_equal(posted, 256);
	assert_int_equal(ub_last_error()->limit, 256);
	assert_int_equal(ub_post_jfs_wr(r->jfs, wr, 1, &posted), -ENOSPC);
	assert_int_equal(posted, 0);
	expect_no_cr(r->jfc);
	assert_int_equal(ub_modify_jfs(r->jfs, UB_STATE_READY), 0);
	for (unsigned i = 0; i < 256; i++)
		assert_int_equal(wait_cr(r->jfc).user_ctx, i);
	assert_int_equal(ub_post_jfs_wr(r->jfs, wr, 256, &posted), 0);
	for (unsigned i = 0; i < 256; i++)
		assert_success(wait_cr(r->jfc));
}

static void large_request_needs_its_room(void **state)
{
	struct rig *r = *state;
	struct mem m = mem_make(r->ctx, 4096, RW);
	uint8_t data[208] = { 1 };
	ub_sge_t sge = { .len = sizeof(data), .va = (uintptr_t)data };
	struct ub_jfs_wr large = { .opcode = UB_OP_WRITE, .flags = UB_WR_COMPLETE | UB_WR_INLINE,
				   .num_sge = 1, .sge = &sge, .target = &m.target,
				   .rmt_addr = m.seg->va };
	struct ub_jfs_wr small = nop(1);
	int n;

	suspend(r);
	for (n = 0; n < 253; n++)
		post(r->jfs, &small);
	assert_int_equal(ub_post_jfs_wr(r->jfs, &large, 1, NULL), -ENOSPC);
	for (; n < 256; n++)
		post(r->jfs, &small);
	assert_int_equal(ub_post_jfs_wr(r->jfs, &small, 1, NULL), -ENOSPC);
	assert_int_equal(ub_modify_jfs(r->jfs, UB_STATE_READY), 0);
	for (n = 0; n < 256; n++)
		assert_success(wait_cr(r->jfc));
	mem_free(&m);
}

/* Sizes of 1 to 4 WQEBBs in a ring of 64: each boundary is crossed in each way. */
static void wrap_around(void **state)
{
	struct rig *r = *state;
	struct mem m = mem_make(r->ctx, 4096, RW);
	struct ub_jfs *jfs = make_jfs(r->ctx, r->jfc, 64);
	struct ub_jfc *jfc = r->jfc;
	uint8_t data[208];
	ub_sge_t sge = { .va = (uintptr_t)data };
	struct ub_jfs_wr wr = { .opcode = UB_OP_WRITE, .flags = UB_WR_COMPLETE | UB_WR_INLINE,
				.num_sge = 1, .sge = &sge, .target = &m.target };

	for (unsigned i = 0; i < 3000; i++) {
		struct ub_cr cr;

		sge.len = 1 + i * 37 % 208;
		memset(data, (int)i, sizeof(data));
		wr.rmt_addr = m.seg->va + i % 1000;
		wr.user_ctx = i;
		post(jfs, &wr);
		cr = wait_cr(jfc);
		assert_success(cr);
		assert_int_equal(cr.user_ctx, i);
		assert_memory_equal(m.buf + i % 1000, data, sge.len);
	}
	assert_int_equal(ub_delete_jfs(jfs), 0);
	mem_free(&m);
}

static void deep_pipeline_keeps_order(void **state)
{
	struct rig *r = *state;
	struct ub_cr cr[64];
	uint64_t sent = 0, seen = 0;

	while (seen < 50000) {
		struct ub_jfs_wr wr[32];
		unsigned posted;
		int n;

		for (unsigned i = 0; i < 32; i++)
			wr[i] = nop(sent + i);
		n = ub_post_jfs_wr(r->jfs, wr, 32, &posted);
		assert_true(n == 0 || n == -ENOSPC);
		sent += posted;
		n = ub_poll_jfc(r->jfc, cr, 64);
		for (int i = 0; i < n; i++)
			assert_int_equal(cr[i].user_ctx, seen++);
	}
	while (seen < sent)
		assert_int_equal(wait_cr(r->jfc).user_ctx, seen++);
	assert_true(r->jfs->doorbells <= r->jfs->posted);
}

static void query_tells_indices(void **state)
{
	struct rig *r = *state;
	struct ub_queue_attr attr;
	struct ub_jfs_wr wr = nop(0);

	for (int i = 0; i < 5; i++)
		run_ok(r, &wr);
	assert_int_equal(ub_query_jfs(r->jfs, &attr), 0);
	assert_int_equal(attr.state, UB_STATE_READY);
	assert_int_equal(attr.pi, 5);
	assert_int_equal(attr.ci, 5);
	assert_int_equal(attr.depth, 256);
	assert_int_equal(attr.count, 5);
	assert_int_equal(ub_query_jfc(r->jfc, &attr), 0);
	assert_int_equal(attr.pi, 5);
	assert_int_equal(attr.ci, 5);
	assert_int_equal(attr.count, 5);
	assert_int_equal(attr.refs, 1);
}

static void suspend_keeps_requests(void **state)
{
	struct rig *r = *state;
	struct ub_jfs_wr wr = nop(5);

	suspend(r);
	post(r->jfs, &wr);
	expect_no_cr(r->jfc);
	assert_int_equal(ub_modify_jfs(r->jfs, UB_STATE_READY), 0);
	assert_int_equal(wait_cr(r->jfc).user_ctx, 5);
}

static void error_flushes_and_unhandled_come_back(void **state)
{
	struct rig *r = *state;
	struct mem m = mem_make(r->ctx, 4096, RW);
	ub_sge_t sge[9];
	struct ub_jfs_wr wr = nop(0), big = { .opcode = UB_OP_WRITE, .num_sge = 9, .sge = sge,
					      .target = &m.target, .user_ctx = 77 };
	struct ub_cr cr[8];

	for (int i = 0; i < 9; i++)
		sge[i] = mem_sge(&m, 0, 4);
	assert_refused(ub_flush_jfs(r->jfs, 8, cr), EINVAL, 0);
	suspend(r);
	for (wr.user_ctx = 1; wr.user_ctx <= 4; wr.user_ctx++)
		post(r->jfs, &wr);
	assert_int_equal(ub_modify_jfs(r->jfs, UB_STATE_ERROR), 0);
	for (unsigned i = 1; i <= 4; i++) {
		cr[0] = wait_cr(r->jfc);
		assert_status(cr[0], UB_CR_WR_FLUSH_ERR, UB_SUB_NONE);
		assert_int_equal(cr[0].user_ctx, i);
	}
	assert_status(wait_cr(r->jfc), UB_CR_WR_FLUSH_ERR_DONE, UB_SUB_NONE);
	assert_int_equal(ub_flush_jfs(r->jfs, 8, cr), 0);
	for (wr.user_ctx = 5; wr.user_ctx <= 7; wr.user_ctx++)
		post(r->jfs, &wr);
	post(r->jfs, &big);
	post(r->jfs, &wr);
	expect_no_cr(r->jfc);
	assert_int_equal(ub_flush_jfs(r->jfs, 2, cr), 2);
	assert_status(cr[0], UB_CR_WR_UNHANDLED, UB_SUB_NONE);
	assert_int_equal(cr[0].user_ctx, 5);
	assert_int_equal(cr[0].local_id, r->jfs->id);
	assert_int_equal(cr[1].user_ctx, 6);
	assert_int_equal(ub_flush_jfs(r->jfs, 8, cr), 3);
	assert_int_equal(cr[0].user_ctx, 7);
	assert_int_equal(cr[1].user_ctx, 77);
	assert_int_equal(cr[1].opcode, UB_OP_WRITE);
	assert_int_equal(cr[2].user_ctx, 8);
	assert_int_equal(ub_flush_jfs(r->jfs, 8, cr), 0);
	mem_free(&m);
}

static void reset_makes_it_new(void **state)
{
	struct rig *r = *state;
	struct ub_jfs_wr wr = nop(9);
	struct ub_queue_attr attr;

	for (int i = 0; i < 70; i++)
		run_ok(r, &wr);
	for (int round = 0; round < 3; round++) {
		assert_int_equal(ub_modify_jfs(r->jfs, UB_STATE_ERROR), 0);
		assert_status(wait_cr(r->jfc), UB_CR_WR_FLUSH_ERR_DONE, UB_SUB_NONE);
		assert_int_equal(ub_modify_jfs(r->jfs, UB_STATE_RESET), 0);
		assert_int_equal(ub_query_jfs(r->jfs, &attr), 0);
		assert_int_equal(attr.state, UB_STATE_RESET);
		assert_int_equal(attr.ci, 0);
		assert_int_equal(ub_modify_jfs(r->jfs, UB_STATE_READY), 0);
		for (int i = 0; i < 300; i++)
			run_ok(r, &wr);
	}
}

static void error_suspend(void **state)
{
	struct rig *r = *state;
	struct ub_jfs_cfg cfg = { .jfc = r->jfc, .flags = UB_JFS_F_ERROR_SUSPEND };
	struct ub_jfs *jfs = ub_create_jfs(r->ctx, &cfg);
	struct ub_jfs_wr wr[3] = { nop(1), nop(2), nop(3) };

	assert_non_null(jfs);
	wr[1].opcode = 0x33;
	assert_int_equal(ub_post_jfs_wr(jfs, wr, 3, NULL), 0);
	assert_success(wait_cr(r->jfc));
	assert_int_equal(wait_cr(r->jfc).status, UB_CR_UNSUPPORTED_OPCODE_ERR);
	assert_status(wait_cr(r->jfc), UB_CR_WR_SUSPEND_DONE, UB_SUB_NONE);
	expect_no_cr(r->jfc);
	assert_int_equal(ub_modify_jfs(jfs, UB_STATE_READY), 0);
	assert_int_equal(wait_cr(r->jfc).user_ctx, 3);
	assert_int_equal(ub_delete_jfs(jfs), 0);
}

static void delete_with_requests_outstanding(void **state)
{
	struct rig *r = *state;
	size_t size = 16u << 20;
	struct mem a = mem_make(r->ctx, size, RW), b = mem_make(r->ctx, size, RW);
	ub_sge_t sge = mem_sge(&a, 0, size);
	struct ub_jfs_wr wr = { .opcode = UB_OP_WRITE, .num_sge = 1, .sge = &sge,
				.target = &b.target, .rmt_addr = b.seg->va };

	for (int round = 0; round < 5; round++) {
		struct ub_jfs *jfs = make_jfs(r->ctx, r->jfc, 64);
		int tries = 0;

		for (int i = 0; i < 20; i++)
			post(jfs, &wr);
		assert_int_equal(ub_delete_jfs(jfs), 0);
		memset(b.buf, 0, size);
		while (ub_set_seg_token(b.seg, (uint32_t)round) && tries++ < 1000)
			usleep(1000);
		usleep(2000);
		for (size_t i = 0; i < size; i += 4096)
			assert_int_equal(b.buf[i], 0);
		memset(a.buf, round + 1, size);
	}
	mem_free(&a);
	mem_free(&b);
}

/* The JFC overflows: it and its JFS enter ERROR, an event tells. */
static void completion_queue_overflow(void **state)
{
	struct rig *r = *state;
	struct ub_jfc *jfc = make_jfc(r->ctx, NULL, 64);
	struct ub_jfs *jfs = make_jfs(r->ctx, jfc, 128);
	struct ub_jfs_wr wr[80];
	struct ub_async event;
	struct ub_cr cr[80];

	for (unsigned i = 0; i < 80; i++)
		wr[i] = nop(i);
	assert_refused(ub_get_async_event(r->ctx, &event, 0), EAGAIN, 0);
	assert_refused(ub_get_async_event(r->ctx, &event, 30), ETIMEDOUT, 0);
	assert_int_equal(ub_post_jfs_wr(jfs, wr, 80, NULL), 0);
	assert_int_equal(ub_get_async_event(r->ctx, &event, TIMEOUT_MS), 0);
	assert_string_equal(ub_event_str(event.type), "JFC_ERR");
	assert_int_equal(event.id, jfc->id);
	assert_true(event.time_ns != 0);
	wait_state(jfs, UB_STATE_ERROR);
	assert_int_equal(ub_poll_jfc(jfc, cr, 80), 64);
	for (unsigned i = 0; i < 64; i++)
		assert_int_equal(cr[i].user_ctx, i);
	assert_int_equal(ub_delete_jfs(jfs), 0);
	assert_int_equal(ub_delete_jfc(jfc), 0);
}

/* What a careless program could do to its own ring. */
static void corrupt_ring_is_an_error(void **state)
{
	struct rig *r = *state;
	struct ub_jfs_wr wr = nop(1);
	struct ub_async event;

	suspend(r);
	post(r->jfs, &wr);
	r->jfs->ring[2] ^= UB_WQE_OWNER;
	assert_int_equal(ub_modify_jfs(r->jfs, UB_STATE_READY), 0);
	assert_status(wait_cr(r->jfc), UB_CR_LOC_OPERATION_ERR, UB_SUB_OWNER);
	assert_int_equal(ub_get_async_event(r->ctx, &event, TIMEOUT_MS), 0);
	assert_string_equal(ub_event_str(event.type), "JFS_ERR");
	assert_int_equal(event.id, r->jfs->id);
	wait_state(r->jfs, UB_STATE_ERROR);
}

static void direct_wqe_runs_once(void **state)
{
	struct rig *r = *state;
	struct ub_jfs_cfg cfg = { .jfc = r->jfc, .flags = UB_JFS_F_DIRECT_WQE };
	struct ub_jfs *jfs = ub_create_jfs(r->ctx, &cfg);
	struct mem m = mem_make(r->ctx, 4096, RWA);
	ub_sge_t sge = mem_sge(&m, 64, 8);
	struct ub_jfs_wr wr = nop(3);

	assert_non_null(jfs);
	assert_int_equal(jfs->direct != NULL,
			 !is_soft() && has_feature(r->ctx, UB_CAP_DIRECT_WQE));
	for (int i = 0; i < 200; i++) {
		post(jfs, &wr);
		assert_success(wait_cr(r->jfc));
	}
	wr = (struct ub_jfs_wr){ .opcode = UB_OP_FADD, .flags = UB_WR_COMPLETE, .num_sge = 1,
				 .sge = &sge, .target = &m.target, .rmt_addr = m.seg->va,
				 .operand = 1 };
	for (int i = 0; i < 200; i++) {
		post(jfs, &wr);
		assert_success(wait_cr(r->jfc));
	}
	assert_int_equal(m.buf[0], 200);
	expect_no_cr(r->jfc);
	assert_int_equal(ub_delete_jfs(jfs), 0);
	mem_free(&m);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		rig_test(batch_rings_once),
		rig_test(empty_batch_does_nothing),
		rig_test(bad_request_ends_the_batch),
		rig_test(full_ring_gives_enospc),
		rig_test(large_request_needs_its_room),
		rig_test(wrap_around),
		rig_test(deep_pipeline_keeps_order),
		rig_test(query_tells_indices),
		rig_test(suspend_keeps_requests),
		rig_test(error_flushes_and_unhandled_come_back),
		rig_test(reset_makes_it_new),
		rig_test(error_suspend),
		rig_test(delete_with_requests_outstanding),
		rig_test(completion_queue_overflow),
		rig_test(corrupt_ring_is_an_error),
		rig_test(direct_wqe_runs_once),
	};

	return run_all(argc, argv, tests);
}
