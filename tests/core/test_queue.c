/* SPDX-License-Identifier: MIT */
/* Send queues: wrap-around, states, rings that lie, doorbells, direct WQEs, event index. */
#include "queue/queue.h"
#include "harness.h"

static struct ub_jfs *inside(struct tjfs *jfs)
{
	struct ub_obj *obj = ub_idmap_get(&jfs->rig->core->map[UB_KIND_JFS], jfs->id);

	return ub_container(obj, struct ub_jfs, obj);
}

/* As if the queue had run that far. */
static void warp(struct tjfs *jfs, uint32_t index)
{
	struct ub_jfs *in = inside(jfs);

	pthread_mutex_lock(&in->lock);
	in->ci = index;
	pthread_mutex_unlock(&in->lock);
	jfs->pi = index;
	jfs->rec->pi = jfs->rec->ci = jfs->rec->event_idx = index;
}

static void nops(struct set *s, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		union twqe w = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE, i);

		post(&s->jfs, &w);
		expect(&s->jfc, UB_CR_SUCCESS, 0, i);
	}
}

/* WQEs of 1 to 4 blocks, so that they wrap in every way. */
static void mixed_lengths(struct set *s, unsigned n)
{
	uint8_t data[208];

	for (unsigned i = 0; i < n; i++) {
		union twqe w = wqe_new(UB_OP_WRITE, UB_WQE_COMPLETE, i);
		uint16_t len = (uint16_t)(i * 29 % 209);
		uint32_t at = s->jfs.pi;

		memset(data, (int)i, sizeof(data));
		wqe_target(&w, s->eid, s->b.va, s->b.id, s->b.token);
		wqe_inline(&w, data, len);
		post(&s->jfs, &w);
		assert_int_equal(expect(&s->jfc, UB_CR_SUCCESS, 0, i).idx, at);
		assert_memory_equal(s->b.ptr, data, len);
		assert_int_equal(s->jfs.rec->ci, s->jfs.pi);
	}
}

static void indices_wrap(void **state)
{
	nops(*state, 1000);
	mixed_lengths(*state, 1000);
}

static void indices_wrap_at_32_bits(void **state)
{
	struct set *s = *state;

	warp(&s->jfs, 0xffffff00);
	mixed_lengths(s, 300);
	assert_true(s->jfs.pi < 0x10000);
	warp(&s->jfs, 0xfffffffe);
	nops(s, 10);
	assert_int_equal(s->jfs.rec->ci, 8);
}

static void full_ring_at_once(void **state)
{
	struct set *s = *state;

	for (unsigned round = 0; round < 5; round++) {
		uint32_t old = s->jfs.pi;

		for (unsigned i = 0; i < 64; i++) {
			union twqe w = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE, i);

			wqe_put(&s->jfs, &w);
		}
		ring_db(&s->jfs, old);
		for (unsigned i = 0; i < 64; i++)
			expect(&s->jfc, UB_CR_SUCCESS, 0, i);
	}
}

/* ---- Event index ---- */
static void event_idx_suppresses_doorbells(void **state)
{
	struct set *s = *state;
	union twqe w = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE, 0);
	uint32_t old = s->jfs.pi;

	wqe_put(&s->jfs, &w);
	assert_true(ring_db(&s->jfs, old));
	expect(&s->jfc, UB_CR_SUCCESS, 0, 0);
	assert_int_equal(s->jfs.rec->event_idx, 1);
	/* While the device has not caught up, the first doorbell is enough. */
	assert_int_equal(jfs_modify(&s->jfs, UB_STATE_SUSPENDED), UB_ADMIN_OK);
	expect(&s->jfc, UB_CR_WR_SUSPEND_DONE, 0, 0);
	for (unsigned i = 0; i < 20; i++) {
		old = s->jfs.pi;
		w = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE, i);
		wqe_put(&s->jfs, &w);
		assert_int_equal(ring_db(&s->jfs, old), i == 0);
	}
	assert_int_equal(jfs_modify(&s->jfs, UB_STATE_READY), UB_ADMIN_OK);
	for (unsigned i = 0; i < 20; i++)
		expect(&s->jfc, UB_CR_SUCCESS, 0, i);
	while (__atomic_load_n(&s->jfs.rec->event_idx, __ATOMIC_ACQUIRE) != 21)
		sleep_ms(1);
	assert_int_equal(STAT(&s->rig, doorbells), 2);
}

