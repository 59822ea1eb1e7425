/* SPDX-License-Identifier: MIT */
/* A device is reset under its users. In a VM only: soft devices are not reset. */
#include "common.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void reset_device(void)
{
	const char *ubctl = getenv("UBCTL");
	char command[256];

	snprintf(command, sizeof(command), "%s -q device reset --force %s",
		 ubctl ? ubctl : "build/ubctl", device_a);
	assert_int_equal(system(command), 0);
}

static void *wait_for_event(void *arg)
{
	struct rig *r = arg;
	struct ub_jfc *jfc;

	return (void *)(intptr_t)ub_wait_jfc(r->jfce, 1, TIMEOUT_MS, &jfc);
}

static void *wait_for_async(void *arg)
{
	struct rig *r = arg;
	struct ub_async event = { .type = 99 };

	if (ub_get_async_event(r->ctx, &event, TIMEOUT_MS))
		return (void *)(intptr_t)-1;
	return (void *)(intptr_t)event.type;
}

static void waiters_are_told(void **state)
{
	struct rig *r = *state;
	struct ub_async event;
	pthread_t jfce, async;
	void *waited, *got;

	ub_rearm_jfc(r->jfc, false);
	pthread_create(&jfce, NULL, wait_for_event, r);
	pthread_create(&async, NULL, wait_for_async, r);
	usleep(100000);
	assert_false(ub_context_lost(r->ctx));
	reset_device();
	pthread_join(jfce, &waited);
	pthread_join(async, &got);
	assert_true(ub_context_lost(r->ctx));
	assert_int_equal((intptr_t)waited, -ENODEV);
	assert_int_equal((intptr_t)got, UB_EVENT_DEV_FATAL);
	assert_refused(ub_get_async_event(r->ctx, &event, 0), ENODEV, UB_EXT_DEVICE_LOST);
	assert_refused(ub_get_async_event(r->ctx, &event, TIMEOUT_MS), ENODEV, UB_EXT_DEVICE_LOST);
}

static void data_path_is_harmless(void **state)
{
	struct rig *r = *state;
	struct ub_jfs_cfg cfg = { .jfc = r->jfc, .flags = UB_JFS_F_DIRECT_WQE };
	struct ub_jfs *direct = ub_create_jfs(r->ctx, &cfg);
	struct ub_jfs_wr wr = nop(1);
	struct ub_cr cr[300];
	unsigned posted = 0;

	run_ok(r, &wr);
	reset_device();
	while (!ub_post_jfs_wr(r->jfs, &wr, 1, NULL))
		posted++;
	assert_int_equal(posted, 256);
	while (!ub_post_jfs_wr(direct, &wr, 1, NULL))
		;
	ub_rearm_jfc(r->jfc, false);
	assert_int_equal(ub_poll_jfc(r->jfc, cr, 300), 0);
	assert_int_equal(ub_flush_jfs(r->jfs, 300, cr), 256);
	assert_int_equal(cr[255].status, UB_CR_WR_UNHANDLED);
	assert_int_equal(ub_delete_jfs(direct), 0);
}

static void calls_say_it_and_deletes_work(void **state)
{
	struct rig *r = *state;
	struct mem m = mem_make(r->ctx, 4096, RW);
	struct ub_seg_cfg seg = { .va = m.buf, .len = 4096, .access = RW };
	struct ub_jfc_cfg jfc = { .depth = 64 };
	struct ub_queue_attr attr;

	reset_device();
	assert_fails(ub_register_seg(r->ctx, &seg), ENODEV, UB_EXT_DEVICE_LOST);
	assert_fails(ub_create_jfc(r->ctx, &jfc), ENODEV, UB_EXT_DEVICE_LOST);
	assert_refused(ub_query_jfs(r->jfs, &attr), ENODEV, UB_EXT_DEVICE_LOST);
	assert_refused(ub_modify_jfs(r->jfs, UB_STATE_ERROR), ENODEV, UB_EXT_DEVICE_LOST);
	assert_refused(ub_set_seg_token(m.seg, 1), ENODEV, UB_EXT_DEVICE_LOST);
	mem_free(&m);
}

static void opens_again_one_generation_later(void **state)
{
	struct rig *r = *state, again;
	struct ub_device_attr before, after;
	struct ub_jfs_wr wr = nop(1);

	assert_int_equal(ub_query_device(r->ctx, &before), 0);
	reset_device();
	rig_open(&again, device_a);
	assert_int_equal(ub_query_device(again.ctx, &after), 0);
	assert_int_equal(after.generation, before.generation + 1);
	assert_false(ub_context_lost(again.ctx));
	assert_true(ub_context_lost(r->ctx));
	run_ok(&again, &wr);
	rig_close(&again);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		rig_test(waiters_are_told),
		rig_test(data_path_is_harmless),
		rig_test(calls_say_it_and_deletes_work),
		rig_test(opens_again_one_generation_later),
	};

	return run_all(argc, argv, tests);
}
