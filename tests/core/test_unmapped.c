/* SPDX-License-Identifier: MIT */
/* The guest takes memory away that the device uses: payload, rings, records, tables. */
#include "harness.h"

#define BIG (1u << 20)

static uint64_t bus_of(struct rig *rig, const void *ptr)
{
	return BUS_BASE + (uint64_t)((const uint8_t *)ptr - rig->arena);
}

static void take(struct rig *rig, const void *ptr, uint64_t len)
{
	uint64_t bus = bus_of(rig, ptr);

	atomic_store(&rig->taken_end, 0);
	atomic_store(&rig->taken, bus);
	atomic_store(&rig->taken_end, bus + len);
	ub_core_unmapped(rig->core, bus, bus + len - 1, false);
}

static union twqe fill_of(const struct tseg *seg)
{
	union twqe w = wqe_new(UB_OP_FILL, UB_WQE_COMPLETE, 1);

	w.w.pattern = 0x1111111111111111;
	w.w.pattern_size = 8;
	wqe_sge(&w, seg->va, (uint32_t)seg->len, seg->id);
	return w;
}

static void expect_event(struct rig *rig, unsigned type, uint32_t id)
{
	struct ub_hw_eqe eqe = wait_eqe(rig, 0);

	assert_int_equal(eqe.type, type);
	assert_int_equal(eqe.id, id);
	assert_int_equal(eqe.info, UB_CR_LOC_ACCESS_ERR);
}

/* ---- Payload ---- */
static void stop_in_map(struct rig *rig, uint64_t addr, bool is_write)
{
	(void)addr;
	if (is_write)
		gate_pass(rig->hook);
}

struct taker {
	struct set *s;
	atomic_bool done;
};

static void *take_second_segment(void *arg)
{
	struct taker *t = arg;

	take(&t->s->rig, t->s->b.ptr, BIG);
	atomic_store(&t->done, true);
	return NULL;
}

static void taken_in_the_middle(void **state)
{
	struct set *s = *state;
	struct taker taker = { .s = s };
	union twqe w = fill_of(&s->b);
	struct ub_hw_cqe cqe;
	struct gate gate;
	pthread_t thread;

	gate_init(&gate);
	s->rig.hook = &gate;
	atomic_store(&s->rig.on_map, stop_in_map);
	post(&s->jfs, &w);
	gate_wait(&gate);
	assert_int_equal(pthread_create(&thread, NULL, take_second_segment, &taker), 0);
	sleep_ms(30);
	/* The device is in the middle of a burst: it is waited for. */
	assert_false(atomic_load(&taker.done));
	atomic_store(&s->rig.on_map, NULL);
	gate_open(&gate);
	pthread_join(thread, NULL);
	memset(s->b.ptr, 0, BIG);
	cqe = expect(&s->jfc, UB_CR_LOC_ACCESS_ERR, UB_SUB_BUS, 1);
	assert_true(cqe.len < BIG);
	for (uint32_t i = 0; i < BIG; i++)
		assert_int_equal(s->b.ptr[i], 0);
}

static union twqe gemm_of(struct set *s, uint32_t n)
{
	union twqe w = wqe_new(UB_OP_GEMM_F32, UB_WQE_COMPLETE, 1);

	w.w.gemm.m = w.w.gemm.n = w.w.gemm.k = (uint16_t)n;
	w.w.gemm.lda = w.w.gemm.ldb = w.w.gemm.ldc = (uint16_t)n;
	w.w.gemm.alpha = 0x3f800000;
	wqe_sge(&w, s->a.va, 4 * n * n, s->a.id);
	wqe_sge(&w, s->a.va + 4 * n * n, 4 * n * n, s->a.id);
	wqe_sge(&w, s->b.va, 4 * n * n, s->b.id);
	return w;
}

