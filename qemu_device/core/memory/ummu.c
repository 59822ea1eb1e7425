/* SPDX-License-Identifier: MIT */
/* The UMMU: walks of a context's page table, and memory that is translated once and kept. */
#include <stdlib.h>

#include "memory/memory.h"

#define PTE_RIGHTS	(UB_PTE_READ | UB_PTE_WRITE | UB_PTE_ATOMIC)
#define PTE_TABLE	(UB_PTE_VALID | PTE_RIGHTS | UB_PTE_ADDR_MASK)
#define PTE_LEAF	(PTE_TABLE | UB_PTE_HBM)
#define PTE_HUGE	(PTE_LEAF | UB_PTE_HUGE)
#define HUGE_SIZE	(1ull << 21)
#define NO_REGION	(~0ull)

static unsigned table_index(uint64_t uba, unsigned level)
{
	return uba >> (12 + UB_PT_INDEX_BITS * (level - 1)) & ((1u << UB_PT_INDEX_BITS) - 1);
}

static uint64_t read_entry(const uint64_t *table, unsigned index)
{
	return __atomic_load_n(&table[index], __ATOMIC_RELAXED);
}

static uint64_t *map_table(struct ub_core *core, uint64_t addr, size_t *len)
{
	void *ptr;

	*len = UB_HW_PAGE_SIZE;
	ptr = core->host.map(core->opaque, addr, len, false);
	if (ptr && *len < UB_HW_PAGE_SIZE) {
		core->host.unmap(core->opaque, ptr, *len, false, 0);
		ptr = NULL;
	}
	return ptr;
}

static void unmap_table(struct ub_core *core, void *ptr, size_t len)
{
	core->host.unmap(core->opaque, ptr, len, false, 0);
}

void ub_walk_init(struct ub_walk *walk, struct ub_ctx *ctx)
{
	walk->ctx = ctx;
	walk->region = NO_REGION;
	walk->table = NULL;
	walk->huge = 0;
}

void ub_walk_end(struct ub_walk *walk)
{
	if (walk->table)
		unmap_table(walk->ctx->obj.core, walk->table, walk->table_len);
	walk->table = NULL;
	walk->huge = 0;
	walk->region = NO_REGION;
}

static bool is_table(uint64_t pte)
{
	return pte & UB_PTE_VALID && !(pte & ~PTE_TABLE);
}

static bool is_huge(uint64_t pte)
{
	uint64_t low = pte & UB_PTE_ADDR_MASK & (HUGE_SIZE - 1);

	return pte & UB_PTE_VALID && pte & UB_PTE_HUGE && !(pte & ~PTE_HUGE) && !low;
}

static bool is_leaf(uint64_t pte)
{
	return pte & UB_PTE_VALID && !(pte & ~PTE_LEAF);
}

/* The level 2 entry of a region, 0 if the tables above do not lead to one. */
static uint64_t level2_entry(struct ub_ctx *ctx, uint64_t uba)
{
	struct ub_core *core = ctx->obj.core;
	uint64_t pte = read_entry(ub_pinned_at(&ctx->root, 0), table_index(uba, 4));

	for (unsigned level = 3; level >= 2; level--) {
		uint64_t *table;
		size_t len;

		if (!is_table(pte))
			return 0;
		table = map_table(core, pte & UB_PTE_ADDR_MASK, &len);
		if (!table)
			return 0;
		pte = read_entry(table, table_index(uba, level));
		unmap_table(core, table, len);
	}
	return pte;
}

static void enter_region(struct ub_walk *walk, uint64_t uba)
{
	uint64_t pte;

	ub_walk_end(walk);
	walk->region = uba / HUGE_SIZE;
	pte = level2_entry(walk->ctx, uba);
	if (is_huge(pte))
		walk->huge = pte;
	else if (is_table(pte))
		walk->table = map_table(walk->ctx->obj.core, pte & UB_PTE_ADDR_MASK,
					&walk->table_len);
}

int ub_walk_leaf(struct ub_walk *walk, uint64_t uba, uint64_t rights, struct ub_leaf *leaf)
{
	uint64_t size = walk->huge ? HUGE_SIZE : UB_HW_PAGE_SIZE, pte = 0;

	if (uba >> UB_UBA_BITS)
		return UB_SUB_UNMAPPED;
	if (walk->region != uba / HUGE_SIZE) {
		enter_region(walk, uba);
		size = walk->huge ? HUGE_SIZE : UB_HW_PAGE_SIZE;
	}
	if (walk->huge)
		pte = walk->huge;
	else if (walk->table)
		pte = read_entry(walk->table, table_index(uba, 1));
	if (!walk->huge && !is_leaf(pte))
		return UB_SUB_UNMAPPED;
	if (rights & ~pte)
		return UB_SUB_PTE_RIGHTS;
	leaf->addr = (pte & UB_PTE_ADDR_MASK) + uba % size;
	leaf->len = size - uba % size;
	leaf->hbm = pte & UB_PTE_HBM;
	return 0;
}

