/* SPDX-License-Identifier: MIT */
/* Numbers to and from a state's bytes. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"

void ub_out_bytes(struct ub_out *out, const void *data, size_t n)
{
	if (!out->failed && out->room - out->len < n) {
		size_t room = (out->len + n) * 2;
		uint8_t *more = realloc(out->data, room);

		out->failed = !more;
		if (more) {
			out->data = more;
			out->room = room;
		}
	}
	if (out->failed)
		return;
	memcpy(out->data + out->len, data, n);
	out->len += n;
}

void ub_out_u32(struct ub_out *out, uint32_t v)
{
	ub_out_bytes(out, &v, sizeof(v));
}

void ub_out_u64(struct ub_out *out, uint64_t v)
{
	ub_out_bytes(out, &v, sizeof(v));
}

bool ub_in_fail(struct ub_in *in, const char *fmt, ...)
{
	va_list ap;

	if (!in->failed) {
		va_start(ap, fmt);
		vsnprintf(in->error, in->error_size, fmt, ap);
		va_end(ap);
	}
	in->failed = true;
	return false;
}

void ub_in_bytes(struct ub_in *in, void *to, size_t n)
{
	if (!in->failed && (size_t)(in->end - in->at) < n)
		ub_in_fail(in, "device state ends in the middle of a record");
	if (in->failed) {
		memset(to, 0, n);
		return;
	}
	memcpy(to, in->at, n);
	in->at += n;
}

uint32_t ub_in_u32(struct ub_in *in)
{
	uint32_t v;

	ub_in_bytes(in, &v, sizeof(v));
	return v;
}

uint64_t ub_in_u64(struct ub_in *in)
{
	uint64_t v;

	ub_in_bytes(in, &v, sizeof(v));
	return v;
}

uint32_t ub_in_upto(struct ub_in *in, uint32_t most, const char *what)
{
	uint32_t v = ub_in_u32(in);

	if (v <= most)
		return v;
	ub_in_fail(in, "device state: %s is %u, at most %u is possible", what, v, most);
	return 0;
}

bool ub_in_bool(struct ub_in *in, const char *what)
{
	return ub_in_upto(in, 1, what);
}

bool ub_in_check(struct ub_in *in, bool ok, const char *what)
{
	return ok || ub_in_fail(in, "device state: %s", what);
}
