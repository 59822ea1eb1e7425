/* SPDX-License-Identifier: MIT */
/* Reset and destroy with work in flight; what is gone is not touched again. */
#include <pthread.h>
#include <time.h>

#include "harness.h"

static union twqe copy_wqe(struct set *s, uint32_t len, uint64_t user_ctx)
{
	union twqe w = wqe_new(UB_OP_WRITE, UB_WQE_COMPLETE, user_ctx);

	wqe_target(&w, s->eid, s->b.va, s->b.id, s->b.token);
	wqe_sge(&w, s->a.va, len, s->a.id);
	return w;
}

/* Work for long: the same pieces again and again, up to 1 GiB. */
static union twqe long_wqe(struct set *s)
{
	union twqe w = wqe_new(UB_OP_CRC32C, UB_WQE_COMPLETE, 77);

	for (unsigned i = 0; i < 13; i++)
		wqe_sge(&w, s->a.va, 1 << 20, s->a.id);
	return w;
}

static void post_long_work(struct set *s)
{
	uint32_t old = s->jfs.pi;

	for (unsigned i = 0; i < 15; i++) {
		union twqe w = long_wqe(s);

		wqe_put(&s->jfs, &w);
	}
	ring_db(&s->jfs, old);
}

static union twqe gemm_wqe(struct set *s, struct tseg x[3], uint32_t n)
{
	union twqe w = wqe_new(UB_OP_GEMM_F32, UB_WQE_COMPLETE, 5);
	float one = 1;

	memcpy(&w.w.gemm.alpha, &one, 4);
	for (unsigned i = 0; i < 3; i++) {
		seg_new(&s->ctx, &x[i], n * n * 4ull, UB_ACCESS_LOCAL_ONLY, 0);
		wqe_sge(&w, x[i].va, n * n * 4, x[i].id);
	}
	w.w.gemm.m = w.w.gemm.n = w.w.gemm.k = n;
	w.w.gemm.lda = w.w.gemm.ldb = w.w.gemm.ldc = n;
	return w;
}

/* After this no byte of the arena may change. */
static void assert_untouched(struct set *s, unsigned ms)
{
	uint8_t *before = malloc(s->rig.used);

	memcpy(before, s->rig.arena, s->rig.used);
	sleep_ms(ms);
	assert_true(memcmp(before, s->rig.arena, s->rig.used) == 0);
	free(before);
}

static void reset_with_copies_under_way(void **state)
{
	struct set *s = *state;

	for (unsigned i = 0; i < 15; i++) {
		union twqe w = copy_wqe(s, 1 << 20, i);

		wqe_put(&s->jfs, &w);
	}
	ring_db(&s->jfs, 0);
	ub_core_reset(s->rig.core);
	assert_untouched(s, 50);
	assert_int_equal(ub_core_reg_read(s->rig.core, UB_REG_GENERATION, 4), 1);
	assert_int_equal(atomic_load(&s->rig.pages_off), 1);
}

static void reset_in_the_middle_of_gemm(void **state)
{
	struct set *s = *state;
	struct tseg x[3];
	union twqe w = gemm_wqe(s, x, 2048);

	post(&s->jfs, &w);
	sleep_ms(30);
	ub_core_reset(s->rig.core);
	assert_untouched(s, 100);
}

static void everything_works_after_reset(void **state)
{
	struct set *s = *state;

	for (unsigned i = 0; i < 5; i++) {
		union twqe w;

		post_long_work(s);
		ub_core_reg_write(s->rig.core, UB_REG_CTRL, UB_CTRL_RESET, 4);
		assert_int_equal(ub_core_reg_read(s->rig.core, UB_REG_GENERATION, 4), i + 1);
		rig_enable(&s->rig);
		ctx_new(&s->rig, &s->ctx);
		jfc_new(&s->ctx, &s->jfc, 64);
		jfs_new(&s->ctx, &s->jfs, &s->jfc, 64, 0);
		seg_new(&s->ctx, &s->a, 1 << 20, UB_ACCESS_LOCAL_ONLY, 0);
		w = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE, i);
		post(&s->jfs, &w);
		expect(&s->jfc, UB_CR_SUCCESS, 0, i);
	}
}

