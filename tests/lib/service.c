/* SPDX-License-Identifier: MIT */
/* Quality of service as the library asks for it: moderation, weights, priorities. */
#include "common.h"

#include <unistd.h>

static struct ub_jfc *moderated_jfc(struct rig *r, uint16_t count, uint16_t usec)
{
	struct ub_jfc_cfg cfg = { .depth = 64, .jfce = r->jfce, .mod_count = count,
				  .mod_usec = usec };
	struct ub_jfc *jfc = ub_create_jfc(r->ctx, &cfg);

	assert_non_null(jfc);
	return jfc;
}

static int events(struct rig *r, int timeout_ms)
{
	struct ub_jfc *fired;
	uint32_t one = 1;
	int n = ub_wait_jfc(r->jfce, 1, timeout_ms, &fired);

	if (n == 1)
		ub_ack_jfc(&fired, &one, 1);
	return n;
}

static void post_nops(struct ub_jfs *jfs, unsigned n)
{
	struct ub_jfs_wr wr = nop(1);

	for (unsigned i = 0; i < n; i++)
		post(jfs, &wr);
}

static void take(struct ub_jfc *jfc, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		assert_success(wait_cr(jfc));
}

/* With no bound in time, nothing but the count brings the event. */
static void an_event_for_so_many(void **state)
{
	struct rig *r = *state;
	struct ub_jfc *jfc = moderated_jfc(r, 4, 0);
	struct ub_jfs *jfs = make_jfs(r->ctx, jfc, 64);

	for (int round = 0; round < 3; round++) {
		ub_rearm_jfc(jfc, false);
		post_nops(jfs, 3);
		assert_int_equal(events(r, 20), 0);
		post_nops(jfs, 1);
		assert_int_equal(events(r, TIMEOUT_MS), 1);
		take(jfc, 4);
	}
	assert_int_equal(ub_delete_jfs(jfs), 0);
	assert_int_equal(ub_delete_jfc(jfc), 0);
}

static void an_event_after_so_long(void **state)
{
	struct rig *r = *state;
	struct ub_jfc *jfc = moderated_jfc(r, 60, 500);
	struct ub_jfs *jfs = make_jfs(r->ctx, jfc, 64);

	ub_rearm_jfc(jfc, false);
	assert_int_equal(events(r, 5), 0);
	post_nops(jfs, 1);
	assert_int_equal(events(r, TIMEOUT_MS), 1);
	take(jfc, 1);
	assert_int_equal(ub_delete_jfs(jfs), 0);
	assert_int_equal(ub_delete_jfc(jfc), 0);
}

static void moderation_can_be_changed(void **state)
{
	struct rig *r = *state;
	struct ub_jfc *jfc = moderated_jfc(r, 8, 0);
	struct ub_jfs *jfs = make_jfs(r->ctx, jfc, 64);

	ub_rearm_jfc(jfc, false);
	post_nops(jfs, 2);
	assert_int_equal(events(r, 20), 0);
	assert_int_equal(ub_modify_jfc(jfc, 2, 0, false), 0);
	assert_int_equal(events(r, TIMEOUT_MS), 1);
	take(jfc, 2);
	assert_int_equal(ub_modify_jfc(jfc, 0, 0, false), 0);
	ub_rearm_jfc(jfc, false);
	post_nops(jfs, 1);
	assert_int_equal(events(r, TIMEOUT_MS), 1);
	take(jfc, 1);
	assert_refused(ub_modify_jfc(NULL, 0, 0, false), EINVAL, 0);
	assert_int_equal(ub_delete_jfs(jfs), 0);
	assert_int_equal(ub_delete_jfc(jfc), 0);
}

/* Whatever the device chooses, a waiter is woken within the bound. */
static void adaptive_moderation_wakes(void **state)
{
	struct rig *r = *state;
	struct ub_jfc *jfc = moderated_jfc(r, 0, 0);
	struct ub_jfs *jfs = make_jfs(r->ctx, jfc, 64);

	assert_int_equal(ub_modify_jfc(jfc, 32, 1000, true), 0);
	for (unsigned round = 0; round < 200; round++) {
		ub_rearm_jfc(jfc, false);
		post_nops(jfs, 1 + round % 5);
		assert_int_equal(events(r, TIMEOUT_MS), 1);
		take(jfc, 1 + round % 5);
	}
	assert_int_equal(ub_delete_jfs(jfs), 0);
	assert_int_equal(ub_delete_jfc(jfc), 0);
}

static void weights_and_priorities_have_limits(void **state)
{
	static const struct { uint32_t priority, weight; bool ok; } cases[] = {
		{ 0, 0, true }, { 7, 0, true }, { 0, 255, true }, { 7, 1, true },
		{ 15, 255, true }, { 0, 256, false }, { 16, 0, false },
		{ 0, UINT32_MAX, false }, { UINT32_MAX, 0, false },
	};
	struct rig *r = *state;
	struct ub_jfs_wr wr = nop(1);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ub_jfs_cfg cfg = { .jfc = r->jfc, .depth = 64,
					  .priority = cases[i].priority,
					  .weight = cases[i].weight };
		struct ub_jfs *jfs = ub_create_jfs(r->ctx, &cfg);

		if (!cases[i].ok) {
			assert_null(jfs);
			assert_error(EINVAL, UB_EXT_BAD_VALUE);
			continue;
		}
		assert_non_null(jfs);
		post(jfs, &wr);
		assert_success(wait_cr(r->jfc));
		assert_int_equal(ub_delete_jfs(jfs), 0);
	}
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		rig_test(an_event_for_so_many), rig_test(an_event_after_so_long),
		rig_test(moderation_can_be_changed), rig_test(adaptive_moderation_wakes),
		rig_test(weights_and_priorities_have_limits),
	};

	return run_all(argc, argv, tests);
}
