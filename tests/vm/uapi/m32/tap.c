/* SPDX-License-Identifier: MIT */
/* Runs a table of tests and says of each "ok - NAME" or "not ok - NAME". */
#include "cmocka.h"

jmp_buf tap_failed;

/* Setup and teardown are part of the test: what they find wrong fails it. */
static int tap_one(const struct CMUnitTest *test)
{
	static void *state;
	int result;

	state = NULL;
	result = setjmp(tap_failed);
	if (result == TAP_PASSED) {
		if (test->setup && test->setup(&state))
			return TAP_FAILED;
		test->test(&state);
	}
	if (result == TAP_FAILED)
		return result;
	return test->teardown && test->teardown(&state) ? TAP_FAILED : result;
}

int tap_run(const struct CMUnitTest *tests, size_t count)
{
	int failed = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		int result = tap_one(&tests[i]);

		printf("%sok - %s%s\n", result == TAP_FAILED ? "not " : "", tests[i].name,
		       result == TAP_SKIPPED ? " # SKIP" : "");
		failed += result == TAP_FAILED;
	}
	return failed;
}
