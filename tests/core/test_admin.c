/* SPDX-License-Identifier: MIT */
/* Admin commands: every opcode, every status, every field. */
#include "harness.h"

#define OFF(member) offsetof(struct ub_admin_cmd, member)
#define SET(cmd_, field, value) \
	({ struct ub_admin_cmd c_ = (cmd_); c_.field = (value); c_; })

static void refused(struct rig *rig, struct ub_admin_cmd cmd, unsigned status, uint32_t detail)
{
	unsigned got = admin(rig, &cmd);

	if (got != status || rig->reply.detail != detail)
		fail_msg("opcode 0x%02x: status %u, detail %u where %u, %u is due", cmd.opcode, got,
			 rig->reply.detail, status, detail);
}

static void accepted(struct rig *rig, struct ub_admin_cmd cmd)
{
	refused(rig, cmd, UB_ADMIN_OK, 0);
}

static void nop(void **state)
{
	struct set *s = *state;

	accepted(&s->rig, (struct ub_admin_cmd){ .opcode = UB_ADMIN_NOP });
}

static void unknown_opcodes(void **state)
{
	static const uint8_t known[] = { 0x00, 0x04, 0x05, 0x06, 0x07, 0x10, 0x13, 0x14, 0x15,
					 0x17, 0x18, 0x1b, 0x1c, 0x1f, 0x24, 0x25, 0x26, 0x27,
					 0x54, 0x55, 0x56, 0x57, 0x70, 0x71, 0x72 };
	struct set *s = *state;

	for (unsigned op = 0; op < 256; op++) {
		struct ub_admin_cmd cmd = { .opcode = (uint8_t)op };

		if (!memchr(known, (int)op, sizeof(known)))
			refused(&s->rig, cmd, UB_ADMIN_BAD_OPCODE, 0);
	}
}

/* For each opcode, the bytes it uses; every other one must be zero. */
static void unused_bytes_must_be_zero(void **state)
{
	static const struct {
		uint8_t op, from, to;
	} used[] = {
		{ UB_ADMIN_NOP, 8, 8 },
		{ UB_ADMIN_CREATE_CTX, 8, 16 },
		{ UB_ADMIN_DESTROY_CTX, 8, 8 },
		{ UB_ADMIN_CREATE_SEG, 8, 48 },
		{ UB_ADMIN_MODIFY_SEG, 44, 48 },
		{ UB_ADMIN_DESTROY_SEG, 8, 8 },
		{ UB_ADMIN_CREATE_EQ, 8, 28 },
		{ UB_ADMIN_DESTROY_EQ, 8, 8 },
		{ UB_ADMIN_CREATE_PROGRAM, 8, 40 },
		{ UB_ADMIN_DESTROY_PROGRAM, 8, 8 },
		{ UB_ADMIN_CREATE_JFC, 8, 48 },
		{ UB_ADMIN_MODIFY_JFC, 40, 48 },
		{ UB_ADMIN_QUERY_JFC, 8, 8 },
		{ UB_ADMIN_DESTROY_JFC, 8, 8 },
		{ UB_ADMIN_CREATE_JFS, 8, 53 },
		{ UB_ADMIN_MODIFY_JFS, 48, 49 },
		{ UB_ADMIN_QUERY_JFS, 8, 8 },
		{ UB_ADMIN_DESTROY_JFS, 8, 8 },
		{ UB_ADMIN_CREATE_JFR, 8, 46 },
		{ UB_ADMIN_MODIFY_JFR, 44, 45 },
		{ UB_ADMIN_QUERY_JFR, 8, 8 },
		{ UB_ADMIN_DESTROY_JFR, 8, 8 },
		{ UB_ADMIN_QUERY_USAGE, 8, 24 },
	};
	struct set *s = *state;

	for (unsigned i = 0; i < sizeof(used) / sizeof(used[0]); i++) {
		for (unsigned at = 1; at < 64; at++) {
			struct ub_admin_cmd cmd = { .opcode = used[i].op };

			if ((at >= 2 && at < 8) || (at >= used[i].from && at < used[i].to))
				continue;
			((uint8_t *)&cmd)[at] = 1;
			refused(&s->rig, cmd, UB_ADMIN_BAD_FIELD, at);
		}
	}
	refused(&s->rig, (struct ub_admin_cmd){ .opcode = UB_ADMIN_NOP, .id = 1 },
		UB_ADMIN_BAD_FIELD, 4);
}

