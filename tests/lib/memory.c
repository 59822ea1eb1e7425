/* SPDX-License-Identifier: MIT */
/* Segments: tokens, sizes, overlaps, life. */
#include "common.h"

#include <stdlib.h>
#include <sys/mman.h>

static struct ub_jfs_wr access_to(uint8_t opcode, const ub_sge_t *sge,
				  const struct ub_target *target)
{
	return (struct ub_jfs_wr){ .opcode = opcode, .num_sge = 1, .sge = sge, .target = target,
				   .rmt_addr = target->va };
}

static void token_rotates(void **state)
{
	struct rig *r = *state;
	struct mem a = mem_make(r->ctx, 4096, RW);
	void *buf = ub_alloc_buf(4096);
	struct ub_seg_cfg cfg = { .va = buf, .len = 4096, .access = RW,
				  .token_policy = UB_TOKEN_PLAIN_TEXT, .token_value = 111 };
	struct ub_seg *seg = ub_register_seg(r->ctx, &cfg);
	ub_sge_t sge = mem_sge(&a, 0, 8), local = { 8, seg->token_id, seg->va };
	struct ub_desc desc;
	struct ub_target old, new;
	struct ub_jfs_wr wr;

	ub_describe_seg(seg, &desc);
	old = ub_import(&desc);
	wr = access_to(UB_OP_WRITE, &sge, &old);
	run_ok(r, &wr);
	assert_int_equal(ub_set_seg_token(seg, 222), 0);
	assert_int_equal(seg->token_value, 222);
	assert_status(run(r, &wr), UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_TOKEN);
	ub_describe_seg(seg, &desc);
	new = ub_import(&desc);
	wr = access_to(UB_OP_WRITE, &sge, &new);
	run_ok(r, &wr);
	/* The owner's own use needs no token. */
	wr = access_to(UB_OP_WRITE, &local, &a.target);
	run_ok(r, &wr);
	assert_int_equal(ub_unregister_seg(seg), 0);
	ub_free_buf(buf, 4096);
	mem_free(&a);
}

static void gone_after_unregister(void **state)
{
	struct rig *r = *state;
	struct mem a = mem_make(r->ctx, 4096, RW), b = mem_make(r->ctx, 4096, RW);
	ub_sge_t sge = mem_sge(&a, 0, 8);
	struct ub_target was = b.target;
	struct ub_jfs_wr wr = access_to(UB_OP_WRITE, &sge, &was);

	mem_free(&b);
	assert_status(run(r, &wr), UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_TOKEN);
	mem_free(&a);
	wr = access_to(UB_OP_READ, &sge, &was);
	assert_status(run(r, &wr), UB_CR_LOC_ACCESS_ERR, UB_SUB_TOKEN_ID);
}

static void read_only_memory_is_not_written(void **state)
{
	struct rig *r = *state;
	struct mem a = mem_make(r->ctx, 4096, RW);
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct ub_seg_cfg cfg = { .va = page, .len = 4096, .access = UB_ACCESS_LOCAL_ONLY,
				  .flags = UB_SEG_F_READ_ONLY };
	struct ub_seg *seg;
	ub_sge_t sge;
	struct ub_jfs_wr wr;

	strcpy(page, "keep");
	mprotect(page, 4096, PROT_READ);
	seg = ub_register_seg(r->ctx, &cfg);
	assert_non_null(seg);
	sge = (ub_sge_t){ 8, seg->token_id, seg->va };
	wr = access_to(UB_OP_WRITE, &sge, &a.target);
	run_ok(r, &wr);
	assert_string_equal((char *)a.buf, "keep");
	wr.opcode = UB_OP_READ;
	memset(a.buf, 1, 8);
	assert_status(run(r, &wr), UB_CR_LOC_ACCESS_ERR, UB_SUB_PTE_RIGHTS);
	assert_string_equal(page, "keep");
	assert_int_equal(ub_unregister_seg(seg), 0);
	munmap(page, 4096);
	mem_free(&a);
}

/* Memory that nobody touched before it was registered for reading is the owner's all the same. */
static void later_stores_are_seen(void **state)
{
	struct rig *r = *state;
	uint8_t *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			    0);
	struct ub_seg_cfg cfg = { .va = map, .len = 4096, .access = UB_ACCESS_READ,
				  .flags = UB_SEG_F_READ_ONLY };
	struct ub_seg *seg = ub_register_seg(r->ctx, &cfg);
	ub_sge_t sge = { 4096, seg ? seg->token_id : 0, (uintptr_t)map };
	struct ub_jfs_wr wr = { .opcode = UB_OP_CRC32C, .flags = UB_WR_COMPLETE, .sge = &sge,
				.num_sge = 1 };
	uint64_t empty;

	if (!seg)
		fail_msg("segment: %s", ub_last_error()->message);
	empty = run(r, &wr).imm_data;
	memset(map, 0xa5, 4096);
	assert_true(run(r, &wr).imm_data != empty);
	assert_int_equal(ub_unregister_seg(seg), 0);
	munmap(map, 4096);
}

