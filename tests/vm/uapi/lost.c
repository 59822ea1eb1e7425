/* SPDX-License-Identifier: MIT */
/* A context whose device was reset: every call says so, mappings do no harm, nothing is pinned. */
#include "uapi.h"

#include <poll.h>

#define PROT_RW (PROT_READ | PROT_WRITE)

static uint32_t load(const uint8_t *p, unsigned int offset)
{
	return *(const volatile uint32_t *)(p + offset);
}

static struct ub_ioc_query_device query(int fd)
{
	struct ub_ioc_query_device q = { 0 };

	expect_ok("QUERY_DEVICE", fd, UB_IOC_QUERY_DEVICE, &q);
	return q;
}

static int lost_setup(void **state)
{
	*state = calloc(1, sizeof(struct world));
	world_open(*state);
	return 0;
}

/* There is nothing to end any more. */
static int lost_teardown(void **state)
{
	struct world *w = *state;
	unsigned int i;

	assert_int_equal(close(w->fd), 0);
	assert_counts(&w->before);
	for (i = 0; i < ARRAY_SIZE(w->mem); i++)
		munmap(w->mem[i], QUEUE_LEN);
	munmap(w->data, PAGE);
	free(w);
	return 0;
}

/* The context is left without objects and without pinned memory. */
static void lose(struct world *w)
{
	struct counts with = w->before;

	assert_int_equal(reset_device(true), 0);
	with.contexts++;
	assert_counts(&with);
}

static void not_without_force(void **state)
{
	struct world *w = *state;
	struct counts was = counts_now();
	uint32_t generation = query(w->fd).generation;

	assert_int_equal(reset_device(false), EBUSY);
	assert_counts(&was);
	assert_int_equal(query(w->fd).generation, generation);
	lose(w);
	/* A lost context is in nobody's way. */
	assert_int_equal(reset_device(false), 0);
}

/* A valid argument for objects that are no more; fillers that make victims cannot. */
static void argument(struct world *w, const struct ioc_case *c, union arg *a)
{
	memset(a, 0, sizeof(*a));
	switch (c->cmd) {
	case UB_IOC_REG_SEG:
	case UB_IOC_CREATE_JFCE:
	case UB_IOC_CREATE_JFC:
	case UB_IOC_CREATE_JFS:
	case UB_IOC_CREATE_JFR:
		c->fill(w, a);
		return;
	case UB_IOC_CREATE_PROGRAM:
		c->fill(w, a);
		return;
	case UB_IOC_DESTROY_PROGRAM:
		a->destroy_program.id = w->program;
		return;
	case UB_IOC_DEREG_SEG:
	case UB_IOC_SET_TOKEN:
		a->set_token.token_id = w->seg;
		a->set_token.token_value = 0;
		return;
	case UB_IOC_QUERY_JFR:
	case UB_IOC_MODIFY_JFR:
	case UB_IOC_DESTROY_JFR:
		a->query.id = w->jfr;
		return;
	case UB_IOC_SUBMIT:
		a->submit.wqes = (uintptr_t)w->data;
		a->submit.id = w->jfs;
		a->submit.nblocks = 1;
		memset(w->data, 0, 64);
		return;
	case UB_IOC_REAP:
		a->reap.cqes = (uintptr_t)w->data;
		a->reap.id = w->jfc;
		a->reap.max = 1;
		return;
	case UB_IOC_MODIFY_JFC:
		a->modify_jfc.id = w->jfc;
		return;
	case UB_IOC_QUERY_JFC:
	case UB_IOC_DESTROY_JFC:
		a->query.id = w->jfc;
		return;
	default:
		a->query.id = w->jfs;
	}
}

static void every_call_says_so(void **state)
{
	struct world *w = *state;
	const struct ioc_case *c;
	struct ub_ioc_query_device was = query(w->fd), now;
	struct counts counts;
	union arg a;

	assert_int_equal(was.generation, was.ctx_generation);
	lose(w);
	counts = counts_now();
	for (c = ioc_cases; c < ioc_cases + IOC_CASES; c++) {
		if (c->cmd == UB_IOC_QUERY_DEVICE)
			continue;
		argument(w, c, &a);
		expect_failure(c->name, w->fd, c->cmd, &a,
			       (struct failure){ ENODEV, UB_EXT_DEVICE_LOST, 0,
						 was.ctx_generation });
		assert_counts(&counts);
	}
	now = query(w->fd);
	assert_int_equal(now.ctx_generation, was.ctx_generation);
	assert_true(now.generation != was.generation);
}

