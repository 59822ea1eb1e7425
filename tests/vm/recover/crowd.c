/* SPDX-License-Identifier: MIT */
#include <poll.h>
#include <sys/epoll.h>

#include "crowd.h"
#include "ctl.h"

#define DIM	2048u
#define MATRIX	((size_t)DIM * DIM * 4)

/* ---- The waits ---- */
static void *wait_reap(void *arg)
{
	struct crowd *c = arg;
	uint32_t n;

	do {
		c->reap_err = reap(c->fd, c->reap_jfc, &c->reaped[c->nr_reaped], 1, 1,
				   UB_WAIT_FOREVER, &n);
		c->nr_reaped += n;
	} while (!c->reap_err && c->nr_reaped < ARRAY_SIZE(c->reaped));
	return NULL;
}

static void *wait_events(void *arg)
{
	struct crowd *c = arg;
	struct ub_async_event ev;

	while (read(c->fd, &ev, sizeof(ev)) == sizeof(ev)) {
		if (ev.type == UB_EVENT_DEV_FATAL)
			c->fatal++;
		else if (ev.type == UB_EVENT_JFS_ERR && ev.info == UB_CR_WR_FLUSH_ERR)
			__atomic_fetch_add(&c->queue_errors, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void *wait_channel(void *arg)
{
	struct crowd *c = arg;
	struct ub_jfce_event ev;

	while (read(c->channel, &ev, sizeof(ev)) == sizeof(ev))
		;
	c->channel_err = errno;
	return NULL;
}

static void *wait_epoll(void *arg)
{
	struct crowd *c = arg;
	struct epoll_event ev = { .events = EPOLLIN };
	int ep = epoll_create1(EPOLL_CLOEXEC);

	c->epoll_err = epoll_ctl(ep, EPOLL_CTL_ADD, c->silent, &ev);
	while (!c->epoll_err && epoll_wait(ep, &ev, 1, -1) < 0 && errno == EINTR)
		;
	if (!c->epoll_err)
		c->epoll_events = ev.events;
	close(ep);
	return NULL;
}

static void take(struct crowd *c, const struct ub_hw_cqe *cqe)
{
	if (cqe->status == UB_CR_WR_FLUSH_ERR_DONE) {
		__atomic_fetch_add(&c->done_cqes, 1, __ATOMIC_RELEASE);
		return;
	}
	c->seen[cqe->user_ctx % DEPTH]++;
	c->flushed += cqe->status == UB_CR_WR_FLUSH_ERR;
	c->succeeded += cqe->status == UB_CR_SUCCESS;
}

static void *wait_polling(void *arg)
{
	struct crowd *c = arg;
	struct ub_hw_cqe cqe;

	while (!c->status->lost) {
		if (mapped_poll(&c->m, &cqe))
			take(c, &cqe);
		else
			usleep(1000);
	}
	return NULL;
}

static void *(*const ways[WAYS])(void *) = {
	[BY_REAP] = wait_reap, [BY_EVENTS] = wait_events, [BY_CHANNEL] = wait_channel,
	[BY_EPOLL] = wait_epoll, [BY_POLLING] = wait_polling,
};

/* ---- The crowd ---- */
static int make_channel(int fd)
{
	struct ub_ioc_create_jfce a = { 0 };

	expect_ok("CREATE_JFCE", fd, UB_IOC_CREATE_JFCE, &a);
	return a.fd;
}

static void uring_command(struct crowd *c, unsigned int op, uint32_t id, uint32_t arg,
			  uint64_t addr, enum tag tag)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&c->ring);
	struct ub_uring_cmd cmd = { .id = id, .arg = arg, .addr = addr };

	io_uring_prep_nop(sqe);
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = c->fd;
	sqe->cmd_op = op;
	sqe->user_data = tag;
	memcpy(sqe->cmd, &cmd, sizeof(cmd));
}

static void start_uring(struct crowd *c, struct block *send, struct block *gemm)
{
	assert_int_equal(io_uring_queue_init(8, &c->ring, IORING_SETUP_SQE128), 0);
	uring_command(c, UB_URING_SUBMIT, c->send_jfs, 1, (uintptr_t)send, TAG_SEND);
	uring_command(c, UB_URING_SUBMIT, c->gemm_jfs, 2, (uintptr_t)gemm, TAG_GEMM);
	uring_command(c, UB_URING_WAIT, c->m.jfc, 3, UB_URING_WAIT_MAX_NS, TAG_WAIT);
	assert_int_equal(io_uring_submit(&c->ring), 3);
}

static void make_queues(struct crowd *c)
{
	c->channel = make_channel(c->fd);
	c->silent = make_channel(c->fd);
	mapped_open(&c->m, c->fd, c->channel);
	c->gemm_seg = make_seg(c->fd, c->data, 3 * MATRIX);
	c->jfr = make_slow_jfr(c->fd, c->jfr_mem, c->m.jfc);
	c->reap_jfc = make_kernel_jfc(c->fd);
	c->reap_jfs = make_patient_jfs(c->fd, NULL, c->reap_jfc, NULL);
	c->ring_jfc = make_kernel_jfc(c->fd);
	c->send_jfs = make_patient_jfs(c->fd, NULL, c->ring_jfc, NULL);
	c->gemm_jfs = make_patient_jfs(c->fd, NULL, c->ring_jfc, NULL);
}

void crowd_start(struct crowd *c)
{
	static struct block send, gemm[2];

	c->fd = open_device();
	c->tid = tid_of(c->fd);
	c->status = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, c->fd, UB_MMAP_STATUS);
	assert_true(c->status != MAP_FAILED);
	c->jfr_mem = map_pages(2);
	c->data = map_pages(3 * MATRIX / PAGE);
	make_queues(c);
	for (unsigned int i = 0; i < GEMMS; i++) {
		put_gemm(gemm, c->gemm_seg, c->data, DIM);
		mapped_post(&c->m, gemm, 2);
	}
	mapped_arm(&c->m, 0);
	put_send(&send, c->fd, c->jfr);
	submit(c->fd, c->reap_jfs, &send, 1);
	put_send(&send, c->fd, c->jfr);
	put_gemm(gemm, c->gemm_seg, c->data, DIM);
	start_uring(c, &send, gemm);
	for (unsigned int i = 0; i < WAYS; i++)
		assert_int_equal(pthread_create(&c->threads[i], NULL, ways[i], c), 0);
}

