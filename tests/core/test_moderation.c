/* SPDX-License-Identifier: MIT */
/*
 * Completion events held back. The device's clock stands still but for what a test adds, and NOPs
 * run on the doorbell's path: so whether an event is there is known when the store returns, and
 * only an event that a timer gives is waited for.
 */
#include <pthread.h>
#include <sched.h>

#include "harness.h"

#define START_NS	1000000000ull

static int mod_up(void **state)
{
	set_up(state);
	atomic_store(&((struct set *)*state)->rig.fake_ns, START_NS);
	return 0;
}

static void pass_us(struct set *s, unsigned us)
{
	atomic_fetch_add(&s->rig.fake_ns, us * 1000ull);
}

static unsigned moderate(struct tjfc *jfc, unsigned count, unsigned usec, unsigned flags)
{
	struct ub_admin_cmd cmd = { .opcode = UB_ADMIN_MODIFY_JFC, .id = jfc->id };

	cmd.jfc.mod_count = (uint16_t)count;
	cmd.jfc.mod_usec = (uint16_t)usec;
	cmd.jfc.flags = flags;
	return admin(jfc->rig, &cmd);
}

static void nop(struct set *s, unsigned flags)
{
	union twqe w = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE | flags, 0);

	post(&s->jfs, &w);
}

static bool event(struct set *s, unsigned sn)
{
	struct ub_hw_eqe eqe;

	if (!poll_eqe(&s->rig, 1, &eqe))
		return false;
	assert_int_equal(eqe.type, UB_EVENT_COMPLETION);
	assert_int_equal(eqe.id, s->jfc.id);
	assert_int_equal(eqe.info, sn);
	return true;
}

/* Given by a timer. */
static void event_comes(struct set *s, unsigned sn)
{
	assert_int_equal(wait_eqe(&s->rig, 1).info, sn);
}

/* A timer that wrongly believes to be due has time to say so. */
static void none_comes(struct set *s)
{
	struct ub_hw_eqe eqe;

	sleep_ms(5);
	assert_false(poll_eqe(&s->rig, 1, &eqe));
}

static void drain(struct set *s)
{
	struct ub_hw_cqe cqe;

	while (poll_cqe(&s->jfc, &cqe))
		;
}

static uint64_t moderated(struct set *s)
{
	assert_int_equal(admin_simple(&s->rig, UB_ADMIN_QUERY_JFC, s->jfc.id), UB_ADMIN_OK);
	assert_int_equal(s->rig.reply.jfc.moderated, STAT(&s->rig, moderated));
	assert_int_equal(s->rig.reply.jfc.rearms, STAT(&s->rig, rearms));
	assert_int_equal(s->rig.reply.jfc.events, STAT(&s->rig, eqes));
	return s->rig.reply.jfc.moderated;
}

/* ---- Count and time ---- */
static void by_count(void **state)
{
	struct set *s = *state;

	assert_int_equal(moderate(&s->jfc, 4, 0, 0), UB_ADMIN_OK);
	for (unsigned sn = 1; sn < 9; sn++) {
		rearm(&s->jfc, sn & 3, false);
		for (unsigned i = 0; i < 3; i++) {
			nop(s, 0);
			pass_us(s, 70000);
			assert_false(event(s, sn & 3));
		}
		nop(s, 0);
		assert_true(event(s, sn & 3));
		drain(s);
	}
	assert_int_equal(moderated(s), 8);
}

static void by_time(void **state)
{
	struct set *s = *state;

	assert_int_equal(moderate(&s->jfc, 0, 100, 0), UB_ADMIN_OK);
	rearm(&s->jfc, 1, false);
	for (unsigned i = 0; i < 50; i++)
		nop(s, 0);
	pass_us(s, 99);
	none_comes(s);
	pass_us(s, 1);
	event_comes(s, 1);
	assert_int_equal(moderated(s), 1);
}

static void by_whichever_is_first(void **state)
{
	struct set *s = *state;

	assert_int_equal(moderate(&s->jfc, 3, 100, 0), UB_ADMIN_OK);
	rearm(&s->jfc, 1, false);
	nop(s, 0);
	nop(s, 0);
	assert_false(event(s, 1));
	nop(s, 0);
	assert_true(event(s, 1));
	drain(s);
	rearm(&s->jfc, 2, false);
	nop(s, 0);
	pass_us(s, 60);
	nop(s, 0);
	none_comes(s);
	pass_us(s, 40);
	event_comes(s, 2);
}

