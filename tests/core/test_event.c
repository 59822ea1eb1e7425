/* SPDX-License-Identifier: MIT */
/* JFC re-arm, event queues, overflow. */
#include <pthread.h>

#include "harness.h"

static void nop(struct set *s, unsigned flags)
{
	union twqe w = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE | flags, 0);

	post(&s->jfs, &w);
}

static void fired(struct set *s, unsigned sn)
{
	struct ub_hw_eqe eqe = wait_eqe(&s->rig, 1);

	assert_int_equal(eqe.type, UB_EVENT_COMPLETION);
	assert_int_equal(eqe.id, s->jfc.id);
	assert_int_equal(eqe.tid, s->ctx.tid);
	assert_int_equal(eqe.info, sn);
}

static void quiet(struct set *s)
{
	struct ub_hw_eqe eqe;

	sleep_ms(10);
	assert_false(poll_eqe(&s->rig, 1, &eqe));
}

static void drain(struct set *s)
{
	struct ub_hw_cqe cqe;

	while (poll_cqe(&s->jfc, &cqe))
		;
}

static void not_armed_is_quiet(void **state)
{
	struct set *s = *state;

	nop(s, 0);
	quiet(s);
	assert_int_equal(atomic_load(&s->rig.irq[1]), 0);
	assert_int_equal(STAT(&s->rig, eqes), 0);
}

static void arm_fires_once(void **state)
{
	struct set *s = *state;

	rearm(&s->jfc, 1, false);
	quiet(s);
	nop(s, 0);
	fired(s, 1);
	nop(s, 0);
	quiet(s);
	assert_int_equal(atomic_load(&s->rig.irq[1]), 1);
	drain(s);
	rearm(&s->jfc, 2, false);
	nop(s, 0);
	fired(s, 2);
	assert_int_equal(STAT(&s->rig, rearms), 2);
}

static void arm_fires_at_once_when_behind(void **state)
{
	struct set *s = *state;

	nop(s, 0);
	rearm(&s->jfc, 1, false);
	fired(s, 1);
	drain(s);
	rearm(&s->jfc, 2, false);
	quiet(s);
}

static void stale_serial_is_ignored(void **state)
{
	struct set *s = *state;

	nop(s, 0);
	rearm(&s->jfc, 0, false);	/* 0 counts as fired at creation */
	quiet(s);
	for (unsigned sn = 1; sn < 20; sn++) {
		rearm(&s->jfc, sn & 3, false);
		fired(s, sn & 3);
		rearm(&s->jfc, sn & 3, false);
		quiet(s);
	}
}

static void solicited_only(void **state)
{
	struct set *s = *state;
	union twqe bad = wqe_new(0x99, 0, 0);

	nop(s, 0);
	rearm(&s->jfc, 1, true);
	quiet(s);
	nop(s, 0);
	quiet(s);
	nop(s, UB_WQE_SOLICITED);
	fired(s, 1);
	/* The solicited one is still there: at once. */
	rearm(&s->jfc, 2, true);
	fired(s, 2);
	drain(s);
	rearm(&s->jfc, 3, true);
	nop(s, 0);
	quiet(s);
	/* A failed one wakes as well. */
	post(&s->jfs, &bad);
	fired(s, 3);
	/* It is behind the CI given: no. */
	drain(s);
	nop(s, 0);
	rearm(&s->jfc, 0, true);
	quiet(s);
	/* Widened to any: at once. */
	rearm(&s->jfc, 0, false);
	fired(s, 0);
}

static void arm_ci_of_24_bits(void **state)
{
	struct set *s = *state;

	/* An index beyond 24 bits is not to be had by running; a CI that lags by a lap is. */
	for (unsigned i = 0; i < 300; i++) {
		nop(s, 0);
		drain(s);
	}
	assert_int_equal(s->jfc.ci, 300);
	rearm(&s->jfc, 1, false);
	quiet(s);
	s->jfc.ci = 299;
	rearm(&s->jfc, 2, false);
	fired(s, 2);
	s->jfc.ci = 300;
}

