/* SPDX-License-Identifier: MIT */
/*
 * Strict priorities and weights. One engine, and one JFC for all queues: the order of its CQEs is
 * the order in which the engine worked, so nothing here depends on time.
 */
#include <pthread.h>

#include "harness.h"

#define BURST		65536
#define MAX_QUEUES	8

struct qos {
	struct rig rig;
	struct tctx ctx;
	struct tjfc jfc;
	struct tseg src, dst, urgent;	/* the urgent queue's target is one of its own */
	struct gate gate, urgent_gate;
	uint64_t dst_bus, urgent_bus;
	atomic_uint dst_maps, after_urgent;
	unsigned stop_at;		/* map of dst at which the gate is */
};

static uint64_t bus_of(struct rig *rig, const struct tseg *seg)
{
	return BUS_BASE + (uint64_t)(seg->ptr - rig->arena);
}

static bool inside(const struct tseg *seg, uint64_t bus, uint64_t addr)
{
	return addr >= bus && addr < bus + seg->len;
}

static int qos_up(void **state)
{
	struct qos *q = calloc(1, sizeof(*q));
	struct ub_core_config config;

	rig_config(&q->rig, &config, 1);
	config.engines = 1;
	q->rig.map_limit = BURST;	/* so that maps tell bursts */
	rig_init_config(&q->rig, &config);
	rig_enable(&q->rig);
	ctx_new(&q->rig, &q->ctx);
	jfc_new(&q->ctx, &q->jfc, 16384);
	seg_new(&q->ctx, &q->src, 1 << 20, UB_ACCESS_READ | UB_ACCESS_WRITE, 1);
	seg_new(&q->ctx, &q->dst, 1 << 20, UB_ACCESS_READ | UB_ACCESS_WRITE, 2);
	seg_new(&q->ctx, &q->urgent, 1 << 20, UB_ACCESS_READ | UB_ACCESS_WRITE, 3);
	q->dst_bus = bus_of(&q->rig, &q->dst);
	q->urgent_bus = bus_of(&q->rig, &q->urgent);
	q->rig.hook = q;
	gate_init(&q->gate);
	gate_init(&q->urgent_gate);
	*state = q;
	return 0;
}

static int qos_down(void **state)
{
	struct qos *q = *state;

	gate_open(&q->gate);
	gate_open(&q->urgent_gate);
	rig_fini(&q->rig);
	free(q);
	return 0;
}

static void queue_new(struct qos *q, struct tjfs *jfs, unsigned priority, unsigned weight)
{
	struct ub_admin_cmd cmd = jfs_cmd(&q->ctx, jfs, &q->jfc, 4096);

	cmd.jfs.priority = (uint8_t)priority;
	cmd.jfs.weight = (uint8_t)weight;
	assert_int_equal(admin(&q->rig, &cmd), UB_ADMIN_OK);
}

static void put_write(struct qos *q, struct tjfs *jfs, const struct tseg *to, uint32_t len,
		      uint64_t user_ctx)
{
	union twqe w = wqe_new(UB_OP_WRITE, UB_WQE_COMPLETE, user_ctx);

	wqe_target(&w, q->rig.config.eid, to->va, to->id, to->token);
	wqe_sge(&w, q->src.va, len, q->src.id);
	wqe_put(jfs, &w);
}

/* ---- An engine that stands in an urgent command, with no lock held ---- */
static void stop_at_irq_1(struct rig *rig, unsigned vector)
{
	struct qos *q = rig->hook;

	if (vector == 1)
		gate_pass(&q->urgent_gate);
}

static void new_urgent(struct qos *q, struct tjfc *own, struct tjfs *high)
{
	struct ub_admin_cmd cmd;

	jfc_new(&q->ctx, own, 64);
	cmd = jfs_cmd(&q->ctx, high, own, 64);
	cmd.jfs.priority = 15;
	assert_int_equal(admin(&q->rig, &cmd), UB_ADMIN_OK);
}

