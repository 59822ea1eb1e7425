/* SPDX-License-Identifier: MIT */
/* Every register: reset value, width, access, and the life of the configuration. */
#include "harness.h"

#define RO 0
#define RW32 1

struct reg {
	uint32_t offset;
	unsigned width;
	int access;
	uint64_t reset;
};

static const struct reg regs[] = {
	{ 0x000, 4, RO, 0x504e4255 },
	{ 0x004, 4, RO, 0x00010002 },
	{ 0x008, 8, RO, 0x1111111111111111 },
	{ 0x010, 8, RO, 0x0111111111111111 },
	{ 0x018, 8, RO, 0x2222222222222222 },
	{ 0x020, 8, RO, 0x0122222222222222 },
	{ 0x028, 4, RO, 0x0400 },
	{ 0x02c, 4, RO, 0 },
	{ 0x030, 8, RO, 0xc0000000000001ff },
	{ 0x038, 8, RO, 0x0000000f0000000f },
	{ 0x040, 4, RO, 1024 },
	{ 0x044, 4, RO, 131072 },
	{ 0x048, 4, RO, 2048 },
	{ 0x04c, 4, RO, 2048 },
	{ 0x050, 4, RO, 2048 },
	{ 0x054, 4, RO, 8 },
	{ 0x058, 4, RO, 4096 },
	{ 0x05c, 4, RO, 65536 },
	{ 0x060, 4, RO, 65536 },
	{ 0x064, 4, RO, 65536 },
	{ 0x068, 4, RO, 13 },
	{ 0x06c, 4, RO, 208 },
	{ 0x070, 8, RO, 0x40000000 },
	{ 0x078, 4, RO, 16384 },
	{ 0x07c, 4, RO, 2 },
	{ 0x080, 8, RO, HBM_TEST_SIZE },
	{ 0x088, 4, RO, 0 },
	{ 0x08c, 4, RO, 0 },
	{ 0x090, 8, RO, 0 },
	{ 0x098, 4, RO, 1 },
	{ 0x09c, 4, RO, 1024 },
	{ 0x100, 4, RO, 0 },
	{ 0x104, 4, RO, 1 },
	{ 0x108, 4, RO, 0 },
	{ 0x110, 4, RO, 0 },
	{ 0x118, 8, RO, 0 },
	{ 0x120, 4, RO, 0 },
	{ 0x128, 4, RO, 0 },
	{ 0x200, 8, RW32, 0 },
	{ 0x208, 4, RW32, 0 },
	{ 0x20c, 4, RO, 0 },
	{ 0x210, 4, RO, 0 },
	{ 0x300, 8, RO, 0 },
	{ 0x308, 8, RO, 0 },
	{ 0x310, 8, RO, 0 },
	{ 0x318, 8, RO, 0 },
	{ 0x320, 8, RO, 0 },
	{ 0x328, 8, RO, 0 },
	{ 0x330, 8, RO, 0 },
	{ 0x338, 8, RO, 0 },
	{ 0x340, 8, RO, 0 },
	{ 0x348, 8, RO, 0 },
	{ 0x350, 8, RO, 0 },
	{ 0x358, 8, RO, 0 },
	{ 0x360, 8, RO, 0 },
	{ 0x368, 8, RO, 0 },
	{ 0x370, 8, RO, 0 },
	{ 0x378, 8, RO, 0 },
	{ 0x380, 8, RO, 0 },
	{ 0x388, 8, RO, 0 },
	{ 0x390, 8, RO, 0 },
};
#define NREGS (sizeof(regs) / sizeof(regs[0]))

static int raw_up(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	struct ub_core_config config;

	rig_config(rig, &config, 1);
	rig_init_config(rig, &config);
	*state = rig;
	return 0;
}

static int raw_down(void **state)
{
	rig_fini(*state);
	free(*state);
	return 0;
}

static uint64_t rd(struct rig *rig, uint64_t offset, unsigned size)
{
	return ub_core_reg_read(rig->core, offset, size);
}

static void wr(struct rig *rig, uint64_t offset, uint64_t value, unsigned size)
{
	ub_core_reg_write(rig->core, offset, value, size);
}

static void reset_values(void **state)
{
	for (size_t i = 0; i < NREGS; i++) {
		uint64_t got = rd(*state, regs[i].offset, regs[i].width);

		if (got != regs[i].reset)
			fail_msg("register 0x%x is 0x%llx", regs[i].offset,
				 (unsigned long long)got);
	}
	assert_int_equal(STAT((struct rig *)*state, guest_errors), 0);
}