int ub_walk_run(struct ub_walk *walk, uint64_t uba, uint64_t len, uint64_t rights,
		struct ub_leaf *leaf)
{
	int sub = ub_walk_leaf(walk, uba, rights, leaf);

	if (sub)
		return sub;
	while (leaf->len < len) {
		struct ub_leaf next;

		/* A region's end ends the run: entering the next would drop this table. */
		if ((uba + leaf->len) / HUGE_SIZE != walk->region ||
		    ub_walk_leaf(walk, uba + leaf->len, rights, &next) ||
		    next.hbm != leaf->hbm || next.addr != leaf->addr + leaf->len)
			break;
		leaf->len += next.len;
	}
	if (leaf->len > len)
		leaf->len = len;
	return 0;
}

/* ---- Kept translations ---- */
static int pin_add(struct ub_pinned *pin, const struct ub_run *run, size_t at)
{
	struct ub_run *runs = realloc(pin->run, (pin->nruns + 1) * sizeof(*runs));

	if (!runs)
		return -1;
	pin->run = runs;
	pin->run[pin->nruns++] = *run;
	for (size_t off = 0; off < run->len; off += UB_HW_PAGE_SIZE)
		pin->page[(at + off) / UB_HW_PAGE_SIZE] = (uint8_t *)run->ptr + off;
	return 0;
}

/* Map up to run.len bytes for keeps; how many it came to is in there. */
static int pin_run(struct ub_pinned *pin, struct ub_core *core, struct ub_run *run, size_t at,
		   bool last)
{
	size_t want = run->len;

	run->ptr = core->host.map(core->opaque, run->addr, &run->len, pin->is_write);
	if (!run->ptr)
		return -1;
	if (((run->len < want || !last) && run->len % UB_HW_PAGE_SIZE) || pin_add(pin, run, at)) {
		core->host.unmap(core->opaque, run->ptr, run->len, pin->is_write, 0);
		return -1;
	}
	return 0;
}

static int pin_hbm(struct ub_pinned *pin, struct ub_core *core, struct ub_run *run, size_t at)
{
	if (run->addr > core->cfg.hbm_size || run->len > core->cfg.hbm_size - run->addr)
		return -1;
	run->ptr = (uint8_t *)core->cfg.hbm + run->addr;
	return pin_add(pin, run, at);
}

int ub_pin_alloc(struct ub_pinned *pin, size_t len, bool is_write)
{
	memset(pin, 0, sizeof(*pin));
	pin->is_write = is_write;
	pin->npages = (uint32_t)((len + UB_HW_PAGE_SIZE - 1) / UB_HW_PAGE_SIZE);
	pin->page = calloc(pin->npages, sizeof(*pin->page));
	return pin->page ? 0 : -1;
}

void ub_pin_drop(struct ub_pinned *pin, struct ub_core *core)
{
	ub_unpin(pin, core);
	free(pin->page);
	pin->page = NULL;
}

int ub_pin_piece(struct ub_pinned *pin, struct ub_core *core, uint64_t addr, size_t at, size_t len,
		 size_t total, bool hbm)
{
	for (size_t end = at + len; at < end;) {
		struct ub_run run = { .len = end - at, .addr = addr, .hbm = hbm };

		if (hbm ? pin_hbm(pin, core, &run, at) : pin_run(pin, core, &run, at, end == total))
			return -1;
		at += run.len;
		addr += run.len;
	}
	return 0;
}

int ub_pin_bus(struct ub_pinned *pin, struct ub_core *core, uint64_t addr, size_t len,
	       bool is_write)
{
	if (addr + len < addr || ub_pin_alloc(pin, len, is_write))
		return -1;
	if (ub_pin_piece(pin, core, addr, 0, len, len, false)) {
		ub_pin_drop(pin, core);
		return -1;
	}
	return 0;
}

int ub_pin_uba(struct ub_pinned *pin, struct ub_ctx *ctx, uint64_t uba, size_t len)
{
	struct ub_core *core = ctx->obj.core;
	struct ub_walk walk;
	int ret = 0;

	if (ub_pin_alloc(pin, len, true))
		return -1;
	ub_walk_init(&walk, ctx);
	for (size_t at = 0; at < len && !ret;) {
		struct ub_leaf leaf;

		ret = ub_walk_run(&walk, uba + at, len - at, UB_PTE_READ | UB_PTE_WRITE, &leaf);
		if (!ret)
			ret = ub_pin_piece(pin, core, leaf.addr, at, leaf.len, len, leaf.hbm);
		at += leaf.len;
	}
	ub_walk_end(&walk);
	if (ret)
		ub_pin_drop(pin, core);
	return ret ? -1 : 0;
}

void ub_unpin(struct ub_pinned *pin, struct ub_core *core)
{
	for (uint32_t i = 0; i < pin->nruns; i++)
		if (!pin->run[i].hbm && !pin->lost)
			core->host.unmap(core->opaque, pin->run[i].ptr, pin->run[i].len,
					 pin->is_write, pin->is_write ? pin->run[i].len : 0);
	free(pin->run);
	pin->run = NULL;
	pin->nruns = 0;
}