/* Computed on where it lies, without a lock: a product under way is waited for. */
static void taken_under_a_product(void **state)
{
	struct set *s = *state;
	float *a = (float *)(void *)s->a.ptr;
	struct ub_hw_cqe cqe;

	for (unsigned i = 0; i < BIG / 4; i++)
		a[i] = 1.0f;
	for (unsigned round = 0; round < 40; round++) {
		union twqe w = gemm_of(s, 256);

		atomic_store(&s->rig.taken_end, 0);
		post(&s->jfs, &w);
		for (unsigned i = 0; i < round * 2000; i++)
			atomic_load(&s->rig.maps);
		take(&s->rig, s->b.ptr, BIG);
		memset(s->b.ptr, 0, BIG);
		cqe = wait_cqe(&s->jfc);
		assert_true(cqe.status == UB_CR_SUCCESS || cqe.status == UB_CR_LOC_ACCESS_ERR);
		for (uint32_t i = 0; i < BIG; i++)
			assert_int_equal(s->b.ptr[i], 0);
	}
}

/* An IOMMU may tell of more than it takes. */
static void what_is_there_stays(void **state)
{
	struct set *s = *state;

	for (unsigned i = 0; i < 50; i++) {
		union twqe w = fill_of(&s->a);

		post(&s->jfs, &w);
		ub_core_unmapped(s->rig.core, 0, UINT64_MAX, false);
		expect(&s->jfc, UB_CR_SUCCESS, 0, 1);
	}
	assert_int_equal(atomic_load(&s->rig.errors), 0);
}

/* ---- Kept memory ---- */
static void expect_queue_lost(struct set *s)
{
	struct ub_hw_cqe cqe;

	expect_event(&s->rig, UB_EVENT_JFS_ERR, s->jfs.id);
	cqe = wait_cqe(&s->jfc);
	assert_int_equal(cqe.status, UB_CR_WR_FLUSH_ERR_DONE);
	assert_int_equal(cqe.substatus, UB_SUB_BUS);
	assert_int_equal(jfs_modify(&s->jfs, UB_STATE_RESET), UB_ADMIN_BAD_STATE);
	assert_int_equal(query(&s->rig, UB_ADMIN_QUERY_JFS, s->jfs.id), UB_STATE_ERROR);
}

/* What the guest writes there from now on is nothing to the device, and so the other way. */
static void send_ring(void **state)
{
	struct set *s = *state;
	union twqe w = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE, 2);

	run(&s->jfs, &w);
	take(&s->rig, s->jfs.ring, PAGE);
	expect_queue_lost(s);
	memset(s->jfs.rec, 0x77, sizeof(*s->jfs.rec));
	post(&s->jfs, &w);
	expect_none(&s->jfc);
	assert_int_equal(s->jfs.rec->ci, 0x77777777);
}

static void send_record(void **state)
{
	struct set *s = *state;

	take(&s->rig, s->jfs.rec, sizeof(*s->jfs.rec));
	expect_queue_lost(s);
}

/* An IOMMU that tells before it unmaps: the old translation is still found. */
static void told_before(void **state)
{
	struct set *s = *state;
	uint64_t bus = bus_of(&s->rig, s->jfs.ring);

	ub_core_unmapped(s->rig.core, bus, bus + PAGE - 1, true);
	expect_queue_lost(s);
}

static void completion_ring(void **state)
{
	struct set *s = *state;
	union twqe w = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE, 2);

	take(&s->rig, s->jfc.ring, PAGE);
	expect_event(&s->rig, UB_EVENT_JFC_ERR, s->jfc.id);
	post(&s->jfs, &w);
	expect_none(&s->jfc);
	assert_int_equal(query(&s->rig, UB_ADMIN_QUERY_JFC, s->jfc.id), UB_STATE_ERROR);
}

