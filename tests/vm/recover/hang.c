/* SPDX-License-Identifier: MIT */
/*
 * A device that misbehaves on demand: what hangs is found and ended, by no more than is needed;
 * what was merely lost is made good; a device that is silent or fatal is reset, but not for ever.
 */
#include <liburing.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>

#include "ctl.h"
#include "load.h"

/* hang_timeout_ms; on a busy host a thread of the model waits its turn. */
#define SHORT_MS	1000u
#define SETTLE_US	300000
#define MOMENT_NS	300000000ull
#define WAIT_NS		(WAIT_MS * 1000000ull)

static const char *const counters[] = {
	"hangs", "queue_resets", "context_resets", "device_resets", "lost_irqs",
	"lost_doorbells", "admin_timeouts", "fatals",
};
enum { HANGS, QUEUE_RESETS, CONTEXT_RESETS, DEVICE_RESETS, LOST_IRQS, LOST_DOORBELLS,
       ADMIN_TIMEOUTS, FATALS, COUNTERS };

/* A guilty context with a mapped queue, and one that has nothing to do with it. */
struct scene {
	struct counts before;
	unsigned int timeout, admin_timeout;
	uint64_t was[COUNTERS];
	int news, uevents, channel, guilty, other;
	struct mapped m;
	uint8_t *data;
	uint32_t seg, tid, kjfc, kjfs;
	const volatile struct ub_status_page *status, *other_status;
};

static const volatile struct ub_status_page *map_status(int fd)
{
	void *p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, UB_MMAP_STATUS);

	assert_true(p != MAP_FAILED);
	return p;
}

static int setup(void **state)
{
	struct scene *s = *state = calloc(1, sizeof(*s));
	struct ub_ioc_create_jfce jfce = { 0 };

	/* Also forgets the resets of tests before. */
	assert_int_equal(reset_device(true), 0);
	free(take_coredump());
	s->before = counts_now();
	s->timeout = set_param("hang_timeout_ms", SHORT_MS);
	s->admin_timeout = set_param("admin_timeout_ms", 5000);
	for (unsigned int i = 0; i < COUNTERS; i++)
		s->was[i] = health(counters[i]);
	s->news = listen_news();
	s->uevents = listen_uevents();
	s->guilty = open_device();
	s->other = open_device();
	s->status = map_status(s->guilty);
	s->other_status = map_status(s->other);
	s->tid = tid_of(s->guilty);
	expect_ok("CREATE_JFCE", s->guilty, UB_IOC_CREATE_JFCE, &jfce);
	s->channel = jfce.fd;
	mapped_open(&s->m, s->guilty, s->channel);
	s->kjfc = make_kernel_jfc(s->guilty);
	s->kjfs = make_kernel_jfs(s->guilty, s->kjfc);
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	mapped_close(&s->m);
	munmap((void *)s->status, PAGE);
	munmap((void *)s->other_status, PAGE);
	close(s->channel);
	close(s->guilty);
	close(s->other);
	close(s->news);
	close(s->uevents);
	assert_counts(&s->before);
	set_param("hang_timeout_ms", s->timeout);
	set_param("admin_timeout_ms", s->admin_timeout);
	free(take_coredump());
	free(s);
	return 0;
}

/* Of all counters those named by bits went up by one. */
static void counted(struct scene *s, unsigned int bits)
{
	for (unsigned int i = 0; i < COUNTERS; i++) {
		uint64_t want = s->was[i] + (bits >> i & 1);

		if (health(counters[i]) != want)
			fail_msg("%s: %llu, should be %llu", counters[i],
				 (unsigned long long)health(counters[i]), (unsigned long long)want);
	}
}

static void post_nops(struct mapped *m, unsigned int n)
{
	struct block b;

	while (n--)
		mapped_post(m, &b, put_nop(&b));
}

