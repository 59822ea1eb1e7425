/* SPDX-License-Identifier: MIT */
/*
 * Failing allocations of what is done beside the calls of the interface: an administrator's
 * requests, files of sysfs, commands of io_uring, and the kernel's own worker that dumps and
 * resets a device.
 */
#include "failnth.h"
#include "genl.h"
#include "load.h"

#include <dirent.h>
#include <liburing.h>
#include <stdio.h>
#include <sys/socket.h>

#define WORKER_POINTS	24
#define BATCH		16	/* WQEBBs: more than the driver keeps on its stack */

/* Made before a fault is armed. */
static int sock;
static uint16_t family;
static struct message request_message;

static void begin(uint8_t cmd, uint16_t flags)
{
	request_message = message(family, cmd, flags);
	put_attr(&request_message, UB_A_DEV_INDEX, &device_index, sizeof(device_index));
}

static void put_u32(uint16_t type, uint32_t value)
{
	put_attr(&request_message, type, &value, sizeof(value));
}

static int error_in(const struct nlmsghdr *nl)
{
	struct nlmsgerr err;

	memcpy(&err, NLMSG_DATA(nl), sizeof(err));
	return -err.error;
}

/* The answer to its end; an answer that does not come for want of memory is a failure as well. */
static int talk(void)
{
	_Alignas(8) static uint8_t buf[32768];
	const struct nlmsghdr *nl = (const void *)buf;

	if (send(sock, &request_message, request_message.nl.nlmsg_len, 0) < 0)
		return errno;
	for (;;) {
		ssize_t len = recv(sock, buf, sizeof(buf), 0);

		if (len < 0)
			return errno;
		if (nl->nlmsg_type == NLMSG_ERROR)
			return error_in(nl);
		if (nl->nlmsg_type == NLMSG_DONE || !(nl->nlmsg_flags & NLM_F_MULTI))
			return 0;
	}
}

static void forget_answers(void)
{
	uint8_t byte;

	while (recv(sock, &byte, 1, MSG_DONTWAIT | MSG_TRUNC) > 0 || errno == ENOBUFS)
		;
}

static int ask_again(struct world *w, union arg *a, const struct ioc_case *c)
{
	int err;

	(void)w;
	(void)a;
	(void)c;
	err = talk();
	forget_answers();
	return err;
}

static void sweep_request(const char *name)
{
	const struct subject s = { name, ask_again, NULL };

	print_message("%s: %u points\n", name, sweep(&s));
}

static void dumps(void **state)
{
	static const struct {
		uint8_t cmd;
		const char *name;
	} gets[] = {
		{ UB_CMD_DEV_GET, "DEV_GET" }, { UB_CMD_CTX_GET, "CTX_GET" },
		{ UB_CMD_SEG_GET, "SEG_GET" }, { UB_CMD_QUEUE_GET, "QUEUE_GET" },
		{ UB_CMD_HEALTH_GET, "HEALTH_GET" },
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(gets); i++) {
		begin(gets[i].cmd, NLM_F_DUMP);
		sweep_request(gets[i].name);
	}
}

static void faults(void **state)
{
	(void)state;
	begin(UB_CMD_INJECT_GET, 0);
	put_u32(UB_A_FAULT_KIND, UB_FAULT_STATUS);
	sweep_request("INJECT_GET");
	/* Removing what is not there: nothing is left of it. */
	begin(UB_CMD_INJECT, NLM_F_ACK);
	put_u32(UB_A_FAULT_KIND, UB_FAULT_STATUS);
	put_u32(UB_A_FAULT_COUNT, 0);
	sweep_request("INJECT");
}

/* A reset that was done and could not be told of is done all the same. */
static int reset_made(struct world *w, union arg *a, const struct ioc_case *c)
{
	struct ub_ioc_query_device q = { 0 };
	int fd, err;

	(void)w;
	(void)a;
	(void)c;
	fd = open(device, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return errno;
	err = call(fd, UB_IOC_QUERY_DEVICE, &q);
	if (!err) {
		begin(UB_CMD_DEV_RESET, NLM_F_ACK);
		put_u32(UB_A_SCOPE, UB_SCOPE_CONTEXT);
		put_u32(UB_A_TID, q.tid);
		err = talk();
		forget_answers();
	}
	close(fd);
	return err;
}

static void resets(void **state)
{
	const struct subject context = { "DEV_RESET of a context", reset_made, NULL };

	(void)state;
	print_message("%s: %u points\n", context.name, sweep(&context));
	/* EBUSY for the test's own context: of the whole device see worker(). */
}

static int read_health(struct world *w, union arg *a, const struct ioc_case *c)
{
	char path[64], text[32];
	int fd, err = 0;

	(void)w;
	(void)a;
	(void)c;
	snprintf(path, sizeof(path), "/sys/class/ubnpu/ub%u/health/hangs", device_index);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text)) < 0)
		err = errno;
	if (fd >= 0)
		close(fd);
	return err;
}

static void sysfs(void **state)
{
	const struct subject s = { "health", read_health, NULL };

	(void)state;
	print_message("%s: %u points\n", s.name, sweep(&s));
}