static void spurious_doorbells_do_nothing(void **state)
{
	struct set *s = *state;

	for (unsigned i = 0; i < 10; i++)
		ub_core_db_write(s->rig.core, s->jfs.page * PAGE + UB_DB_JFS, i * 1000, 4);
	expect_none(&s->jfc);
	nops(s, 3);
	assert_int_equal(STAT(&s->rig, wqes), 3);
}

static void no_doorbell_is_lost(void **state)
{
	struct set *s = *state;

	/* Small ones inline, large ones on engines: the queue changes hands all the time. */
	for (unsigned i = 0; i < 3000; i++) {
		union twqe w = wqe_new(i & 1 ? UB_OP_NOP : UB_OP_WRITE, UB_WQE_COMPLETE, i);

		if (!(i & 1)) {
			wqe_target(&w, s->eid, s->b.va, s->b.id, s->b.token);
			wqe_sge(&w, s->a.va, 5000, s->a.id);
		}
		post(&s->jfs, &w);
		if (i & 2)
			continue;
		if (i >= 3) {
			expect(&s->jfc, UB_CR_SUCCESS, 0, i - 2);
			expect(&s->jfc, UB_CR_SUCCESS, 0, i - 1);
		}
		expect(&s->jfc, UB_CR_SUCCESS, 0, i);
		if (i & 1)
			continue;
		i++;
		w = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE, i);
		post(&s->jfs, &w);
		expect(&s->jfc, UB_CR_SUCCESS, 0, i);
	}
}

/* ---- Doorbell pages ---- */
static void bad_doorbells_are_counted(void **state)
{
	struct set *s = *state;
	uint64_t jfs = s->jfs.page * PAGE, jfc = s->jfc.page * PAGE;
	const struct { uint64_t offset; unsigned size; uint64_t value; } bad[] = {
		{ jfs + 0x80, 8, 0 }, { jfs + 0x80, 2, 0 }, { jfs + 0x84, 4, 0 },
		{ jfs + 0x40, 8, 0 }, { jfs + 0xffc, 4, 0 }, { jfs + 0x3c, 8, 0 },
		{ jfc + 0x40, 4, 0 }, { jfc + 0x80, 4, 0 }, { jfc + 0, 8, 0 },
		{ jfc + 0x40, 8, (uint64_t)(s->jfc.id + 1) << 32 }, { jfc + 0x40, 8, 0 },
		{ 0x80, 4, 0 }, { 100 * PAGE + 0x80, 4, 0 }, { 4096 * PAGE + 0x80, 4, 0 },
		{ ~0ull - 7, 8, 0 }, { jfs + 0x80, 3, 0 }, { jfs + 0x81, 4, 0 }, { jfs, 0, 0 },
	};
	uint64_t n = sizeof(bad) / sizeof(bad[0]);

	for (size_t i = 0; i < n; i++)
		ub_core_db_write(s->rig.core, bad[i].offset, bad[i].value, bad[i].size);
	assert_int_equal(STAT(&s->rig, guest_errors), n);
	assert_int_equal(STAT(&s->rig, db_traps), n);
	ub_core_db_direct(s->rig.core, s->jfc.page, bad);
	ub_core_db_direct(s->rig.core, 0xffffffff, bad);
	assert_int_equal(STAT(&s->rig, guest_errors), n + 2);
	nops(s, 2);
}

static void page_of_a_destroyed_queue(void **state)
{
	struct set *s = *state;

	assert_int_equal(admin_simple(&s->rig, UB_ADMIN_DESTROY_JFS, s->jfs.id), UB_ADMIN_OK);
	ub_core_db_write(s->rig.core, s->jfs.page * PAGE + UB_DB_JFS, 1, 4);
	assert_int_equal(STAT(&s->rig, guest_errors), 1);
}

