/* SPDX-License-Identifier: MIT */
/* Children: what fork() makes of a context, and what a child may do without harm to its parent. */
#include "common.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILD_SECONDS 300

extern char **environ;

struct work {
	struct rig rig;
	struct mem mem;
};

static void work_open(struct work *w, const char *device)
{
	rig_open(&w->rig, device);
	w->mem = mem_make(w->rig.ctx, 1 << 20, RW);
}

static void work_close(struct work *w)
{
	mem_free(&w->mem);
	rig_close(&w->rig);
}

/* Status of one FILL of all the memory with a byte, whose arrival is checked. */
static int work_do(struct work *w, uint8_t byte)
{
	ub_sge_t sge = mem_sge(&w->mem, 0, w->mem.size);
	struct ub_jfs_wr wr = { .opcode = UB_OP_FILL, .flags = UB_WR_COMPLETE, .num_sge = 1,
				.sge = &sge, .pattern = byte, .pattern_size = 1 };
	struct ub_wait_cfg cfg = { 20, 80, TIMEOUT_MS };
	struct ub_cr cr;
	int ret = ub_post_jfs_wr(w->rig.jfs, &wr, 1, NULL);

	if (!ret)
		ret = ub_wait_cr(w->rig.jfc, &cr, 1, &cfg);
	if (ret != 1)
		return ret ? ret : -ETIMEDOUT;
	return w->mem.buf[0] == byte && w->mem.buf[w->mem.size - 1] == byte ? cr.status : -EIO;
}

