/* SPDX-License-Identifier: MIT */
/* What one user may have on a device: two users side by side, and who pays for what. */
#include "uapi.h"

#include <linux/capability.h>
#include <grp.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define ALICE	4001
#define BOB	4002
#define CAP	4
#define DYING	50
#define BEYOND	3	/* one page is mapped so often: DMA debugging bears 8 */

static gid_t node_group(void)
{
	struct stat st;

	return stat(device, &st) ? (gid_t)-1 : st.st_gid;
}

/* The saved uid stays root's, so that a process may be one after the other. */
static void be(uid_t uid)
{
	check(!setresuid(0, 0, 0));
	check(!setresuid(uid, uid, 0));
}

static int open_as(uid_t uid)
{
	int fd, err;

	be(uid);
	fd = open(device, O_RDWR | O_CLOEXEC);
	err = errno;
	be(0);
	errno = err;
	return fd;
}

/* Every test runs in a child: its users are in the device's group, no other limit is met. */
static void prepare(void)
{
	struct rlimit files = { 4096, 4096 }, memory = { RLIM_INFINITY, RLIM_INFINITY };
	gid_t group = node_group();

	check(!setrlimit(RLIMIT_NOFILE, &files) && !setrlimit(RLIMIT_MEMLOCK, &memory));
	check(!setgroups(1, &group));
}

/* ---- Kinds of objects; arg is what each call needs ---- */
struct maker {
	int fd;
	uint8_t *mem;
	uint32_t jfc;
};

static int make_one_seg(const struct maker *m, union arg *a)
{
	a->reg_seg = (struct ub_ioc_reg_seg){ .addr = (uintptr_t)m->mem, .len = PAGE,
					      .access = RW };
	return call(m->fd, UB_IOC_REG_SEG, a);
}

static int make_one_jfc(const struct maker *m, union arg *a)
{
	a->create_jfc = (struct ub_ioc_create_jfc){ .mem = queue_mem(m->mem), .depth = DEPTH,
						    .jfce_fd = -1 };
	return call(m->fd, UB_IOC_CREATE_JFC, a);
}

static int make_one_kernel_jfc(const struct maker *m, union arg *a)
{
	a->create_jfc = (struct ub_ioc_create_jfc){ .depth = DEPTH, .flags = UB_JFC_F_KERNEL };
	return call(m->fd, UB_IOC_CREATE_JFC, a);
}

static int make_one_jfs(const struct maker *m, union arg *a)
{
	a->create_jfs = (struct ub_ioc_create_jfs){ .mem = queue_mem(m->mem), .depth = DEPTH,
						    .jfc = m->jfc };
	return call(m->fd, UB_IOC_CREATE_JFS, a);
}

static int make_one_jfr(const struct maker *m, union arg *a)
{
	a->create_jfr = (struct ub_ioc_create_jfr){ .mem = queue_mem(m->mem), .depth = DEPTH,
						    .jfc = m->jfc };
	return call(m->fd, UB_IOC_CREATE_JFR, a);
}

static int end_one_seg(const struct maker *m, const union arg *a)
{
	struct ub_ioc_dereg_seg d = { .token_id = a->reg_seg.token_id };

	return call(m->fd, UB_IOC_DEREG_SEG, &d);
}

static int end_queue(const struct maker *m, unsigned int cmd, uint32_t id)
{
	struct ub_ioc_destroy_queue d = { .id = id };

	return call(m->fd, cmd, &d);
}

static int end_one_jfc(const struct maker *m, const union arg *a)
{
	return end_queue(m, UB_IOC_DESTROY_JFC, a->create_jfc.id);
}

static int end_one_jfs(const struct maker *m, const union arg *a)
{
	return end_queue(m, UB_IOC_DESTROY_JFS, a->create_jfs.id);
}

static int end_one_jfr(const struct maker *m, const union arg *a)
{
	return end_queue(m, UB_IOC_DESTROY_JFR, a->create_jfr.id);
}

