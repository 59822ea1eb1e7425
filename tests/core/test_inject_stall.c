/* SPDX-License-Identifier: MIT */
/*
 * Commands that hang: what ends each, whom they do not hold up, and that nothing of the device ever
 * waits for one.
 */
#include <pthread.h>

#include "inject.h"

static bool is_running(struct tjfs *jfs)
{
	query(jfs->rig, UB_ADMIN_QUERY_JFS, jfs->id);
	return jfs->rig->reply.flags & UB_ADMIN_REPLY_RUNNING;
}

static uint32_t running(struct rig *rig)
{
	return (uint32_t)ub_core_reg_read(rig->core, UB_REG_RUNNING, 4);
}

/* Its next command hangs. */
static void hang(struct tjfs *jfs, unsigned end, uint64_t ns)
{
	inject(jfs->rig, UB_FAULT_STALL, jfs->id, end, ns);
	post_nop(jfs, 7);
	while (!is_running(jfs))
		sched_yield();
}

static void time_ends_it(void **state)
{
	struct set *s = *state;

	inject(&s->rig, UB_FAULT_STALL, s->jfs.id, UB_STALL_TIME, 50000000);
	post_nop(&s->jfs, 7);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 7);
	assert_false(is_running(&s->jfs));
	assert_int_equal(inject_given(&s->rig, UB_FAULT_STALL), 1);
	post_nop(&s->jfs, 8);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 8);
}

/* Over before, or just when, the thread goes to sleep. */
static void shortest_times_end_it(void **state)
{
	struct set *s = *state;

	for (unsigned i = 0; i < 3000; i++) {
		inject(&s->rig, UB_FAULT_STALL, s->jfs.id, UB_STALL_TIME, i % 1500);
		post_nop(&s->jfs, i);
		expect(&s->jfc, UB_CR_SUCCESS, 0, i);
	}
}

/* It looks as one that hangs, and the others as they are. */
static void shows_as_hanging(void **state)
{
	struct set *s = *state;
	uint32_t progress;

	hang(&s->jfs, UB_STALL_QUEUE, 0);
	progress = s->rig.reply.detail;
	sleep_ms(20);
	assert_true(is_running(&s->jfs));
	assert_int_equal(s->rig.reply.detail, progress);
	assert_int_equal(s->rig.reply.pi, 1);
	assert_int_equal(s->rig.reply.ci, 0);
	assert_int_equal(running(&s->rig), 1);
	expect_none(&s->jfc);
}

static void others_go_on(void **state)
{
	struct set *s = *state;
	struct tjfs other;

	jfs_new(&s->ctx, &other, &s->jfc, 64, 0);
	hang(&s->jfs, UB_STALL_DEVICE, 0);
	for (unsigned i = 0; i < 50; i++) {
		post_nop(&other, i);
		expect(&s->jfc, UB_CR_SUCCESS, 0, i);
	}
	/* A segment is not held by a command that has not begun. */
	assert_int_equal(admin_simple(&s->rig, UB_ADMIN_DESTROY_SEG, s->a.id), UB_ADMIN_OK);
}

static void leaving_ready_ends_it(void **state)
{
	static const unsigned ends[] = { UB_STALL_TIME, UB_STALL_QUEUE };
	struct set *s = *state;

	for (unsigned i = 0; i < 2; i++) {
		uint64_t ns = ends[i] == UB_STALL_TIME ? UB_FAULT_MAX_NS : 0;
		struct tjfs jfs;

		jfs_new(&s->ctx, &jfs, &s->jfc, 64, 0);
		hang(&jfs, ends[i], ns);
		post_nop(&jfs, 8);
		assert_int_equal(jfs_modify(&jfs, UB_STATE_ERROR), UB_ADMIN_OK);
		expect(&s->jfc, UB_CR_WR_FLUSH_ERR, 0, 7);
		expect(&s->jfc, UB_CR_WR_FLUSH_ERR, 0, 8);
		expect(&s->jfc, UB_CR_WR_FLUSH_ERR_DONE, 0, 0);
		assert_false(is_running(&jfs));
	}
}

static void suspending_ends_it(void **state)
{
	struct set *s = *state;

	hang(&s->jfs, UB_STALL_QUEUE, 0);
	post_nop(&s->jfs, 8);
	assert_int_equal(jfs_modify(&s->jfs, UB_STATE_SUSPENDED), UB_ADMIN_OK);
	/* Back at once: it has left READY all the same. */
	assert_int_equal(jfs_modify(&s->jfs, UB_STATE_READY), UB_ADMIN_OK);
	expect(&s->jfc, UB_CR_WR_FLUSH_ERR, 0, 7);
	expect(&s->jfc, UB_CR_WR_SUSPEND_DONE, 0, 0);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 8);
}

