/* SPDX-License-Identifier: MIT */
/* CRC-32C: the CPU's instruction where there is one, else eight bytes a step from tables. */
#include "op/op.h"

#if defined(__aarch64__)
#include <sys/auxv.h>
#ifndef HWCAP_CRC32
#define HWCAP_CRC32 (1 << 7)
#endif
#endif

#define POLY 0x82f63b78u	/* Castagnoli, bits reversed */

static uint32_t table[8][256];
static pthread_once_t table_once = PTHREAD_ONCE_INIT;

static void make_table(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i;

		for (int bit = 0; bit < 8; bit++)
			c = c & 1 ? c >> 1 ^ POLY : c >> 1;
		table[0][i] = c;
	}
	for (int t = 1; t < 8; t++)
		for (uint32_t i = 0; i < 256; i++)
			table[t][i] = table[t - 1][i] >> 8 ^ table[0][table[t - 1][i] & 0xff];
}

static uint32_t step8(uint32_t crc, uint64_t w)
{
	w ^= crc;
	crc = 0;
	for (int i = 0; i < 8; i++)
		crc ^= table[7 - i][w >> 8 * i & 0xff];
	return crc;
}

uint32_t ub_crc32c_table(uint32_t crc, const void *data, size_t len)
{
	const uint8_t *p = data;

	pthread_once(&table_once, make_table);
	crc = ~crc;
	for (; len >= 8; len -= 8, p += 8) {
		uint64_t w;

		memcpy(&w, p, 8);
		crc = step8(crc, w);
	}
	while (len--)
		crc = crc >> 8 ^ table[0][(crc ^ *p++) & 0xff];
	return ~crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2")))
static uint32_t crc32c_cpu(uint32_t crc, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t c = ~crc;

	for (; len >= 8; len -= 8, p += 8) {
		uint64_t w;

		memcpy(&w, p, 8);
		c = __builtin_ia32_crc32di(c, w);
	}
	while (len--)
		c = __builtin_ia32_crc32qi((uint32_t)c, *p++);
	return ~(uint32_t)c;
}

static bool have_cpu(void)
{
	return __builtin_cpu_supports("sse4.2");
}
#elif defined(__aarch64__)
__attribute__((target("+crc")))
static uint32_t crc32c_cpu(uint32_t crc, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint32_t c = ~crc;

	for (; len >= 8; len -= 8, p += 8) {
		uint64_t w;

		memcpy(&w, p, 8);
		__asm__("crc32cx %w0, %w0, %x1" : "+r"(c) : "r"(w));
	}
	while (len--)
		__asm__("crc32cb %w0, %w0, %w1" : "+r"(c) : "r"(*p++));
	return ~c;
}

static bool have_cpu(void)
{
	return getauxval(AT_HWCAP) & HWCAP_CRC32;
}
#else
#define crc32c_cpu ub_crc32c_table
static bool have_cpu(void)
{
	return false;
}
#endif

uint32_t ub_crc32c(uint32_t crc, const void *data, size_t len)
{
	return have_cpu() ? crc32c_cpu(crc, data, len) : ub_crc32c_table(crc, data, len);
}
