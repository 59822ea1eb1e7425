/* SPDX-License-Identifier: MIT */
/*
 * Every allocation that a call makes fails once: the first, then the second, and so on until the
 * call meets no more of them. Each failure is clean: an errno, and nothing left when the file is
 * closed. Needs a kernel with FAULT_INJECTION, such as that of `make test-debug`.
 */
#include "../vm/uapi.h"

#include <poll.h>
#include <stdio.h>

#define MAX_POINTS	2000
#define FAULTS		"/sys/kernel/debug/"

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0)
		fail_msg("%s: %s", path, strerror(errno));
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(close(fd), 0);
}

static int allow_faults(void **state)
{
	(void)state;
	write_file(FAULTS "failslab/ignore-gfp-wait", "N");
	write_file(FAULTS "failslab/verbose", "0");
	write_file(FAULTS "fail_page_alloc/ignore-gfp-wait", "N");
	write_file(FAULTS "fail_page_alloc/ignore-gfp-highmem", "N");
	write_file(FAULTS "fail_page_alloc/min-order", "0");
	write_file(FAULTS "fail_page_alloc/verbose", "0");
	write_file(FAULTS "fail_usercopy/verbose", "0");
	return 0;
}

/* One call under test: 0 or the errno. */
struct subject {
	const char *name;
	int (*run)(struct world *w, union arg *a, const struct ioc_case *c);
	const struct ioc_case *c;
};

/* Whether the nth fault came; err is what the call said. */
static bool fault_came(const struct subject *s, struct world *w, union arg *a, unsigned int n,
		       int *err)
{
	int fd = open("/proc/thread-self/fail-nth", O_RDWR);
	char text[16];
	ssize_t len;
	bool came;

	assert_true(fd >= 0);
	snprintf(text, sizeof(text), "%u", n);
	assert_true(write(fd, text, strlen(text)) > 0);
	*err = s->run(w, a, s->c);
	len = pread(fd, text, sizeof(text) - 1, 0);
	/* What fails here was met after the call. */
	came = len > 0 && !strncmp(text, "0\n", 2);
	while (pwrite(fd, "0", 1, 0) != 1)
		;
	assert_int_equal(close(fd), 0);
	return came;
}

static bool known_failure(int err)
{
	return err == ENOMEM || err == EFAULT || err == EAGAIN || err == ENOSPC;
}

static unsigned int sweep(const struct subject *s)
{
	struct world w;
	union arg a;
	int err;

	for (unsigned int n = 1; n < MAX_POINTS; n++) {
		bool came;

		world_open(&w);
		if (s->c)
			ioc_fill(s->c, &w, &a);
		came = fault_came(s, &w, &a, n, &err);
		world_close(&w);
		if (err && (!came || !known_failure(err)))
			fail_msg("%s: point %u: %s%s", s->name, n, strerror(err),
				 came ? "" : ", and no fault came");
		if (!came)
			return n - 1;
	}
	fail_msg("%s: more than %u points", s->name, MAX_POINTS);
	return 0;
}

static int run_ioctl(struct world *w, union arg *a, const struct ioc_case *c)
{
	int err = call(w->fd, c->cmd, a);

	if (!err && c->cmd == UB_IOC_CREATE_JFCE)
		close(a->create_jfce.fd);
	return err;
}

static void every_ioctl(void **state)
{
	unsigned int points = 0;

	(void)state;
	for (unsigned int i = 0; i < IOC_CASES; i++) {
		struct subject s = { ioc_cases[i].name, run_ioctl, &ioc_cases[i] };
		unsigned int n = sweep(&s);

		print_message("%s: %u points\n", s.name, n);
		points += n;
	}
	print_message("swept: %u points\n", points);
	assert_true(points > 100);
}

static int run_open(struct world *w, union arg *a, const struct ioc_case *c)
{
	int fd = open(device, O_RDWR | O_CLOEXEC);

	(void)w;
	(void)a;
	(void)c;
	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static int map_once(int fd, int prot, uint64_t offset)
{
	void *at = mmap(NULL, PAGE, prot, MAP_SHARED, fd, (off_t)offset);

	if (at == MAP_FAILED)
		return errno;
	while (munmap(at, PAGE))	/* the fault may come here as well */
		;
	return 0;
}

static int run_mmap(struct world *w, union arg *a, const struct ioc_case *c)
{
	(void)a;
	(void)c;
	return map_once(w->fd, PROT_READ, UB_MMAP_STATUS) ?:
	       map_once(w->fd, PROT_READ | PROT_WRITE, w->jfs_db);
}

static int run_poll(struct world *w, union arg *a, const struct ioc_case *c)
{
	struct pollfd p = { .fd = w->fd, .events = POLLIN };

	(void)a;
	(void)c;
	return poll(&p, 1, 0) < 0 ? errno : 0;
}

static void open_mmap_poll(void **state)
{
	static const struct subject subjects[] = {
		{ "open", run_open, NULL }, { "mmap", run_mmap, NULL }, { "poll", run_poll, NULL },
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(subjects); i++)
		print_message("%s: %u points\n", subjects[i].name, sweep(&subjects[i]));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(every_ioctl, allow_faults),
		cmocka_unit_test(open_mmap_poll),
	};

	return run_all(argc, argv, tests);
}