/* mod_count 1 is "at the first", whatever the time. */
static void count_of_one_is_none(void **state)
{
	struct set *s = *state;

	assert_int_equal(moderate(&s->jfc, 1, 1000, 0), UB_ADMIN_OK);
	rearm(&s->jfc, 1, false);
	nop(s, 0);
	assert_true(event(s, 1));
	assert_int_equal(moderated(s), 0);
}

static void given_at_creation(void **state)
{
	struct set *s = *state;
	struct ub_admin_cmd cmd = jfc_cmd(&s->ctx, &s->jfc, 64);
	struct ub_hw_eqe eqe;

	cmd.jfc.flags = 2;
	assert_int_equal(admin(&s->rig, &cmd), UB_ADMIN_BAD_FIELD);
	assert_int_equal(s->rig.reply.detail, offsetof(struct ub_admin_cmd, jfc.flags));
	cmd.jfc.flags = 0;
	cmd.jfc.mod_count = 2;
	assert_int_equal(admin(&s->rig, &cmd), UB_ADMIN_OK);
	jfs_new(&s->ctx, &s->jfs, &s->jfc, 64, 0);
	rearm(&s->jfc, 1, false);
	nop(s, 0);
	assert_false(poll_eqe(&s->rig, 1, &eqe));
	nop(s, 0);
	assert_true(event(s, 1));
	assert_int_equal(moderate(&s->jfc, 0, 0, 4), UB_ADMIN_BAD_FIELD);
	assert_int_equal(s->rig.reply.detail, offsetof(struct ub_admin_cmd, jfc.flags));
	assert_true(ub_core_reg_read(s->rig.core, UB_REG_CAPS, 8) & UB_CAP_MODERATION);
}

/* ---- What is not held back ---- */
static void failed_and_solicited_ones_fire(void **state)
{
	struct set *s = *state;
	union twqe bad = wqe_new(0x99, 0, 0);

	assert_int_equal(moderate(&s->jfc, 100, 1000, 0), UB_ADMIN_OK);
	rearm(&s->jfc, 1, false);
	nop(s, 0);
	assert_false(event(s, 1));
	nop(s, UB_WQE_SOLICITED);
	assert_true(event(s, 1));
	drain(s);
	rearm(&s->jfc, 2, false);
	post(&s->jfs, &bad);
	assert_true(event(s, 2));
	/* Still there: at once. */
	rearm(&s->jfc, 3, false);
	assert_true(event(s, 3));
	assert_int_equal(moderated(s), 1);
}

static void solicited_only_is_not_moderated(void **state)
{
	struct set *s = *state;

	assert_int_equal(moderate(&s->jfc, 2, 50, 0), UB_ADMIN_OK);
	rearm(&s->jfc, 1, true);
	for (unsigned i = 0; i < 200; i++)
		nop(s, 0);
	pass_us(s, 1000);
	none_comes(s);
	nop(s, UB_WQE_SOLICITED);
	assert_true(event(s, 1));
}

static void half_full_fires(void **state)
{
	struct set *s = *state;

	assert_int_equal(moderate(&s->jfc, 65535, 0, 0), UB_ADMIN_OK);
	rearm(&s->jfc, 1, false);
	for (unsigned i = 1; i < s->jfc.depth / 2; i++)
		nop(s, 0);
	assert_false(event(s, 1));
	nop(s, 0);
	assert_true(event(s, 1));
}

/* ---- Re-arm with CQEs there ---- */
static void rearm_counts_what_is_there(void **state)
{
	struct set *s = *state;

	assert_int_equal(moderate(&s->jfc, 3, 0, 0), UB_ADMIN_OK);
	nop(s, 0);
	nop(s, 0);
	rearm(&s->jfc, 1, false);
	assert_false(event(s, 1));
	nop(s, 0);
	assert_true(event(s, 1));
	rearm(&s->jfc, 2, false);
	assert_true(event(s, 2));
	/* Only the first was held back: the second found enough. */
	assert_int_equal(moderated(s), 1);
}