/* ERROR is entered and does not help; nor does RESET. DESTROY_JFS does. */
static void only_destroy_ends_it(void **state)
{
	struct set *s = *state;

	hang(&s->jfs, UB_STALL_CONTEXT, 0);
	assert_int_equal(jfs_modify(&s->jfs, UB_STATE_ERROR), UB_ADMIN_OK);
	expect_none(&s->jfc);
	assert_true(is_running(&s->jfs));
	assert_int_equal(s->rig.reply.state, UB_STATE_ERROR);
	assert_int_equal(jfs_modify(&s->jfs, UB_STATE_RESET), UB_ADMIN_OK);
	rings_reset(&s->jfs);
	assert_int_equal(jfs_modify(&s->jfs, UB_STATE_READY), UB_ADMIN_OK);
	post_nop(&s->jfs, 9);
	expect_none(&s->jfc);
	assert_true(is_running(&s->jfs));
	assert_int_equal(admin_simple(&s->rig, UB_ADMIN_DESTROY_JFS, s->jfs.id), UB_ADMIN_OK);
	expect_none(&s->jfc);
	assert_int_equal(running(&s->rig), 0);
	assert_int_equal(admin_simple(&s->rig, UB_ADMIN_DESTROY_JFC, s->jfc.id), UB_ADMIN_OK);
}

static void only_reset_ends_it(void **state)
{
	struct set *s = *state;

	hang(&s->jfs, UB_STALL_DEVICE, 0);
	assert_int_equal(jfs_modify(&s->jfs, UB_STATE_ERROR), UB_ADMIN_OK);
	assert_int_equal(admin_simple(&s->rig, UB_ADMIN_DESTROY_JFS, s->jfs.id), UB_ADMIN_BUSY);
	assert_int_equal(s->rig.reply.detail, 1);
	assert_true(is_running(&s->jfs));
	assert_int_equal(running(&s->rig), 1);
	ub_core_reset(s->rig.core);
	assert_int_equal(running(&s->rig), 0);
	rig_enable(&s->rig);
	ctx_new(&s->rig, &s->ctx);
	jfc_new(&s->ctx, &s->jfc, 64);
	jfs_new(&s->ctx, &s->jfs, &s->jfc, 64, 0);
	post_nop(&s->jfs, 3);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 3);
}

/* Each later end ends the stalls of those before as well. */
static void later_ends_count(void **state)
{
	struct set *s = *state;

	for (unsigned end = UB_STALL_TIME; end <= UB_STALL_CONTEXT; end++) {
		struct tjfs jfs;

		jfs_new(&s->ctx, &jfs, &s->jfc, 64, 0);
		hang(&jfs, end, end == UB_STALL_TIME ? UB_FAULT_MAX_NS : 0);
		assert_int_equal(admin_simple(&s->rig, UB_ADMIN_DESTROY_JFS, jfs.id), UB_ADMIN_OK);
	}
	for (unsigned end = UB_STALL_TIME; end <= UB_STALL_QUEUE; end++) {
		struct tjfs jfs;

		jfs_new(&s->ctx, &jfs, &s->jfc, 64, 0);
		hang(&jfs, end, end == UB_STALL_TIME ? UB_FAULT_MAX_NS : 0);
	}
	ub_core_reset(s->rig.core);
	assert_int_equal(running(&s->rig), 0);
}

/* All engines hang; the doorbell's path hangs never. */
static void doorbell_does_not_wait(void **state)
{
	struct set *s = *state;
	struct tjfs q[4];

	for (unsigned i = 0; i < 4; i++)
		jfs_new(&s->ctx, &q[i], &s->jfc, 64, 0);
	inject_forever(&s->rig, UB_FAULT_STALL, 0, UB_STALL_QUEUE, 0);
	for (unsigned i = 0; i < 4; i++)
		post_nop(&q[i], i);
	while (running(&s->rig) != 2)
		sched_yield();
	/* Two hang, two wait for a thread and are not the guilty ones. */
	assert_int_equal(is_running(&q[0]) + is_running(&q[1]) + is_running(&q[2]) +
			 is_running(&q[3]), 2);
	expect_none(&s->jfc);
	inject_remove(&s->rig, UB_FAULT_STALL, 0);
	for (unsigned i = 0; i < 4; i++)
		if (is_running(&q[i]))
			assert_int_equal(jfs_modify(&q[i], UB_STATE_ERROR), UB_ADMIN_OK);
	for (unsigned i = 0, ok = 0; ok < 2; i++) {
		assert_true(i < 6);
		ok += wait_cqe(&s->jfc).status == UB_CR_SUCCESS;
	}
}

