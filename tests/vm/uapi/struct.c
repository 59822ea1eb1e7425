/* SPDX-License-Identifier: MIT */
/* Argument structures: older and newer callers, what must be zero, where they may lie. */
#include "uapi.h"

#include <stdio.h>

#define CANARY 0xa5

/* A label for messages. */
static const char *label(const char *name, const char *what, unsigned long n)
{
	static char text[128];

	snprintf(text, sizeof(text), "%s %s %lu", name, what, n);
	return text;
}

static bool all(const uint8_t *p, size_t n, uint8_t byte)
{
	while (n--)
		if (*p++ != byte)
			return false;
	return true;
}

#define for_each_ioc(c) for (c = ioc_cases; c < ioc_cases + IOC_CASES; c++)

static void each_takes_its_own_size(void **state)
{
	struct world *w = *state;
	const struct ioc_case *c;
	union arg a;

	for_each_ioc(c) {
		ioc_fill(c, w, &a);
		expect_ok(c->name, w->fd, c->cmd, &a);
		c->undo(w, &a, true);
	}
}

/* hdr and the other outputs may hold anything on the way in. */
static void outputs_are_not_inputs(void **state)
{
	struct world *w = *state;
	const struct ioc_case *c;
	union arg a;

	for_each_ioc(c) {
		ioc_fill(c, w, &a);
		memset(&a.hdr, 0xff, sizeof(a.hdr));
		if (c->cmd == UB_IOC_CREATE_JFCE)
			a.create_jfce.fd = -1;
		else if (c->cmd == UB_IOC_CREATE_JFC)
			a.create_jfc.id = a.create_jfc.db_offset = ~0u;
		else if (c->cmd == UB_IOC_REG_SEG)
			a.reg_seg.token_id = a.reg_seg.leaf_4k = ~0u;
		expect_ok(c->name, w->fd, c->cmd, &a);
		c->undo(w, &a, true);
	}
}

/* A newer caller: the tail is zero, comes back zero, and nothing behind it is touched. */
static void longer_with_a_zero_tail(void **state)
{
	static const unsigned int more[] = { 1, 3, 8, 64, 5000, MAX_ARG };
	struct world *w = *state;
	const struct ioc_case *c;
	uint8_t *buf = map_pages(5);
	size_t size, i;
	union arg a;

	for_each_ioc(c) {
		for (i = 0; i < ARRAY_SIZE(more); i++) {
			size = _IOC_SIZE(c->cmd);
			ioc_fill(c, w, &a);
			memset(buf, CANARY, 5 * PAGE);
			memset(buf, 0, more[i] == MAX_ARG ? MAX_ARG : size + more[i]);
			memcpy(buf, &a, size);
			size = more[i] == MAX_ARG ? MAX_ARG : size + more[i];
			expect_ok(label(c->name, "longer by", more[i]), w->fd,
				  sized(c->cmd, size), buf);
			assert_true(all(buf + _IOC_SIZE(c->cmd), size - _IOC_SIZE(c->cmd), 0));
			assert_true(all(buf + size, 64, CANARY));
			memcpy(&a, buf, _IOC_SIZE(c->cmd));
			c->undo(w, &a, true);
		}
	}
	munmap(buf, 5 * PAGE);
}

static void longer_with_a_set_tail(void **state)
{
	static const struct { size_t more, set; } tails[] = {
		{ 1, 0 }, { 8, 0 }, { 8, 7 }, { 16, 9 }, { 4096, 4095 },
	};
	struct world *w = *state;
	const struct ioc_case *c;
	uint8_t buf[sizeof(union arg) + 4096];
	struct counts was;
	union arg a;
	size_t i;

	for_each_ioc(c) {
		for (i = 0; i < ARRAY_SIZE(tails); i++) {
			ioc_fill(c, w, &a);
			was = counts_now();
			memset(buf, 0, sizeof(buf));
			memcpy(buf, &a, _IOC_SIZE(c->cmd));
			buf[_IOC_SIZE(c->cmd) + tails[i].set] = 1;
			expect_failure(label(c->name, "tail", i), w->fd,
				       sized(c->cmd, _IOC_SIZE(c->cmd) + tails[i].more), buf,
				       (struct failure){ .err = E2BIG });
			assert_counts(&was);
			c->undo(w, &a, false);
		}
	}
}

/*
 * An older caller's structure counts as filled up with zeroes: it does what the whole one does with
 * zeroes there, and nothing behind it is touched.
 */
static void shorter_is_filled_with_zeroes(void **state)
{
	struct world *w = *state;
	const struct ioc_case *c;
	union arg a, whole;
	uint8_t *end;
	size_t size;
	int want, got;

	for_each_ioc(c) {
		for (size = c->min; size < _IOC_SIZE(c->cmd); size++) {
			ioc_fill(c, w, &whole);
			memset(whole.bytes + size, 0, sizeof(whole) - size);
			want = call(w->fd, c->cmd, &whole);
			c->undo(w, &whole, !want);

			ioc_fill(c, w, &a);
			end = a.bytes + size;
			memset(end, CANARY, sizeof(a) - size);
			got = call(w->fd, sized(c->cmd, size), &a);
			expect_errno(label(c->name, "of size", size), got, want);
			assert_int_equal(a.hdr.ext_code, whole.hdr.ext_code);
			assert_true(all(end, sizeof(a) - size, CANARY));
			c->undo(w, &a, !got);
		}
	}
}