/* ---- Hangs ---- */
static void told_of_hang(struct scene *s, enum ub_reset_scope scope, uint32_t jfs)
{
	static const char *const scopes[] = { "UB_SCOPE=device", "UB_SCOPE=context",
					      "UB_SCOPE=queue" };
	char text[512], line[64];
	struct news news;

	assert_true(await_news(s->news, UB_HEALTH_HANG, &news));
	assert_int_equal(news.scope, scope);
	assert_int_equal(news.tid, s->tid);
	assert_int_equal(news.queue, jfs);
	assert_int_equal(news.pid, getpid());
	assert_true(await_wedged(s->uevents, text));
	assert_true(has_line(text, "ACTION=change"));
	assert_true(has_line(text, "WEDGED=none"));
	assert_true(has_line(text, scopes[scope]));
	/* Who is nobody in particular may hear it. */
	assert_null(strstr(text, "UB_TID="));
	assert_null(strstr(text, "UB_QUEUE="));
	snprintf(line, sizeof(line), "PID=%d", getpid());
	assert_true(has_line(text, line));
	assert_true(has_line(text, "TASK=recover_hang"));
}

/* One, that says what matters. */
static void dumped(struct scene *s, uint32_t jfs)
{
	char line[96], *text = take_coredump();

	if (!coredumps_exist())
		return;
	assert_non_null(text);
	snprintf(line, sizeof(line), "guilty: context %u queue %u pid %d task recover_hang", s->tid,
		 jfs, getpid());
	assert_true(has_line(text, line));
	assert_non_null(strstr(text, "\n[registers]\n"));
	assert_non_null(strstr(text, "\n[counters]\nwqes: "));
	assert_non_null(strstr(text, "\n[health]\nhangs: "));
	snprintf(line, sizeof(line), "\n[page table of context %u]\nuba 0x", s->tid);
	assert_non_null(strstr(text, line));
	snprintf(line, sizeof(line), "\njfs %u: context %u depth %u ", jfs, s->tid, DEPTH);
	assert_non_null(strstr(text, line));
	free(text);
	assert_null(take_coredump());
}

static void stall(struct scene *s, enum ub_stall_end end)
{
	inject(UB_FAULT_STALL, s->m.jfs, 1, end, 0);
	post_nops(&s->m, 3);
	works(s->other);
}

/* Three WQEs, each completed once, and the end of the flush. */
static void flushed_once(struct mapped *m)
{
	struct ub_hw_cqe cqe;

	for (uint32_t i = 0; i < 3; i++) {
		assert_true(mapped_await(m, &cqe));
		assert_int_equal(cqe.status, UB_CR_WR_FLUSH_ERR);
		assert_int_equal(cqe.user_ctx, i);
	}
	assert_true(mapped_await(m, &cqe));
	assert_int_equal(cqe.status, UB_CR_WR_FLUSH_ERR_DONE);
	assert_false(mapped_poll(m, &cqe));
}

static void a_queue_hangs(void **state)
{
	struct scene *s = *state;
	struct ub_async_event ev;
	struct ub_hw_cqe cqe;

	stall(s, UB_STALL_QUEUE);
	told_of_hang(s, UB_SCOPE_QUEUE, s->m.jfs);
	flushed_once(&s->m);
	assert_int_equal(read(s->guilty, &ev, sizeof(ev)), sizeof(ev));
	assert_int_equal(ev.type, UB_EVENT_JFS_ERR);
	assert_int_equal(ev.id, s->m.jfs);
	assert_int_equal(ev.info, UB_CR_ACK_TIMEOUT_ERR);
	dumped(s, s->m.jfs);
	counted(s, 1 << HANGS | 1 << QUEUE_RESETS);
	assert_int_equal(s->status->lost, UB_LOST_NO);
	assert_int_equal(s->other_status->lost, UB_LOST_NO);
	/* The queue is of use again. */
	modify_jfs(s->guilty, s->m.jfs, UB_STATE_RESET);
	s->m.pi = 0;
	memset(s->m.jfs_mem, 0, QUEUE_LEN);
	modify_jfs(s->guilty, s->m.jfs, UB_STATE_READY);
	post_nops(&s->m, 1);
	assert_true(mapped_await(&s->m, &cqe));
	assert_int_equal(cqe.status, UB_CR_SUCCESS);
	works(s->guilty);
	works(s->other);
}

static void a_kernel_queue_hangs(void **state)
{
	struct scene *s = *state;
	struct ub_hw_cqe cqe[2];
	struct block b;
	uint32_t count;

	inject(UB_FAULT_STALL, s->kjfs, 1, UB_STALL_QUEUE, 0);
	submit(s->guilty, s->kjfs, &b, put_nop(&b));
	assert_int_equal(reap(s->guilty, s->kjfc, cqe, 2, 2, WAIT_NS, &count), 0);
	assert_int_equal(count, 2);
	assert_int_equal(cqe[0].status, UB_CR_WR_FLUSH_ERR);
	assert_int_equal(cqe[1].status, UB_CR_WR_FLUSH_ERR_DONE);
	told_of_hang(s, UB_SCOPE_QUEUE, s->kjfs);
	counted(s, 1 << HANGS | 1 << QUEUE_RESETS);
}

