/* SPDX-License-Identifier: MIT */
/* JFR, SEND, RNR, Jetties, devices that talk to each other. */
#include <pthread.h>
#include <time.h>

#include "harness.h"

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static void send_arrives(void **state)
{
	struct set *s = *state;
	union twqe w;
	struct tjfc rjfc;
	struct tjfr jfr;
	struct ub_hw_cqe cqe;

	receiver_new(&s->ctx, &rjfc, &jfr);
	memset(s->a.ptr, 0x6b, 100000);
	post_recv(&jfr, 500, &s->b, 200000);
	w = wqe_send(s->eid, jfr.id, 0, 1);
	wqe_sge(&w, s->a.va, 60000, s->a.id);
	wqe_sge(&w, s->a.va + 60000, 40000, s->a.id);
	post(&s->jfs, &w);
	cqe = expect(&s->jfc, UB_CR_SUCCESS, 0, 1);
	assert_int_equal(cqe.len, 100000);
	assert_int_equal(cqe.rmt_id, jfr.id);
	cqe = expect(&rjfc, UB_CR_SUCCESS, 0, 500);
	assert_int_equal(cqe.len, 100000);
	assert_int_equal(cqe.opcode, UB_OP_SEND);
	assert_int_equal(cqe.flags & ~UB_CQE_OWNER, UB_CQE_RECV);
	assert_int_equal(cqe.local_id, jfr.id);
	assert_int_equal(cqe.rmt_id, s->jfs.id);
	assert_memory_equal(cqe.rmt_eid, s->eid, 16);
	assert_memory_equal(s->a.ptr, s->b.ptr, 100000);
	assert_int_equal(jfr.rec->ci, 1);
}

static void send_imm_scatters(void **state)
{
	struct set *s = *state;
	struct tjfr jfr;
	struct ub_hw_recv_wqe *r;
	union twqe w = wqe_new(UB_OP_SEND_IMM, UB_WQE_SOLICITED, 2);
	struct ub_hw_cqe cqe;

	jfr_new(&s->ctx, &jfr, &s->jfc, 64);
	recv_put(&jfr, 9, NULL, 0);
	r = &jfr.ring[0];
	r->sge_num = 3;
	r->sge[0] = (struct ub_hw_sge){ 5, s->b.id, s->b.va };
	r->sge[1] = (struct ub_hw_sge){ 0, 0, 0 };
	r->sge[2] = (struct ub_hw_sge){ 50, s->b.id, s->b.va + 100 };
	recv_publish(&jfr);
	wqe_target(&w, s->eid, 0, jfr.id, JFR_TOKEN);
	wqe_ext(&w)->imm_data = 0xabcdef0123456789;
	wqe_inline(&w, "hello, receiver", 15);
	post(&s->jfs, &w);
	cqe = expect(&s->jfc, UB_CR_SUCCESS, 0, 9);
	assert_int_equal(cqe.imm_data, 0xabcdef0123456789);
	assert_int_equal(cqe.flags & ~UB_CQE_OWNER,
			 UB_CQE_RECV | UB_CQE_IMM | UB_CQE_SOLICITED);
	assert_memory_equal(s->b.ptr, "hello", 5);
	assert_memory_equal(s->b.ptr + 100, ", receiver", 10);
}

static void receives_wrap(void **state)
{
	struct set *s = *state;
	struct tjfc rjfc;
	struct tjfr jfr;

	receiver_new(&s->ctx, &rjfc, &jfr);
	for (unsigned i = 0; i < 300; i++) {
		union twqe w = wqe_send(s->eid, jfr.id, 0, i);
		struct ub_hw_cqe cqe;

		post_recv(&jfr, i, &s->b, 4);
		wqe_inline(&w, &i, 4);
		post(&s->jfs, &w);
		expect(&s->jfc, UB_CR_SUCCESS, 0, i);
		cqe = expect(&rjfc, UB_CR_SUCCESS, 0, i);
		assert_int_equal(cqe.idx, i);
		assert_memory_equal(s->b.ptr, &i, 4);
	}
	assert_int_equal(query(&s->rig, UB_ADMIN_QUERY_JFR, jfr.id), UB_STATE_READY);
	assert_int_equal(s->rig.reply.count, 300);
	assert_int_equal(s->rig.reply.ci, 300);
}

