/* SPDX-License-Identifier: MIT */
/* A fuzzer's bytes taken apart from the front; zeros follow when they are used up. */
#ifndef UB_FUZZ_INPUT_H
#define UB_FUZZ_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct input {
	const uint8_t *at, *end;
};

static inline size_t in_left(const struct input *in)
{
	return (size_t)(in->end - in->at);
}

static inline void in_bytes(struct input *in, void *to, size_t n)
{
	size_t have = in_left(in) < n ? in_left(in) : n;

	memcpy(to, in->at, have);
	memset((uint8_t *)to + have, 0, n - have);
	in->at += have;
}

static inline uint8_t in_u8(struct input *in)
{
	return in->at < in->end ? *in->at++ : 0;
}

static inline uint16_t in_u16(struct input *in)
{
	uint16_t v;

	in_bytes(in, &v, sizeof(v));
	return v;
}

static inline uint32_t in_u32(struct input *in)
{
	uint32_t v;

	in_bytes(in, &v, sizeof(v));
	return v;
}

static inline uint64_t in_u64(struct input *in)
{
	uint64_t v;

	in_bytes(in, &v, sizeof(v));
	return v;
}

/* 0 .. n - 1 */
static inline unsigned in_pick(struct input *in, unsigned n)
{
	return in_u8(in) % n;
}

/* Once in n. */
static inline bool in_rarely(struct input *in, unsigned n)
{
	return in_pick(in, n) == n - 1;
}

/* A number as those that break things are: small, near a power of two, near 0 from below. */
static inline uint64_t in_edge(struct input *in)
{
	uint8_t how = in_u8(in);
	uint64_t power = 1ull << (how & 63);

	switch (how >> 6) {
	case 0: return how & 63;
	case 1: return power - 1 + in_pick(in, 3);
	case 2: return 0 - (uint64_t)(how & 63);
	default: return in_u64(in);
	}
}

#endif
