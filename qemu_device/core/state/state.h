/* SPDX-License-Identifier: MIT */
/*
 * The device's state as bytes. A stream is a header, a body of records and a CRC-32C. Every record
 * but the last makes one object: the admin command that would create it, then what it has been
 * through since. So what a stream may say is checked by what checks a guest.
 */
#ifndef UB_CORE_STATE_H
#define UB_CORE_STATE_H

#include "core_internal.h"

#define UB_STATE_MAGIC		0x54534255u	/* "UBST" */
#define UB_STATE_VERSION	3u
#define UB_STATE_MAX		(1ull << 30)

/* ---- state_io.c ---- */
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

/* ---- state_pin.c: kept memory, by its bus addresses ---- */
void ub_out_pin(struct ub_out *out, const struct ub_pinned *pin);
/* Memory of len bytes as it was written; false if it is not memory here, or not aligned. */
bool ub_in_pin(struct ub_in *in, struct ub_core *core, struct ub_pinned *pin, size_t len,
	       unsigned align);

/* ---- state_obj.c ---- */
void ub_out_objects(struct ub_out *out, struct ub_core *core);
void ub_in_objects(struct ub_in *in, struct ub_core *core);

/* ---- state_cmd.c: the command of a send queue ---- */
void ub_out_cmd(struct ub_out *out, struct ub_jfs *jfs);
void ub_in_cmd(struct ub_in *in, struct ub_jfs *jfs);

#endif
