/* SPDX-License-Identifier: MIT */
/* The device full of one kind of object: the call that finds no room, and that all of it goes. */
#include "uapi.h"

#include <sys/resource.h>

#define MAX_FILES 4096

static int files[MAX_FILES];
static unsigned int nr_files;

static void close_all(void)
{
	while (nr_files)
		close(files[--nr_files]);
}

static int files_setup(void **state)
{
	struct rlimit limit = { MAX_FILES + 64, MAX_FILES + 64 };

	(void)state;
	return setrlimit(RLIMIT_NOFILE, &limit);
}

static struct ub_ioc_query_device limits(void)
{
	struct ub_ioc_query_device q = { 0 };
	int fd = open_device();

	expect_ok("QUERY_DEVICE", fd, UB_IOC_QUERY_DEVICE, &q);
	close(fd);
	return q;
}

static void contexts(void **state)
{
	struct counts was = counts_now();
	uint32_t max = limits().max_ctx;
	int fd;

	(void)state;
	assert_true(max < MAX_FILES);
	while ((fd = open(device, O_RDWR | O_CLOEXEC)) >= 0)
		files[nr_files++] = fd;
	expect_errno("open", errno, ENOSPC);
	assert_int_equal(was.contexts + nr_files, max);
	/* One that goes makes room for one. */
	close(files[--nr_files]);
	files[nr_files++] = open_device();
	assert_true(open(device, O_RDWR | O_CLOEXEC) < 0);
	expect_errno("open", errno, ENOSPC);
	close_all();
	assert_counts(&was);
}

/* Memory that is given out from its start, and taken back as a whole. */
static uint8_t *memory;
static size_t memory_pages, memory_used;

static void memory_map(size_t pages)
{
	memory = map_pages((unsigned int)pages);
	memory_pages = pages;
	memory_used = 0;
}

static void *memory_take(size_t pages)
{
	void *p = memory + memory_used * PAGE;

	memory_used += pages;
	assert_true(memory_used <= memory_pages);
	return p;
}

static void memory_unmap(void)
{
	munmap(memory, memory_pages * PAGE);
}

/* What is made, and which of its argument's fields is the address of how much memory. */
struct maker {
	unsigned int cmd;
	void *arg;
	size_t size;
	__u64 *addr;
	size_t pages;
	int (*next)(void *arg);
};

#define QUEUE_PAGES (QUEUE_LEN / PAGE)
#define QUEUE_MAKER(code, a, next_file) \
	(struct maker){ code, &(a), sizeof(a), &(a).mem.addr, QUEUE_PAGES, next_file }

/*
 * Makes objects, in a new context whenever one is full, until the device has no room. Each has
 * pages of its own: a kernel that debugs DMA bears no more than eight mappings of one.
 */
static uint32_t fill(const struct maker *m, uint32_t most, struct failure want)
{
	union arg a;
	uint32_t made = 0;
	int ret, fd = -1;

	*m->addr = (uintptr_t)memory_take(m->pages);
	while (made <= most) {
		memcpy(&a, m->arg, m->size);
		ret = fd < 0 ? EDQUOT : call(fd, m->cmd, &a);
		if (ret == EDQUOT) {
			assert_true(fd < 0 || a.hdr.ext_code == UB_EXT_CTX_LIMIT);
			fd = m->next(m->arg);
		} else if (!ret) {
			made++;
			*m->addr = (uintptr_t)memory_take(m->pages);
		} else {
			break;
		}
	}
	if (made > most)
		fail_msg("more than %u were made", most);
	memcpy(&a, m->arg, m->size);
	expect_failure("full", fd, m->cmd, &a, want);
	return made;
}

static int next_file(void *arg)
{
	(void)arg;
	return files[nr_files++] = open_device();
}

/* A context with a JFC for the JFS or JFR to be made. */
static int next_with_jfc(void *arg)
{
	struct ub_ioc_create_jfs *a = arg;
	int fd = next_file(arg);

	a->jfc = make_jfc(fd, memory_take(QUEUE_PAGES), NULL);
	return fd;
}

static int next_for_jfr(void *arg)
{
	struct ub_ioc_create_jfr *a = arg;
	int fd = next_file(arg);

	a->jfc = make_jfc(fd, memory_take(QUEUE_PAGES), NULL);
	return fd;
}

/* Room for so many queues, the one that finds no room, and a JFC in each context. */
static void memory_for_queues(uint32_t queues)
{
	memory_map(QUEUE_PAGES * ((size_t)queues + 1 + limits().max_ctx));
}

