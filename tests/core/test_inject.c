/* SPDX-License-Identifier: MIT */
/* Faults on demand: each kind happens as asked, so often as asked, and to whom it was asked for. */
#include "inject/inject.h"
#include "inject.h"

#define OFF(member) offsetof(struct ub_admin_cmd, member)
#define CAPS(rig) ub_core_reg_read((rig)->core, UB_REG_CAPS, 8)

static const uint32_t single_kinds[] = {	/* with a count of their own, not at once */
	UB_FAULT_STATUS, UB_FAULT_STALL, UB_FAULT_CQE_DELAY, UB_FAULT_CQE_TORN, UB_FAULT_LOST_IRQ,
	UB_FAULT_LOST_DB, UB_FAULT_ADMIN_STATUS, UB_FAULT_ADMIN_SILENT,
};

static uint64_t some_arg(unsigned kind)
{
	return kind == UB_FAULT_STATUS || kind == UB_FAULT_ADMIN_STATUS ? 8 : 0;
}

static union twqe copy_wqe(struct set *s, unsigned op, uint32_t len)
{
	union twqe w = wqe_new(op, UB_WQE_COMPLETE, 4);

	wqe_target(&w, s->eid, s->b.va, s->b.id, s->b.token);
	wqe_sge(&w, s->a.va, len, s->a.id);
	return w;
}

/* ---- Arming ---- */
static void is_advertised(void **state)
{
	struct set *s = *state;

	assert_true(CAPS(&s->rig) & UB_CAP_INJECT);
}

static void off_means_bad_opcode(void **state)
{
	struct set *s = calloc(1, sizeof(*s));
	struct ub_core_config config;
	struct ub_admin_cmd cmd;
	char why[200];

	rig_config(&s->rig, &config, 1);
	config.inject = false;
	set_up_config(s, &config);
	*state = s;
	assert_false(CAPS(&s->rig) & UB_CAP_INJECT);
	cmd = inject_cmd(UB_FAULT_STATUS, 0, 8, 0);
	assert_int_equal(admin(&s->rig, &cmd), UB_ADMIN_BAD_OPCODE);
	cmd = (struct ub_admin_cmd){ .opcode = UB_ADMIN_QUERY_INJECT, .inject.kind = 1 };
	assert_int_equal(admin(&s->rig, &cmd), UB_ADMIN_BAD_OPCODE);
	assert_int_equal(ub_core_inject_text(s->rig.core, "fatal", why, sizeof(why)), -1);
	assert_non_null(strstr(why, "inject=on"));
}

struct bad_request {
	uint32_t kind, id, count, skip;
	uint64_t arg[2];
	unsigned status, detail;
};

/* The fault's kind, id, count, skip and arguments; and the field that is named as wrong. */
#define BAD_ID(k, i, c, s, a0, a1)                               \
	{                                                        \
		k, i, c, s, { a0, a1 }, UB_ADMIN_BAD_ID, OFF(id) \
	}
#define BAD_FIELD(k, i, c, s, a0, a1, field)                                  \
	{                                                                     \
		k, i, c, s, { a0, a1 }, UB_ADMIN_BAD_FIELD, OFF(inject.field) \
	}