/* The consumer sleeps whenever it finds nothing: no wake-up may get lost. */
static void *produce(void *arg)
{
	struct set *s = arg;

	for (unsigned i = 0; i < 3000; i++) {
		union twqe w = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE, i);

		while (s->jfs.pi - __atomic_load_n(&s->jfs.rec->ci, __ATOMIC_ACQUIRE) >= 64 ||
		       s->jfs.pi - __atomic_load_n(&s->jfc.rec->ci, __ATOMIC_ACQUIRE) >= 200)
			sched_yield();
		post(&s->jfs, &w);
	}
	return NULL;
}

static void no_wake_up_is_lost(void **state)
{
	struct set *s = *state;
	struct ub_hw_cqe cqe;
	pthread_t thread;
	unsigned sn = 1, seen = 0;

	pthread_create(&thread, NULL, produce, s);
	while (seen < 3000) {
		rearm(&s->jfc, sn, false);
		fired(s, sn);
		sn = (sn + 1) & 3;
		while (poll_cqe(&s->jfc, &cqe))
			assert_int_equal(cqe.user_ctx, seen++);
	}
	pthread_join(thread, NULL);
}

/* ---- Event queues ---- */
static void eq_wraps(void **state)
{
	struct set *s = *state;

	for (unsigned i = 1; i <= 300; i++) {
		rearm(&s->jfc, i & 3, false);
		nop(s, 0);
		fired(s, i & 3);
		drain(s);
	}
	assert_int_equal(STAT(&s->rig, eqes), 300);
	/* Vector 0 has the admin ring's as well. */
	assert_int_equal(STAT(&s->rig, interrupts), 300 + s->rig.admin_pi);
}

static void eq_overrun(void **state)
{
	struct set *s = *state;
	struct ub_hw_eq_rec *rec = bus_ptr(&s->rig, s->rig.eq_ring[1] + PAGE);
	struct ub_hw_eqe eqe;
	unsigned n = 0;

	for (unsigned i = 1; i <= 70; i++) {
		rearm(&s->jfc, i & 3, false);
		nop(s, 0);
		drain(s);
	}
	assert_int_equal(rec->overrun, 6);
	assert_int_equal(atomic_load(&s->rig.irq[1]), 70);
	while (poll_eqe(&s->rig, 1, &eqe))
		assert_int_equal(eqe.info, ++n & 3);
	assert_int_equal(n, 64);
	/* With room again it goes on. */
	rearm(&s->jfc, 71 & 3, false);
	nop(s, 0);
	fired(s, 71 & 3);
}

static void no_eq_0_drops_events(void **state)
{
	struct set *s = *state;

	assert_int_equal(admin_simple(&s->rig, UB_ADMIN_DESTROY_EQ, 0), UB_ADMIN_OK);
	s->jfs.rec->pi = 1000;
	ub_core_db_write(s->rig.core, s->jfs.page * PAGE + UB_DB_JFS, 0, 4);
	expect(&s->jfc, UB_CR_WR_FLUSH_ERR_DONE, UB_SUB_PI, 0);
	assert_int_equal(STAT(&s->rig, eqes), 0);
}

/* ---- JFC ---- */
static void jfc_wraps(void **state)
{
	struct set *s = *state;

	for (unsigned i = 0; i < 2000; i++) {
		nop(s, 0);
		expect(&s->jfc, UB_CR_SUCCESS, 0, 0);
		assert_int_equal(s->jfc.rec->pi, i + 1);
	}
}

