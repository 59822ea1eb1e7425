/* SPDX-License-Identifier: MIT */
/* Page tables, segments, tokens: each check of section 4, locally and by token. */
#include "harness.h"

#define ALL (UB_ACCESS_READ | UB_ACCESS_WRITE | UB_ACCESS_ATOMIC)

/* WRITE of len bytes from (id, va) to (id, va), which must end with that status. */
static struct ub_hw_cqe copy(struct set *s, struct tseg *from, struct tseg *to, uint32_t len,
			     unsigned status, unsigned sub)
{
	union twqe w = wqe_new(UB_OP_WRITE, UB_WQE_COMPLETE, 5);

	wqe_target(&w, s->eid, to->va, to->id, to->token);
	wqe_sge(&w, from->va, len, from->id);
	post(&s->jfs, &w);
	return expect(&s->jfc, status, sub, 5);
}

static struct tseg at(const struct tseg *seg, uint64_t off)
{
	struct tseg t = *seg;

	t.va += off;
	return t;
}

static void seg_over(struct set *s, struct tseg *seg, uint64_t va, uint64_t uba, uint64_t len,
		     uint32_t access)
{
	struct ub_admin_cmd cmd = seg_cmd(&s->rig, &s->ctx, va, len, access, 0x77);

	cmd.seg.uba = uba;
	seg->id = cmd.id;
	seg->va = va;
	seg->len = len;
	seg->token = 0x77;
	assert_int_equal(admin(&s->rig, &cmd), UB_ADMIN_OK);
}

static void huge_leaves(void **state)
{
	struct set *s = *state;
	uint64_t uba = 0x40000000, bus = bus_alloc(&s->rig, 4 << 20, 2 << 20);
	struct tseg seg;

	*pt_entry(&s->ctx, uba, 2) = bus | UB_PTE_VALID | UB_PTE_HUGE | RW;
	*pt_entry(&s->ctx, uba + (2 << 20), 2) = (bus + (2 << 20)) | UB_PTE_VALID | UB_PTE_HUGE |
						 RW;
	seg_over(s, &seg, uba, uba, 4 << 20, ALL);
	seg.ptr = bus_ptr(&s->rig, bus);
	memset(s->a.ptr, 0x5c, 1 << 20);
	seg = at(&seg, (2 << 20) - 300000);
	copy(s, &s->a, &seg, 1 << 20, UB_CR_SUCCESS, 0);
	for (unsigned i = 0; i < 1 << 20; i++)
		if (seg.ptr[(2 << 20) - 300000 + i] != 0x5c)
			fail_msg("byte %u", i);
	copy(s, &seg, &s->b, 1 << 20, UB_CR_SUCCESS, 0);
	assert_memory_equal(s->b.ptr, s->a.ptr, 1 << 20);
}

static void scattered_pages(void **state)
{
	struct set *s = *state;
	uint64_t uba = 0x50000000, bus = bus_alloc(&s->rig, 64 * PAGE, PAGE);
	struct tseg seg;

	for (unsigned i = 0; i < 64; i++)	/* in an order of their own */
		pt_map(&s->ctx, uba + i * PAGE, bus + (i * 37 % 64) * PAGE, PAGE, RW);
	seg_over(s, &seg, uba, uba, 64 * PAGE, ALL);
	for (unsigned i = 0; i < 64 * PAGE; i++)
		s->a.ptr[i] = (uint8_t)(i * 31 >> 5);
	copy(s, &s->a, &seg, 64 * PAGE, UB_CR_SUCCESS, 0);
	for (unsigned i = 0; i < 64; i++)
		assert_memory_equal(bus_ptr(&s->rig, bus + (i * 37 % 64) * PAGE),
				    s->a.ptr + i * PAGE, PAGE);
	copy(s, &seg, &s->b, 64 * PAGE, UB_CR_SUCCESS, 0);
	assert_memory_equal(s->b.ptr, s->a.ptr, 64 * PAGE);
}