static void post_urgent(struct qos *q, struct tjfc *own, struct tjfs *high)
{
	rearm(own, 1, false);
	atomic_store(&q->rig.on_irq, stop_at_irq_1);
	put_write(q, high, &q->urgent, BURST, 5);
	ring_db(high, 0);
}

/* ---- Shares ---- */
struct load {
	unsigned priority, weight;
	uint32_t size[2];		/* in turn */
	unsigned count;
};

static void fill_queue(struct qos *q, struct tjfs *jfs, const struct load *load, unsigned n)
{
	queue_new(q, jfs, load->priority, load->weight);
	assert_int_equal(jfs_modify(jfs, UB_STATE_SUSPENDED), UB_ADMIN_OK);
	assert_int_equal(expect(&q->jfc, UB_CR_WR_SUSPEND_DONE, 0, 0).local_id, jfs->id);
	for (unsigned i = 0; i < load->count; i++)
		put_write(q, jfs, &q->dst, load->size[i & 1], n);
	publish(jfs);
}

/* All at once: the engine stands while they become READY. */
static void start_queues(struct qos *q, struct tjfs *jfs, unsigned n)
{
	struct tjfs high;
	struct tjfc own;

	new_urgent(q, &own, &high);
	post_urgent(q, &own, &high);
	gate_wait(&q->urgent_gate);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(jfs_modify(&jfs[i], UB_STATE_READY), UB_ADMIN_OK);
	gate_open(&q->urgent_gate);
}

/* Bytes of each queue from where all have begun to where the first has ended. */
static void count_shares(struct qos *q, const struct load *load, unsigned n, uint64_t *bytes)
{
	unsigned done[MAX_QUEUES] = { 0 }, begun = 0, total = 0, seen = 0;
	bool ended = false;

	for (unsigned i = 0; i < n; i++)
		total += load[i].count;
	for (; seen < total; seen++) {
		struct ub_hw_cqe cqe = wait_cqe(&q->jfc);

		assert_int_equal(cqe.status, UB_CR_SUCCESS);
		if (begun == n && !ended)
			bytes[cqe.user_ctx] += cqe.len;
		begun += !done[cqe.user_ctx]++;
		ended |= done[cqe.user_ctx] == load[cqe.user_ctx].count;
	}
	assert_int_equal(begun, n);
}

/* Each within 5 % of what its weight of the sum says. */
static void check_shares(struct qos *q, const struct load *load, unsigned n)
{
	struct tjfs jfs[MAX_QUEUES];
	uint64_t bytes[MAX_QUEUES] = { 0 }, sum = 0;
	unsigned weights = 0;

	for (unsigned i = 0; i < n; i++)
		fill_queue(q, &jfs[i], &load[i], i);
	start_queues(q, jfs, n);
	count_shares(q, load, n, bytes);
	for (unsigned i = 0; i < n; i++) {
		sum += bytes[i];
		weights += load[i].weight ? load[i].weight : load[i].priority + 1;
	}
	for (unsigned i = 0; i < n; i++) {
		unsigned weight = load[i].weight ? load[i].weight : load[i].priority + 1;
		double got = (double)bytes[i] * weights / ((double)sum * weight);

		if (got < 0.95 || got > 1.05)
			fail_msg("queue %u of weight %u got %.3f of its share", i, weight, got);
	}
}

static void shares_1_2_4(void **state)
{
	static const struct load load[] = {
		{ 0, 1, { 65536, 65536 }, 200 },
		{ 0, 2, { 65536, 65536 }, 400 },
		{ 0, 4, { 65536, 65536 }, 800 },
	};

	check_shares(*state, load, 3);
}

static void shares_255_1(void **state)
{
	static const struct load load[] = {
		{ 0, 1, { 16384, 65536 }, 100 },
		{ 0, 255, { 1 << 20, 300000 }, 1500 },
	};

	check_shares(*state, load, 2);
}