static void fill_with_queues(const struct maker *m, uint32_t obj, uint32_t max)
{
	struct counts was = counts_now();

	memory_for_queues(max);
	assert_int_equal(fill(m, max, (struct failure){ ENOSPC, UB_EXT_DEV_LIMIT, obj, max }), max);
	close_all();
	assert_counts(&was);
	memory_unmap();
}

static void completion_queues(void **state)
{
	struct ub_ioc_create_jfc a = { .mem = queue_mem(NULL), .depth = DEPTH, .jfce_fd = -1 };

	(void)state;
	fill_with_queues(&QUEUE_MAKER(UB_IOC_CREATE_JFC, a, next_file), UB_OBJ_JFC,
			 limits().max_jfc);
}

static void receive_queues(void **state)
{
	struct ub_ioc_create_jfr a = { .mem = queue_mem(NULL), .depth = DEPTH };

	(void)state;
	fill_with_queues(&QUEUE_MAKER(UB_IOC_CREATE_JFR, a, next_for_jfr), UB_OBJ_JFR,
			 limits().max_jfr);
}

static void send_queues(void **state)
{
	struct ub_ioc_create_jfs a = { .mem = queue_mem(NULL), .depth = DEPTH };

	(void)state;
	fill_with_queues(&QUEUE_MAKER(UB_IOC_CREATE_JFS, a, next_with_jfc), UB_OBJ_JFS,
			 limits().max_jfs);
}

#define ON_HAND 3

static uint32_t jfcs[ON_HAND];
static unsigned int used;

/* The next of the contexts that were made beforehand. */
static int next_on_hand(void *arg)
{
	struct ub_ioc_create_jfs *a = arg;

	assert_true(used < ON_HAND);
	a->jfc = jfcs[used];
	return files[used++];
}

/* A page for each JFC and JFS: with all JFCs there are, the pages end before the JFSs do. */
static void doorbell_pages(void **state)
{
	struct ub_ioc_create_jfc jfc = { .mem = queue_mem(NULL), .depth = DEPTH, .jfce_fd = -1 };
	struct ub_ioc_create_jfs jfs = { .mem = queue_mem(NULL), .depth = DEPTH };
	const struct maker jfc_maker = QUEUE_MAKER(UB_IOC_CREATE_JFC, jfc, next_file);
	const struct maker jfs_maker = QUEUE_MAKER(UB_IOC_CREATE_JFS, jfs, next_on_hand);
	struct ub_ioc_query_device q = limits();
	struct counts was = counts_now();
	const uint32_t pages = 4095;	/* the model's 4096, but page 0 is nobody's */
	uint32_t made;
	int i;

	(void)state;
	assert_true(q.max_jfc + q.max_jfs > pages && q.max_jfc < pages);
	memory_for_queues(q.max_jfc + q.max_jfs);
	for (i = 0; i < ON_HAND; i++) {
		next_with_jfc(&jfs);
		jfcs[i] = jfs.jfc;
	}
	made = fill(&jfc_maker, q.max_jfc,
		    (struct failure){ ENOSPC, UB_EXT_DEV_LIMIT, UB_OBJ_JFC, q.max_jfc });
	assert_int_equal(made + ON_HAND, q.max_jfc);
	made = fill(&jfs_maker, q.max_jfs,
		    (struct failure){ ENOSPC, UB_EXT_DEV_LIMIT, UB_OBJ_DB_PAGE, pages });
	assert_int_equal(made + q.max_jfc, pages);
	close_all();
	assert_counts(&was);
	memory_unmap();
}

static void segments(void **state)
{
	struct ub_ioc_reg_seg a = { .len = 1, .access = UB_ACCESS_LOCAL_ONLY };
	const struct maker m = { UB_IOC_REG_SEG, &a, sizeof(a), &a.addr, 1, next_file };
	uint32_t max = limits().max_seg;
	struct counts was = counts_now(), now;

	(void)state;
	memory_map((size_t)max + 1);
	assert_int_equal(fill(&m, max,
			      (struct failure){ ENOSPC, UB_EXT_DEV_LIMIT, UB_OBJ_SEG, max }), max);
	now = counts_now();
	assert_int_equal(now.segs, max);
	assert_true(now.pinned == (uint64_t)max * PAGE);
	close_all();
	assert_counts(&was);
	memory_unmap();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(contexts, files_setup, NULL),
		cmocka_unit_test(completion_queues), cmocka_unit_test(receive_queues),
		cmocka_unit_test(send_queues), cmocka_unit_test(doorbell_pages),
		cmocka_unit_test(segments),
	};

	return run_all(argc, argv, tests);
}
