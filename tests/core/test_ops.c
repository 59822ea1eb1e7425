/* SPDX-License-Identifier: MIT */
/* What every opcode does when all is well. */
#include <pthread.h>

#include "harness.h"

static void fill_random(uint8_t *p, size_t n, unsigned seed)
{
	for (size_t i = 0; i < n; i++) {
		seed = seed * 1664525 + 1013904223;
		p[i] = (uint8_t)(seed >> 24);
	}
}

static void nop_completes(void **state)
{
	struct set *s = *state;
	union twqe w = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE, 0x1234567890abcdef);
	struct ub_hw_cqe cqe;

	post(&s->jfs, &w);
	cqe = expect(&s->jfc, UB_CR_SUCCESS, 0, 0x1234567890abcdef);
	assert_int_equal(cqe.opcode, UB_OP_NOP);
	assert_int_equal(cqe.local_id, s->jfs.id);
	assert_int_equal(cqe.len, 0);
	assert_int_equal(cqe.idx, 0);
	assert_int_equal(s->jfs.rec->ci, 1);
	assert_int_equal(s->jfs.rec->event_idx, 1);
	assert_int_equal(s->jfc.rec->pi, 1);
}

static void unsignalled_gives_no_cqe(void **state)
{
	struct set *s = *state;
	union twqe w = wqe_new(UB_OP_NOP, 0, 1);

	post(&s->jfs, &w);
	expect_none(&s->jfc);
	assert_int_equal(s->jfs.rec->ci, 1);
	assert_int_equal(STAT(&s->rig, wqes), 1);
	assert_int_equal(STAT(&s->rig, cqes), 0);
}

static void write_of(struct set *s, uint32_t len)
{
	union twqe w = wqe_new(UB_OP_WRITE, UB_WQE_COMPLETE, len);
	struct ub_hw_cqe cqe;

	fill_random(s->a.ptr, s->a.len, len);
	memset(s->b.ptr, 0, s->b.len);
	wqe_target(&w, s->eid, s->b.va + 5, s->b.id, s->b.token);
	wqe_sge(&w, s->a.va + 3, len, s->a.id);
	post(&s->jfs, &w);
	cqe = expect(&s->jfc, UB_CR_SUCCESS, 0, len);
	assert_int_equal(cqe.len, len);
	assert_memory_equal(s->b.ptr + 5, s->a.ptr + 3, len);
	assert_int_equal(s->b.ptr[4], 0);
	assert_int_equal(s->b.ptr[5 + len], 0);
}

static void write_sizes(void **state)
{
	static const uint32_t sizes[] = { 0, 1, 7, 64, 4095, 4096, 4097, 65535, 65536, 65537,
					  (1 << 20) - 8 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		write_of(*state, sizes[i]);
}

static void write_with_short_maps(void **state)
{
	struct set *s = *state;

	s->rig.map_limit = 4096;
	write_of(s, 100000);
	s->rig.map_limit = 8192;
	write_of(s, 100000);
}

static void write_inline(void **state)
{
	struct set *s = *state;
	uint8_t data[208];

	fill_random(data, sizeof(data), 1);
	for (uint16_t len = 0; len <= sizeof(data); len++) {
		union twqe w = wqe_new(UB_OP_WRITE, UB_WQE_COMPLETE, len);
		struct ub_hw_cqe cqe;

		wqe_target(&w, s->eid, s->b.va, s->b.id, s->b.token);
		wqe_inline(&w, data, len);
		memset(s->b.ptr, 0, 256);
		post(&s->jfs, &w);
		cqe = expect(&s->jfc, UB_CR_SUCCESS, 0, len);
		assert_int_equal(cqe.len, len);
		assert_memory_equal(s->b.ptr, data, len);
		assert_int_equal(s->b.ptr[len], 0);
	}
}

static void write_gathers_13_sges(void **state)
{
	struct set *s = *state;
	union twqe w = wqe_new(UB_OP_WRITE, UB_WQE_COMPLETE, 1);
	uint32_t at = 0;

	fill_random(s->a.ptr, s->a.len, 2);
	wqe_target(&w, s->eid, s->b.va, s->b.id, s->b.token);
	for (unsigned i = 0; i < 13; i++)	/* one of them empty, with no segment */
		wqe_sge(&w, i == 4 ? 0 : s->a.va + i * 5000, i == 4 ? 0 : 1000 + i,
			i == 4 ? 0 : s->a.id);
	post(&s->jfs, &w);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 1);
	for (unsigned i = 0; i < 13; i++) {
		if (i == 4)
			continue;
		assert_memory_equal(s->b.ptr + at, s->a.ptr + i * 5000, 1000 + i);
		at += 1000 + i;
	}
}