/* ---- RNR ---- */
static void jfs_retrying(struct set *s, struct tjfs *jfs, unsigned retries)
{
	struct ub_admin_cmd cmd = jfs_cmd(&s->ctx, jfs, &s->jfc, 64);

	cmd.jfs.rnr_retry = (uint8_t)retries;
	assert_int_equal(admin(&s->rig, &cmd), UB_ADMIN_OK);
}

static void jfr_waiting(struct set *s, struct tjfr *jfr, struct tjfc *jfc, unsigned timer)
{
	struct ub_admin_cmd cmd = jfr_cmd(&s->ctx, jfr, jfc, 64);

	cmd.jfr.min_rnr_timer = (uint8_t)timer;
	assert_int_equal(admin(&s->rig, &cmd), UB_ADMIN_OK);
}

static void rnr_waits_between_repeats(void **state)
{
	struct set *s = *state;
	struct tjfs jfs;
	struct tjfr jfr;
	union twqe w;
	uint64_t start;

	jfs_retrying(s, &jfs, 3);
	jfr_waiting(s, &jfr, &s->jfc, 12);		/* 16.8 ms */
	w = wqe_send(s->eid, jfr.id, 0, 1);
	start = now_us();
	post(&jfs, &w);
	/* A doorbell in between does not shorten the wait. */
	ub_core_db_write(s->rig.core, jfs.page * PAGE + UB_DB_JFS, 0, 4);
	expect(&s->jfc, UB_CR_RNR_RETRY_CNT_EXC_ERR, 0, 1);
	assert_true(now_us() - start >= 3 * 16777);
}

static void rnr_ends_when_a_receive_is_posted(void **state)
{
	struct set *s = *state;
	struct tjfc rjfc;
	struct tjfs jfs;
	struct tjfr jfr;
	union twqe w;

	jfc_new(&s->ctx, &rjfc, 64);
	jfs_retrying(s, &jfs, 7);
	jfr_waiting(s, &jfr, &rjfc, 14);		/* 67 ms */
	w = wqe_send(s->eid, jfr.id, 0, 1);
	wqe_inline(&w, "late", 4);
	post(&jfs, &w);
	w = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE, 2);	/* waits behind it */
	post(&jfs, &w);
	expect_none(&s->jfc);
	post_recv(&jfr, 3, &s->b, 16);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 1);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 2);
	expect(&rjfc, UB_CR_SUCCESS, 0, 3);
	assert_memory_equal(s->b.ptr, "late", 4);
}

static void write_imm_repeats_the_receive_alone(void **state)
{
	struct set *s = *state;
	union twqe w = wqe_new(UB_OP_WRITE_IMM, UB_WQE_COMPLETE, 1);
	struct tjfs jfs;
	struct tjfr jfr;

	jfs_retrying(s, &jfs, 7);
	jfr_waiting(s, &jfr, &s->jfc, 14);
	wqe_target(&w, s->eid, s->b.va, s->b.id, s->b.token);
	wqe_ext(&w)->notify_id = jfr.id;
	wqe_ext(&w)->notify_token = JFR_TOKEN;
	wqe_inline(&w, "first", 5);
	post(&jfs, &w);
	while (memcmp(s->b.ptr, "first", 5))
		sleep_ms(1);
	memcpy(s->b.ptr, "later", 5);
	post_recv(&jfr, 2, NULL, 0);
	assert_int_equal(expect(&s->jfc, UB_CR_SUCCESS, 0, 2).len, 5);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 1);
	assert_memory_equal(s->b.ptr, "later", 5);
}

