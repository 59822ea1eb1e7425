/* SPDX-License-Identifier: MIT */
/* Conversion of elements. Every step rounds to nearest, ties to even, and says so by its name. */
#include <math.h>
#include <string.h>

#include "program/block.h"

const uint8_t ub_type_bytes[UB_VISA_TYPES] = {
	[UB_F32] = 4, [UB_I32] = 4, [UB_F16] = 2, [UB_BF16] = 2, [UB_I8] = 1,
};

static uint32_t bits_of(float x)
{
	uint32_t bits;

	memcpy(&bits, &x, 4);
	return bits;
}

static float float_of(uint32_t bits)
{
	float x;

	memcpy(&x, &bits, 4);
	return x;
}

/* ---- To and from f32 ---- */
static float f32_of_f16(uint16_t h)
{
	uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = h >> 10 & 31, mantissa = h & 0x3ff;

	if (exponent == 31)
		return mantissa ? ub_canonical(NAN) : float_of(sign | 0x7f800000);
	if (!exponent) {
		float x = (float)mantissa * 0x1p-24f;

		return sign ? -x : x;
	}
	return float_of(sign | (exponent + 112) << 23 | mantissa << 13);
}

static uint16_t f16_of_f32(float x)
{
	uint32_t bits = bits_of(x), magnitude = bits & 0x7fffffff;
	uint16_t sign = bits >> 16 & 0x8000;

	if (magnitude > 0x7f800000)
		return 0x7e00;
	/* From half way between the greatest and the next power of two on. */
	if (magnitude >= 0x477ff000)
		return sign | 0x7c00;
	/* Below the least normal number: adding 0.5 leaves multiples of 2^-24 in the mantissa. */
	if (magnitude < 0x38800000)
		return sign | (uint16_t)(bits_of(float_of(magnitude) + 0.5f) - 0x3f000000);
	magnitude += 0xfff + (magnitude >> 13 & 1);
	return sign | (uint16_t)((magnitude >> 13) - (112 << 10));
}

static float f32_of_bf16(uint16_t h)
{
	return ub_canonical(float_of((uint32_t)h << 16));
}

static uint16_t bf16_of_f32(float x)
{
	uint32_t bits = bits_of(x);

	if (x != x)
		return 0x7fc0;
	return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static int32_t i32_of_f32(float x)
{
	if (x != x)
		return 0;
	if (x >= 0x1p31f)
		return INT32_MAX;
	return x < -0x1p31f ? INT32_MIN : (int32_t)rintf(x);
}

static int8_t i8_of_i32(int32_t x)
{
	return (int8_t)(x > INT8_MAX ? INT8_MAX : x < INT8_MIN ? INT8_MIN : x);
}

/* ---- Runs of them ---- */
#define CONVERT(name, to_type, from_type, convert)                   \
	static void name(void *to, const void *from, uint32_t count) \
	{                                                            \
		const from_type *x = from;                           \
		to_type *y = to;                                     \
                                                                     \
		for (uint32_t i = 0; i < count; i++)                 \
			y[i] = convert(x[i]);                        \
	}

#define TO_F32(x)      ((float)(x))
#define TO_I32(x)      ((int32_t)(x))
#define I32_OF_F16(x)  i32_of_f32(f32_of_f16(x))
#define I32_OF_BF16(x) i32_of_f32(f32_of_bf16(x))
#define F16_OF_I32(x)  f16_of_f32((float)(x))
#define BF16_OF_I32(x) bf16_of_f32((float)(x))
#define I8_OF_F32(x)   i8_of_i32(i32_of_f32(x))

CONVERT(f32_from_i32, float, int32_t, TO_F32)
CONVERT(f32_from_f16, float, uint16_t, f32_of_f16)
CONVERT(f32_from_bf16, float, uint16_t, f32_of_bf16)
CONVERT(f32_from_i8, float, int8_t, TO_F32)
CONVERT(i32_from_f32, int32_t, float, i32_of_f32)
CONVERT(i32_from_f16, int32_t, uint16_t, I32_OF_F16)
CONVERT(i32_from_bf16, int32_t, uint16_t, I32_OF_BF16)
CONVERT(i32_from_i8, int32_t, int8_t, TO_I32)
CONVERT(f16_from_f32, uint16_t, float, f16_of_f32)
CONVERT(f16_from_i32, uint16_t, int32_t, F16_OF_I32)
CONVERT(bf16_from_f32, uint16_t, float, bf16_of_f32)
CONVERT(bf16_from_i32, uint16_t, int32_t, BF16_OF_I32)
CONVERT(i8_from_f32, int8_t, float, I8_OF_F32)
CONVERT(i8_from_i32, int8_t, int32_t, i8_of_i32)

static void same(void *to, const void *from, uint32_t count)
{
	memmove(to, from, (size_t)count * 4);
}

typedef void (*convert_fn)(void *to, const void *from, uint32_t count);

static const convert_fn convert_in[UB_VISA_TILE_TYPES][UB_VISA_TYPES] = {
	[UB_F32] = { same, f32_from_i32, f32_from_f16, f32_from_bf16, f32_from_i8 },
	[UB_I32] = { i32_from_f32, same, i32_from_f16, i32_from_bf16, i32_from_i8 },
};

static const convert_fn convert_out[UB_VISA_TILE_TYPES][UB_VISA_TYPES] = {
	[UB_F32] = { same, i32_from_f32, f16_from_f32, bf16_from_f32, i8_from_f32 },
	[UB_I32] = { f32_from_i32, same, f16_from_i32, bf16_from_i32, i8_from_i32 },
};

void ub_convert_in(union ub_elements to, unsigned type, const void *from, unsigned memory,
		   uint32_t count)
{
	convert_in[type][memory](to.bits, from, count);
}

void ub_convert_out(void *to, unsigned memory, union ub_elements from, unsigned type,
		    uint32_t count)
{
	convert_out[type][memory](to, from.bits, count);
}
