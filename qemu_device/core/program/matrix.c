/* SPDX-License-Identifier: MIT */
/* Operations that go along rows and columns: transposition, sums, extremes, products. */
#include <math.h>
#include <string.h>

#include "program/block.h"

/* A sum of a row is made of so many partial sums: a fixed order, and vectors fit it. */
#define LANES 16u

/* ---- Order ---- */
void ub_i_ttrans(const struct ub_operands *o)
{
	for (uint32_t r = 0; r < o->rows; r++)
		for (uint32_t c = 0; c < o->cols; c++)
			o->d.i[(size_t)c * o->rows + r] = o->a.i[(size_t)r * o->cols + c];
}

void ub_f_ttrans(const struct ub_operands *o)
{
	ub_i_ttrans(o);
}

void ub_i_trowexpand(const struct ub_operands *o)
{
	for (uint32_t r = 0; r < o->rows; r++)
		for (uint32_t c = 0; c < o->depth; c++)
			o->d.i[(size_t)r * o->depth + c] = o->a.i[r];
}

void ub_f_trowexpand(const struct ub_operands *o)
{
	ub_i_trowexpand(o);
}

void ub_i_tcolexpand(const struct ub_operands *o)
{
	for (uint32_t r = 0; r < o->depth; r++)
		memcpy(o->d.i + (size_t)r * o->cols, o->a.i, (size_t)o->cols * 4);
}

void ub_f_tcolexpand(const struct ub_operands *o)
{
	ub_i_tcolexpand(o);
}

/* ---- Sums ---- */
static float row_sum(const float *a, uint32_t cols)
{
	float sum[LANES] = { 0 };
	uint32_t c = 0;

	for (; c + LANES <= cols; c += LANES)
		for (uint32_t l = 0; l < LANES; l++)
			sum[l] += a[c + l];
	for (uint32_t l = 0; c + l < cols; l++)
		sum[l] += a[c + l];
	for (uint32_t width = LANES / 2; width; width /= 2)
		for (uint32_t l = 0; l < width; l++)
			sum[l] += sum[l + width];
	return ub_canonical(sum[0]);
}

void ub_f_trowsum(const struct ub_operands *o)
{
	for (uint32_t r = 0; r < o->rows; r++)
		o->d.f[r] = row_sum(o->a.f + (size_t)r * o->cols, o->cols);
}

void ub_i_trowsum(const struct ub_operands *o)
{
	for (uint32_t r = 0; r < o->rows; r++) {
		uint32_t sum = 0;

		for (uint32_t c = 0; c < o->cols; c++)
			sum += o->a.bits[(size_t)r * o->cols + c];
		o->d.bits[r] = sum;
	}
}

void ub_f_tcolsum(const struct ub_operands *o)
{
	memset(o->d.f, 0, (size_t)o->cols * 4);
	for (uint32_t r = 0; r < o->rows; r++)
		for (uint32_t c = 0; c < o->cols; c++)
			o->d.f[c] += o->a.f[(size_t)r * o->cols + c];
	for (uint32_t c = 0; c < o->cols; c++)
		o->d.f[c] = ub_canonical(o->d.f[c]);
}

void ub_i_tcolsum(const struct ub_operands *o)
{
	memset(o->d.i, 0, (size_t)o->cols * 4);
	for (uint32_t r = 0; r < o->rows; r++)
		for (uint32_t c = 0; c < o->cols; c++)
			o->d.bits[c] += o->a.bits[(size_t)r * o->cols + c];
}

/* ---- Extremes ---- */
/* As integers of the same order: -0 is less than +0. NaN has no place among them. */
static int32_t order_f(float x)
{
	int32_t bits;

	memcpy(&bits, &x, 4);
	return bits < 0 ? (int32_t)(0x80000000u - 1u - (uint32_t)bits) : bits;
}

static int32_t order_i(int32_t x)
{
	return x;
}

static bool is_nan_f(float x)
{
	return x != x;
}

static bool is_nan_i(int32_t x)
{
	(void)x;
	return false;
}