static void read_scatters(void **state)
{
	struct set *s = *state;
	union twqe w = wqe_new(UB_OP_READ, UB_WQE_COMPLETE, 1);
	struct ub_hw_cqe cqe;

	fill_random(s->b.ptr, s->b.len, 3);
	wqe_target(&w, s->eid, s->b.va + 77, s->b.id, s->b.token);
	wqe_sge(&w, s->a.va, 5000, s->a.id);
	wqe_sge(&w, s->a.va + 300000, 100000, s->a.id);
	post(&s->jfs, &w);
	cqe = expect(&s->jfc, UB_CR_SUCCESS, 0, 1);
	assert_int_equal(cqe.len, 105000);
	assert_memory_equal(s->a.ptr, s->b.ptr + 77, 5000);
	assert_memory_equal(s->a.ptr + 300000, s->b.ptr + 77 + 5000, 100000);
}

static void write_notify_stores_after_payload(void **state)
{
	struct set *s = *state;
	union twqe w = wqe_new(UB_OP_WRITE_NOTIFY, UB_WQE_COMPLETE, 1);
	uint64_t got;

	fill_random(s->a.ptr, 100, 4);
	wqe_target(&w, s->eid, s->b.va, s->b.id, s->b.token);
	wqe_ext(&w)->imm_data = 0x1122334455667788;
	wqe_ext(&w)->notify_addr = s->b.va + 4096;
	wqe_ext(&w)->notify_id = s->b.id;
	wqe_ext(&w)->notify_token = s->b.token;
	wqe_sge(&w, s->a.va, 100, s->a.id);
	post(&s->jfs, &w);
	assert_int_equal(expect(&s->jfc, UB_CR_SUCCESS, 0, 1).len, 100);
	memcpy(&got, s->b.ptr + 4096, 8);
	assert_int_equal(got, 0x1122334455667788);
	assert_memory_equal(s->b.ptr, s->a.ptr, 100);
}

static void write_imm_consumes_a_receive(void **state)
{
	struct set *s = *state;
	union twqe w = wqe_new(UB_OP_WRITE_IMM, UB_WQE_COMPLETE, 1);
	struct tjfc rjfc;
	struct tjfr jfr;
	struct ub_hw_cqe cqe;

	receiver_new(&s->ctx, &rjfc, &jfr);
	post_recv(&jfr, 77, &s->a, 64);
	fill_random(s->a.ptr + 100, 100, 5);
	memset(s->a.ptr, 0x33, 64);
	wqe_target(&w, s->eid, s->b.va, s->b.id, s->b.token);
	wqe_ext(&w)->imm_data = 0xfeed;
	wqe_ext(&w)->notify_id = jfr.id;
	wqe_ext(&w)->notify_token = JFR_TOKEN;
	wqe_sge(&w, s->a.va + 100, 100, s->a.id);
	post(&s->jfs, &w);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 1);
	cqe = expect(&rjfc, UB_CR_SUCCESS, 0, 77);
	assert_int_equal(cqe.flags & ~UB_CQE_OWNER, UB_CQE_RECV | UB_CQE_IMM);
	assert_int_equal(cqe.imm_data, 0xfeed);
	assert_int_equal(cqe.len, 100);
	assert_memory_equal(s->b.ptr, s->a.ptr + 100, 100);
	for (unsigned i = 0; i < 64; i++)
		assert_int_equal(s->a.ptr[i], 0x33);
}

