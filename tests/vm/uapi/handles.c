/* SPDX-License-Identifier: MIT */
/* Names of objects that are not the caller's to use, and objects that something still uses. */
#include "uapi.h"

#include <stdio.h>

enum kind { SEG, JFC, JFS, JFR, PROGRAM, KINDS };

/* Every field that names an object. */
static const struct name_field {
	const char *what;
	unsigned int cmd;
	size_t offset;
	enum kind kind;
} name_fields[] = {
#define NAME(TYPE, type, field, kind) \
	{ #TYPE "." #field, UB_IOC_##TYPE, offsetof(struct ub_ioc_##type, field), kind }
	NAME(DEREG_SEG, dereg_seg, token_id, SEG),
	NAME(SET_TOKEN, set_token, token_id, SEG),
	NAME(CREATE_JFS, create_jfs, jfc, JFC),
	NAME(CREATE_JFR, create_jfr, jfc, JFC),
	NAME(MODIFY_JFS, modify_queue, id, JFS),
	NAME(MODIFY_JFR, modify_queue, id, JFR),
	NAME(QUERY_JFS, query_queue, id, JFS),
	NAME(QUERY_JFR, query_queue, id, JFR),
	NAME(QUERY_JFC, query_queue, id, JFC),
	NAME(DESTROY_JFS, destroy_queue, id, JFS),
	NAME(DESTROY_JFR, destroy_queue, id, JFR),
	NAME(DESTROY_JFC, destroy_queue, id, JFC),
	NAME(SUBMIT, submit, id, JFS),
	NAME(REAP, reap, id, JFC),
	NAME(MODIFY_JFC, modify_jfc, id, JFC),
	NAME(CREATE_PROGRAM, create_program, token_id, SEG),
	NAME(DESTROY_PROGRAM, destroy_program, id, PROGRAM),
};

static uint32_t id_of(const struct world *w, enum kind kind)
{
	const uint32_t ids[KINDS] = { w->seg, w->jfc, w->jfs, w->jfr, w->program };

	return ids[kind];
}

/* a is filled in for f; with this id it fails. */
static void refused(struct world *w, const struct name_field *f, union arg *a, uint32_t id)
{
	struct counts was = counts_now();
	char what[64];

	memcpy(a->bytes + f->offset, &id, sizeof(id));
	snprintf(what, sizeof(what), "%s = 0x%x", f->what, id);
	expect_failure(what, w->fd, f->cmd, a,
		       (struct failure){ ENOENT, UB_EXT_NO_SUCH_OBJECT, id, 0 });
	assert_counts(&was);
	ioc_case(f->cmd)->undo(w, a, false);
}

static void no_such_object(struct world *w, const struct name_field *f, uint32_t id)
{
	union arg a;

	ioc_fill(ioc_case(f->cmd), w, &a);
	refused(w, f, &a, id);
}

#define for_each_name(f) for (f = name_fields; f < name_fields + ARRAY_SIZE(name_fields); f++)

static void never_made(void **state)
{
	struct world *w = *state;
	const struct name_field *f;
	size_t i;

	for_each_name(f) {
		uint32_t id = id_of(w, f->kind);
		const uint32_t ids[] = { 0, id + 1000, id | 0x100000, id | 0x80000000, 0xfffff,
					 0x100000, 0x7fffffff, 0x80000000, 0xffffffff };

		for (i = 0; i < ARRAY_SIZE(ids); i++)
			no_such_object(w, f, ids[i]);
	}
}

static void of_another_file(void **state)
{
	struct world *w = *state, other;
	const struct name_field *f;

	world_open(&other);
	for_each_name(f)
		no_such_object(w, f, id_of(&other, f->kind));
	world_close(&other);
}

static void of_a_closed_file(void **state)
{
	struct world *w = *state, other;
	const struct name_field *f;

	world_open(&other);
	world_close(&other);
	for_each_name(f)
		no_such_object(w, f, id_of(&other, f->kind));
}

static void deleted(void **state)
{
	static const unsigned int ends[KINDS] = { UB_IOC_DEREG_SEG, UB_IOC_DESTROY_JFC,
						  UB_IOC_DESTROY_JFS, UB_IOC_DESTROY_JFR,
						  UB_IOC_DESTROY_PROGRAM };
	struct world *w = *state;
	const struct name_field *f;
	uint32_t gone[KINDS];
	union arg a;
	int kind;

	for (kind = 0; kind < KINDS; kind++) {
		ioc_fill(ioc_case(ends[kind]), w, &a);
		gone[kind] = w->victim;
		expect_ok("end", w->fd, ends[kind], &a);
	}
	/* Some of the fillers make a victim anew; its id is not one that just went. */
	for_each_name(f)
		no_such_object(w, f, gone[f->kind]);
}

static bool has(const uint32_t ids[4], uint32_t id)
{
	return ids[0] == id || ids[1] == id || ids[2] == id || ids[3] == id;
}

/* An id that only another kind of object has is no id. */
static void of_the_wrong_kind(void **state)
{
	struct world *w = *state;
	const struct name_field *f;
	uint32_t ids[2][4];	/* of JFCs and of segments */
	unsigned int i, others;
	union arg a;

	for (i = 0; i < 4; i++) {
		ids[0][i] = make_jfc(w->fd, w->mem[3], NULL);
		ids[1][i] = make_seg(w->fd, w->data, PAGE);
	}
	for_each_name(f) {
		ioc_fill(ioc_case(f->cmd), w, &a);
		others = f->kind == JFC;
		/* Each kind has its own numbers: look for one that its own kind does not have. */
		for (i = 0; i < 4; i++)
			if (ids[others][i] != id_of(w, f->kind) && ids[others][i] != w->victim &&
			    !(f->kind == JFC && has(ids[0], ids[1][i])))
				break;
		assert_true(i < 4);
		refused(w, f, &a, ids[others][i]);
	}
	for (i = 0; i < 4; i++) {
		destroy(w->fd, UB_IOC_DESTROY_JFC, ids[0][i]);
		dereg(w->fd, ids[1][i]);
	}
}

static void expect_no_channel(struct world *w, int fd)
{
	struct ub_ioc_create_jfc a = { .mem = queue_mem(w->mem[3]), .depth = DEPTH,
				       .jfce_fd = fd };

	expect_failure("jfce_fd", w->fd, UB_IOC_CREATE_JFC, &a,
		       (struct failure){ ENOENT, UB_EXT_NO_SUCH_OBJECT, fd, 0 });
}

static int make_jfce(int fd)
{
	struct ub_ioc_create_jfce a = { 0 };

	expect_ok("CREATE_JFCE", fd, UB_IOC_CREATE_JFCE, &a);
	assert_int_equal(fcntl(a.fd, F_GETFD), FD_CLOEXEC);
	return a.fd;
}

static void descriptors_that_are_no_channel(void **state)
{
	struct world *w = *state;
	int other = open_device(), foreign = make_jfce(other), gone = make_jfce(w->fd), pipes[2];

	assert_int_equal(pipe(pipes), 0);
	close(gone);
	expect_no_channel(w, gone);
	expect_no_channel(w, foreign);
	expect_no_channel(w, w->fd);
	expect_no_channel(w, other);
	expect_no_channel(w, pipes[0]);
	close(pipes[0]);
	close(pipes[1]);
	close(foreign);
	close(other);
}

/* A JFC keeps its channel when the descriptor is closed; other descriptors of it serve as well. */
static void a_channel_closed_under_its_jfc(void **state)
{
	struct world *w = *state;
	int channel = make_jfce(w->fd), copy = dup(channel);
	struct ub_ioc_create_jfc a = { .mem = queue_mem(w->mem[3]), .depth = DEPTH,
				       .jfce_fd = copy };

	expect_ok("CREATE_JFC", w->fd, UB_IOC_CREATE_JFC, &a);
	close(channel);
	close(copy);
	destroy(w->fd, UB_IOC_DESTROY_JFC, a.id);
}

/* A channel of a closed context: its own file, of no more use. */
static void a_channel_that_outlives_its_context(void **state)
{
	int fd = open_device(), channel = make_jfce(fd);
	struct ub_jfce_event ev;

	(void)state;
	close(fd);
	assert_int_equal(read(channel, &ev, sizeof(ev)), -1);
	assert_int_equal(errno, ENODEV);
	assert_int_equal(ioctl(channel, UB_IOC_QUERY_DEVICE, &ev), -1);
	assert_int_equal(errno, ENOTTY);
	close(channel);
}

static void expect_busy(struct world *w, unsigned int cmd, uint32_t id, uint64_t refs)
{
	struct ub_ioc_destroy_queue a = { .id = id };
	struct ub_ioc_query_queue q = { .id = id };

	expect_failure("busy", w->fd, cmd, &a, (struct failure){ EBUSY, UB_EXT_BUSY, id, refs });
	expect_ok("QUERY", w->fd, cmd - UB_IOC_DESTROY_JFS + UB_IOC_QUERY_JFS, &q);
	assert_int_equal(q.refs, refs);
}

static void what_a_queue_uses_stays(void **state)
{
	struct world *w = *state;
	struct ub_ioc_create_jfs jetty = { .mem = queue_mem(w->mem[3]), .depth = DEPTH,
					   .jfc = w->jfc, .jfr = w->jfr, .flags = UB_JFS_F_JETTY };

	expect_busy(w, UB_IOC_DESTROY_JFC, w->jfc, 2);
	expect_ok("Jetty", w->fd, UB_IOC_CREATE_JFS, &jetty);
	expect_busy(w, UB_IOC_DESTROY_JFC, w->jfc, 3);
	expect_busy(w, UB_IOC_DESTROY_JFR, w->jfr, 1);
	destroy(w->fd, UB_IOC_DESTROY_JFS, jetty.id);
	destroy(w->fd, UB_IOC_DESTROY_JFR, w->jfr);
	expect_busy(w, UB_IOC_DESTROY_JFC, w->jfc, 1);
}

static void a_jetty_without_its_jfr(void **state)
{
	struct world *w = *state;
	const uint32_t ids[] = { 0, w->jfr + 1, 0xffffffff };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		struct ub_ioc_create_jfs a = { .mem = queue_mem(w->mem[3]), .depth = DEPTH,
					       .jfc = w->jfc, .jfr = ids[i],
					       .flags = UB_JFS_F_JETTY };

		expect_failure("Jetty", w->fd, UB_IOC_CREATE_JFS, &a,
			       (struct failure){ ENOENT, UB_EXT_NO_SUCH_OBJECT, ids[i], 0 });
	}
}