static void rnr_wait_ends_with_the_queue(void **state)
{
	struct set *s = *state;
	struct tjfs jfs;
	struct tjfr jfr;
	union twqe w;

	jfs_retrying(s, &jfs, 7);
	jfr_waiting(s, &jfr, &s->jfc, 19);		/* 2.1 s each */
	w = wqe_send(s->eid, jfr.id, 0, 1);
	wqe_sge(&w, s->a.va, 8, s->a.id);
	post(&jfs, &w);
	expect_none(&s->jfc);
	assert_int_equal(admin_simple(&s->rig, UB_ADMIN_DESTROY_SEG, s->a.id), UB_ADMIN_BUSY);
	assert_int_equal(jfs_modify(&jfs, UB_STATE_SUSPENDED), UB_ADMIN_OK);
	expect(&s->jfc, UB_CR_WR_SUSPEND_DONE, 0, 0);
	assert_int_equal(jfs_modify(&jfs, UB_STATE_ERROR), UB_ADMIN_OK);
	expect(&s->jfc, UB_CR_WR_FLUSH_ERR, 0, 1);
	expect(&s->jfc, UB_CR_WR_FLUSH_ERR_DONE, 0, 0);
	assert_int_equal(admin_simple(&s->rig, UB_ADMIN_DESTROY_SEG, s->a.id), UB_ADMIN_OK);
	/* And of a queue that goes at once. */
	jfs_retrying(s, &jfs, 7);
	w = wqe_send(s->eid, jfr.id, 0, 1);
	wqe_sge(&w, s->b.va, 8, s->b.id);
	post(&jfs, &w);
	expect_none(&s->jfc);
	assert_int_equal(admin_simple(&s->rig, UB_ADMIN_DESTROY_JFS, jfs.id), UB_ADMIN_OK);
	assert_int_equal(admin_simple(&s->rig, UB_ADMIN_DESTROY_SEG, s->b.id), UB_ADMIN_OK);
	assert_int_equal(admin_simple(&s->rig, UB_ADMIN_DESTROY_JFR, jfr.id), UB_ADMIN_OK);
}

/* The user takes PI back below the end of what is under way: the flush ends there all the same. */
static void flush_with_pi_taken_back(void **state)
{
	struct set *s = *state;
	struct tjfs jfs;
	struct tjfr jfr;
	union twqe w;

	jfs_retrying(s, &jfs, 7);
	jfr_waiting(s, &jfr, &s->jfc, 19);
	w = wqe_send(s->eid, jfr.id, 0, 1);
	for (unsigned i = 0; i < 3; i++)
		wqe_sge(&w, s->a.va, 8, s->a.id);
	assert_int_equal(wqe_blocks(&w), 2);
	post(&jfs, &w);
	expect_none(&s->jfc);
	jfs.pi = 1;
	publish(&jfs);
	assert_int_equal(jfs_modify(&jfs, UB_STATE_ERROR), UB_ADMIN_OK);
	expect(&s->jfc, UB_CR_WR_FLUSH_ERR, 0, 1);
	expect(&s->jfc, UB_CR_WR_FLUSH_ERR_DONE, 0, 0);
	assert_int_equal(jfs.rec->ci, 2);
}

/* ---- JFR states and rings ---- */
static void jfr_transitions(void **state)
{
	static const unsigned allowed[4] = { 1u << 1, 1u << 3, 0, 1u << 0 };
	static const unsigned path[4][3] = { { 3, 0, 9 }, { 9 }, { 9 }, { 3, 9 } };
	struct set *s = *state;

	for (unsigned from = 0; from < 4; from++) {
		for (unsigned to = 0; to < 6 && from != 2; to++) {
			bool ok = to < 4 && allowed[from] & 1u << to;
			struct tjfr jfr;

			jfr_new(&s->ctx, &jfr, &s->jfc, 64);
			for (unsigned i = 0; path[from][i] != 9; i++)
				assert_int_equal(jfr_modify(&jfr, path[from][i]), UB_ADMIN_OK);
			assert_int_equal(jfr_modify(&jfr, to),
					 ok ? UB_ADMIN_OK : UB_ADMIN_BAD_STATE);
			if (!ok)
				assert_int_equal(s->rig.reply.detail, from);
			assert_int_equal(jfr.rec->state, ok ? to : from);
			assert_int_equal(query(&s->rig, UB_ADMIN_QUERY_JFR, jfr.id),
					 ok ? to : from);
		}
	}
}