static void mappings(void **state)
{
	struct world *w = *state;
	uint8_t *db[2], *status;
	int i;

	db[0] = mmap(NULL, PAGE, PROT_RW, MAP_SHARED, w->fd, (off_t)w->jfs_db);
	db[1] = mmap(NULL, PAGE, PROT_RW, MAP_SHARED, w->fd, (off_t)w->jfc_db);
	status = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, w->fd, UB_MMAP_STATUS);
	assert_true(db[0] != MAP_FAILED && db[1] != MAP_FAILED && status != MAP_FAILED);
	*(volatile uint32_t *)(db[0] + UB_DB_JFS) = 0;
	assert_int_equal(load(status, offsetof(struct ub_status_page, lost)), 0);
	lose(w);
	assert_int_equal(load(status, offsetof(struct ub_status_page, lost)), 1);
	assert_int_equal(load(status, offsetof(struct ub_status_page, generation)),
			 query(w->fd).generation);
	for (i = 0; i < 2; i++) {
		assert_int_equal(load(db[i], 0), 0);
		*(volatile uint32_t *)(db[i] + UB_DB_JFS) = i + 1;
		assert_int_equal(load(db[i], UB_DB_JFS), i + 1);
		assert_true(mmap(NULL, PAGE, PROT_RW, MAP_SHARED, w->fd,
				 (off_t)(i ? w->jfc_db : w->jfs_db)) == MAP_FAILED);
		expect_errno("mmap", errno, ENODEV);
		munmap(db[i], PAGE);
	}
	munmap(status, PAGE);
	/* The status page may be had afterwards, too. */
	status = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, w->fd, UB_MMAP_STATUS);
	assert_true(status != MAP_FAILED);
	assert_int_equal(load(status, offsetof(struct ub_status_page, lost)), 1);
	munmap(status, PAGE);
}

static void streams_end(void **state)
{
	struct world *w = *state;
	struct ub_ioc_create_jfce jfce = { 0 };
	struct ub_async_event ev[2];
	struct ub_jfce_event comp;
	struct pollfd p[2];

	expect_ok("CREATE_JFCE", w->fd, UB_IOC_CREATE_JFCE, &jfce);
	p[0] = (struct pollfd){ .fd = w->fd, .events = POLLIN };
	p[1] = (struct pollfd){ .fd = jfce.fd, .events = POLLIN };
	assert_int_equal(poll(p, 2, 0), 0);
	lose(w);
	assert_int_equal(poll(p, 2, -1), 2);
	assert_int_equal(p[0].revents, POLLIN | POLLERR | POLLHUP);
	assert_int_equal(p[1].revents, POLLIN | POLLERR | POLLHUP);
	assert_int_equal(read(w->fd, ev, sizeof(ev)), sizeof(ev[0]));
	assert_int_equal(ev[0].type, UB_EVENT_DEV_FATAL);
	assert_int_equal(read(w->fd, ev, sizeof(ev)), 0);
	assert_int_equal(read(jfce.fd, &comp, sizeof(comp)), -1);
	expect_errno("read", errno, ENODEV);
	close(jfce.fd);
}

/* New contexts work beside the lost one, and are lost in their turn. */
static void new_contexts_work(void **state)
{
	struct world *w = *state, next;
	int i;

	lose(w);
	for (i = 0; i < 3; i++) {
		world_open(&next);
		assert_true(query(next.fd).ctx_generation != query(w->fd).ctx_generation);
		world_close(&next);
		assert_int_equal(reset_device(false), 0);
	}
}

#define lost_test(name) cmocka_unit_test_setup_teardown(name, lost_setup, lost_teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		lost_test(not_without_force), lost_test(every_call_says_so), lost_test(mappings),
		lost_test(streams_end), lost_test(new_contexts_work),
	};

	return run_all(argc, argv, tests);
}