/* Small commands count as 4096 bytes: the same size for all, so the bytes still tell. */
static void shares_of_small_commands(void **state)
{
	static const struct load load[] = {
		{ 0, 1, { 512, 512 }, 1000 },
		{ 0, 3, { 512, 512 }, 3000 },
	};

	check_shares(*state, load, 2);
}

static void shares_of_mixed_sizes(void **state)
{
	static const struct load load[] = {
		{ 0, 10, { 1 << 20, 4096 }, 500 },
		{ 0, 20, { 8192, 131072 }, 4000 },
		{ 0, 30, { 700000, 100000 }, 2000 },
		{ 0, 5, { 1 << 20, 1 << 20 }, 120 },
	};

	check_shares(*state, load, 4);
}

/* Priorities below 8 are one class; weight 0 stands for priority + 1. */
static void shares_by_priority(void **state)
{
	static const struct load load[] = {
		{ 0, 0, { 65536, 20000 }, 300 },
		{ 3, 0, { 65536, 50000 }, 1000 },
		{ 7, 0, { 65536, 65536 }, 1800 },
	};

	check_shares(*state, load, 3);
}

static void shares_in_a_strict_class(void **state)
{
	static const struct load load[] = {
		{ 12, 1, { 65536, 65536 }, 200 },
		{ 12, 6, { 40000, 200000 }, 1000 },
	};

	check_shares(*state, load, 2);
}

static void nobody_starves_in_a_class(void **state)
{
	struct qos *q = *state;
	struct load load = { 9, 1, { 65536, 65536 }, 60 };
	struct tjfs jfs[MAX_QUEUES];
	unsigned last[MAX_QUEUES] = { 0 }, done[MAX_QUEUES] = { 0 };

	for (unsigned i = 0; i < MAX_QUEUES; i++)
		fill_queue(q, &jfs[i], &load, i);
	start_queues(q, jfs, MAX_QUEUES);
	for (unsigned at = 1; at <= MAX_QUEUES * load.count; at++) {
		unsigned i = (unsigned)wait_cqe(&q->jfc).user_ctx;

		/* A round is one command of each; those that ended leave it. */
		if (done[i]++ && at - last[i] > MAX_QUEUES)
			fail_msg("queue %u waited for %u commands", i, at - last[i]);
		last[i] = at;
	}
}

/* ---- Precedence ---- */
static void stop_in_dst(struct rig *rig, uint64_t addr, bool is_write)
{
	struct qos *q = rig->hook;

	if (is_write && inside(&q->dst, q->dst_bus, addr)) {
		unsigned n = atomic_fetch_add(&q->dst_maps, 1) + 1;

		if (n == q->stop_at)
			gate_pass(&q->gate);
	}
}

/* The engine stands in a burst of a command of queue low. */
static void stop_low(struct qos *q, struct tjfs *low, unsigned priority, unsigned commands)
{
	queue_new(q, low, priority, 1);
	q->stop_at = 3;
	atomic_store(&q->rig.on_map, stop_in_dst);
	for (unsigned i = 0; i < commands; i++)
		put_write(q, low, &q->dst, 1 << 20, 1000 + i);
	ring_db(low, 0);
	gate_wait(&q->gate);
}

static void strict_ones_first_and_in_order(void **state)
{
	static const unsigned priority[] = { 0, 7, 8, 15, 11, 9 }, due[] = { 15, 11, 9, 8 };
	struct qos *q = *state;
	struct tjfs low, jfs[6];

	stop_low(q, &low, 0, 3);
	for (unsigned i = 0; i < 6; i++) {
		queue_new(q, &jfs[i], priority[i], 1);
		for (unsigned j = 0; j < 20; j++)
			put_write(q, &jfs[i], &q->urgent, 200000, priority[i]);
		ring_db(&jfs[i], 0);
	}
	gate_open(&q->gate);
	for (unsigned i = 0; i < 4; i++)
		for (unsigned j = 0; j < 20; j++)
			expect(&q->jfc, UB_CR_SUCCESS, 0, due[i]);
	for (unsigned i = 0; i < 3 + 2 * 20; i++)
		wait_cqe(&q->jfc);
	assert_int_equal(STAT(&q->rig, preemptions), 1);
}

