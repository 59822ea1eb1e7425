/* SPDX-License-Identifier: MIT */
/* The context's file in other hands: dup, fork, exec, sockets; what whoever gets it may do. */
#include "uapi.h"

#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

static int query(int fd, struct ub_ioc_query_device *q)
{
	*q = (struct ub_ioc_query_device){ 0 };
	return call(fd, UB_IOC_QUERY_DEVICE, q);
}

static uint32_t tid_of(int fd)
{
	struct ub_ioc_query_device q;

	return query(fd, &q) ? 0 : q.tid;
}

static void each_open_is_a_context(void **state)
{
	struct world *w = *state;
	int fd = open_device();
	struct counts now = counts_now();

	assert_int_equal(now.contexts, w->before.contexts + 2);
	assert_true(tid_of(fd) && tid_of(fd) != tid_of(w->fd));
	close(fd);
}

static void duplicates_are_one_context(void **state)
{
	struct world *w = *state;
	struct counts was = counts_now();
	int copy = dup(w->fd), first = w->fd;

	assert_counts(&was);
	assert_int_equal(tid_of(copy), tid_of(first));
	dereg(copy, make_seg(first, w->data, PAGE));
	w->fd = fcntl(copy, F_DUPFD_CLOEXEC, 100);
	close(first);
	close(copy);
	assert_counts(&was);
	dereg(w->fd, make_seg(w->fd, w->data, PAGE));
}

/* Every call that pins or maps is refused, whatever is right or wrong with its argument. */
static void foreign_calls(struct world *w)
{
	static const unsigned int refused[] = { UB_IOC_REG_SEG, UB_IOC_CREATE_JFC,
						UB_IOC_CREATE_JFS, UB_IOC_CREATE_JFR };
	union arg a;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		ioc_fill(ioc_case(refused[i]), w, &a);
		check(call(w->fd, refused[i], &a) == EACCES);
		check(a.hdr.ext_code == UB_EXT_FOREIGN_CONTEXT);
		check(!a.hdr.ext_obj && !a.hdr.ext_limit);
	}
	check(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, w->fd, UB_MMAP_STATUS) == MAP_FAILED);
	check(errno == EACCES);
	check(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, w->fd, (off_t)w->jfs_db) ==
	      MAP_FAILED);
	check(errno == EACCES);
}

static void refused_in_child(void *arg)
{
	struct world *w = arg;
	struct counts was = counts_now(), now;

	check(was.vm_pin == 0);
	foreign_calls(w);
	now = counts_now();
	check(!memcmp(&now, &was, sizeof(was)));
}

static void a_child_does_not_register_nor_map(void **state)
{
	struct counts was = counts_now();

	in_child(refused_in_child, *state);
	assert_counts(&was);
}

/* What is there can be asked, changed and ended; the memory is the opener's account's. */
static void used_in_child(void *arg)
{
	struct world *w = arg;
	struct ub_ioc_query_device device_info;
	struct ub_ioc_set_token token = { .token_id = w->seg, .token_value = 9 };
	struct ub_ioc_dereg_seg end = { .token_id = w->victim };
	struct ub_ioc_query_queue q = { .id = w->jfs };
	struct ub_ioc_modify_queue m = { .id = w->jfs, .state = UB_STATE_SUSPENDED };
	struct ub_ioc_destroy_queue jfr = { .id = w->jfr };
	struct ub_ioc_create_jfce jfce = { 0 };

	check(!query(w->fd, &device_info));
	check(!call(w->fd, UB_IOC_SET_TOKEN, &token));
	check(!call(w->fd, UB_IOC_QUERY_JFS, &q) && q.depth == DEPTH);
	check(!call(w->fd, UB_IOC_MODIFY_JFS, &m));
	check(!call(w->fd, UB_IOC_CREATE_JFCE, &jfce) && !close(jfce.fd));
	check(!call(w->fd, UB_IOC_DEREG_SEG, &end));
	check(!call(w->fd, UB_IOC_DESTROY_JFR, &jfr));
}