/* Every command on an id that is of no object, or out of range. */
static void bad_ids(void **state)
{
	static const uint8_t ops[] = { 0x13, 0x15, 0x17, 0x1b, 0x25, 0x26, 0x27,
				       0x05, 0x06, 0x07, 0x55, 0x56, 0x57 };
	static const uint32_t ids[] = { 0x7f, 0xffffffff, 0x100000, 1000 };
	struct set *s = *state;

	for (unsigned i = 0; i < sizeof(ops); i++) {
		for (unsigned j = 0; j < 4; j++) {
			struct ub_admin_cmd cmd = { .opcode = ops[i], .id = ids[j] };

			refused(&s->rig, cmd, UB_ADMIN_BAD_ID, 4);
		}
		if (ops[i] != UB_ADMIN_DESTROY_EQ)
			refused(&s->rig, (struct ub_admin_cmd){ .opcode = ops[i] },
				UB_ADMIN_BAD_ID, 4);
	}
}

static void create_ctx(void **state)
{
	struct set *s = *state;
	struct rig *rig = &s->rig;
	struct ub_admin_cmd good = { .opcode = UB_ADMIN_CREATE_CTX, .id = 1024 };

	good.ctx.pt_base = bus_alloc(rig, PAGE, PAGE);
	refused(rig, SET(good, id, 0), UB_ADMIN_BAD_ID, 4);
	refused(rig, SET(good, id, 1025), UB_ADMIN_BAD_ID, 4);
	refused(rig, SET(good, id, s->ctx.tid), UB_ADMIN_ID_IN_USE, 4);
	refused(rig, SET(good, ctx.pt_base, good.ctx.pt_base + 8), UB_ADMIN_BAD_ADDRESS, 8);
	refused(rig, SET(good, ctx.pt_base, 0), UB_ADMIN_BAD_ADDRESS, 8);
	refused(rig, SET(good, ctx.pt_base, ~0ull << 12), UB_ADMIN_BAD_ADDRESS, 8);
	accepted(rig, good);
	accepted(rig, (struct ub_admin_cmd){ .opcode = UB_ADMIN_DESTROY_CTX, .id = 1024 });
	refused(rig, (struct ub_admin_cmd){ .opcode = UB_ADMIN_DESTROY_CTX, .id = s->ctx.tid },
		UB_ADMIN_BUSY, 4);
}

static void create_seg(void **state)
{
	struct set *s = *state;
	struct rig *rig = &s->rig;
	struct ub_admin_cmd good = seg_cmd(rig, &s->ctx, s->a.va, 8192, UB_ACCESS_READ, 1);
	uint64_t top = 1ull << 48;

	refused(rig, SET(good, id, 0), UB_ADMIN_BAD_ID, 4);
	refused(rig, SET(good, id, 131073), UB_ADMIN_BAD_ID, 4);
	refused(rig, SET(good, id, s->a.id), UB_ADMIN_ID_IN_USE, 4);
	refused(rig, SET(good, seg.tid, 77), UB_ADMIN_BAD_ID, OFF(seg.tid));
	refused(rig, SET(good, seg.tid, 0), UB_ADMIN_BAD_ID, OFF(seg.tid));
	refused(rig, SET(good, seg.len, 0), UB_ADMIN_BAD_FIELD, OFF(seg.len));
	refused(rig, SET(good, seg.va, top), UB_ADMIN_BAD_FIELD, OFF(seg.va));
	refused(rig, SET(good, seg.va, top - 4096), UB_ADMIN_BAD_FIELD, OFF(seg.va));
	refused(rig, SET(good, seg.va, ~0ull), UB_ADMIN_BAD_FIELD, OFF(seg.va));
	refused(rig, SET(good, seg.uba, top - 4096), UB_ADMIN_BAD_FIELD, OFF(seg.uba));
	refused(rig, SET(good, seg.uba, good.seg.uba + 1), UB_ADMIN_BAD_FIELD, OFF(seg.uba));
	refused(rig, SET(good, seg.len, ~0ull), UB_ADMIN_BAD_FIELD, OFF(seg.va));
	for (uint32_t access = 0; access < 32; access++)
		if (access != 1 && access != 2 && access != 6 && access != 14)
			refused(rig, SET(good, seg.access, access), UB_ADMIN_BAD_FIELD,
				OFF(seg.access));
	refused(rig, SET(good, seg.token_policy, 2), UB_ADMIN_BAD_FIELD, OFF(seg.token_policy));
	accepted(rig, good);
	good.id = rig->next_id++;
	good.seg.va = good.seg.uba = top - 8192;	/* to the last byte of the space */
	accepted(rig, good);
}

