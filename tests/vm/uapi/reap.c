/* SPDX-License-Identifier: MIT */
/* REAP: no completion is lost, whatever becomes of the memory it is to be written to. */
#include "uapi.h"

#include <pthread.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WQES 40u

static void submit_nops(struct world *w, unsigned int n)
{
	static _Alignas(8) struct { struct ub_hw_wqe wqe; uint8_t rest[16]; } blocks[WQES];
	struct ub_ioc_submit a = { .wqes = (uintptr_t)blocks, .id = w->kjfs, .nblocks = n };

	for (unsigned int i = 0; i < n; i++)
		blocks[i].wqe = (struct ub_hw_wqe){ .opcode = UB_OP_NOP, .user_ctx = i };
	expect_ok("SUBMIT", w->fd, UB_IOC_SUBMIT, &a);
	assert_int_equal(a.taken, n);
}

static int reap(struct world *w, void *to, uint32_t max, uint32_t min, uint32_t *count)
{
	struct ub_ioc_reap a = { .cqes = (uintptr_t)to, .id = w->kjfc, .max = max, .min = min,
				 .timeout_ns = 10000000000ull };
	int err = call(w->fd, UB_IOC_REAP, &a);

	*count = err ? 0 : a.count;
	return err;
}

static void open_queues(struct world *w)
{
	w->kjfc = make_kernel_jfc(w->fd);
	w->kjfs = make_kernel_jfs(w->fd, w->kjfc);
}

static void close_queues(struct world *w)
{
	destroy(w->fd, UB_IOC_DESTROY_JFS, w->kjfs);
	destroy(w->fd, UB_IOC_DESTROY_JFC, w->kjfc);
}

static void nothing_is_lost_where_nothing_can_be_written(void **state)
{
	struct world *w = *state;
	struct ub_hw_cqe cqes[WQES];
	uint32_t count;

	open_queues(w);
	submit_nops(w, WQES);
	assert_int_equal(reap(w, NULL, WQES, WQES, &count), EFAULT);
	assert_int_equal(reap(w, (void *)(uintptr_t)KERNEL_ADDRESS, 1, 1, &count), EFAULT);
	assert_int_equal(reap(w, cqes, WQES, WQES, &count), 0);
	assert_int_equal(count, WQES);
	for (uint32_t i = 0; i < WQES; i++)
		assert_int_equal(cqes[i].user_ctx, i);
	close_queues(w);
}

/* What fits is delivered and counted; the rest comes with the next call, in order. */
static void a_mapping_that_ends_in_the_middle(void **state)
{
	struct world *w = *state;
	uint8_t *map = map_pages(2);
	struct ub_hw_cqe *edge = (struct ub_hw_cqe *)(map + PAGE) - WQES / 2, rest[WQES];
	uint32_t got, more;

	assert_int_equal(munmap(map + PAGE, PAGE), 0);
	open_queues(w);
	submit_nops(w, WQES);
	assert_int_equal(reap(w, edge, WQES, WQES, &got), 0);
	assert_true(got >= 1 && got <= WQES / 2);
	for (uint32_t i = 0; i < got; i++)
		assert_int_equal(edge[i].user_ctx, i);
	assert_int_equal(reap(w, rest, WQES, WQES - got, &more), 0);
	assert_int_equal(got + more, WQES);
	for (uint32_t i = 0; i < more; i++)
		assert_int_equal(rest[i].user_ctx, got + i);
	close_queues(w);
	assert_int_equal(munmap(map, PAGE), 0);
}

struct reaper {
	struct world *w;
	uint8_t *seen;
	uint32_t count;
	int err;
};

