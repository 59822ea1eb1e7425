/* SPDX-License-Identifier: MIT */
/*
 * Every error without a device, a VM or root: "soft:fault=KIND;KEY=VALUE;...", docs/faults.md. Each
 * opening of a device arms what it names, so that a second one does so while the first is in use.
 */
#include "common.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void arm(const char *fault)
{
	char name[128];
	struct ub_context *ctx;

	snprintf(name, sizeof(name), "soft:fault=%s", fault);
	ctx = ub_create_context(name);
	if (!ctx)
		fail_msg("%s: %s", fault, ub_last_error()->message);
	assert_int_equal(ub_delete_context(ctx), 0);
}

static void every_status(void **state)
{
	struct rig *r = *state;

	for (unsigned status = 1; status <= UB_CR_REM_DATA_POISON; status++) {
		struct ub_jfs_wr wr = nop(status);
		struct ub_cr cr;
		char fault[40];

		snprintf(fault, sizeof(fault), "status;status=%u", status);
		arm(fault);
		cr = run(r, &wr);
		assert_status(cr, status, UB_SUB_NONE);
		assert_int_equal(cr.user_ctx, status);
	}
}

static struct ub_jfs_wr copy_wr(const struct mem *from, const struct mem *to, ub_sge_t *sge)
{
	*sge = mem_sge(from, 0, 4096);
	return (struct ub_jfs_wr){
		.opcode = UB_OP_WRITE, .flags = UB_WR_COMPLETE, .num_sge = 1, .sge = sge,
		.target = &to->target, .rmt_addr = to->seg->va,
	};
}

static void poison(void **state)
{
	struct rig *r = *state;
	struct mem a = mem_make(r->ctx, 4096, RW), b = mem_make(r->ctx, 4096, RW);
	ub_sge_t sge;
	struct ub_jfs_wr wr = copy_wr(&a, &b, &sge);
	char fault[60];

	for (unsigned remote = 0; remote < 2; remote++) {
		uint32_t id = (remote ? &b : &a)->seg->token_id;

		snprintf(fault, sizeof(fault), "poison;id=%u;offset=100;bytes=1", id);
		arm(fault);
		assert_status(run(r, &wr), remote ? UB_CR_REM_DATA_POISON : UB_CR_LOC_DATA_POISON,
			      UB_SUB_NONE);
		snprintf(fault, sizeof(fault), "poison;id=%u;count=0", id);
		arm(fault);
		assert_success(run(r, &wr));
	}
	mem_free(&a);
	mem_free(&b);
}

static void stall(void **state)
{
	struct rig *r = *state;
	struct ub_jfs_wr wr = nop(5);

	arm("stall;end=queue");
	post(r->jfs, &wr);
	expect_no_cr(r->jfc);
	assert_int_equal(ub_modify_jfs(r->jfs, UB_STATE_ERROR), 0);
	assert_status(wait_cr(r->jfc), UB_CR_WR_FLUSH_ERR, UB_SUB_NONE);
	assert_status(wait_cr(r->jfc), UB_CR_WR_FLUSH_ERR_DONE, UB_SUB_NONE);
}

static void late_completions(void **state)
{
	static const char *const faults[] = { "cqe-delay;ns=2000000", "cqe-torn;ns=2000000" };
	struct rig *r = *state;

	for (unsigned i = 0; i < 2; i++) {
		struct ub_jfs_wr wr = nop(i);

		arm(faults[i]);
		assert_success(run(r, &wr));
	}
}

/* Whoever polls finds the completion all the same. */
static void lost_irq(void **state)
{
	struct rig *r = *state;
	struct ub_jfs_wr wr = nop(6);

	for (unsigned vector = 1; vector < 8; vector++) {
		char fault[40];

		snprintf(fault, sizeof(fault), "lost-irq;id=%u;count=forever", vector);
		arm(fault);
	}
	assert_int_equal(ub_rearm_jfc(r->jfc, false), 0);
	post(r->jfs, &wr);
	assert_success(wait_cr(r->jfc));
}