static void jfr_error_flushes(void **state)
{
	struct set *s = *state;
	struct tjfc rjfc;
	struct tjfr jfr;
	union twqe w;

	jfc_new(&s->ctx, &rjfc, 256);
	jfr_new(&s->ctx, &jfr, &rjfc, 128);
	for (unsigned i = 0; i < 100; i++)
		recv_put(&jfr, i, &s->b, 8);
	recv_publish(&jfr);
	assert_int_equal(jfr_modify(&jfr, UB_STATE_ERROR), UB_ADMIN_OK);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(expect(&rjfc, UB_CR_WR_FLUSH_ERR, 0, i).flags & UB_CQE_RECV,
				 UB_CQE_RECV);
	expect_none(&rjfc);
	assert_int_equal(jfr.rec->ci, 100);
	assert_int_equal(jfr_modify(&jfr, UB_STATE_RESET), UB_ADMIN_OK);
	assert_int_equal(jfr.rec->ci, 0);
	jfr.pi = 0;
	assert_int_equal(jfr_modify(&jfr, UB_STATE_READY), UB_ADMIN_OK);
	post_recv(&jfr, 7, &s->b, 8);
	w = wqe_send(s->eid, jfr.id, 0, 1);
	post(&s->jfs, &w);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 1);
	expect(&rjfc, UB_CR_SUCCESS, 0, 7);
}

static void spoilt_receive(struct set *s, void (*spoil)(struct ub_hw_recv_wqe *))
{
	struct ub_hw_eqe eqe;
	struct tjfc rjfc;
	struct tjfr jfr;
	union twqe w;

	receiver_new(&s->ctx, &rjfc, &jfr);
	for (unsigned i = 0; i < 3; i++)
		recv_put(&jfr, i, &s->b, 8);
	spoil(&jfr.ring[0]);
	recv_publish(&jfr);
	w = wqe_send(s->eid, jfr.id, 0, 1);
	post(&s->jfs, &w);
	expect(&s->jfc, UB_CR_REM_OPERATION_ERR, UB_SUB_OWNER, 1);
	expect(&rjfc, UB_CR_WR_FLUSH_ERR, 0, 1);
	expect(&rjfc, UB_CR_WR_FLUSH_ERR, 0, 2);
	eqe = wait_eqe(&s->rig, 0);
	assert_int_equal(eqe.type, UB_EVENT_JFR_ERR);
	assert_int_equal(eqe.id, jfr.id);
	assert_int_equal(jfr.rec->state, UB_STATE_ERROR);
}

static void spoil_owner(struct ub_hw_recv_wqe *r) { r->flags ^= UB_WQE_OWNER; }
static void spoil_flags(struct ub_hw_recv_wqe *r) { r->flags |= 2; }
static void spoil_idx(struct ub_hw_recv_wqe *r) { r->idx++; }
static void spoil_count(struct ub_hw_recv_wqe *r) { r->sge_num = 4; }
static void spoil_rsvd(struct ub_hw_recv_wqe *r) { r->rsvd = 1; }
static void spoil_rsvd1(struct ub_hw_recv_wqe *r) { r->rsvd1 = 1; }

static void malformed_receives(void **state)
{
	spoilt_receive(*state, spoil_owner);
	spoilt_receive(*state, spoil_flags);
	spoilt_receive(*state, spoil_idx);
	spoilt_receive(*state, spoil_count);
	spoilt_receive(*state, spoil_rsvd);
	spoilt_receive(*state, spoil_rsvd1);
}

static void jfr_pi_too_far(void **state)
{
	struct set *s = *state;
	struct tjfc rjfc;
	struct tjfr jfr;
	union twqe w;

	receiver_new(&s->ctx, &rjfc, &jfr);
	jfr.rec->pi = 65;
	w = wqe_send(s->eid, jfr.id, 0, 1);
	post(&s->jfs, &w);
	expect(&s->jfc, UB_CR_REM_OPERATION_ERR, UB_SUB_OWNER, 1);
	assert_int_equal(wait_eqe(&s->rig, 0).type, UB_EVENT_JFR_ERR);
	expect_none(&rjfc);
}

