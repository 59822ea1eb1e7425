/* SPDX-License-Identifier: MIT */
/* Two-sided work: JFR and Jetty, on one device and from one device to another. */
#include "common.h"

#include <stdlib.h>
#include <unistd.h>

/* A sender and a receiver; the receiver's completions have a JFC of their own. */
struct pair {
	struct rig tx, rx;
	struct ub_jfc *recv_jfc;
	struct ub_jfr *jfr;
	struct ub_target to;
	struct mem from, into;
};

static void pair_open(struct pair *p, const char *tx, const char *rx)
{
	rig_open(&p->tx, tx);
	rig_open(&p->rx, rx);
	p->recv_jfc = make_jfc(p->rx.ctx, NULL, 128);
	p->jfr = make_jfr(p->rx.ctx, p->recv_jfc, 64);
	p->to = jfr_target(p->jfr);
	p->from = mem_make(p->tx.ctx, 8192, RW);
	p->into = mem_make(p->rx.ctx, 8192, RW);
	for (size_t i = 0; i < p->from.size; i++)
		p->from.buf[i] = (uint8_t)(i * 7 + 1);
}

static int pair_setup(void **state)
{
	*state = calloc(1, sizeof(struct pair));
	pair_open(*state, device_a, device_a);
	return 0;
}

static int pair_setup_across(void **state)
{
	*state = calloc(1, sizeof(struct pair));
	pair_open(*state, device_a, device_b);
	return 0;
}

static int pair_teardown(void **state)
{
	struct pair *p = *state;

	mem_free(&p->from);
	mem_free(&p->into);
	assert_int_equal(ub_delete_jfr(p->jfr), 0);
	assert_int_equal(ub_delete_jfc(p->recv_jfc), 0);
	rig_close(&p->tx);
	rig_close(&p->rx);
	free(p);
	return 0;
}