static void va_and_uba_differ(void **state)
{
	struct set *s = *state;
	struct tseg seg;

	seg_over(s, &seg, 0x123000 + 16, s->b.va + 16, 5000, ALL);
	memset(s->a.ptr, 0x21, 5000);
	copy(s, &s->a, &seg, 5000, UB_CR_SUCCESS, 0);
	assert_memory_equal(s->b.ptr + 16, s->a.ptr, 5000);
}

static void hbm_leaves(void **state)
{
	struct set *s = *state;
	uint64_t uba = 0x60000000;
	struct tseg seg;

	pt_map(&s->ctx, uba, 0x10000, 1 << 20, RWA | UB_PTE_HBM);
	seg_over(s, &seg, uba, uba, 1 << 20, ALL);
	memset(s->a.ptr, 0x42, 200000);
	copy(s, &s->a, &seg, 200000, UB_CR_SUCCESS, 0);
	assert_memory_equal(s->rig.hbm + 0x10000, s->a.ptr, 200000);
	copy(s, &seg, &s->b, 200000, UB_CR_SUCCESS, 0);
	assert_memory_equal(s->b.ptr, s->a.ptr, 200000);
}

static void hbm_beyond_its_size(void **state)
{
	struct set *s = *state;
	uint64_t uba = 0x60000000;
	struct tseg seg;

	pt_map(&s->ctx, uba, HBM_TEST_SIZE - PAGE, 2 * PAGE, RW | UB_PTE_HBM);
	seg_over(s, &seg, uba, uba, 2 * PAGE, ALL);
	copy(s, &s->a, &seg, PAGE, UB_CR_SUCCESS, 0);
	seg = at(&seg, PAGE);
	copy(s, &s->a, &seg, 8, UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_BUS);
	copy(s, &seg, &s->a, 8, UB_CR_LOC_ACCESS_ERR, UB_SUB_BUS);
}

/* ---- The checks in their order ---- */
static void token_id(void **state)
{
	struct set *s = *state;
	struct tseg bad = s->b;
	struct tctx other;
	struct tseg foreign;

	bad.id = 0;
	copy(s, &bad, &s->b, 8, UB_CR_LOC_ACCESS_ERR, UB_SUB_TOKEN_ID);
	copy(s, &s->a, &bad, 8, UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_TOKEN);
	bad.id = 0xffffffff;
	copy(s, &bad, &s->b, 8, UB_CR_LOC_ACCESS_ERR, UB_SUB_TOKEN_ID);
	copy(s, &s->a, &bad, 8, UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_TOKEN);
	/* Another context's segment is not local, whatever one knows of it. */
	ctx_new(&s->rig, &other);
	seg_new(&other, &foreign, 4096, ALL, 3);
	copy(s, &foreign, &s->b, 8, UB_CR_LOC_ACCESS_ERR, UB_SUB_TOKEN_ID);
	copy(s, &s->a, &foreign, 8, UB_CR_SUCCESS, 0);
}

static void token_value(void **state)
{
	struct set *s = *state;
	struct tseg bad = s->b;
	struct ub_admin_cmd cmd = { .opcode = UB_ADMIN_MODIFY_SEG, .id = s->b.id };

	bad.token ^= 1;
	copy(s, &s->a, &bad, 8, UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_TOKEN);
	copy(s, &bad, &s->a, 8, UB_CR_SUCCESS, 0);	/* local: no token is asked for */
	cmd.seg.token_value = bad.token;
	assert_int_equal(admin(&s->rig, &cmd), UB_ADMIN_OK);
	copy(s, &s->a, &bad, 8, UB_CR_SUCCESS, 0);
	copy(s, &s->a, &s->b, 8, UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_TOKEN);
}

static void token_policy_none(void **state)
{
	struct set *s = *state;
	struct ub_admin_cmd cmd = seg_cmd(&s->rig, &s->ctx, s->b.va, 4096, ALL, 9);
	struct tseg seg = s->b;

	cmd.seg.token_policy = UB_HW_TOKEN_NONE;
	assert_int_equal(admin(&s->rig, &cmd), UB_ADMIN_OK);
	seg.id = cmd.id;
	seg.token = 12345;
	copy(s, &s->a, &seg, 8, UB_CR_SUCCESS, 0);
}