static void a_context_hangs(void **state)
{
	struct scene *s = *state;
	struct pollfd p = { .fd = s->channel, .events = POLLIN };
	struct ub_ioc_query_queue q = { .id = s->m.jfs };
	int fd;

	stall(s, UB_STALL_CONTEXT);
	assert_int_equal(poll(&p, 1, WAIT_MS), 1);
	assert_true(p.revents & POLLHUP);
	told_of_hang(s, UB_SCOPE_CONTEXT, s->m.jfs);
	dumped(s, s->m.jfs);
	counted(s, 1 << HANGS | 1 << CONTEXT_RESETS);
	assert_int_equal(s->status->lost, UB_LOST_CONTEXT);
	expect_errno("QUERY_JFS", call(s->guilty, UB_IOC_QUERY_JFS, &q), ENODEV);
	assert_int_equal(s->other_status->lost, UB_LOST_NO);
	works(s->other);
	fd = open_device();
	works(fd);
	close(fd);
}

static void a_device_hangs(void **state)
{
	struct scene *s = *state;
	int fd;

	stall(s, UB_STALL_DEVICE);
	told_of_hang(s, UB_SCOPE_DEVICE, s->m.jfs);
	dumped(s, s->m.jfs);
	counted(s, 1 << HANGS | 1 << DEVICE_RESETS);
	/* The context was lost one step before. */
	assert_int_equal(s->status->lost, UB_LOST_CONTEXT);
	assert_int_equal(s->other_status->lost, UB_LOST_DEVICE);
	fd = open_device();
	works(fd);
	close(fd);
}

/* Whoever has a queue that nothing but a reset ends may be killed before anybody finds out. */
static void closing_a_stuck_queue(void **state)
{
	struct scene *s = *state;
	int fd;

	stall(s, UB_STALL_DEVICE);
	mapped_close(&s->m);
	s->m.jfc_mem = s->m.jfs_mem = map_pages(2);
	s->m.jfc_db = s->m.jfs_db = map_pages(1);
	munmap((void *)s->status, PAGE);
	s->status = (void *)map_pages(1);
	close(s->guilty);
	s->guilty = s->channel;
	s->channel = -1;
	told_of_hang(s, UB_SCOPE_DEVICE, s->m.jfs);
	counted(s, 1 << HANGS | 1 << DEVICE_RESETS);
	fd = open_when_there();
	works(fd);
	close(fd);
}

static void not_while_it_is_off(void **state)
{
	struct scene *s = *state;

	set_param("hang_timeout_ms", 0);
	stall(s, UB_STALL_QUEUE);
	usleep(4 * SHORT_MS * 1000);
	counted(s, 0);
	set_param("hang_timeout_ms", SHORT_MS);
	told_of_hang(s, UB_SCOPE_QUEUE, s->m.jfs);
	flushed_once(&s->m);
}

/* Two who hang at the same time are two hangs, whoever's turn comes first. */
static void two_contexts_hang(void **state)
{
	struct scene *s = *state;
	struct news news[2];
	struct mapped m;
	int fd = open_device();

	mapped_open(&m, fd, -1);
	inject(UB_FAULT_STALL, m.jfs, 1, UB_STALL_QUEUE, 0);
	stall(s, UB_STALL_QUEUE);
	post_nops(&m, 3);
	for (unsigned int i = 0; i < 2; i++) {
		assert_true(await_news(s->news, UB_HEALTH_HANG, &news[i]));
		assert_int_equal(news[i].scope, UB_SCOPE_QUEUE);
	}
	assert_true(news[0].queue + news[1].queue == m.jfs + s->m.jfs);
	assert_true(news[0].tid + news[1].tid == tid_of(fd) + s->tid);
	flushed_once(&s->m);
	flushed_once(&m);
	assert_int_equal(health("hangs"), s->was[HANGS] + 2);
	assert_int_equal(health("queue_resets"), s->was[QUEUE_RESETS] + 2);
	works(s->other);
	mapped_close(&m);
	close(fd);
}

