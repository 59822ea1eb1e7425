/* SPDX-License-Identifier: MIT */
/* Progress: what moves it, and which queue is running, so that only one that hangs looks so. */
#include "harness.h"

#define BURST	65536
#define STOP_AT	5

/* The engine stops in the middle of a command: at a map of what it writes. */
struct stop {
	struct gate gate, urgent;
	uint64_t bus, len;
	atomic_uint maps;
};

static void stop_on_map(struct rig *rig, uint64_t addr, bool is_write)
{
	struct stop *stop = rig->hook;

	(void)is_write;
	if (addr - stop->bus < stop->len && atomic_fetch_add(&stop->maps, 1) + 1 == STOP_AT)
		gate_pass(&stop->gate);
}

static void arm_stop(struct set *s, struct stop *stop)
{
	memset(stop, 0, sizeof(*stop));
	gate_init(&stop->gate);
	gate_init(&stop->urgent);
	stop->bus = BUS_BASE + (uint64_t)(s->b.ptr - s->rig.arena);
	stop->len = s->b.len;
	s->rig.map_limit = BURST;
	s->rig.hook = stop;
	atomic_store(&s->rig.on_map, stop_on_map);
}

static void look(struct tjfs *jfs)
{
	query(jfs->rig, UB_ADMIN_QUERY_JFS, jfs->id);
}

static uint32_t progress(struct tjfs *jfs)
{
	look(jfs);
	return jfs->rig->reply.detail;
}

static bool is_running(struct tjfs *jfs)
{
	look(jfs);
	return jfs->rig->reply.flags & UB_ADMIN_REPLY_RUNNING;
}

static bool is_waiting(struct tjfs *jfs)
{
	look(jfs);
	return jfs->rig->reply.flags & UB_ADMIN_REPLY_WAITING;
}

static uint32_t running(struct rig *rig)
{
	return (uint32_t)ub_core_reg_read(rig->core, UB_REG_RUNNING, 4);
}

static union twqe big_write(struct set *s, uint64_t user_ctx)
{
	union twqe w = wqe_new(UB_OP_WRITE, UB_WQE_COMPLETE, user_ctx);

	wqe_target(&w, s->eid, s->b.va, s->b.id, s->b.token);
	wqe_sge(&w, s->a.va, 1 << 20, s->a.id);
	return w;
}

static void is_advertised(void **state)
{
	struct set *s = *state;

	assert_true(ub_core_reg_read(s->rig.core, UB_REG_CAPS, 8) & UB_CAP_PROGRESS);
}

static void moves_with_completions(void **state)
{
	struct set *s = *state;
	uint32_t before = progress(&s->jfs);

	for (unsigned i = 1; i <= 3; i++) {
		union twqe w = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE, i);

		run(&s->jfs, &w);
		assert_int_equal(progress(&s->jfs), before + i);
	}
	assert_false(is_running(&s->jfs));
	assert_int_equal(running(&s->rig), 0);
}

static void moves_with_bursts(void **state)
{
	struct set *s = *state;
	union twqe w = big_write(s, 1);
	uint32_t before = progress(&s->jfs), inside;
	struct stop stop;

	arm_stop(s, &stop);
	post(&s->jfs, &w);
	gate_wait(&stop.gate);
	inside = progress(&s->jfs);
	assert_int_equal(inside, before + STOP_AT - 1);
	assert_true(is_running(&s->jfs));
	assert_int_equal(running(&s->rig), 1);
	/* It hangs: nothing moves. */
	assert_int_equal(progress(&s->jfs), inside);
	gate_open(&stop.gate);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 1);
	assert_int_equal(progress(&s->jfs), before + (1 << 20) / BURST);
	assert_false(is_running(&s->jfs));
}

/*
 * Tiles of at most 2.2 GFlop, alike: 2 x 2 of them; in pieces, 27 MiB that come and go by bursts as
 * well.
 */
static void moves_with_products_of_blocks(void **state)
{
	const uint32_t n = 1536;
	struct set *s = *state;
	union twqe w = wqe_new(UB_OP_GEMM_F32, UB_WQE_COMPLETE, 1);
	float one = 1;
	struct tseg x[3];
	uint32_t before;

	for (unsigned i = 0; i < 3; i++) {
		seg_new(&s->ctx, &x[i], n * n * 4ull, UB_ACCESS_LOCAL_ONLY, 0);
		wqe_sge(&w, x[i].va, n * n * 4, x[i].id);
	}
	w.w.gemm.m = w.w.gemm.n = w.w.gemm.k = n;
	w.w.gemm.lda = w.w.gemm.ldb = w.w.gemm.ldc = n;
	memcpy(&w.w.gemm.alpha, &one, 4);
	before = progress(&s->jfs);
	post(&s->jfs, &w);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 1);
	assert_int_equal(progress(&s->jfs), before + 1 + 2 * 2);
	s->rig.map_limit = 1 << 20;
	before = progress(&s->jfs);
	post(&s->jfs, &w);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 1);
	assert_int_equal(progress(&s->jfs), before + 1 + 2 * 2 + 3 * (n * n * 4 / BURST));
}