/* Forks; the child runs fn and ends by _exit(), or by exit() where fn calls it. */
static void in_child(int (*fn)(struct work *w), struct work *w)
{
	int status;
	pid_t pid;

	fflush(stdout);
#ifdef __SANITIZE_ADDRESS__
	usleep(20000); /* the device's threads leave the sanitizer's allocator; see below */
#endif
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		alarm(CHILD_SECONDS);
		_exit(fn(w));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static struct work at_exit;

static void close_at_exit(void)
{
	work_close(&at_exit);
}

/* As a program does whose objects are global: what it registered by atexit() runs in the child. */
static int ends_by_exit(struct work *w)
{
	at_exit = *w;
	if (atexit(close_at_exit))
		return 1;
	exit(0);
}

static int descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	if (!dir)
		return -1;
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* Context and channel have a descriptor each. */
static int deletes_all(struct work *w)
{
	int before = descriptors();

	work_close(w);
	return descriptors() == before - 2 ? 0 : 1;
}

static bool refused(int ret)
{
	return ret == -EACCES && ub_last_error()->ext_code == UB_EXT_FOREIGN_CONTEXT;
}

static bool refuses_objects(struct work *w)
{
	struct ub_seg_cfg seg = { .va = w->mem.buf, .len = w->mem.size, .access = RW };
	struct ub_jfc_cfg jfc = { .depth = 64 };
	struct ub_jfs_cfg jfs = { .depth = 64, .jfc = w->rig.jfc };

	return !ub_register_seg(w->rig.ctx, &seg) && refused(-errno) &&
	       !ub_create_jfc(w->rig.ctx, &jfc) && refused(-errno) &&
	       !ub_create_jfs(w->rig.ctx, &jfs) && refused(-errno) &&
	       !ub_create_jfce(w->rig.ctx) && refused(-errno);
}

static int uses_its_parents(struct work *w)
{
	struct ub_queue_attr attr;
	struct ub_device_attr device;
	struct ub_async event;
	struct ub_jfc *jfc;

	if (!refuses_objects(w))
		return 1;
	if (!refused(ub_modify_jfs(w->rig.jfs, UB_STATE_ERROR)) ||
	    !refused(ub_query_jfs(w->rig.jfs, &attr)) ||
	    !refused(ub_query_device(w->rig.ctx, &device)) ||
	    !refused(ub_set_seg_token(w->mem.seg, 1)))
		return 2;
	if (!refused(ub_wait_jfc(w->rig.jfce, 1, -1, &jfc)) ||
	    !refused(ub_get_async_event(w->rig.ctx, &event, -1)))
		return 3;
	return ub_context_lost(w->rig.ctx) ? 0 : 4;
}

static int waits_for_completions(struct work *w)
{
	struct ub_cr cr;

	return refused(ub_wait_cr(w->rig.jfc, &cr, 1, NULL)) ? 0 : 1;
}

static int opens_its_own(struct work *w)
{
	struct work own;
	int status;

	(void)w;
	work_open(&own, device_a);
	status = work_do(&own, 7);
	work_close(&own);
	return status;
}

/* A worker that lets go of what it inherited, then works, and has a child of its own do so. */
static int works_as_its_parent(struct work *w)
{
	struct work own;
	int status;
	pid_t pid;

	work_close(w);
	work_open(&own, device_a);
	status = work_do(&own, 8);
	pid = fork();
	if (!pid) {
		alarm(CHILD_SECONDS);
		_exit(deletes_all(&own) || opens_its_own(NULL));
	}
	if (waitpid(pid, &pid, 0) < 0 || pid)
		return 1;
	status |= work_do(&own, 9);
	work_close(&own);
	return status;
}

#define CHILD_TEST(name) \
	static void child_##name(void **state) \
	{ \
		struct work w; \
		(void)state; \
		work_open(&w, device_a); \
		assert_int_equal(work_do(&w, 1), UB_CR_SUCCESS); \
		in_child(name, &w); \
		assert_int_equal(work_do(&w, 2), UB_CR_SUCCESS); \
		assert_false(ub_context_lost(w.rig.ctx)); \
		work_close(&w); \
	}

CHILD_TEST(ends_by_exit)
CHILD_TEST(deletes_all)
CHILD_TEST(uses_its_parents)
CHILD_TEST(waits_for_completions)
CHILD_TEST(opens_its_own)
CHILD_TEST(works_as_its_parent)

/*
 * Locks that threads of the parent hold at that moment stay held in the child, for ever. So do
 * those of AddressSanitizer's allocator (GCC 12): the program without it has this test alone, and
 * runs through the plug-in and in a VM.
 */
#ifndef __SANITIZE_ADDRESS__
struct busy {
	pthread_t thread;
	bool stop;
	int status;
};

static void *keeps_busy(void *arg)
{
	struct busy *busy = arg;
	struct work w;

	while (!__atomic_load_n(&busy->stop, __ATOMIC_RELAXED) && !busy->status) {
		work_open(&w, device_a);
		for (int i = 0; i < 20 && !busy->status; i++)
			busy->status = work_do(&w, 3);
		work_close(&w);
	}
	return NULL;
}

static void forks_while_threads_work(void **state)
{
	struct busy busy[2] = { 0 };
	struct work w;

	(void)state;
	work_open(&w, device_a);
	for (unsigned i = 0; i < 2; i++)
		assert_false(pthread_create(&busy[i].thread, NULL, keeps_busy, &busy[i]));
	for (unsigned i = 0; i < 20; i++)
		in_child(i & 1 ? opens_its_own : works_as_its_parent, &w);
	for (unsigned i = 0; i < 2; i++) {
		__atomic_store_n(&busy[i].stop, true, __ATOMIC_RELAXED);
		pthread_join(busy[i].thread, NULL);
		assert_int_equal(busy[i].status, 0);
	}
	assert_int_equal(work_do(&w, 4), UB_CR_SUCCESS);
	work_close(&w);
}
#endif

/* These share memory until they run another program: the context stays the parent's. */
static void starts_programs(void **state)
{
	char *argv[] = { "true", NULL };
	struct work w;
	int status;
	pid_t pid;

	(void)state;
	work_open(&w, device_a);
	assert_int_equal(posix_spawnp(&pid, "true", NULL, NULL, argv, environ), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	pid = vfork();
	if (!pid) {
		execvp("true", argv);
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(work_do(&w, 5), UB_CR_SUCCESS);
	work_close(&w);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(child_ends_by_exit),
		cmocka_unit_test(child_deletes_all),
		cmocka_unit_test(child_uses_its_parents),
		cmocka_unit_test(child_waits_for_completions),
		cmocka_unit_test(child_opens_its_own),
		cmocka_unit_test(child_works_as_its_parent),
#ifndef __SANITIZE_ADDRESS__
		cmocka_unit_test(forks_while_threads_work),
#endif
		cmocka_unit_test(starts_programs),
	};

	return run_all(argc, argv, tests);
}