/* The device does not look; the queue can be ended and deleted as ever. */
static void lost_doorbell(void **state)
{
	struct rig *r = *state;
	struct ub_jfs_wr wr = nop(6);

	arm("lost-doorbell");
	post(r->jfs, &wr);
	expect_no_cr(r->jfc);
	assert_int_equal(ub_modify_jfs(r->jfs, UB_STATE_ERROR), 0);
	assert_status(wait_cr(r->jfc), UB_CR_WR_FLUSH_ERR, UB_SUB_NONE);
	assert_status(wait_cr(r->jfc), UB_CR_WR_FLUSH_ERR_DONE, UB_SUB_NONE);
}

static void admin_fails(void **state)
{
	struct rig *r = *state;
	uint8_t *buf = ub_alloc_buf(4096);
	struct ub_seg_cfg cfg = { .va = buf, .len = 4096, .access = RW };

	arm("admin-status;id=0x14;status=8");
	assert_fails(ub_register_seg(r->ctx, &cfg), ENOMEM, UB_EXT_NO_MEMORY);
	arm("admin-status;id=0x14;status=9");
	assert_fails(ub_register_seg(r->ctx, &cfg), EIO, UB_EXT_ADMIN_FAILED);
	arm("admin-silent;id=0x14");
	assert_fails(ub_register_seg(r->ctx, &cfg), EIO, UB_EXT_ADMIN_TIMEOUT);
	ub_free_buf(buf, 4096);
}

static void link_down(void **state)
{
	struct rig *r = *state, other;
	struct ub_async event;
	ub_sge_t sge;
	struct mem a = mem_make(r->ctx, 4096, RW), b;
	struct ub_jfs_wr wr;

	rig_open(&other, "soft:name=peer");
	b = mem_make(other.ctx, 4096, RW);
	wr = copy_wr(&a, &b, &sge);
	assert_success(run(r, &wr));
	arm("link-down");
	assert_int_equal(ub_get_async_event(r->ctx, &event, TIMEOUT_MS), 0);
	assert_string_equal(ub_event_str(event.type), "PORT_DOWN");
	assert_status(run(r, &wr), UB_CR_ACK_TIMEOUT_ERR, UB_SUB_EID);
	arm("link-down;count=0");
	assert_int_equal(ub_get_async_event(r->ctx, &event, TIMEOUT_MS), 0);
	assert_string_equal(ub_event_str(event.type), "PORT_ACTIVE");
	assert_success(run(r, &wr));
	mem_free(&a);
	mem_free(&b);
	rig_close(&other);
}

static void every_event(void **state)
{
	struct rig *r = *state;

	for (unsigned type = 0; type <= UB_EVENT_ELR_DONE; type++) {
		struct ub_async event;
		char fault[60];

		snprintf(fault, sizeof(fault), "event;id=%u;type=%u;info=9", 40 + type, type);
		arm(fault);
		assert_int_equal(ub_get_async_event(r->ctx, &event, TIMEOUT_MS), 0);
		assert_int_equal(event.type, type);
		assert_int_equal(event.id, 40 + type);
	}
}

static void fatal(void **state)
{
	struct ub_context *ctx = ub_create_context("soft:name=dies,fault=fatal");
	uint8_t *buf = ub_alloc_buf(4096);
	struct ub_seg_cfg cfg = { .va = buf, .len = 4096, .access = RW };
	struct ub_async event;

	(void)state;
	assert_non_null(ctx);
	assert_int_equal(ub_get_async_event(ctx, &event, TIMEOUT_MS), 0);
	assert_string_equal(ub_event_str(event.type), "DEV_FATAL");
	assert_fails(ub_register_seg(ctx, &cfg), EIO, UB_EXT_ADMIN_TIMEOUT);
	ub_delete_context(ctx);
	ub_free_buf(buf, 4096);
}

static void bad_faults(void **state)
{
	(void)state;
	assert_fails(ub_create_context("soft:fault=meteor"), EINVAL, 0);
	assert_non_null(strstr(ub_last_error()->message, "\"meteor\" is none of status, poison"));
	assert_fails(ub_create_context("soft:fault=status;status=17"), EINVAL, 0);
	assert_string_equal(ub_last_error()->message, "status: status=17 is not from 1 to 16");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		rig_test(every_status),
		rig_test(poison),
		rig_test(stall),
		rig_test(late_completions),
		rig_test(lost_irq),
		rig_test(lost_doorbell),
		rig_test(admin_fails),
		rig_test(link_down),
		rig_test(every_event),
		cmocka_unit_test(fatal),
		cmocka_unit_test(bad_faults),
	};

	return run_all(argc, argv, tests);
}