/* ---- Slow is not hung ---- */
static void a_moment_is_not_for_ever(void **state)
{
	struct scene *s = *state;
	struct ub_hw_cqe cqe;

	set_param("hang_timeout_ms", 10 * SHORT_MS);
	inject(UB_FAULT_STALL, s->m.jfs, 1, UB_STALL_TIME, MOMENT_NS);
	post_nops(&s->m, 1);
	assert_true(mapped_await(&s->m, &cqe));
	assert_int_equal(cqe.status, UB_CR_SUCCESS);
	counted(s, 0);
}

/* Milliseconds that a product took. */
static unsigned int run_gemm(struct scene *s, uint32_t dim)
{
	size_t len = (size_t)3 * dim * dim * 4;
	uint8_t *data = map_pages((unsigned int)(len / PAGE));
	uint32_t seg = make_seg(s->guilty, data, len);
	struct timespec from, to;
	struct ub_hw_cqe cqe;
	struct block b[2];

	mapped_post(&s->m, b, put_gemm(b, seg, data, dim));
	clock_gettime(CLOCK_MONOTONIC, &from);
	assert_true(mapped_await(&s->m, &cqe));
	clock_gettime(CLOCK_MONOTONIC, &to);
	assert_int_equal(cqe.status, UB_CR_SUCCESS);
	dereg(s->guilty, seg);
	munmap(data, len);
	return (unsigned int)((to.tv_sec - from.tv_sec) * 1000 +
			      (to.tv_nsec - from.tv_nsec) / 1000000);
}

static void a_long_product_is_left_alone(void **state)
{
	struct scene *s = *state;
	unsigned int ms = 0;

	for (uint32_t dim = 1024; dim <= 4096 && ms < 2 * SHORT_MS; dim *= 2)
		ms = run_gemm(s, dim);
	print_message("the longest took %u ms\n", ms);
	counted(s, 0);
}

/* It waits for a receiver, seconds on end between tries. */
static void a_patient_sender_is_left_alone(void **state)
{
	struct scene *s = *state;
	uint8_t *mem = map_pages(2);
	uint32_t jfr = make_slow_jfr(s->guilty, mem, s->m.jfc);
	struct ub_hw_cqe cqe;
	struct block b;

	mapped_post(&s->m, &b, put_send(&b, s->guilty, jfr));
	assert_true(mapped_await(&s->m, &cqe));
	assert_int_equal(cqe.status, UB_CR_RNR_RETRY_CNT_EXC_ERR);
	counted(s, 0);
	destroy(s->guilty, UB_IOC_DESTROY_JFR, jfr);
	munmap(mem, QUEUE_LEN);
}

/* ---- What was lost on the way ---- */
/* Who waited may go on before it is counted; the message comes after. */
static void told_of_interrupt(struct scene *s)
{
	struct news news;

	assert_true(await_news(s->news, UB_HEALTH_LOST_IRQ, &news));
	counted(s, 1 << LOST_IRQS);
}

static void an_event_without_interrupt(void **state)
{
	struct scene *s = *state;
	struct ub_jfce_event ev;
	struct ub_hw_cqe cqe;

	inject(UB_FAULT_LOST_IRQ, 1, 1, 0, 0);
	mapped_arm(&s->m, 1);
	post_nops(&s->m, 1);
	assert_int_equal(read(s->channel, &ev, sizeof(ev)), sizeof(ev));
	assert_int_equal(ev.jfc, s->m.jfc);
	assert_true(mapped_poll(&s->m, &cqe));
	told_of_interrupt(s);
}

/* Vector 0 is also that of admin commands, which are found answered without it. */
static void an_asynchronous_event_without_interrupt(void **state)
{
	struct scene *s = *state;
	struct ub_async_event ev;
	struct block b;

	inject(UB_FAULT_LOST_IRQ, 0, UB_FAULT_FOREVER, 0, 0);
	/* An interrupt raised before may be on its way still; it would bring the event. */
	usleep(SETTLE_US);
	/* A WQE of another lap breaks the queue. */
	mapped_put(&s->m, &b, put_nop(&b));
	((struct block *)s->m.jfs_mem)->wqe.idx ^= 1;
	*(volatile uint32_t *)(s->m.jfs_db + UB_DB_JFS) = s->m.pi;
	assert_int_equal(read(s->guilty, &ev, sizeof(ev)), sizeof(ev));
	assert_int_equal(ev.type, UB_EVENT_JFS_ERR);
	assert_int_equal(ev.id, s->m.jfs);
	assert_int_equal(ev.info, UB_CR_LOC_OPERATION_ERR);
	told_of_interrupt(s);
	inject(UB_FAULT_LOST_IRQ, 0, 0, 0, 0);
}

