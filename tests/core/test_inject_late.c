/* SPDX-License-Identifier: MIT */
/* Faults on demand: late and torn completions. Time stands still until the test moves it. */
#include "inject/inject.h"
#include "inject.h"

static void stop_clock(struct rig *rig)
{
	atomic_store(&rig->fake_ns, 1000000);
}

static void move_clock(struct set *s, struct tjfs *other, uint64_t ns)
{
	union twqe w = wqe_new(UB_OP_NOP, 0, 99);

	atomic_fetch_add(&s->rig.fake_ns, ns);
	/* Engines look at timers between commands. */
	inject(&s->rig, UB_FAULT_STALL, other->id, UB_STALL_TIME, 0);
	post(other, &w);
}

static void delay_holds_a_completion(void **state)
{
	struct set *s = *state;
	struct tjfs other;

	jfs_new(&s->ctx, &other, &s->jfc, 64, 0);
	stop_clock(&s->rig);
	inject(&s->rig, UB_FAULT_CQE_DELAY, s->jfc.id, 5000000, 0);
	post_nop(&s->jfs, 1);
	post_nop(&s->jfs, 2);
	expect_none(&s->jfc);
	assert_int_equal(s->jfs.rec->ci, 0);
	/* No thread waits with it, and nobody else does. */
	assert_int_equal(ub_core_reg_read(s->rig.core, UB_REG_RUNNING, 4), 0);
	post_nop(&other, 3);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 3);
	move_clock(s, &other, 4999999);
	expect_none(&s->jfc);
	move_clock(s, &other, 1);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 1);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 2);
	assert_int_equal(inject_given(&s->rig, UB_FAULT_CQE_DELAY), 1);
}

static void change_of_state_ends_delay(void **state)
{
	struct set *s = *state;

	inject(&s->rig, UB_FAULT_CQE_DELAY, 0, UB_FAULT_MAX_NS, 0);
	post_nop(&s->jfs, 1);
	expect_none(&s->jfc);
	assert_int_equal(jfs_modify(&s->jfs, UB_STATE_ERROR), UB_ADMIN_OK);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 1);
	expect(&s->jfc, UB_CR_WR_FLUSH_ERR_DONE, 0, 0);
}

/* Its receive WQE is taken; the message's data is there. */
static void delay_of_a_receive(void **state)
{
	struct set *s = *state;
	struct tjfc rjfc;
	struct tjfs other;
	struct tjfr jfr;
	union twqe w;

	jfs_new(&s->ctx, &other, &s->jfc, 64, 0);
	receiver_new(&s->ctx, &rjfc, &jfr);
	stop_clock(&s->rig);
	for (unsigned i = 0; i < 2; i++) {
		w = send_wqe(s, &jfr);
		if (i) {
			w = wqe_new(UB_OP_WRITE_IMM, UB_WQE_COMPLETE, 3);
			wqe_target(&w, s->eid, s->b.va, s->b.id, s->b.token);
			wqe_ext(&w)->notify_id = jfr.id;
			wqe_ext(&w)->notify_token = JFR_TOKEN;
			wqe_sge(&w, s->a.va, 100, s->a.id);
		}
		s->a.ptr[99] = (uint8_t)(i + 1);
		post_recv(&jfr, i, &s->b, 4096);
		inject(&s->rig, UB_FAULT_CQE_DELAY, rjfc.id, 1000, 0);
		post(&s->jfs, &w);
		while (__atomic_load_n(&s->b.ptr[99], __ATOMIC_ACQUIRE) != i + 1)
			sched_yield();
		expect_none(&rjfc);
		expect_none(&s->jfc);
		move_clock(s, &other, 1000);
		assert_int_equal(expect(&rjfc, UB_CR_SUCCESS, 0, i).len, 100);
		expect(&s->jfc, UB_CR_SUCCESS, 0, 3);
	}
}

/* The sender goes while the receiver's completion is late: that comes, and once. */
static void late_receive_outlives_its_sender(void **state)
{
	struct set *s = *state;
	struct tjfc rjfc;
	struct tjfr jfr;
	union twqe w;

	receiver_new(&s->ctx, &rjfc, &jfr);
	for (unsigned i = 0; i < 3; i++) {
		static const uint8_t states[] = { UB_STATE_ERROR, UB_STATE_RESET };
		struct tjfs jfs;

		jfs_new(&s->ctx, &jfs, &s->jfc, 64, 0);
		w = send_wqe(s, &jfr);
		post_recv(&jfr, i, &s->b, 4096);
		inject(&s->rig, UB_FAULT_CQE_DELAY, rjfc.id, UB_FAULT_MAX_NS, 0);
		post(&jfs, &w);
		expect_none(&rjfc);
		for (unsigned j = 0; j < i; j++)
			assert_int_equal(jfs_modify(&jfs, states[j]), UB_ADMIN_OK);
		if (!i)
			assert_int_equal(admin_simple(&s->rig, UB_ADMIN_DESTROY_JFS, jfs.id),
					 UB_ADMIN_OK);
		expect(&rjfc, UB_CR_SUCCESS, 0, i);
		expect_none(&rjfc);
	}
}

