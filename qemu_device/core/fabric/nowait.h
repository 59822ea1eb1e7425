/* SPDX-License-Identifier: MIT */
/*
 * No thread that runs a queue waits for a peer. With UB_DEBUG, as in the tests, the program ends
 * where one would: whoever runs a command of a peer's says so, and whoever is about to wait asks.
 */
#ifndef UB_CORE_NOWAIT_H
#define UB_CORE_NOWAIT_H

#ifdef UB_DEBUG
#include <stdlib.h>

extern _Thread_local unsigned ub_no_wait;

static inline void ub_no_wait_begin(void)
{
	ub_no_wait++;
}

static inline void ub_no_wait_end(void)
{
	ub_no_wait--;
}

static inline void ub_may_wait(void)
{
	if (ub_no_wait)
		abort();
}
#else
static inline void ub_no_wait_begin(void)
{
}

static inline void ub_no_wait_end(void)
{
}

static inline void ub_may_wait(void)
{
}
#endif

#endif
