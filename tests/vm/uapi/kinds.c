/* SPDX-License-Identifier: MIT */
/* Kinds of memory: what cannot be pinned is refused by the reason that is its own. */
#include "pinned.h"

#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#define HUGE_BYTES	(2u << 20)
#define FILE_PAGES	4
#define GUARD_INSTALL	102	/* MADV_GUARD_INSTALL, of Linux 6.13 */
#define DISK		"/tmp/uapi-disk"

static bool kernel_is_at_least(unsigned int major, unsigned int minor)
{
	unsigned int is_major = 0, is_minor = 0;
	struct utsname name;

	assert_int_equal(uname(&name), 0);
	assert_int_equal(sscanf(name.release, "%u.%u", &is_major, &is_minor), 2);
	return is_major > major || (is_major == major && is_minor >= minor);
}

static void no_rights(void **state)
{
	struct world *w = *state;
	uint8_t *map = map_pages(3);

	assert_int_equal(mprotect(map + PAGE, PAGE, PROT_NONE), 0);
	expect_refused(w, map, 3 * PAGE, UB_EXT_NO_ACCESS, PAGE);
	assert_int_equal(mprotect(map + PAGE, PAGE, PROT_EXEC), 0);
	expect_refused(w, map, 3 * PAGE, UB_EXT_NO_ACCESS, PAGE);
	munmap(map, 3 * PAGE);
}

static void a_protection_key(void **state)
{
	struct world *w = *state;
	uint8_t *map = map_pages(2);
	int key = (int)syscall(SYS_pkey_alloc, 0, 1 /* PKEY_DISABLE_ACCESS */);

	if (key < 0)
		skip();
	memset(map, 1, 2 * PAGE);
	assert_int_equal(syscall(SYS_pkey_mprotect, map + PAGE, (size_t)PAGE,
				 PROT_READ | PROT_WRITE, key), 0);
	expect_refused(w, map, 2 * PAGE, UB_EXT_NO_ACCESS, PAGE);
	munmap(map, 2 * PAGE);
	syscall(SYS_pkey_free, key);
}

static void memory_of_a_device(void **state)
{
	struct world *w = *state;
	int fd = open("/dev/mem", O_RDWR | O_CLOEXEC);
	void *map;

	if (fd < 0)
		skip();
	map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0xf0000);
	close(fd);
	if (map == MAP_FAILED)
		skip();
	expect_refused(w, map, PAGE, UB_EXT_DEVICE_MEMORY, 0);
	munmap(map, PAGE);
}

static void secret_memory(void **state)
{
	struct world *w = *state;
	int fd = (int)syscall(SYS_memfd_secret, 0);
	uint8_t *map;

	if (fd < 0 || ftruncate(fd, PAGE))
		skip();
	map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		skip();
	map[0] = 1;
	expect_refused(w, map, PAGE, UB_EXT_SECRET_MEMORY, 0);
	munmap(map, PAGE);
}

static void huge_pages_that_are_not_there(void **state)
{
	const struct failure want = { ENOMEM, UB_EXT_NO_HUGE_PAGE, 0, 0 };
	struct world *w = *state;
	void *map = mmap(NULL, HUGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS |
			 MAP_HUGETLB | MAP_NORESERVE, -1, 0);

	if (map == MAP_FAILED)
		skip();
	expect_not_pinned(w, map, HUGE_BYTES, 0, want);
	munmap(map, HUGE_BYTES);
}

static void a_guard_region(void **state)
{
	struct world *w = *state;
	uint8_t *map = map_pages(3);

	memset(map, 1, 3 * PAGE);
	if (madvise(map + PAGE, PAGE, GUARD_INSTALL))
		skip();
	expect_refused(w, map, 3 * PAGE, UB_EXT_BAD_PAGE, PAGE);
	munmap(map, 3 * PAGE);
}

/* ---- A file on a disk ------------------------------------------------------------------------ */
/* commands make a file system and mount it at DISK. */
static bool mount_disk(const char *commands)
{
	char line[512];

	snprintf(line, sizeof(line), "{ modprobe ext4; mkdir -p %s && %s; } >/dev/null 2>&1", DISK,
		 commands);
	return !system(line);
}

static int file_on_disk(void)
{
	static const uint8_t text[FILE_PAGES * PAGE] = { 1 };
	int fd = open(DISK "/file", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, sizeof(text)), sizeof(text));
	return fd;
}

static void expect_of_file(struct world *w, int fd, int flags, uint32_t refused)
{
	const size_t len = FILE_PAGES * PAGE;
	uint8_t *map = mmap(NULL, len, PROT_READ | PROT_WRITE, flags, fd, 0);

	assert_true(map != MAP_FAILED);
	if (refused)
		expect_not_pinned(w, map, len, 0, (struct failure){ EFAULT, refused, 0, 0 });
	else
		expect_pinned(w, map, len, 0, len);
	expect_pinned(w, map, len, UB_REG_F_READ_ONLY, len);
	munmap(map, len);
}

