/* SPDX-License-Identifier: MIT */
/* Commands of io_uring: what each takes and refuses, by programs of 64 and 32 bits. */
#include "ring.h"
#include "uapi.h"

#define TIMEOUT_NS	1000000u

struct uring_world {
	struct world w;
	struct ring ring;
};

static int setup(void **state)
{
	struct uring_world *u = calloc(1, sizeof(*u));

	world_open(&u->w);
	u->w.kjfc = make_kernel_jfc(u->w.fd);
	u->w.kjfs = make_kernel_jfs(u->w.fd, u->w.kjfc);
	ring_open(&u->ring, 0);
	*state = u;
	return 0;
}

static int teardown(void **state)
{
	struct uring_world *u = *state;

	ring_close(&u->ring);
	destroy(u->w.fd, UB_IOC_DESTROY_JFS, u->w.kjfs);
	destroy(u->w.fd, UB_IOC_DESTROY_JFC, u->w.kjfc);
	world_close(&u->w);
	free(u);
	return 0;
}

static int run(struct uring_world *u, uint32_t op, struct ub_uring_cmd cmd, const void *wqe)
{
	ring_sqe(&u->ring, u->w.fd, op, &cmd, wqe);
	return ring_run(&u->ring);
}

static void put_nop(void *block)
{
	struct ub_hw_wqe wqe = { .opcode = UB_OP_NOP };

	memset(block, 0, UB_HW_WQEBB_SIZE);
	memcpy(block, &wqe, sizeof(wqe));
}

/* ---- What works ---- */
static void submits(void **state)
{
	struct uring_world *u = *state;
	uint8_t *page = map_pages(1);

	for (unsigned int i = 0; i < 3; i++)
		put_nop(page + i * UB_HW_WQEBB_SIZE);
	assert_int_equal(run(u, UB_URING_SUBMIT, (struct ub_uring_cmd){ .id = u->w.kjfs }, page),
			 0);
	assert_int_equal(run(u, UB_URING_SUBMIT, (struct ub_uring_cmd){
		.id = u->w.kjfs, .arg = 3, .addr = (uintptr_t)page }, NULL), 0);
	assert_int_equal(u->ring.extra, 3);
	/* The last bytes of the last page that there is. */
	memcpy(page + PAGE - UB_HW_WQEBB_SIZE, page, UB_HW_WQEBB_SIZE);
	assert_int_equal(run(u, UB_URING_SUBMIT, (struct ub_uring_cmd){
		.id = u->w.kjfs, .arg = 1,
		.addr = (uintptr_t)page + PAGE - UB_HW_WQEBB_SIZE }, NULL), 0);
	munmap(page, PAGE);
}

static void failed_wqe_is_above_zero(void **state)
{
	struct uring_world *u = *state;
	struct ub_hw_wqe bad = { .opcode = 0x7f };
	uint8_t block[UB_HW_WQEBB_SIZE] = { 0 };

	memcpy(block, &bad, sizeof(bad));
	assert_int_equal(run(u, UB_URING_SUBMIT, (struct ub_uring_cmd){ .id = u->w.kjfs }, block),
			 UB_CR_UNSUPPORTED_OPCODE_ERR);
}

/* The structure has one layout for both word sizes; what is unknown of a longer one is zeroed. */
static void registers_memory(void **state)
{
	struct uring_world *u = *state;
	struct { struct ub_ioc_reg_seg arg; uint64_t more[2]; } longer = { 0 };

	for (size_t size = sizeof(longer.arg); size <= sizeof(longer); size += 8) {
		longer.arg = (struct ub_ioc_reg_seg){ .addr = (uintptr_t)u->w.data, .len = PAGE,
						      .access = RW };
		assert_int_equal(run(u, UB_URING_REG_SEG, (struct ub_uring_cmd){
			.arg = (uint32_t)size, .addr = (uintptr_t)&longer }, NULL), 0);
		assert_true(longer.arg.token_id != 0);
		assert_int_equal(run(u, UB_URING_DEREG_SEG, (struct ub_uring_cmd){
			.id = longer.arg.token_id }, NULL), 0);
		assert_int_equal(run(u, UB_URING_DEREG_SEG, (struct ub_uring_cmd){
			.id = longer.arg.token_id }, NULL), -ENOENT);
	}
	longer.more[1] = 1;
	assert_int_equal(run(u, UB_URING_REG_SEG, (struct ub_uring_cmd){
		.arg = sizeof(longer), .addr = (uintptr_t)&longer }, NULL), -E2BIG);
}

