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

/* Makes objects, in a new context whenever one is full, until the device has no room. */
static uint32_t fill(unsigned int cmd, void *arg, size_t size, int (*next)(void *arg),
		     uint32_t most, struct failure want)
{
	union arg a;
	uint32_t made = 0;
	int ret, fd = -1;

	while (made <= most) {
		memcpy(&a, arg, size);
		ret = fd < 0 ? EDQUOT : call(fd, cmd, &a);
		if (ret == EDQUOT) {
			assert_true(fd < 0 || a.hdr.ext_code == UB_EXT_CTX_LIMIT);
			fd = next(arg);
		} else if (!ret) {
			made++;
		} else {
			break;
		}
	}
	if (made > most)
		fail_msg("more than %u were made", most);
	memcpy(&a, arg, size);
	expect_failure("full", fd, cmd, &a, want);
	return made;
}

static int next_file(void *arg)
{
	(void)arg;
	return files[nr_files++] = open_device();
}

static uint8_t *memory;

/* A context with a JFC for the JFS or JFR to be made. */
static int next_with_jfc(void *arg)
{
	struct ub_ioc_create_jfs *a = arg;
	int fd = next_file(arg);

	a->jfc = make_jfc(fd, memory + QUEUE_LEN, NULL);
	return fd;
}

static int next_for_jfr(void *arg)
{
	struct ub_ioc_create_jfr *a = arg;
	int fd = next_file(arg);

	a->jfc = make_jfc(fd, memory + QUEUE_LEN, NULL);
	return fd;
}

static void completion_queues(void **state)
{
	struct ub_ioc_create_jfc a = { .depth = DEPTH, .jfce_fd = -1 };
	uint32_t max = limits().max_jfc;
	struct counts was = counts_now();

	(void)state;
	memory = map_pages(4);
	a.mem = queue_mem(memory);
	assert_int_equal(fill(UB_IOC_CREATE_JFC, &a, sizeof(a), next_file, max,
			      (struct failure){ ENOSPC, UB_EXT_DEV_LIMIT, UB_OBJ_JFC, max }), max);
	close_all();
	assert_counts(&was);
	munmap(memory, 4 * PAGE);
}

static void receive_queues(void **state)
{
	struct ub_ioc_create_jfr a = { .depth = DEPTH };
	uint32_t max = limits().max_jfr;
	struct counts was = counts_now();

	(void)state;
	memory = map_pages(4);
	a.mem = queue_mem(memory);
	assert_int_equal(fill(UB_IOC_CREATE_JFR, &a, sizeof(a), next_for_jfr, max,
			      (struct failure){ ENOSPC, UB_EXT_DEV_LIMIT, UB_OBJ_JFR, max }), max);
	close_all();
	assert_counts(&was);
	munmap(memory, 4 * PAGE);
}

static void send_queues(void **state)
{
	struct ub_ioc_create_jfs a = { .depth = DEPTH };
	uint32_t max = limits().max_jfs;
	struct counts was = counts_now();

	(void)state;
	memory = map_pages(4);
	a.mem = queue_mem(memory);
	assert_int_equal(fill(UB_IOC_CREATE_JFS, &a, sizeof(a), next_with_jfc, max,
			      (struct failure){ ENOSPC, UB_EXT_DEV_LIMIT, UB_OBJ_JFS, max }), max);
	close_all();
	assert_counts(&was);
	munmap(memory, 4 * PAGE);
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
	struct ub_ioc_create_jfc jfc = { .depth = DEPTH, .jfce_fd = -1 };
	struct ub_ioc_create_jfs jfs = { .depth = DEPTH };
	struct ub_ioc_query_device q = limits();
	struct counts was = counts_now();
	const uint32_t pages = 4095;	/* the model's 4096, but page 0 is nobody's */
	uint32_t made;
	int i;

	(void)state;
	assert_true(q.max_jfc + q.max_jfs > pages && q.max_jfc < pages);
	memory = map_pages(4);
	jfs.mem = jfc.mem = queue_mem(memory);
	for (i = 0; i < ON_HAND; i++) {
		next_with_jfc(&jfs);
		jfcs[i] = jfs.jfc;
	}
	made = fill(UB_IOC_CREATE_JFC, &jfc, sizeof(jfc), next_file, q.max_jfc,
		    (struct failure){ ENOSPC, UB_EXT_DEV_LIMIT, UB_OBJ_JFC, q.max_jfc });
	assert_int_equal(made + ON_HAND, q.max_jfc);
	made = fill(UB_IOC_CREATE_JFS, &jfs, sizeof(jfs), next_on_hand, q.max_jfs,
		    (struct failure){ ENOSPC, UB_EXT_DEV_LIMIT, UB_OBJ_DB_PAGE, pages });
	assert_int_equal(made + q.max_jfc, pages);
	close_all();
	assert_counts(&was);
	munmap(memory, 4 * PAGE);
}

static void segments(void **state)
{
	struct ub_ioc_reg_seg a = { .len = 1, .access = UB_ACCESS_LOCAL_ONLY };
	uint32_t max = limits().max_seg;
	struct counts was = counts_now(), now;

	(void)state;
	memory = map_pages(1);
	a.addr = (uintptr_t)memory;
	assert_int_equal(fill(UB_IOC_REG_SEG, &a, sizeof(a), next_file, max,
			      (struct failure){ ENOSPC, UB_EXT_DEV_LIMIT, UB_OBJ_SEG, max }), max);
	now = counts_now();
	assert_int_equal(now.segs, max);
	assert_true(now.pinned == (uint64_t)max * PAGE);
	close_all();
	assert_counts(&was);
	munmap(memory, PAGE);
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
