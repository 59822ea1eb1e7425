/* SPDX-License-Identifier: MIT */
/* Completion events: re-arm, wait, acknowledge. */
#include "common.h"

#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <unistd.h>

static const uint32_t one = 1;

static struct ub_jfc *wait_event(struct rig *r)
{
	struct ub_jfc *jfc = NULL;

	assert_int_equal(ub_wait_jfc(r->jfce, 1, TIMEOUT_MS, &jfc), 1);
	ub_ack_jfc(&jfc, &one, 1);
	return jfc;
}

static void expect_no_event(struct rig *r)
{
	struct ub_jfc *jfc;

	assert_int_equal(ub_wait_jfc(r->jfce, 1, 20, &jfc), 0);
}

static void no_arm_no_event(void **state)
{
	struct rig *r = *state;
	struct ub_jfs_wr wr = nop(1);

	run_ok(r, &wr);
	expect_no_event(r);
}

static void armed_fires_once(void **state)
{
	struct rig *r = *state;
	struct ub_jfs_wr wr = nop(1);

	for (int round = 0; round < 20; round++) { /* serials go round */
		assert_int_equal(ub_rearm_jfc(r->jfc, false), 0);
		run_ok(r, &wr);
		assert_ptr_equal(wait_event(r), r->jfc);
		run_ok(r, &wr);
		run_ok(r, &wr);
		expect_no_event(r);
	}
}

static void fires_at_once_if_there_is_one(void **state)
{
	struct rig *r = *state;
	struct ub_jfs_wr wr = nop(1);

	for (int round = 0; round < 10; round++) {
		post(r->jfs, &wr);
		while (r->jfs->rec->ci != r->jfs->pi)
			usleep(10);
		ub_rearm_jfc(r->jfc, false);
		assert_ptr_equal(wait_event(r), r->jfc);
		assert_success(wait_cr(r->jfc));
		expect_no_event(r);
	}
}

static void arming_again_is_harmless(void **state)
{
	struct rig *r = *state;
	struct ub_jfs_wr wr = nop(1);

	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < 6; i++)
			ub_rearm_jfc(r->jfc, false);
		run_ok(r, &wr);
		for (int i = 0; i < 6; i++)
			ub_rearm_jfc(r->jfc, false);
		assert_ptr_equal(wait_event(r), r->jfc);
		expect_no_event(r);
	}
}

static void solicited_only(void **state)
{
	struct rig *r = *state;
	struct mem m = mem_make(r->ctx, 4096, RW);
	ub_sge_t sge = mem_sge(&m, 0, 64);
	struct ub_jfs_wr plain = nop(1), fill = { .opcode = UB_OP_FILL, .num_sge = 1, .sge = &sge,
						  .pattern_size = 1 };

	ub_rearm_jfc(r->jfc, true);
	run_ok(r, &plain);
	run_ok(r, &fill);
	expect_no_event(r);
	fill.flags = UB_WR_SOLICITED;
	run_ok(r, &fill);
	assert_ptr_equal(wait_event(r), r->jfc);
	ub_rearm_jfc(r->jfc, true);
	plain.opcode = 0x33;
	assert_int_equal(run(r, &plain).status, UB_CR_UNSUPPORTED_OPCODE_ERR);
	assert_ptr_equal(wait_event(r), r->jfc);
	mem_free(&m);
}

static void wait_honours_its_timeout(void **state)
{
	struct rig *r = *state;
	struct ub_jfc *jfc;

	assert_int_equal(ub_wait_jfc(r->jfce, 1, 0, &jfc), 0);
	assert_int_equal(ub_wait_jfc(r->jfce, 1, 50, &jfc), 0);
	assert_refused(ub_wait_jfc(NULL, 1, 0, &jfc), EINVAL, 0);
	assert_refused(ub_wait_jfc(r->jfce, 0, 0, &jfc), EINVAL, 0);
}

static void unacknowledged_events_keep_the_jfc(void **state)
{
	struct rig *r = *state;
	struct ub_jfc *own = make_jfc(r->ctx, r->jfce, 64), *jfc = NULL;
	struct ub_jfs *jfs = make_jfs(r->ctx, own, 64);
	struct ub_jfs_wr wr = nop(1);

	ub_rearm_jfc(own, false);
	post(jfs, &wr);
	assert_int_equal(ub_wait_jfc(r->jfce, 1, TIMEOUT_MS, &jfc), 1);
	assert_ptr_equal(jfc, own);
	assert_int_equal(ub_delete_jfs(jfs), 0);
	assert_refused(ub_delete_jfc(own), EBUSY, 0);
	assert_int_equal(ub_last_error()->limit, 1);
	ub_ack_jfc(&jfc, &one, 1);
	assert_int_equal(ub_delete_jfc(own), 0);
}

static void deleted_jfc_leaves_no_event(void **state)
{
	struct rig *r = *state;

	for (int round = 0; round < 10; round++) {
		struct ub_jfc *own = make_jfc(r->ctx, r->jfce, 64);
		struct ub_jfs *jfs = make_jfs(r->ctx, own, 64);
		struct ub_jfs_wr wr = nop(1);

		ub_rearm_jfc(own, false);
		post(jfs, &wr);
		wait_cr(own);
		assert_int_equal(ub_delete_jfs(jfs), 0);
		assert_int_equal(ub_delete_jfc(own), 0);
	}
	expect_no_event(r);
}