/* An urgent queue that is to hang does not do so on top of another's command. */
static void urgent_hangs_on_its_own(void **state)
{
	struct set *s = *state;
	union twqe w = wqe_new(UB_OP_WRITE, UB_WQE_COMPLETE, 1);
	struct ub_admin_cmd cmd;
	struct tjfs high;

	cmd = jfs_cmd(&s->ctx, &high, &s->jfc, 64);
	cmd.jfs.priority = 15;
	assert_int_equal(admin(&s->rig, &cmd), UB_ADMIN_OK);
	inject(&s->rig, UB_FAULT_STALL, high.id, UB_STALL_DEVICE, 0);
	wqe_target(&w, s->eid, s->b.va, s->b.id, s->b.token);
	wqe_sge(&w, s->a.va, 1 << 20, s->a.id);
	for (unsigned i = 0; i < 8; i++)
		wqe_put(&s->jfs, &w);
	ring_db(&s->jfs, 0);
	post_nop(&high, 2);
	for (unsigned i = 0; i < 8; i++)
		expect(&s->jfc, UB_CR_SUCCESS, 0, 1);
	while (!is_running(&high))
		sched_yield();
}

static void pause_does_not_wait(void **state)
{
	struct set *s = *state;

	hang(&s->jfs, UB_STALL_QUEUE, 0);
	ub_core_pause(s->rig.core);
	expect_none(&s->jfc);
	ub_core_resume(s->rig.core);
	assert_true(is_running(&s->jfs));
	expect_none(&s->jfc);
	assert_int_equal(jfs_modify(&s->jfs, UB_STATE_ERROR), UB_ADMIN_OK);
	expect(&s->jfc, UB_CR_WR_FLUSH_ERR, 0, 7);
}

/* A time that ends while the device is paused ends the stall after that. */
static void time_ends_after_pause(void **state)
{
	struct set *s = *state;

	inject(&s->rig, UB_FAULT_STALL, s->jfs.id, UB_STALL_TIME, 1000000);
	post_nop(&s->jfs, 7);
	while (!inject_given(&s->rig, UB_FAULT_STALL))
		sched_yield();
	ub_core_pause(s->rig.core);
	sleep_ms(10);
	ub_core_resume(s->rig.core);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 7);
}

/* rig_fini() ends the device; one engine for all is enough to hold up whoever waits. */
static void end_does_not_wait(void **state)
{
	struct set *s = *state;
	struct tjfs other;

	jfs_new(&s->ctx, &other, &s->jfc, 64, 0);
	hang(&s->jfs, UB_STALL_DEVICE, 0);
	hang(&other, UB_STALL_TIME, UB_FAULT_MAX_NS);
}

static void skips_and_counts(void **state)
{
	struct set *s = *state;
	struct ub_admin_cmd cmd = inject_cmd(UB_FAULT_STALL, s->jfs.id, UB_STALL_TIME, 1000);

	cmd.inject.skip = 3;
	cmd.inject.count = 2;
	assert_int_equal(admin(&s->rig, &cmd), UB_ADMIN_OK);
	for (unsigned i = 1; i <= 8; i++) {
		post_nop(&s->jfs, i);
		expect(&s->jfc, UB_CR_SUCCESS, 0, i);
		assert_int_equal(inject_given(&s->rig, UB_FAULT_STALL),
				 i < 4 ? 0 : i < 5 ? 1 : 2);
	}
	assert_int_equal(inject_armed(&s->rig, UB_FAULT_STALL), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, set_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(time_ends_it),
		T(shortest_times_end_it),
		T(shows_as_hanging),
		T(others_go_on),
		T(leaving_ready_ends_it),
		T(suspending_ends_it),
		T(only_destroy_ends_it),
		T(only_reset_ends_it),
		T(later_ends_count),
		T(doorbell_does_not_wait),
		T(urgent_hangs_on_its_own),
		T(pause_does_not_wait),
		T(time_ends_after_pause),
		T(end_does_not_wait),
		T(skips_and_counts),
	};

	return cmocka_run_group_tests_name("core-inject_stall", tests, NULL, NULL);
}
