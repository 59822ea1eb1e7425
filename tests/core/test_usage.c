/* SPDX-License-Identifier: MIT */
/* Usage: what queues and contexts have done, and how long commands take. */
#include "harness.h"

#define RECORDS	16
#define OFF(member) offsetof(struct ub_admin_cmd, usage.member)

static uint64_t room;		/* bus address, of RECORDS records */

/* The records from an id on; how many. */
static unsigned usage(struct rig *rig, unsigned kind, uint32_t id, unsigned records)
{
	struct ub_admin_cmd cmd = {
		.opcode = UB_ADMIN_QUERY_USAGE,
		.id = id,
		.usage = { .kind = kind, .bytes = records * sizeof(struct ub_hw_usage) },
	};

	if (!room)
		room = bus_alloc(rig, PAGE, PAGE);
	cmd.usage.base = room;
	memset(bus_ptr(rig, room), 0xee, PAGE);
	assert_int_equal(admin(rig, &cmd), UB_ADMIN_OK);
	return (unsigned)rig->reply.count;
}

static const struct ub_hw_usage *record(struct rig *rig, unsigned n)
{
	return (const struct ub_hw_usage *)bus_ptr(rig, room) + n;
}

static const struct ub_hw_usage *usage_of(struct tjfs *jfs)
{
	assert_int_equal(usage(jfs->rig, UB_USAGE_JFS, jfs->id, 1), 1);
	assert_int_equal(record(jfs->rig, 0)->id, jfs->id);
	return record(jfs->rig, 0);
}

static uint32_t timed(const struct ub_hw_usage *u)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < UB_USAGE_BUCKETS; i++)
		sum += u->service[i];
	return sum;
}

static int begin(void **state)
{
	room = 0;
	return set_up(state);
}

/* An engine takes what a doorbell would run itself. */
static int begin_engines_alone(void **state)
{
	struct set *s = calloc(1, sizeof(*s));
	struct ub_core_config config;

	room = 0;
	rig_config(&s->rig, &config, 1);
	config.engines = 1;
	config.inline_bytes = 0;
	config.poll_ns = 0;
	set_up_config(s, &config);
	*state = s;
	return 0;
}

static int begin_without(void **state)
{
	struct set *s = calloc(1, sizeof(*s));
	struct ub_core_config config;

	rig_config(&s->rig, &config, 1);
	config.usage = false;
	set_up_config(s, &config);
	*state = s;
	return 0;
}

static void is_advertised(void **state)
{
	struct set *s = *state;

	assert_true(ub_core_reg_read(s->rig.core, UB_REG_CAPS, 8) & UB_CAP_USAGE);
}

static void without_it_there_is_none(void **state)
{
	struct set *s = *state;
	struct ub_admin_cmd cmd = {
		.opcode = UB_ADMIN_QUERY_USAGE,
		.usage = { .kind = UB_USAGE_JFS, .bytes = sizeof(struct ub_hw_usage) },
	};

	assert_false(ub_core_reg_read(s->rig.core, UB_REG_CAPS, 8) & UB_CAP_USAGE);
	assert_int_equal(admin(&s->rig, &cmd), UB_ADMIN_BAD_OPCODE);
}

static void buckets_follow_each_other(void **state)
{
	(void)state;
	assert_int_equal(ub_hw_usage_least(0), 0);
	assert_int_equal(ub_hw_usage_least(1), 256);
	assert_int_equal(ub_hw_usage_least(2), 384);
	assert_int_equal(ub_hw_usage_least(3), 512);
	for (unsigned i = 1; i < UB_USAGE_BUCKETS; i++)
		assert_true(ub_hw_usage_least(i) > ub_hw_usage_least(i - 1));
	assert_true(ub_hw_usage_least(UB_USAGE_BUCKETS - 1) > 2000000000ull);
}

static void refusals(void **state)
{
	static const struct {
		uint64_t base;
		uint32_t bytes, kind, status, detail;
	} cases[] = {
		{ BUS_BASE + 128, 256, UB_USAGE_JFS, UB_ADMIN_BAD_FIELD, OFF(base) },
		{ BUS_BASE, 0, UB_USAGE_JFS, UB_ADMIN_BAD_FIELD, OFF(bytes) },
		{ BUS_BASE, 300, UB_USAGE_JFS, UB_ADMIN_BAD_FIELD, OFF(bytes) },
		{ BUS_BASE, 65536 + 256, UB_USAGE_JFS, UB_ADMIN_BAD_FIELD, OFF(bytes) },
		{ BUS_BASE, 256, 0, UB_ADMIN_BAD_FIELD, OFF(kind) },
		{ BUS_BASE, 256, 3, UB_ADMIN_BAD_FIELD, OFF(kind) },
		{ 1ull << 60, 256, UB_USAGE_JFS, UB_ADMIN_BAD_ADDRESS, OFF(base) },
	};
	struct set *s = *state;

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ub_admin_cmd cmd = {
			.opcode = UB_ADMIN_QUERY_USAGE,
			.usage = { .base = cases[i].base, .bytes = cases[i].bytes,
				   .kind = cases[i].kind },
		};

		assert_int_equal(admin(&s->rig, &cmd), cases[i].status);
		assert_int_equal(s->rig.reply.detail, cases[i].detail);
	}
}

