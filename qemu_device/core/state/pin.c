/* SPDX-License-Identifier: MIT */
/*
 * Kept memory goes by its bus addresses, not by a second walk of the page table: what the guest has
 * done to its tables since must neither move a queue nor keep the device from being restored. No
 * piece at all: it was taken away.
 */
#include <stdlib.h>

#include "state/state.h"

void ub_out_pin(struct ub_out *out, const struct ub_pinned *pin)
{
	uint32_t pieces = pin->lost ? 0 : pin->nruns;

	ub_out_u32(out, pieces);
	for (uint32_t i = 0; i < pieces; i++) {
		ub_out_u64(out, pin->run[i].addr);
		ub_out_u64(out, pin->run[i].len);
		ub_out_u32(out, pin->run[i].hbm);
	}
}

static bool pin_piece(struct ub_in *in, struct ub_core *core, struct ub_pinned *pin, size_t *at,
		      size_t len, unsigned align)
{
	uint64_t addr = ub_in_u64(in), n = ub_in_u64(in);
	bool hbm = ub_in_bool(in, "kept memory's kind"), ok = true;

	if (in->failed)
		return false;
	ok = n && n <= len - *at && (n % UB_HW_PAGE_SIZE == 0 || *at + n == len) &&
	     addr + n >= addr && addr % align == 0;
	if (!ub_in_check(in, ok, "a piece of kept memory does not fit its queue"))
		return false;
	if (ub_pin_piece(pin, core, addr, *at, (size_t)n, len, hbm))
		return ub_in_fail(in, "device state: queue memory at %s address 0x%llx is not "
				  "memory here; give this machine the same memory",
				  hbm ? "device" : "bus", (unsigned long long)addr);
	*at += n;
	return true;
}

bool ub_in_pin(struct ub_in *in, struct ub_core *core, struct ub_pinned *pin, size_t len,
	       unsigned align, bool written)
{
	uint32_t pieces = ub_in_u32(in);
	size_t at = 0;

	if (in->failed || ub_pin_alloc(pin, len, true))
		return ub_in_fail(in, "device state: no memory");
	if (!pieces) {
		ub_pin_nowhere(pin, written);
		return true;
	}
	while (at < len && pieces && pin_piece(in, core, pin, &at, len, align))
		pieces--;
	if (ub_in_check(in, at == len && !pieces,
			"kept memory is shorter or longer than its queue"))
		return true;
	ub_pin_drop(pin, core);
	return false;
}