static void bounds(void **state)
{
	struct set *s = *state;
	struct tseg bad;
	uint64_t len = s->b.len;
	const struct { uint64_t off; uint32_t len; bool ok; } cases[] = {
		{ len - 8, 8, true }, { len - 8, 9, false }, { len, 1, false },
		{ (uint64_t)-1, 8, false }, { (uint64_t)-8, 8, false }, { 0, 1 << 20, true },
		{ 0, (1 << 20) + 1, false }, { ~0ull - s->b.va, 8, false },
		{ 0 - s->b.va, 0x3fffffff, false },
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bad = at(&s->b, cases[i].off);
		copy(s, &bad, &s->a, cases[i].len,
		     cases[i].ok ? UB_CR_SUCCESS : UB_CR_LOC_ACCESS_ERR,
		     cases[i].ok ? 0 : UB_SUB_BOUNDS);
		if (cases[i].len > s->a.len)
			continue;
		copy(s, &s->a, &bad, cases[i].len,
		     cases[i].ok ? UB_CR_SUCCESS : UB_CR_REM_ACCESS_ABORT_ERR,
		     cases[i].ok ? 0 : UB_SUB_BOUNDS);
	}
}

static void access_by(struct set *s, unsigned op, struct tseg *seg, unsigned status, unsigned sub)
{
	union twqe w = wqe_new(op, UB_WQE_COMPLETE, 1);

	wqe_target(&w, s->eid, seg->va, seg->id, seg->token);
	wqe_sge(&w, s->a.va, 8, s->a.id);
	post(&s->jfs, &w);
	expect(&s->jfc, status, sub, 1);
}

static void segment_rights(void **state)
{
	static const uint32_t access[] = { UB_ACCESS_READ, UB_ACCESS_READ | UB_ACCESS_WRITE, ALL };
	struct set *s = *state;
	unsigned no = UB_CR_REM_ACCESS_ABORT_ERR, sub = UB_SUB_RIGHTS;
	struct tseg seg;

	for (unsigned i = 0; i < 3; i++) {
		seg_new(&s->ctx, &seg, 4096, access[i], 1);
		access_by(s, UB_OP_READ, &seg, 0, 0);
		access_by(s, UB_OP_WRITE, &seg, i >= 1 ? 0 : no, i >= 1 ? 0 : sub);
		access_by(s, UB_OP_FADD, &seg, i >= 2 ? 0 : no, i >= 2 ? 0 : sub);
		/* Locally the leaves alone decide. */
		copy(s, &seg, &s->b, 8, UB_CR_SUCCESS, 0);
	}
}

/* Its own context needs no token for it; to another it is as if it were not there. */
static void local_only(void **state)
{
	static const unsigned ops[] = { UB_OP_READ, UB_OP_WRITE, UB_OP_FADD };
	struct set *s = *state;
	struct tctx other;
	struct tseg mine, theirs, outside;

	ctx_new(&s->rig, &other);
	seg_new(&s->ctx, &mine, 4096, UB_ACCESS_LOCAL_ONLY, 1);
	seg_new(&other, &theirs, 4096, UB_ACCESS_LOCAL_ONLY, 1);
	mine.token = 2;
	outside = at(&theirs, 5000);
	for (unsigned i = 0; i < 3; i++) {
		access_by(s, ops[i], &mine, UB_CR_SUCCESS, 0);
		access_by(s, ops[i], &theirs, UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_TOKEN);
		access_by(s, ops[i], &outside, UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_TOKEN);
	}
	mine = at(&mine, 4090);
	access_by(s, UB_OP_READ, &mine, UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_BOUNDS);
}