static void create_eq(void **state)
{
	struct set *s = *state;
	struct rig *rig = &s->rig;
	struct ub_admin_cmd good = { .opcode = UB_ADMIN_CREATE_EQ, .id = 7 };

	good.eq.base = bus_alloc(rig, 65536 * 16, PAGE);
	good.eq.rec = bus_alloc(rig, PAGE, PAGE) + 64;
	good.eq.depth = 65536;
	refused(rig, SET(good, id, 8), UB_ADMIN_BAD_ID, 4);
	refused(rig, SET(good, id, 0), UB_ADMIN_ID_IN_USE, 4);
	refused(rig, SET(good, eq.base, good.eq.base + 64), UB_ADMIN_BAD_FIELD, OFF(eq.base));
	refused(rig, SET(good, eq.rec, good.eq.rec + 32), UB_ADMIN_BAD_FIELD, OFF(eq.rec));
	refused(rig, SET(good, eq.depth, 32), UB_ADMIN_BAD_FIELD, OFF(eq.depth));
	refused(rig, SET(good, eq.depth, 96), UB_ADMIN_BAD_FIELD, OFF(eq.depth));
	refused(rig, SET(good, eq.depth, 131072), UB_ADMIN_BAD_FIELD, OFF(eq.depth));
	refused(rig, SET(good, eq.base, 0), UB_ADMIN_BAD_ADDRESS, OFF(eq.base));
	refused(rig, SET(good, eq.base, BUS_BASE + ARENA_SIZE - PAGE), UB_ADMIN_BAD_ADDRESS,
		OFF(eq.base));
	refused(rig, SET(good, eq.base, ~0ull << 12), UB_ADMIN_BAD_ADDRESS, OFF(eq.base));
	refused(rig, SET(good, eq.rec, 64), UB_ADMIN_BAD_ADDRESS, OFF(eq.rec));
	accepted(rig, good);
	accepted(rig, (struct ub_admin_cmd){ .opcode = UB_ADMIN_DESTROY_EQ, .id = 7 });
	refused(rig, (struct ub_admin_cmd){ .opcode = UB_ADMIN_DESTROY_EQ, .id = 1 },
		UB_ADMIN_BUSY, 1);
}

/* What JFC, JFS and JFR have in common: the same places for ring, rec, tid and depth. */
static void common_queue_fields(struct set *s, struct ub_admin_cmd good, uint32_t taken)
{
	struct rig *rig = &s->rig;
	uint8_t *p;
	uint64_t ro = mem_new(&s->ctx, 8192, UB_PTE_READ, &p);

	refused(rig, SET(good, id, 0), UB_ADMIN_BAD_ID, 4);
	refused(rig, SET(good, id, 2049), UB_ADMIN_BAD_ID, 4);
	refused(rig, SET(good, id, taken), UB_ADMIN_ID_IN_USE, 4);
	refused(rig, SET(good, jfc.tid, 99), UB_ADMIN_BAD_ID, OFF(jfc.tid));
	refused(rig, SET(good, jfc.ring, good.jfc.ring + 64), UB_ADMIN_BAD_FIELD, OFF(jfc.ring));
	refused(rig, SET(good, jfc.rec, good.jfc.rec + 64), UB_ADMIN_BAD_FIELD, OFF(jfc.rec));
	refused(rig, SET(good, jfc.depth, 0), UB_ADMIN_BAD_FIELD, OFF(jfc.depth));
	refused(rig, SET(good, jfc.depth, 32), UB_ADMIN_BAD_FIELD, OFF(jfc.depth));
	refused(rig, SET(good, jfc.depth, 65), UB_ADMIN_BAD_FIELD, OFF(jfc.depth));
	refused(rig, SET(good, jfc.depth, 131072), UB_ADMIN_LIMIT, 65536);
	refused(rig, SET(good, jfc.depth, 0x80000000), UB_ADMIN_LIMIT, 65536);
	/* Mapped in part, not mapped, read-only, beyond the space. */
	refused(rig, SET(good, jfc.depth, 4096), UB_ADMIN_BAD_ADDRESS, OFF(jfc.ring));
	refused(rig, SET(good, jfc.ring, 0), UB_ADMIN_BAD_ADDRESS, OFF(jfc.ring));
	refused(rig, SET(good, jfc.ring, ro), UB_ADMIN_BAD_ADDRESS, OFF(jfc.ring));
	refused(rig, SET(good, jfc.ring, ~0ull << 12), UB_ADMIN_BAD_ADDRESS, OFF(jfc.ring));
	refused(rig, SET(good, jfc.rec, 128), UB_ADMIN_BAD_ADDRESS, OFF(jfc.rec));
	refused(rig, SET(good, jfc.rec, ro), UB_ADMIN_BAD_ADDRESS, OFF(jfc.rec));
}