/* ---- Atomics ---- */
struct atomic_case {
	unsigned op;
	uint64_t old, operand, compare, result;
};

static void atomic_of(struct set *s, const struct atomic_case *c, uint32_t size)
{
	union twqe w = wqe_new(c->op, UB_WQE_COMPLETE, c->op);
	uint64_t mask = size == 4 ? 0xffffffff : ~0ull, got = 0, now = 0;

	memset(s->b.ptr, 0x77, 32);
	memcpy(s->b.ptr + 8, &c->old, size);
	wqe_target(&w, s->eid, s->b.va + 8, s->b.id, s->b.token);
	wqe_ext(&w)->operand = c->operand;
	wqe_ext(&w)->compare = c->compare;
	/* The result's place need not be aligned, and may cross a page. */
	wqe_sge(&w, s->a.va + 4094, size, s->a.id);
	post(&s->jfs, &w);
	assert_int_equal(expect(&s->jfc, UB_CR_SUCCESS, 0, c->op).len, size);
	memcpy(&got, s->a.ptr + 4094, size);
	memcpy(&now, s->b.ptr + 8, size);
	assert_int_equal(got, c->old & mask);
	assert_int_equal(now, c->result & mask);
	assert_int_equal(s->b.ptr[7], 0x77);
	assert_int_equal(s->b.ptr[8 + size], 0x77);
}