static const struct bad_request bad[] = {
	BAD_FIELD(0, 0, 1, 0, 0, 0, kind),
	BAD_FIELD(13, 0, 1, 0, 0, 0, kind),
	BAD_FIELD(UB_FAULT_STATUS, 0, 1, 0, 0, 0, arg[0]),
	BAD_FIELD(UB_FAULT_STATUS, 0, 1, 0, 17, 0, arg[0]),
	BAD_FIELD(UB_FAULT_STATUS, 0, 1, 0, 8, 19, arg[1]),
	BAD_ID(UB_FAULT_STATUS, 2049, 1, 0, 8, 0),
	BAD_ID(UB_FAULT_POISON, 0, 1, 0, 0, 1),
	BAD_FIELD(UB_FAULT_POISON, 1, 1, 0, 0, 0, arg[1]),
	BAD_FIELD(UB_FAULT_POISON, 1, 1, 1, 0, 1, skip),
	BAD_FIELD(UB_FAULT_STALL, 0, 1, 0, 4, 0, arg[0]),
	BAD_FIELD(UB_FAULT_STALL, 0, 1, 0, 1, 1, arg[1]),
	BAD_FIELD(UB_FAULT_STALL, 0, 1, 0, 0, UB_FAULT_MAX_NS + 1, arg[1]),
	BAD_ID(UB_FAULT_CQE_DELAY, 2049, 1, 0, 0, 0),
	BAD_FIELD(UB_FAULT_CQE_DELAY, 0, 1, 0, UB_FAULT_MAX_NS + 1, 0, arg[0]),
	BAD_FIELD(UB_FAULT_CQE_TORN, 0, 1, 0, 0, 1, arg[1]),
	BAD_ID(UB_FAULT_LOST_IRQ, 8, 1, 0, 0, 0),
	BAD_FIELD(UB_FAULT_LOST_IRQ, 0, 1, 0, 1, 0, arg[0]),
	BAD_ID(UB_FAULT_LOST_DB, 2049, 1, 0, 0, 0),
	BAD_FIELD(UB_FAULT_ADMIN_STATUS, 0, 1, 0, 0, 0, arg[0]),
	BAD_FIELD(UB_FAULT_ADMIN_STATUS, 0, 1, 0, 11, 0, arg[0]),
	BAD_ID(UB_FAULT_ADMIN_STATUS, UB_ADMIN_INJECT, 1, 0, 8, 0),
	BAD_ID(UB_FAULT_ADMIN_SILENT, UB_ADMIN_QUERY_INJECT, 1, 0, 0, 0),
	BAD_ID(UB_FAULT_LINK_DOWN, 1, 1, 0, 0, 0),
	BAD_FIELD(UB_FAULT_EVENT, 1, 1, 0, 13, 0, arg[0]),
	BAD_FIELD(UB_FAULT_EVENT, 1, 2, 0, 1, 0, count),
	BAD_FIELD(UB_FAULT_EVENT, 1, 1, 1, 1, 0, skip),
	BAD_FIELD(UB_FAULT_EVENT, 1, 1, 0, 1, 1ull << 52, arg[1]),
	BAD_ID(UB_FAULT_FATAL, 1, 1, 0, 0, 0),
};

static void bad_arguments(void **state)
{
	struct set *s = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ub_admin_cmd cmd = inject_cmd(bad[i].kind, bad[i].id, bad[i].arg[0],
						     bad[i].arg[1]);

		cmd.inject.count = bad[i].count;
		cmd.inject.skip = bad[i].skip;
		if (admin(&s->rig, &cmd) != bad[i].status || s->rig.reply.detail != bad[i].detail)
			fail_msg("row %zu: status %u, detail %u", i, s->rig.reply.status,
				 s->rig.reply.detail);
	}
	for (unsigned kind = 1; kind <= UB_FAULT_MAX; kind++)
		assert_int_equal(inject_armed(&s->rig, kind) + inject_given(&s->rig, kind), 0);
}

static void query_needs_a_kind(void **state)
{
	struct ub_admin_cmd cmd = { .opcode = UB_ADMIN_QUERY_INJECT };
	struct set *s = *state;

	assert_int_equal(admin(&s->rig, &cmd), UB_ADMIN_BAD_FIELD);
	cmd.inject.kind = UB_FAULT_MAX + 1;
	assert_int_equal(admin(&s->rig, &cmd), UB_ADMIN_BAD_FIELD);
	assert_int_equal(s->rig.reply.detail, OFF(inject.kind));
}

static void sixty_four_at_once(void **state)
{
	struct set *s = *state;
	struct ub_admin_cmd cmd = inject_cmd(UB_FAULT_STATUS, 9, 8, 0);

	for (unsigned i = 0; i < 64; i++)
		inject(&s->rig, UB_FAULT_STATUS, 9, 8, 0);
	assert_int_equal(s->rig.reply.refs, 64);
	assert_int_equal(admin(&s->rig, &cmd), UB_ADMIN_LIMIT);
	assert_int_equal(s->rig.reply.detail, 64);
	inject_remove(&s->rig, UB_FAULT_STATUS, 9);
	assert_int_equal(s->rig.reply.refs, 0);
	inject(&s->rig, UB_FAULT_STATUS, 9, 8, 0);
}