/* No header, or no place for the name of what would be made: the structure is left alone. */
static void too_short(void **state)
{
	struct world *w = *state;
	const struct ioc_case *c;
	struct counts before;
	union arg a, was;
	size_t size;

	for_each_ioc(c) {
		for (size = 0; size < c->min; size++) {
			ioc_fill(c, w, &a);
			was = a;
			before = counts_now();
			expect_errno(label(c->name, "of size", size),
				     call(w->fd, sized(c->cmd, size), &a), EINVAL);
			assert_memory_equal(&a, &was, sizeof(a));
			assert_counts(&before);
			c->undo(w, &a, false);
		}
	}
}

/* Those of io_uring are no ioctls. */
static void unknown_commands(void **state)
{
	static const unsigned int dirs[] = { _IOC_NONE, _IOC_READ, _IOC_WRITE };
	struct world *w = *state;
	const struct ioc_case *c;
	union arg a = { 0 };
	unsigned int nr, i;

	for (nr = 0; nr < 256; nr++)
		if (nr < _IOC_NR(UB_IOC_QUERY_DEVICE) || nr > _IOC_NR(UB_IOC_DESTROY_PROGRAM))
			expect_errno(label("number", "", nr),
				     call(w->fd, _IOWR(UB_IOC_MAGIC, nr, a.query_device), &a),
				     ENOTTY);
	for_each_ioc(c) {
		for (i = 0; i < ARRAY_SIZE(dirs); i++)
			expect_errno(label(c->name, "with direction", dirs[i]),
				     call(w->fd, _IOC(dirs[i], UB_IOC_MAGIC, _IOC_NR(c->cmd),
						      _IOC_SIZE(c->cmd)), &a), ENOTTY);
		expect_errno(c->name, call(w->fd, c->cmd ^ (1 << _IOC_TYPESHIFT), &a), ENOTTY);
	}
}

#define FIELD(TYPE, type, field) { UB_IOC_##TYPE, offsetof(struct ub_ioc_##type, field) }

static void padding_must_be_zero(void **state)
{
	static const struct {
		unsigned int cmd;
		uint32_t offset;
	} pads[] = {
		FIELD(REG_SEG, reg_seg, pad),
		FIELD(DEREG_SEG, dereg_seg, pad),
		FIELD(CREATE_JFR, create_jfr, pad),
		FIELD(DESTROY_JFS, destroy_queue, pad),
		FIELD(DESTROY_JFR, destroy_queue, pad),
		FIELD(DESTROY_JFC, destroy_queue, pad),
		FIELD(SUBMIT, submit, pad),
		FIELD(MODIFY_JFC, modify_jfc, pad),
		FIELD(CREATE_PROGRAM, create_program, pad),
		FIELD(DESTROY_PROGRAM, destroy_program, pad),
	};
	struct world *w = *state;
	const struct ioc_case *c;
	union arg a;
	size_t i, byte;

	for (i = 0; i < ARRAY_SIZE(pads); i++) {
		c = ioc_case(pads[i].cmd);
		for (byte = 0; byte < 4; byte++) {
			ioc_fill(c, w, &a);
			a.bytes[pads[i].offset + byte] = 0x80;
			expect_failure(c->name, w->fd, c->cmd, &a,
				       (struct failure){ EINVAL, UB_EXT_RESERVED_SET,
							 pads[i].offset, 0 });
			c->undo(w, &a, false);
		}
	}
}

static void unknown_flags(void **state)
{
	static const struct {
		unsigned int cmd;
		uint32_t offset, known;
	} flags[] = {
		{ UB_IOC_REG_SEG, offsetof(struct ub_ioc_reg_seg, flags), UB_REG_F_READ_ONLY },
		{ UB_IOC_CREATE_JFCE, offsetof(struct ub_ioc_create_jfce, flags),
		  UB_JFCE_F_NONBLOCK | UB_JFCE_F_EVENTFD },
		{ UB_IOC_CREATE_JFC, offsetof(struct ub_ioc_create_jfc, flags),
		  UB_JFC_F_ADAPTIVE | UB_JFC_F_KERNEL },
		{ UB_IOC_CREATE_JFS, offsetof(struct ub_ioc_create_jfs, flags),
		  UB_JFS_F_ERROR_SUSPEND | UB_JFS_F_JETTY },
		{ UB_IOC_CREATE_JFR, offsetof(struct ub_ioc_create_jfr, flags), 0 },
		{ UB_IOC_MODIFY_JFC, offsetof(struct ub_ioc_modify_jfc, flags), UB_JFC_F_ADAPTIVE },
		{ UB_IOC_CREATE_PROGRAM, offsetof(struct ub_ioc_create_program, flags), 0 },
	};
	struct world *w = *state;
	const struct ioc_case *c;
	uint32_t bit, value;
	union arg a;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		c = ioc_case(flags[i].cmd);
		for (bit = 0; bit < 32; bit++) {
			value = 1u << bit;
			if (value & flags[i].known)
				continue;
			ioc_fill(c, w, &a);
			memcpy(a.bytes + flags[i].offset, &value, sizeof(value));
			expect_failure(label(c->name, "flag", bit), w->fd, c->cmd, &a,
				       (struct failure){ EINVAL, UB_EXT_BAD_FLAGS, 0,
							 flags[i].known });
		}
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		world_test(each_takes_its_own_size), world_test(outputs_are_not_inputs),
		world_test(longer_with_a_zero_tail), world_test(longer_with_a_set_tail),
		world_test(shorter_is_filled_with_zeroes), world_test(too_short),
		world_test(unknown_commands),
		world_test(padding_must_be_zero), world_test(unknown_flags),
	};

	return run_all(argc, argv, tests);
}