/* Queues of user memory are not to be reached through the kernel's calls. */
static void the_wrong_door(void **state)
{
	struct world *w = *state;
	union arg a;

	ioc_fill(ioc_case(UB_IOC_SUBMIT), w, &a);
	a.submit.id = w->jfs;
	expect_failure("SUBMIT", w->fd, UB_IOC_SUBMIT, &a,
		       (struct failure){ EINVAL, UB_EXT_WRONG_DOOR, w->jfs, 0 });
	ioc_case(UB_IOC_SUBMIT)->undo(w, &a, false);
	ioc_fill(ioc_case(UB_IOC_REAP), w, &a);
	a.reap.id = w->jfc;
	expect_failure("REAP", w->fd, UB_IOC_REAP, &a,
		       (struct failure){ EINVAL, UB_EXT_WRONG_DOOR, w->jfc, 0 });
	ioc_case(UB_IOC_REAP)->undo(w, &a, false);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		world_test(never_made), world_test(of_another_file), world_test(of_a_closed_file),
		world_test(deleted), world_test(of_the_wrong_kind),
		world_test(descriptors_that_are_no_channel),
		world_test(a_channel_closed_under_its_jfc),
		world_test(a_channel_that_outlives_its_context),
		world_test(what_a_queue_uses_stays), world_test(a_jetty_without_its_jfr),
		world_test(the_wrong_door),
	};

	return run_all(argc, argv, tests);
}