static void removal_is_of_kind_and_id(void **state)
{
	struct set *s = *state;

	for (unsigned i = 0; i < sizeof(single_kinds) / 4; i++) {
		unsigned kind = single_kinds[i], id = kind == UB_FAULT_ADMIN_STATUS ? 0x10 : 2;

		for (unsigned j = 0; j < 2; j++)
			inject(&s->rig, kind, id, some_arg(kind), 0);
		inject(&s->rig, kind, id + 3, some_arg(kind), 0);
		inject_remove(&s->rig, kind, id);
		assert_int_equal(inject_armed(&s->rig, kind), 1);
		inject_remove(&s->rig, kind, id + 3);
		assert_int_equal(inject_armed(&s->rig, kind), 0);
	}
}

static void reset_removes_all(void **state)
{
	struct set *s = *state;

	for (unsigned i = 0; i < sizeof(single_kinds) / 4; i++)
		inject_forever(&s->rig, single_kinds[i], 5, some_arg(single_kinds[i]), 0);
	inject(&s->rig, UB_FAULT_POISON, s->a.id, 0, 1);
	inject(&s->rig, UB_FAULT_LINK_DOWN, 0, 0, 0);
	ub_core_reset(s->rig.core);
	rig_enable(&s->rig);
	for (unsigned kind = 1; kind <= UB_FAULT_MAX; kind++)
		assert_int_equal(inject_armed(&s->rig, kind), 0);
}

/* ---- STATUS ---- */
static void status_after_skip_and_count_times(void **state)
{
	struct set *s = *state;
	struct ub_admin_cmd cmd = inject_cmd(UB_FAULT_STATUS, s->jfs.id, UB_CR_WR_UNHANDLED, 3);
	struct tjfs other;

	jfs_new(&s->ctx, &other, &s->jfc, 64, 0);
	cmd.inject.skip = 2;
	cmd.inject.count = 3;
	assert_int_equal(admin(&s->rig, &cmd), UB_ADMIN_OK);
	for (unsigned i = 0; i < 8; i++) {
		bool hit = i >= 2 && i < 5;

		post_nop(&other, 50);
		expect(&s->jfc, UB_CR_SUCCESS, 0, 50);
		post_nop(&s->jfs, i);
		expect(&s->jfc, hit ? UB_CR_WR_UNHANDLED : UB_CR_SUCCESS, hit ? 3 : 0, i);
	}
	assert_int_equal(inject_given(&s->rig, UB_FAULT_STATUS), 3);
	assert_int_equal(inject_armed(&s->rig, UB_FAULT_STATUS), 0);
	assert_int_equal(STAT(&s->rig, errors), 3);
	assert_int_equal(STAT(&s->rig, guest_errors), 0);
}

static void status_takes_the_place_of_execution(void **state)
{
	struct set *s = *state;
	union twqe w = copy_wqe(s, UB_OP_WRITE, 64);

	s->a.ptr[0] = 'x';
	inject_forever(&s->rig, UB_FAULT_STATUS, 0, UB_CR_ACK_TIMEOUT_ERR, 0);
	post(&s->jfs, &w);
	assert_int_equal(expect(&s->jfc, UB_CR_ACK_TIMEOUT_ERR, 0, 4).len, 0);
	assert_int_equal(s->b.ptr[0], 0);
	inject_remove(&s->rig, UB_FAULT_STATUS, 0);
	post(&s->jfs, &w);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 4);
	assert_int_equal(s->b.ptr[0], 'x');
}