static void receivers_jfc_overflows(void **state)
{
	struct set *s = *state;
	struct tjfc rjfc;
	struct tjfr jfr;

	jfc_new(&s->ctx, &rjfc, 64);
	jfr_new(&s->ctx, &jfr, &rjfc, 128);
	for (unsigned i = 0; i < 70; i++)
		recv_put(&jfr, i, &s->b, 8);
	recv_publish(&jfr);
	for (unsigned i = 0; i < 66; i++) {
		union twqe w = wqe_send(s->eid, jfr.id, 0, i);

		post(&s->jfs, &w);
		expect(&s->jfc, i < 64 ? UB_CR_SUCCESS : UB_CR_REM_OPERATION_ERR,
		       i < 64 ? 0 : UB_SUB_JFC_FULL, i);
	}
	assert_int_equal(wait_eqe(&s->rig, 0).type, UB_EVENT_JFC_ERR);
}

/* ---- Jetties ---- */
static void jetty_sends_and_receives(void **state)
{
	struct set *s = *state;
	struct tjfs x, y;
	struct tjfr jfr;
	struct tjfc rjfc;
	union twqe w;
	struct ub_hw_cqe cqe;

	receiver_new(&s->ctx, &rjfc, &jfr);
	jetty_new(&s->ctx, &x, &s->jfc, &jfr);
	jetty_new(&s->ctx, &y, &s->jfc, &jfr);		/* shares the JFR */
	post_recv(&jfr, 1, &s->b, 64);
	post_recv(&jfr, 2, &s->b, 64);
	w = wqe_send(s->eid, y.id, UB_WQE_TO_JETTY, 3);
	wqe_inline(&w, "to y", 4);
	post(&x, &w);
	cqe = expect(&s->jfc, UB_CR_SUCCESS, 0, 3);
	assert_int_equal(cqe.flags & ~UB_CQE_OWNER, UB_CQE_JETTY);
	assert_int_equal(cqe.local_id, x.id);
	cqe = expect(&rjfc, UB_CR_SUCCESS, 0, 1);
	assert_int_equal(cqe.flags & ~UB_CQE_OWNER, UB_CQE_JETTY | UB_CQE_RECV);
	assert_int_equal(cqe.local_id, y.id);
	assert_int_equal(cqe.rmt_id, x.id);
	/* The same JFR by its own id. */
	w = wqe_send(s->eid, jfr.id, 0, 4);
	post(&x, &w);
	cqe = expect(&rjfc, UB_CR_SUCCESS, 0, 2);
	assert_int_equal(cqe.flags & ~UB_CQE_OWNER, UB_CQE_RECV);
	assert_int_equal(cqe.local_id, jfr.id);
	assert_int_equal(query(&s->rig, UB_ADMIN_QUERY_JFR, jfr.id), UB_STATE_READY);
	assert_int_equal(s->rig.reply.refs, 2);
}

static void jetty_error_event(void **state)
{
	struct set *s = *state;
	struct ub_hw_eqe eqe;
	struct tjfs jetty;
	struct tjfr jfr;

	jfr_new(&s->ctx, &jfr, &s->jfc, 64);
	jetty_new(&s->ctx, &jetty, &s->jfc, &jfr);
	jetty.rec->pi = 1000;
	ub_core_db_write(s->rig.core, jetty.page * PAGE + UB_DB_JFS, 0, 4);
	assert_int_equal(expect(&s->jfc, UB_CR_WR_FLUSH_ERR_DONE, UB_SUB_PI, 0).local_id,
			 jetty.id);
	eqe = wait_eqe(&s->rig, 0);
	assert_int_equal(eqe.type, UB_EVENT_JETTY_ERR);
	assert_int_equal(eqe.id, jetty.id);
}

/* ---- Two devices ---- */
struct other {
	struct rig rig;
	struct tctx ctx;
	struct tjfc jfc;
	struct tjfs jfs;
	struct tjfr jfr;
	struct tseg seg;
};

static struct other *other_new(unsigned number)
{
	struct other *o = calloc(1, sizeof(*o));