/* The clock stands still but for what each map of memory takes. */
static void tick(struct rig *rig, uint64_t addr, bool is_write)
{
	(void)addr;
	(void)is_write;
	atomic_fetch_add(&rig->fake_ns, 1000);
}

static void commands_are_counted_and_timed(void **state)
{
	struct set *s = *state;
	union twqe w = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE, 1);
	struct ub_hw_usage u = *usage_of(&s->jfs);

	assert_int_equal(u.tid, s->ctx.tid);
	assert_int_equal(u.wqes + u.bytes + u.errors + u.doorbells + u.busy_ns, 0);
	atomic_store(&s->rig.fake_ns, 1000000);
	run(&s->jfs, &w);
	u = *usage_of(&s->jfs);
	assert_int_equal(u.wqes, 1);
	assert_int_equal(u.doorbells, 1);
	assert_int_equal(u.service[0], 1);
	assert_int_equal(u.busy_ns, 0);
	/* Each piece of 4 KiB on both sides is a map. */
	s->rig.map_limit = 4096;
	atomic_store(&s->rig.on_map, tick);
	w = wqe_new(UB_OP_WRITE, UB_WQE_COMPLETE, 2);
	wqe_target(&w, s->eid, s->b.va, s->b.id, s->b.token);
	wqe_sge(&w, s->a.va, 1 << 20, s->a.id);
	post(&s->jfs, &w);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 2);
	u = *usage_of(&s->jfs);
	assert_int_equal(u.wqes, 2);
	assert_int_equal(u.bytes, 1 << 20);
	assert_true(u.service_ns >= 512 * 1000 && u.service_ns <= 1200 * 1000);
	assert_int_equal(timed(&u), 2);
	for (unsigned i = 1; i < UB_USAGE_BUCKETS; i++)
		if (u.service[i])
			assert_true(ub_hw_usage_least(i) <= u.service_ns &&
				    u.service_ns < ub_hw_usage_least(i + 1));
	assert_true(u.busy_ns >= 512 * 1000 && u.busy_ns <= u.service_ns);
	assert_int_equal(STAT(&s->rig, busy_ns), u.busy_ns);
	assert_int_equal(STAT(&s->rig, bytes), 1 << 20);
}

static void errors_are_counted(void **state)
{
	struct set *s = *state;
	union twqe w = wqe_new(0x99, 0, 1);
	const struct ub_hw_usage *u;

	run(&s->jfs, &w);
	u = usage_of(&s->jfs);
	assert_int_equal(u->errors, 1);
	assert_int_equal(u->wqes, 1);
	assert_int_equal(STAT(&s->rig, errors), 1);
}

/* Of 32 that run at once the last alone gives a CQE: each has a share. */
static void silent_commands_are_timed_too(void **state)
{
	struct set *s = *state;
	struct ub_hw_usage u;

	for (unsigned i = 1; i <= 32; i++) {
		union twqe w = wqe_new(UB_OP_NOP, i == 32 ? UB_WQE_COMPLETE : 0, i);

		wqe_put(&s->jfs, &w);
	}
	assert_true(ring_db(&s->jfs, 0));
	expect(&s->jfc, UB_CR_SUCCESS, 0, 32);
	u = *usage_of(&s->jfs);
	assert_int_equal(u.wqes, 32);
	assert_int_equal(timed(&u), 32);
	/* And when none does, as soon as the queue has nothing to do. */
	for (unsigned i = 0; i < 5; i++) {
		union twqe w = wqe_new(UB_OP_NOP, 0, i);

		post(&s->jfs, &w);
	}
	while (usage_of(&s->jfs)->pending)
		sched_yield();
	while (timed(usage_of(&s->jfs)) < 37)
		sched_yield();
	assert_int_equal(usage_of(&s->jfs)->wqes, 37);
}