static void halves_of_64_bit_registers(void **state)
{
	for (size_t i = 0; i < NREGS; i++) {
		if (regs[i].width != 8)
			continue;
		assert_int_equal(rd(*state, regs[i].offset, 4), regs[i].reset & 0xffffffff);
		assert_int_equal(rd(*state, regs[i].offset + 4, 4), regs[i].reset >> 32);
	}
	wr(*state, 0x200, 0x11112000, 4);
	assert_int_equal(rd(*state, 0x200, 8), 0x11112000);
	wr(*state, 0x204, 0x7, 4);
	assert_int_equal(rd(*state, 0x200, 8), 0x711112000);
	assert_int_equal(rd(*state, 0x204, 4), 7);
	wr(*state, 0x200, 0x5000, 4);
	assert_int_equal(rd(*state, 0x200, 8), 0x700005000);
}

static void read_only_ignores_writes(void **state)
{
	for (size_t i = 0; i < NREGS; i++) {
		if (regs[i].access != RO || regs[i].offset == UB_REG_CTRL ||
		    regs[i].offset == UB_REG_ADMIN_PI)
			continue;
		wr(*state, regs[i].offset, 0x5a5a5a5a5a5a5a5a, regs[i].width);
		assert_int_equal(rd(*state, regs[i].offset, regs[i].width), regs[i].reset);
	}
	assert_int_equal(STAT((struct rig *)*state, guest_errors), 0);
}

struct access {
	uint64_t offset;
	unsigned size;
};

static void bad_accesses(void **state)
{
	static const struct access bad[] = {
		{ 0x000, 1 },	  { 0x000, 2 }, { 0x000, 8 },  { 0x002, 4 },  { 0x009, 8 },
		{ 0x028, 8 },	  { 0x0a0, 4 }, { 0x0fc, 4 },  { 0x10c, 4 },  { 0x114, 4 },
		{ 0x124, 4 },	  { 0x1fc, 4 }, { 0x204, 8 },  { 0x214, 4 },  { 0x398, 8 },
		{ 0x398, 4 },	  { 0x400, 4 }, { 0x7ff8, 8 }, { 0x8000, 4 }, { 0x300, 1 },
		{ ~0ull - 3, 4 }, { 0x104, 3 },
	};
	struct rig *rig = *state;
	uint64_t n = sizeof(bad) / sizeof(bad[0]);

	for (size_t i = 0; i < n; i++) {
		assert_int_equal(rd(rig, bad[i].offset, bad[i].size), 0);
		wr(rig, bad[i].offset, ~0ull, bad[i].size);
	}
	assert_int_equal(STAT(rig, guest_errors), 2 * n);
	assert_int_equal(rd(rig, UB_REG_CTRL, 4), 0);
	/* Said, but not without limit. */
	assert_in_range(atomic_load(&rig->errors), 1, 20);
}

static void first_error_is_captured(void **state)
{
	struct rig *rig = *state;

	rd(rig, 0x404, 4);
	rd(rig, 0x408, 4);
	assert_int_equal(rd(rig, UB_REG_ERR_CAUSE, 4), UB_ERR_BAD_ACCESS);
	assert_int_equal(rd(rig, UB_REG_ERR_INFO, 8), 0x404);
	wr(rig, UB_REG_ERR_CAUSE, 0, 4);
	assert_int_equal(rd(rig, UB_REG_ERR_CAUSE, 4), 0);
	assert_int_equal(rd(rig, UB_REG_ERR_INFO, 8), 0);
	rd(rig, 0x40c, 4);
	assert_int_equal(rd(rig, UB_REG_ERR_INFO, 8), 0x40c);
}

static void enable_refuses_bad_rings(void **state)
{
	static const uint32_t depths[] = { 0, 1, 3, 512, 257, 0x80000000 };
	struct rig *rig = *state;

	wr(rig, UB_REG_ADMIN_BASE, BUS_BASE, 8);
	for (unsigned i = 0; i < 6; i++) {
		wr(rig, UB_REG_ADMIN_DEPTH, depths[i], 4);
		wr(rig, UB_REG_CTRL, UB_CTRL_ENABLE, 4);
		assert_int_equal(rd(rig, UB_REG_CTRL, 4), 0);
	}
	wr(rig, UB_REG_ADMIN_DEPTH, 2, 4);
	wr(rig, UB_REG_ADMIN_BASE, BUS_BASE + 128, 8);
	wr(rig, UB_REG_CTRL, UB_CTRL_ENABLE, 4);
	assert_int_equal(rd(rig, UB_REG_CTRL, 4), 0);
	assert_int_equal(STAT(rig, guest_errors), 7);
	wr(rig, UB_REG_ADMIN_BASE, BUS_BASE, 8);
	wr(rig, UB_REG_CTRL, ~UB_CTRL_RESET, 4);
	assert_int_equal(rd(rig, UB_REG_CTRL, 4), UB_CTRL_ENABLE);
	/* Live: base and depth stay. */
	wr(rig, UB_REG_ADMIN_BASE, 0, 8);
	wr(rig, UB_REG_ADMIN_DEPTH, 4, 4);
	assert_int_equal(rd(rig, UB_REG_ADMIN_BASE, 8), BUS_BASE);
	assert_int_equal(rd(rig, UB_REG_ADMIN_DEPTH, 4), 2);
}