/* ---- Direct WQE ---- */
static void direct_store(struct tjfs *jfs, const union twqe *w, unsigned size)
{
	for (unsigned at = 0; at < 64; at += size) {
		uint64_t v = 0;

		memcpy(&v, w->raw + at, size);
		ub_core_db_write(jfs->rig->core, jfs->page * PAGE + at, v, size);
	}
}

static void direct_wqe_runs_once(void **state)
{
	static const unsigned sizes[] = { 1, 2, 4, 8, 64 };
	struct set *s = *state;

	for (unsigned i = 0; i < 200; i++) {
		union twqe w = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE, i);

		wqe_put(&s->jfs, &w);
		publish(&s->jfs);
		/* From the page, not from the ring. */
		w.w.user_ctx = i + 1000;
		if (sizes[i % 5] == 64)
			ub_core_db_direct(s->rig.core, s->jfs.page, &w);
		else
			direct_store(&s->jfs, &w, sizes[i % 5]);
		expect(&s->jfc, UB_CR_SUCCESS, 0, i + 1000);
	}
	expect_none(&s->jfc);
	assert_int_equal(STAT(&s->rig, direct_wqes), 200);
	assert_int_equal(STAT(&s->rig, wqes), 200);
}

static void direct_wqe_of_the_wrong_moment_is_a_doorbell(void **state)
{
	struct set *s = *state;
	union twqe w = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE, 1), x;

	/* Two are due: both come from the ring. */
	wqe_put(&s->jfs, &w);
	x = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE, 2);
	wqe_put(&s->jfs, &x);
	publish(&s->jfs);
	x.w.user_ctx = 99;
	ub_core_db_direct(s->rig.core, s->jfs.page, &x);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 1);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 2);
	/* One that ran already, again: nothing is due. */
	ub_core_db_direct(s->rig.core, s->jfs.page, &x);
	expect_none(&s->jfc);
	/* Not published: nothing. */
	w = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE, 3);
	wqe_put(&s->jfs, &w);
	ub_core_db_direct(s->rig.core, s->jfs.page, &w);
	expect_none(&s->jfc);
	/* A wrong idx or owner bit: the ring's. */
	publish(&s->jfs);
	x = w;
	x.w.idx++;
	x.w.user_ctx = 99;
	ub_core_db_direct(s->rig.core, s->jfs.page, &x);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 3);
	assert_int_equal(STAT(&s->rig, direct_wqes), 0);
}

/* ---- States ---- */
static void transitions(void **state)
{
	/* From each state, the states that may be entered. */
	static const unsigned allowed[4] = { 1u << 1, 1u << 2 | 1u << 3, 1u << 1 | 1u << 3,
					     1u << 0 };
	static const unsigned path[4][3] = { { 3, 0, 9 }, { 9 }, { 2, 9 }, { 3, 9 } };
	struct set *s = *state;

	for (unsigned from = 0; from < 4; from++) {
		for (unsigned to = 0; to < 256; to++) {
			bool ok = to < 4 && allowed[from] & 1u << to;
			struct tjfs jfs;

			if (to > 4 && to < 255)
				continue;
			jfs_new(&s->ctx, &jfs, &s->jfc, 64, 0);
			for (unsigned i = 0; path[from][i] != 9; i++)
				assert_int_equal(jfs_modify(&jfs, path[from][i]), UB_ADMIN_OK);
			assert_int_equal(query(&s->rig, UB_ADMIN_QUERY_JFS, jfs.id), from);
			assert_int_equal(jfs_modify(&jfs, to),
					 ok ? UB_ADMIN_OK : UB_ADMIN_BAD_STATE);
			if (!ok)
				assert_int_equal(s->rig.reply.detail, from);
			assert_int_equal(query(&s->rig, UB_ADMIN_QUERY_JFS, jfs.id),
					 ok ? to : from);
			assert_int_equal(jfs.rec->state, ok ? to : from);
			assert_int_equal(admin_simple(&s->rig, UB_ADMIN_DESTROY_JFS, jfs.id),
					 UB_ADMIN_OK);
			while (s->jfc.ci != s->jfc.rec->pi)
				wait_cqe(&s->jfc);
		}
	}
}