static void order_of_checks(void **state)
{
	struct set *s = *state;
	struct tseg bad;

	seg_new(&s->ctx, &bad, 4096, UB_ACCESS_READ, 1);
	bad = at(&bad, 5000);
	bad.token = 2;
	copy(s, &s->a, &bad, 8, UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_TOKEN);
	bad.token = 1;
	copy(s, &s->a, &bad, 8, UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_BOUNDS);
	bad = at(&bad, (uint64_t)-5000);
	copy(s, &s->a, &bad, 8, UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_RIGHTS);
	/* Local before remote. */
	copy(s, &(struct tseg){ 0 }, &bad, 8, UB_CR_LOC_ACCESS_ERR, UB_SUB_TOKEN_ID);
}

/* ---- Leaves ---- */
static void leaf_rights(void **state)
{
	static const struct { uint64_t pte; bool read, write, atomic; } cases[] = {
		{ 0, false, false, false },
		{ UB_PTE_READ, true, false, false },
		{ UB_PTE_WRITE, false, true, false },
		{ UB_PTE_ATOMIC, false, false, true },
		{ RWA, true, true, true },
	};
	struct set *s = *state;
	unsigned rem = UB_CR_REM_ACCESS_ABORT_ERR, loc = UB_CR_LOC_ACCESS_ERR;
	unsigned sub = UB_SUB_PTE_RIGHTS;

	for (unsigned i = 0; i < 5; i++) {
		uint64_t uba = 0x70000000 + i * 0x100000, bus = bus_alloc(&s->rig, PAGE, PAGE);
		struct tseg seg;

		pt_map(&s->ctx, uba, bus, PAGE, cases[i].pte);
		seg_over(s, &seg, uba, uba, PAGE, ALL);
		access_by(s, UB_OP_READ, &seg, cases[i].read ? 0 : rem, cases[i].read ? 0 : sub);
		access_by(s, UB_OP_WRITE, &seg, cases[i].write ? 0 : rem,
			  cases[i].write ? 0 : sub);
		access_by(s, UB_OP_CAS, &seg, cases[i].atomic ? 0 : rem,
			  cases[i].atomic ? 0 : sub);
		copy(s, &seg, &s->b, 8, cases[i].read ? 0 : loc, cases[i].read ? 0 : sub);
	}
}

static void invalid_entries(void **state)
{
	struct set *s = *state;
	uint64_t bus = bus_alloc(&s->rig, 2 << 20, 2 << 20), uba = 0x80000000;
	unsigned loc = UB_CR_LOC_ACCESS_ERR;
	struct tseg seg;
	uint64_t good;

	seg_over(s, &seg, uba, uba, 2 << 20, ALL);
	copy(s, &seg, &s->b, 8, loc, UB_SUB_UNMAPPED);
	pt_map(&s->ctx, uba, bus, PAGE, RW);
	copy(s, &seg, &s->b, 8, UB_CR_SUCCESS, 0);
	good = *pt_entry(&s->ctx, uba, 1);
	for (unsigned bit = 0; bit < 64; bit++) {	/* reserved bits of a leaf */
		if (bit == 0 || bit == 7 || (bit >= 4 && bit <= 11 && bit != 8) || bit >= 52) {
			pt_set(&s->ctx, uba, good ^ 1ull << bit);
			copy(s, &seg, &s->b, 8, loc, UB_SUB_UNMAPPED);
		}
	}
	pt_set(&s->ctx, uba, good);
	for (unsigned level = 2; level <= 4; level++) {	/* and of tables */
		uint64_t *entry = pt_entry(&s->ctx, uba, level), table = *entry;

		for (unsigned bit = 4; bit < 12; bit++) {
			*entry = table | 1ull << bit;
			copy(s, &seg, &s->b, 8, loc, UB_SUB_UNMAPPED);
		}
		*entry = table ^ UB_PTE_VALID;
		copy(s, &seg, &s->b, 8, loc, UB_SUB_UNMAPPED);
		*entry = 0x3000 | UB_PTE_VALID;		/* a table that is not memory */
		copy(s, &seg, &s->b, 8, loc, UB_SUB_UNMAPPED);
		*entry = table;
	}
	/* A 2 MiB leaf must be aligned. */
	*pt_entry(&s->ctx, uba, 2) = (bus + PAGE) | UB_PTE_VALID | UB_PTE_HUGE | RW;
	copy(s, &seg, &s->b, 8, loc, UB_SUB_UNMAPPED);
	*pt_entry(&s->ctx, uba, 2) = bus | UB_PTE_VALID | UB_PTE_HUGE | RW;
	copy(s, &seg, &s->b, 8, UB_CR_SUCCESS, 0);
}

