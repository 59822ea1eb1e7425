/* SPDX-License-Identifier: MIT */
/*
 * Calls of operations: arguments first to last by their kinds, then what the form asks of types and
 * shapes, then fuel; only then something happens.
 */
#include <string.h>

#include "program/block.h"

struct call {
	struct ub_block *b;
	const struct ub_visa_row *row;
	uint32_t number;
	uint64_t arg[5];
	struct ub_tile a, second, third, made; /* tiles of arguments 2 .. 4, and of the result */
	uint64_t count, fuel;		       /* for its fuel, and that */
	uint64_t result;
	struct ub_operands o;
};

bool ub_block_fault(struct ub_block *b, unsigned fault, unsigned argument)
{
	b->fault = (uint8_t)fault;
	b->argument = (uint8_t)argument;
	return false;
}

static bool fails(struct call *k, unsigned fault, unsigned argument)
{
	return ub_block_fault(k->b, fault, argument);
}

/* ---- Kernels by operation and type ---- */
#define ENTRY_NO(name)     \
	{                  \
		NULL, NULL \
	}
#define ENTRY_F(name)             \
	{                         \
		ub_f_##name, NULL \
	}
#define ENTRY_I(name)             \
	{                         \
		NULL, ub_i_##name \
	}
#define ENTRY_FI(name)                   \
	{                                \
		ub_f_##name, ub_i_##name \
	}
#define ENTRY(number, name, form, types, cost, says) [number] = ENTRY_##types(name),

static const ub_kernel kernels[][UB_VISA_TILE_TYPES] = { UB_VISA_OPS(ENTRY) };

/* ---- Arguments ---- */
static bool check_arguments(struct call *k)
{
	for (unsigned n = 0; n < 5; n++) {
		enum ub_visa_kind kind = ub_visa_kind_of(k->row, n);
		uint64_t value = k->arg[n];
		unsigned fault = ub_visa_check(kind, value, k->b->tiles);

		if (fault)
			return fails(k, fault, n + 1);
		if (kind == UB_VISA_SEGMENT && value >= k->b->segments)
			return fails(k, UB_VISA_FAULT_SEGMENT, n + 1);
		if ((kind == UB_VISA_SRC || kind == UB_VISA_ACC) && !k->b->tile[value].rows)
			return fails(k, UB_VISA_FAULT_EMPTY, n + 1);
		if (ub_visa_is_apart(k->row->form, n) && value == k->arg[0])
			return fails(k, UB_VISA_FAULT_SAME_TILE, n + 1);
	}
	return true;
}

static struct ub_tile tile_of(const struct call *k, unsigned n)
{
	enum ub_visa_kind kind = ub_visa_kind_of(k->row, n);

	if (kind == UB_VISA_DST || kind == UB_VISA_SRC || kind == UB_VISA_ACC)
		return k->b->tile[k->arg[n]];
	return (struct ub_tile){ 0 };
}

static union ub_elements data_of(const struct call *k, unsigned n)
{
	enum ub_visa_kind kind = ub_visa_kind_of(k->row, n);

	if (kind == UB_VISA_DST || kind == UB_VISA_SRC || kind == UB_VISA_ACC)
		return ub_tile_data(k->b, (unsigned)k->arg[n]);
	return (union ub_elements){ NULL };
}

/* Bit n of a row's types: it takes type n. */
static bool takes_type(const struct call *k, unsigned type)
{
	return k->row->types >> type & 1;
}

static bool is_shape_like(struct ub_tile x, struct ub_tile y)
{
	return x.rows == y.rows && x.cols == y.cols;
}

static struct ub_tile tile_like(struct ub_tile t, unsigned rows, unsigned cols)
{
	t.rows = (uint16_t)rows;
	t.cols = (uint16_t)cols;
	return t;
}

/* ---- Forms: whether tiles fit, and what the result is ---- */
static bool fit_binary(struct call *k)
{
	if (k->second.type != k->a.type)
		return fails(k, UB_VISA_FAULT_TYPE, 3);
	if (!is_shape_like(k->second, k->a))
		return fails(k, UB_VISA_FAULT_SHAPE, 3);
	return true;
}