static void receive_ring(void **state)
{
	struct set *s = *state;
	struct tjfc jfc;
	struct tjfr jfr;
	union twqe w;

	receiver_new(&s->ctx, &jfc, &jfr);
	post_recv(&jfr, 5, &s->b, 64);
	take(&s->rig, jfr.ring, PAGE);
	expect_event(&s->rig, UB_EVENT_JFR_ERR, jfr.id);
	w = wqe_send(s->eid, jfr.id, UB_WQE_COMPLETE, 3);
	wqe_sge(&w, s->a.va, 64, s->a.id);
	post(&s->jfs, &w);
	expect(&s->jfc, UB_CR_REM_OPERATION_ERR, UB_SUB_STATE, 3);
	assert_int_equal(jfr_modify(&jfr, UB_STATE_RESET), UB_ADMIN_BAD_STATE);
}

static void event_queue(void **state)
{
	struct set *s = *state;

	take(&s->rig, bus_ptr(&s->rig, s->rig.eq_ring[1]), PAGE);
	assert_int_equal(ub_core_reg_read(s->rig.core, UB_REG_STATUS, 4), UB_STATUS_FATAL);
	assert_int_equal(ub_core_reg_read(s->rig.core, UB_REG_ERR_CAUSE, 4), UB_ERR_EQ_DMA);
	assert_int_equal(ub_core_reg_read(s->rig.core, UB_REG_ERR_INFO, 8), s->rig.eq_ring[1]);
	ub_core_reset(s->rig.core);
	assert_int_equal(ub_core_reg_read(s->rig.core, UB_REG_STATUS, 4), UB_STATUS_READY);
}

static void page_table(void **state)
{
	struct set *s = *state;
	union twqe w = fill_of(&s->a);

	take(&s->rig, bus_ptr(&s->rig, s->ctx.root), PAGE);
	post(&s->jfs, &w);
	expect(&s->jfc, UB_CR_LOC_ACCESS_ERR, UB_SUB_UNMAPPED, 1);
}

/* ---- A map() that waits for whoever waits for the device ---- */
static int set_up_attending(void **state)
{
	struct set *s = calloc(1, sizeof(*s));
	struct ub_core_config config;

	rig_config(&s->rig, &config, 1);
	s->rig.attends = true;
	set_up_config(s, &config);
	*state = s;
	return 0;
}

static void open_gate(struct rig *rig)
{
	gate_open(rig->hook);
}

static void stop_an_engine(struct set *s, struct gate *gate)
{
	union twqe w = fill_of(&s->a);

	gate_init(gate);
	s->rig.hook = gate;
	atomic_store(&s->rig.on_map, stop_in_map);
	atomic_store(&s->rig.on_attend, open_gate);
	post(&s->jfs, &w);
	gate_wait(gate);
}

static void let_go(struct set *s)
{
	atomic_store(&s->rig.on_map, NULL);
	atomic_store(&s->rig.on_attend, NULL);
}

static void reset_attends(void **state)
{
	struct set *s = *state;
	struct gate gate;

	stop_an_engine(s, &gate);
	ub_core_reset(s->rig.core);
	let_go(s);
}

static void pause_attends(void **state)
{
	struct set *s = *state;
	struct gate gate;

	stop_an_engine(s, &gate);
	ub_core_pause(s->rig.core);
	ub_core_resume(s->rig.core);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 1);
	let_go(s);
}

static void unmapping_attends(void **state)
{
	struct set *s = *state;
	struct gate gate;

	stop_an_engine(s, &gate);
	ub_core_unmapped(s->rig.core, 0, UINT64_MAX, false);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 1);
	let_go(s);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, set_down)
#define ATTENDING(name) cmocka_unit_test_setup_teardown(name, set_up_attending, set_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(taken_in_the_middle),
		CASE(taken_under_a_product),
		CASE(what_is_there_stays),
		CASE(send_ring),
		CASE(send_record),
		CASE(told_before),
		CASE(completion_ring),
		CASE(receive_ring),
		CASE(event_queue),
		CASE(page_table),
		ATTENDING(reset_attends),
		ATTENDING(pause_attends),
		ATTENDING(unmapping_attends),
	};

	return cmocka_run_group_tests_name("unmapped", tests, NULL, NULL);
}