static void a_child_uses_and_ends_what_is_there(void **state)
{
	struct world *w = *state;
	struct counts was = counts_now();

	w->victim = make_seg(w->fd, w->data, PAGE);
	in_child(used_in_child, w);
	was.queues--;
	was.pinned -= QUEUE_LEN;
	was.vm_pin -= QUEUE_LEN;
	assert_counts(&was);
}

/* The context lives while anybody has the file. */
static void lives_while_a_child_has_it(void **state)
{
	struct counts was = counts_now(), with;
	uint8_t *map = map_pages(1);
	int fd = open_device(), ends[2];
	char byte;
	pid_t pid;

	(void)state;
	make_seg(fd, map, PAGE);
	with = counts_now();
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (!pid) {
		close(ends[1]);
		/* Until the parent has closed all it has. */
		check(read(ends[0], &byte, 1) == 0);
		_exit(0);
	}
	assert_true(pid > 0);
	close(fd);
	assert_counts(&with);
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_counts(&was);
	munmap(map, PAGE);
}

struct passed { struct world *world; int sock; };

static void open_and_send(void *arg)
{
	const struct passed *p = arg;

	world_open(p->world);
	send_fd(p->sock, p->world->fd);
}

/* The opener has gone: the context and what it pinned are there, for nobody to add to. */
static void received_from_one_who_has_gone(void **state)
{
	struct counts was = counts_now(), now;
	struct world *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int pair[2], fd;

	(void)state;
	assert_true(shared != MAP_FAILED);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	in_child(open_and_send, &(struct passed){ shared, pair[1] });
	now = counts_now();
	assert_int_equal(now.contexts, was.contexts + 1);
	assert_int_equal(now.queues, was.queues + 3);
	assert_true(now.pinned == was.pinned + PAGE + 3 * QUEUE_LEN && now.vm_pin == was.vm_pin);
	fd = receive_fd(pair[0]);
	/* Its addresses were another's: these are ours. */
	shared->fd = fd;
	shared->data = map_pages(1);
	shared->mem[3] = map_pages(2);
	foreign_calls(shared);
	destroy(fd, UB_IOC_DESTROY_JFS, shared->jfs);
	dereg(fd, shared->seg);
	close(fd);
	assert_counts(&was);
	close(pair[0]);
	close(pair[1]);
	munmap(shared->data, PAGE);
	munmap(shared->mem[3], QUEUE_LEN);
	munmap(shared, PAGE);
}

/* On its way through a socket the file is open; it ends with the socket. */
static void never_received(void **state)
{
	struct counts was = counts_now(), with;
	int pair[2], fd = open_device();

	(void)state;
	with = counts_now();
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	send_fd(pair[1], fd);
	close(fd);
	assert_counts(&with);
	close(pair[0]);
	close(pair[1]);
	assert_counts(&was);
}