static void leaf_to_nowhere(void **state)
{
	struct set *s = *state;
	uint64_t uba = 0x90000000;
	struct tseg seg;

	pt_map(&s->ctx, uba, 0x1000, PAGE, RWA);
	seg_over(s, &seg, uba, uba, PAGE, ALL);
	copy(s, &seg, &s->b, 8, UB_CR_LOC_ACCESS_ERR, UB_SUB_BUS);
	copy(s, &s->a, &seg, 8, UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_BUS);
	access_by(s, UB_OP_SWAP, &seg, UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_BUS);
}

static void failure_in_the_middle_tells_len(void **state)
{
	struct set *s = *state;
	uint64_t uba = 0xa0000000, bus = bus_alloc(&s->rig, 100 * PAGE, PAGE);
	struct tseg seg;

	pt_map(&s->ctx, uba, bus, 100 * PAGE, RW);
	pt_set(&s->ctx, uba + 50 * PAGE, 0);
	seg_over(s, &seg, uba, uba, 100 * PAGE, ALL);
	assert_int_equal(copy(s, &s->a, &seg, 100 * PAGE, UB_CR_REM_ACCESS_ABORT_ERR,
			      UB_SUB_UNMAPPED).len, 50 * PAGE);
	assert_int_equal(copy(s, &seg, &s->a, 100 * PAGE, UB_CR_LOC_ACCESS_ERR,
			      UB_SUB_UNMAPPED).len, 50 * PAGE);
}

static void rings_on_scattered_and_huge_pages(void **state)
{
	struct set *s = *state;
	uint64_t uba = 0xb0000000, bus = bus_alloc(&s->rig, 2 << 20, 2 << 20);
	struct tjfs jfs;
	struct ub_admin_cmd cmd = jfs_cmd(&s->ctx, &jfs, &s->jfc, 256);

	/* 4 pages of ring backwards, then the record in device memory. */
	for (unsigned i = 0; i < 4; i++)
		pt_map(&s->ctx, uba + i * PAGE, bus + (3 - i) * PAGE, PAGE, RW);
	pt_map(&s->ctx, uba + 4 * PAGE, 0x2000, PAGE, RW | UB_PTE_HBM);
	cmd.jfs.ring = uba;
	cmd.jfs.rec = uba + 4 * PAGE + 256;
	assert_int_equal(admin(&s->rig, &cmd), UB_ADMIN_OK);
	jfs.rec = (struct ub_hw_jfs_rec *)(s->rig.hbm + 0x2000 + 256);
	for (unsigned i = 0; i < 600; i++) {
		union twqe w = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE, i);

		w.w.idx = (uint16_t)i;
		w.w.flags |= !(i & 256);
		memcpy((uint8_t *)bus_ptr(&s->rig, bus + (3 - (i & 255) / 64) * PAGE) +
		       (i & 63) * 64, &w, 64);
		jfs.pi++;
		ring_db(&jfs, i);
		expect(&s->jfc, UB_CR_SUCCESS, 0, i);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, set_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(huge_leaves),
		T(scattered_pages),
		T(va_and_uba_differ),
		T(hbm_leaves),
		T(hbm_beyond_its_size),
		T(token_id),
		T(token_value),
		T(token_policy_none),
		T(bounds),
		T(segment_rights),
		T(local_only),
		T(order_of_checks),
		T(leaf_rights),
		T(invalid_entries),
		T(leaf_to_nowhere),
		T(failure_in_the_middle_tells_len),
		T(rings_on_scattered_and_huge_pages),
	};

	return cmocka_run_group_tests_name("core-ummu", tests, NULL, NULL);
}