static void page_fields(struct set *s, struct ub_admin_cmd good)
{
	refused(&s->rig, SET(good, jfc.db_page, 0), UB_ADMIN_BAD_FIELD, OFF(jfc.db_page));
	refused(&s->rig, SET(good, jfc.db_page, 4096), UB_ADMIN_BAD_FIELD, OFF(jfc.db_page));
	refused(&s->rig, SET(good, jfc.db_page, s->jfs.page), UB_ADMIN_ID_IN_USE,
		OFF(jfc.db_page));
	refused(&s->rig, SET(good, jfc.db_page, s->jfc.page), UB_ADMIN_ID_IN_USE,
		OFF(jfc.db_page));
}

static void create_jfc(void **state)
{
	struct set *s = *state;
	struct tjfc jfc;
	struct ub_admin_cmd good = jfc_cmd(&s->ctx, &jfc, 64);

	common_queue_fields(s, good, s->jfc.id);
	page_fields(s, good);
	refused(&s->rig, SET(good, jfc.eq, 0), UB_ADMIN_BAD_ID, OFF(jfc.eq));
	refused(&s->rig, SET(good, jfc.eq, 2), UB_ADMIN_BAD_ID, OFF(jfc.eq));
	refused(&s->rig, SET(good, jfc.eq, 8), UB_ADMIN_BAD_ID, OFF(jfc.eq));
	accepted(&s->rig, good);
	assert_int_equal(jfc.rec->state, UB_STATE_READY);
	accepted(&s->rig, (struct ub_admin_cmd){ .opcode = UB_ADMIN_DESTROY_JFC, .id = jfc.id });
	refused(&s->rig, (struct ub_admin_cmd){ .opcode = UB_ADMIN_DESTROY_JFC, .id = s->jfc.id },
		UB_ADMIN_BUSY, 1);
}

static void create_jfs(void **state)
{
	struct set *s = *state;
	struct rig *rig = &s->rig;
	struct tjfs jfs;
	struct ub_admin_cmd good = jfs_cmd(&s->ctx, &jfs, &s->jfc, 64);
	struct tctx other;
	struct tjfc foreign;

	ctx_new(rig, &other);
	jfc_new(&other, &foreign, 64);
	common_queue_fields(s, good, s->jfs.id);
	page_fields(s, good);
	refused(rig, SET(good, jfs.jfc, 0), UB_ADMIN_BAD_ID, OFF(jfs.jfc));
	refused(rig, SET(good, jfs.jfc, foreign.id), UB_ADMIN_BAD_ID, OFF(jfs.jfc));
	refused(rig, SET(good, jfs.jfr, 1), UB_ADMIN_BAD_FIELD, OFF(jfs.jfr));
	refused(rig, SET(good, jfs.flags, UB_JFS_F_JETTY), UB_ADMIN_BAD_ID, OFF(jfs.jfr));
	refused(rig, SET(good, jfs.flags, 4), UB_ADMIN_BAD_FIELD, OFF(jfs.flags));
	refused(rig, SET(good, jfs.state, 1), UB_ADMIN_BAD_FIELD, OFF(jfs.state));
	refused(rig, SET(good, jfs.priority, 16), UB_ADMIN_BAD_FIELD, OFF(jfs.priority));
	refused(rig, SET(good, jfs.rnr_retry, 8), UB_ADMIN_BAD_FIELD, OFF(jfs.rnr_retry));
	refused(rig, SET(good, jfs.err_timeout, 32), UB_ADMIN_BAD_FIELD, OFF(jfs.err_timeout));
	good.jfs.priority = 15;
	good.jfs.rnr_retry = 7;
	good.jfs.err_timeout = 31;
	accepted(rig, good);
	assert_int_equal(jfs.rec->state, UB_STATE_READY);
	assert_int_equal(atomic_load(&rig->pages_on), 2);
	accepted(rig, (struct ub_admin_cmd){ .opcode = UB_ADMIN_DESTROY_JFS, .id = jfs.id });
	assert_int_equal(atomic_load(&rig->pages_off), 1);
	/* Id and page are free again. */
	accepted(rig, good);
}