void crowd_finish(struct crowd *c)
{
	io_uring_queue_exit(&c->ring);
	mapped_close(&c->m);
	munmap((void *)c->status, PAGE);
	munmap(c->jfr_mem, QUEUE_LEN);
	munmap(c->data, 3 * MATRIX);
	close(c->channel);
	close(c->silent);
	close(c->fd);
}

/* ---- What is true afterwards ---- */
void crowd_joined(struct crowd *c)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += WAIT_MS / 1000;
	for (unsigned int i = 0; i < WAYS; i++)
		if (pthread_timedjoin_np(c->threads[i], NULL, &until))
			fail_msg("wait %u did not end", i);
}

/* Each of the three commands ends once; res[tag] gets how. */
void crowd_uring_ended(struct crowd *c, unsigned int want, int res[TAGS])
{
	struct __kernel_timespec limit = { .tv_sec = WAIT_MS / 1000 };
	struct io_uring_cqe *cqe;
	bool ended[TAGS] = { 0 };

	for (unsigned int i = 0; i < want; i++) {
		assert_int_equal(io_uring_wait_cqe_timeout(&c->ring, &cqe, &limit), 0);
		assert_in_range(cqe->user_data, TAG_SEND, TAG_WAIT);
		assert_false(ended[cqe->user_data]);
		ended[cqe->user_data] = true;
		res[cqe->user_data] = cqe->res;
		io_uring_cqe_seen(&c->ring, cqe);
	}
}

void crowd_nothing_twice(const struct crowd *c)
{
	for (unsigned int i = 0; i < DEPTH; i++)
		assert_true(c->seen[i] <= 1);
}

/* A page of the process's own, that keeps what is stored. */
static void private_page(volatile uint8_t *page)
{
	volatile uint32_t *word = (volatile uint32_t *)(page + UB_DB_JFS);

	*word = 0x12345678;
	assert_int_equal(*word, 0x12345678);
	*word = 0;
}

static void everybody_was_told(struct crowd *c, enum ub_lost how)
{
	struct ub_ioc_query_queue q = { .id = c->m.jfs };
	struct ub_async_event ev;
	int res[TAGS];

	crowd_joined(c);
	crowd_uring_ended(c, 3, res);
	assert_int_equal(res[TAG_SEND], -ENODEV);
	assert_true(res[TAG_GEMM] == -ENODEV || !res[TAG_GEMM]);
	/* A system takes its time to fall asleep, and a WAIT may not. */
	assert_true(res[TAG_WAIT] == -ENODEV || res[TAG_WAIT] == -ETIME);
	assert_int_equal(c->reap_err, ENODEV);
	assert_int_equal(c->nr_reaped, 0);
	assert_int_equal(c->channel_err, ENODEV);
	assert_int_equal(c->epoll_events, EPOLLIN | EPOLLERR | EPOLLHUP);
	assert_int_equal(c->fatal, 1);
	assert_int_equal(read(c->fd, &ev, sizeof(ev)), 0);
	crowd_nothing_twice(c);
	assert_int_equal(c->status->lost, how);
	private_page(c->m.jfs_db);
	private_page(c->m.jfc_db);
	expect_errno("QUERY_JFS", call(c->fd, UB_IOC_QUERY_JFS, &q), ENODEV);
	assert_true(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, c->fd,
			 (off_t)UB_MMAP_JFS_DB(c->m.jfs)) == MAP_FAILED);
	expect_errno("mmap", errno, ENODEV);
}

/* All that the context had is given back, while its file is still open. */
static void memory_is_back(const struct counts *before)
{
	struct counts now = counts_now();

	assert_int_equal(now.segs, before->segs);
	assert_int_equal(now.queues, before->queues);
	assert_true(now.pinned == before->pinned);
	assert_true(now.vm_pin == before->vm_pin);
}

static void next_one_is_served(void)
{
	struct world w;

	world_open(&w);
	works(w.fd);
	world_close(&w);
}

void lose_by(void (*act)(struct crowd *), enum ub_lost how)
{
	struct counts before = counts_now();
	struct crowd *c = calloc(1, sizeof(*c));
	int late;

	crowd_start(c);
	act(c);
	everybody_was_told(c, how);
	/* One that unplugging or unbinding took away is to come back first. */
	late = open_when_there();
	close(late);
	memory_is_back(&before);
	next_one_is_served();
	crowd_finish(c);
	assert_counts(&before);
	free(c);
}