static void rearm_counts_the_time_gone(void **state)
{
	struct set *s = *state;

	assert_int_equal(moderate(&s->jfc, 0, 100, 0), UB_ADMIN_OK);
	nop(s, 0);
	pass_us(s, 60);
	nop(s, 0);
	rearm(&s->jfc, 1, false);
	pass_us(s, 39);
	none_comes(s);
	pass_us(s, 1);
	event_comes(s, 1);
	pass_us(s, 100);
	rearm(&s->jfc, 2, false);
	assert_true(event(s, 2));
	assert_int_equal(moderated(s), 1);
}

/* The timestamp is in the user's memory: one from the future holds back no longer than the rest. */
static void forged_timestamp(void **state)
{
	struct set *s = *state;

	assert_int_equal(moderate(&s->jfc, 0, 100, 0), UB_ADMIN_OK);
	nop(s, 0);
	s->jfc.ring[0].timestamp_ns = ~0ull - 5;
	rearm(&s->jfc, 1, false);
	none_comes(s);
	pass_us(s, 100);
	event_comes(s, 1);
}

/* A second arm before the first fired: its serial, its CI. */
static void rearmed_while_held_back(void **state)
{
	struct set *s = *state;

	assert_int_equal(moderate(&s->jfc, 2, 0, 0), UB_ADMIN_OK);
	rearm(&s->jfc, 1, false);
	nop(s, 0);
	drain(s);
	rearm(&s->jfc, 2, false);
	nop(s, 0);
	assert_false(event(s, 2));
	nop(s, 0);
	assert_true(event(s, 2));
	/* From moderated to solicited only, and a timer that is left over. */
	assert_int_equal(moderate(&s->jfc, 0, 100, 0), UB_ADMIN_OK);
	drain(s);
	rearm(&s->jfc, 3, false);
	nop(s, 0);
	rearm(&s->jfc, 0, true);
	pass_us(s, 100);
	none_comes(s);
}

static void left_over_timer_does_not_fire(void **state)
{
	struct set *s = *state;

	assert_int_equal(moderate(&s->jfc, 2, 100, 0), UB_ADMIN_OK);
	rearm(&s->jfc, 1, false);
	nop(s, 0);		/* timer at 100 */
	nop(s, 0);
	assert_true(event(s, 1));
	drain(s);
	rearm(&s->jfc, 2, false);
	pass_us(s, 50);
	nop(s, 0);		/* due at 150 */
	pass_us(s, 50);
	none_comes(s);
	pass_us(s, 50);
	event_comes(s, 2);
}

/* ---- MODIFY_JFC ---- */
static void modified_while_held_back(void **state)
{
	struct set *s = *state;

	/* By count alone it would wait for ever. */
	assert_int_equal(moderate(&s->jfc, 100, 0, 0), UB_ADMIN_OK);
	rearm(&s->jfc, 1, false);
	nop(s, 0);
	assert_false(event(s, 1));
	assert_int_equal(moderate(&s->jfc, 0, 0, 0), UB_ADMIN_OK);
	assert_true(event(s, 1));
	drain(s);
	/* A shorter time than the timer was set for. */
	assert_int_equal(moderate(&s->jfc, 0, 60000, 0), UB_ADMIN_OK);
	rearm(&s->jfc, 2, false);
	nop(s, 0);
	assert_int_equal(moderate(&s->jfc, 0, 100, 0), UB_ADMIN_OK);
	pass_us(s, 100);
	event_comes(s, 2);
	drain(s);
	/* A longer one. */
	rearm(&s->jfc, 3, false);
	nop(s, 0);
	assert_int_equal(moderate(&s->jfc, 0, 200, 0), UB_ADMIN_OK);
	pass_us(s, 150);
	none_comes(s);
	pass_us(s, 50);
	event_comes(s, 3);
	/* Fewer than are there. */
	drain(s);
	assert_int_equal(moderate(&s->jfc, 10, 0, 0), UB_ADMIN_OK);
	rearm(&s->jfc, 0, false);
	nop(s, 0);
	nop(s, 0);
	assert_int_equal(moderate(&s->jfc, 2, 0, 0), UB_ADMIN_OK);
	assert_true(event(s, 0));
}

/* ---- Destroy and reset with a timer pending ---- */
static void hold_one_back(struct set *s)
{
	assert_int_equal(moderate(&s->jfc, 0, 65535, 0), UB_ADMIN_OK);
	rearm(&s->jfc, 1, false);
	nop(s, 0);
	none_comes(s);
}