static uint32_t vectors(int fd)
{
	struct ub_ioc_query_device q = { 0 };

	expect_ok("QUERY_DEVICE", fd, UB_IOC_QUERY_DEVICE, &q);
	return q.comp_vectors;
}

static void lose_all_irqs(struct scene *s)
{
	for (uint32_t v = 1; v <= vectors(s->guilty); v++)
		inject(UB_FAULT_LOST_IRQ, v, 1, 0, 0);
	/* So that whoever waits sleeps before it is done. */
	inject(UB_FAULT_STALL, s->kjfs, 1, UB_STALL_TIME, MOMENT_NS);
}

static void a_reaper_without_interrupt(void **state)
{
	struct scene *s = *state;
	struct ub_hw_cqe cqe;
	struct block b;
	uint32_t count;

	lose_all_irqs(s);
	submit(s->guilty, s->kjfs, &b, put_nop(&b));
	assert_int_equal(reap(s->guilty, s->kjfc, &cqe, 1, 1, WAIT_NS, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(cqe.status, UB_CR_SUCCESS);
	told_of_interrupt(s);
}

static void a_ring_without_interrupt(void **state)
{
	struct __kernel_timespec limit = { .tv_sec = WAIT_MS / 1000 };
	struct scene *s = *state;
	struct block b;
	struct ub_uring_cmd cmd = { .id = s->kjfs, .arg = put_nop(&b), .addr = (uintptr_t)&b };
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	struct io_uring ring;

	assert_int_equal(io_uring_queue_init(2, &ring, IORING_SETUP_SQE128), 0);
	lose_all_irqs(s);
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_nop(sqe);
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = s->guilty;
	sqe->cmd_op = UB_URING_SUBMIT;
	memcpy(sqe->cmd, &cmd, sizeof(cmd));
	assert_int_equal(io_uring_submit(&ring), 1);
	assert_int_equal(io_uring_wait_cqe_timeout(&ring, &cqe, &limit), 0);
	assert_int_equal(cqe->res, 0);
	told_of_interrupt(s);
	io_uring_queue_exit(&ring);
}

static void told_of_doorbell(struct scene *s, uint32_t jfs)
{
	struct news news;

	assert_true(await_news(s->news, UB_HEALTH_LOST_DB, &news));
	assert_int_equal(news.queue, jfs);
	counted(s, 1 << LOST_DOORBELLS);
}

static void a_doorbell_is_lost(void **state)
{
	struct scene *s = *state;
	struct ub_hw_cqe cqe;

	inject(UB_FAULT_LOST_DB, s->m.jfs, 1, 0, 0);
	post_nops(&s->m, 1);
	assert_true(mapped_await(&s->m, &cqe));
	assert_int_equal(cqe.status, UB_CR_SUCCESS);
	told_of_doorbell(s, s->m.jfs);
}

/* And so is the one that is rung in its place. */
static void doorbells_are_lost_in_a_row(void **state)
{
	struct scene *s = *state;
	struct ub_hw_cqe cqe;

	inject(UB_FAULT_LOST_DB, s->m.jfs, 3, 0, 0);
	post_nops(&s->m, 1);
	assert_true(mapped_await(&s->m, &cqe));
	assert_int_equal(cqe.status, UB_CR_SUCCESS);
	told_of_doorbell(s, s->m.jfs);
}

static void a_doorbell_of_the_kernel_is_lost(void **state)
{
	struct scene *s = *state;
	struct ub_hw_cqe cqe;
	struct block b;
	uint32_t count;

	inject(UB_FAULT_LOST_DB, s->kjfs, 1, 0, 0);
	submit(s->guilty, s->kjfs, &b, put_nop(&b));
	assert_int_equal(reap(s->guilty, s->kjfc, &cqe, 1, 1, WAIT_NS, &count), 0);
	assert_int_equal(count, 1);
	told_of_doorbell(s, s->kjfs);
}

/* ---- A device that cannot be used ---- */
static void came_again(struct scene *s, uint32_t event, const char *wedged)
{
	struct news news;
	char text[512];
	int fd;

	assert_true(await_news(s->news, event, &news));
	assert_int_equal(news.scope, UB_SCOPE_DEVICE);
	assert_true(await_wedged(s->uevents, text));
	assert_true(has_line(text, wedged));
	assert_true(has_line(text, "UB_SCOPE=device"));
	if (strcmp(wedged, "WEDGED=none"))
		return;
	fd = open_device();
	works(fd);
	close(fd);
}

static void an_admin_command_is_not_answered(void **state)
{
	struct scene *s = *state;
	struct ub_ioc_query_queue q = { .id = s->m.jfc };

	set_param("admin_timeout_ms", 300);
	inject(UB_FAULT_ADMIN_SILENT, UB_ADMIN_QUERY_JFC, 1, 0, 0);
	expect_failure("QUERY_JFC", s->guilty, UB_IOC_QUERY_JFC, &q,
		       (struct failure){ EIO, UB_EXT_ADMIN_TIMEOUT, UB_ADMIN_QUERY_JFC, 300 });
	came_again(s, UB_HEALTH_ADMIN_TIMEOUT, "WEDGED=none");
	counted(s, 1 << ADMIN_TIMEOUTS | 1 << DEVICE_RESETS);
	assert_int_equal(s->status->lost, UB_LOST_DEVICE);
	expect_errno("QUERY_JFC", call(s->guilty, UB_IOC_QUERY_JFC, &q), ENODEV);
}

static void a_fatal_error(void **state)
{
	struct scene *s = *state;
	struct ub_async_event ev;

	inject(UB_FAULT_FATAL, 0, 1, 0, 0);
	came_again(s, UB_HEALTH_FATAL, "WEDGED=none");
	counted(s, 1 << FATALS | 1 << DEVICE_RESETS);
	assert_int_equal(s->status->lost, UB_LOST_DEVICE);
	assert_int_equal(read(s->guilty, &ev, sizeof(ev)), sizeof(ev));
	assert_int_equal(ev.type, UB_EVENT_DEV_FATAL);
	assert_int_equal(read(s->guilty, &ev, sizeof(ev)), 0);
}

static void not_for_ever(void **state)
{
	struct scene *s = *state;
	int fd;

	/* Ten times this is longer than the test. */
	set_param("hang_timeout_ms", 60000);
	for (unsigned int i = 0; i < 3; i++) {
		inject(UB_FAULT_FATAL, 0, 1, 0, 0);
		came_again(s, UB_HEALTH_FATAL, "WEDGED=none");
	}
	inject(UB_FAULT_FATAL, 0, 1, 0, 0);
	came_again(s, UB_HEALTH_FATAL, "WEDGED=rebind,bus-reset");
	assert_int_equal(health("device_resets"), s->was[DEVICE_RESETS] + 3);
	assert_int_equal(open(device, O_RDWR | O_CLOEXEC), -1);
	expect_errno("open", errno, EIO);
	assert_int_equal(reset_device(true), 0);
	fd = open_device();
	works(fd);
	close(fd);
	/* And it is taken care of again. */
	inject(UB_FAULT_FATAL, 0, 1, 0, 0);
	came_again(s, UB_HEALTH_FATAL, "WEDGED=none");
}

#define hang_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest any[] = {
		hang_test(a_long_product_is_left_alone), hang_test(a_patient_sender_is_left_alone),
	};
	const struct CMUnitTest faulty[] = {
		hang_test(a_queue_hangs), hang_test(a_kernel_queue_hangs),
		hang_test(a_context_hangs), hang_test(a_device_hangs),
		hang_test(closing_a_stuck_queue), hang_test(not_while_it_is_off),
		hang_test(two_contexts_hang), hang_test(an_asynchronous_event_without_interrupt),
		hang_test(a_moment_is_not_for_ever), hang_test(an_event_without_interrupt),
		hang_test(a_reaper_without_interrupt), hang_test(a_ring_without_interrupt),
		hang_test(a_doorbell_is_lost), hang_test(doorbells_are_lost_in_a_row),
		hang_test(a_doorbell_of_the_kernel_is_lost),
		hang_test(an_admin_command_is_not_answered), hang_test(a_fatal_error),
		hang_test(not_for_ever),
	};
	int failed;

	uapi_args(argc, argv);
	failed = cmocka_run_group_tests(any, NULL, NULL);
	if (can_inject())
		failed += cmocka_run_group_tests(faulty, NULL, NULL);
	return failed;
}