/* As stop_in_dst(), and how many of its bursts begin before the urgent command does. */
static void count_bursts(struct rig *rig, uint64_t addr, bool is_write)
{
	struct qos *q = rig->hook;

	stop_in_dst(rig, addr, is_write);
	if (is_write && inside(&q->urgent, q->urgent_bus, addr))
		atomic_store(&q->after_urgent, atomic_load(&q->dst_maps));
}

static void urgent_waits_for_one_burst(void **state)
{
	struct qos *q = *state;
	struct tjfs low, high;

	queue_new(q, &high, 8, 1);
	stop_low(q, &low, 7, 10);
	atomic_store(&q->rig.on_map, count_bursts);
	put_write(q, &high, &q->urgent, BURST, 5);
	ring_db(&high, 0);
	gate_open(&q->gate);
	/* Its CQE is the first of all, and the low one moved the burst it was in and no other. */
	expect(&q->jfc, UB_CR_SUCCESS, 0, 5);
	assert_int_equal(atomic_load(&q->after_urgent), q->stop_at);
	for (unsigned i = 0; i < 10; i++)
		expect(&q->jfc, UB_CR_SUCCESS, 0, 1000 + i);
	assert_int_equal(STAT(&q->rig, preemptions), 1);
	assert_memory_equal(q->dst.ptr, q->src.ptr, 1 << 20);
}

/* Of each kind of command that goes by bursts. */
static void preempts(struct qos *q, union twqe *w)
{
	struct tjfs low, high;

	queue_new(q, &low, 0, 1);
	queue_new(q, &high, 15, 1);
	q->stop_at = 2;
	atomic_store(&q->rig.on_map, stop_in_dst);
	w->w.user_ctx = 1;
	wqe_put(&low, w);
	ring_db(&low, 0);
	gate_wait(&q->gate);
	put_write(q, &high, &q->urgent, BURST, 2);
	ring_db(&high, 0);
	gate_open(&q->gate);
	expect(&q->jfc, UB_CR_SUCCESS, 0, 2);
	expect(&q->jfc, UB_CR_SUCCESS, 0, 1);
	assert_int_equal(STAT(&q->rig, preemptions), 1);
}

static void preempts_fill(void **state)
{
	struct qos *q = *state;
	union twqe w = wqe_new(UB_OP_FILL, UB_WQE_COMPLETE, 0);

	w.w.pattern = 0x5a;
	w.w.pattern_size = 1;
	wqe_sge(&w, q->dst.va, 1 << 20, q->dst.id);
	preempts(q, &w);
	for (unsigned i = 0; i < 1 << 20; i++)
		assert_int_equal(q->dst.ptr[i], 0x5a);
}

static void preempts_read(void **state)
{
	struct qos *q = *state;
	union twqe w = wqe_new(UB_OP_READ, UB_WQE_COMPLETE, 0);

	for (unsigned i = 0; i < 1 << 20; i++)
		q->src.ptr[i] = (uint8_t)(i * 7);
	wqe_target(&w, q->rig.config.eid, q->src.va, q->src.id, q->src.token);
	wqe_sge(&w, q->dst.va, 1 << 20, q->dst.id);
	preempts(q, &w);
	assert_memory_equal(q->dst.ptr, q->src.ptr, 1 << 20);
}