static void suspend_keeps_wqes(void **state)
{
	struct set *s = *state;
	union twqe w = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE, 7);

	assert_int_equal(jfs_modify(&s->jfs, UB_STATE_SUSPENDED), UB_ADMIN_OK);
	expect(&s->jfc, UB_CR_WR_SUSPEND_DONE, 0, 0);
	post(&s->jfs, &w);
	expect_none(&s->jfc);
	assert_int_equal(s->jfs.rec->ci, 0);
	assert_int_equal(jfs_modify(&s->jfs, UB_STATE_READY), UB_ADMIN_OK);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 7);
}

static void error_suspend(void **state)
{
	struct set *s = *state;
	union twqe w = wqe_new(0x99, 0, 1);
	struct tjfs jfs;

	jfs_new(&s->ctx, &jfs, &s->jfc, 64, UB_JFS_F_ERROR_SUSPEND);
	wqe_put(&jfs, &w);
	w = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE, 2);
	wqe_put(&jfs, &w);
	ring_db(&jfs, 0);
	expect(&s->jfc, UB_CR_UNSUPPORTED_OPCODE_ERR, 0, 1);
	assert_int_equal(expect(&s->jfc, UB_CR_WR_SUSPEND_DONE, 0, 0).idx, 1);
	expect_none(&s->jfc);
	assert_int_equal(jfs.rec->state, UB_STATE_SUSPENDED);
	assert_int_equal(jfs_modify(&jfs, UB_STATE_READY), UB_ADMIN_OK);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 2);
}

static void error_reset_ready_again(void **state)
{
	struct set *s = *state;

	nops(s, 70);
	for (unsigned i = 0; i < 5; i++) {
		union twqe w = wqe_new(UB_OP_NOP, 0, 100 + i);

		assert_int_equal(jfs_modify(&s->jfs, UB_STATE_ERROR), UB_ADMIN_OK);
		assert_int_equal(expect(&s->jfc, UB_CR_WR_FLUSH_ERR_DONE, 0, 0).idx, s->jfs.pi);
		/* Later WQEs are not looked at. */
		wqe_put(&s->jfs, &w);
		ring_db(&s->jfs, s->jfs.pi - 1);
		ub_core_db_write(s->rig.core, s->jfs.page * PAGE + UB_DB_JFS, 0, 4);
		expect_none(&s->jfc);
		assert_int_equal(jfs_modify(&s->jfs, UB_STATE_RESET), UB_ADMIN_OK);
		assert_int_equal(s->jfs.rec->ci, 0);
		assert_int_equal(s->jfs.rec->event_idx, 0);
		rings_reset(&s->jfs);
		assert_int_equal(jfs_modify(&s->jfs, UB_STATE_READY), UB_ADMIN_OK);
		nops(s, 70);
	}
}

static void flush_of_a_long_queue(void **state)
{
	struct set *s = *state;
	struct tjfc jfc;
	struct tjfs jfs;
	unsigned n = 0;

	jfc_new(&s->ctx, &jfc, 4096);
	jfs_new(&s->ctx, &jfs, &jfc, 4096, 0);
	assert_int_equal(jfs_modify(&jfs, UB_STATE_SUSPENDED), UB_ADMIN_OK);
	expect(&jfc, UB_CR_WR_SUSPEND_DONE, 0, 0);
	while (jfs.pi < 4092) {
		union twqe w = wqe_new(UB_OP_WRITE, 0, n++);

		wqe_inline(&w, "", 0);
		w.w.inline_len = (uint16_t)(n * 7 % 209);
		wqe_put(&jfs, &w);
	}
	publish(&jfs);
	assert_int_equal(jfs_modify(&jfs, UB_STATE_ERROR), UB_ADMIN_OK);
	for (unsigned i = 0; i < n; i++)
		expect(&jfc, UB_CR_WR_FLUSH_ERR, 0, i);
	assert_int_equal(expect(&jfc, UB_CR_WR_FLUSH_ERR_DONE, 0, 0).idx, jfs.pi);
}

