/* SPDX-License-Identifier: MIT */
/* Memory that is registered or given to a queue: what can be pinned, how much, for how long. */
#include "pinned.h"

#include <stdio.h>

static void expect_unmapped(struct world *w, const void *addr, uint64_t len, uint64_t could)
{
	expect_refused(w, addr, len, UB_EXT_BAD_ADDRESS, could);
}

static void every_page_touched_is_pinned(void **state)
{
	static const struct { unsigned int offset, len, pages; } spans[] = {
		{ 0, 1, 1 }, { 4095, 1, 1 }, { 4095, 2, 2 }, { 0, 4096, 1 }, { 1, 4096, 2 },
		{ 0, 4097, 2 }, { 4095, 4098, 3 }, { 100, 8000, 2 }, { 8191, 1, 1 },
	};
	struct world *w = *state;
	uint8_t *map = map_pages(4);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(spans); i++) {
		expect_pinned(w, map + spans[i].offset, spans[i].len, 0, spans[i].pages * PAGE);
		expect_pinned(w, map + spans[i].offset, spans[i].len, UB_REG_F_READ_ONLY,
			      spans[i].pages * PAGE);
	}
	munmap(map, 4 * PAGE);
}

/* More pages than are pinned at a time, so that a failure has some to give back. */
static void a_hole(void **state)
{
	static const unsigned int holes[] = { 0, 1, 7, 511, 512, 513, 1024, 1199 };
	enum { PAGES = 1200 };
	struct world *w = *state;
	uint8_t *map;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(holes); i++) {
		map = map_pages(PAGES);
		munmap(map + holes[i] * PAGE, PAGE);
		expect_unmapped(w, map, PAGES * PAGE, holes[i] * PAGE);
		if (holes[i])
			expect_unmapped(w, map + 100, PAGES * PAGE - 100, holes[i] * PAGE - 100);
		munmap(map, PAGES * PAGE);
	}
}

static void no_access(void **state)
{
	struct world *w = *state;
	uint8_t *map = map_pages(3);

	memset(map, 1, 3 * PAGE);
	assert_int_equal(mprotect(map + PAGE, PAGE, PROT_NONE), 0);
	expect_refused(w, map + PAGE, PAGE, UB_EXT_NO_ACCESS, 0);
	expect_refused(w, map, 3 * PAGE, UB_EXT_NO_ACCESS, PAGE);
	expect_refused(w, map + PAGE - 1, 2, UB_EXT_NO_ACCESS, 1);
	munmap(map, 3 * PAGE);
}

static void read_only_memory(void **state)
{
	const struct failure read_only = { EACCES, UB_EXT_READ_ONLY, 0, 0 };
	struct world *w = *state;
	uint8_t *map = map_pages(3);

	memset(map, 1, 3 * PAGE);
	assert_int_equal(mprotect(map + PAGE, PAGE, PROT_READ), 0);
	expect_not_pinned(w, map + PAGE, PAGE, 0, read_only);
	expect_not_pinned(w, map, 3 * PAGE, 0, read_only);
	expect_not_pinned(w, map + PAGE - 1, 2, 0, read_only);
	expect_pinned(w, map, PAGE, 0, PAGE);
	expect_pinned(w, map, 3 * PAGE, UB_REG_F_READ_ONLY, 3 * PAGE);
	munmap(map, 3 * PAGE);
}

/* The program's own text and constants: private mappings of a file, not to be written. */
static void text_of_the_program(void **state)
{
	const void *text = (const void *)((uintptr_t)text_of_the_program & ~(uintptr_t)(PAGE - 1));
	struct world *w = *state;

	expect_not_pinned(w, text, 64, 0, (struct failure){ EACCES, UB_EXT_READ_ONLY, 0, 0 });
}

static void a_file(void **state)
{
	struct world *w = *state;
	int fd = memfd_create("uapi", MFD_CLOEXEC), read_fd;
	char path[32];
	uint8_t *map;

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 2 * PAGE), 0);
	map = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(map != MAP_FAILED);
	expect_pinned(w, map, 2 * PAGE, 0, 2 * PAGE);
	/* Mapped, but behind the file's end. */
	expect_refused(w, map + 2 * PAGE, PAGE, UB_EXT_PAST_FILE_END, 0);
	expect_refused(w, map, 3 * PAGE, UB_EXT_PAST_FILE_END, 2 * PAGE);
	munmap(map, 3 * PAGE);

	map = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	assert_true(map != MAP_FAILED);
	expect_pinned(w, map, 2 * PAGE, 0, 2 * PAGE);
	munmap(map, 2 * PAGE);

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	read_fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(read_fd >= 0);
	map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, read_fd, 0);
	assert_true(map != MAP_FAILED);
	expect_not_pinned(w, map, PAGE, 0, (struct failure){ EACCES, UB_EXT_READ_ONLY, 0, 0 });
	expect_pinned(w, map, PAGE, UB_REG_F_READ_ONLY, PAGE);
	munmap(map, PAGE);
	close(read_fd);
	close(fd);
}

