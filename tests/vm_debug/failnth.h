/* SPDX-License-Identifier: MIT */
/*
 * Every allocation that a call makes fails once: the first, then the second, and so on until the
 * call meets no more of them. Each failure is clean: an errno, and nothing left when the file is
 * closed. Needs a kernel with FAULT_INJECTION, such as that of `make test-debug`.
 */
#ifndef TESTS_VM_DEBUG_FAILNTH_H
#define TESTS_VM_DEBUG_FAILNTH_H

#include "ctl.h"

/* One call under test: 0 or the errno. */
struct subject {
	const char *name;
	int (*run)(struct world *w, union arg *a, const struct ioc_case *c);
	const struct ioc_case *c;
};

int allow_faults(void **state);
/* Points of failure that it met. */
unsigned int sweep(const struct subject *s);
/* A task's nth allocation from now on fails; 0: none. False: there is no such task. */
bool fail_nth_of(int pid, unsigned int n);

#endif
