/* SPDX-License-Identifier: MIT */
/* The part of CMocka that the tests of the bare interface use, for programs of 32 bits. */
#ifndef TESTS_VM_M32_CMOCKA_H
#define TESTS_VM_M32_CMOCKA_H

#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct CMUnitTest {
	const char *name;
	void (*test)(void **state);
	int (*setup)(void **state);
	int (*teardown)(void **state);
};

#define cmocka_unit_test(f) { #f, f, NULL, NULL }
#define cmocka_unit_test_setup_teardown(f, setup, teardown) { #f, f, setup, teardown }
#define cmocka_run_group_tests(tests, setup, teardown) \
	tap_run(tests, sizeof(tests) / sizeof((tests)[0]))

extern jmp_buf tap_failed;
enum { TAP_PASSED, TAP_FAILED, TAP_SKIPPED };

#define fail_msg(...) do { \
	fprintf(stderr, "error: %s:%d: ", __FILE__, __LINE__); \
	fprintf(stderr, __VA_ARGS__); \
	fputc('\n', stderr); \
	longjmp(tap_failed, TAP_FAILED); \
} while (0)

#define skip() longjmp(tap_failed, TAP_SKIPPED)

#define assert_true(c) do { \
	if (!(c)) \
		fail_msg("%s", #c); \
} while (0)
#define assert_non_null(p) assert_true((p) != NULL)
#define assert_int_equal(a, b) do { \
	long long a_ = (long long)(a), b_ = (long long)(b); \
	if (a_ != b_) \
		fail_msg("%s: %lld, should be %lld", #a, a_, b_); \
} while (0)
#define assert_memory_equal(a, b, n) assert_true(!memcmp(a, b, n))

int tap_run(const struct CMUnitTest *tests, size_t count);

#endif