/* ---- Rings that cannot be trusted ---- */
static void event_is(struct set *s, unsigned type, uint32_t id)
{
	struct ub_hw_eqe eqe = wait_eqe(&s->rig, 0);

	assert_int_equal(eqe.type, type);
	assert_int_equal(eqe.id, id);
	assert_int_equal(eqe.tid, s->ctx.tid);
	assert_int_equal(eqe.info, UB_CR_LOC_OPERATION_ERR);
}

/* Five WQEs, the third spoilt. */
static void spoil(struct set *s, unsigned owner_xor, unsigned idx_add)
{
	struct ub_hw_wqe *third = (struct ub_hw_wqe *)(s->jfs.ring + 2 * 64);

	for (unsigned i = 0; i < 5; i++) {
		union twqe w = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE, i);

		wqe_put(&s->jfs, &w);
	}
	third->flags ^= owner_xor;
	third->idx += idx_add;
	ring_db(&s->jfs, 0);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 0);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 1);
	assert_int_equal(expect(&s->jfc, UB_CR_LOC_OPERATION_ERR, UB_SUB_OWNER, 2).idx, 2);
	expect(&s->jfc, UB_CR_WR_FLUSH_ERR, 0, 3);
	expect(&s->jfc, UB_CR_WR_FLUSH_ERR, 0, 4);
	assert_int_equal(expect(&s->jfc, UB_CR_WR_FLUSH_ERR_DONE, 0, 0).idx, 5);
	assert_int_equal(s->jfs.rec->state, UB_STATE_ERROR);
	event_is(s, UB_EVENT_JFS_ERR, s->jfs.id);
	assert_true(STAT(&s->rig, guest_errors) > 0);
}

static void wrong_owner_bit(void **state)
{
	spoil(*state, UB_WQE_OWNER, 0);
}

static void wrong_idx(void **state)
{
	spoil(*state, 0, 1);
}

static void flush_steps_over_rubbish(void **state)
{
	struct set *s = *state;

	for (unsigned i = 0; i < 10; i++) {
		union twqe w = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE, i);

		wqe_put(&s->jfs, &w);
	}
	memset(s->jfs.ring, 0xff, 64);		/* first: idx is wrong */
	memset(s->jfs.ring + 4 * 64, 0xff, 2 * 64);
	ring_db(&s->jfs, 0);
	expect(&s->jfc, UB_CR_LOC_OPERATION_ERR, UB_SUB_OWNER, ~0ull);
	for (unsigned i = 1; i < 10; i++)
		if (i != 4 && i != 5)
			expect(&s->jfc, UB_CR_WR_FLUSH_ERR, 0, i);
	expect(&s->jfc, UB_CR_WR_FLUSH_ERR_DONE, 0, 0);
	expect_none(&s->jfc);
}

static void wqe_beyond_pi(void **state)
{
	struct set *s = *state;
	union twqe w = wqe_new(UB_OP_WRITE, UB_WQE_COMPLETE, 4);

	wqe_inline(&w, "", 0);
	w.w.inline_len = 100;
	wqe_put(&s->jfs, &w);
	s->jfs.pi = 1;
	ring_db(&s->jfs, 0);
	expect(&s->jfc, UB_CR_LOC_OPERATION_ERR, UB_SUB_OWNER, 4);
	expect(&s->jfc, UB_CR_WR_FLUSH_ERR_DONE, 0, 0);
	event_is(s, UB_EVENT_JFS_ERR, s->jfs.id);
}

static void pi_too_far(struct set *s, uint32_t pi)
{
	__atomic_store_n(&s->jfs.rec->pi, pi, __ATOMIC_RELEASE);
	ub_core_db_write(s->rig.core, s->jfs.page * PAGE + UB_DB_JFS, 0, 4);
	expect(&s->jfc, UB_CR_WR_FLUSH_ERR_DONE, UB_SUB_PI, 0);
	expect_none(&s->jfc);
	event_is(s, UB_EVENT_JFS_ERR, s->jfs.id);
	assert_int_equal(s->jfs.rec->state, UB_STATE_ERROR);
}

