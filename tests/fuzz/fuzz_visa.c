/* SPDX-License-Identifier: MIT */
/*
 * Programs of any bytes: what the verifier takes runs in a block of its own, whose segments end
 * where memory does.
 */
#include <stdlib.h>

#include "input.h"
#include "program/block.h"
#include "world.h"

#define FUEL	      20000u
#define SEGMENT_BYTES 1000u

static uint8_t *segments[2];

static unsigned move_rows(void *opaque, unsigned segment, uint64_t offset, uint32_t rows,
			  uint32_t row_bytes, uint64_t stride, void *packed, bool to_segment)
{
	uint8_t *at = packed;

	(void)opaque;
	for (uint32_t r = 0; r < rows; r++, at += row_bytes) {
		uint8_t *row = segments[segment] + offset + r * stride;

		memcpy(to_segment ? row : at, to_segment ? at : row, row_bytes);
	}
	return 0;
}

static unsigned move_word(void *opaque, unsigned segment, uint64_t offset, enum ub_word_op op,
			  uint64_t *value, uint64_t compare)
{
	uint8_t *at = segments[segment] + offset;
	uint64_t old;

	(void)opaque;
	(void)compare;
	memcpy(&old, at, 8);
	if (op != UB_WORD_LOAD)
		memcpy(at, value, 8);
	*value = old;
	return 0;
}

static const struct ub_block_memory memory = { move_rows, move_word };

static void run(const struct ub_visa_insn *insns, uint32_t tiles, uint32_t args_len)
{
	struct ub_block *b = calloc(1, sizeof(*b));
	enum ub_block_stop stop;

	must(b);
	b->store = malloc((tiles ? tiles : 1) * UB_VISA_TILE_ELEMENTS * sizeof(uint32_t));
	must(b->store);
	b->insns = insns;
	b->tiles = tiles;
	b->memory = &memory;
	b->grid[0] = b->grid[1] = b->grid[2] = 2;
	b->args_len = args_len;
	b->segments = 2;
	for (unsigned i = 0; i < 2; i++)
		b->segment_len[i] = SEGMENT_BYTES;
	ub_block_begin(b, 5, FUEL);
	do {
		uint64_t before = b->fuel;

		stop = ub_block_run(b, 100);
		/* It gets nearer to its end. */
		must(b->fuel < before || stop == UB_BLOCK_FAULT);
	} while (stop == UB_BLOCK_CALL || stop == UB_BLOCK_BUDGET);
	must(stop != UB_BLOCK_FAULT || b->fault);
	free(b->store);
	free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };
	struct ub_visa_needs needs = { .tiles = in_pick(&in, UB_VISA_MAX_TILES + 1), .fuel = FUEL };
	uint32_t args_len = in_u8(&in);
	size_t bytes = (size_t)(in.end - in.at);
	struct ub_visa_insn *insns = malloc(bytes ? bytes : 1);
	struct ub_visa_refusal why;

	must(insns);
	if (bytes)
		memcpy(insns, in.at, bytes);
	for (unsigned i = 0; i < 2; i++)
		must(segments[i] = calloc(1, SEGMENT_BYTES));
	if (!ub_visa_verify(insns, bytes, &needs, &why))
		run(insns, needs.tiles, args_len);
	else
		must(why.insn <= bytes / sizeof(*insns));
	for (unsigned i = 0; i < 2; i++)
		free(segments[i]);
	free(insns);
	return 0;
}