static void create_jfr(void **state)
{
	struct set *s = *state;
	struct rig *rig = &s->rig;
	struct tjfr jfr, first;
	struct tjfs jetty;
	struct ub_admin_cmd good;

	jfr_new(&s->ctx, &first, &s->jfc, 64);
	good = jfr_cmd(&s->ctx, &jfr, &s->jfc, 64);
	common_queue_fields(s, good, first.id);
	refused(rig, SET(good, jfr.jfc, 99), UB_ADMIN_BAD_ID, OFF(jfr.jfc));
	refused(rig, SET(good, jfr.token_policy, 2), UB_ADMIN_BAD_FIELD, OFF(jfr.token_policy));
	refused(rig, SET(good, jfr.state, 1), UB_ADMIN_BAD_FIELD, OFF(jfr.state));
	refused(rig, SET(good, jfr.min_rnr_timer, 20), UB_ADMIN_BAD_FIELD,
		OFF(jfr.min_rnr_timer));
	good.jfr.min_rnr_timer = 19;
	accepted(rig, good);
	jetty_new(&s->ctx, &jetty, &s->jfc, &jfr);
	refused(rig, (struct ub_admin_cmd){ .opcode = UB_ADMIN_DESTROY_JFR, .id = jfr.id },
		UB_ADMIN_BUSY, 1);
	accepted(rig, (struct ub_admin_cmd){ .opcode = UB_ADMIN_DESTROY_JFS, .id = jetty.id });
	accepted(rig, (struct ub_admin_cmd){ .opcode = UB_ADMIN_DESTROY_JFR, .id = jfr.id });
}

static void queries(void **state)
{
	struct set *s = *state;
	struct tjfr jfr;

	for (unsigned i = 0; i < 3; i++) {
		union twqe w = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE, 0);

		run(&s->jfs, &w);
	}
	assert_int_equal(query(&s->rig, UB_ADMIN_QUERY_JFS, s->jfs.id), UB_STATE_READY);
	assert_int_equal(s->rig.reply.pi, 3);
	assert_int_equal(s->rig.reply.ci, 3);
	assert_int_equal(s->rig.reply.count, 3);
	assert_int_equal(s->rig.reply.refs, 0);
	assert_int_equal(query(&s->rig, UB_ADMIN_QUERY_JFC, s->jfc.id), UB_STATE_READY);
	assert_int_equal(s->rig.reply.pi, 3);
	assert_int_equal(s->rig.reply.ci, 3);
	assert_int_equal(s->rig.reply.count, 3);
	assert_int_equal(s->rig.reply.refs, 1);
	jfr_new(&s->ctx, &jfr, &s->jfc, 64);
	assert_int_equal(query(&s->rig, UB_ADMIN_QUERY_JFR, jfr.id), UB_STATE_READY);
	assert_int_equal(s->rig.reply.refs, 0);
}

/* ---- The ring itself ---- */
static void ring_wraps(void **state)
{
	struct set *s = *state;

	for (unsigned i = 0; i < 100; i++)
		nop(state);
	assert_int_equal(ub_core_reg_read(s->rig.core, UB_REG_ADMIN_CI, 4), s->rig.admin_pi);
}

