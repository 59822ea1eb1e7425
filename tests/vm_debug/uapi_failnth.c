/* SPDX-License-Identifier: MIT */
/* Failing allocations of the calls of the interface. */
#include "failnth.h"

#include <poll.h>
#include <stdio.h>

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
	assert_true(points > 50);
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