/* Its C goes back by bursts, from scratch that the urgent GEMM on top must not touch. */
static void preempts_gemm_by_gemm(void **state)
{
	enum { N = 256 };
	struct qos *q = *state;
	union twqe w = wqe_new(UB_OP_GEMM_F32, UB_WQE_COMPLETE, 1), v;
	const float one = 1;
	struct tjfs low, high;

	w.w.gemm.m = w.w.gemm.n = w.w.gemm.k = N;
	w.w.gemm.lda = w.w.gemm.ldb = w.w.gemm.ldc = N;
	memcpy(&w.w.gemm.alpha, &one, 4);
	v = w;
	v.w.user_ctx = 2;
	for (unsigned i = 0; i < N * N; i++)
		((float *)q->src.ptr)[i] = 2;
	wqe_sge(&w, q->src.va, N * N * 4, q->src.id);
	wqe_sge(&w, q->src.va, N * N * 4, q->src.id);
	wqe_sge(&w, q->dst.va, N * N * 4, q->dst.id);
	wqe_sge(&v, q->urgent.va, N * N * 4, q->urgent.id);
	wqe_sge(&v, q->urgent.va, N * N * 4, q->urgent.id);
	wqe_sge(&v, q->urgent.va, N * N * 4, q->urgent.id);
	queue_new(q, &low, 0, 1);
	queue_new(q, &high, 15, 1);
	q->stop_at = 2;
	atomic_store(&q->rig.on_map, stop_in_dst);
	post(&low, &w);
	gate_wait(&q->gate);
	post(&high, &v);
	gate_open(&q->gate);
	expect(&q->jfc, UB_CR_SUCCESS, 0, 2);
	expect(&q->jfc, UB_CR_SUCCESS, 0, 1);
	for (unsigned i = 0; i < N * N; i++)
		assert_true(((float *)q->dst.ptr)[i] == 4.0f * N);
}

/* One thread at one command of each class, and what was preempted goes on in its turn. */
static void nests_once_for_each_class(void **state)
{
	struct qos *q = *state;
	struct tjfs low, jfs[8];

	stop_low(q, &low, 3, 1);
	for (unsigned i = 0; i < 8; i++) {
		queue_new(q, &jfs[i], 8 + i, 1);
		put_write(q, &jfs[i], &q->urgent, 1 << 20, i);
		ring_db(&jfs[i], 0);
	}
	gate_open(&q->gate);
	for (unsigned i = 8; i-- > 0;)
		expect(&q->jfc, UB_CR_SUCCESS, 0, i);
	expect(&q->jfc, UB_CR_SUCCESS, 0, 1000);
	assert_int_equal(STAT(&q->rig, preemptions), 1);
}

/* ---- Preempted and gone ---- */
/* The engine stands in an urgent command on top of one of queue low. */
static void stop_on_top(struct qos *q, struct tjfs *low, struct tjfc *own, struct tjfs *high)
{
	new_urgent(q, own, high);
	stop_low(q, low, 0, 2);
	post_urgent(q, own, high);
	gate_open(&q->gate);
	gate_wait(&q->urgent_gate);
	atomic_store(&q->dst_maps, q->stop_at + 1);
}

/* Nothing of what was preempted reaches memory any more. */
static void expect_gone(struct qos *q)
{
	unsigned maps = atomic_load(&q->dst_maps);

	gate_open(&q->urgent_gate);
	sleep_ms(20);
	assert_int_equal(atomic_load(&q->dst_maps), maps);
}

static void destroyed_while_preempted(void **state)
{
	struct qos *q = *state;
	struct tjfs low, high;
	struct tjfc own;

	stop_on_top(q, &low, &own, &high);
	assert_int_equal(admin_simple(&q->rig, UB_ADMIN_DESTROY_JFS, low.id), UB_ADMIN_OK);
	assert_int_equal(admin_simple(&q->rig, UB_ADMIN_DESTROY_SEG, q->dst.id), UB_ADMIN_OK);
	expect_gone(q);
	expect(&own, UB_CR_SUCCESS, 0, 5);
	expect_none(&q->jfc);
	put_write(q, &high, &q->urgent, BURST, 6);
	ring_db(&high, 1);
	expect(&own, UB_CR_SUCCESS, 0, 6);
}