static void destroy_jfs_with_work_in_flight(void **state)
{
	struct set *s = *state;

	post_long_work(s);
	assert_int_equal(admin_simple(&s->rig, UB_ADMIN_DESTROY_JFS, s->jfs.id), UB_ADMIN_OK);
	/* Nothing is held any more: all of it can go at once. */
	assert_int_equal(admin_simple(&s->rig, UB_ADMIN_DESTROY_JFC, s->jfc.id), UB_ADMIN_OK);
	assert_int_equal(admin_simple(&s->rig, UB_ADMIN_DESTROY_SEG, s->a.id), UB_ADMIN_OK);
	assert_int_equal(admin_simple(&s->rig, UB_ADMIN_DESTROY_SEG, s->b.id), UB_ADMIN_OK);
	assert_int_equal(admin_simple(&s->rig, UB_ADMIN_DESTROY_CTX, s->ctx.tid), UB_ADMIN_OK);
	assert_untouched(s, 50);
}

static void destroy_jfs_in_the_middle_of_gemm(void **state)
{
	struct set *s = *state;
	struct tseg x[3];
	union twqe w = gemm_wqe(s, x, 1536);

	post(&s->jfs, &w);
	sleep_ms(10);
	assert_int_equal(admin_simple(&s->rig, UB_ADMIN_DESTROY_JFS, s->jfs.id), UB_ADMIN_OK);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(admin_simple(&s->rig, UB_ADMIN_DESTROY_SEG, x[i].id),
				 UB_ADMIN_OK);
	assert_untouched(s, 200);
}

static void destroy_seg_in_use_is_busy(void **state)
{
	struct set *s = *state;
	unsigned status;

	post_long_work(s);
	/* Between two commands it may be free for a moment. */
	status = admin_simple(&s->rig, UB_ADMIN_DESTROY_SEG, s->a.id);
	if (status == UB_ADMIN_BUSY) {
		assert_in_range(s->rig.reply.detail, 1, 13);
		for (unsigned i = 0; i < 15; i++)
			expect(&s->jfc, UB_CR_SUCCESS, 0, 77);
		assert_int_equal(admin_simple(&s->rig, UB_ADMIN_DESTROY_SEG, s->a.id),
				 UB_ADMIN_OK);
	} else {
		assert_int_equal(status, UB_ADMIN_OK);
	}
}

/* Another context's command does not keep a segment from its owner. */
static void destroy_seg_under_a_foreign_command(void **state)
{
	struct set *s = *state;
	struct tctx other;
	struct tseg theirs;
	struct ub_hw_cqe cqe;
	union twqe w;

	ctx_new(&s->rig, &other);
	seg_new(&other, &theirs, 1 << 20, UB_ACCESS_READ | UB_ACCESS_WRITE, 8);
	for (unsigned i = 0; i < 10; i++) {
		w = wqe_new(UB_OP_WRITE, UB_WQE_COMPLETE, 77);
		wqe_target(&w, s->eid, theirs.va, theirs.id, 8);
		wqe_sge(&w, s->a.va, 1 << 20, s->a.id);
		wqe_put(&s->jfs, &w);
	}
	ring_db(&s->jfs, 0);
	assert_int_equal(admin_simple(&s->rig, UB_ADMIN_DESTROY_SEG, theirs.id), UB_ADMIN_OK);
	memset(theirs.ptr, 0x99, theirs.len);
	for (unsigned i = 0; i < 10; i++) {
		cqe = wait_cqe(&s->jfc);
		assert_true(cqe.status == UB_CR_SUCCESS ||
			    (cqe.status == UB_CR_REM_ACCESS_ABORT_ERR &&
			     (cqe.substatus == UB_SUB_TOKEN_ID || cqe.substatus == UB_SUB_TOKEN)));
	}
	wqe_put(&s->jfs, &w);
	ring_db(&s->jfs, s->jfs.pi - 1);
	expect(&s->jfc, UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_TOKEN, 77);
	for (unsigned i = 0; i < theirs.len; i++)
		if (theirs.ptr[i] != 0x99)
			fail_msg("byte %u was written", i);
	assert_int_equal(admin_simple(&s->rig, UB_ADMIN_DESTROY_CTX, other.tid), UB_ADMIN_OK);
}

static void error_in_the_middle_of_gemm(void **state)
{
	struct set *s = *state;
	struct tseg x[3];
	union twqe w = gemm_wqe(s, x, 2048);
	struct ub_hw_cqe cqe;

	wqe_put(&s->jfs, &w);
	w = wqe_new(UB_OP_NOP, 0, 6);
	wqe_put(&s->jfs, &w);
	ring_db(&s->jfs, 0);
	sleep_ms(5);
	assert_int_equal(jfs_modify(&s->jfs, UB_STATE_ERROR), UB_ADMIN_OK);
	cqe = wait_cqe(&s->jfc);
	assert_true(cqe.status == UB_CR_WR_FLUSH_ERR || cqe.status == UB_CR_SUCCESS);
	assert_int_equal(cqe.user_ctx, 5);
	expect(&s->jfc, UB_CR_WR_FLUSH_ERR, 0, 6);
	expect(&s->jfc, UB_CR_WR_FLUSH_ERR_DONE, 0, 0);
}