/* Time in which a queue waits, for a receiver, is no thread's; but it is the command's. */
static void waiting_is_not_busy(void **state)
{
	struct set *s = *state;
	struct ub_admin_cmd cmd;
	struct ub_hw_usage u;
	struct tjfr jfr;
	struct tjfs q;
	union twqe w;

	cmd = jfr_cmd(&s->ctx, &jfr, &s->jfc, 64);
	cmd.jfr.min_rnr_timer = 15;		/* 134 ms */
	assert_int_equal(admin(&s->rig, &cmd), UB_ADMIN_OK);
	cmd = jfs_cmd(&s->ctx, &q, &s->jfc, 64);
	cmd.jfs.rnr_retry = 1;
	assert_int_equal(admin(&s->rig, &cmd), UB_ADMIN_OK);
	w = wqe_send(s->eid, jfr.id, 0, 3);
	post(&q, &w);
	expect(&s->jfc, UB_CR_RNR_RETRY_CNT_EXC_ERR, 0, 3);
	u = *usage_of(&q);
	assert_int_equal(u.errors, 1);
	assert_true(u.service_ns >= 134000000);
	assert_true(u.busy_ns < u.service_ns - 100000000);
}

/* What is in the ring of a queue that does not run. */
static void pending_is_what_is_posted(void **state)
{
	struct set *s = *state;

	assert_int_equal(jfs_modify(&s->jfs, UB_STATE_SUSPENDED), UB_ADMIN_OK);
	expect(&s->jfc, UB_CR_WR_SUSPEND_DONE, 0, 0);
	for (unsigned i = 0; i < 3; i++) {
		union twqe w = wqe_new(UB_OP_NOP, 0, i);

		wqe_put(&s->jfs, &w);
	}
	publish(&s->jfs);
	assert_int_equal(usage_of(&s->jfs)->pending, 3);
	assert_int_equal(usage(&s->rig, UB_USAGE_CONTEXT, s->ctx.tid, 1), 1);
	assert_int_equal(record(&s->rig, 0)->pending, 3);
}

static void contexts_keep_what_their_queues_did(void **state)
{
	struct set *s = *state;
	union twqe w = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE, 1);
	uint64_t busy;
	struct tjfs other;

	jfs_new(&s->ctx, &other, &s->jfc, 64, 0);
	for (unsigned i = 0; i < 4; i++) {
		run(&other, &w);
		run(&s->jfs, &w);
	}
	assert_int_equal(admin_simple(&s->rig, UB_ADMIN_DESTROY_JFS, other.id), UB_ADMIN_OK);
	assert_int_equal(usage(&s->rig, UB_USAGE_CONTEXT, 0, RECORDS), 1);
	assert_int_equal(s->rig.reply.detail, 0);
	assert_int_equal(record(&s->rig, 0)->id, s->ctx.tid);
	assert_int_equal(record(&s->rig, 0)->wqes, 8);
	assert_int_equal(record(&s->rig, 0)->doorbells, 8);
	assert_int_equal(timed(record(&s->rig, 0)), 8);
	busy = record(&s->rig, 0)->busy_ns;
	assert_int_equal(STAT(&s->rig, busy_ns), busy);
	assert_int_equal(STAT(&s->rig, wqes), 8);
}

/* As many as there is room for, then from where it stopped; nothing else is written. */
static void records_come_in_pieces(void **state)
{
	struct set *s = *state;
	struct tjfs more[4];
	uint32_t next = 0, got = 0, last = 0;

	for (unsigned i = 0; i < 4; i++)
		jfs_new(&s->ctx, &more[i], &s->jfc, 64, 0);
	do {
		unsigned n = usage(&s->rig, UB_USAGE_JFS, next, 2);

		next = s->rig.reply.detail;
		got += n;
		for (unsigned i = 0; i < n; i++) {
			assert_true(record(&s->rig, i)->id > last);
			last = record(&s->rig, i)->id;
		}
		assert_int_equal(*(const uint8_t *)record(&s->rig, n), 0xee);
	} while (next);
	assert_int_equal(got, 5);
	assert_int_equal(last, more[3].id);
	assert_int_equal(usage(&s->rig, UB_USAGE_JFS, last + 1, 2), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, set_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(is_advertised),
		cmocka_unit_test_setup_teardown(without_it_there_is_none, begin_without, set_down),
		cmocka_unit_test(buckets_follow_each_other),
		T(refusals),
		T(commands_are_counted_and_timed),
		T(errors_are_counted),
		T(silent_commands_are_timed_too),
		cmocka_unit_test_setup_teardown(silent_commands_are_timed_too, begin_engines_alone,
						set_down),
		T(waiting_is_not_busy),
		T(pending_is_what_is_posted),
		T(contexts_keep_what_their_queues_did),
		T(records_come_in_pieces),
	};

	return cmocka_run_group_tests_name("core-usage", tests, NULL, NULL);
}