static void waits_for_its_time(void **state)
{
	struct uring_world *u = *state;

	assert_int_equal(run(u, UB_URING_WAIT, (struct ub_uring_cmd){
		.id = u->w.jfc, .arg = 1, .addr = TIMEOUT_NS }, NULL), -ETIME);
	assert_int_equal(run(u, UB_URING_CANCEL, (struct ub_uring_cmd){
		.id = u->w.jfc, .arg = UB_OBJ_JFC }, NULL), 0);
	assert_int_equal(run(u, UB_URING_CANCEL, (struct ub_uring_cmd){
		.id = u->w.kjfs, .arg = UB_OBJ_JFS }, NULL), 0);
}

/* ---- What is refused, and leaves everything as it was ---- */
struct refusal {
	const char *what;
	uint32_t op, id, arg;
	uint64_t addr;
	int res;
};

static void refused(struct uring_world *u, const struct refusal *c, size_t count)
{
	uint8_t block[UB_HW_WQEBB_SIZE];
	struct counts before = counts_now();

	put_nop(block);
	for (; count--; c++) {
		expect_errno(c->what, -run(u, c->op, (struct ub_uring_cmd){
			.id = c->id, .arg = c->arg, .addr = c->addr }, block), c->res);
		assert_counts(&before);
	}
}

static void refuses_bad_submits(void **state)
{
	struct uring_world *u = *state;
	uint32_t kjfs = u->w.kjfs, op = UB_URING_SUBMIT;
	uint8_t *pages = map_pages(2);
	uint64_t data = (uintptr_t)u->w.data;
	const struct refusal cases[] = {
		{ "id 0", op, 0, 0, 0, ENOENT },
		{ "id at the end", op, UINT32_MAX, 0, 0, ENOENT },
		{ "a JFC's id", op, u->w.kjfc + 1000, 0, 0, ENOENT },
		{ "a mapped JFS", op, u->w.jfs, 0, 0, EINVAL },
		{ "an address without blocks", op, kjfs, 0, data, EINVAL },
		{ "null", op, kjfs, 1, 0, EFAULT },
		{ "kernel memory", op, kjfs, 1, KERNEL_ADDRESS, EFAULT },
		{ "the end of the address space", op, kjfs, 2, UINT64_MAX - 63, EFAULT },
		{ "a page that ends", op, kjfs, 2, (uintptr_t)pages + PAGE - UB_HW_WQEBB_SIZE,
		  EFAULT },
		{ "more than a ring", op, kjfs, DEPTH + 1, data, EINVAL },
		{ "as many as can be", op, kjfs, UINT32_MAX, data, EINVAL },
	};

	assert_int_equal(munmap(pages + PAGE, PAGE), 0);
	refused(u, cases, ARRAY_SIZE(cases));
	munmap(pages, PAGE);
}

static void refuses_bad_waits(void **state)
{
	struct uring_world *u = *state;
	uint32_t jfc = u->w.jfc, op = UB_URING_WAIT;
	const struct refusal cases[] = {
		{ "no such JFC", op, UINT32_MAX, 1, TIMEOUT_NS, ENOENT },
		{ "a kernel JFC", op, u->w.kjfc, 1, TIMEOUT_NS, EINVAL },
		{ "no time", op, jfc, 1, 0, EINVAL },
		{ "too long", op, jfc, 1, UB_URING_WAIT_MAX_NS + 1, EINVAL },
		{ "all the time", op, jfc, 1, UINT64_MAX, EINVAL },
		{ "serial too large", op, jfc, UB_DB_JFC_ARM_SN_MASK + 1, TIMEOUT_NS, EINVAL },
		{ "serial at the end", op, jfc, UINT32_MAX, TIMEOUT_NS, EINVAL },
	};

	refused(u, cases, ARRAY_SIZE(cases));
}