static void jfc_overflow(void **state)
{
	struct set *s = *state;
	struct ub_hw_eqe eqe;
	struct ub_hw_cqe cqe;
	struct tjfc jfc;
	struct tjfs jfs, bystander;
	unsigned n = 0;

	jfc_new(&s->ctx, &jfc, 64);
	jfs_new(&s->ctx, &jfs, &jfc, 64, 0);
	jfs_new(&s->ctx, &bystander, &jfc, 64, 0);
	for (unsigned i = 0; i < 64; i++) {
		union twqe w = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE, i);

		post(&jfs, &w);
	}
	assert_int_equal(jfc.rec->state, UB_STATE_READY);
	for (unsigned i = 0; i < 5; i++) {
		union twqe w = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE, i);

		post(&jfs, &w);
	}
	eqe = wait_eqe(&s->rig, 0);
	assert_int_equal(eqe.type, UB_EVENT_JFC_ERR);
	assert_int_equal(eqe.id, jfc.id);
	assert_int_equal(jfc.rec->state, UB_STATE_ERROR);
	assert_int_equal(jfs.rec->state, UB_STATE_ERROR);
	while (poll_cqe(&jfc, &cqe))
		assert_int_equal(cqe.user_ctx, n++);
	assert_int_equal(n, 64);
	/* One that needs no CQE goes on, one that does follows it into ERROR. */
	for (unsigned i = 0; i < 2; i++) {
		union twqe w = wqe_new(UB_OP_NOP, i ? UB_WQE_COMPLETE : 0, i);

		assert_int_equal(bystander.rec->state, UB_STATE_READY);
		post(&bystander, &w);
	}
	assert_int_equal(bystander.rec->state, UB_STATE_ERROR);
	assert_false(poll_cqe(&jfc, &cqe));
	assert_int_equal(query(&s->rig, UB_ADMIN_QUERY_JFC, jfc.id), UB_STATE_ERROR);
	assert_int_equal(admin_simple(&s->rig, UB_ADMIN_DESTROY_JFS, jfs.id), UB_ADMIN_OK);
	assert_int_equal(admin_simple(&s->rig, UB_ADMIN_DESTROY_JFS, bystander.id), UB_ADMIN_OK);
	assert_int_equal(admin_simple(&s->rig, UB_ADMIN_DESTROY_JFC, jfc.id), UB_ADMIN_OK);
}

static void jfc_with_a_wild_ci(void **state)
{
	struct set *s = *state;

	s->jfc.rec->ci = 0x80000000;
	for (unsigned i = 0; i < 257; i++)
		nop(s, 0);
	assert_int_equal(wait_eqe(&s->rig, 0).type, UB_EVENT_JFC_ERR);
	assert_int_equal(s->jfc.rec->state, UB_STATE_ERROR);
}

static void flush_into_a_full_jfc(void **state)
{
	struct set *s = *state;
	struct tjfc jfc;
	struct tjfs jfs;

	jfc_new(&s->ctx, &jfc, 64);
	jfs_new(&s->ctx, &jfs, &jfc, 128, 0);
	assert_int_equal(jfs_modify(&jfs, UB_STATE_SUSPENDED), UB_ADMIN_OK);
	for (unsigned i = 0; i < 100; i++) {
		union twqe w = wqe_new(UB_OP_NOP, 0, i);

		wqe_put(&jfs, &w);
	}
	publish(&jfs);
	assert_int_equal(jfs_modify(&jfs, UB_STATE_ERROR), UB_ADMIN_OK);
	assert_int_equal(wait_eqe(&s->rig, 0).type, UB_EVENT_JFC_ERR);
	assert_int_equal(__atomic_load_n(&jfs.rec->state, __ATOMIC_ACQUIRE), UB_STATE_ERROR);
	assert_int_equal(jfs_modify(&jfs, UB_STATE_RESET), UB_ADMIN_OK);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, set_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(not_armed_is_quiet),
		T(arm_fires_once),
		T(arm_fires_at_once_when_behind),
		T(stale_serial_is_ignored),
		T(solicited_only),
		T(arm_ci_of_24_bits),
		T(no_wake_up_is_lost),
		T(eq_wraps),
		T(eq_overrun),
		T(no_eq_0_drops_events),
		T(jfc_wraps),
		T(jfc_overflow),
		T(jfc_with_a_wild_ci),
		T(flush_into_a_full_jfc),
	};

	return cmocka_run_group_tests_name("core-event", tests, NULL, NULL);
}