/* ---- POISON ---- */
static void poison_fails_what_touches_it(void **state)
{
	struct set *s = *state;
	union twqe w = copy_wqe(s, UB_OP_WRITE, 200000);

	inject(&s->rig, UB_FAULT_POISON, s->a.id, 150001, 1);
	post(&s->jfs, &w);
	assert_int_equal(expect(&s->jfc, UB_CR_LOC_DATA_POISON, 0, 4).len, 150001);
	w = copy_wqe(s, UB_OP_WRITE, 150001);
	post(&s->jfs, &w);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 4);
	inject_remove(&s->rig, UB_FAULT_POISON, s->a.id);
	inject(&s->rig, UB_FAULT_POISON, s->b.id, 4096, 10);
	for (unsigned op = 0; op < 2; op++) {
		w = copy_wqe(s, op ? UB_OP_READ : UB_OP_WRITE, 8192);
		post(&s->jfs, &w);
		assert_int_equal(expect(&s->jfc, UB_CR_REM_DATA_POISON, 0, 4).len, 4096);
	}
	assert_int_equal(inject_given(&s->rig, UB_FAULT_POISON), 3);
	inject_remove(&s->rig, UB_FAULT_POISON, s->b.id);
	post(&s->jfs, &w);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 4);
}

/* In the middle of a word as well, which neither side then sees changed. */
static void poison_fails_atomics(void **state)
{
	struct set *s = *state;
	union twqe w = copy_wqe(s, UB_OP_FADD, 8);

	wqe_ext(&w)->operand = 1;
	/* The extension comes before the SGE. */
	w.w.sge_num = 0;
	wqe_sge(&w, s->a.va, 8, s->a.id);
	inject(&s->rig, UB_FAULT_POISON, s->b.id, 5, 1);
	post(&s->jfs, &w);
	expect(&s->jfc, UB_CR_REM_DATA_POISON, 0, 4);
	inject_remove(&s->rig, UB_FAULT_POISON, s->b.id);
	inject(&s->rig, UB_FAULT_POISON, s->a.id, 5, 1);
	post(&s->jfs, &w);
	expect(&s->jfc, UB_CR_LOC_DATA_POISON, 0, 4);
	assert_int_equal(*(uint64_t *)s->b.ptr, 0);
	inject_remove(&s->rig, UB_FAULT_POISON, s->a.id);
	post(&s->jfs, &w);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 4);
	assert_int_equal(*(uint64_t *)s->b.ptr, 1);
}

static void poison_fails_npu_work(void **state)
{
	struct set *s = *state;
	union twqe w = wqe_new(UB_OP_CRC32C, UB_WQE_COMPLETE, 5);

	inject(&s->rig, UB_FAULT_POISON, s->a.id, 100, 1);
	wqe_sge(&w, s->a.va, 4096, s->a.id);
	post(&s->jfs, &w);
	expect(&s->jfc, UB_CR_LOC_DATA_POISON, 0, 5);
	w.w.opcode = UB_OP_FILL;
	w.w.pattern_size = 1;
	post(&s->jfs, &w);
	assert_int_equal(expect(&s->jfc, UB_CR_LOC_DATA_POISON, 0, 5).len, 100);
	w = wqe_new(UB_OP_GEMM_F32, UB_WQE_COMPLETE, 6);
	w.w.gemm.m = w.w.gemm.n = w.w.gemm.k = 8;
	w.w.gemm.lda = w.w.gemm.ldb = w.w.gemm.ldc = 8;
	for (unsigned i = 0; i < 3; i++)
		wqe_sge(&w, s->a.va, 256, s->a.id);
	post(&s->jfs, &w);
	expect(&s->jfc, UB_CR_LOC_DATA_POISON, 0, 6);
}