struct kind {
	const char *param;
	uint32_t obj;
	unsigned int have;	/* what a maker has of it already */
	int (*make)(const struct maker *m, union arg *a);
	int (*end)(const struct maker *m, const union arg *a);
};

static const struct kind kinds[] = {
	{ "max_segs_per_user", UB_OBJ_SEG, 0, make_one_seg, end_one_seg },
	{ "max_queues_per_user", UB_OBJ_JFC, 1, make_one_jfc, end_one_jfc },
	{ "max_queues_per_user", UB_OBJ_JFC, 1, make_one_kernel_jfc, end_one_jfc },
	{ "max_queues_per_user", UB_OBJ_JFS, 0, make_one_jfs, end_one_jfs },
	{ "max_queues_per_user", UB_OBJ_JFR, 0, make_one_jfr, end_one_jfr },
};

static struct maker maker_as(uid_t uid)
{
	struct maker m = { .fd = open_as(uid), .mem = map_pages(4) };
	union arg a;

	check(m.fd >= 0);
	check(!make_one_jfc(&(struct maker){ m.fd, m.mem + QUEUE_LEN, 0 }, &a));
	m.jfc = a.create_jfc.id;
	return m;
}

static bool refused(const struct maker *m, const struct kind *k, uint64_t limit)
{
	union arg a;

	return k->make(m, &a) == EDQUOT && a.hdr.ext_code == UB_EXT_USER_LIMIT &&
	       a.hdr.ext_obj == k->obj && a.hdr.ext_limit == limit;
}

/* ---- Each kind ---- */
static void fill_kind(void *arg)
{
	const struct kind *k = arg;
	struct maker first, second, bob, root;
	union arg made[CAP], other;
	unsigned int i, room = CAP - k->have;

	prepare();
	first = maker_as(ALICE);
	bob = maker_as(BOB);
	root = maker_as(0);
	for (i = 0; i < room; i++)
		check(!k->make(&first, &made[i]));
	check(refused(&first, k, CAP));
	check(!k->end(&first, &made[0]));
	/* Another context of the same user counts with the first. */
	second = k->have ? first : maker_as(ALICE);
	check(!k->make(&second, &made[0]));
	check(refused(&first, k, CAP) && refused(&second, k, CAP));
	for (i = 0; i < room; i++)
		check(!k->make(&bob, &other));
	check(refused(&bob, k, CAP));
	for (i = 0; i < room + BEYOND; i++)
		check(!k->make(&root, &other));
}

static void limit_of_each_kind(void **state)
{
	struct counts was = counts_now();
	unsigned int value;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		value = set_param(kinds[i].param, CAP);
		in_child(fill_kind, (void *)&kinds[i]);
		set_param(kinds[i].param, value);
	}
	assert_counts(&was);
}

/* ---- Contexts ---- */
static bool full(uid_t uid)
{
	return open_as(uid) == -1 && errno == EDQUOT;
}

static void fill_contexts(void *arg)
{
	int fds[CAP], bob[CAP], i;

	(void)arg;
	prepare();
	for (i = 0; i < CAP; i++)
		check((fds[i] = open_as(ALICE)) >= 0);
	check(full(ALICE));
	for (i = 0; i < CAP; i++)
		check((bob[i] = open_as(BOB)) >= 0);
	check(full(BOB));
	check(!close(fds[0]));
	check((fds[0] = open_as(ALICE)) >= 0 && full(ALICE));
	for (i = 0; i < CAP + BEYOND; i++)
		check(open_as(0) >= 0);
}

