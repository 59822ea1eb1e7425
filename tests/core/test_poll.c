/* SPDX-License-Identifier: MIT */
/*
 * Engines that poll before they sleep: posts to an active queue need no doorbell, and none is lost
 * between the last look and the sleep. What may run on the doorbell's path.
 */
#include <pthread.h>
#include <sched.h>

#include "harness.h"

#define LARGE	8192		/* more than a doorbell store runs itself, unless told so */

static struct set *set_with(uint32_t poll_ns, uint32_t inline_bytes)
{
	struct set *s = calloc(1, sizeof(*s));
	struct ub_core_config config;
	uint32_t all = UB_ACCESS_READ | UB_ACCESS_WRITE | UB_ACCESS_ATOMIC;

	rig_config(&s->rig, &config, 1);
	config.engines = 1;
	config.poll_ns = poll_ns;
	config.inline_bytes = inline_bytes;
	rig_init_config(&s->rig, &config);
	rig_enable(&s->rig);
	ctx_new(&s->rig, &s->ctx);
	jfc_new(&s->ctx, &s->jfc, 256);
	jfs_new(&s->ctx, &s->jfs, &s->jfc, 64, 0);
	seg_new(&s->ctx, &s->a, 1 << 20, all, 0xaaaa);
	seg_new(&s->ctx, &s->b, 1 << 20, all, 0xbbbb);
	s->eid = s->rig.config.eid;
	return s;
}

static void done(struct set *s)
{
	void *state = s;

	set_down(&state);
}

static union twqe write_wqe(struct set *s, uint32_t len, uint64_t user_ctx)
{
	union twqe w = wqe_new(UB_OP_WRITE, UB_WQE_COMPLETE, user_ctx);

	wqe_target(&w, s->eid, s->b.va, s->b.id, s->b.token);
	wqe_sge(&w, s->a.va, len, s->a.id);
	return w;
}

/* Whether it took a doorbell. */
static bool post_one(struct set *s, struct tjfs *jfs, uint32_t len, uint64_t user_ctx)
{
	union twqe w = write_wqe(s, len, user_ctx);
	uint32_t old = jfs->pi;

	wqe_put(jfs, &w);
	return ring_db(jfs, old);
}

/* Until the device has said that it wants the next doorbell. */
static void until_idle(struct set *s)
{
	for (unsigned i = 0; i < 20000; i++) {
		if (__atomic_load_n(&s->jfs.rec->event_idx, __ATOMIC_ACQUIRE) == s->jfs.pi)
			return;
		sleep_ms(1);
	}
	fail_msg("event_idx is never published");
}

/* ---- Polling ---- */
static void active_queue_needs_no_doorbell(void **state)
{
	struct set *s = set_with(1000000, 4096);
	unsigned rung = 0, posts = 0;

	(void)state;
	/* Whoever is held up between two posts has to ring: so until ten needed none. */
	while ((posts - rung < 10 || STAT(&s->rig, polls_hit) < 10) && posts < 100000) {
		rung += post_one(s, &s->jfs, LARGE, posts);
		expect(&s->jfc, UB_CR_SUCCESS, 0, posts++);
	}
	assert_true(posts - rung >= 10);
	assert_true(STAT(&s->rig, polls_hit) >= 10);
	assert_int_equal(STAT(&s->rig, doorbells), rung);
	assert_int_equal(STAT(&s->rig, engine_wqes), posts);
	done(s);
}

static void polling_ends(void **state)
{
	struct set *s = set_with(1000, 4096);

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		assert_true(post_one(s, &s->jfs, LARGE, i));
		expect(&s->jfc, UB_CR_SUCCESS, 0, i);
		until_idle(s);
	}
	assert_true(STAT(&s->rig, sleeps) > 0);
	done(s);
}

static void no_polling_when_told_so(void **state)
{
	struct set *s = set_with(0, 4096);

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		assert_true(post_one(s, &s->jfs, LARGE, i));
		expect(&s->jfc, UB_CR_SUCCESS, 0, i);
		until_idle(s);
	}
	assert_int_equal(STAT(&s->rig, polls_hit), 0);
	assert_int_equal(STAT(&s->rig, sleeps), 0);
	done(s);
}

/* One engine polls for one queue: work of another ends that, and both get on. */
static void polling_yields_to_other_queues(void **state)
{
	struct set *s = set_with(1000000, 4096);
	struct tjfs other;
	struct tjfc jfc;

	(void)state;
	jfc_new(&s->ctx, &jfc, 64);
	jfs_new(&s->ctx, &other, &jfc, 64, 0);
	for (unsigned i = 0; i < 300; i++) {
		post_one(s, &s->jfs, LARGE, i);
		post_one(s, &other, LARGE, i);
		expect(&s->jfc, UB_CR_SUCCESS, 0, i);
		expect(&jfc, UB_CR_SUCCESS, 0, i);
	}
	done(s);
}

