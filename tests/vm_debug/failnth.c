/* SPDX-License-Identifier: MIT */
#include "failnth.h"

#include <stdio.h>

#define MAX_POINTS	2000
#define FAULTS		"/sys/kernel/debug/"

int allow_faults(void **state)
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
	return err == ENOMEM || err == EFAULT || err == EAGAIN || err == ENOSPC ||
	       err == ENOBUFS;
}

unsigned int sweep(const struct subject *s)
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

bool fail_nth_of(int pid, unsigned int n)
{
	char path[48], text[16];
	int fd, len = snprintf(text, sizeof(text), "%u", n);
	bool done;

	snprintf(path, sizeof(path), "/proc/%d/fail-nth", pid);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	done = fd >= 0 && write(fd, text, (size_t)len) == len;
	if (fd >= 0)
		close(fd);
	return done;
}
