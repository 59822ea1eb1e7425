/* SPDX-License-Identifier: MIT */
/*
 * Operations that go element by element. Those of f32 round once, to nearest, ties to even, and
 * give one NaN, so that every processor gives the same bits; a compiler must not fuse a product
 * with a sum here.
 */
#include <math.h>
#include <string.h>

#include "program/block.h"

#define EACH(i, o) for (uint32_t i = 0; i < (o)->count; i++)

static float scalar_f(const struct ub_operands *o)
{
	float x;

	memcpy(&x, &o->scalar, 4);
	return x;
}

static int32_t scalar_i(const struct ub_operands *o)
{
	return (int32_t)o->scalar;
}

/* ---- Of two numbers ---- */
static float merge_zeros(float x, float y, bool or)
{
	uint32_t a, b;

	memcpy(&a, &x, 4);
	memcpy(&b, &y, 4);
	a = or ? a | b : a & b;
	memcpy(&x, &a, 4);
	return x;
}

/* maximum and minimum of IEEE 754-2019: NaN wins, and -0 is less than +0. */
static float maximum(float x, float y)
{
	if (x == y)
		return merge_zeros(x, y, false);
	return x > y ? x : y > x ? y : ub_canonical(NAN);
}

static float minimum(float x, float y)
{
	if (x == y)
		return merge_zeros(x, y, true);
	return x < y ? x : y < x ? y : ub_canonical(NAN);
}

static int32_t divide(int32_t x, int32_t y)
{
	if (!y)
		return 0;
	return y == -1 ? (int32_t) - (uint32_t)x : x / y;
}

#define F_ADD(x, y) ub_canonical((x) + (y))
#define F_SUB(x, y) ub_canonical((x) - (y))
#define F_MUL(x, y) ub_canonical((x) * (y))
#define F_DIV(x, y) ub_canonical((x) / (y))
#define I_ADD(x, y) ((int32_t)((uint32_t)(x) + (uint32_t)(y)))
#define I_SUB(x, y) ((int32_t)((uint32_t)(x) - (uint32_t)(y)))
#define I_MUL(x, y) ((int32_t)((uint32_t)(x) * (uint32_t)(y)))
#define I_MAX(x, y) ((x) > (y) ? (x) : (y))
#define I_MIN(x, y) ((x) < (y) ? (x) : (y))
#define I_AND(x, y) ((x) & (y))
#define I_OR(x, y)  ((x) | (y))
#define I_XOR(x, y) ((x) ^ (y))
#define I_SHL(x, y) ((int32_t)((uint32_t)(x) << ((y)&31)))
#define I_SHR(x, y) ((x) >> ((y)&31))

/* t is f or i; type the element's; each with a tile and with a scalar. */
#define BINARY(t, type, name, of)                            \
	void ub_##t##_##name(const struct ub_operands *o)    \
	{                                                    \
		const type *a = o->a.t, *b = o->b.t;         \
		type *d = o->d.t;                            \
                                                             \
		EACH(i, o)                                   \
		d[i] = of(a[i], b[i]);                       \
	}                                                    \
                                                             \
	void ub_##t##_##name##s(const struct ub_operands *o) \
	{                                                    \
		const type *a = o->a.t, b = scalar_##t(o);   \
		type *d = o->d.t;                            \
                                                             \
		EACH(i, o)                                   \
		d[i] = of(a[i], b);                          \
	}

/* b is one column or one row, for all. */
#define ALONG(t, type, name, of)                                                     \
	void ub_##t##_trowexpand##name(const struct ub_operands *o)                  \
	{                                                                            \
		const type *a = o->a.t, *b = o->b.t;                                 \
		type *d = o->d.t;                                                    \
                                                                                     \
		for (uint32_t r = 0; r < o->rows; r++, a += o->cols, d += o->cols) { \
			const type y = b[r];                                         \
                                                                                     \
			for (uint32_t c = 0; c < o->cols; c++)                       \
				d[c] = of(a[c], y);                                  \
		}                                                                    \
	}                                                                            \
                                                                                     \
	void ub_##t##_tcolexpand##name(const struct ub_operands *o)                  \
	{                                                                            \
		const type *a = o->a.t, *b = o->b.t;                                 \
		type *d = o->d.t;                                                    \
                                                                                     \
		for (uint32_t r = 0; r < o->rows; r++, a += o->cols, d += o->cols)   \
			for (uint32_t c = 0; c < o->cols; c++)                       \
				d[c] = of(a[c], b[c]);                               \
	}

BINARY(f, float, tadd, F_ADD)
BINARY(f, float, tsub, F_SUB)
BINARY(f, float, tmul, F_MUL)
BINARY(f, float, tdiv, F_DIV)
BINARY(f, float, tmax, maximum)
BINARY(f, float, tmin, minimum)
BINARY(i, int32_t, tadd, I_ADD)
BINARY(i, int32_t, tsub, I_SUB)
BINARY(i, int32_t, tmul, I_MUL)
BINARY(i, int32_t, tdiv, divide)
BINARY(i, int32_t, tmax, I_MAX)
BINARY(i, int32_t, tmin, I_MIN)
BINARY(i, int32_t, tand, I_AND)
BINARY(i, int32_t, tor, I_OR)
BINARY(i, int32_t, txor, I_XOR)
BINARY(i, int32_t, tshl, I_SHL)
BINARY(i, int32_t, tshr, I_SHR)
ALONG(f, float, add, F_ADD)
ALONG(f, float, sub, F_SUB)
ALONG(f, float, mul, F_MUL)
ALONG(f, float, div, F_DIV)
ALONG(i, int32_t, add, I_ADD)
ALONG(i, int32_t, sub, I_SUB)
ALONG(i, int32_t, mul, I_MUL)
ALONG(i, int32_t, div, divide)

