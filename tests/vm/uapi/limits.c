/* SPDX-License-Identifier: MIT */
/* Limits: locked memory to the page, objects of a context, objects of the device. */
#include "uapi.h"

#include <linux/capability.h>
#include <stdio.h>
#include <sys/resource.h>

#define LIMIT_PAGES 8

static struct ub_ioc_reg_seg seg_of(void *addr, unsigned int pages)
{
	return (struct ub_ioc_reg_seg){ .addr = (uintptr_t)addr, .len = pages * PAGE,
					.access = RW };
}

static int reg(int fd, void *addr, unsigned int pages, uint32_t *id)
{
	struct ub_ioc_reg_seg a = seg_of(addr, pages);
	int ret = call(fd, UB_IOC_REG_SEG, &a);

	*id = a.token_id;
	return ret;
}

static bool refused_for_memlock(int fd, void *addr, unsigned int pages, uint64_t limit)
{
	struct ub_ioc_reg_seg a = seg_of(addr, pages);

	return call(fd, UB_IOC_REG_SEG, &a) == EPERM && a.hdr.ext_code == UB_EXT_MEMLOCK &&
	       a.hdr.ext_obj == 0 && a.hdr.ext_limit == limit;
}

static bool end_seg(int fd, uint32_t id)
{
	struct ub_ioc_dereg_seg a = { .token_id = id };

	return !call(fd, UB_IOC_DEREG_SEG, &a);
}

static void set_memlock(rlim_t bytes)
{
	struct rlimit limit = { bytes, bytes };

	check(!setrlimit(RLIMIT_MEMLOCK, &limit));
}

/* The device is opened first: an ordinary user is not in its group here. */
static int become_nobody(rlim_t memlock)
{
	int fd = open(device, O_RDWR | O_CLOEXEC);

	check(fd >= 0);
	set_memlock(memlock);
	check(!setresgid(65534, 65534, 65534) && !setresuid(65534, 65534, 65534));
	return fd;
}

/* The last page that fits, and one more. */
static void to_the_page(void *arg)
{
	const rlim_t limit = *(const rlim_t *)arg;
	int fd = become_nobody(limit);
	uint8_t *map = map_pages(LIMIT_PAGES + 1);
	uint32_t all, part, one;

	check(refused_for_memlock(fd, map, LIMIT_PAGES + 1, limit));
	check(counts_now().vm_pin == 0);
	check(!reg(fd, map, LIMIT_PAGES, &all));
	check(counts_now().vm_pin == LIMIT_PAGES * PAGE);
	check(refused_for_memlock(fd, map, 1, limit));
	check(counts_now().vm_pin == LIMIT_PAGES * PAGE);
	check(end_seg(fd, all));
	check(!reg(fd, map, LIMIT_PAGES - 1, &part));
	check(refused_for_memlock(fd, map, 2, limit));
	check(!reg(fd, map, 1, &one));
	check(refused_for_memlock(fd, map, 1, limit));
	check(end_seg(fd, part) && end_seg(fd, one));
	check(counts_now().vm_pin == 0);
}

static void memlock_to_the_page(void **state)
{
	/* What is over a whole page does not count. */
	rlim_t limits[] = { LIMIT_PAGES * PAGE, LIMIT_PAGES * PAGE + 1,
			    (LIMIT_PAGES + 1) * PAGE - 1 };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(limits); i++)
		in_child(to_the_page, &limits[i]);
}

/* Two bytes over a page boundary are two pages; so they are for reading. */
static void by_pages_touched(void *arg)
{
	int fd = become_nobody(PAGE);
	uint8_t *map = map_pages(2);
	struct ub_ioc_reg_seg a = { .addr = (uintptr_t)map + PAGE - 1, .len = 2,
				    .access = UB_ACCESS_READ, .flags = UB_REG_F_READ_ONLY };

	(void)arg;
	check(call(fd, UB_IOC_REG_SEG, &a) == EPERM && a.hdr.ext_code == UB_EXT_MEMLOCK);
	a.addr--;
	check(!call(fd, UB_IOC_REG_SEG, &a));
}

