/* SPDX-License-Identifier: MIT */
/* Runs a table of tests and says of each "ok - NAME" or "not ok - NAME". */
#include "cmocka.h"

jmp_buf tap_failed;

/* Setup and teardown are part of the test: what they find wrong fails it. */
static int tap_one(const struct CMUnitTest *test)
{
	void *state = NULL;

	if (setjmp(tap_failed))
		return 1;
	if (test->setup && test->setup(&state))
		return 1;
	test->test(&state);
	return test->teardown ? test->teardown(&state) : 0;
}

int tap_run(const struct CMUnitTest *tests, size_t count)
{
	int failed = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		int bad = tap_one(&tests[i]);

		printf("%sok - %s\n", bad ? "not " : "", tests[i].name);
		failed += bad;
	}
	return failed;
}