static void poison_fails_messages(void **state)
{
	struct set *s = *state;
	struct tjfc rjfc;
	struct tjfr jfr;
	union twqe w;

	receiver_new(&s->ctx, &rjfc, &jfr);
	w = send_wqe(s, &jfr);
	for (unsigned i = 0; i < 2; i++)
		post_recv(&jfr, i, &s->b, 4096);
	inject(&s->rig, UB_FAULT_POISON, s->b.id, 50, 1);
	post(&s->jfs, &w);
	expect(&s->jfc, UB_CR_REM_OPERATION_ERR, 0, 3);
	expect(&rjfc, UB_CR_LOC_DATA_POISON, 0, 0);
	inject_remove(&s->rig, UB_FAULT_POISON, s->b.id);
	inject(&s->rig, UB_FAULT_POISON, s->a.id, 50, 1);
	post(&s->jfs, &w);
	expect(&s->jfc, UB_CR_LOC_DATA_POISON, 0, 3);
	expect(&rjfc, UB_CR_REM_OPERATION_ERR, 0, 1);
}

/* ---- LOST_IRQ, LOST_DB ---- */
static void lost_irq(void **state)
{
	struct set *s = *state;
	uint64_t raised;

	inject(&s->rig, UB_FAULT_LOST_IRQ, 1, 0, 0);
	raised = STAT(&s->rig, interrupts);
	rearm(&s->jfc, 1, false);
	post_nop(&s->jfs, 1);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 1);
	/* The entry is there for whoever looks. */
	assert_int_equal(wait_eqe(&s->rig, 1).id, s->jfc.id);
	assert_int_equal(atomic_load(&s->rig.irq[1]), 0);
	assert_int_equal(STAT(&s->rig, interrupts), raised);
	rearm(&s->jfc, 2, false);
	post_nop(&s->jfs, 2);
	wait_eqe(&s->rig, 1);
	while (!atomic_load(&s->rig.irq[1]))
		sched_yield();
	assert_int_equal(inject_given(&s->rig, UB_FAULT_LOST_IRQ), 1);
}

/* Vector 0 is the admin ring's; that of INJECT's own answer comes. */
static void lost_irq_of_the_admin_ring(void **state)
{
	struct set *s = *state;
	struct rig *rig = &s->rig;
	struct ub_admin_slot *slot;
	unsigned irqs;

	inject(rig, UB_FAULT_LOST_IRQ, 0, 0, 0);
	irqs = atomic_load(&rig->irq[0]);
	slot = (struct ub_admin_slot *)bus_ptr(rig, rig->admin_base) +
	       (rig->admin_pi & (rig->admin_depth - 1));
	memset(slot, 0, sizeof(*slot));
	slot->reply.flags = !!(rig->admin_pi & rig->admin_depth);
	ub_core_reg_write(rig->core, UB_REG_ADMIN_PI, ++rig->admin_pi, 4);
	assert_int_equal(atomic_load(&rig->irq[0]), irqs);
	assert_int_equal(ub_core_reg_read(rig->core, UB_REG_ADMIN_CI, 4), rig->admin_pi);
	assert_int_equal(inject_given(rig, UB_FAULT_LOST_IRQ), 1);
}

static void lost_doorbell(void **state)
{
	struct set *s = *state;
	uint64_t rung = STAT(&s->rig, doorbells);

	inject(&s->rig, UB_FAULT_LOST_DB, s->jfs.id, 0, 0);
	post_nop(&s->jfs, 1);
	expect_none(&s->jfc);
	query(&s->rig, UB_ADMIN_QUERY_JFS, s->jfs.id);
	assert_int_equal(s->rig.reply.pi, 1);
	assert_int_equal(s->rig.reply.ci, 0);
	assert_int_equal(STAT(&s->rig, doorbells), rung);
	/* Whoever notices rings once more. */
	ub_core_db_write(s->rig.core, s->jfs.page * PAGE + UB_DB_JFS, 1, 4);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 1);
}

static void lost_direct_wqe(void **state)
{
	struct set *s = *state;
	union twqe w = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE, 1);

	inject(&s->rig, UB_FAULT_LOST_DB, 0, 0, 0);
	wqe_put(&s->jfs, &w);
	publish(&s->jfs);
	ub_core_db_direct(s->rig.core, s->jfs.page, w.raw);
	expect_none(&s->jfc);
	ub_core_db_direct(s->rig.core, s->jfs.page, w.raw);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 1);
}

