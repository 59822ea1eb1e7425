/* SPDX-License-Identifier: MIT */
/* The table of operations as rows, and what holds for arguments by their kinds. */
#include "visa.h"

#define KINDS_OF(form, a, b, c, d, e) \
	[UB_VISA_FORM_##form] = { UB_VISA_##a, UB_VISA_##b, UB_VISA_##c, UB_VISA_##d, UB_VISA_##e },

static const uint8_t form_kinds[UB_VISA_FORM_COUNT][5] = { UB_VISA_FORMS(KINDS_OF) };

#define NUMBERS 256

#define ROW_OF(number, op, op_form, op_types, op_cost, says) \
	[number] = {                                         \
		.name = #op,                                 \
		.form = UB_VISA_FORM_##op_form,              \
		.types = UB_VISA_TYPES_##op_types,           \
		.cost = UB_VISA_COST_##op_cost,              \
	},

static const struct ub_visa_row rows[NUMBERS] = { UB_VISA_OPS(ROW_OF) };

const struct ub_visa_row *ub_visa_find(uint32_t number)
{
	return number < NUMBERS && rows[number].name ? &rows[number] : NULL;
}

enum ub_visa_kind ub_visa_kind_of(const struct ub_visa_row *row, unsigned n)
{
	return form_kinds[row->form][n];
}

static unsigned check_shape(uint64_t value, bool loads)
{
	uint64_t height = value & 0xffff, width = value >> 16 & 0xffff;
	unsigned type = value >> 32 & 0xff, memory = value >> 40 & 0xff;

	if (value >> UB_VISA_SHAPE_BITS || !height || !width ||
	    height * width > UB_VISA_TILE_ELEMENTS)
		return UB_VISA_FAULT_SHAPE;
	if (type >= UB_VISA_TILE_TYPES || memory >= (loads ? UB_VISA_TYPES : 1))
		return UB_VISA_FAULT_TYPE;
	return 0;
}

static unsigned below(uint64_t value, uint64_t limit, unsigned fault)
{
	return value < limit ? 0 : fault;
}

unsigned ub_visa_check(enum ub_visa_kind kind, uint64_t value, unsigned tiles)
{
	switch (kind) {
	case UB_VISA_DST:
	case UB_VISA_SRC:
	case UB_VISA_ACC:
		return below(value, tiles, UB_VISA_FAULT_TILE);
	case UB_VISA_SEGMENT:
		return below(value, UB_VISA_MAX_SEGMENTS, UB_VISA_FAULT_SEGMENT);
	case UB_VISA_LOAD_SHAPE:
	case UB_VISA_TILE_SHAPE:
		return check_shape(value, kind == UB_VISA_LOAD_SHAPE);
	case UB_VISA_MEMORY_TYPE:
		return below(value, UB_VISA_TYPES, UB_VISA_FAULT_TYPE);
	case UB_VISA_TILE_TYPE:
		return below(value, UB_VISA_TILE_TYPES, UB_VISA_FAULT_TYPE);
	case UB_VISA_CONDITION:
		return below(value, UB_VISA_CONDITIONS, UB_VISA_FAULT_VALUE);
	case UB_VISA_DIM:
		return below(value, 3, UB_VISA_FAULT_VALUE);
	case UB_VISA_ROW:
	case UB_VISA_COLUMN:
		return below(value, UB_VISA_TILE_ELEMENTS, UB_VISA_FAULT_VALUE);
	case UB_VISA_COUNT:
		return below(value - 1, UB_VISA_TILE_ELEMENTS, UB_VISA_FAULT_SHAPE);
	default:
		return 0;
	}
}

bool ub_visa_is_apart(enum ub_visa_form form, unsigned n)
{
	switch (form) {
	case UB_VISA_FORM_TURN:
	case UB_VISA_FORM_REDUCE_ROW:
	case UB_VISA_FORM_REDUCE_COL:
	case UB_VISA_FORM_EXPAND_ROW:
	case UB_VISA_FORM_EXPAND_COL:
		return n == 1;
	case UB_VISA_FORM_PRODUCT:
	case UB_VISA_FORM_PRODUCT_ACC:
		return n == 1 || n == 2;
	case UB_VISA_FORM_BY_ROW:
	case UB_VISA_FORM_BY_COL:
		return n == 2;
	default:
		return false;
	}
}

uint64_t ub_visa_fuel(enum ub_visa_cost cost, uint64_t count)
{
	switch (cost) {
	case UB_VISA_COST_ELEMENTS:
	case UB_VISA_COST_PRODUCT:
		return 8 + count / 8;
	case UB_VISA_COST_FUNCTION:
		return 8 + count * 2;
	default:
		return 8;
	}
}

#define SAYS(name, number, says) [number] = says,

const char *ub_visa_rule_str(unsigned rule)
{
	static const char *const says[] = { UB_VISA_RULES(SAYS) };

	return rule < sizeof(says) / sizeof(says[0]) && says[rule] ? says[rule] : "unknown rule";
}

const char *ub_visa_fault_str(unsigned fault)
{
	static const char *const says[] = { UB_VISA_FAULTS(SAYS) };

	return fault < sizeof(says) / sizeof(says[0]) && says[fault] ? says[fault]
								     : "unknown fault";
}