/* A child of vfork has the opener's memory, and so the opener's rights. */
static void with_the_openers_memory(void **state)
{
	struct world *w = *state;
	struct ub_ioc_reg_seg a = { .addr = (uintptr_t)w->data, .len = PAGE, .access = RW };
	volatile int ret = -1;
	pid_t pid = vfork();

	if (!pid) {
		ret = ioctl(w->fd, UB_IOC_REG_SEG, &a);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(ret, 0);
	dereg(w->fd, a.token_id);
}

static char *program;

struct exec_args { int fd, gone; };

static void exec_with(void *arg)
{
	const struct exec_args *a = arg;
	char text[2][16];

	snprintf(text[0], sizeof(text[0]), "%d", a->fd);
	snprintf(text[1], sizeof(text[1]), "%d", a->gone);
	execl(program, program, "--after-exec", text[0], text[1], device, (char *)NULL);
	check(!"execl");
}

/*
 * The program anew, in a child. fd was opened here, before exec: the context is the same, this
 * memory is not the one that opened it. gone was opened with O_CLOEXEC.
 */
static int after_exec(char **argv)
{
	struct world w = { .fd = atoi(argv[2]) };
	int gone = atoi(argv[3]);

	uapi_args(2, argv + 3);
	check(fcntl(gone, F_GETFD) == -1 && errno == EBADF);
	check(tid_of(w.fd) != 0);
	check(counts_now().vm_pin == 0);
	w.data = map_pages(1);
	w.mem[3] = map_pages(2);
	foreign_calls(&w);
	return 0;
}

static void kept_over_exec(void *arg)
{
	struct exec_args a = { open(device, O_RDWR), open(device, O_RDWR | O_CLOEXEC) };

	(void)arg;
	check(a.fd >= 0 && a.gone >= 0);
	make_seg(a.fd, map_pages(1), PAGE);
	make_seg(a.gone, map_pages(1), PAGE);
	exec_with(&a);
}

static void exec_closes_or_makes_foreign(void **state)
{
	struct counts was = counts_now();

	(void)state;
	in_child(kept_over_exec, NULL);
	assert_counts(&was);
}

/* A child's death gives back what it had, whether or not it closed anything. */
static void killed_child(void **state)
{
	struct counts was = counts_now();
	int ready[2];
	char byte;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (!pid) {
		struct world w;

		world_open(&w);
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, w.fd, (off_t)w.jfs_db);
		check(write(ready[1], "", 1) == 1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(counts_now().queues, was.queues + 3);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_counts(&was);
	close(ready[0]);
	close(ready[1]);
}

/* ---- Somebody who may trace the process ---- */
#define NOBODY	65534

struct tracee {
	struct world world;
	uint32_t *doorbell, *status;
};

/* A child with a doorbell and its status page mapped, which waits to be killed. */
static pid_t start_tracee(struct tracee *shared)
{
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (!pid) {
		struct world *w = &shared->world;

		world_open(w);
		shared->doorbell = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, w->fd,
					(off_t)w->jfs_db);
		shared->status = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, w->fd, UB_MMAP_STATUS);
		check(shared->doorbell != MAP_FAILED && shared->status != MAP_FAILED);
		check(write(ready[1], "", 1) == 1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static uint64_t doorbell_traps(void)
{
	unsigned long long traps = ~0ull;
	char path[80];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/class/ubnpu/ub%u/stats/db_traps", device_index);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%llu", &traps), 1);
	fclose(f);
	return traps;
}

/* A kernel may be built without. */
static bool has_vm_write(void)
{
	return !process_vm_writev(getpid(), NULL, 0, NULL, 0, 0) || errno != ENOSYS;
}

static ssize_t vm_write(pid_t pid, void *to, uint32_t value)
{
	struct iovec local = { &value, sizeof(value) }, remote = { to, sizeof(value) };

	return process_vm_writev(pid, &local, 1, &remote, 1, 0);
}

static ssize_t mem_write(pid_t pid, const void *to, uint32_t value)
{
	char path[32];
	ssize_t ret;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	ret = pwrite(fd, &value, sizeof(value), (off_t)(uintptr_t)to);
	close(fd);
	return ret;
}

static void memory_alone_is_written(pid_t pid, struct tracee *t)
{
	assert_int_equal(vm_write(pid, t->world.data, 7), 4);
	assert_int_equal(vm_write(pid, t->doorbell + UB_DB_JFS / 4, 1), -1);
	expect_errno("process_vm_writev", errno, EFAULT);
	assert_int_equal(vm_write(pid, t->status, 1), -1);
	expect_errno("process_vm_writev", errno, EFAULT);
}

/* A doorbell is no memory: a tracer reaches what the process has, and rings nothing. */
static void a_tracer_rings_nothing(void **state)
{
	struct tracee *t = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
				-1, 0);
	struct counts was = counts_now();
	uint64_t traps;
	pid_t pid;

	(void)state;
	assert_true(t != MAP_FAILED);
	pid = start_tracee(t);
	traps = doorbell_traps();
	if (has_vm_write())
		memory_alone_is_written(pid, t);
	assert_int_equal(mem_write(pid, t->doorbell + UB_DB_JFS / 4, 1), -1);
	expect_errno("/proc/pid/mem", errno, EIO);
	assert_int_equal(ptrace(PTRACE_ATTACH, pid, NULL, NULL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(ptrace(PTRACE_POKEDATA, pid, t->doorbell + UB_DB_JFS / 4, 1L), -1);
	expect_errno("PTRACE_POKEDATA", errno, EIO);
	errno = 0;
	assert_int_equal(ptrace(PTRACE_PEEKDATA, pid, t->doorbell, NULL), -1);
	expect_errno("PTRACE_PEEKDATA", errno, EIO);
	assert_int_equal(ptrace(PTRACE_DETACH, pid, NULL, NULL), 0);
	assert_true(doorbell_traps() == traps);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_counts(&was);
	munmap(t, PAGE);
}

/* What a tracer takes from the process is a duplicate like any other. */
static void a_tracer_takes_the_file(void **state)
{
	struct tracee *t = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
				-1, 0);
	struct counts was = counts_now();
	struct world taken;
	int pidfd, fd;
	pid_t pid;

	(void)state;
	assert_true(t != MAP_FAILED);
	pid = start_tracee(t);
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	fd = (int)syscall(SYS_pidfd_getfd, pidfd, t->world.fd, 0);
	assert_true(pidfd >= 0 && fd >= 0);
	assert_int_equal(counts_now().contexts, was.contexts + 1);
	taken = t->world;
	taken.fd = fd;
	taken.data = map_pages(1);
	taken.mem[3] = map_pages(2);
	foreign_calls(&taken);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(counts_now().contexts, was.contexts + 1);
	close(fd);
	close(pidfd);
	assert_counts(&was);
	munmap(taken.data, PAGE);
	munmap(taken.mem[3], QUEUE_LEN);
	munmap(t, PAGE);
}

struct stranger { pid_t pid; struct tracee *tracee; };

static void try_as_a_stranger(void *arg)
{
	const struct stranger *s = arg;
	int pidfd = (int)syscall(SYS_pidfd_open, s->pid, 0);

	check(!setresgid(NOBODY, NOBODY, NOBODY) && !setresuid(NOBODY, NOBODY, NOBODY));
	check(!has_vm_write() ||
	      (vm_write(s->pid, s->tracee->world.data, 1) == -1 && errno == EPERM));
	check(ptrace(PTRACE_ATTACH, s->pid, NULL, NULL) == -1 && errno == EPERM);
	check(syscall(SYS_pidfd_getfd, pidfd, s->tracee->world.fd, 0) == -1 && errno == EPERM);
}

static void another_user_traces_nothing(void **state)
{
	struct tracee *t = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
				-1, 0);
	pid_t pid;

	(void)state;
	assert_true(t != MAP_FAILED);
	pid = start_tracee(t);
	in_child(try_as_a_stranger, &(struct stranger){ pid, t });
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	munmap(t, PAGE);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		world_test(each_open_is_a_context), world_test(duplicates_are_one_context),
		world_test(a_child_does_not_register_nor_map),
		world_test(a_child_uses_and_ends_what_is_there),
		cmocka_unit_test(lives_while_a_child_has_it),
		cmocka_unit_test(received_from_one_who_has_gone),
		cmocka_unit_test(never_received), world_test(with_the_openers_memory),
		cmocka_unit_test(exec_closes_or_makes_foreign), cmocka_unit_test(killed_child),
		cmocka_unit_test(a_tracer_rings_nothing),
		cmocka_unit_test(a_tracer_takes_the_file),
		cmocka_unit_test(another_user_traces_nothing),
	};

	program = argv[0];
	if (argc == 5 && !strcmp(argv[1], "--after-exec"))
		return after_exec(argv);
	return run_all(argc, argv, tests);
}