static void destroyed_while_held_back(void **state)
{
	struct set *s = *state;

	hold_one_back(s);
	assert_int_equal(admin_simple(&s->rig, UB_ADMIN_DESTROY_JFS, s->jfs.id), UB_ADMIN_OK);
	assert_int_equal(admin_simple(&s->rig, UB_ADMIN_DESTROY_JFC, s->jfc.id), UB_ADMIN_OK);
	assert_int_equal(admin_simple(&s->rig, UB_ADMIN_DESTROY_EQ, 1), UB_ADMIN_OK);
	pass_us(s, 70000);
	sleep_ms(5);
	assert_int_equal(atomic_load(&s->rig.irq[1]), 0);
}

static void reset_while_held_back(void **state)
{
	struct set *s = *state;

	hold_one_back(s);
	ub_core_reset(s->rig.core);
	pass_us(s, 70000);
	none_comes(s);
	assert_int_equal(atomic_load(&s->rig.irq[1]), 0);
}

/* The device ends with the timer pending: rig_fini() looks for what is left. */
static void freed_while_held_back(void **state)
{
	hold_one_back(*state);
}

/* ---- Busy engines ---- */
struct stop {
	struct gate gate;
	struct tjfs *jfs;
	atomic_bool early;
};

static void stop_engine(struct rig *rig, uint64_t addr, bool is_write)
{
	struct stop *stop = rig->hook;

	(void)addr;
	if (is_write)
		gate_pass(&stop->gate);
}

static void look_at_irq(struct rig *rig, unsigned vector)
{
	struct stop *stop = rig->hook;

	if (vector == 1)
		atomic_store(&stop->early, !__atomic_load_n(&stop->jfs->rec->ci, __ATOMIC_ACQUIRE));
}

/* Every engine is at a long command: a timer is served at the end of a burst. */
static void timer_of_busy_engines(void **state)
{
	struct set *s = *state;
	struct stop stop[2];
	struct tjfs jfs[2];
	struct tjfc jfc;

	jfc_new(&s->ctx, &jfc, 64);
	for (unsigned i = 0; i < 2; i++) {
		jfs_new(&s->ctx, &jfs[i], &jfc, 64, 0);
		gate_init(&stop[i].gate);
		stop[i].jfs = &jfs[i];
	}
	assert_int_equal(moderate(&s->jfc, 0, 100, 0), UB_ADMIN_OK);
	rearm(&s->jfc, 1, false);
	for (unsigned i = 0; i < 2; i++) {
		union twqe w = wqe_new(UB_OP_FILL, UB_WQE_COMPLETE, 0);
		const struct tseg *seg = i ? &s->b : &s->a;

		w.w.pattern_size = 8;
		wqe_sge(&w, seg->va, 1 << 20, seg->id);
		s->rig.hook = &stop[i];
		atomic_store(&s->rig.on_map, stop_engine);
		post(&jfs[i], &w);
		gate_wait(&stop[i].gate);
	}
	atomic_store(&s->rig.on_map, NULL);
	nop(s, 0);
	pass_us(s, 100);
	none_comes(s);
	atomic_store(&s->rig.on_irq, look_at_irq);
	gate_open(&stop[1].gate);
	event_comes(s, 1);
	gate_open(&stop[0].gate);
	wait_cqe(&jfc);
	wait_cqe(&jfc);
	assert_true(atomic_load(&stop[1].early));
}

/* ---- Adaptive ---- */
static void adaptive_single_ones_fire(void **state)
{
	struct set *s = *state;

	assert_int_equal(moderate(&s->jfc, 16, 100, UB_JFC_F_ADAPTIVE), UB_ADMIN_OK);
	for (unsigned sn = 1; sn < 40; sn++) {
		rearm(&s->jfc, sn & 3, false);
		pass_us(s, 1000);
		nop(s, 0);
		assert_true(event(s, sn & 3));
		drain(s);
	}
	assert_int_equal(moderated(s), 0);
}

