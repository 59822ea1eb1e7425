/* SPDX-License-Identifier: MIT */
/* Every input field at its extremes: one wrong value at a time, and what the driver says to it. */
#include "uapi.h"

#include <stdio.h>

#define MAX_SEG		(1ull << 40)
#define U32_MAX		0xffffffffull
#define U64_MAX		(~0ull)
#define AT(type, field)	offsetof(struct ub_ioc_##type, field)
#define SIZE(type, field) sizeof(((struct ub_ioc_##type *)0)->field)
#define ON(TYPE, type, field) #TYPE "." #field, UB_IOC_##TYPE, AT(type, field), SIZE(type, field)

struct wrong_value {
	const char *what;
	unsigned int cmd;
	size_t offset, width;
	uint64_t value;
	struct failure want;
};

/* The call with one field changed fails as told. */
static void try_one(struct world *w, const struct wrong_value *v)
{
	const struct ioc_case *c = ioc_case(v->cmd);
	struct counts was;
	char what[96];
	union arg a;

	ioc_fill(c, w, &a);
	was = counts_now();
	memcpy(a.bytes + v->offset, &v->value, v->width);
	snprintf(what, sizeof(what), "%s = 0x%llx", v->what, (unsigned long long)v->value);
	expect_failure(what, w->fd, v->cmd, &a, v->want);
	assert_counts(&was);
	c->undo(w, &a, false);
}

static void try_all(struct world *w, const struct wrong_value *v, size_t count)
{
	while (count--)
		try_one(w, v++);
}

#define SEG_LEN(value) { ON(REG_SEG, reg_seg, len), value, \
	{ EINVAL, UB_EXT_BAD_LENGTH, 0, MAX_SEG } }
#define SEG_END(value) { ON(REG_SEG, reg_seg, len), value, { EFAULT, UB_EXT_BAD_ADDRESS, 0, 0 } }
#define SEG_ADDR(value) { ON(REG_SEG, reg_seg, addr), value, { EFAULT, UB_EXT_BAD_ADDRESS, 0, 0 } }
#define ACCESS(value) { ON(REG_SEG, reg_seg, access), value, { EINVAL, UB_EXT_BAD_ACCESS, 0, 0 } }
#define TOO_BIG(TYPE, type, field, value, max) { ON(TYPE, type, field), value, \
	{ EINVAL, UB_EXT_BAD_VALUE, AT(type, field), max } }

static void of_a_segment(void **state)
{
	static const struct wrong_value values[] = {
		SEG_LEN(0),
		SEG_LEN(MAX_SEG + 1),
		SEG_LEN(1ull << 48),
		SEG_LEN(1ull << 63),
		SEG_LEN(U64_MAX),
		SEG_LEN(U64_MAX - PAGE + 1),
		SEG_ADDR(0),
		SEG_ADDR(1),
		SEG_ADDR(U64_MAX),
		SEG_ADDR(U64_MAX - PAGE + 1),
		SEG_ADDR(U64_MAX - PAGE),
		SEG_ADDR(KERNEL_ADDRESS),
		SEG_ADDR(0xffffffff81000000),
		SEG_ADDR(1ull << 63),
		SEG_ADDR(1ull << 47),
		SEG_ADDR((1ull << 47) - PAGE),
		SEG_ADDR((1ull << 47) - 1),
		SEG_ADDR(1ull << 48),
		SEG_ADDR((1ull << 48) - 1),
		SEG_ADDR(0xffffffffff600000),
		ACCESS(0),
		ACCESS(UB_ACCESS_WRITE),
		ACCESS(UB_ACCESS_ATOMIC),
		ACCESS(UB_ACCESS_WRITE | UB_ACCESS_ATOMIC),
		ACCESS(UB_ACCESS_READ | UB_ACCESS_ATOMIC),
		ACCESS(UB_ACCESS_LOCAL_ONLY | UB_ACCESS_READ),
		ACCESS(UB_ACCESS_LOCAL_ONLY | UB_ACCESS_WRITE),
		ACCESS(UB_ACCESS_LOCAL_ONLY | UB_ACCESS_ATOMIC),
		ACCESS(RW | 16),
		ACCESS(UB_ACCESS_READ | 0x80000000u),
		ACCESS(U32_MAX),
		TOO_BIG(REG_SEG, reg_seg, token_policy, 3, 2),
		TOO_BIG(REG_SEG, reg_seg, token_policy, U32_MAX, 2),
	};

	try_all(*state, values, ARRAY_SIZE(values));
}