/* ---- The admin ring ---- */
static void admin_status(void **state)
{
	struct set *s = *state;

	for (unsigned status = UB_ADMIN_BAD_OPCODE; status <= UB_ADMIN_LIMIT; status++) {
		inject(&s->rig, UB_FAULT_ADMIN_STATUS, UB_ADMIN_DESTROY_JFS, status, 0);
		query(&s->rig, UB_ADMIN_QUERY_JFS, s->jfs.id);
		assert_int_equal(admin_simple(&s->rig, UB_ADMIN_DESTROY_JFS, s->jfs.id), status);
		assert_int_equal(s->rig.reply.detail, 0);
	}
	assert_int_equal(STAT(&s->rig, guest_errors), 0);
	/* Nothing was done. */
	query(&s->rig, UB_ADMIN_QUERY_JFS, s->jfs.id);
	inject_forever(&s->rig, UB_FAULT_ADMIN_STATUS, 0, UB_ADMIN_NO_MEMORY, 0);
	assert_int_equal(admin_simple(&s->rig, UB_ADMIN_NOP, 0), UB_ADMIN_NO_MEMORY);
	assert_int_equal(admin_simple(&s->rig, UB_ADMIN_QUERY_JFC, s->jfc.id),
			 UB_ADMIN_NO_MEMORY);
	/* What injects is out of its reach. */
	inject_remove(&s->rig, UB_FAULT_ADMIN_STATUS, 0);
	query(&s->rig, UB_ADMIN_QUERY_JFC, s->jfc.id);
}

static void admin_silence(void **state)
{
	struct set *s = *state;
	struct rig *rig = &s->rig;
	struct ub_admin_slot *slot, before;
	unsigned irqs;

	inject(rig, UB_FAULT_ADMIN_SILENT, UB_ADMIN_DESTROY_JFS, 0, 0);
	irqs = atomic_load(&rig->irq[0]);
	slot = (struct ub_admin_slot *)bus_ptr(rig, rig->admin_base) +
	       (rig->admin_pi & (rig->admin_depth - 1));
	memset(slot, 0, sizeof(*slot));
	slot->cmd.opcode = UB_ADMIN_DESTROY_JFS;
	slot->cmd.id = s->jfs.id;
	before = *slot;
	ub_core_reg_write(rig->core, UB_REG_ADMIN_PI, ++rig->admin_pi, 4);
	assert_memory_equal(slot, &before, sizeof(before));
	assert_int_equal(atomic_load(&rig->irq[0]), irqs);
	/* The next is answered; the silent one was not done. */
	query(rig, UB_ADMIN_QUERY_JFS, s->jfs.id);
	assert_int_equal(inject_given(rig, UB_FAULT_ADMIN_SILENT), 1);
}

/* ---- LINK_DOWN, EVENT, FATAL ---- */
static void link_down(void **state)
{
	struct rig *peer = calloc(1, sizeof(*peer));
	struct set *s = *state;
	struct tctx ctx;
	struct tseg seg;
	union twqe w = wqe_new(UB_OP_WRITE, UB_WQE_COMPLETE, 4), own;
	struct ub_hw_eqe eqe;

	rig_init(peer, 2);
	ctx_new(peer, &ctx);
	seg_new(&ctx, &seg, PAGE, UB_ACCESS_READ | UB_ACCESS_WRITE, 5);
	wqe_target(&w, peer->config.eid, seg.va, seg.id, 5);
	wqe_inline(&w, "abc", 3);
	own = copy_wqe(s, UB_OP_WRITE, 8);
	post(&s->jfs, &w);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 4);
	for (unsigned i = 0; i < 2; i++)
		inject(&s->rig, UB_FAULT_LINK_DOWN, 0, 0, 0);
	eqe = wait_eqe(&s->rig, 0);
	assert_int_equal(eqe.type, UB_EVENT_PORT_DOWN);
	assert_int_equal(eqe.tid, 0);
	assert_false(poll_eqe(&s->rig, 0, &eqe));
	post(&s->jfs, &w);
	expect(&s->jfc, UB_CR_ACK_TIMEOUT_ERR, UB_SUB_EID, 4);
	post(&s->jfs, &own);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 4);
	inject_remove(&s->rig, UB_FAULT_LINK_DOWN, 0);
	assert_int_equal(wait_eqe(&s->rig, 0).type, UB_EVENT_PORT_ACTIVE);
	post(&s->jfs, &w);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 4);
	rig_fini(peer);
	free(peer);
}