static void atomics(void **state)
{
	static const struct atomic_case cases[] = {
		{ UB_OP_CAS, 0x1111111122222222, 5, 0x1111111122222222, 5 },
		{ UB_OP_CAS, 0x1111111122222222, 5, 0x1111111122222223, 0x1111111122222222 },
		{ UB_OP_SWAP, 1, 0xffffffff00000002, 0, 0xffffffff00000002 },
		{ UB_OP_FADD, 0xfffffffffffffff0, 0x20, 0, 0x10 },
		{ UB_OP_FSUB, 0x10, 0x20, 0, 0xfffffffffffffff0 },
		{ UB_OP_FAND, 0xff00ff00ff00ff00, 0x0ff00ff00ff00ff0, 0, 0x0f000f000f000f00 },
		{ UB_OP_FOR, 0xff00ff00ff00ff00, 0x0ff00ff00ff00ff0, 0, 0xfff0fff0fff0fff0 },
		{ UB_OP_FXOR, 0xff00ff00ff00ff00, 0x0ff00ff00ff00ff0, 0, 0xf0f0f0f0f0f0f0f0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		atomic_of(*state, &cases[i], 4);
		atomic_of(*state, &cases[i], 8);
	}
}

#define ADDS 2000

struct adder {
	struct set *s;
	struct tctx ctx;
	struct tjfc jfc;
	struct tjfs jfs;
	struct tseg seg;
	uint32_t size;
	bool cpu;
};

static void *add_loop(void *arg)
{
	struct adder *a = arg;

	for (unsigned i = 0; i < ADDS; i++) {
		union twqe w = wqe_new(UB_OP_FADD, UB_WQE_COMPLETE, i);

		wqe_target(&w, a->s->eid, a->s->b.va, a->s->b.id, a->s->b.token);
		wqe_ext(&w)->operand = 1;
		wqe_sge(&w, a->seg.va, a->size, a->seg.id);
		post(&a->jfs, &w);
		expect(&a->jfc, UB_CR_SUCCESS, 0, i);
		if (a->cpu && a->size == 4)
			__atomic_fetch_add((uint32_t *)a->s->b.ptr, 1, __ATOMIC_SEQ_CST);
		else if (a->cpu)
			__atomic_fetch_add((uint64_t *)a->s->b.ptr, 1, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

static void add_together(struct set *s, uint32_t size)
{
	static struct adder adders[4];
	pthread_t thread[4];
	uint64_t sum = 0;

	memset(s->b.ptr, 0, 8);
	for (unsigned i = 0; i < 4; i++) {
		adders[i].s = s;
		adders[i].size = size;
		adders[i].cpu = i & 1;
		ctx_new(&s->rig, &adders[i].ctx);
		jfc_new(&adders[i].ctx, &adders[i].jfc, 64);
		jfs_new(&adders[i].ctx, &adders[i].jfs, &adders[i].jfc, 64, 0);
		seg_new(&adders[i].ctx, &adders[i].seg, 4096, UB_ACCESS_LOCAL_ONLY, 0);
	}
	for (unsigned i = 0; i < 4; i++)
		pthread_create(&thread[i], NULL, add_loop, &adders[i]);
	for (unsigned i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	memcpy(&sum, s->b.ptr, 8);
	assert_int_equal(sum, 6 * ADDS);
}

static void fadd_from_4_threads_4_bytes(void **state)
{
	add_together(*state, 4);
}

static void fadd_from_4_threads_8_bytes(void **state)
{
	add_together(*state, 8);
}

/* ---- Order and flags ---- */
static void flags_are_accepted(void **state)
{
	static const unsigned flags[] = { UB_WQE_FENCE, UB_WQE_COMP_ORDER, 1u << UB_WQE_PLACE_SHIFT,
					  2u << UB_WQE_PLACE_SHIFT, UB_WQE_TO_JETTY };
	struct set *s = *state;

	for (unsigned i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		union twqe w = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE | flags[i], i);

		post(&s->jfs, &w);
		expect(&s->jfc, UB_CR_SUCCESS, 0, i);
	}
}

static void completions_are_in_order(void **state)
{
	struct set *s = *state;

	for (unsigned round = 0; round < 20; round++) {
		uint32_t old = s->jfs.pi;

		for (unsigned i = 0; i < 10; i++) {
			union twqe w = wqe_new(i % 3 ? UB_OP_NOP : UB_OP_WRITE, UB_WQE_COMPLETE, i);

			if (i % 3 == 0) {
				wqe_target(&w, s->eid, s->b.va, s->b.id, s->b.token);
				wqe_sge(&w, s->a.va, 50000, s->a.id);
			}
			wqe_put(&s->jfs, &w);
		}
		ring_db(&s->jfs, old);
		for (unsigned i = 0; i < 10; i++)
			expect(&s->jfc, UB_CR_SUCCESS, 0, i);
	}
}

static void overlapping_copy_moves(void **state)
{
	struct set *s = *state;
	union twqe w = wqe_new(UB_OP_WRITE, UB_WQE_COMPLETE, 0);
	uint8_t want[3000];

	fill_random(s->a.ptr, 4096, 9);
	memcpy(want, s->a.ptr, sizeof(want));
	wqe_target(&w, s->eid, s->a.va + 100, s->a.id, s->a.token);
	wqe_sge(&w, s->a.va, sizeof(want), s->a.id);
	post(&s->jfs, &w);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 0);
	assert_memory_equal(s->a.ptr + 100, want, sizeof(want));
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, set_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(nop_completes),
		T(unsignalled_gives_no_cqe),
		T(write_sizes),
		T(write_with_short_maps),
		T(write_inline),
		T(write_gathers_13_sges),
		T(read_scatters),
		T(write_notify_stores_after_payload),
		T(write_imm_consumes_a_receive),
		T(atomics),
		T(fadd_from_4_threads_4_bytes),
		T(fadd_from_4_threads_8_bytes),
		T(flags_are_accepted),
		T(completions_are_in_order),
		T(overlapping_copy_moves),
	};

	return cmocka_run_group_tests_name("core-ops", tests, NULL, NULL);
}