/* Queues' memory counts too, and all contexts of a process count together. */
static void queues_and_contexts(void *arg)
{
	int second = open(device, O_RDWR | O_CLOEXEC), fd = become_nobody(4 * PAGE);
	uint8_t *map = map_pages(6);
	struct ub_ioc_create_jfc jfc = { .mem = queue_mem(map), .depth = DEPTH, .jfce_fd = -1 };
	struct ub_ioc_create_jfc other = { .mem = queue_mem(map + QUEUE_LEN), .depth = DEPTH,
					   .jfce_fd = -1 };
	uint32_t id;

	(void)arg;
	check(second >= 0);
	check(!call(fd, UB_IOC_CREATE_JFC, &jfc));
	check(refused_for_memlock(second, map, 3, 4 * PAGE));
	check(!reg(second, map, 1, &id));
	check(call(second, UB_IOC_CREATE_JFC, &other) == EPERM);
	check(other.hdr.ext_code == UB_EXT_MEMLOCK && other.hdr.ext_limit == 4 * PAGE);
	check(end_seg(second, id));
	check(!call(second, UB_IOC_CREATE_JFC, &other));
	check(refused_for_memlock(fd, map, 1, 4 * PAGE));
	close(second);
	check(!reg(fd, map, 2, &id));
}

/* A failed call has taken nothing of the limit, whatever it failed for. */
static void failures_cost_nothing(void *arg)
{
	int fd = become_nobody(4 * PAGE), i;
	uint8_t *map = map_pages(4);
	uint32_t id;

	(void)arg;
	munmap(map + 3 * PAGE, PAGE);
	for (i = 0; i < 8; i++) {
		check(reg(fd, map, 4, &id) == EFAULT);
		check(refused_for_memlock(fd, map, 5, 4 * PAGE));
	}
	check(counts_now().vm_pin == 0);
	check(!reg(fd, map, 3, &id));
}

static void lowered_or_none(void *arg)
{
	int fd = become_nobody(4 * PAGE);
	uint8_t *map = map_pages(4);
	uint32_t first, id;

	(void)arg;
	check(!reg(fd, map, 4, &first));
	set_memlock(0);
	check(refused_for_memlock(fd, map, 1, 0));
	check(end_seg(fd, first));
	check(refused_for_memlock(fd, map, 1, 0));
	check(reg(fd, map, 1, &id) == EPERM);
}

/* CAP_IPC_LOCK lifts the limit. */
static void privileged(void *arg)
{
	int fd = open(device, O_RDWR | O_CLOEXEC);
	uint8_t *map = map_pages(64);
	uint32_t id;

	(void)arg;
	set_memlock(0);
	check(!reg(fd, map, 64, &id));
	check(counts_now().vm_pin == 64 * PAGE);
}

#define CHILD_TEST(name) \
static void test_##name(void **state) \
{ \
	struct counts was = counts_now(); \
	(void)state; \
	in_child(name, NULL); \
	assert_counts(&was); \
}

/* Strict priorities are for CAP_SYS_NICE. */
static void strict_priorities(void *arg)
{
	int fd = become_nobody(RLIM_INFINITY);
	uint8_t *map = map_pages(4);
	struct ub_ioc_create_jfc jfc = { .mem = queue_mem(map), .depth = DEPTH, .jfce_fd = -1 };
	struct ub_ioc_create_jfs a = { .mem = queue_mem(map + QUEUE_LEN), .depth = DEPTH };
	uint32_t priority;

	(void)arg;
	check(!call(fd, UB_IOC_CREATE_JFC, &jfc));
	a.jfc = jfc.id;
	for (priority = UB_HW_STRICT_PRIORITY; priority <= UB_HW_MAX_PRIORITY; priority++) {
		a.priority = priority;
		check(call(fd, UB_IOC_CREATE_JFS, &a) == EPERM);
		check(a.hdr.ext_code == UB_EXT_PRIVILEGE && a.hdr.ext_obj == CAP_SYS_NICE);
		check(a.hdr.ext_limit == UB_HW_STRICT_PRIORITY - 1);
	}
	a.priority = UB_HW_STRICT_PRIORITY - 1;
	check(!call(fd, UB_IOC_CREATE_JFS, &a));
}