/* Each repeat shows, and between them the queue waits and is not running. */
static void moves_with_retries(void **state)
{
	struct set *s = *state;
	struct ub_admin_cmd cmd;
	union twqe w = wqe_new(UB_OP_SEND, 0, 3);
	struct tjfr jfr;
	struct tjfs q;
	uint32_t before;

	cmd = jfr_cmd(&s->ctx, &jfr, &s->jfc, 64);
	cmd.jfr.min_rnr_timer = 15;		/* 134 ms */
	assert_int_equal(admin(&s->rig, &cmd), UB_ADMIN_OK);
	cmd = jfs_cmd(&s->ctx, &q, &s->jfc, 64);
	cmd.jfs.rnr_retry = 2;
	assert_int_equal(admin(&s->rig, &cmd), UB_ADMIN_OK);
	before = progress(&q);
	wqe_target(&w, s->eid, 0, jfr.id, JFR_TOKEN);
	assert_false(is_waiting(&q));
	post(&q, &w);
	while (!is_waiting(&q))
		sched_yield();
	assert_true(progress(&q) != before);
	assert_false(is_running(&q));
	expect(&s->jfc, UB_CR_RNR_RETRY_CNT_EXC_ERR, 0, 3);
	assert_false(is_waiting(&q));
	assert_int_equal(progress(&q), before + 3);
}

/* One that waits for its turn, behind one that hangs, is not the guilty one. */
static void waiting_is_not_running(void **state)
{
	struct set *s = *state;
	union twqe w = big_write(s, 1);
	struct tjfs other;
	struct stop stop;

	arm_stop(s, &stop);
	jfs_new(&s->ctx, &other, &s->jfc, 64, 0);
	post(&s->jfs, &w);
	gate_wait(&stop.gate);
	w = big_write(s, 2);
	post(&other, &w);
	assert_false(is_running(&other));
	assert_true(is_running(&s->jfs));
	assert_int_equal(running(&s->rig), 1);
	gate_open(&stop.gate);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 1);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 2);
}

static void stop_at_irq_1(struct rig *rig, unsigned vector)
{
	struct stop *stop = rig->hook;

	if (vector == 1)
		gate_pass(&stop->urgent);
}

/* A command that a more urgent one runs on top of waits as well. */
static void put_off_is_not_running(void **state)
{
	struct set *s = *state;
	union twqe w = big_write(s, 1);
	struct ub_admin_cmd cmd;
	struct tjfs high;
	struct tjfc own;
	struct stop stop;

	jfc_new(&s->ctx, &own, 64);
	cmd = jfs_cmd(&s->ctx, &high, &own, 64);
	cmd.jfs.priority = 15;
	assert_int_equal(admin(&s->rig, &cmd), UB_ADMIN_OK);
	arm_stop(s, &stop);
	post(&s->jfs, &w);
	gate_wait(&stop.gate);
	assert_true(is_running(&s->jfs));
	rearm(&own, 1, false);
	atomic_store(&s->rig.on_irq, stop_at_irq_1);
	w = big_write(s, 2);
	post(&high, &w);
	gate_open(&stop.gate);
	gate_wait(&stop.urgent);
	assert_false(is_running(&s->jfs));
	expect_none(&s->jfc);
	gate_open(&stop.urgent);
	expect(&own, UB_CR_SUCCESS, 0, 2);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 1);
}

/* A post whose doorbell was lost shows all the same. */
static void pi_is_read_for_the_answer(void **state)
{
	struct set *s = *state;
	union twqe w = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE, 1);

	assert_int_equal(jfs_modify(&s->jfs, UB_STATE_SUSPENDED), UB_ADMIN_OK);
	expect(&s->jfc, UB_CR_WR_SUSPEND_DONE, 0, 0);
	wqe_put(&s->jfs, &w);
	publish(&s->jfs);
	look(&s->jfs);
	assert_int_equal(s->rig.reply.pi, 1);
	assert_int_equal(s->rig.reply.ci, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, set_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(is_advertised),
		T(moves_with_completions),
		T(moves_with_bursts),
		T(moves_with_products_of_blocks),
		T(moves_with_retries),
		cmocka_unit_test_setup_teardown(waiting_is_not_running, set_up_one_engine,
						set_down),
		cmocka_unit_test_setup_teardown(put_off_is_not_running, set_up_one_engine,
						set_down),
		T(pi_is_read_for_the_answer),
	};

	return cmocka_run_group_tests_name("core-progress", tests, NULL, NULL);
}
