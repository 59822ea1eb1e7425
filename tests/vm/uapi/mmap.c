/* SPDX-License-Identifier: MIT */
/* Doorbell and status pages: what may be mapped, how, and what becomes of a mapping. */
#include "uapi.h"

#include <setjmp.h>
#include <signal.h>
#include <sys/wait.h>

#define PROT_RW (PROT_READ | PROT_WRITE)
#define NOWHERE ((uint8_t *)MAP_FAILED)

static uint8_t *map_at(int fd, uint64_t offset, size_t len, int prot, int flags)
{
	return mmap(NULL, len, prot, flags, fd, (off_t)offset);
}

static uint8_t *map_db(int fd, uint64_t offset)
{
	uint8_t *p = map_at(fd, offset, PAGE, PROT_RW, MAP_SHARED);

	assert_true(p != NOWHERE);
	return p;
}

static void refused(int fd, uint64_t offset, size_t len, int prot, int flags, int want)
{
	uint8_t *p = map_at(fd, offset, len, prot, flags);

	if (p != NOWHERE)
		fail_msg("offset 0x%llx, %zu bytes, prot %d, flags 0x%x: mapped",
			 (unsigned long long)offset, len, prot, flags);
	expect_errno("mmap", errno, want);
}

static uint32_t load(const uint8_t *p, unsigned int offset)
{
	return *(const volatile uint32_t *)(p + offset);
}

static void store(uint8_t *p, unsigned int offset, uint32_t value)
{
	*(volatile uint32_t *)(p + offset) = value;
}

/* What an access in a child ends with: 0 or a signal. */
static int child_access(uint8_t *p, bool write)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		signal(SIGSEGV, SIG_DFL);
		signal(SIGBUS, SIG_DFL);
		if (write)
			store(p, 0, 1);
		else
			load(p, 0);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

static sigjmp_buf caught;

static void catch(int signal)
{
	siglongjmp(caught, signal);
}

/* The signal that an access of this process gets, 0: none. */
static int own_access(uint8_t *p, bool write)
{
	struct sigaction act = { .sa_handler = catch }, segv, bus;
	int got;

	sigaction(SIGSEGV, &act, &segv);
	sigaction(SIGBUS, &act, &bus);
	got = sigsetjmp(caught, 1);
	if (!got && write)
		store(p, 0, 1);
	else if (!got)
		load(p, 0);
	sigaction(SIGSEGV, &segv, NULL);
	sigaction(SIGBUS, &bus, NULL);
	return got;
}

static void the_status_page(void **state)
{
	struct world *w = *state;
	struct ub_ioc_query_device q = { 0 };
	uint8_t *p = map_at(w->fd, UB_MMAP_STATUS, PAGE, PROT_READ, MAP_SHARED);
	unsigned int i;

	assert_true(p != NOWHERE);
	expect_ok("QUERY_DEVICE", w->fd, UB_IOC_QUERY_DEVICE, &q);
	assert_int_equal(load(p, offsetof(struct ub_status_page, generation)), q.generation);
	assert_int_equal(load(p, offsetof(struct ub_status_page, lost)), 0);
	for (i = sizeof(struct ub_status_page); i < PAGE; i += 4)
		assert_int_equal(load(p, i), 0);
	assert_int_equal(own_access(p, true), SIGSEGV);
	munmap(p, PAGE);
}

static void the_status_page_is_not_written(void **state)
{
	struct world *w = *state;
	uint8_t *p = map_at(w->fd, UB_MMAP_STATUS, PAGE, PROT_READ, MAP_SHARED);

	refused(w->fd, UB_MMAP_STATUS, PAGE, PROT_RW, MAP_SHARED, EACCES);
	refused(w->fd, UB_MMAP_STATUS, PAGE, PROT_WRITE, MAP_SHARED, EACCES);
	refused(w->fd, UB_MMAP_STATUS, PAGE, PROT_READ, MAP_PRIVATE, EINVAL);
	refused(w->fd, UB_MMAP_STATUS, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, EINVAL);
	refused(w->fd, UB_MMAP_STATUS, 2 * PAGE, PROT_READ, MAP_SHARED, EINVAL);
	assert_true(p != NOWHERE);
	expect_errno("mprotect", mprotect(p, PAGE, PROT_RW) ? errno : 0, EACCES);
	expect_errno("mprotect", mprotect(p, PAGE, PROT_READ | PROT_EXEC) ? errno : 0, EACCES);
	munmap(p, PAGE);
}