static void every_event(void **state)
{
	struct set *s = *state;

	for (unsigned type = 0; type <= UB_EVENT_ELR_DONE; type++) {
		struct ub_hw_eqe eqe;

		inject(&s->rig, UB_FAULT_EVENT, 100 + type, type, (uint64_t)(type + 1) << 32 | 77);
		eqe = wait_eqe(&s->rig, 0);
		assert_int_equal(eqe.type, type);
		assert_int_equal(eqe.id, 100 + type);
		assert_int_equal(eqe.tid, type + 1);
		assert_int_equal(eqe.info, 77);
	}
	assert_int_equal(inject_armed(&s->rig, UB_FAULT_EVENT), 0);
	assert_int_equal(inject_given(&s->rig, UB_FAULT_EVENT), 13);
}

static void fatal(void **state)
{
	struct set *s = *state;

	inject(&s->rig, UB_FAULT_FATAL, 0, 0, 0);
	assert_int_equal(ub_core_reg_read(s->rig.core, UB_REG_STATUS, 4), UB_STATUS_FATAL);
	assert_int_equal(wait_eqe(&s->rig, 0).type, UB_EVENT_DEV_FATAL);
	ub_core_reg_write(s->rig.core, UB_REG_ADMIN_PI, s->rig.admin_pi + 1, 4);
	assert_int_equal(ub_core_reg_read(s->rig.core, UB_REG_ADMIN_CI, 4), s->rig.admin_pi);
	ub_core_reset(s->rig.core);
	assert_int_equal(ub_core_reg_read(s->rig.core, UB_REG_STATUS, 4), UB_STATUS_READY);
	rig_enable(&s->rig);
	assert_int_equal(inject_given(&s->rig, UB_FAULT_FATAL), 1);
}

/* ---- Text ---- */
static void good_text(void **state)
{
	static const struct {
		const char *text;
		unsigned kind, armed, given;
	} good[] = {
		{ "status:id=5,status=8,substatus=2,count=1", UB_FAULT_STATUS, 1, 0 },
		{ "status;status=0x8;count=forever;skip=3", UB_FAULT_STATUS, 2, 0 },
		{ "poison:id=3,offset=4096,bytes=64", UB_FAULT_POISON, 1, 0 },
		{ "stall:end=device", UB_FAULT_STALL, 1, 0 },
		{ "stall:end=0,ns=1000000", UB_FAULT_STALL, 2, 0 },
		{ "cqe-delay:ns=1000", UB_FAULT_CQE_DELAY, 1, 0 },
		{ "cqe-torn:id=9,ns=1000", UB_FAULT_CQE_TORN, 1, 0 },
		{ "lost-irq:id=3", UB_FAULT_LOST_IRQ, 1, 0 },
		{ "lost-doorbell", UB_FAULT_LOST_DB, 1, 0 },
		{ "admin-status:id=0x24,status=9", UB_FAULT_ADMIN_STATUS, 1, 0 },
		{ "admin-silent:id=0x24", UB_FAULT_ADMIN_SILENT, 1, 0 },
		{ "link-down", UB_FAULT_LINK_DOWN, 1, 0 },
		{ "link-down:count=0", UB_FAULT_LINK_DOWN, 0, 0 },
		{ "event:id=7,type=1,tid=1,info=3", UB_FAULT_EVENT, 0, 1 },
		{ "stall:count=0", UB_FAULT_STALL, 0, 0 },
	};
	struct set *s = *state;
	struct ub_hw_eqe eqe;
	char why[300];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (ub_core_inject_text(s->rig.core, good[i].text, why, sizeof(why)))
			fail_msg("%s: %s", good[i].text, why);
		assert_int_equal(inject_armed(&s->rig, good[i].kind), good[i].armed);
		assert_int_equal(inject_given(&s->rig, good[i].kind), good[i].given);
	}
	assert_int_equal(wait_eqe(&s->rig, 0).type, UB_EVENT_PORT_DOWN);
	assert_int_equal(wait_eqe(&s->rig, 0).type, UB_EVENT_PORT_ACTIVE);
	eqe = wait_eqe(&s->rig, 0);
	assert_int_equal(eqe.type, UB_EVENT_JFS_ERR);
	assert_int_equal(eqe.tid, 1);
	assert_int_equal(eqe.info, 3);
	assert_int_equal(ub_core_inject_text(s->rig.core, "fatal", why, sizeof(why)), 0);
	assert_int_equal(ub_core_reg_read(s->rig.core, UB_REG_STATUS, 4), UB_STATUS_FATAL);
}

