/* SPDX-License-Identifier: MIT */
/* Numbers to and from the bytes of a device's state. */
#ifndef UB_CORE_BYTES_H
#define UB_CORE_BYTES_H

#include "base/words.h"

struct ub_out {
	uint8_t *data;
	size_t len, room;
	bool failed;			/* no memory */
};

void ub_out_bytes(struct ub_out *out, const void *data, size_t n);
void ub_out_u32(struct ub_out *out, uint32_t v);
void ub_out_u64(struct ub_out *out, uint64_t v);

struct ub_in {
	const uint8_t *at, *end;
	char *error;			/* of the first thing that was wrong */
	size_t error_size;
	bool failed;
};

/* Zero once the input failed or is used up, which fails it. */
void ub_in_bytes(struct ub_in *in, void *to, size_t n);
uint32_t ub_in_u32(struct ub_in *in);
uint64_t ub_in_u64(struct ub_in *in);
/* A value from 0 to most. */
uint32_t ub_in_upto(struct ub_in *in, uint32_t most, const char *what);
bool ub_in_bool(struct ub_in *in, const char *what);
bool ub_in_fail(struct ub_in *in, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool ub_in_check(struct ub_in *in, bool ok, const char *what);

#endif