static void doorbell_pages(void **state)
{
	struct world *w = *state;
	const uint64_t offsets[] = { w->jfs_db, w->jfc_db };
	uint8_t *p, *again;
	size_t i;

	assert_true(w->jfs_db == UB_MMAP_JFS_DB(w->jfs));
	assert_true(w->jfc_db == UB_MMAP_JFC_DB(w->jfc));
	for (i = 0; i < 2; i++) {
		p = map_db(w->fd, offsets[i]);
		again = map_db(w->fd, offsets[i]);
		/* A doorbell without news, at the place of each kind. */
		if (i == 0)
			store(p, UB_DB_JFS, 0);
		assert_int_equal(own_access(again, false), 0);
		assert_int_equal(mprotect(again, PAGE, PROT_READ), 0);
		assert_int_equal(own_access(again, true), SIGSEGV);
		expect_errno("mprotect", mprotect(p, PAGE, PROT_RW | PROT_EXEC) ? errno : 0,
			     EACCES);
		munmap(p, PAGE);
		munmap(again, PAGE);
	}
}

static void doorbell_pages_refused(void **state)
{
	struct world *w = *state;
	const uint64_t offsets[] = { w->jfs_db, w->jfc_db };
	size_t i;

	for (i = 0; i < 2; i++) {
		refused(w->fd, offsets[i], 2 * PAGE, PROT_RW, MAP_SHARED, EINVAL);
		refused(w->fd, offsets[i], 1 << 20, PROT_RW, MAP_SHARED, EINVAL);
		refused(w->fd, offsets[i], PAGE, PROT_RW, MAP_PRIVATE, EINVAL);
		refused(w->fd, offsets[i], PAGE, PROT_READ, MAP_PRIVATE, EINVAL);
		refused(w->fd, offsets[i], PAGE, PROT_RW | PROT_EXEC, MAP_SHARED, EINVAL);
		refused(w->fd, offsets[i], PAGE, PROT_EXEC, MAP_SHARED, EINVAL);
		refused(w->fd, offsets[i] + 64, PAGE, PROT_RW, MAP_SHARED, EINVAL);
	}
}

static void offsets_of_nothing(void **state)
{
	struct world *w = *state;
	const uint64_t offsets[] = {
		PAGE, 2 * PAGE, 1ull << 31, 1ull << 39, UB_MMAP_JFS_DB(0), UB_MMAP_JFC_DB(0),
		UB_MMAP_JFS_DB(w->jfs + 1), UB_MMAP_JFC_DB(w->jfc + 1),
		UB_MMAP_JFS_DB(0xfffff), UB_MMAP_JFC_DB(0xfffff), UB_MMAP_JFS_DB(0x100000 | w->jfs),
		UB_MMAP_JFS_DB(0xffffffff), UB_MMAP_JFC_DB(0xffffffff),
		(3ull << 40) | ((uint64_t)w->jfc << 12), (3ull << 40) | ((uint64_t)w->jfs << 12),
		(1ull << 43) | w->jfs_db,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(offsets); i++)
		refused(w->fd, offsets[i], PAGE, PROT_RW, MAP_SHARED, EINVAL);
}

/* A kernel queue has a doorbell page, but not for user space. */
static void doorbells_of_kernel_queues(void **state)
{
	struct world *w = *state;
	uint32_t jfc = make_kernel_jfc(w->fd), jfs = make_kernel_jfs(w->fd, jfc);

	refused(w->fd, UB_MMAP_JFC_DB(jfc), PAGE, PROT_RW, MAP_SHARED, EINVAL);
	refused(w->fd, UB_MMAP_JFS_DB(jfs), PAGE, PROT_RW, MAP_SHARED, EINVAL);
	destroy(w->fd, UB_IOC_DESTROY_JFS, jfs);
	destroy(w->fd, UB_IOC_DESTROY_JFC, jfc);
}

/* A page that another open file owns is out of reach, also of the same process. */
static void doorbells_of_another_file(void **state)
{
	struct world *w = *state, other;

	world_open(&other);
	refused(w->fd, other.jfs_db, PAGE, PROT_RW, MAP_SHARED, EINVAL);
	refused(w->fd, other.jfc_db, PAGE, PROT_RW, MAP_SHARED, EINVAL);
	refused(other.fd, w->jfs_db, PAGE, PROT_RW, MAP_SHARED, EINVAL);
	refused(other.fd, w->jfc_db, PAGE, PROT_RW, MAP_SHARED, EINVAL);
	world_close(&other);
}

/* A file opened for reading maps no page to be written. */
static void a_file_opened_for_reading(void **state)
{
	struct world *w = *state;
	int fd = open(device, O_RDONLY | O_CLOEXEC);
	uint8_t *map = map_pages(4);
	uint64_t db;
	uint32_t jfc;

	(void)w;
	assert_true(fd >= 0);
	jfc = make_jfc(fd, map, NULL);
	make_jfs(fd, map + QUEUE_LEN, jfc, &db);
	refused(fd, db, PAGE, PROT_RW, MAP_SHARED, EACCES);
	close(fd);
	munmap(map, 4 * PAGE);
}

