/* SPDX-License-Identifier: MIT */
/* Registrations that pin their memory, and such that are refused and leave nothing behind. */
#ifndef TESTS_VM_PINNED_H
#define TESTS_VM_PINNED_H

#include "uapi.h"

/* bytes: of whole pages. */
void expect_pinned(struct world *w, const void *addr, uint64_t len, uint32_t flags,
		   uint64_t bytes);
void expect_not_pinned(struct world *w, const void *addr, uint64_t len, uint32_t flags,
		       struct failure want);
/* By EFAULT, for reading and for writing; could: bytes that could be pinned. */
void expect_refused(struct world *w, const void *addr, uint64_t len, uint32_t code,
		    uint64_t could);

#endif