/* Memory for reading cannot be had with the right to write. */
static void read_only_with_rights_to_write(void **state)
{
	static const uint32_t rights[] = { RW, RW | UB_ACCESS_ATOMIC };
	struct world *w = *state;
	union arg a;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rights); i++) {
		ioc_fill(ioc_case(UB_IOC_REG_SEG), w, &a);
		a.reg_seg.flags = UB_REG_F_READ_ONLY;
		a.reg_seg.access = rights[i];
		expect_failure("READ_ONLY", w->fd, UB_IOC_REG_SEG, &a,
			       (struct failure){ EINVAL, UB_EXT_BAD_ACCESS, 0, 0 });
	}
}

/* A token value may be anything, under either policy. */
static void any_token_value(void **state)
{
	static const uint32_t values[] = { 0, 1, 0x7fffffff, 0x80000000, 0xffffffff };
	struct world *w = *state;
	struct ub_ioc_set_token set = { .token_id = w->seg };
	union arg a;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(values); i++) {
		ioc_fill(ioc_case(UB_IOC_REG_SEG), w, &a);
		a.reg_seg.token_policy = i & 1;
		a.reg_seg.token_value = values[i];
		expect_ok("REG_SEG", w->fd, UB_IOC_REG_SEG, &a);
		dereg(w->fd, a.reg_seg.token_id);
		set.token_value = values[i];
		expect_ok("SET_TOKEN", w->fd, UB_IOC_SET_TOKEN, &set);
	}
}

struct limits {
	const char *name;
	unsigned int cmd;
	size_t depth;		/* the field's offset */
	uint32_t max_depth;
};

static void limits_of_queues(struct world *w, struct limits of[3])
{
	union arg a = { 0 };

	expect_ok("QUERY_DEVICE", w->fd, UB_IOC_QUERY_DEVICE, &a);
	of[0] = (struct limits){ "JFC", UB_IOC_CREATE_JFC, AT(create_jfc, depth),
				 a.query_device.max_jfc_depth };
	of[1] = (struct limits){ "JFS", UB_IOC_CREATE_JFS, AT(create_jfs, depth),
				 a.query_device.max_jfs_depth };
	of[2] = (struct limits){ "JFR", UB_IOC_CREATE_JFR, AT(create_jfr, depth),
				 a.query_device.max_jfr_depth };
}

static void depth_of_a_queue(void **state)
{
	struct world *w = *state;
	struct limits q[3];
	size_t i, k;

	limits_of_queues(w, q);
	for (i = 0; i < 3; i++) {
		uint32_t max = q[i].max_depth;
		const uint32_t depths[] = { 0, 1, 2, 32, 63, 65, 96, 127, max - 1, max + 1, max * 2,
					    0x7fffffff, 0x80000000, 0xffffffff };

		for (k = 0; k < ARRAY_SIZE(depths); k++)
			try_one(w, &(struct wrong_value){
				q[i].name, q[i].cmd, q[i].depth, 4, depths[k],
				{ EINVAL, UB_EXT_BAD_DEPTH, 0, max } });
	}
}

#define MEM(field) AT(create_jfc, mem.field)