	rig_init(&o->rig, number);
	ctx_new(&o->rig, &o->ctx);
	jfc_new(&o->ctx, &o->jfc, 1024);
	jfs_new(&o->ctx, &o->jfs, &o->jfc, 64, 0);
	jfr_new(&o->ctx, &o->jfr, &o->jfc, 1024);
	seg_new(&o->ctx, &o->seg, 1 << 20, UB_ACCESS_READ | UB_ACCESS_WRITE | UB_ACCESS_ATOMIC, 6);
	return o;
}

static void other_free(struct other *o)
{
	rig_fini(&o->rig);
	free(o);
}

static void devices_exchange(void **state)
{
	struct set *s = *state;
	struct other *o = other_new(2);
	struct ub_hw_cqe cqe;
	uint8_t eid[16];
	union twqe w;

	memcpy(eid, o->rig.config.eid, 16);
	post_recv(&o->jfr, 1, &o->seg, 100);
	w = wqe_send(eid, o->jfr.id, UB_WQE_SOLICITED, 2);
	wqe_inline(&w, "across", 6);
	post(&s->jfs, &w);
	cqe = expect(&s->jfc, UB_CR_SUCCESS, 0, 2);
	assert_memory_equal(cqe.rmt_eid, eid, 16);
	cqe = expect(&o->jfc, UB_CR_SUCCESS, 0, 1);
	assert_memory_equal(cqe.rmt_eid, s->eid, 16);
	assert_memory_equal(o->seg.ptr, "across", 6);
	memset(s->a.ptr, 0x3d, 300000);
	w = wqe_new(UB_OP_WRITE, UB_WQE_COMPLETE, 3);
	wqe_target(&w, eid, o->seg.va, o->seg.id, 6);
	wqe_sge(&w, s->a.va, 300000, s->a.id);
	post(&s->jfs, &w);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 3);
	assert_memory_equal(o->seg.ptr, s->a.ptr, 300000);
	w = wqe_new(UB_OP_FADD, UB_WQE_COMPLETE, 4);
	wqe_target(&w, eid, o->seg.va + 8, o->seg.id, 6);
	wqe_ext(&w)->operand = 1;
	wqe_sge(&w, s->b.va, 8, s->b.id);
	post(&s->jfs, &w);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 4);
	assert_int_equal(o->seg.ptr[8], 0x3e);
	assert_int_equal(s->b.ptr[0], 0x3d);
	other_free(o);
	/* Gone from the fabric. */
	w = wqe_send(eid, 1, 0, 5);
	post(&s->jfs, &w);
	expect(&s->jfc, UB_CR_ACK_TIMEOUT_ERR, UB_SUB_EID, 5);
}

static void peer_is_reset(void **state)
{
	struct set *s = *state;
	struct other *o = other_new(3);
	union twqe w = wqe_new(UB_OP_WRITE, UB_WQE_COMPLETE, 3);

	ub_core_reset(o->rig.core);
	wqe_target(&w, o->rig.config.eid, o->seg.va, o->seg.id, 6);
	wqe_sge(&w, s->a.va, 300000, s->a.id);
	post(&s->jfs, &w);
	expect(&s->jfc, UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_TOKEN, 3);
	other_free(o);
}

struct pump {
	struct set *s;
	struct other *o;
	atomic_bool stop;
	unsigned done;
};

/* From the first device to the second as fast as it goes, whatever happens to the second. */
static void *pump_main(void *arg)
{
	struct pump *p = arg;
	struct set *s = p->s;

	while (!atomic_load(&p->stop)) {
		union twqe w = wqe_new(p->done % 3 ? UB_OP_WRITE : UB_OP_SEND, UB_WQE_COMPLETE, 1);
		struct ub_hw_cqe cqe;

		wqe_target(&w, p->o->rig.config.eid, p->o->seg.va, p->o->seg.id, 6);
		if (w.w.opcode == UB_OP_SEND) {
			w.w.rmt_id = p->o->jfr.id;
			w.w.rmt_token = JFR_TOKEN;
		}
		wqe_sge(&w, s->a.va, p->done % 2 ? 400000 : 3000, s->a.id);
		cqe = run(&s->jfs, &w);
		assert_true(cqe.status == UB_CR_SUCCESS ||
			    cqe.status == UB_CR_REM_ACCESS_ABORT_ERR ||
			    cqe.status == UB_CR_REM_UNSUPPORTED_REQ_ERR ||
			    cqe.status == UB_CR_REM_OPERATION_ERR ||
			    cqe.status == UB_CR_ACK_TIMEOUT_ERR ||
			    cqe.status == UB_CR_RNR_RETRY_CNT_EXC_ERR);
		p->done++;
	}
	return NULL;
}