static bool fit_select(struct call *k)
{
	if (k->a.type != UB_I32)
		return fails(k, UB_VISA_FAULT_TYPE, 2);
	if (!is_shape_like(k->second, k->a))
		return fails(k, UB_VISA_FAULT_SHAPE, 3);
	if (k->third.type != k->second.type)
		return fails(k, UB_VISA_FAULT_TYPE, 4);
	if (!is_shape_like(k->third, k->a))
		return fails(k, UB_VISA_FAULT_SHAPE, 4);
	k->made = k->second;
	return true;
}

/* The source is one column or one row; its other side is repeated. */
static bool fit_expand(struct call *k, unsigned one, unsigned other)
{
	if (one != 1)
		return fails(k, UB_VISA_FAULT_SHAPE, 2);
	k->count = other * k->arg[2];
	if (k->count > UB_VISA_TILE_ELEMENTS)
		return fails(k, UB_VISA_FAULT_SHAPE, 3);
	k->o.depth = (uint32_t)k->arg[2];
	return true;
}

static bool fit_along(struct call *k, unsigned rows, unsigned cols)
{
	if (k->second.type != k->a.type)
		return fails(k, UB_VISA_FAULT_TYPE, 3);
	if (!is_shape_like(k->second, tile_like(k->a, rows, cols)))
		return fails(k, UB_VISA_FAULT_SHAPE, 3);
	return true;
}

static bool fit_product(struct call *k)
{
	uint32_t m = k->a.rows, n = k->second.cols;
	struct ub_tile acc = tile_of(k, 0);

	if (k->second.type != k->a.type)
		return fails(k, UB_VISA_FAULT_TYPE, 3);
	if (k->second.rows != k->a.cols)
		return fails(k, UB_VISA_FAULT_SHAPE, 3);
	if (m * n > UB_VISA_TILE_ELEMENTS)
		return fails(k, UB_VISA_FAULT_SHAPE, 1);
	k->made = tile_like(k->a, m, n);
	k->count = (uint64_t)m * n * k->a.cols;
	k->o.depth = k->a.cols;
	k->o.cols = n;
	if (k->row->form != UB_VISA_FORM_PRODUCT_ACC)
		return true;
	if (acc.type != k->a.type)
		return fails(k, UB_VISA_FAULT_TYPE, 1);
	return is_shape_like(acc, k->made) || fails(k, UB_VISA_FAULT_SHAPE, 1);
}

static bool fit_form(struct call *k)
{
	switch (k->row->form) {
	case UB_VISA_FORM_TURN:
		k->made = tile_like(k->a, k->a.cols, k->a.rows);
		return true;
	case UB_VISA_FORM_COMPARE:
		k->made.type = UB_I32;
		return fit_binary(k);
	case UB_VISA_FORM_COMPARE_S:
		k->made.type = UB_I32;
		return true;
	case UB_VISA_FORM_BINARY:
		return fit_binary(k);
	case UB_VISA_FORM_SELECT:
		return fit_select(k);
	case UB_VISA_FORM_REDUCE_ROW:
		k->made = tile_like(k->a, k->a.rows, 1);
		return true;
	case UB_VISA_FORM_REDUCE_COL:
		k->made = tile_like(k->a, 1, k->a.cols);
		return true;
	case UB_VISA_FORM_EXPAND_ROW:
		k->made = tile_like(k->a, k->a.rows, (unsigned)k->arg[2]);
		return fit_expand(k, k->a.cols, k->a.rows);
	case UB_VISA_FORM_EXPAND_COL:
		k->made = tile_like(k->a, (unsigned)k->arg[2], k->a.cols);
		return fit_expand(k, k->a.rows, k->a.cols);
	case UB_VISA_FORM_BY_ROW:
		return fit_along(k, k->a.rows, 1);
	case UB_VISA_FORM_BY_COL:
		return fit_along(k, 1, k->a.cols);
	case UB_VISA_FORM_PRODUCT:
	case UB_VISA_FORM_PRODUCT_ACC:
		return fit_product(k);
	default:
		return true;
	}
}

/* It is paid once the operation has ended: one that is saved before begins again. */
static bool can_pay(struct call *k)
{
	k->fuel = ub_visa_fuel(k->row->cost, k->count);
	return k->fuel < k->b->fuel || fails(k, UB_VISA_FAULT_FUEL, 0);
}