/* A copy of a descriptor is no context. */
static void copies(void *arg)
{
	int fds[CAP], pair[2], i;
	pid_t pid;

	(void)arg;
	prepare();
	check(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	for (i = 0; i < CAP - 1; i++) {
		check((fds[i] = open_as(ALICE)) >= 0);
		check(dup(fds[i]) >= 0 && fcntl(fds[i], F_DUPFD_CLOEXEC, 100) >= 0);
		send_fd(pair[0], fds[i]);
	}
	pid = fork();
	if (!pid) {
		pause();
		_exit(0);
	}
	check(pid > 0);
	check((fds[i] = open_as(ALICE)) >= 0 && full(ALICE));
	/* What a child still has is still a context, when all others have closed it. */
	check(!close(fds[0]) && full(ALICE));
	check(!kill(pid, SIGKILL) && waitpid(pid, NULL, 0) == pid && full(ALICE));
	for (i = 3; i < 4096; i++)
		if (i != pair[0] && i != pair[1])
			close(i);
	/* Those in the socket are left. */
	check(open_as(ALICE) >= 0 && full(ALICE));
	check(!close(pair[0]) && !close(pair[1]));
	for (i = 0; i < CAP - 1; i++)
		check(open_as(ALICE) >= 0);
	check(full(ALICE));
}

struct shared { int sock; };

static void open_send_and_die(void *arg)
{
	const struct shared *s = arg;
	int i;

	for (i = 0; i < CAP; i++)
		send_fd(s->sock, open_as(ALICE));
}

/* Whoever has it, its opener pays: it is waited for and then refused, not for ever. */
static void in_anothers_hands(void *arg)
{
	int pair[2], fds[CAP], i;

	(void)arg;
	prepare();
	check(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	in_child(open_send_and_die, &(struct shared){ pair[0] });
	for (i = 0; i < CAP; i++)
		fds[i] = receive_fd(pair[1]);
	check(full(ALICE));
	for (i = 0; i < CAP; i++)
		check(open_as(BOB) >= 0);
	check(!close(fds[0]));
	check(open_as(ALICE) >= 0 && full(ALICE));
}

/* ---- Who pays, who is exempt: the opener as he was when he opened ---- */
static void openers_credentials(void *arg)
{
	int mine, roots, i;

	(void)arg;
	prepare();
	for (i = 0; i < CAP; i++)
		check((mine = open_as(ALICE)) >= 0);
	/* Root's help does not lift what Alice's file may have. */
	set_param("max_segs_per_user", CAP);
	roots = open_as(0);
	check(roots >= 0);
	be(ALICE);
	{
		struct maker m = { mine, map_pages(1), 0 }, r = { roots, map_pages(1), 0 };
		union arg a;

		for (i = 0; i < CAP + BEYOND; i++)
			check(!make_one_seg(&r, &a));
		for (i = 0; i < CAP; i++)
			check(!make_one_seg(&m, &a));
		check(refused(&m, &kinds[0], CAP));
		be(0);
		check(refused(&m, &kinds[0], CAP));
	}
}

/* A user without the capability is limited whatever his name; with it root is not. */
static void capability_and_not_the_name(void *arg)
{
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2];
	int i;

	(void)arg;
	prepare();
	check(!syscall(SYS_capget, &h, d));
	d[CAP_SYS_RESOURCE / 32].effective &= ~(1u << CAP_SYS_RESOURCE % 32);
	d[CAP_SYS_RESOURCE / 32].permitted &= ~(1u << CAP_SYS_RESOURCE % 32);
	check(!syscall(SYS_capset, &h, d));
	for (i = 0; i < CAP; i++)
		check(open(device, O_RDWR) >= 0);
	check(open(device, O_RDWR) == -1 && errno == EDQUOT);
}

/* ---- Exactness ---- */
static void failures(const struct maker *m)
{
	struct ub_ioc_reg_seg nowhere = { .addr = 0x10000, .len = PAGE, .access = RW };
	struct ub_ioc_create_jfs no_jfc = { .mem = queue_mem(m->mem), .depth = DEPTH,
					    .jfc = 0xfffff };
	struct ub_ioc_create_jfs no_memory = { .mem = { 0x10000, QUEUE_LEN, PAGE },
					       .depth = DEPTH, .jfc = m->jfc };
	struct ub_ioc_create_jfr no_jfr_jfc = { .mem = queue_mem(m->mem), .depth = DEPTH,
						.jfc = 0xfffff };
	struct ub_ioc_create_jfc no_channel = { .mem = queue_mem(m->mem), .depth = DEPTH,
						.jfce_fd = 0 };
	struct ub_ioc_create_jfs no_depth = { .mem = queue_mem(m->mem), .depth = 3,
					      .jfc = m->jfc };

	check(call(m->fd, UB_IOC_REG_SEG, &nowhere) == EFAULT);
	check(call(m->fd, UB_IOC_CREATE_JFS, &no_jfc) == ENOENT);
	check(call(m->fd, UB_IOC_CREATE_JFS, &no_memory) == EFAULT);
	check(call(m->fd, UB_IOC_CREATE_JFS, &no_depth) == EINVAL);
	check(call(m->fd, UB_IOC_CREATE_JFR, &no_jfr_jfc) == ENOENT);
	check(call(m->fd, UB_IOC_CREATE_JFC, &no_channel) == ENOENT);
}

/* Refused by the limit of a context or of locked memory, or torn down by a signal's death. */
static void other_limits(const struct maker *m)
{
	struct rlimit none = { 0, RLIM_INFINITY }, all = { RLIM_INFINITY, RLIM_INFINITY };
	unsigned int queues = set_param("max_queues_per_ctx", 0);
	unsigned int segs = set_param("max_segs_per_ctx", 0);
	union arg a;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		check(kinds[i].make(m, &a) == EDQUOT && a.hdr.ext_code == UB_EXT_CTX_LIMIT);
	set_param("max_queues_per_ctx", queues);
	set_param("max_segs_per_ctx", segs);
	check(!setrlimit(RLIMIT_MEMLOCK, &none));
	be(ALICE);
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		check(kinds[i].make(m, &a) == EPERM && a.hdr.ext_code == UB_EXT_MEMLOCK);
	be(0);
	check(!setrlimit(RLIMIT_MEMLOCK, &all));
}

static void failures_cost_nothing(void *arg)
{
	struct maker m;
	union arg a;
	size_t i;
	int n;

	(void)arg;
	prepare();
	m = maker_as(ALICE);
	for (n = 0; n < 2 * CAP; n++) {
		failures(&m);
		other_limits(&m);
	}
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (kinds[i].make == make_one_kernel_jfc)
			continue;
		m.mem = map_pages(2);
		for (n = (int)kinds[i].have; n < CAP; n++)
			check(!kinds[i].make(&m, &a));
		check(refused(&m, &kinds[i], CAP));
	}
}