/* Whether x comes before y, which came first: a greater one, or the first NaN. */
#define BEATS(t, x, y, greater) \
	(!is_nan_##t(y) &&      \
	 (is_nan_##t(x) || (greater ? order_##t(x) > order_##t(y) : order_##t(x) < order_##t(y))))
#define KEEP_f(x) ub_canonical(x)
#define KEEP_i(x) (x)

#define EXTREME(t, type, name, greater)                                \
	void ub_##t##_trow##name(const struct ub_operands *o)          \
	{                                                              \
		const type *a = o->a.t;                                \
                                                                       \
		for (uint32_t r = 0; r < o->rows; r++, a += o->cols) { \
			type best = a[0];                              \
                                                                       \
			for (uint32_t c = 1; c < o->cols; c++)         \
				if (BEATS(t, a[c], best, greater))     \
					best = a[c];                   \
			o->d.t[r] = KEEP_##t(best);                    \
		}                                                      \
	}                                                              \
                                                                       \
	void ub_##t##_tcol##name(const struct ub_operands *o)          \
	{                                                              \
		const type *a = o->a.t + o->cols;                      \
		type *d = o->d.t;                                      \
                                                                       \
		memcpy(d, o->a.t, (size_t)o->cols * 4);                \
		for (uint32_t r = 1; r < o->rows; r++, a += o->cols)   \
			for (uint32_t c = 0; c < o->cols; c++)         \
				if (BEATS(t, a[c], d[c], greater))     \
					d[c] = a[c];                   \
		for (uint32_t c = 0; c < o->cols; c++)                 \
			d[c] = KEEP_##t(d[c]);                         \
	}

EXTREME(f, float, max, true)
EXTREME(f, float, min, false)
EXTREME(i, int32_t, max, true)
EXTREME(i, int32_t, min, false)

#define ARGMAX(t, type)                                                \
	void ub_##t##_trowargmax(const struct ub_operands *o)          \
	{                                                              \
		const type *a = o->a.t;                                \
                                                                       \
		for (uint32_t r = 0; r < o->rows; r++, a += o->cols) { \
			uint32_t best = 0;                             \
                                                                       \
			for (uint32_t c = 1; c < o->cols; c++)         \
				if (BEATS(t, a[c], a[best], true))     \
					best = c;                      \
			o->d.i[r] = (int32_t)best;                     \
		}                                                      \
	}

ARGMAX(f, float)
ARGMAX(i, int32_t)

/* ---- Products: each product rounded, then added, in the order of the columns of a ---- */
void ub_f_tmatmul_acc(const struct ub_operands *o)
{
	const float *a = o->a.f;
	float *d = o->d.f;

	for (uint32_t r = 0; r < o->rows; r++, d += o->cols) {
		const float *b = o->b.f;

		for (uint32_t k = 0; k < o->depth; k++, b += o->cols) {
			const float x = *a++;

			for (uint32_t c = 0; c < o->cols; c++)
				d[c] += x * b[c];
		}
		for (uint32_t c = 0; c < o->cols; c++)
			d[c] = ub_canonical(d[c]);
	}
}

void ub_i_tmatmul_acc(const struct ub_operands *o)
{
	const uint32_t *a = o->a.bits;
	uint32_t *d = o->d.bits;

	for (uint32_t r = 0; r < o->rows; r++, d += o->cols) {
		const uint32_t *b = o->b.bits;

		for (uint32_t k = 0; k < o->depth; k++, b += o->cols) {
			const uint32_t x = *a++;

			for (uint32_t c = 0; c < o->cols; c++)
				d[c] += x * b[c];
		}
	}
}

void ub_f_tmatmul(const struct ub_operands *o)
{
	memset(o->d.f, 0, (size_t)o->rows * o->cols * 4);
	ub_f_tmatmul_acc(o);
}

void ub_i_tmatmul(const struct ub_operands *o)
{
	memset(o->d.i, 0, (size_t)o->rows * o->cols * 4);
	ub_i_tmatmul_acc(o);
}
