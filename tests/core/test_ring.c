/* SPDX-License-Identifier: MIT */
/* Rings that two processes share: frames pass, and nonsense of the other side is noticed. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness.h"
#include "link/meet.h"
#include "link/ring.h"
#include "op/op.h"

struct ends {
	int file;
	struct ub_rings a, b; /* of the side that made the file, of the other */
};

static int ends_setup(void **state)
{
	struct ends *e = calloc(1, sizeof(*e));

	e->file = ub_ring_file();
	assert_true(e->file >= 0);
	assert_true(ub_ring_file_ok(e->file));
	assert_true(ub_rings_map(&e->a, e->file, true));
	assert_true(ub_rings_map(&e->b, e->file, false));
	*state = e;
	return 0;
}

static int ends_teardown(void **state)
{
	struct ends *e = *state;

	ub_rings_unmap(&e->a);
	ub_rings_unmap(&e->b);
	close(e->file);
	free(e);
	return 0;
}

static struct ub_ring_record *put_frame(struct ub_ring *ring, uint32_t length, uint64_t sequence)
{
	struct ub_ring_record *record = ub_ring_reserve(ring, length);

	if (!record)
		return NULL;
	memset(&record->frame, 0, sizeof(record->frame));
	record->frame.version = UB_FRAME_VERSION;
	record->frame.length = length;
	record->frame.sequence = sequence;
	memset(record->payload, (int)sequence, length);
	ub_ring_post(ring, record, true);
	return record;
}

static void frames_pass_in_order(void **state)
{
	struct ends *e = *state;
	uint64_t sent = 0, got = 0;

	while (got < 500) {
		struct ub_ring_record *record;
		struct ub_frame frame;
		bool starved;

		while (put_frame(&e->a.out, (uint32_t)(sent * 977 % (UB_FRAME_PIECE + 1)), sent))
			sent++;
		while ((record = ub_ring_next(&e->b.in, &frame))) {
			assert_int_equal(frame.sequence, got);
			assert_int_equal(frame.length, got * 977 % (UB_FRAME_PIECE + 1));
			for (uint32_t i = 0; i < frame.length; i++)
				assert_int_equal(record->payload[i], (uint8_t)got);
			/* Whoever found no room is to be woken. */
			starved = atomic_load(&e->a.out.ctl->starved);
			assert_int_equal(ub_ring_take(&e->b.in), starved);
			got++;
		}
		assert_false(e->b.in.broken);
	}
}

static void one_that_is_filled_holds_up_the_next(void **state)
{
	struct ends *e = *state;
	struct ub_ring_record *first = ub_ring_reserve(&e->a.out, 100);
	struct ub_frame frame;

	put_frame(&e->a.out, 50, 2);
	assert_null(ub_ring_next(&e->b.in, &frame));
	assert_true(ub_ring_sleep(&e->b.in));
	/* Left out: it is passed over, and its sender wakes who sleeps. */
	assert_true(ub_ring_post(&e->a.out, first, false));
	assert_non_null(ub_ring_next(&e->b.in, &frame));
	assert_int_equal(frame.version, 0);
	ub_ring_take(&e->b.in);
	assert_non_null(ub_ring_next(&e->b.in, &frame));
	assert_int_equal(frame.sequence, 2);
}

static void nonsense_breaks_a_ring(void **state)
{
	struct ends *e = *state;
	struct ub_ring in = e->b.in, out = e->a.out;
	struct ub_ring_record *record = put_frame(&e->a.out, 64, 1);
	static const uint32_t sizes[] = { 0, 64, 65, 1u << 20, UINT32_MAX };
	struct ub_frame frame;

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		record->size = sizes[i];
		e->b.in = in;
		assert_null(ub_ring_next(&e->b.in, &frame));
		assert_true(e->b.in.broken);
	}
	record->size = 256;
	record->frame.length = 256;
	e->b.in = in;
	assert_null(ub_ring_next(&e->b.in, &frame));
	assert_true(e->b.in.broken);
	record->frame.length = 64;
	atomic_store(&record->ready, 7);
	e->b.in = in;
	assert_null(ub_ring_next(&e->b.in, &frame));
	assert_true(e->b.in.broken);
	atomic_store(&record->ready, 1);
	atomic_store(&in.ctl->tail, 1ull << 40);
	e->b.in = in;
	assert_null(ub_ring_next(&e->b.in, &frame));
	assert_true(e->b.in.broken);
	atomic_store(&out.ctl->head, 1ull << 40);
	assert_null(ub_ring_reserve(&e->a.out, 0));
	assert_true(e->a.out.broken);
}

static void files_that_cannot_be_trusted(void **state)
{
	int open_ended = memfd_create("t", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int small = memfd_create("t", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int pipes[2];

	(void)state;
	assert_int_equal(ftruncate(open_ended, 4096 + 2 * UB_RING_BYTES), 0);
	assert_false(ub_ring_file_ok(open_ended));
	assert_int_equal(ftruncate(small, 4096), 0);
	assert_int_equal(fcntl(small, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
	assert_false(ub_ring_file_ok(small));
	assert_int_equal(pipe(pipes), 0);
	assert_false(ub_ring_file_ok(pipes[0]));
	close(pipes[0]);
	close(pipes[1]);
	close(open_ended);
	close(small);
}

static void names_of_the_dead_are_free(void **state)
{
	char folder[] = "/tmp/ub-meet-XXXXXX", error[300] = "";
	const uint8_t eid[16] = { 1, 2 };
	int fd, first, second;

	(void)state;
	assert_non_null(mkdtemp(folder));
	fd = ub_meet_open(folder, error, sizeof(error));
	assert_true(fd >= 0);
	first = ub_meet_listen(fd, eid, error, sizeof(error));
	assert_true(first >= 0);
	assert_int_equal(ub_meet_listen(fd, eid, error, sizeof(error)), -1);
	assert_non_null(strstr(error, "is taken"));
	/* As if its process had been killed. */
	close(first);
	second = ub_meet_listen(fd, eid, error, sizeof(error));
	assert_true(second >= 0);
	ub_meet_leave(fd, eid, second);
	close(fd);
	assert_int_equal(rmdir(folder), 0);
}

/* What a frame may ask for is what a peer takes part in. */
static void opcodes_of_requests(void **state)
{
	(void)state;
	for (unsigned op = 0; op < 256; op++) {
		struct ub_frame frame = { .version = UB_FRAME_VERSION,
					  .kind = UB_FRAME_REQUEST,
					  .opcode = (uint8_t)op,
					  .sequence = 1,
					  .queue = 1 };

		assert_int_equal(!ub_frame_check(&frame), ub_op_has_peer(ub_op_find(op)));
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, ends_setup, ends_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(frames_pass_in_order),
		T(one_that_is_filled_holds_up_the_next),
		T(nonsense_breaks_a_ring),
		cmocka_unit_test(opcodes_of_requests),
		cmocka_unit_test(files_that_cannot_be_trusted),
		cmocka_unit_test(names_of_the_dead_are_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