static void pi_a_ring_and_one_ahead(void **state)
{
	pi_too_far(*state, 65);
}

static void pi_behind(void **state)
{
	pi_too_far(*state, 0xffffffff);
}

static void pi_too_far_when_entering_error(void **state)
{
	struct set *s = *state;

	s->jfs.rec->pi = 5000;
	assert_int_equal(jfs_modify(&s->jfs, UB_STATE_ERROR), UB_ADMIN_OK);
	expect(&s->jfc, UB_CR_WR_FLUSH_ERR_DONE, UB_SUB_PI, 0);
	expect_none(&s->jfc);
}

static void stale_wqes_of_the_lap_before(void **state)
{
	struct set *s = *state;

	nops(s, 64);
	/* PI moves on, but the ring still holds the first lap. */
	__atomic_store_n(&s->jfs.rec->pi, 66, __ATOMIC_RELEASE);
	ub_core_db_write(s->rig.core, s->jfs.page * PAGE + UB_DB_JFS, 0, 4);
	assert_int_equal(wait_cqe(&s->jfc).substatus, UB_SUB_OWNER);
	expect(&s->jfc, UB_CR_WR_FLUSH_ERR_DONE, 0, 0);
	expect_none(&s->jfc);
}

/* ---- Shares ---- */
static void many_queues_share_the_engines(void **state)
{
	static struct tjfs jfs[8];
	static struct tjfc jfc[8];
	struct set *s = *state;

	for (unsigned q = 0; q < 8; q++) {
		struct ub_admin_cmd cmd;

		jfc_new(&s->ctx, &jfc[q], 64);
		cmd = jfs_cmd(&s->ctx, &jfs[q], &jfc[q], 64);
		cmd.jfs.priority = (uint8_t)(q * 2);
		assert_int_equal(admin(&s->rig, &cmd), UB_ADMIN_OK);
	}
	for (unsigned q = 0; q < 8; q++) {
		for (unsigned i = 0; i < 30; i++) {
			union twqe w = wqe_new(UB_OP_WRITE, UB_WQE_COMPLETE, i);

			wqe_target(&w, s->eid, s->b.va, s->b.id, s->b.token);
			wqe_sge(&w, s->a.va, 200000, s->a.id);
			wqe_put(&jfs[q], &w);
		}
		ring_db(&jfs[q], 0);
	}
	for (unsigned q = 0; q < 8; q++)
		for (unsigned i = 0; i < 30; i++)
			expect(&jfc[q], UB_CR_SUCCESS, 0, i);
	assert_int_equal(STAT(&s->rig, engine_wqes), 240);
	assert_int_equal(STAT(&s->rig, bytes), 240 * 200000);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, set_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(indices_wrap),
		T(indices_wrap_at_32_bits),
		T(full_ring_at_once),
		T(event_idx_suppresses_doorbells),
		T(spurious_doorbells_do_nothing),
		T(no_doorbell_is_lost),
		T(bad_doorbells_are_counted),
		T(page_of_a_destroyed_queue),
		T(direct_wqe_runs_once),
		T(direct_wqe_of_the_wrong_moment_is_a_doorbell),
		T(transitions),
		T(suspend_keeps_wqes),
		T(error_suspend),
		T(error_reset_ready_again),
		T(flush_of_a_long_queue),
		T(wrong_owner_bit),
		T(wrong_idx),
		T(flush_steps_over_rubbish),
		T(wqe_beyond_pi),
		T(pi_a_ring_and_one_ahead),
		T(pi_behind),
		T(pi_too_far_when_entering_error),
		T(stale_wqes_of_the_lap_before),
		T(many_queues_share_the_engines),
	};

	return cmocka_run_group_tests_name("core-queue", tests, NULL, NULL);
}