/* mem is at the same place in every CREATE. */
static void memory_of_a_queue(void **state)
{
	struct world *w = *state;
	uint64_t ring = DEPTH * 64;
	struct limits q[3];
	size_t i;

	limits_of_queues(w, q);
	for (i = 0; i < 3; i++) {
		uint64_t max = q[i].max_depth * 64ull + (2 << 20);
		uint64_t addr = (uintptr_t)w->mem[3];
		const struct failure unaligned = { EINVAL, UB_EXT_BAD_ALIGNMENT, MEM(addr), PAGE };
		const struct failure rec = { EINVAL, UB_EXT_BAD_ALIGNMENT, MEM(rec_offset), 128 };
		const struct failure outside = { EINVAL, UB_EXT_BAD_VALUE, MEM(rec_offset),
						 QUEUE_LEN - 128 };
		const struct failure length = { EINVAL, UB_EXT_BAD_LENGTH, 0, max };
		const struct failure nowhere = { EFAULT, UB_EXT_BAD_ADDRESS, 0, 0 };
#define V(field, value, want) { q[i].name, q[i].cmd, MEM(field), 8, value, want }
		const struct wrong_value values[] = {
			V(addr, addr + 1, unaligned), V(addr, addr + PAGE / 2, unaligned),
			V(addr, U64_MAX, unaligned), V(addr, 0, nowhere),
			V(addr, KERNEL_ADDRESS, nowhere), V(addr, U64_MAX - PAGE + 1, nowhere),
			V(addr, U64_MAX - QUEUE_LEN + 1, nowhere), V(addr, 1ull << 47, nowhere),
			V(addr, (1ull << 47) - PAGE, nowhere), V(addr, 1ull << 63, nowhere),
			V(len, 0, length), V(len, 1, length), V(len, PAGE, length),
			V(len, QUEUE_LEN - 1, length), V(len, QUEUE_LEN + 128, length),
			V(len, max + PAGE, length), V(len, U64_MAX, length),
			V(len, U64_MAX - PAGE + 1, length), V(len, 1ull << 63, length),
			V(rec_offset, ring + 1, rec), V(rec_offset, ring + 64, rec),
			V(rec_offset, U64_MAX, rec), V(rec_offset, 0, outside),
			V(rec_offset, ring - 128, outside), V(rec_offset, QUEUE_LEN, outside),
			V(rec_offset, 1ull << 63, outside), V(rec_offset, U64_MAX - 127, outside),
		};
#undef V
		try_all(w, values, ARRAY_SIZE(values));
	}
}

static void of_a_jfc(void **state)
{
	struct world *w = *state;
	struct ub_ioc_query_device q = { 0 };

	expect_ok("QUERY_DEVICE", w->fd, UB_IOC_QUERY_DEVICE, &q);
	const struct wrong_value values[] = {
		TOO_BIG(CREATE_JFC, create_jfc, comp_vector, q.comp_vectors, q.comp_vectors - 1),
		TOO_BIG(CREATE_JFC, create_jfc, comp_vector, U32_MAX, q.comp_vectors - 1),
		TOO_BIG(CREATE_JFC, create_jfc, jfce_fd, (uint32_t)-2, INT_MAX),
		TOO_BIG(CREATE_JFC, create_jfc, jfce_fd, 0x80000000u, INT_MAX),
		{ ON(CREATE_JFC, create_jfc, jfce_fd), 1000000,
		  { ENOENT, UB_EXT_NO_SUCH_OBJECT, 1000000, 0 } },
		{ ON(CREATE_JFC, create_jfc, jfce_fd), INT_MAX,
		  { ENOENT, UB_EXT_NO_SUCH_OBJECT, INT_MAX, 0 } },
	};

	try_all(w, values, ARRAY_SIZE(values));
}