static void refuses_bad_registrations(void **state)
{
	struct uring_world *u = *state;
	struct ub_ioc_reg_seg good = { .addr = (uintptr_t)u->w.data, .len = PAGE, .access = RW };
	uint64_t at = (uintptr_t)&good;
	uint32_t reg = UB_URING_REG_SEG, dereg = UB_URING_DEREG_SEG;
	const struct refusal cases[] = {
		{ "no structure", reg, 0, 0, at, EINVAL },
		{ "half of one", reg, 0, sizeof(good) / 2, at, EINVAL },
		{ "more than an ioctl may have", reg, 0, MAX_ARG + 1, at, EINVAL },
		{ "null", reg, 0, sizeof(good), 0, EFAULT },
		{ "kernel memory", reg, 0, sizeof(good), KERNEL_ADDRESS, EFAULT },
		{ "unknown TokenID", dereg, UINT32_MAX, 0, 0, ENOENT },
		{ "an argument", dereg, u->w.seg, 1, 0, EINVAL },
		{ "an address", dereg, u->w.seg, 0, at, EINVAL },
	};

	refused(u, cases, ARRAY_SIZE(cases));
}

static void refuses_bad_cancels_and_unknown_commands(void **state)
{
	struct uring_world *u = *state;
	uint32_t op = UB_URING_CANCEL;
	const struct refusal cases[] = {
		{ "no kind", op, u->w.kjfs, 0, 0, EINVAL },
		{ "a segment", op, u->w.seg, UB_OBJ_SEG, 0, EINVAL },
		{ "an address", op, u->w.kjfs, UB_OBJ_JFS, 1, EINVAL },
		{ "a mapped JFS", op, u->w.jfs, UB_OBJ_JFS, 0, EINVAL },
		{ "no such JFS", op, UINT32_MAX, UB_OBJ_JFS, 0, ENOENT },
		{ "no such JFC", op, UINT32_MAX, UB_OBJ_JFC, 0, ENOENT },
		{ "command 0", 0, u->w.kjfs, 0, 0, ENOTTY },
		{ "an ioctl", UB_IOC_SUBMIT, u->w.kjfs, 0, 0, ENOTTY },
		{ "another size", sized(UB_URING_SUBMIT, 8), u->w.kjfs, 0, 0, ENOTTY },
		{ "the number after the last", sized(UB_URING_REAP, 0) + 1, u->w.kjfs, 0, 0,
		  ENOTTY },
		{ "all bits", UINT32_MAX, u->w.kjfs, 0, 0, ENOTTY },
	};

	refused(u, cases, ARRAY_SIZE(cases));
}

/* What waits cannot be polled for. */
static void needs_the_right_ring(void **state)
{
	struct uring_world *u = *state;
	struct ub_uring_cmd wait = { .id = u->w.jfc, .arg = 1, .addr = TIMEOUT_NS };
	struct ring polled;

	ring_open(&polled, IORING_SETUP_IOPOLL);
	ring_sqe(&polled, u->w.fd, UB_URING_WAIT, &wait, NULL);
	assert_int_equal(ring_run(&polled), -EOPNOTSUPP);
	ring_close(&polled);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		T(submits),
		T(failed_wqe_is_above_zero),
		T(registers_memory),
		T(waits_for_its_time),
		T(refuses_bad_submits),
		T(refuses_bad_waits),
		T(refuses_bad_registrations),
		T(refuses_bad_cancels_and_unknown_commands),
		T(needs_the_right_ring),
	};

	return run_all(argc, argv, tests);
}