static void batch_is_answered_in_order(void **state)
{
	struct set *s = *state;
	struct ub_admin_slot *ring = bus_ptr(&s->rig, s->rig.admin_base);
	uint32_t first = s->rig.admin_pi;

	for (unsigned i = 0; i < 16; i++) {
		struct ub_admin_slot *slot = &ring[(first + i) & 15];

		memset(slot, 0, sizeof(*slot));
		slot->cmd.tag = (uint16_t)i;
		slot->cmd.opcode = i & 1 ? 0xff : UB_ADMIN_NOP;
	}
	s->rig.admin_pi += 16;
	ub_core_reg_write(s->rig.core, UB_REG_ADMIN_PI, s->rig.admin_pi, 4);
	for (unsigned i = 0; i < 16; i++) {
		assert_int_equal(ring[(first + i) & 15].reply.tag, i);
		assert_int_equal(ring[(first + i) & 15].reply.status,
				 i & 1 ? UB_ADMIN_BAD_OPCODE : UB_ADMIN_OK);
	}
}

static void pi_too_far_is_fatal(void **state)
{
	struct set *s = *state;
	struct ub_core *core = s->rig.core;
	uint32_t pi = s->rig.admin_pi + 17;

	ub_core_reg_write(core, UB_REG_ADMIN_PI, pi, 4);
	assert_int_equal(ub_core_reg_read(core, UB_REG_STATUS, 4), UB_STATUS_FATAL);
	assert_int_equal(ub_core_reg_read(core, UB_REG_ERR_CAUSE, 4), UB_ERR_ADMIN_PI);
	assert_int_equal(ub_core_reg_read(core, UB_REG_ERR_INFO, 8), pi);
	ub_core_reg_write(core, UB_REG_ADMIN_PI, s->rig.admin_pi + 1, 4);
	assert_int_equal(ub_core_reg_read(core, UB_REG_ADMIN_CI, 4), s->rig.admin_pi);
	ub_core_reset(core);
	rig_enable(&s->rig);
}

static void slot_outside_memory_is_fatal(void **state)
{
	struct set *s = *state;
	struct ub_core *core = s->rig.core;

	ub_core_reset(core);
	ub_core_reg_write(core, UB_REG_ADMIN_BASE, 0x5000, 8);
	ub_core_reg_write(core, UB_REG_ADMIN_DEPTH, 256, 4);
	ub_core_reg_write(core, UB_REG_CTRL, UB_CTRL_ENABLE, 4);
	ub_core_reg_write(core, UB_REG_ADMIN_PI, 3, 4);
	assert_int_equal(ub_core_reg_read(core, UB_REG_STATUS, 4), UB_STATUS_FATAL);
	assert_int_equal(ub_core_reg_read(core, UB_REG_ERR_CAUSE, 4), UB_ERR_ADMIN_DMA);
	assert_int_equal(ub_core_reg_read(core, UB_REG_ERR_INFO, 8), 0x5000);
	assert_int_equal(ub_core_reg_read(core, UB_REG_ADMIN_CI, 4), 0);
}

static void limits_follow_the_configuration(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	struct ub_core_config config;
	struct tctx ctx;
	struct tjfc jfc;
	struct ub_admin_cmd cmd;

	(void)state;
	rig_config(rig, &config, 9);
	config.max_jfc = 3;
	config.max_depth = 64;
	config.db_pages = 4;
	rig_init_config(rig, &config);
	rig_enable(rig);
	ctx_new(rig, &ctx);
	cmd = jfc_cmd(&ctx, &jfc, 128);
	refused(rig, cmd, UB_ADMIN_LIMIT, 64);
	cmd = jfc_cmd(&ctx, &jfc, 64);
	refused(rig, SET(cmd, id, 4), UB_ADMIN_BAD_ID, 4);
	refused(rig, SET(cmd, jfc.db_page, 4), UB_ADMIN_BAD_FIELD, OFF(jfc.db_page));
	accepted(rig, cmd);
	rig_fini(rig);
	free(rig);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, set_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(nop),
		T(unknown_opcodes),
		T(unused_bytes_must_be_zero),
		T(bad_ids),
		T(create_ctx),
		T(create_seg),
		T(create_eq),
		T(create_jfc),
		T(create_jfs),
		T(create_jfr),
		T(queries),
		T(ring_wraps),
		T(batch_is_answered_in_order),
		T(pi_too_far_is_fatal),
		T(slot_outside_memory_is_fatal),
		T(limits_follow_the_configuration),
	};

	return cmocka_run_group_tests_name("core-admin", tests, NULL, NULL);
}