static void of_a_jfs_and_a_jfr(void **state)
{
	static const struct wrong_value values[] = {
		TOO_BIG(CREATE_JFS, create_jfs, priority, 16, 15),
		TOO_BIG(CREATE_JFS, create_jfs, priority, 256, 15),
		TOO_BIG(CREATE_JFS, create_jfs, priority, U32_MAX, 15),
		TOO_BIG(CREATE_JFS, create_jfs, weight, UB_HW_MAX_WEIGHT + 1, UB_HW_MAX_WEIGHT),
		TOO_BIG(CREATE_JFS, create_jfs, weight, UINT16_MAX, UB_HW_MAX_WEIGHT),
		TOO_BIG(CREATE_JFS, create_jfs, rnr_retry, 8, 7),
		TOO_BIG(CREATE_JFS, create_jfs, rnr_retry, 256, 7),
		TOO_BIG(CREATE_JFS, create_jfs, rnr_retry, U32_MAX, 7),
		TOO_BIG(CREATE_JFS, create_jfs, err_timeout, 32, 31),
		TOO_BIG(CREATE_JFS, create_jfs, err_timeout, UINT16_MAX, 31),
		TOO_BIG(CREATE_JFS, create_jfs, jfr, 1, 0),
		TOO_BIG(CREATE_JFS, create_jfs, jfr, U32_MAX, 0),
		TOO_BIG(CREATE_JFR, create_jfr, min_rnr_timer, 20, 19),
		TOO_BIG(CREATE_JFR, create_jfr, min_rnr_timer, 256, 19),
		TOO_BIG(CREATE_JFR, create_jfr, min_rnr_timer, U32_MAX, 19),
		TOO_BIG(CREATE_JFR, create_jfr, token_policy, 3, 2),
		TOO_BIG(CREATE_JFR, create_jfr, token_policy, U32_MAX, 2),
		TOO_BIG(MODIFY_JFS, modify_queue, state, 4, 3),
		TOO_BIG(MODIFY_JFS, modify_queue, state, 256, 3),
		TOO_BIG(MODIFY_JFS, modify_queue, state, U32_MAX, 3),
		TOO_BIG(MODIFY_JFR, modify_queue, state, 4, 3),
		TOO_BIG(MODIFY_JFR, modify_queue, state, U32_MAX, 3),
	};

	try_all(*state, values, ARRAY_SIZE(values));
}

static void of_submit_and_reap(void **state)
{
	struct world *w = *state;
	struct ub_ioc_query_device q = { 0 };
	const struct failure fault = { EFAULT, UB_EXT_BAD_ADDRESS, 0, 0 };

	expect_ok("QUERY_DEVICE", w->fd, UB_IOC_QUERY_DEVICE, &q);
#define BLOCKS(value) TOO_BIG(SUBMIT, submit, nblocks, value, q.max_jfs_depth)
	const struct wrong_value values[] = {
		BLOCKS(0), BLOCKS(q.max_jfs_depth + 1), BLOCKS(0x80000000), BLOCKS(U32_MAX),
		{ ON(SUBMIT, submit, wqes), 0, fault },
		{ ON(SUBMIT, submit, wqes), KERNEL_ADDRESS, fault },
		{ ON(SUBMIT, submit, wqes), 1ull << 63, fault },
		{ ON(SUBMIT, submit, wqes), U64_MAX, fault },
		TOO_BIG(REAP, reap, max, 0, U32_MAX), TOO_BIG(REAP, reap, min, 9, 8),
		TOO_BIG(REAP, reap, min, U32_MAX, 8),
	};

	try_all(w, values, ARRAY_SIZE(values));
}

/* A WQE is cut off by the end of what is submitted; blocks are not all there. */
static void of_the_wqes_submitted(void **state)
{
	struct world *w = *state;
	const struct ioc_case *c = ioc_case(UB_IOC_SUBMIT);
	uint8_t *map = map_pages(2);
	struct ub_hw_wqe *wqe;
	union arg a;

	ioc_fill(c, w, &a);
	wqe = (struct ub_hw_wqe *)w->data;
	wqe->opcode = UB_OP_WRITE;
	wqe->sge_num = 13;
	expect_failure("cut off", w->fd, UB_IOC_SUBMIT, &a,
		       (struct failure){ EINVAL, UB_EXT_BAD_LENGTH, 0, 4 });
	munmap(map + PAGE, PAGE);
	a.submit.wqes = (uintptr_t)map + PAGE - 64;
	a.submit.nblocks = 2;
	expect_failure("unmapped", w->fd, UB_IOC_SUBMIT, &a,
		       (struct failure){ EFAULT, UB_EXT_BAD_ADDRESS, 0, 0 });
	a.submit.nblocks = 1;
	expect_ok("at the end of a page", w->fd, UB_IOC_SUBMIT, &a);
	assert_int_equal(a.submit.taken, 1);
	c->undo(w, &a, true);
	munmap(map, PAGE);
}