/* The queue may be taken away at any time, most likely while it is polled for. */
static void gone_while_polled_for(void **state)
{
	struct set *s = set_with(1000000, 4096);

	(void)state;
	for (unsigned i = 0; i < 60; i++) {
		struct tjfs jfs;
		struct tjfc jfc;

		jfc_new(&s->ctx, &jfc, 64);
		jfs_new(&s->ctx, &jfs, &jfc, 64, 0);
		post_one(s, &jfs, LARGE, i);
		expect(&jfc, UB_CR_SUCCESS, 0, i);
		if (i % 3 == 1) {
			assert_int_equal(jfs_modify(&jfs, UB_STATE_SUSPENDED), UB_ADMIN_OK);
			expect(&jfc, UB_CR_WR_SUSPEND_DONE, 0, 0);
			assert_int_equal(jfs_modify(&jfs, UB_STATE_READY), UB_ADMIN_OK);
			post_one(s, &jfs, LARGE, 7);
			/* A change of state looks at the ring: no doorbell can be missing. */
			expect(&jfc, UB_CR_SUCCESS, 0, 7);
		} else if (i % 3 == 2) {
			assert_int_equal(jfs_modify(&jfs, UB_STATE_ERROR), UB_ADMIN_OK);
			expect(&jfc, UB_CR_WR_FLUSH_ERR_DONE, 0, 0);
			assert_int_equal(jfs_modify(&jfs, UB_STATE_RESET), UB_ADMIN_OK);
			rings_reset(&jfs);
			assert_int_equal(jfs_modify(&jfs, UB_STATE_READY), UB_ADMIN_OK);
			post_one(s, &jfs, LARGE, 8);
			expect(&jfc, UB_CR_SUCCESS, 0, 8);
		}
		assert_int_equal(admin_simple(&s->rig, UB_ADMIN_DESTROY_JFS, jfs.id), 0);
		assert_int_equal(admin_simple(&s->rig, UB_ADMIN_DESTROY_JFC, jfc.id), 0);
	}
	post_one(s, &s->jfs, LARGE, 1);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 1);
	ub_core_reset(s->rig.core);
	done(s);
}

/* ---- The doorbell's path ---- */
static void inline_bytes_bound_what_runs_at_once(void **state)
{
	static const uint32_t bound[] = { 64, 4096, 65536 };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct set *s = set_with(0, bound[i]);

		assert_true(post_one(s, &s->jfs, bound[i], 1));
		expect(&s->jfc, UB_CR_SUCCESS, 0, 1);
		assert_int_equal(STAT(&s->rig, inline_wqes), 1);
		assert_true(post_one(s, &s->jfs, bound[i] + 1, 2));
		expect(&s->jfc, UB_CR_SUCCESS, 0, 2);
		assert_int_equal(STAT(&s->rig, inline_wqes), 1);
		assert_int_equal(STAT(&s->rig, engine_wqes), 1);
		done(s);
	}
}

static void inline_bytes_0_runs_nothing_at_once(void **state)
{
	struct set *s = set_with(0, 0);
	union twqe w = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE, 5);

	(void)state;
	post(&s->jfs, &w);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 5);
	until_idle(s);
	wqe_put(&s->jfs, &w);
	publish(&s->jfs);
	ub_core_db_direct(s->rig.core, s->jfs.page, s->jfs.ring + 64);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 5);
	expect_none(&s->jfc);
	assert_int_equal(STAT(&s->rig, inline_wqes), 0);
	assert_int_equal(STAT(&s->rig, engine_wqes), 2);
	done(s);
}

static void queries_count(void **state)
{
	struct set *s = set_with(0, 4096);

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		post_one(s, &s->jfs, i ? 64 : LARGE, i);
		expect(&s->jfc, UB_CR_SUCCESS, 0, i);
		until_idle(s);
	}
	query(&s->rig, UB_ADMIN_QUERY_JFS, s->jfs.id);
	assert_int_equal(s->rig.reply.count, 3);
	assert_int_equal(s->rig.reply.jfs.inline_wqes, 2);
	assert_int_equal(s->rig.reply.jfs.doorbells, 3);
	assert_int_equal(s->rig.reply.jfs.direct_wqes, 0);
	assert_int_equal(s->rig.reply.jfs.preempted, 0);
	done(s);
}

/* ---- No wake-up is lost: both sides pause at random, about as long as the engine polls ---- */
static void pause_at_random(unsigned *seed)
{
	unsigned n = (unsigned)rand_r(seed);

	if (n % 16 == 0)
		sched_yield();
	else if (n % 257 == 0)
		sleep_ms(1);
	else
		for (volatile unsigned i = 0; i < n % 4096; i++)
			;
}

static void slow_device(struct rig *rig, uint64_t addr, bool is_write)
{
	static _Thread_local unsigned seed = 3;

	(void)rig;
	(void)addr;
	if (is_write)
		pause_at_random(&seed);
}

static void no_wake_up_is_lost(void **state)
{
	static const uint32_t poll_ns[] = { 0, 500, 5000 };

	(void)state;
	for (unsigned round = 0; round < 3; round++) {
		struct set *s = set_with(poll_ns[round], 256);
		unsigned seed = round + 1, seen = 0;

		atomic_store(&s->rig.on_map, slow_device);
		for (unsigned i = 0; i < 4000;) {
			unsigned batch = 1 + (unsigned)rand_r(&seed) % 3;

			for (unsigned j = 0; j < batch; j++)
				post_one(s, &s->jfs, rand_r(&seed) % 8 ? 512 : 64, i++);
			/* Nobody rings again: what is not seen now never is. */
			while (seen < i)
				expect(&s->jfc, UB_CR_SUCCESS, 0, seen++);
			pause_at_random(&seed);
		}
		atomic_store(&s->rig.on_map, NULL);
		assert_true(STAT(&s->rig, engine_wqes) > 0);
		done(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(active_queue_needs_no_doorbell),
		cmocka_unit_test(polling_ends),
		cmocka_unit_test(no_polling_when_told_so),
		cmocka_unit_test(polling_yields_to_other_queues),
		cmocka_unit_test(gone_while_polled_for),
		cmocka_unit_test(inline_bytes_bound_what_runs_at_once),
		cmocka_unit_test(inline_bytes_0_runs_nothing_at_once),
		cmocka_unit_test(queries_count),
		cmocka_unit_test(no_wake_up_is_lost),
	};

	return cmocka_run_group_tests_name("core-poll", tests, NULL, NULL);
}