#define pair_test(name) cmocka_unit_test_setup_teardown(name, pair_setup, pair_teardown)
#define across_test(name) \
	{ #name "_across", name, pair_setup_across, pair_teardown, NULL }

static void receive_into(struct pair *p, size_t offset, size_t len, uint64_t user_ctx)
{
	ub_sge_t sge = mem_sge(&p->into, offset, len);

	post_recv(p->jfr, &sge, 1, user_ctx);
}

static struct ub_jfs_wr message(uint8_t opcode, const ub_sge_t *sge, const struct ub_target *to)
{
	return (struct ub_jfs_wr){ .opcode = opcode, .num_sge = 1, .sge = sge, .target = to };
}

static void send_arrives(void **state)
{
	struct pair *p = *state;
	ub_sge_t sge = mem_sge(&p->from, 5, 1000);
	struct ub_jfs_wr wr = message(UB_OP_SEND, &sge, &p->to);
	struct ub_device_attr sender;
	struct ub_cr cr;

	assert_int_equal(ub_query_device(p->tx.ctx, &sender), 0);
	receive_into(p, 100, 2000, 42);
	cr = run(&p->tx, &wr);
	assert_success(cr);
	assert_int_equal(cr.len, 1000);
	cr = wait_cr(p->recv_jfc);
	assert_success(cr);
	assert_int_equal(cr.user_ctx, 42);
	assert_int_equal(cr.len, 1000);
	assert_int_equal(cr.local_id, p->jfr->id);
	assert_int_equal(cr.flags, UB_CQE_RECV);
	assert_memory_equal(cr.rmt_eid.raw, sender.eid.raw, 16);
	assert_int_equal(cr.rmt_id, p->tx.jfs->id);
	assert_memory_equal(p->into.buf + 100, p->from.buf + 5, 1000);
	assert_int_equal(p->into.buf[1100], 0);
}

static void send_imm_carries_its_data(void **state)
{
	struct pair *p = *state;
	ub_sge_t sge = mem_sge(&p->from, 0, 10);
	struct ub_jfs_wr wr = message(UB_OP_SEND_IMM, &sge, &p->to);
	struct ub_cr cr;

	wr.imm_data = 0xabcdef0123456789u;
	wr.flags = UB_WR_SOLICITED;
	receive_into(p, 0, 10, 1);
	run_ok(&p->tx, &wr);
	cr = wait_cr(p->recv_jfc);
	assert_success(cr);
	assert_int_equal(cr.imm_data, 0xabcdef0123456789u);
	assert_int_equal(cr.flags, UB_CQE_RECV | UB_CQE_IMM | UB_CQE_SOLICITED);
}

static void inline_and_empty_messages(void **state)
{
	struct pair *p = *state;
	char text[] = "hello";
	ub_sge_t sge = { .len = sizeof(text), .va = (uintptr_t)text };
	struct ub_jfs_wr wr = message(UB_OP_SEND, &sge, &p->to);

	wr.flags = UB_WR_INLINE;
	receive_into(p, 0, 100, 1);
	post_recv(p->jfr, NULL, 0, 2);
	run_ok(&p->tx, &wr);
	assert_int_equal(wait_cr(p->recv_jfc).len, sizeof(text));
	assert_string_equal((char *)p->into.buf, "hello");
	wr.num_sge = 0;
	run_ok(&p->tx, &wr);
	assert_int_equal(wait_cr(p->recv_jfc).user_ctx, 2);
}

static void write_imm_writes_and_tells(void **state)
{
	struct pair *p = *state;
	ub_sge_t sge = mem_sge(&p->from, 0, 3000);
	struct ub_jfs_wr wr = message(UB_OP_WRITE_IMM, &sge, &p->into.target);
	struct ub_cr cr;

	wr.rmt_addr = p->into.seg->va + 64;
	wr.notify = &p->to;
	wr.imm_data = 99;
	post_recv(p->jfr, NULL, 0, 7);
	run_ok(&p->tx, &wr);
	cr = wait_cr(p->recv_jfc);
	assert_success(cr);
	assert_int_equal(cr.user_ctx, 7);
	assert_int_equal(cr.imm_data, 99);
	assert_true(cr.flags & UB_CQE_IMM);
	assert_memory_equal(p->into.buf + 64, p->from.buf, 3000);
}

static void many_messages_in_order(void **state)
{
	struct pair *p = *state;
	ub_sge_t sge = mem_sge(&p->from, 0, 8);
	struct ub_jfs_wr wr = message(UB_OP_SEND_IMM, &sge, &p->to);
	struct ub_jfs_wr last = nop(0);

	for (unsigned i = 0; i < 500; i++) {
		receive_into(p, i % 64 * 8, 8, i);
		wr.imm_data = i;
		post(p->tx.jfs, &wr);
		if (i >= 30) {
			struct ub_cr cr = wait_cr(p->recv_jfc);

			assert_int_equal(cr.user_ctx, i - 30);
			assert_int_equal(cr.imm_data, i - 30);
		}
	}
	for (int i = 0; i < 30; i++)
		assert_success(wait_cr(p->recv_jfc));
	/* The receiver may know before the sender does. */
	run_ok(&p->tx, &last);
}

static void message_too_long(void **state)
{
	struct pair *p = *state;
	ub_sge_t sge = mem_sge(&p->from, 0, 100);
	struct ub_jfs_wr wr = message(UB_OP_SEND, &sge, &p->to);

	receive_into(p, 0, 99, 1);
	assert_int_equal(run(&p->tx, &wr).status, UB_CR_REM_RESP_LEN_ERR);
	assert_int_equal(wait_cr(p->recv_jfc).status, UB_CR_LOC_LEN_ERR);
	receive_into(p, 0, 100, 2);
	run_ok(&p->tx, &wr);
}

static void no_buffer_no_such_queue_wrong_state(void **state)
{
	struct pair *p = *state;
	ub_sge_t sge = mem_sge(&p->from, 0, 8);
	struct ub_target nowhere = p->to;
	struct ub_jfs_wr wr = message(UB_OP_SEND, &sge, &p->to);

	assert_int_equal(run(&p->tx, &wr).status, UB_CR_RNR_RETRY_CNT_EXC_ERR);
	nowhere.id ^= 0x400;
	wr.target = &nowhere;
	assert_status(run(&p->tx, &wr), UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_TOKEN);
	nowhere = p->to;
	nowhere.eid.raw[9] ^= 0x11;
	assert_status(run(&p->tx, &wr), UB_CR_ACK_TIMEOUT_ERR, UB_SUB_EID);
	wr.target = &p->to;
	assert_int_equal(ub_modify_jfr(p->jfr, UB_STATE_ERROR), 0);
	assert_status(run(&p->tx, &wr), UB_CR_REM_OPERATION_ERR, UB_SUB_STATE);
}

static void receiver_without_access(void **state)
{
	struct pair *p = *state;
	ub_sge_t sge = mem_sge(&p->from, 0, 8), bad = mem_sge(&p->into, 8190, 8);
	struct ub_jfs_wr wr = message(UB_OP_SEND, &sge, &p->to);

	post_recv(p->jfr, &bad, 1, 3);
	assert_int_equal(run(&p->tx, &wr).status, UB_CR_REM_OPERATION_ERR);
	assert_status(wait_cr(p->recv_jfc), UB_CR_LOC_ACCESS_ERR, UB_SUB_BOUNDS);
}

static void late_buffer_is_waited_for(void **state)
{
	struct pair *p = *state;
	struct ub_jfs_cfg cfg = { .jfc = p->tx.jfc, .rnr_retry = 7 };
	struct ub_jfr_cfg jfr_cfg = { .jfc = p->recv_jfc, .min_rnr_timer = 13 }; /* 34 ms */
	struct ub_jfr *jfr = ub_create_jfr(p->rx.ctx, &jfr_cfg);
	struct ub_jfs *jfs = ub_create_jfs(p->tx.ctx, &cfg);
	struct ub_target to = jfr_target(jfr);
	ub_sge_t sge = mem_sge(&p->from, 0, 8), into = mem_sge(&p->into, 0, 8);
	struct ub_jfs_wr wr = message(UB_OP_SEND, &sge, &to);

	wr.flags = UB_WR_COMPLETE;
	post(jfs, &wr);
	usleep(5000);
	post_recv(jfr, &into, 1, 4);
	assert_success(wait_cr(p->tx.jfc));
	assert_int_equal(wait_cr(p->recv_jfc).user_ctx, 4);
	assert_int_equal(ub_delete_jfs(jfs), 0);
	assert_int_equal(ub_delete_jfr(jfr), 0);
}

static void token_of_a_jfr(void **state)
{
	struct pair *p = *state;
	struct ub_jfr_cfg cfg = { .jfc = p->recv_jfc, .token_policy = UB_TOKEN_PLAIN_TEXT,
				  .token_value = 0x1234 };
	struct ub_jfr *jfr = ub_create_jfr(p->rx.ctx, &cfg);
	struct ub_target to = jfr_target(jfr);
	ub_sge_t sge = mem_sge(&p->from, 0, 8), into = mem_sge(&p->into, 0, 8);
	struct ub_jfs_wr wr = message(UB_OP_SEND, &sge, &to);

	assert_int_equal(to.token_value, 0x1234);
	post_recv(jfr, &into, 1, 1);
	to.token_value = 0x1235;
	assert_status(run(&p->tx, &wr), UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_TOKEN);
	to.token_value = 0x1234;
	run_ok(&p->tx, &wr);
	assert_success(wait_cr(p->recv_jfc));
	assert_int_equal(ub_delete_jfr(jfr), 0);
}

static void flush_of_a_jfr(void **state)
{
	struct pair *p = *state;
	struct ub_queue_attr attr;
	ub_sge_t sge = mem_sge(&p->from, 0, 8);
	struct ub_jfs_wr wr = message(UB_OP_SEND, &sge, &p->to);

	for (uint64_t i = 0; i < 3; i++)
		receive_into(p, 0, 8, i);
	assert_int_equal(ub_modify_jfr(p->jfr, UB_STATE_ERROR), 0);
	for (uint64_t i = 0; i < 3; i++) {
		struct ub_cr cr = wait_cr(p->recv_jfc);

		assert_status(cr, UB_CR_WR_FLUSH_ERR, UB_SUB_NONE);
		assert_int_equal(cr.user_ctx, i);
	}
	assert_refused(ub_modify_jfr(p->jfr, UB_STATE_READY), EINVAL, UB_EXT_BAD_STATE);
	assert_int_equal(ub_modify_jfr(p->jfr, UB_STATE_RESET), 0);
	assert_int_equal(ub_modify_jfr(p->jfr, UB_STATE_READY), 0);
	receive_into(p, 0, 8, 50);
	run_ok(&p->tx, &wr);
	assert_int_equal(wait_cr(p->recv_jfc).user_ctx, 50);
	assert_int_equal(ub_query_jfr(p->jfr, &attr), 0);
	assert_int_equal(attr.state, UB_STATE_READY);
	assert_int_equal(attr.pi, 1);
	assert_int_equal(attr.ci, 1);
}

static void jettys_talk(void **state)
{
	struct pair *p = *state;
	struct ub_jfs_cfg a_cfg = { .jfc = p->tx.jfc }, b_cfg = { .jfc = p->rx.jfc };
	struct ub_jfr_cfg ar_cfg = { .jfc = p->tx.jfc }, br_cfg = { .jfc = p->rx.jfc };
	struct ub_jetty *a = ub_create_jetty(p->tx.ctx, &a_cfg, NULL, &ar_cfg);
	struct ub_jetty *b = ub_create_jetty(p->rx.ctx, &b_cfg, NULL, &br_cfg);
	struct ub_target to = jetty_target(b);
	ub_sge_t sge = mem_sge(&p->from, 0, 64), into = mem_sge(&p->into, 0, 64);
	struct ub_jfs_wr wr = message(UB_OP_SEND, &sge, &to);
	struct ub_cr cr;

	assert_true(to.is_jetty);
	wr.flags = UB_WR_COMPLETE;
	post_recv(b->jfr, &into, 1, 6);
	post(a->jfs, &wr);
	cr = wait_cr(p->tx.jfc);
	assert_success(cr);
	assert_int_equal(cr.flags, UB_CQE_JETTY);
	assert_int_equal(cr.local_id, a->jfs->id);
	cr = wait_cr(p->rx.jfc);
	assert_success(cr);
	assert_int_equal(cr.flags, UB_CQE_JETTY | UB_CQE_RECV);
	assert_int_equal(cr.local_id, b->jfs->id);
	assert_int_equal(cr.rmt_id, a->jfs->id);
	assert_int_equal(ub_delete_jetty(a), 0);
	assert_int_equal(ub_delete_jetty(b), 0);
	assert_int_equal(run(&p->tx, &wr).status, UB_CR_REM_ACCESS_ABORT_ERR);
}

static void two_jettys_share_a_jfr(void **state)
{
	struct pair *p = *state;
	struct ub_jfs_cfg cfg = { .jfc = p->rx.jfc };
	struct ub_jetty *one = ub_create_jetty(p->rx.ctx, &cfg, p->jfr, NULL);
	struct ub_jetty *two = ub_create_jetty(p->rx.ctx, &cfg, p->jfr, NULL);
	struct ub_target to_one = jetty_target(one), to_two = jetty_target(two);
	ub_sge_t sge = mem_sge(&p->from, 0, 64);
	struct ub_jfs_wr wr = message(UB_OP_SEND, &sge, &to_two);

	assert_ptr_equal(one->jfr, p->jfr);
	receive_into(p, 0, 64, 1);
	receive_into(p, 0, 64, 2);
	run_ok(&p->tx, &wr);
	assert_int_equal(wait_cr(p->recv_jfc).local_id, two->jfs->id);
	wr.target = &to_one;
	run_ok(&p->tx, &wr);
	assert_int_equal(wait_cr(p->recv_jfc).local_id, one->jfs->id);
	assert_int_equal(ub_delete_jetty(one), 0);
	assert_int_equal(ub_delete_jetty(two), 0);
}

static void memory_of_the_peer(void **state)
{
	struct pair *p = *state;
	ub_sge_t sge = mem_sge(&p->from, 0, 4096);
	struct ub_jfs_wr wr = message(UB_OP_WRITE, &sge, &p->into.target);

	wr.rmt_addr = p->into.seg->va;
	run_ok(&p->tx, &wr);
	assert_memory_equal(p->from.buf, p->into.buf, 4096);
	memset(p->from.buf, 0, 4096);
	wr.opcode = UB_OP_READ;
	run_ok(&p->tx, &wr);
	assert_memory_equal(p->from.buf, p->into.buf, 4096);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		pair_test(send_arrives),
		pair_test(send_imm_carries_its_data),
		pair_test(inline_and_empty_messages),
		pair_test(write_imm_writes_and_tells),
		pair_test(many_messages_in_order),
		pair_test(message_too_long),
		pair_test(no_buffer_no_such_queue_wrong_state),
		pair_test(receiver_without_access),
		pair_test(late_buffer_is_waited_for),
		pair_test(token_of_a_jfr),
		pair_test(flush_of_a_jfr),
		pair_test(jettys_talk),
		pair_test(two_jettys_share_a_jfr),
		across_test(send_arrives),
		across_test(send_imm_carries_its_data),
		across_test(write_imm_writes_and_tells),
		across_test(many_messages_in_order),
		across_test(message_too_long),
		across_test(token_of_a_jfr),
		across_test(jettys_talk),
		across_test(memory_of_the_peer),
	};

	return run_all(argc, argv, tests);
}