static void any_alignment(void **state)
{
	struct rig *r = *state;
	struct mem a = mem_make(r->ctx, 16384, RW);
	uint8_t *buf = calloc(1, 20000);
	static const struct { size_t offset, len; } cases[] = {
		{ 0, 1 }, { 1, 1 }, { 4095, 1 }, { 4095, 2 }, { 17, 4096 }, { 4000, 9000 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = cases[i].len;
		struct ub_seg_cfg cfg = { .va = buf + cases[i].offset, .len = len, .access = RW };
		struct ub_seg *seg = ub_register_seg(r->ctx, &cfg);
		ub_sge_t sge = mem_sge(&a, 0, len);
		struct ub_desc desc;
		struct ub_target target;
		struct ub_jfs_wr wr;

		assert_non_null(seg);
		ub_describe_seg(seg, &desc);
		target = ub_import(&desc);
		wr = access_to(UB_OP_WRITE, &sge, &target);
		memset(a.buf, (int)i + 1, len);
		memset(buf, 0, 20000);
		run_ok(r, &wr);
		assert_memory_equal(buf + cases[i].offset, a.buf, len);
		assert_int_equal(buf[cases[i].offset + len], 0);
		sge.len++;
		assert_status(run(r, &wr), UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_BOUNDS);
		assert_int_equal(ub_unregister_seg(seg), 0);
	}
	free(buf);
	mem_free(&a);
}

static void overlapping_segments_keep_their_rights(void **state)
{
	struct rig *r = *state;
	struct mem a = mem_make(r->ctx, 4096, RW), b = mem_make(r->ctx, 16384, RW);
	struct ub_seg_cfg cfg = { .va = b.buf + 4096, .len = 8192, .access = UB_ACCESS_READ,
				  .flags = UB_SEG_F_READ_ONLY };
	struct ub_seg *inner = ub_register_seg(r->ctx, &cfg);
	ub_sge_t sge = mem_sge(&a, 0, 64), in = { 64, inner->token_id, inner->va };
	struct ub_jfs_wr wr = access_to(UB_OP_WRITE, &sge, &b.target);

	assert_non_null(inner);
	wr.rmt_addr += 4096;
	memset(a.buf, 9, 64);
	run_ok(r, &wr);
	assert_int_equal(b.buf[4096], 9);
	wr = access_to(UB_OP_READ, &in, &a.target);
	assert_status(run(r, &wr), UB_CR_LOC_ACCESS_ERR, UB_SUB_PTE_RIGHTS);
	assert_int_equal(ub_unregister_seg(inner), 0);
	wr = access_to(UB_OP_WRITE, &sge, &b.target);
	wr.rmt_addr += 4096 + 32;
	run_ok(r, &wr);
	mem_free(&a);
	mem_free(&b);
}

static void leaves_cover_the_segment(void **state)
{
	struct rig *r = *state;
	size_t size = 6u << 20;
	struct mem m = mem_make(r->ctx, size, RW), small = mem_make(r->ctx, 5 * 4096, RW);

	assert_int_equal((uintptr_t)m.buf % (2u << 20), 0);
	assert_int_equal(m.seg->leaf_4k * 4096ull + m.seg->leaf_2m * (2ull << 20), size);
	if (is_soft())
		assert_int_equal(m.seg->leaf_2m, 3);
	if (!has_feature(r->ctx, UB_CAP_HUGE_LEAF))
		assert_int_equal(m.seg->leaf_2m, 0);
	assert_int_equal(small.seg->leaf_4k, 5);
	assert_int_equal(small.seg->leaf_2m, 0);
	mem_free(&small);
	mem_free(&m);
}

static void many_segments(void **state)
{
	enum { N = 500 };
	struct rig *r = *state;
	static struct mem m[N];
	struct ub_jfs_wr wr;
	ub_sge_t sge;

	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < N; i++) {
			m[i] = mem_make(r->ctx, 4096 + (size_t)i % 3 * 4096, RW);
			memset(m[i].buf, i, 16);
		}
		for (int i = 0; i < N; i++) {
			sge = mem_sge(&m[i], 0, 16);
			wr = access_to(UB_OP_WRITE, &sge, &m[(i + 1) % N].target);
			wr.rmt_addr += 100;
			run_ok(r, &wr);
		}
		for (int i = 0; i < N; i++)
			assert_int_equal(m[(i + 1) % N].buf[100], (uint8_t)i);
		for (int i = 0; i < N; i += 2)
			mem_free(&m[i]);
		for (int i = 1; i < N; i += 2)
			mem_free(&m[i]);
	}
}

static void buffers_are_zeroed_and_aligned(void **state)
{
	static const size_t sizes[] = { 1, 4096, 5000, 1u << 20, 2u << 20, (4u << 20) + 1 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint8_t *buf = ub_alloc_buf(sizes[i]);

		assert_non_null(buf);
		assert_int_equal((uintptr_t)buf % 4096, 0);
		for (size_t at = 0; at < sizes[i]; at += 511)
			assert_int_equal(buf[at], 0);
		buf[sizes[i] - 1] = 1;
		ub_free_buf(buf, sizes[i]);
	}
}

static void contexts_come_and_go(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++) {
		struct rig r;
		struct ub_jfs_wr wr = nop(1);

		rig_open(&r, device_a);
		run_ok(&r, &wr);
		rig_close(&r);
	}
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		rig_test(token_rotates),
		rig_test(gone_after_unregister),
		rig_test(read_only_memory_is_not_written),
		rig_test(any_alignment),
		rig_test(overlapping_segments_keep_their_rights),
		rig_test(leaves_cover_the_segment),
		rig_test(many_segments),
		rig_test(later_stores_are_seen),
		cmocka_unit_test(buffers_are_zeroed_and_aligned),
		cmocka_unit_test(contexts_come_and_go),
	};

	return run_all(argc, argv, tests);
}