static void peer_comes_and_goes(void **state)
{
	struct pump p = { .s = *state };
	pthread_t thread;

	p.o = other_new(4);
	pthread_create(&thread, NULL, pump_main, &p);
	for (unsigned i = 0; i < 20; i++) {
		struct ub_core *old = p.o->rig.core;
		const char *error;

		sleep_ms(3);
		if (i % 2) {
			ub_core_reset(old);
			continue;
		}
		ub_core_free(old);
		assert_int_equal(atomic_load(&p.o->rig.maps), 0);
		p.o->rig.core = ub_core_new(&p.o->rig.config, rig_host(), &p.o->rig, &error);
		assert_non_null(p.o->rig.core);
	}
	atomic_store(&p.stop, true);
	pthread_join(thread, NULL);
	assert_true(p.done > 0);
	other_free(p.o);
}

static void *send_many(void *arg)
{
	struct pump *p = arg;

	for (unsigned i = 0; i < 400; i++) {
		union twqe w = wqe_send(p->o->rig.config.eid, p->o->jfr.id, 0, i);

		wqe_sge(&w, p->s->a.va, 10000, p->s->a.id);
		post(&p->s->jfs, &w);
		expect(&p->s->jfc, UB_CR_SUCCESS, 0, i);
	}
	return NULL;
}

/* Locks of two devices are taken both ways round. */
static void both_directions_at_once(void **state)
{
	struct set *s = *state;
	struct pump p = { .s = s, .o = other_new(5) };
	pthread_t a;
	unsigned got = 0, reads = 0;

	for (unsigned i = 0; i < 400; i++)
		recv_put(&p.o->jfr, i, &p.o->seg, 10000);
	recv_publish(&p.o->jfr);
	pthread_create(&a, NULL, send_many, &p);
	for (unsigned i = 0; i < 400; i++) {
		union twqe w = wqe_new(UB_OP_READ, UB_WQE_COMPLETE, i);

		wqe_target(&w, s->eid, s->b.va, s->b.id, s->b.token);
		wqe_sge(&w, p.o->seg.va + 500000, 10000, p.o->seg.id);
		post(&p.o->jfs, &w);
		for (bool mine = false; !mine;) {
			struct ub_hw_cqe cqe = wait_cqe(&p.o->jfc);

			assert_int_equal(cqe.status, UB_CR_SUCCESS);
			mine = !(cqe.flags & UB_CQE_RECV);
			got += !mine;
			reads += mine;
		}
	}
	pthread_join(a, NULL);
	while (got < 400) {
		assert_int_equal(wait_cqe(&p.o->jfc).status, UB_CR_SUCCESS);
		got++;
	}
	assert_int_equal(reads, 400);
	other_free(p.o);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, set_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(send_arrives),
		T(send_imm_scatters),
		T(receives_wrap),
		T(rnr_waits_between_repeats),
		T(rnr_ends_when_a_receive_is_posted),
		T(write_imm_repeats_the_receive_alone),
		T(rnr_wait_ends_with_the_queue),
		T(flush_with_pi_taken_back),
		T(jfr_transitions),
		T(jfr_error_flushes),
		T(malformed_receives),
		T(jfr_pi_too_far),
		T(receivers_jfc_overflows),
		T(jetty_sends_and_receives),
		T(jetty_error_event),
		T(devices_exchange),
		T(peer_is_reset),
		T(peer_comes_and_goes),
		T(both_directions_at_once),
	};

	return cmocka_run_group_tests_name("core-recv", tests, NULL, NULL);
}
