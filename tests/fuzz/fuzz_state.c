/* SPDX-License-Identifier: MIT */
/*
 * A device state from who knows where: one that was saved in the middle of work, with bytes
 * changed, or bytes alone. It is refused with a reason, or the device works on, as hostile as what
 * it holds.
 */
#include "op/op.h"
#include "ops.h"

#define ROOM		(1u << 20)
#define HEADER		16

static const op_fn ops[] = {
	op_post, op_post, op_recv, op_rearm, op_state, op_segment, op_leaf, op_drain,
};

static uint8_t state[ROOM];

static void seal(size_t len)
{
	uint32_t crc = ub_crc32c(0, state, len - 4);

	memcpy(state + len - 4, &crc, 4);
}

/* Header and checksum are right, so that the body is looked at. */
static size_t raw_state(struct input *in, size_t saved)
{
	size_t keep = HEADER + (in_rarely(in, 2) ? in_u16(in) % (saved - HEADER) : 0);
	uint64_t body;

	body = keep - HEADER + in_left(in);
	memcpy(state + 8, &body, sizeof(body));
	in_bytes(in, state + keep, in_left(in));
	return HEADER + body + 4;
}

/* Few bytes, each at any place or in a word of its own. */
static size_t changed_state(struct input *in, size_t saved)
{
	for (unsigned n = 1 + in_pick(in, 4); n; n--) {
		size_t at = HEADER + in_u16(in) % (saved - HEADER - 8);

		if (in_rarely(in, 2)) {
			uint64_t v = in_edge(in);

			memcpy(state + at / 4 * 4, &v, 4);
		} else {
			state[at] ^= in_u8(in);
		}
	}
	return saved;
}

static void load(struct input *in, unsigned dev, size_t saved)
{
	size_t len = in_rarely(in, 8) ? raw_state(in, saved) : changed_state(in, saved);
	char error[200] = "";

	seal(len);
	if (in_rarely(in, 16))
		len = in_u16(in) % len;
	else if (in_rarely(in, 16))
		state[in_pick(in, HEADER)] ^= in_u8(in);
	must(world_load(dev, state, len, error, sizeof(error)) || error[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };
	struct guest g;
	unsigned dev;
	size_t saved;

	world_begin();
	guest_init(&g);
	dev = in_pick(&in, DEVICES);
	for (unsigned n = in_pick(&in, 24); n; n--)
		ops[in_pick(&in, sizeof(ops) / sizeof(ops[0]))](&g, &in);
	for (unsigned i = 0; i < DEVICES; i++)
		ub_core_pause(world_core(i));
	saved = world_save(dev, state, ROOM);
	g.tainted = true;
	load(&in, dev, saved);
	for (unsigned i = 0; i < DEVICES; i++)
		ub_core_resume(world_core(i));
	for (unsigned i = 0; i < DEVICES; i++)
		for (unsigned c = 0; c < CONTEXTS; c++)
			ub_store(&g.ctx[i][c].jfc.rec->ci, ub_load(&g.ctx[i][c].jfc.rec->pi));
	ops_run(&g, &in, ops, sizeof(ops) / sizeof(ops[0]), 16);
	world_end();
	return 0;
}