/* ---- io_uring ---- */
static struct io_uring ring;
static unsigned int ring_cmd;

static void fill_command(struct world *w, struct ub_uring_cmd *cmd)
{
	struct block *b = (struct block *)w->data;

	switch (ring_cmd) {
	case UB_URING_SUBMIT:
		memset(b, 0, PAGE);
		for (unsigned int i = 0; i < BATCH; i++)
			put_nop(b + i);
		*cmd = (struct ub_uring_cmd){ .id = w->kjfs, .arg = BATCH,
					      .addr = (uintptr_t)b };
		break;
	default:
		*cmd = (struct ub_uring_cmd){ .id = w->jfc, .arg = 1, .addr = 1 };
	}
}

static int run_command(struct world *w, union arg *a, const struct ioc_case *c)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
	struct io_uring_cqe *cqe;
	struct ub_uring_cmd cmd;
	int ret;

	(void)a;
	(void)c;
	fill_command(w, &cmd);
	memset(sqe, 0, 2 * sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = w->fd;
	sqe->cmd_op = ring_cmd;
	memcpy(sqe->cmd, &cmd, sizeof(cmd));
	ret = io_uring_submit_and_wait(&ring, 1);
	/* What failed to be submitted is submitted now. */
	while (ret < 0 || io_uring_peek_cqe(&ring, &cqe))
		ret = io_uring_submit_and_wait(&ring, 1);
	ret = cqe->res;
	io_uring_cqe_seen(&ring, cqe);
	return ret == -ETIME || ret == -ENOENT ? 0 : -ret;
}

static int run_submit(struct world *w, union arg *a, const struct ioc_case *c)
{
	struct ub_ioc_create_jfc jfc = { .depth = DEPTH, .flags = UB_JFC_F_KERNEL };
	struct ub_ioc_create_jfs jfs = { .depth = DEPTH };
	int err = call(w->fd, UB_IOC_CREATE_JFC, &jfc);

	if (err)
		return err;
	jfs.jfc = jfc.id;
	err = call(w->fd, UB_IOC_CREATE_JFS, &jfs);
	if (err)
		return err;
	w->kjfs = jfs.id;
	return run_command(w, a, c);
}

static void uring(void **state)
{
	static const struct {
		unsigned int cmd;
		struct subject s;
	} commands[] = {
		{ UB_URING_SUBMIT, { "uring SUBMIT", run_submit, NULL } },
		{ UB_URING_WAIT, { "uring WAIT", run_command, NULL } },
	};

	(void)state;
	assert_int_equal(io_uring_queue_init(4, &ring, IORING_SETUP_SQE128 | IORING_SETUP_CQE32),
			 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(commands); i++) {
		ring_cmd = commands[i].cmd;
		print_message("%s: %u points\n", commands[i].s.name, sweep(&commands[i].s));
	}
	io_uring_queue_exit(&ring);
}

/* ---- The worker ---- */
/* Each of the kernel's workers fails its nth allocation. */
static void fail_workers(unsigned int n)
{
	DIR *dir = opendir("/proc");
	struct dirent *e;
	char path[300], comm[32];
	FILE *f;

	assert_non_null(dir);
	while ((e = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%s/comm", e->d_name);
		if (e->d_name[0] < '1' || e->d_name[0] > '9' || !(f = fopen(path, "r")))
			continue;
		if (fgets(comm, sizeof(comm), f) && !strncmp(comm, "kworker", 7))
			fail_nth_of(atoi(e->d_name), n);
		fclose(f);
	}
	closedir(dir);
}

static bool fatals_are(void *count)
{
	return health("fatals") >= *(uint64_t *)count;
}

/*
 * Linux frees a dump twice when it cannot make the device that hands it out. So none is handed out,
 * which cannot be taken back: this program is the last.
 */
static void disable_coredumps(void)
{
	int fd = open("/sys/class/devcoredump/disabled", O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "1", 1), 1);
	close(fd);
}

/* Dump, message and uevent are lost one after the other; the device comes back each time. */
static void worker(void **state)
{
	uint64_t want;
	int fd;

	(void)state;
	disable_coredumps();
	for (unsigned int n = 1; n <= WORKER_POINTS; n++) {
		assert_int_equal(reset_device(true), 0);
		want = health("fatals") + 1;
		fail_workers(n);
		inject(UB_FAULT_FATAL, 0, 1, 0, 0);
		assert_true(wait_until(fatals_are, &want));
		/* The reset comes after what is counted, under the gate that this takes. */
		assert_int_equal(reset_device(true), 0);
		fail_workers(0);
		fd = open_when_there();
		works(fd);
		close(fd);
	}
}

static int setup(void **state)
{
	const struct timeval limit = { .tv_sec = 1 };

	sock = open_family(&family, NULL);
	setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return allow_faults(state);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(dumps, setup), cmocka_unit_test(faults),
		cmocka_unit_test(resets), cmocka_unit_test(sysfs), cmocka_unit_test(uring),
		cmocka_unit_test(worker),
	};

	return run_all(argc, argv, tests);
}