/* In bytes, for segments and queues, of a user's and of kernel memory. */
static void pinned_memory(void *arg)
{
	const uint32_t mib = 1 << 20;
	uint8_t *map = map_pages(mib / PAGE);
	struct ub_ioc_reg_seg most = { .addr = (uintptr_t)map, .len = mib - 4 * PAGE,
				       .access = RW };
	struct maker m = { .fd = -1, .mem = map }, bob;
	struct kind seg = { .obj = 0, .make = make_one_seg }, jfc = { .make = make_one_jfc },
		    kernel = { .make = make_one_kernel_jfc };
	union arg a, k;
	int i;

	(void)arg;
	prepare();
	m.fd = open_as(ALICE);
	bob = maker_as(BOB);
	check(!call(m.fd, UB_IOC_REG_SEG, &most));
	check(!make_one_kernel_jfc(&m, &k) && !make_one_jfc(&m, &a));
	check(refused(&m, &kernel, mib) && refused(&m, &jfc, mib) && refused(&m, &seg, mib));
	check(!end_one_jfc(&m, &k));
	for (i = 0; i < 2; i++)
		check(!make_one_seg(&m, &a));
	check(refused(&m, &seg, mib) && !make_one_seg(&bob, &a));
	most.addr += PAGE;
	most.len = 2 * mib;
	check(call(m.fd, UB_IOC_REG_SEG, &most) == EDQUOT && most.hdr.ext_obj == 0);
}

static void fill_and_wait(int fd)
{
	union arg a;
	int i;

	for (i = 0; i < DYING; i++) {
		struct maker m = maker_as(ALICE);

		check(!make_one_seg(&m, &a) && !make_one_jfs(&m, &a));
	}
	check(write(fd, "", 1) == 1);
	for (;;)
		pause();
}