static void reset_of_a_queue_at_work(void **state)
{
	struct set *s = *state;

	for (unsigned i = 0; i < 10; i++) {
		union twqe w = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE, i);
		struct ub_hw_cqe cqe;

		post_long_work(s);
		assert_int_equal(jfs_modify(&s->jfs, UB_STATE_ERROR), UB_ADMIN_OK);
		assert_int_equal(jfs_modify(&s->jfs, UB_STATE_RESET), UB_ADMIN_OK);
		rings_reset(&s->jfs);
		assert_int_equal(jfs_modify(&s->jfs, UB_STATE_READY), UB_ADMIN_OK);
		post(&s->jfs, &w);
		do {	/* some of the flush may have been given before */
			cqe = wait_cqe(&s->jfc);
			assert_true(cqe.status == UB_CR_SUCCESS ||
				    cqe.status == UB_CR_WR_FLUSH_ERR ||
				    cqe.status == UB_CR_WR_FLUSH_ERR_DONE);
		} while (cqe.status != UB_CR_SUCCESS || cqe.user_ctx != i);
		expect_none(&s->jfc);
		assert_int_equal(s->jfs.rec->ci, 1);
	}
}

/* ---- Storms ---- */
struct storm {
	struct set *s;
	atomic_bool stop;
};

static void *ring_all_the_time(void *arg)
{
	struct storm *st = arg;
	struct set *s = st->s;
	unsigned x = 1;

	while (!atomic_load(&st->stop)) {
		uint64_t offset = (x % 8) * PAGE + (x & 64 ? 0x80 : x & 0x78);

		x = x * 1664525 + 1013904223;
		ub_core_db_write(s->rig.core, offset, x, 1u << (x >> 20 & 3));
		ub_core_db_write(s->rig.core, s->jfs.page * PAGE + 0x80, x, 4);
		ub_core_reg_read(s->rig.core, x & 0x3fc, 4);
		__atomic_store_n(&s->jfs.rec->pi, x >> 28, __ATOMIC_RELEASE);
		__atomic_store_n(&s->jfc.rec->ci, x >> 24, __ATOMIC_RELEASE);
	}
	return NULL;
}

static void reset_while_another_thread_posts(void **state)
{
	struct storm st = { .s = *state };
	struct set *s = *state;
	pthread_t thread;

	pthread_create(&thread, NULL, ring_all_the_time, &st);
	for (unsigned i = 0; i < 30; i++) {
		sleep_ms(1);
		ub_core_reset(s->rig.core);
	}
	atomic_store(&st.stop, true);
	pthread_join(thread, NULL);
}

static void garbage_in_every_place(void **state)
{
	struct storm st = { .s = *state };
	struct set *s = *state;
	pthread_t thread;
	unsigned x = 7;

	pthread_create(&thread, NULL, ring_all_the_time, &st);
	for (unsigned i = 0; i < 20000; i++) {
		x = x * 1664525 + 1013904223;
		s->jfs.ring[x >> 8 & 4095] = (uint8_t)(x >> 24);
		if (i % 500 == 0) {
			jfs_modify(&s->jfs, UB_STATE_ERROR);
			jfs_modify(&s->jfs, UB_STATE_RESET);
			jfs_modify(&s->jfs, UB_STATE_READY);
		}
	}
	for (unsigned i = 0; i < 3000; i++) {
		struct ub_admin_cmd cmd;

		for (unsigned j = 0; j < sizeof(cmd); j++) {
			x = x * 1664525 + 1013904223;
			((uint8_t *)&cmd)[j] = x & 0x80000000 ? 0 : (uint8_t)(x >> 16 & 0x77);
		}
		cmd.id &= 7;
		admin(&s->rig, &cmd);
	}
	atomic_store(&st.stop, true);
	pthread_join(thread, NULL);
	assert_in_range(atomic_load(&s->rig.errors), 0, 500);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, set_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(reset_with_copies_under_way),
		T(reset_in_the_middle_of_gemm),
		T(reset_while_another_thread_posts),
		T(everything_works_after_reset),
		T(destroy_jfs_with_work_in_flight),
		T(destroy_jfs_in_the_middle_of_gemm),
		T(destroy_seg_in_use_is_busy),
		T(destroy_seg_under_a_foreign_command),
		T(error_in_the_middle_of_gemm),
		T(reset_of_a_queue_at_work),
		T(garbage_in_every_place),
	};

	return cmocka_run_group_tests_name("core-life", tests, NULL, NULL);
}