/* What the kernel has of its own is not also the caller's to give. */
static void memory_of_a_kernel_queue(void **state)
{
	struct world *w = *state;
	uint32_t kjfc = make_kernel_jfc(w->fd);
	const struct { unsigned int cmd; size_t offset, reported; } fields[] = {
		{ UB_IOC_CREATE_JFC, MEM(addr), MEM(addr) },
		{ UB_IOC_CREATE_JFC, MEM(len), MEM(addr) },
		{ UB_IOC_CREATE_JFC, MEM(rec_offset), MEM(addr) },
		{ UB_IOC_CREATE_JFC, AT(create_jfc, jfce_fd), AT(create_jfc, jfce_fd) },
		{ UB_IOC_CREATE_JFC, AT(create_jfc, comp_vector), AT(create_jfc, comp_vector) },
		{ UB_IOC_CREATE_JFS, MEM(addr), MEM(addr) },
		{ UB_IOC_CREATE_JFS, MEM(len), MEM(addr) },
		{ UB_IOC_CREATE_JFS, MEM(rec_offset), MEM(addr) },
	};
	union arg a;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		memset(&a, 0, sizeof(a));
		if (fields[i].cmd == UB_IOC_CREATE_JFC) {
			a.create_jfc.depth = DEPTH;
			a.create_jfc.flags = UB_JFC_F_KERNEL;
		} else {
			a.create_jfs.depth = DEPTH;
			a.create_jfs.jfc = kjfc;
		}
		a.bytes[fields[i].offset] = 1;
		expect_failure("kernel queue", w->fd, fields[i].cmd, &a,
			       (struct failure){ EINVAL, UB_EXT_RESERVED_SET, fields[i].reported,
						 0 });
	}
	destroy(w->fd, UB_IOC_DESTROY_JFC, kjfc);
}

/* The state machine of docs/hardware.md: which state may follow which. */
static void states(void **state)
{
	struct world *w = *state;
	const struct { unsigned int cmd; uint32_t id, from, to; bool ok; } steps[] = {
		{ UB_IOC_MODIFY_JFS, w->jfs, UB_STATE_READY, UB_STATE_SUSPENDED, true },
		{ UB_IOC_MODIFY_JFS, w->jfs, UB_STATE_SUSPENDED, UB_STATE_RESET, false },
		{ UB_IOC_MODIFY_JFS, w->jfs, UB_STATE_SUSPENDED, UB_STATE_READY, true },
		{ UB_IOC_MODIFY_JFS, w->jfs, UB_STATE_READY, UB_STATE_ERROR, true },
		{ UB_IOC_MODIFY_JFS, w->jfs, UB_STATE_ERROR, UB_STATE_SUSPENDED, false },
		{ UB_IOC_MODIFY_JFR, w->jfr, UB_STATE_READY, UB_STATE_SUSPENDED, false },
		{ UB_IOC_MODIFY_JFR, w->jfr, UB_STATE_READY, UB_STATE_ERROR, true },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		struct ub_ioc_modify_queue a = { .id = steps[i].id, .state = steps[i].to };
		struct ub_ioc_query_queue q = { .id = steps[i].id };
		unsigned int query = steps[i].cmd == UB_IOC_MODIFY_JFS ? UB_IOC_QUERY_JFS :
									 UB_IOC_QUERY_JFR;

		if (steps[i].ok)
			expect_ok("step", w->fd, steps[i].cmd, &a);
		else
			expect_failure("step", w->fd, steps[i].cmd, &a,
				       (struct failure){ EINVAL, UB_EXT_BAD_STATE, steps[i].id,
							 steps[i].from });
		expect_ok("QUERY", w->fd, query, &q);
		assert_int_equal(q.state, steps[i].ok ? steps[i].to : steps[i].from);
		assert_int_equal(q.depth, DEPTH);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		world_test(of_a_segment), world_test(read_only_with_rights_to_write),
		world_test(any_token_value), world_test(depth_of_a_queue),
		world_test(memory_of_a_queue), world_test(of_a_jfc),
		world_test(of_a_jfs_and_a_jfr), world_test(states),
		world_test(of_submit_and_reap), world_test(of_the_wqes_submitted),
		world_test(memory_of_a_kernel_queue),
	};

	return run_all(argc, argv, tests);
}