static void admin_pi_needs_enable(void **state)
{
	struct rig *rig = *state;

	wr(rig, UB_REG_ADMIN_PI, 1, 4);
	assert_int_equal(rd(rig, UB_REG_ADMIN_PI, 4), 0);
	assert_int_equal(STAT(rig, guest_errors), 1);
}

static void reset_bit_resets_registers(void **state)
{
	struct rig *rig = *state;

	rig_enable(rig);
	rd(rig, 0x404, 4);
	wr(rig, UB_REG_CTRL, UB_CTRL_RESET | UB_CTRL_ENABLE, 4);
	assert_int_equal(rd(rig, UB_REG_CTRL, 4), 0);
	assert_int_equal(rd(rig, UB_REG_STATUS, 4), UB_STATUS_READY);
	assert_int_equal(rd(rig, UB_REG_GENERATION, 4), 1);
	assert_int_equal(rd(rig, UB_REG_ERR_CAUSE, 4), 0);
	for (uint64_t off = 0x208; off <= 0x210; off += 4)
		assert_int_equal(rd(rig, off, 4), 0);
	assert_int_equal(rd(rig, 0x200, 8), 0);
	assert_int_equal(STAT(rig, admin_cmds), 2);
	rig_enable(rig);
}

/* ---- Configuration ---- */
static void refuse(struct ub_core_config config)
{
	struct rig rig;
	const char *error = NULL;

	assert_null(ub_core_new(&config, rig_host(), &rig, &error));
	assert_non_null(error);
}

static void config_is_checked(void **state)
{
	struct rig *rig = *state;
	struct ub_core_config good = rig->config, bad;

	good.eid[0] = 9;
#define REFUSE(field, value) do { bad = good; bad.field = value; refuse(bad); } while (0)
	REFUSE(engines, 0);
	REFUSE(poll_ns, 1000001);
	REFUSE(inline_bytes, 65537);
	REFUSE(engines, 17);
	REFUSE(max_ctx, 0);
	REFUSE(max_seg, UB_HW_ID_MASK + 1);
	REFUSE(max_jfs, 0);
	REFUSE(max_jfr, 0);
	REFUSE(max_jfc, 0);
	REFUSE(vectors, 1);
	REFUSE(vectors, 65);
	REFUSE(db_pages, 1);
	REFUSE(db_pages, 65537);
	REFUSE(max_depth, 32);
	REFUSE(max_depth, 100);
	REFUSE(max_depth, 131072);
	REFUSE(upi, 0x8000);
	REFUSE(hbm, NULL);
	REFUSE(hbm_size, 100);
	/* The EID is taken. */
	REFUSE(eid[0], rig->config.eid[0]);
}

static void eid_is_derived_from_guid(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	struct ub_core_config config;

	(void)state;
	rig_config(rig, &config, 7);
	memset(config.eid, 0, 16);
	rig_init_config(rig, &config);
	assert_int_not_equal(rd(rig, UB_REG_EID, 8), 0);
	assert_int_equal(rd(rig, UB_REG_EID + 8, 8), rd(rig, UB_REG_GUID + 8, 8));
	rig_fini(rig);
	free(rig);
}

static void no_hbm(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	struct ub_core_config config;

	(void)state;
	rig_config(rig, &config, 8);
	config.hbm = NULL;
	config.hbm_size = 0;
	rig_init_config(rig, &config);
	assert_int_equal(rd(rig, UB_REG_HBM_SIZE, 8), 0);
	assert_int_equal(rd(rig, UB_REG_CAPS, 8) & UB_CAP_HBM, 0);
	rig_fini(rig);
	free(rig);
}

#define T(f) cmocka_unit_test_setup_teardown(f, raw_up, raw_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(reset_values),
		T(halves_of_64_bit_registers),
		T(read_only_ignores_writes),
		T(bad_accesses),
		T(first_error_is_captured),
		T(enable_refuses_bad_rings),
		T(admin_pi_needs_enable),
		T(reset_bit_resets_registers),
		T(config_is_checked),
		T(eid_is_derived_from_guid),
		T(no_hbm),
	};

	return cmocka_run_group_tests_name("core-regs", tests, NULL, NULL);
}