static void a_file_on_a_disk(void **state)
{
	uint32_t refused = kernel_is_at_least(6, 5) ? UB_EXT_SHARED_FILE : UB_EXT_NONE;
	struct world *w = *state;
	int fd;

	if (!mount_disk("modprobe loop; truncate -s 16M " DISK ".img && "
			"mkfs.ext4 -qF " DISK ".img && mount -o loop " DISK ".img " DISK))
		skip();
	fd = file_on_disk();
	expect_of_file(w, fd, MAP_PRIVATE, UB_EXT_NONE);
	expect_of_file(w, fd, MAP_SHARED, refused);
	close(fd);
	assert_int_equal(umount(DISK), 0);
}

/* Where the kernel's command line set memory apart as if it were persistent. */
static void a_file_mapped_directly(void **state)
{
	struct world *w = *state;
	void *map;
	int fd;

	if (!mount_disk("{ modprobe nd_e820; modprobe nd_pmem; udevadm settle; "
			"mkfs.ext4 -qF -b 4096 /dev/pmem0 && mount -o dax /dev/pmem0 " DISK "; }"))
		skip();
	fd = file_on_disk();
	map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(map != MAP_FAILED);
	expect_refused(w, map, PAGE, UB_EXT_DAX_FILE, 0);
	munmap(map, PAGE);
	close(fd);
	assert_int_equal(umount(DISK), 0);
}

/* ---- userfaultfd ----------------------------------------------------------------------------- */
struct filler {
	pthread_t thread;
	int fd;
	unsigned int filled;
};

/* Gives each missing page its bytes, until the userfaultfd is told to end. */
static void *fill_pages(void *arg)
{
	static const _Alignas(PAGE) uint8_t page[PAGE] = { 0x77 };
	struct filler *f = arg;
	struct uffd_msg msg;

	while (read(f->fd, &msg, sizeof(msg)) == sizeof(msg) &&
	       msg.event == UFFD_EVENT_PAGEFAULT) {
		struct uffdio_copy copy = {
			.dst = msg.arg.pagefault.address & ~(uint64_t)(PAGE - 1),
			.src = (uintptr_t)page, .len = PAGE,
		};

		usleep(1000);
		if (!ioctl(f->fd, UFFDIO_COPY, &copy))
			f->filled++;
	}
	return NULL;
}

/* A userfaultfd over pages, or -1. */
static int watch_pages(void *map, size_t len, int flags, uint64_t features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	struct uffdio_register reg = {
		.range = { (uintptr_t)map, len }, .mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | flags);

	if (fd >= 0 && (ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &reg))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static void pages_that_a_program_gives(void **state)
{
	static const uint32_t flags[] = { 0, UB_REG_F_READ_ONLY };
	enum { PAGES = 60 };
	struct world *w = *state;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		struct filler f = { .filled = 0 };
		uint8_t *map = map_pages(PAGES);

		f.fd = watch_pages(map, PAGES * PAGE, 0, UFFD_FEATURE_EVENT_REMOVE);
		if (f.fd < 0)
			skip();
		pthread_create(&f.thread, NULL, fill_pages, &f);
		expect_pinned(w, map, PAGES * PAGE, flags[i], PAGES * PAGE);
		/* Another kind of event ends the thread. */
		madvise(map, PAGE, MADV_DONTNEED);
		pthread_join(f.thread, NULL);
		assert_int_equal(f.filled, PAGES);
		assert_int_equal(map[PAGES / 2 * PAGE], 0x77);
		close(f.fd);
		munmap(map, PAGES * PAGE);
	}
}

static void pages_that_no_program_gives(void **state)
{
	static const struct { int flags; uint64_t features; } kinds[] = {
		{ UFFD_USER_MODE_ONLY, 0 }, { 0, UFFD_FEATURE_SIGBUS },
	};
	struct world *w = *state;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		uint8_t *map = map_pages(3);
		int fd;

		map[0] = 1;
		fd = watch_pages(map, 3 * PAGE, kinds[i].flags, kinds[i].features);
		if (fd < 0)
			skip();
		expect_refused(w, map, 3 * PAGE, UB_EXT_USER_FAULT, PAGE);
		close(fd);
		munmap(map, 3 * PAGE);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		world_test(no_rights), world_test(a_protection_key),
		world_test(memory_of_a_device), world_test(secret_memory),
		world_test(huge_pages_that_are_not_there), world_test(a_guard_region),
		world_test(a_file_on_a_disk), world_test(a_file_mapped_directly),
		world_test(pages_that_a_program_gives), world_test(pages_that_no_program_gives),
	};

	return run_all(argc, argv, tests);
}