/* ---- Operations on tiles alone ---- */
static bool run_kernel(struct call *k)
{
	unsigned type;

	k->a = tile_of(k, 1);
	k->second = tile_of(k, 2);
	k->third = tile_of(k, 3);
	type = k->row->form == UB_VISA_FORM_SELECT ? k->second.type : k->a.type;
	k->count = ub_tile_count(k->a);
	k->made = k->a;
	k->o.count = (uint32_t)k->count;
	k->o.rows = k->a.rows;
	k->o.cols = k->a.cols;
	if (!takes_type(k, type))
		return fails(k, UB_VISA_FAULT_TYPE, 2);
	if (!fit_form(k) || !can_pay(k))
		return false;
	if (k->number == UB_VISA_trowargmax)
		k->made.type = UB_I32;
	k->o.d = data_of(k, 0);
	k->o.a = data_of(k, 1);
	k->o.b = data_of(k, 2);
	k->o.c = data_of(k, 3);
	k->o.scalar = (uint32_t)k->arg[2];
	k->o.condition = (unsigned)k->arg[3];
	kernels[k->number][type](&k->o);
	k->b->tile[k->arg[0]] = k->made;
	return true;
}

static bool run_convert(struct call *k)
{
	struct ub_tile from = tile_of(k, 1);

	k->count = ub_tile_count(from);
	if (!can_pay(k))
		return false;
	ub_convert_in(data_of(k, 0), (unsigned)k->arg[2], data_of(k, 1).bits, from.type,
		      (uint32_t)k->count);
	from.type = (uint8_t)k->arg[2];
	k->b->tile[k->arg[0]] = from;
	return true;
}

static struct ub_tile tile_of_shape(uint64_t shape)
{
	return (struct ub_tile){
		.rows = (uint16_t)shape,
		.cols = (uint16_t)(shape >> 16),
		.type = (uint8_t)(shape >> 32),
	};
}

static bool run_fill(struct call *k)
{
	struct ub_tile made = tile_of_shape(k->arg[2]);
	union ub_elements d = data_of(k, 0);
	bool counts = k->number == UB_VISA_tci;

	k->count = ub_tile_count(made);
	if (counts && made.type != UB_I32)
		return fails(k, UB_VISA_FAULT_TYPE, 3);
	if (!can_pay(k))
		return false;
	for (uint32_t i = 0; i < k->count; i++)
		d.bits[i] = (uint32_t)k->arg[1] + (counts ? i : 0);
	k->b->tile[k->arg[0]] = made;
	return true;
}

static bool run_element(struct call *k, bool sets)
{
	struct ub_tile t = tile_of(k, 0);
	union ub_elements data = data_of(k, 0);
	uint64_t at = k->arg[1] * t.cols + k->arg[2];

	if (k->arg[1] >= t.rows)
		return fails(k, UB_VISA_FAULT_SHAPE, 2);
	if (k->arg[2] >= t.cols)
		return fails(k, UB_VISA_FAULT_SHAPE, 3);
	if (!can_pay(k))
		return false;
	if (sets)
		data.bits[at] = (uint32_t)k->arg[3];
	else
		k->result = data.bits[at];
	return true;
}

/* ---- Operations on memory ---- */
static bool check_rows(struct call *k, uint32_t rows, uint32_t row_bytes)
{
	uint64_t len = k->b->segment_len[k->arg[1]], offset = k->arg[2], stride = k->arg[4];
	uint64_t span = row_bytes;

	if (rows > 1 && stride < row_bytes)
		return fails(k, UB_VISA_FAULT_VALUE, 5);
	if (rows > 1) {
		if (stride > len)
			return fails(k, UB_VISA_FAULT_BOUNDS, 3);
		span += (rows - 1) * stride;
	}
	if (span > len || offset > len - span)
		return fails(k, UB_VISA_FAULT_BOUNDS, 3);
	return true;
}

/* Elements that need no conversion go straight between tile and memory. */
static bool move_rows(struct call *k, struct ub_tile t, unsigned memory, bool to_segment)
{
	struct ub_block *b = k->b;
	union ub_elements tile = data_of(k, 0);
	void *packed = memory == t.type ? (void *)tile.bits : b->packed;
	unsigned fault;

	if (to_segment && memory != t.type)
		ub_convert_out(packed, memory, tile, t.type, (uint32_t)k->count);
	fault = b->memory->rows(b->opaque, (unsigned)k->arg[1], k->arg[2], t.rows,
				(uint32_t)t.cols * ub_type_bytes[memory], k->arg[4], packed,
				to_segment);
	if (fault)
		return fails(k, fault, 3);
	if (!to_segment && memory != t.type)
		ub_convert_in(tile, t.type, packed, memory, (uint32_t)k->count);
	return true;
}