static void bad_text(void **state)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{ "", "is none of status, poison, stall, cqe-delay" },
		{ "meteor", "fault \"meteor\" is none of" },
		{ "status", "status: status=0 is not from 1 to 16" },
		{ "status:status=17", "status=17 is not from 1 to 16" },
		{ "status:status=8,substatus=19", "substatus=19 is not from 0 to 18" },
		{ "status:status=8,colour=3", "it takes id, count, skip, status, substatus" },
		{ "status:status", "\"status\" is not KEY=VALUE" },
		{ "status:status=-1", "is not a number" },
		{ "status:status=8x", "is not a number" },
		{ "status:status=", "is not a number" },
		{ "status:status=8,id=2049", "id=2049 is not from 0 to 2048" },
		{ "status:status=8,count=4294967296", "is not from 0 to 4294967295" },
		{ "stall:end=never", "end=never is none of time, queue, context, device" },
		{ "stall:end=queue,ns=5", "ns=5 is not from 0 to 0" },
		{ "stall:end=time,ns=10000000001", "is not from 0 to 10000000000" },
		{ "poison:id=1,bytes=0", "bytes=0 is not from 1 to" },
		{ "link-down:id=1", "it takes count, skip" },
		{ "event:type=13", "type=13 is not from 0 to 12" },
		{ "event:type=1,count=2", "count=2 is not from 1 to 1" },
		{ "fatal:skip=1", "skip=1 is not from 0 to 0" },
	};
	struct set *s = *state;
	char why[300], text[400];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(ub_core_inject_text(s->rig.core, bad[i].text, why, sizeof(why)),
				 -1);
		if (!strstr(why, bad[i].why))
			fail_msg("%s: %s", bad[i].text, why);
	}
	memset(text, 'a', sizeof(text));
	text[399] = 0;
	assert_int_equal(ub_core_inject_text(s->rig.core, text, why, sizeof(why)), -1);
	for (unsigned i = 0; i < 64; i++)
		inject(&s->rig, UB_FAULT_LOST_DB, 9, 0, 0);
	assert_int_equal(ub_core_inject_text(s->rig.core, "lost-doorbell", why, sizeof(why)), -1);
	assert_non_null(strstr(why, "64 faults are armed"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, set_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(is_advertised),
		cmocka_unit_test_teardown(off_means_bad_opcode, set_down),
		T(bad_arguments),
		T(query_needs_a_kind),
		T(sixty_four_at_once),
		T(removal_is_of_kind_and_id),
		T(reset_removes_all),
		T(status_after_skip_and_count_times),
		T(status_takes_the_place_of_execution),
		T(poison_fails_what_touches_it),
		T(poison_fails_atomics),
		T(poison_fails_npu_work),
		T(poison_fails_messages),
		T(lost_irq),
		T(lost_irq_of_the_admin_ring),
		T(lost_doorbell),
		T(lost_direct_wqe),
		T(admin_status),
		T(admin_silence),
		T(link_down),
		T(every_event),
		T(fatal),
		T(good_text),
		T(bad_text),
	};

	return cmocka_run_group_tests_name("core-inject", tests, NULL, NULL);
}