CHILD_TEST(strict_priorities)
CHILD_TEST(by_pages_touched)
CHILD_TEST(queues_and_contexts)
CHILD_TEST(failures_cost_nothing)
CHILD_TEST(lowered_or_none)
CHILD_TEST(privileged)

/* Calls until the limit of a context, then once more: told which, and one that goes makes room. */
static void fill_context(struct world *w, unsigned int cmd, unsigned int have, uint32_t obj,
			 unsigned int cap)
{
	const struct ioc_case *c = ioc_case(cmd);
	union arg made[8], over;
	struct counts was;
	unsigned int i;

	assert_true(cap - have < ARRAY_SIZE(made));
	for (i = 0; i < cap - have; i++) {
		ioc_fill(c, w, &made[i]);
		expect_ok(c->name, w->fd, cmd, &made[i]);
	}
	was = counts_now();
	ioc_fill(c, w, &over);
	expect_failure(c->name, w->fd, cmd, &over,
		       (struct failure){ EDQUOT, UB_EXT_CTX_LIMIT, obj, cap });
	assert_counts(&was);
	c->undo(w, &made[0], true);
	ioc_fill(c, w, &made[0]);
	expect_ok(c->name, w->fd, cmd, &made[0]);
	for (i = 0; i < cap - have; i++)
		c->undo(w, &made[i], true);
}

static void of_a_context(void **state)
{
	struct world *w = *state;
	unsigned int queues = set_param("max_queues_per_ctx", 3);
	unsigned int segs = set_param("max_segs_per_ctx", 5);

	fill_context(w, UB_IOC_CREATE_JFC, 1, UB_OBJ_JFC, 3);
	fill_context(w, UB_IOC_CREATE_JFS, 1, UB_OBJ_JFS, 3);
	fill_context(w, UB_IOC_CREATE_JFR, 1, UB_OBJ_JFR, 3);
	fill_context(w, UB_IOC_CREATE_JFCE, 0, UB_OBJ_JFCE, 3);
	fill_context(w, UB_IOC_REG_SEG, 1, UB_OBJ_SEG, 5);
	set_param("max_queues_per_ctx", queues);
	set_param("max_segs_per_ctx", segs);
}

/* No descriptor left for an event channel. */
static void no_descriptor(void *arg)
{
	int fd = open(device, O_RDWR | O_CLOEXEC), channel;
	struct rlimit limit = { (rlim_t)fd + 2, (rlim_t)fd + 2 };
	struct ub_ioc_create_jfce a = { 0 }, over = { 0 };

	(void)arg;
	check(fd >= 0 && !setrlimit(RLIMIT_NOFILE, &limit));
	check(!call(fd, UB_IOC_CREATE_JFCE, &a) && a.fd == fd + 1);
	check(call(fd, UB_IOC_CREATE_JFCE, &over) == EMFILE && !over.hdr.ext_code);
	channel = a.fd;
	check(!close(channel));
	check(!call(fd, UB_IOC_CREATE_JFCE, &over) && over.fd == channel);
}

CHILD_TEST(no_descriptor)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memlock_to_the_page), cmocka_unit_test(test_by_pages_touched),
		cmocka_unit_test(test_queues_and_contexts),
		cmocka_unit_test(test_failures_cost_nothing),
		cmocka_unit_test(test_lowered_or_none), cmocka_unit_test(test_privileged),
		cmocka_unit_test(test_strict_priorities),
		world_test(of_a_context), cmocka_unit_test(test_no_descriptor),
	};

	return run_all(argc, argv, tests);
}