/* Pages of a device are not memory: ours would be a way from a work request to a doorbell. */
static void pages_of_the_device(void **state)
{
	struct world *w = *state;
	void *status = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, w->fd, UB_MMAP_STATUS);
	void *db = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, w->fd, w->jfs_db);

	assert_true(status != MAP_FAILED && db != MAP_FAILED);
	expect_refused(w, db, 64, UB_EXT_DEVICE_MEMORY, 0);
	expect_refused(w, status, 64, UB_EXT_DEVICE_MEMORY, 0);
	munmap(status, PAGE);
	munmap(db, PAGE);
}

/* The mapping may go, move or change; what is pinned stays until it is let go. */
static void a_mapping_that_changes(void **state)
{
	struct world *w = *state;
	struct counts was = counts_now(), with = was;
	uint8_t *map = map_pages(3);
	uint32_t seg = make_seg(w->fd, map, 3 * PAGE), again = make_seg(w->fd, map, 3 * PAGE);

	with.segs += 2;
	with.pinned += 6 * PAGE;
	with.vm_pin += 6 * PAGE;
	assert_counts(&with);
	assert_int_equal(mprotect(map, PAGE, PROT_NONE), 0);
	assert_int_equal(munmap(map + PAGE, PAGE), 0);
	assert_int_equal(madvise(map + 2 * PAGE, PAGE, MADV_DONTNEED), 0);
	assert_counts(&with);
	munmap(map, 3 * PAGE);
	assert_counts(&with);
	dereg(w->fd, again);
	dereg(w->fd, seg);
	assert_counts(&was);
}

/* A queue's memory: the same ways to fail, through each CREATE. */
static void memory_of_queues(void **state)
{
	static const unsigned int creates[] = { UB_IOC_CREATE_JFC, UB_IOC_CREATE_JFS,
						UB_IOC_CREATE_JFR };
	struct world *w = *state;
	struct counts was;
	uint8_t *map;
	union arg a;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(creates); i++) {
		map = map_pages(3);
		munmap(map + PAGE, PAGE);
		mprotect(map + 2 * PAGE, PAGE, PROT_READ);
		was = counts_now();
		ioc_fill(ioc_case(creates[i]), w, &a);
		a.create_jfc.mem = queue_mem(map);
		expect_failure("hole", w->fd, creates[i], &a,
			       (struct failure){ EFAULT, UB_EXT_BAD_ADDRESS, 0, PAGE });
		a.create_jfc.mem = queue_mem(map + 2 * PAGE);
		expect_failure("read-only", w->fd, creates[i], &a,
			       (struct failure){ EACCES, UB_EXT_READ_ONLY, 0, 0 });
		assert_counts(&was);
		munmap(map, 3 * PAGE);
	}
}

/* The largest queues there are, with as much memory as may be given. */
static void the_deepest_queues(void **state)
{
	struct world *w = *state;
	struct ub_ioc_query_device q = { 0 };
	struct ub_ioc_create_jfs jfs = { .jfc = w->jfc };
	struct counts was, with;
	uint8_t *map;
	size_t len;

	expect_ok("QUERY_DEVICE", w->fd, UB_IOC_QUERY_DEVICE, &q);
	len = q.max_jfs_depth * 64ul + (2 << 20);
	map = map_pages(len / PAGE);
	jfs.depth = q.max_jfs_depth;
	jfs.mem = (struct ub_ioc_queue_mem){ (uintptr_t)map, len, len - 128 };
	was = with = counts_now();
	with.queues++;
	with.pinned += len;
	with.vm_pin += len;
	expect_ok("CREATE_JFS", w->fd, UB_IOC_CREATE_JFS, &jfs);
	assert_counts(&with);
	destroy(w->fd, UB_IOC_DESTROY_JFS, jfs.id);
	assert_counts(&was);
	munmap(map, len);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		world_test(every_page_touched_is_pinned), world_test(a_hole),
		world_test(no_access), world_test(read_only_memory),
		world_test(text_of_the_program), world_test(a_file),
		world_test(pages_of_the_device), world_test(a_mapping_that_changes),
		world_test(memory_of_queues), world_test(the_deepest_queues),
	};

	return run_all(argc, argv, tests);
}