static void flushed_while_preempted(void **state)
{
	struct qos *q = *state;
	struct tjfs low, high;
	struct tjfc own;

	stop_on_top(q, &low, &own, &high);
	assert_int_equal(jfs_modify(&low, UB_STATE_ERROR), UB_ADMIN_OK);
	gate_open(&q->urgent_gate);
	/* The WQE under way ends as it will, the others are flushed. */
	expect(&q->jfc, UB_CR_SUCCESS, 0, 1000);
	expect(&q->jfc, UB_CR_WR_FLUSH_ERR, 0, 1001);
	expect(&q->jfc, UB_CR_WR_FLUSH_ERR_DONE, 0, 0);
}

static void queue_reset_while_preempted(void **state)
{
	struct qos *q = *state;
	struct tjfs low, high;
	struct tjfc own;

	stop_on_top(q, &low, &own, &high);
	assert_int_equal(jfs_modify(&low, UB_STATE_ERROR), UB_ADMIN_OK);
	assert_int_equal(jfs_modify(&low, UB_STATE_RESET), UB_ADMIN_OK);
	expect_gone(q);
	expect_none(&q->jfc);
	rings_reset(&low);
	assert_int_equal(jfs_modify(&low, UB_STATE_READY), UB_ADMIN_OK);
	put_write(q, &low, &q->dst, 1 << 20, 9);
	ring_db(&low, 0);
	expect(&q->jfc, UB_CR_SUCCESS, 0, 9);
}

static void device_reset_while_preempted(void **state)
{
	struct qos *q = *state;
	struct tjfs low, high;
	struct tjfc own;

	stop_on_top(q, &low, &own, &high);
	ub_core_reset(q->rig.core);
	expect_gone(q);
	expect_none(&q->jfc);
}

/* Destroyed before its turn came: it does not get one. */
static void destroyed_while_it_waits(void **state)
{
	struct qos *q = *state;
	struct tjfs low, high, other;
	struct tjfc own;

	stop_on_top(q, &low, &own, &high);
	queue_new(q, &other, 0, 1);
	put_write(q, &other, &q->urgent, 1 << 20, 7);
	ring_db(&other, 0);
	assert_int_equal(admin_simple(&q->rig, UB_ADMIN_DESTROY_JFS, other.id), UB_ADMIN_OK);
	gate_open(&q->urgent_gate);
	expect(&q->jfc, UB_CR_SUCCESS, 0, 1000);
	expect(&q->jfc, UB_CR_SUCCESS, 0, 1001);
	expect_none(&q->jfc);
}

static void strict_is_announced(void **state)
{
	struct qos *q = *state;

	assert_true(ub_core_reg_read(q->rig.core, UB_REG_CAPS, 8) & UB_CAP_STRICT);
}

#define T(f) cmocka_unit_test_setup_teardown(f, qos_up, qos_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(strict_is_announced),
		T(shares_1_2_4),
		T(shares_255_1),
		T(shares_of_small_commands),
		T(shares_of_mixed_sizes),
		T(shares_by_priority),
		T(shares_in_a_strict_class),
		T(nobody_starves_in_a_class),
		T(strict_ones_first_and_in_order),
		T(urgent_waits_for_one_burst),
		T(preempts_fill),
		T(preempts_read),
		T(preempts_gemm_by_gemm),
		T(nests_once_for_each_class),
		T(destroyed_while_preempted),
		T(flushed_while_preempted),
		T(queue_reset_while_preempted),
		T(device_reset_while_preempted),
		T(destroyed_while_it_waits),
	};

	return cmocka_run_group_tests_name("core-qos", tests, NULL, NULL);
}
