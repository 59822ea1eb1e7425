/* SPDX-License-Identifier: MIT */
#include "uapi.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>

const char *device = "/dev/ub/ub0";

void uapi_args(int argc, char **argv)
{
	if (argc > 1)
		device = argv[1];
	if (sscanf(device, "/dev/ub/ub%u", &device_index) != 1)
		fprintf(stderr, "%s: not of the form /dev/ub/ubN\n", device);
	/* Many descriptors and pages are wanted; a failed test must not wait for a pipe. */
	setvbuf(stdout, NULL, _IOLBF, 0);
}

int open_device(void)
{
	int fd = open(device, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		fail_msg("%s: %s", device, strerror(errno));
	return fd;
}

void *map_pages(unsigned int pages)
{
	void *p = mmap(NULL, (size_t)pages * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(p != MAP_FAILED);
	return p;
}

int call(int fd, unsigned long cmd, void *arg)
{
	return ioctl(fd, cmd, arg) ? errno : 0;
}

void expect_errno(const char *what, int got, int want)
{
	if (got != want)
		fail_msg("%s: %s, should be %s", what, got ? strerror(got) : "success",
			 want ? strerror(want) : "success");
}

void expect_ok(const char *what, int fd, unsigned int cmd, void *arg)
{
	const struct ub_ioc_hdr *hdr = arg;

	expect_errno(what, call(fd, cmd, arg), 0);
	if (hdr->ext_code || hdr->ext_obj || hdr->ext_limit)
		fail_msg("%s: success with extended code %u", what, hdr->ext_code);
}

void expect_failure(const char *what, int fd, unsigned int cmd, void *arg, struct failure want)
{
	const struct ub_ioc_hdr *hdr = arg;

	expect_errno(what, call(fd, cmd, arg), want.err);
	if (hdr->ext_code != want.code || hdr->ext_obj != want.obj || hdr->ext_limit != want.limit)
		fail_msg("%s: code %u object %u limit %llu, should be %u %u %llu", what,
			 hdr->ext_code, hdr->ext_obj, (unsigned long long)hdr->ext_limit,
			 want.code, want.obj, (unsigned long long)want.limit);
}

struct ub_ioc_queue_mem queue_mem(void *mem)
{
	return (struct ub_ioc_queue_mem){ .addr = (uintptr_t)mem, .len = QUEUE_LEN,
					  .rec_offset = PAGE };
}

uint32_t make_seg(int fd, void *addr, uint64_t len)
{
	struct ub_ioc_reg_seg a = { .addr = (uintptr_t)addr, .len = len, .access = RW };

	expect_ok("REG_SEG", fd, UB_IOC_REG_SEG, &a);
	return a.token_id;
}

uint32_t make_jfc(int fd, void *mem, uint64_t *db)
{
	struct ub_ioc_create_jfc a = { .mem = queue_mem(mem), .depth = DEPTH, .jfce_fd = -1 };

	expect_ok("CREATE_JFC", fd, UB_IOC_CREATE_JFC, &a);
	if (db)
		*db = a.db_offset;
	return a.id;
}

uint32_t make_jfr(int fd, void *mem, uint32_t jfc)
{
	struct ub_ioc_create_jfr a = { .mem = queue_mem(mem), .depth = DEPTH, .jfc = jfc };

	expect_ok("CREATE_JFR", fd, UB_IOC_CREATE_JFR, &a);
	return a.id;
}

uint32_t make_jfs(int fd, void *mem, uint32_t jfc, uint64_t *db)
{
	struct ub_ioc_create_jfs a = { .mem = queue_mem(mem), .depth = DEPTH, .jfc = jfc };

	expect_ok("CREATE_JFS", fd, UB_IOC_CREATE_JFS, &a);
	if (db)
		*db = a.db_offset;
	return a.id;
}

uint32_t make_kernel_jfc(int fd)
{
	struct ub_ioc_create_jfc a = { .depth = DEPTH, .flags = UB_JFC_F_KERNEL };

	expect_ok("kernel JFC", fd, UB_IOC_CREATE_JFC, &a);
	assert_true(a.db_offset == 0);
	return a.id;
}

uint32_t make_kernel_jfs(int fd, uint32_t jfc)
{
	struct ub_ioc_create_jfs a = { .depth = DEPTH, .jfc = jfc };

	expect_ok("kernel JFS", fd, UB_IOC_CREATE_JFS, &a);
	assert_true(a.db_offset == 0);
	return a.id;
}

void destroy(int fd, unsigned int cmd, uint32_t id)
{
	struct ub_ioc_destroy_queue a = { .id = id };

	expect_ok("destroy", fd, cmd, &a);
}

void dereg(int fd, uint32_t token_id)
{
	struct ub_ioc_dereg_seg a = { .token_id = token_id };

	expect_ok("DEREG_SEG", fd, UB_IOC_DEREG_SEG, &a);
}

void fill_create_program(struct world *w, union arg *a)
{
	static const uint8_t exit_insn[8] = { 0x95 };
	uint8_t *at = w->data + PAGE - sizeof(exit_insn);

	memcpy(at, exit_insn, sizeof(exit_insn));
	a->create_program = (struct ub_ioc_create_program){
		.addr = (uintptr_t)at,
		.fuel = 1,
		.token_id = w->seg,
		.len = sizeof(exit_insn),
		.tiles = 1,
	};
}

uint32_t make_program(int fd, struct ub_ioc_create_program *a)
{
	expect_ok("CREATE_PROGRAM", fd, UB_IOC_CREATE_PROGRAM, a);
	return a->id;
}

void world_open(struct world *w)
{
	union arg a = { 0 };
	unsigned int i;

	w->before = counts_now();
	w->fd = open_device();
	w->data = map_pages(1);
	for (i = 0; i < ARRAY_SIZE(w->mem); i++)
		w->mem[i] = map_pages(2);
	w->seg = make_seg(w->fd, w->data, PAGE);
	fill_create_program(w, &a);
	w->program = make_program(w->fd, &a.create_program);
	w->jfc = make_jfc(w->fd, w->mem[0], &w->jfc_db);
	w->jfr = make_jfr(w->fd, w->mem[1], w->jfc);
	w->jfs = make_jfs(w->fd, w->mem[2], w->jfc, &w->jfs_db);
}

/* Half of it ends by ioctl, the rest by closing the file. */
void world_close(struct world *w)
{
	unsigned int i;

	destroy(w->fd, UB_IOC_DESTROY_JFS, w->jfs);
	dereg(w->fd, w->seg);
	assert_int_equal(close(w->fd), 0);
	assert_counts(&w->before);
	for (i = 0; i < ARRAY_SIZE(w->mem); i++)
		munmap(w->mem[i], QUEUE_LEN);
	munmap(w->data, PAGE);
}

int world_setup(void **state)
{
	*state = calloc(1, sizeof(struct world));
	world_open(*state);
	return 0;
}

int world_teardown(void **state)
{
	world_close(*state);
	free(*state);
	return 0;
}

unsigned int set_param(const char *name, unsigned int value)
{
	char path[96];
	unsigned int was;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/module/ubnpu/parameters/%s", name);
	f = fopen(path, "r+");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%u", &was), 1);
	rewind(f);
	fprintf(f, "%u\n", value);
	assert_int_equal(fclose(f), 0);
	return was;
}

void send_fd(int sock, int fd)
{
	char byte = 0, control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			    .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	*c = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET,
			       .cmsg_type = SCM_RIGHTS };
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	check(sendmsg(sock, &m, 0) == 1);
}

int receive_fd(int sock)
{
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			    .msg_controllen = sizeof(control) };
	int fd;

	check(recvmsg(sock, &m, MSG_CMSG_CLOEXEC) == 1 && CMSG_FIRSTHDR(&m));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
	return fd;
}

_Noreturn void child_failed(const char *file, int line, const char *condition)
{
	fprintf(stderr, "error: %s:%d: child %d: %s (errno %s)\n", file, line, getpid(), condition,
		strerror(errno));
	_exit(1);
}

void in_child(void (*fn)(void *), void *arg)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		fn(arg);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}
