/* SPDX-License-Identifier: MIT */
/* Where an argument structure lies: at the edge of a mapping, misaligned, in memory of any kind. */
#include "uapi.h"

#define for_each_ioc(c) for (c = ioc_cases; c < ioc_cases + IOC_CASES; c++)

/* The call does not get at its argument and makes nothing. */
static void expect_fault(struct world *w, const struct ioc_case *c, void *at)
{
	struct counts was = counts_now();

	expect_errno(c->name, call(w->fd, c->cmd, at), EFAULT);
	assert_counts(&was);
}

/* The last byte of the structure is the last of the page; the next page is not there. */
static void at_the_end_of_a_mapping(void **state)
{
	struct world *w = *state;
	uint8_t *map = map_pages(2);
	const struct ioc_case *c;
	size_t size;
	union arg a;

	munmap(map + PAGE, PAGE);
	for_each_ioc(c) {
		for (size = c->min; size <= _IOC_SIZE(c->cmd); size += 4) {
			ioc_fill(c, w, &a);
			memset(a.bytes + size, 0, sizeof(a) - size);
			memcpy(map + PAGE - size, &a, size);
			int got = call(w->fd, sized(c->cmd, size), map + PAGE - size);

			if (got == EFAULT || (size == _IOC_SIZE(c->cmd) && got))
				fail_msg("%s: %s at the end of a page", c->name, strerror(got));
			memcpy(&a, map + PAGE - size, size);
			c->undo(w, &a, !got);
		}
	}
	munmap(map, PAGE);
}

static void over_the_end_of_a_mapping(void **state)
{
	struct world *w = *state;
	uint8_t *map = map_pages(2);
	const struct ioc_case *c;
	size_t inside;
	union arg a;

	munmap(map + PAGE, PAGE);
	for_each_ioc(c) {
		for (inside = 1; inside < _IOC_SIZE(c->cmd); inside++) {
			ioc_fill(c, w, &a);
			memcpy(map + PAGE - inside, &a, inside);
			expect_fault(w, c, map + PAGE - inside);
			c->undo(w, &a, false);
		}
	}
	munmap(map, PAGE);
}

/* Also the tail that this driver does not know is the caller's to provide. */
static void tail_over_the_end_of_a_mapping(void **state)
{
	struct world *w = *state;
	uint8_t *map = map_pages(2);
	const struct ioc_case *c;
	struct counts was;
	uint8_t *at;
	union arg a;

	munmap(map + PAGE, PAGE);
	for_each_ioc(c) {
		ioc_fill(c, w, &a);
		was = counts_now();
		at = map + PAGE - _IOC_SIZE(c->cmd);
		memcpy(at, &a, _IOC_SIZE(c->cmd));
		expect_errno(c->name, call(w->fd, sized(c->cmd, _IOC_SIZE(c->cmd) + 1), at),
			     EFAULT);
		assert_counts(&was);
		c->undo(w, &a, false);
	}
	munmap(map, PAGE);
}

static void pointers_to_nothing(void **state)
{
	struct world *w = *state;
	void *none = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *const bad[] = {
		NULL, (void *)8, none, (void *)(uintptr_t)KERNEL_ADDRESS,
		(void *)(uintptr_t)0xffffffff81000000ull, (void *)(uintptr_t)0x00007ffffffff000ull,
		(void *)(uintptr_t)0x8000000000000000ull, (void *)(uintptr_t)-1,
		(void *)(uintptr_t)-8, (void *)(uintptr_t)0xfffff000ul,
	};
	const struct ioc_case *c;
	union arg a;
	size_t i;

	assert_true(none != MAP_FAILED);
	for_each_ioc(c) {
		for (i = 0; i < ARRAY_SIZE(bad); i++) {
			ioc_fill(c, w, &a);
			expect_fault(w, c, bad[i]);
			c->undo(w, &a, false);
		}
	}
	munmap(none, PAGE);
}