/* ---- Of one number ---- */
#define UNARY(t, type, name, of)                          \
	void ub_##t##_##name(const struct ub_operands *o) \
	{                                                 \
		const type *a = o->a.t;                   \
		type *d = o->d.t;                         \
                                                          \
		EACH(i, o)                                \
		d[i] = of(a[i]);                          \
	}

static float rsqrt_of(float x)
{
	return ub_canonical((float)(1.0 / sqrt((double)x)));
}

#define F_SAME(x)  (x)
#define F_RELU(x)  maximum(x, 0.0f)
#define F_SQRT(x)  ub_canonical(sqrtf(x))
#define F_RECIP(x) ub_canonical(1.0f / (x))
#define I_ABS(x)   ((x) < 0 ? I_SUB(0, x) : (x))
#define I_NEG(x)   I_SUB(0, x)
#define I_NOT(x)   (~(x))
#define I_RELU(x)  I_MAX(x, 0)

/* Approximated: the C library's f32 where it is near enough, else its double precision. */
#define ROUND(x)     ub_canonical((float)(x))
#define F_EXP(x)     ub_canonical(expf(x))
#define F_LOG(x)     ub_canonical(logf(x))
#define F_SIN(x)     ub_canonical(sinf(x))
#define F_COS(x)     ub_canonical(cosf(x))
#define F_TANH(x)    ROUND(tanh((double)(x)))
#define F_SIGMOID(x) ROUND(1.0 / (1.0 + exp(-(double)(x))))
#define F_SILU(x)    ROUND((double)(x) / (1.0 + exp(-(double)(x))))
/* erfc keeps its accuracy where 1 + erf loses it. */
#define F_GELU(x)    ROUND(0.5 * (double)(x)*erfc(-(double)(x)*M_SQRT1_2))

/* Sign bits: of NaN as well, and nothing is rounded. */
UNARY(i, int32_t, tabs, I_ABS)
UNARY(i, int32_t, tneg, I_NEG)
UNARY(i, int32_t, tnot, I_NOT)
UNARY(i, int32_t, trelu, I_RELU)
UNARY(f, float, tabs, fabsf)
UNARY(f, float, tneg, -)
UNARY(f, float, trelu, F_RELU)
UNARY(f, float, tsqrt, F_SQRT)
UNARY(f, float, trecip, F_RECIP)
UNARY(f, float, trsqrt, rsqrt_of)
UNARY(f, float, texp, F_EXP)
UNARY(f, float, tlog, F_LOG)
UNARY(f, float, tsin, F_SIN)
UNARY(f, float, tcos, F_COS)
UNARY(f, float, ttanh, F_TANH)
UNARY(f, float, tsigmoid, F_SIGMOID)
UNARY(f, float, tsilu, F_SILU)
UNARY(f, float, tgelu, F_GELU)

void ub_i_tmov(const struct ub_operands *o)
{
	memmove(o->d.i, o->a.i, (size_t)o->count * 4);
}

void ub_f_tmov(const struct ub_operands *o)
{
	ub_i_tmov(o);
}

/* ---- Comparison and selection ---- */
#define COMPARE(t, type, name, second)                    \
	void ub_##t##_##name(const struct ub_operands *o) \
	{                                                 \
		const type *a = o->a.t;                   \
                                                          \
		switch (o->condition) {                   \
		case UB_EQ:                               \
			EACH(i, o)                        \
			o->d.i[i] = a[i] == (second);     \
			break;                            \
		case UB_NE:                               \
			EACH(i, o)                        \
			o->d.i[i] = a[i] != (second);     \
			break;                            \
		case UB_LT:                               \
			EACH(i, o)                        \
			o->d.i[i] = a[i] < (second);      \
			break;                            \
		case UB_LE:                               \
			EACH(i, o)                        \
			o->d.i[i] = a[i] <= (second);     \
			break;                            \
		case UB_GT:                               \
			EACH(i, o)                        \
			o->d.i[i] = a[i] > (second);      \
			break;                            \
		default:                                  \
			EACH(i, o)                        \
			o->d.i[i] = a[i] >= (second);     \
			break;                            \
		}                                         \
	}

COMPARE(f, float, tcmp, o->b.f[i])
COMPARE(i, int32_t, tcmp, o->b.i[i])
COMPARE(f, float, tcmps, scalar_f(o))
COMPARE(i, int32_t, tcmps, scalar_i(o))

void ub_i_tsel(const struct ub_operands *o)
{
	EACH(i, o)
	o->d.i[i] = o->a.i[i] ? o->b.i[i] : o->c.i[i];
}

void ub_f_tsel(const struct ub_operands *o)
{
	ub_i_tsel(o);
}