/* CQEs a microsecond apart: events for batches, none larger than the bound. */
static void adaptive_stream_is_batched(void **state)
{
	struct set *s = *state;
	unsigned sn = 1, events = 0, before = 0;

	assert_int_equal(moderate(&s->jfc, 16, 100, UB_JFC_F_ADAPTIVE), UB_ADMIN_OK);
	rearm(&s->jfc, sn, false);
	for (unsigned i = 0; i < 1600; i++) {
		pass_us(s, 1);
		nop(s, 0);
		if (!event(s, sn & 3)) {
			assert_true(s->jfc.rec->pi - before < 16);
			continue;
		}
		events++;
		drain(s);
		before = s->jfc.ci;
		rearm(&s->jfc, ++sn & 3, false);
	}
	assert_true(events >= 100 && events < 160);
	assert_true(moderated(s) >= 90);
	/* When the stream ends, what is left comes within the time. */
	nop(s, 0);
	pass_us(s, 100);
	event_comes(s, sn & 3);
	/* And single ones are soon at once again. */
	for (unsigned i = 0; i < 20; i++) {
		drain(s);
		rearm(&s->jfc, ++sn & 3, false);
		pass_us(s, 1000);
		nop(s, 0);
		if (i >= 8)
			assert_true(event(s, sn & 3));
		else if (!event(s, sn & 3)) {
			pass_us(s, 100);
			event_comes(s, sn & 3);
		}
	}
}

/* One request at a time, each soon after the event of the last: holding back does not pay. */
static void adaptive_ping_pong_is_left_alone(void **state)
{
	struct set *s = *state;
	unsigned held = 0;

	assert_int_equal(moderate(&s->jfc, 0, 100, UB_JFC_F_ADAPTIVE), UB_ADMIN_OK);
	for (unsigned sn = 1; sn < 400; sn++) {
		rearm(&s->jfc, sn & 3, false);
		pass_us(s, 5);
		nop(s, 0);
		if (!event(s, sn & 3)) {
			held++;
			pass_us(s, 100);
			event_comes(s, sn & 3);
		}
		drain(s);
	}
	assert_true(held > 0 && held < 20);
	assert_int_equal(moderated(s), held);
}

/* ---- No wake-up is lost ---- */
#define STRESS 4000

static void *produce(void *arg)
{
	struct set *s = arg;
	unsigned seed = 1;

	for (unsigned i = 0; i < STRESS; i++) {
		union twqe w = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE, i);

		while (s->jfs.pi - __atomic_load_n(&s->jfs.rec->ci, __ATOMIC_ACQUIRE) >= 64 ||
		       s->jfs.pi - __atomic_load_n(&s->jfc.rec->ci, __ATOMIC_ACQUIRE) >= 200)
			sched_yield();
		post(&s->jfs, &w);
		if (rand_r(&seed) % 64 == 0)
			sleep_ms(1);
	}
	return NULL;
}

/* The consumer sleeps whenever it finds nothing, and changes the bounds now and then. */
static void no_wake_up_is_lost(void **state)
{
	struct set *s = *state;
	unsigned sn = 1, seen = 0, seed = 7;
	struct ub_hw_cqe cqe;
	pthread_t thread;

	atomic_store(&s->rig.fake_ns, 0);
	pthread_create(&thread, NULL, produce, s);
	while (seen < STRESS) {
		if (rand_r(&seed) % 16 == 0)
			moderate(&s->jfc, rand_r(&seed) % 40, 1 + rand_r(&seed) % 300,
				 rand_r(&seed) % 2);
		rearm(&s->jfc, sn, false);
		if (rand_r(&seed) % 32 == 0)
			moderate(&s->jfc, rand_r(&seed) % 3, 100, 0);
		event_comes(s, sn);
		sn = (sn + 1) & 3;
		while (poll_cqe(&s->jfc, &cqe))
			assert_int_equal(cqe.user_ctx, seen++);
	}
	pthread_join(thread, NULL);
	assert_true(moderated(s) > 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, mod_up, set_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(by_count),
		T(by_time),
		T(by_whichever_is_first),
		T(count_of_one_is_none),
		T(given_at_creation),
		T(failed_and_solicited_ones_fire),
		T(solicited_only_is_not_moderated),
		T(half_full_fires),
		T(rearm_counts_what_is_there),
		T(rearm_counts_the_time_gone),
		T(forged_timestamp),
		T(rearmed_while_held_back),
		T(left_over_timer_does_not_fire),
		T(modified_while_held_back),
		T(destroyed_while_held_back),
		T(reset_while_held_back),
		T(freed_while_held_back),
		T(timer_of_busy_engines),
		T(adaptive_single_ones_fire),
		T(adaptive_stream_is_batched),
		T(adaptive_ping_pong_is_left_alone),
		T(no_wake_up_is_lost),
	};

	return cmocka_run_group_tests_name("core-moderation", tests, NULL, NULL);
}