/* Readable is not enough: the answer has no place to go, so nothing is done. */
static void in_read_only_memory(void **state)
{
	struct world *w = *state;
	uint8_t *map = map_pages(1);
	const struct ioc_case *c;
	union arg a;

	for_each_ioc(c) {
		ioc_fill(c, w, &a);
		assert_int_equal(mprotect(map, PAGE, PROT_READ | PROT_WRITE), 0);
		memcpy(map, &a, sizeof(a));
		assert_int_equal(mprotect(map, PAGE, PROT_READ), 0);
		expect_fault(w, c, map);
		assert_memory_equal(map, &a, sizeof(a));
		c->undo(w, &a, false);
	}
	munmap(map, PAGE);
}

/* The inputs are in a page to be written, the outputs reach into one that is not. */
static void half_in_read_only_memory(void **state)
{
	struct world *w = *state;
	uint8_t *map = map_pages(2), *at;
	const struct ioc_case *c;
	union arg a;

	for_each_ioc(c) {
		ioc_fill(c, w, &a);
		at = map + PAGE - _IOC_SIZE(c->cmd) + 1;
		assert_int_equal(mprotect(map, 2 * PAGE, PROT_READ | PROT_WRITE), 0);
		memcpy(at, &a, _IOC_SIZE(c->cmd));
		assert_int_equal(mprotect(map + PAGE, PAGE, PROT_READ), 0);
		expect_fault(w, c, at);
		c->undo(w, &a, false);
	}
	munmap(map, 2 * PAGE);
}

/* The whole structure can be written, the tail that comes after it cannot. */
static void tail_in_read_only_memory(void **state)
{
	struct world *w = *state;
	uint8_t *map = map_pages(2), *at;
	const struct ioc_case *c;
	struct counts was;
	union arg a;

	assert_int_equal(mprotect(map + PAGE, PAGE, PROT_READ), 0);
	for_each_ioc(c) {
		ioc_fill(c, w, &a);
		was = counts_now();
		at = map + PAGE - _IOC_SIZE(c->cmd);
		memcpy(at, &a, _IOC_SIZE(c->cmd));
		expect_errno(c->name, call(w->fd, sized(c->cmd, _IOC_SIZE(c->cmd) + 8), at),
			     EFAULT);
		assert_counts(&was);
		c->undo(w, &a, false);
	}
	munmap(map, 2 * PAGE);
}

static void misaligned(void **state)
{
	struct world *w = *state;
	uint8_t *map = map_pages(2), *at;
	const struct ioc_case *c;
	unsigned int off;
	union arg a;

	for_each_ioc(c) {
		for (off = 1; off < 8; off++) {
			ioc_fill(c, w, &a);
			/* Across a page boundary, too. */
			at = map + PAGE - 24 + off;
			memcpy(at, &a, _IOC_SIZE(c->cmd));
			expect_errno(c->name, call(w->fd, c->cmd, at), 0);
			memcpy(&a, at, _IOC_SIZE(c->cmd));
			c->undo(w, &a, true);
		}
	}
	munmap(map, 2 * PAGE);
}

/* The structure lies in the very memory that the call pins. */
static void inside_what_it_pins(void **state)
{
	struct world *w = *state;
	struct ub_ioc_reg_seg *a = (struct ub_ioc_reg_seg *)w->data;
	struct ub_ioc_create_jfc *q = (struct ub_ioc_create_jfc *)w->mem[3];

	*a = (struct ub_ioc_reg_seg){ .addr = (uintptr_t)w->data, .len = PAGE, .access = RW };
	expect_ok("REG_SEG", w->fd, UB_IOC_REG_SEG, a);
	dereg(w->fd, a->token_id);
	*q = (struct ub_ioc_create_jfc){ .mem = queue_mem(w->mem[3]), .depth = DEPTH,
					 .jfce_fd = -1 };
	expect_ok("CREATE_JFC", w->fd, UB_IOC_CREATE_JFC, q);
	destroy(w->fd, UB_IOC_DESTROY_JFC, q->id);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		world_test(at_the_end_of_a_mapping), world_test(over_the_end_of_a_mapping),
		world_test(tail_over_the_end_of_a_mapping), world_test(pointers_to_nothing),
		world_test(in_read_only_memory), world_test(half_in_read_only_memory),
		world_test(tail_in_read_only_memory), world_test(misaligned),
		world_test(inside_what_it_pins),
	};

	return run_all(argc, argv, tests);
}