static bool run_load(struct call *k)
{
	struct ub_tile made = tile_of_shape(k->arg[3]);
	unsigned memory = k->arg[3] >> 40 & 0xff;

	k->count = ub_tile_count(made);
	if (!check_rows(k, made.rows, (uint32_t)made.cols * ub_type_bytes[memory]) || !can_pay(k) ||
	    !move_rows(k, made, memory, false))
		return false;
	k->b->tile[k->arg[0]] = made;
	return true;
}

static bool run_store(struct call *k)
{
	struct ub_tile from = tile_of(k, 0);
	unsigned memory = (unsigned)k->arg[3];

	k->count = ub_tile_count(from);
	return check_rows(k, from.rows, (uint32_t)from.cols * ub_type_bytes[memory]) &&
	       can_pay(k) && move_rows(k, from, memory, true);
}

static enum ub_word_op word_op_of(uint32_t number)
{
	switch (number) {
	case UB_VISA_word_load:
		return UB_WORD_LOAD;
	case UB_VISA_word_store:
		return UB_WORD_STORE;
	case UB_VISA_word_add:
		return UB_WORD_ADD;
	case UB_VISA_word_swap:
		return UB_WORD_SWAP;
	default:
		return UB_WORD_CAS;
	}
}

static bool run_word(struct call *k)
{
	struct ub_block *b = k->b;
	uint64_t segment = k->arg[0], offset = k->arg[1];
	bool compares = k->number == UB_VISA_word_cas;
	uint64_t value = compares ? k->arg[3] : k->arg[2];
	unsigned fault;

	if ((b->segment_addr[segment] + offset) % 8)
		return fails(k, UB_VISA_FAULT_ALIGNMENT, 2);
	if (b->segment_len[segment] < 8 || offset > b->segment_len[segment] - 8)
		return fails(k, UB_VISA_FAULT_BOUNDS, 2);
	if (!can_pay(k))
		return false;
	fault = b->memory->word(b->opaque, (unsigned)segment, offset, word_op_of(k->number), &value,
				k->arg[2]);
	if (fault)
		return fails(k, fault, 2);
	k->result = value;
	return true;
}

/* ---- Operations on nothing but the launch ---- */
static bool run_index(struct call *k)
{
	const uint32_t *grid = k->b->grid;
	uint64_t i = k->b->index;

	if (!can_pay(k))
		return false;
	if (k->number == UB_VISA_grid)
		k->result = grid[k->arg[0]];
	else if (k->arg[0] == 0)
		k->result = i % grid[0];
	else if (k->arg[0] == 1)
		k->result = i / grid[0] % grid[1];
	else
		k->result = i / grid[0] / grid[1];
	return true;
}

static bool run_call(struct call *k)
{
	switch (k->row->form) {
	case UB_VISA_FORM_INDEX:
		return run_index(k);
	case UB_VISA_FORM_LOAD:
		return run_load(k);
	case UB_VISA_FORM_STORE:
		return run_store(k);
	case UB_VISA_FORM_CONVERT:
		return run_convert(k);
	case UB_VISA_FORM_FILL:
		return run_fill(k);
	case UB_VISA_FORM_GET:
	case UB_VISA_FORM_SET:
		return run_element(k, k->row->form == UB_VISA_FORM_SET);
	case UB_VISA_FORM_WORD_READ:
	case UB_VISA_FORM_WORD_WRITE:
	case UB_VISA_FORM_WORD_CAS:
		return run_word(k);
	default:
		return run_kernel(k);
	}
}

bool ub_block_call(struct ub_block *b, uint32_t number)
{
	struct call k = { .b = b, .row = ub_visa_find(number), .number = number };

	memcpy(k.arg, &b->reg[1], sizeof(k.arg));
	if (!check_arguments(&k) || !run_call(&k))
		return false;
	b->fuel -= k.fuel;
	b->reg[0] = k.result;
	return true;
}
