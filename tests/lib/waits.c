/* SPDX-License-Identifier: MIT */
/* The ladder of waiting, and event channels bound to an eventfd. */
#include "common.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

static const struct ub_wait_cfg only_spin = { 2000000000u, 0, TIMEOUT_MS };
static const struct ub_wait_cfg only_pause = { 0, 2000000000u, TIMEOUT_MS };
static const struct ub_wait_cfg only_block = { 0, 0, TIMEOUT_MS };
static const struct ub_wait_cfg *const rungs[] = { &only_spin, &only_pause, &only_block, NULL };
#define RUNGS (sizeof(rungs) / sizeof(rungs[0]))

static void takes_what_is_there(void **state)
{
	struct rig *r = *state;
	struct ub_jfs_wr wr = nop(7);
	struct ub_cr cr[4];

	for (size_t i = 0; i < RUNGS; i++) {
		post(r->jfs, &wr);
		assert_int_equal(ub_wait_cr(r->jfc, cr, 4, rungs[i]), 1);
		assert_success(cr[0]);
		assert_int_equal(cr[0].user_ctx, 7);
	}
}

static void *post_later(void *arg)
{
	struct rig *r = arg;
	struct ub_jfs_wr wr = nop(1);

	usleep(20000);
	post(r->jfs, &wr);
	return NULL;
}

static void each_rung_sees_what_comes(void **state)
{
	struct rig *r = *state;
	pthread_t thread;
	struct ub_cr cr;

	for (size_t i = 0; i < 2 * RUNGS; i++) {
		assert_int_equal(pthread_create(&thread, NULL, post_later, r), 0);
		assert_int_equal(ub_wait_cr(r->jfc, &cr, 1, rungs[i % RUNGS]), 1);
		assert_int_equal(pthread_join(thread, NULL), 0);
	}
}

static void the_timeout_bounds_every_rung(void **state)
{
	static const struct ub_wait_cfg bounded[] = {
		{ 2000000000u, 0, 20 }, { 0, 2000000000u, 20 }, { 0, 0, 20 }, { 5, 5, 20 },
		{ 0, 0, 0 }, { 2000000000u, 2000000000u, 0 },
	};
	struct rig *r = *state;
	struct ub_cr cr;

	for (size_t i = 0; i < sizeof(bounded) / sizeof(bounded[0]); i++)
		assert_int_equal(ub_wait_cr(r->jfc, &cr, 1, &bounded[i]), 0);
}

/* Without a channel there is nothing to block on: it sleeps in turns. */
static void a_jfc_without_channel(void **state)
{
	static const struct ub_wait_cfg soon = { 0, 0, 20 };
	struct rig *r = *state;
	struct ub_jfc *jfc = make_jfc(r->ctx, NULL, 64);
	struct ub_jfs *jfs = make_jfs(r->ctx, jfc, 64);
	struct rig bare = { r->ctx, NULL, jfc, jfs };
	pthread_t thread;
	struct ub_cr cr;

	assert_int_equal(ub_wait_cr(jfc, &cr, 1, &soon), 0);
	assert_int_equal(pthread_create(&thread, NULL, post_later, &bare), 0);
	assert_int_equal(ub_wait_cr(jfc, &cr, 1, &only_block), 1);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(ub_delete_jfs(jfs), 0);
	assert_int_equal(ub_delete_jfc(jfc), 0);
}

static void a_shared_channel_is_refused(void **state)
{
	struct rig *r = *state;
	struct ub_jfc *other = make_jfc(r->ctx, r->jfce, 64);
	struct ub_cr cr;

	assert_refused(ub_wait_cr(r->jfc, &cr, 1, NULL), EINVAL, 0);
	assert_int_equal(ub_last_error()->limit, 2);
	assert_int_equal(ub_delete_jfc(other), 0);
	assert_int_equal(ub_wait_cr(r->jfc, &cr, 1, &(struct ub_wait_cfg){ 0, 0, 5 }), 0);
}

static void bad_arguments(void **state)
{
	struct rig *r = *state;
	struct ub_cr cr;

	assert_refused(ub_wait_cr(NULL, &cr, 1, NULL), EINVAL, 0);
	assert_refused(ub_wait_cr(r->jfc, NULL, 1, NULL), EINVAL, 0);
	assert_refused(ub_wait_cr(r->jfc, &cr, 0, NULL), EINVAL, 0);
}

static uint64_t take_count(int fd)
{
	eventfd_t count = 0;

	return eventfd_read(fd, &count) ? 0 : count;
}

/* An event is delivered a moment after the completion. */
static uint64_t wait_count(int fd)
{
	uint64_t count = 0;

	for (int i = 0; i < TIMEOUT_MS && !count; i++) {
		count = take_count(fd);
		if (!count)
			usleep(1000);
	}
	return count;
}

static void an_eventfd_counts_events(void **state)
{
	struct rig *r = *state;
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct ub_jfce *jfce = ub_create_jfce_eventfd(r->ctx, fd);
	struct ub_jfc *jfc, *fired;
	struct ub_jfs_wr wr = nop(1);
	struct ub_jfs *jfs;
	uint32_t one = 1;

	assert_non_null(jfce);
	jfc = make_jfc(r->ctx, jfce, 64);
	jfs = make_jfs(r->ctx, jfc, 64);
	post(jfs, &wr);
	assert_success(wait_cr(jfc));
	assert_int_equal(take_count(fd), 0);
	for (int round = 0; round < 5; round++) {
		ub_rearm_jfc(jfc, false);
		post(jfs, &wr);
		assert_int_equal(wait_count(fd), 1);
		assert_int_equal(ub_wait_jfc(jfce, 1, TIMEOUT_MS, &fired), 1);
		assert_ptr_equal(fired, jfc);
		ub_ack_jfc(&fired, &one, 1);
		assert_success(wait_cr(jfc));
	}
	/* It stays the caller's, before and after. */
	ub_rearm_jfc(jfc, false);
	assert_int_equal(close(fd), 0);
	post(jfs, &wr);
	assert_success(wait_cr(jfc));
	assert_int_equal(ub_delete_jfs(jfs), 0);
	assert_int_equal(ub_delete_jfc(jfc), 0);
	assert_int_equal(ub_delete_jfce(jfce), 0);
}

static void what_is_no_eventfd_is_refused(void **state)
{
	struct rig *r = *state;
	int pipes[2];

	assert_int_equal(pipe(pipes), 0);
	assert_fails(ub_create_jfce_eventfd(r->ctx, pipes[0]), EBADF, 0);
	assert_fails(ub_create_jfce_eventfd(r->ctx, -1), EBADF, 0);
	assert_fails(ub_create_jfce_eventfd(r->ctx, 100000), EBADF, 0);
	assert_fails(ub_create_jfce_eventfd(NULL, 0), EINVAL, 0);
	close(pipes[0]);
	close(pipes[1]);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		rig_test(takes_what_is_there), rig_test(each_rung_sees_what_comes),
		rig_test(the_timeout_bounds_every_rung), rig_test(a_jfc_without_channel),
		rig_test(a_shared_channel_is_refused), rig_test(bad_arguments),
		rig_test(an_eventfd_counts_events), rig_test(what_is_no_eventfd_is_refused),
	};

	return run_all(argc, argv, tests);
}