/* Dying contexts are waited for, so that who was killed may start anew at once. */
static void killed_and_started_anew(void *arg)
{
	int ready[2], round, i, fds[DYING];
	char byte;
	pid_t pid;

	(void)arg;
	prepare();
	for (round = 0; round < 3; round++) {
		check(!pipe(ready));
		pid = fork();
		if (!pid)
			fill_and_wait(ready[1]);
		check(pid > 0 && read(ready[0], &byte, 1) == 1);
		check(full(ALICE));
		check(!kill(pid, SIGKILL));
		for (i = 0; i < DYING; i++)
			check((fds[i] = open_as(ALICE)) >= 0);
		check(full(ALICE));
		for (i = 0; i < DYING; i++)
			close(fds[i]);
		check(waitpid(pid, NULL, 0) == pid);
		close(ready[0]);
		close(ready[1]);
	}
}

/* What a lost context had is given back at the reset, the context itself when it is closed. */
static void after_a_reset(void *arg)
{
	struct maker m[CAP - 1];
	union arg a;
	int i;

	(void)arg;
	prepare();
	for (i = 0; i < CAP - 1; i++) {
		m[i] = maker_as(ALICE);
		check(!make_one_seg(&m[i], &a) && !make_one_jfs(&m[i], &a));
	}
	check(!reset_device(true));
	m[0] = (struct maker){ .fd = open_as(ALICE), .mem = map_pages(4) };
	check(m[0].fd >= 0 && full(ALICE));
	for (i = 0; i < CAP; i++)
		check(!make_one_seg(&m[0], &a) && !make_one_jfc(&m[0], &a));
	check(refused(&m[0], &kinds[0], CAP) && refused(&m[0], &kinds[1], CAP));
	check(!close(m[1].fd) && open_as(ALICE) >= 0 && full(ALICE));
}

/* Runs fn with low limits, and afterwards everything is as it was. */
static void with_limits(void (*fn)(void *), unsigned int contexts, unsigned int objects,
			unsigned int mb)
{
	struct counts was = counts_now();
	unsigned int old[] = {
		set_param("max_ctxs_per_user", contexts),
		set_param("max_segs_per_user", objects),
		set_param("max_queues_per_user", objects),
		set_param("max_pinned_mb_per_user", mb),
	};

	in_child(fn, NULL);
	set_param("max_ctxs_per_user", old[0]);
	set_param("max_segs_per_user", old[1]);
	set_param("max_queues_per_user", old[2]);
	set_param("max_pinned_mb_per_user", old[3]);
	assert_counts(&was);
}

#define LIMIT_TEST(name, ...) \
static void test_##name(void **state) \
{ \
	(void)state; \
	with_limits(name, __VA_ARGS__); \
}

LIMIT_TEST(fill_contexts, CAP, 1024, 0)
LIMIT_TEST(copies, CAP, 1024, 0)
LIMIT_TEST(in_anothers_hands, CAP, 1024, 0)
LIMIT_TEST(openers_credentials, 256, 1024, 0)
LIMIT_TEST(capability_and_not_the_name, CAP, 1024, 0)
LIMIT_TEST(failures_cost_nothing, 256, CAP, 0)
LIMIT_TEST(pinned_memory, 256, 1024, 1)
LIMIT_TEST(killed_and_started_anew, DYING, 1024, 0)
LIMIT_TEST(after_a_reset, CAP, CAP, 0)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limit_of_each_kind), cmocka_unit_test(test_fill_contexts),
		cmocka_unit_test(test_copies), cmocka_unit_test(test_in_anothers_hands),
		cmocka_unit_test(test_openers_credentials),
		cmocka_unit_test(test_capability_and_not_the_name),
		cmocka_unit_test(test_failures_cost_nothing),
		cmocka_unit_test(test_pinned_memory),
		cmocka_unit_test(test_killed_and_started_anew),
		cmocka_unit_test(test_after_a_reset),
	};

	return run_all(argc, argv, tests);
}