static void *reap_until_enough(void *arg)
{
	struct reaper *r = arg;
	struct ub_hw_cqe cqes[3];
	uint32_t n;

	while (__atomic_load_n(&r->seen[WQES], __ATOMIC_RELAXED) == 0) {
		r->err = reap(r->w, cqes, 3, 0, &n);
		if (r->err)
			break;
		for (uint32_t i = 0; i < n; i++)
			__atomic_fetch_add(&r->seen[cqes[i].user_ctx], 1, __ATOMIC_RELAXED);
		__atomic_fetch_add(&r->count, n, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void many_reapers_share_what_there_is(void **state)
{
	struct world *w = *state;
	uint8_t seen[WQES + 1] = { 0 };
	struct reaper r[4];
	pthread_t thread[4];
	uint32_t sum;

	open_queues(w);
	for (unsigned int i = 0; i < 4; i++) {
		r[i] = (struct reaper){ .w = w, .seen = seen };
		assert_int_equal(pthread_create(&thread[i], NULL, reap_until_enough, &r[i]), 0);
	}
	for (unsigned int round = 1; round <= 50; round++) {
		submit_nops(w, WQES);
		do {
			sum = 0;
			for (unsigned int i = 0; i < 4; i++)
				sum += __atomic_load_n(&r[i].count, __ATOMIC_RELAXED);
		} while (sum < round * WQES);
		assert_int_equal(sum, round * WQES);
	}
	__atomic_store_n(&seen[WQES], 1, __ATOMIC_RELAXED);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(thread[i], NULL), 0);
		assert_int_equal(r[i].err, 0);
	}
	for (unsigned int i = 0; i < WQES; i++)
		assert_int_equal(seen[i], 50);
	close_queues(w);
}

static void ignore(int sig)
{
	(void)sig;
}

/* Its handler runs; with the same structure the rest of the time is waited for. */
static void a_signal_with_a_handler_ends_the_wait(void **state)
{
	const struct itimerval soon = { .it_value = { .tv_usec = 100000 } };
	struct sigaction act = { .sa_handler = ignore, .sa_flags = SA_RESTART };
	struct world *w = *state;
	struct ub_hw_cqe cqe;
	struct ub_ioc_reap a = { .cqes = (uintptr_t)&cqe, .max = 1, .min = 1,
				 .timeout_ns = 300000000000ull };

	open_queues(w);
	a.id = w->kjfc;
	assert_int_equal(sigaction(SIGALRM, &act, NULL), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
	assert_int_equal(call(w->fd, UB_IOC_REAP, &a), EINTR);
	assert_true(a.timeout_ns >= 1 && a.timeout_ns < 300000000000ull);
	submit_nops(w, 1);
	assert_int_equal(call(w->fd, UB_IOC_REAP, &a), 0);
	assert_int_equal(a.count, 1);
	close_queues(w);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* The process is stopped five times while it waits: the wait ends by its time, not by that. */
static void who_is_stopped_waits_on(void **state)
{
	struct world *w = *state;
	struct ub_hw_cqe cqe;
	struct ub_ioc_reap a = { .cqes = (uintptr_t)&cqe, .max = 1, .min = 1,
				 .timeout_ns = 2000000000ull };
	pid_t parent = getpid(), child;
	uint64_t start;
	int status;

	open_queues(w);
	a.id = w->kjfc;
	child = fork();
	if (!child) {
		for (unsigned int i = 0; i < 5; i++) {
			usleep(50000);
			kill(parent, SIGSTOP);
			usleep(50000);
			kill(parent, SIGCONT);
		}
		_exit(0);
	}
	start = now_ns();
	assert_int_equal(call(w->fd, UB_IOC_REAP, &a), 0);
	assert_int_equal(a.count, 0);
	assert_true(now_ns() - start >= 2000000000ull);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	close_queues(w);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		world_test(nothing_is_lost_where_nothing_can_be_written),
		world_test(a_mapping_that_ends_in_the_middle),
		world_test(many_reapers_share_what_there_is),
		world_test(a_signal_with_a_handler_ends_the_wait),
		world_test(who_is_stopped_waits_on),
	};

	return run_all(argc, argv, tests);
}