/* Until it waits, with so many pieces to come. */
static void wait_late(struct tjfs *jfs, unsigned pieces)
{
	struct ub_obj *obj = ub_idmap_get(&jfs->rig->core->map[UB_KIND_JFS], jfs->id);
	struct ub_jfs *in = ub_container(obj, struct ub_jfs, obj);

	while (atomic_load(&in->sched) != UB_SCHED_PARKED || in->cur.late != UB_LATE_OVER + pieces)
		sched_yield();
}

static bool same(const void *a, const void *b, size_t from, size_t to)
{
	return memcmp((const uint8_t *)a + from, (const uint8_t *)b + from, to - from) == 0;
}

/* Pieces show in the slot one after another, and nobody who goes by the owner bit sees them. */
static void torn_keeps_the_contract(void **state)
{
	struct set *s = *state;
	struct ub_hw_cqe *slot = &s->jfc.ring[0], before, cqe;
	struct tjfs other;
	struct tjfc ojfc;

	jfc_new(&s->ctx, &ojfc, 64);
	jfs_new(&s->ctx, &other, &ojfc, 64, 0);
	stop_clock(&s->rig);
	memset((uint8_t *)slot + 4, 0xee, 60);
	before = *slot;
	inject(&s->rig, UB_FAULT_CQE_TORN, s->jfc.id, 1000, 0);
	post_nop(&s->jfs, 0x1122334455667788);
	for (unsigned piece = 0; piece < 3; piece++) {
		wait_late(&s->jfs, 2 - piece);
		assert_int_equal(slot->user_ctx, 0x1122334455667788);
		assert_int_equal(slot->local_id, s->jfs.id);
		assert_true(same(slot, &before, 0, 4));
		assert_false(same(slot, &before, piece ? piece * 16 : 4, piece * 16 + 16));
		assert_true(same(slot, &before, piece * 16 + 16, 64));
		assert_false(poll_cqe(&s->jfc, &cqe));
		move_clock(s, &other, 1000);
	}
	cqe = expect(&s->jfc, UB_CR_SUCCESS, 0, 0x1122334455667788);
	assert_int_equal(cqe.opcode, UB_OP_NOP);
	assert_int_equal(cqe.len, 0);
}

/* With all torn, a poller sees whole CQEs alone, each once and in order. */
static void torn_for_a_poller(void **state)
{
	struct set *s = *state;

	inject_forever(&s->rig, UB_FAULT_CQE_TORN, 0, 2000, 0);
	for (unsigned i = 0; i < 40; i++) {
		union twqe w = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE, i + 1000);

		wqe_put(&s->jfs, &w);
	}
	ring_db(&s->jfs, 0);
	for (unsigned i = 0; i < 40; i++) {
		struct ub_hw_cqe cqe = expect(&s->jfc, UB_CR_SUCCESS, 0, i + 1000);

		assert_int_equal(cqe.idx, i);
		assert_int_equal(cqe.local_id, s->jfs.id);
		assert_int_not_equal(cqe.timestamp_ns, 0);
		assert_int_equal(cqe.rsvd, 0);
	}
	assert_int_equal(inject_given(&s->rig, UB_FAULT_CQE_TORN), 40);
}

/* A full ring has no free slot to write pieces to: what is in it stays whole. */
static void torn_spares_a_full_ring(void **state)
{
	struct set *s = *state;
	struct tjfc jfc;
	struct tjfs jfs;

	jfc_new(&s->ctx, &jfc, 64);
	jfs_new(&s->ctx, &jfs, &jfc, 128, 0);
	for (unsigned i = 0; i < 64; i++)
		post_nop(&jfs, i);
	while (__atomic_load_n(&jfc.rec->pi, __ATOMIC_ACQUIRE) != 64)
		sched_yield();
	inject(&s->rig, UB_FAULT_CQE_TORN, jfc.id, 1000, 0);
	post_nop(&jfs, 64);
	assert_int_equal(wait_eqe(&s->rig, 0).type, UB_EVENT_JFC_ERR);
	for (unsigned i = 0; i < 64; i++)
		expect(&jfc, UB_CR_SUCCESS, 0, i);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, set_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(delay_holds_a_completion),
		T(change_of_state_ends_delay),
		T(delay_of_a_receive),
		T(late_receive_outlives_its_sender),
		T(torn_keeps_the_contract),
		T(torn_for_a_poller),
		T(torn_spares_a_full_ring),
	};

	return cmocka_run_group_tests_name("core-inject_late", tests, NULL, NULL);
}