static void several_jfcs_on_one_channel(void **state)
{
	enum { N = 8 };
	struct rig *r = *state;
	struct ub_jfc *jfc[N], *fired[N];
	struct ub_jfs *jfs[N];
	struct ub_jfs_wr wr = nop(1);
	uint32_t ones[N], seen = 0;
	struct ub_device_attr attr;

	assert_int_equal(ub_query_device(r->ctx, &attr), 0);
	for (uint32_t i = 0; i < N; i++) {
		struct ub_jfc_cfg cfg = { .jfce = r->jfce, .comp_vector = i % attr.comp_vectors,
					  .user_ctx = i };

		jfc[i] = ub_create_jfc(r->ctx, &cfg);
		assert_non_null(jfc[i]);
		jfs[i] = make_jfs(r->ctx, jfc[i], 64);
		ub_rearm_jfc(jfc[i], false);
		post(jfs[i], &wr);
		ones[i] = 1;
	}
	while (seen != (1u << N) - 1) {
		int n = ub_wait_jfc(r->jfce, N, TIMEOUT_MS, fired);

		assert_true(n > 0);
		for (int i = 0; i < n; i++) {
			assert_false(seen & 1u << fired[i]->user_ctx);
			seen |= 1u << fired[i]->user_ctx;
		}
		ub_ack_jfc(fired, ones, (unsigned)n);
	}
	expect_no_event(r);
	for (int i = 0; i < N; i++) {
		assert_int_equal(ub_delete_jfs(jfs[i]), 0);
		assert_int_equal(ub_delete_jfc(jfc[i]), 0);
	}
}

static void file_works_with_epoll(void **state)
{
	struct rig *r = *state;
	struct ub_jfs_wr wr = nop(1);
	struct epoll_event event = { .events = EPOLLIN };
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_ADD, ub_jfce_fd(r->jfce), &event), 0);
	for (int round = 0; round < 5; round++) {
		assert_int_equal(epoll_wait(epoll, &event, 1, 0), 0);
		ub_rearm_jfc(r->jfc, false);
		post(r->jfs, &wr);
		assert_int_equal(epoll_wait(epoll, &event, 1, TIMEOUT_MS), 1);
		assert_ptr_equal(wait_event(r), r->jfc);
		assert_success(wait_cr(r->jfc));
	}
	close(epoll);
}

static void *waiter(void *arg)
{
	struct rig *r = arg;

	return wait_event(r);
}

static void wait_blocks_until_there_is_one(void **state)
{
	struct rig *r = *state;
	struct ub_jfs_wr wr = nop(1);
	pthread_t thread;
	void *fired;

	for (int round = 0; round < 5; round++) {
		ub_rearm_jfc(r->jfc, false);
		pthread_create(&thread, NULL, waiter, r);
		usleep(10000);
		post(r->jfs, &wr);
		pthread_join(thread, &fired);
		assert_ptr_equal(fired, r->jfc);
		assert_success(wait_cr(r->jfc));
	}
}

/* The race between a completion and the arm that follows an empty poll. */
static void no_completion_is_slept_through(void **state)
{
	struct rig *r = *state;
	struct ub_jfs_wr wr = nop(1);

	for (int i = 0; i < 3000; i++) {
		struct ub_cr cr;

		post(r->jfs, &wr);
		while (!ub_poll_jfc(r->jfc, &cr, 1)) {
			ub_rearm_jfc(r->jfc, false);
			wait_event(r);
		}
	}
}

static unsigned drain(struct ub_jfc *jfc)
{
	struct ub_cr cr[16];
	unsigned n, all = 0;

	while ((n = (unsigned)ub_poll_jfc(jfc, cr, 16)) > 0)
		all += n;
	return all;
}

/* One round: window requests, then the event loop's steps until all are taken. */
static void round_of(struct rig *r, unsigned window, bool poll_first)
{
	struct ub_jfs_wr wr = nop(1);

	for (unsigned i = 0; i < window; i++)
		post(r->jfs, &wr);
	for (unsigned got = 0; got < window;) {
		wait_event(r);
		if (!poll_first)
			ub_rearm_jfc(r->jfc, false);
		got += drain(r->jfc);
		if (poll_first)
			ub_rearm_jfc(r->jfc, false);
	}
}

/* Rounds after which, with nothing under way and nothing to take, the channel wakes a loop. */
static unsigned empty_wakeups(struct rig *r, unsigned rounds, unsigned window, bool poll_first)
{
	struct pollfd channel = { .fd = ub_jfce_fd(r->jfce), .events = POLLIN };
	unsigned empty = 0;

	ub_rearm_jfc(r->jfc, false);
	while (rounds--) {
		round_of(r, window, poll_first);
		/* The event that must come may take an interrupt's time. */
		if (poll(&channel, 1, poll_first ? 2 : TIMEOUT_MS) != 1)
			continue;
		empty++;
		wait_event(r);
		assert_int_equal(drain(r->jfc), 0);
		ub_rearm_jfc(r->jfc, false);
	}
	return empty;
}

/* The order that library.md, ub_wr.h and the example give; in the other every round has one. */
static void no_wakeup_for_nothing_when_polled_first(void **state)
{
	struct rig *r = *state;

	assert_int_equal(empty_wakeups(r, 200, 1, true), 0);
	assert_int_equal(empty_wakeups(r, 200, 8, true), 0);
	assert_int_equal(empty_wakeups(r, 200, 1, false), 200);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		rig_test(no_arm_no_event),
		rig_test(armed_fires_once),
		rig_test(fires_at_once_if_there_is_one),
		rig_test(arming_again_is_harmless),
		rig_test(solicited_only),
		rig_test(wait_honours_its_timeout),
		rig_test(unacknowledged_events_keep_the_jfc),
		rig_test(deleted_jfc_leaves_no_event),
		rig_test(several_jfcs_on_one_channel),
		rig_test(file_works_with_epoll),
		rig_test(wait_blocks_until_there_is_one),
		rig_test(no_completion_is_slept_through),
		rig_test(no_wakeup_for_nothing_when_polled_first),
	};

	return run_all(argc, argv, tests);
}
