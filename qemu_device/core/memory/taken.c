/* SPDX-License-Identifier: MIT */
/* Kept memory that the guest takes away, as by its IOMMU. */
#include "memory/memory.h"

/* What is read of lost memory, and where it is written: two pages, so that none reads the other. */
static _Alignas(UB_HW_PAGE_SIZE) uint8_t zeros[UB_HW_PAGE_SIZE];
static _Alignas(UB_HW_PAGE_SIZE) uint8_t nowhere[UB_HW_PAGE_SIZE];

static bool run_is_hit(const struct ub_run *run, uint64_t addr, uint64_t last)
{
	return !run->hbm && run->addr <= last && run->addr + (run->len - 1) >= addr;
}

/* Whether all of it is mapped, and to where it was. */
static bool run_is_there(const struct ub_run *run, struct ub_core *core, bool is_write)
{
	size_t at = 0;

	while (at < run->len) {
		size_t len = run->len - at;
		void *ptr = core->host.map(core->opaque, run->addr + at, &len, is_write);

		if (!ptr)
			return false;
		core->host.unmap(core->opaque, ptr, len, is_write, 0);
		if (ptr != (uint8_t *)run->ptr + at)
			return false;
		at += len;
	}
	return true;
}

bool ub_pin_taken(const struct ub_pinned *pin, struct ub_core *core, uint64_t addr, uint64_t last,
		  bool gone)
{
	for (uint32_t i = 0; i < pin->nruns && !pin->lost; i++)
		if (run_is_hit(&pin->run[i], addr, last) &&
		    (gone || !run_is_there(&pin->run[i], core, pin->is_write)))
			return true;
	return false;
}

void ub_pin_nowhere(struct ub_pinned *pin, bool written)
{
	pin->lost = true;
	for (uint32_t i = 0; i < pin->npages; i++)
		pin->page[i] = written ? nowhere : zeros;
}

void ub_pin_lose(struct ub_pinned *pin, struct ub_core *core, bool written)
{
	for (uint32_t i = 0; i < pin->nruns; i++) {
		struct ub_run *run = &pin->run[i];

		if (!run->hbm)
			core->host.unmap(core->opaque, run->ptr, run->len, pin->is_write,
					 pin->is_write ? run->len : 0);
		run->ptr = NULL;
	}
	ub_pin_nowhere(pin, written);
}