static void not_grown_nor_moved(void **state)
{
	struct world *w = *state;
	uint8_t *p = map_db(w->fd, w->jfs_db), *room = map_pages(2);

	assert_true(mremap(p, PAGE, 2 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED);
	expect_errno("grow", errno, EFAULT);
	assert_true(mremap(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, room) == MAP_FAILED);
	expect_errno("move", errno, EINVAL);
	assert_true(mremap(p, 0, PAGE, MREMAP_MAYMOVE) == MAP_FAILED);
	expect_errno("duplicate", errno, EFAULT);
	/* It is where it was, and the room above it is still nobody's doorbell. */
	assert_int_equal(own_access(p, false), 0);
	store(p, UB_DB_JFS, 0);
	munmap(p, PAGE);
	munmap(room, 2 * PAGE);
}

/* One page cannot be unmapped in part: lengths are rounded up, neighbours stay. */
static void unmapped_in_part(void **state)
{
	struct world *w = *state;
	uint8_t *room = map_pages(3), *p;

	p = mmap(room + PAGE, PAGE, PROT_RW, MAP_SHARED | MAP_FIXED, w->fd, (off_t)w->jfs_db);
	assert_true(p == room + PAGE);
	assert_int_equal(munmap(p, 1), 0);
	assert_int_equal(own_access(p, false), SIGSEGV);
	store(room, 0, 1);
	store(room, 2 * PAGE, 1);
	munmap(room, 3 * PAGE);
}

static void not_inherited_by_fork(void **state)
{
	struct world *w = *state;
	uint8_t *db = map_db(w->fd, w->jfs_db);
	uint8_t *status = map_at(w->fd, UB_MMAP_STATUS, PAGE, PROT_READ, MAP_SHARED);

	assert_true(status != NOWHERE);
	assert_int_equal(child_access(db, true), SIGSEGV);
	assert_int_equal(child_access(status, false), SIGSEGV);
	expect_errno("madvise", madvise(db, PAGE, MADV_DOFORK) ? errno : 0, EINVAL);
	assert_int_equal(own_access(db, false), 0);
	munmap(db, PAGE);
	munmap(status, PAGE);
}

/* A private page of zeroes takes the doorbell's place: no signal, no way to another's doorbell. */
static void after_destroy(void **state)
{
	struct world *w = *state;
	uint64_t offset[2];
	uint32_t jfs = make_jfs(w->fd, w->mem[3], w->jfc, &offset[0]), jfc;
	uint8_t *p = map_db(w->fd, offset[0]), *untouched = map_db(w->fd, offset[0]), *q;

	store(p, UB_DB_JFS, 0);
	destroy(w->fd, UB_IOC_DESTROY_JFS, jfs);
	refused(w->fd, offset[0], PAGE, PROT_RW, MAP_SHARED, EINVAL);
	assert_int_equal(load(p, 0), 0);
	assert_int_equal(load(untouched, UB_DB_JFS), 0);
	store(p, UB_DB_JFS, 0x12345678);
	assert_int_equal(load(p, UB_DB_JFS), 0x12345678);
	/* One such page a context, whichever doorbell it was. */
	assert_int_equal(load(untouched, UB_DB_JFS), 0x12345678);

	/* The next queue gets the same doorbell page; the old mapping does not lead to it. */
	jfc = make_jfc(w->fd, w->mem[3], &offset[1]);
	q = map_db(w->fd, offset[1]);
	assert_true(load(q, UB_DB_JFS) != 0x12345678);
	destroy(w->fd, UB_IOC_DESTROY_JFC, jfc);
	assert_int_equal(load(q, UB_DB_JFS), 0x12345678);
	munmap(p, PAGE);
	munmap(untouched, PAGE);
	munmap(q, PAGE);
}

/* A mapping keeps the file: the context ends when both descriptor and mapping are gone. */
static void a_mapping_keeps_the_context(void **state)
{
	struct counts was = counts_now(), with;
	int fd = open_device();
	uint8_t *map = map_pages(4), *p;
	uint64_t db;

	(void)state;
	make_jfs(fd, map + QUEUE_LEN, make_jfc(fd, map, NULL), &db);
	with = counts_now();
	p = map_db(fd, db);
	close(fd);
	assert_counts(&with);
	store(p, UB_DB_JFS, 0);
	munmap(p, PAGE);
	assert_counts(&was);
	munmap(map, 4 * PAGE);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		world_test(the_status_page), world_test(the_status_page_is_not_written),
		world_test(doorbell_pages), world_test(doorbell_pages_refused),
		world_test(offsets_of_nothing), world_test(doorbells_of_another_file),
		world_test(doorbells_of_kernel_queues),
		world_test(a_file_opened_for_reading), world_test(not_grown_nor_moved),
		world_test(unmapped_in_part), world_test(not_inherited_by_fork),
		world_test(after_destroy), world_test(a_mapping_keeps_the_context),
	};

	return run_all(argc, argv, tests);
}
