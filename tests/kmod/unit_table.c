// SPDX-License-Identifier: GPL-2.0-only
/* Page tables of the UMMU: every page is found where it should be, and nothing stays behind. */
#include <linux/dma-mapping.h>
#include <linux/pci.h>
#include <linux/prandom.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "hw/hw.h"
#include "unit.h"

#define RUNS		24u
#define HUGE_ORDER	(21 - PAGE_SHIFT)
#define ROUNDS		60u
#define SPACES		4u
#define FLAGS		(UB_PTE_READ | UB_PTE_WRITE | UB_PTE_ATOMIC)

struct table_rig {
	struct ubnpu_dev ub;
	struct ubnpu_pt pt;
	struct rnd_state random;
	s64 empty;		/* bytes of tables of an empty space */
};

/* Memory in runs of pages that lie together. */
struct piece {
	struct ubnpu_mem mem;
	struct page *page[RUNS];
	unsigned int order[RUNS];
};

static u32 pick(struct table_rig *r, u32 below)
{
	return prandom_u32_state(&r->random) % below;
}

/* Any PCI device will do for addresses on the bus. */
static struct table_rig *rig_new(void)
{
	struct table_rig *r = kzalloc(sizeof(*r), GFP_KERNEL);

	if (!r)
		return NULL;
	prandom_seed_state(&r->random, 2);
	r->ub.pdev = pci_get_device(PCI_ANY_ID, PCI_ANY_ID, NULL);
	r->ub.caps.caps = UB_CAP_HUGE_LEAF;
	if (!r->ub.pdev || ubnpu_pt_init(&r->pt, &r->ub)) {
		kfree(r);
		return NULL;
	}
	r->empty = atomic64_read(&r->ub.table_bytes);
	return r;
}

/* But for one table a level that is kept for the next range. */
static bool rig_is_empty(struct table_rig *r)
{
	const s64 kept = 3 * (sizeof(struct ubnpu_pt_table) + UB_HW_PAGE_SIZE) +
			 2 * 512 * sizeof(struct ubnpu_pt_table *);
	s64 more = atomic64_read(&r->ub.table_bytes) - r->empty;

	return more >= 0 && more <= kept;
}

static int rig_end(struct table_rig *r)
{
	UNIT_EXPECT(rig_is_empty(r));
	UNIT_EXPECT(!r->pt.root->used);
	ubnpu_pt_destroy(&r->pt);
	UNIT_EXPECT(!atomic64_read(&r->ub.table_bytes));
	pci_dev_put(r->ub.pdev);
	kfree(r);
	return 0;
}

/* ---- Memory ---- */
static void piece_free(struct piece *p)
{
	unsigned int i;

	for (i = 0; i < RUNS; i++)
		if (p->page[i])
			__free_pages(p->page[i], p->order[i]);
	sg_free_table(&p->mem.sgt.sgt);
	kfree(p);
}

static struct piece *piece_new(unsigned int runs, const unsigned int *orders)
{
	struct piece *p = kzalloc(sizeof(*p), GFP_KERNEL);
	struct scatterlist *sg;
	unsigned int i;

	if (!p || sg_alloc_table(&p->mem.sgt.sgt, runs, GFP_KERNEL)) {
		kfree(p);
		return NULL;
	}
	for_each_sgtable_sg(&p->mem.sgt.sgt, sg, i) {
		p->order[i] = orders[i];
		p->page[i] = alloc_pages(GFP_KERNEL, orders[i]);
		if (!p->page[i]) {
			piece_free(p);
			return NULL;
		}
		sg_set_page(sg, p->page[i], PAGE_SIZE << orders[i], 0);
		p->mem.npages += 1ul << orders[i];
	}
	p->mem.len = (u64)p->mem.npages << PAGE_SHIFT;
	return p;
}

static int piece_map(struct table_rig *r, struct piece *p, u64 addr, bool writable)
{
	struct ub_ioc_hdr hdr = {};

	p->mem.addr = addr;
	p->mem.writable = writable;
	p->mem.leaf_4k = 0;
	p->mem.leaf_2m = 0;
	return ubnpu_mem_map(&r->pt, &p->mem, &hdr);
}

static void piece_unmap(struct table_rig *r, struct piece *p)
{
	ubnpu_mem_unmap(&r->pt, &p->mem);
}

/* ---- The device's walk: the address on the bus and the flags of a leaf, 0: there is none ---- */
static u64 walk(struct ubnpu_pt *pt, u64 uba, u64 *flags)
{
	const struct ubnpu_pt_table *table = pt->root;
	int level;

	for (level = UB_PT_LEVELS; ; level--) {
		unsigned int shift = PAGE_SHIFT + (level - 1) * UB_PT_INDEX_BITS;
		unsigned int index = uba >> shift & ((1u << UB_PT_INDEX_BITS) - 1);
		u64 entry = le64_to_cpu(table->entries[index]), span = 1ull << shift;

		if (!(entry & UB_PTE_VALID))
			return 0;
		if (level == 1 || entry & UB_PTE_HUGE) {
			*flags = entry & FLAGS;
			return (entry & UB_PTE_ADDR_MASK & ~(span - 1)) | (uba & (span - 1));
		}
		table = table->child[index];
		if ((entry & UB_PTE_ADDR_MASK) != table->dma)
			return 0;
	}
}

static int all_pages_are_there(struct table_rig *r, const struct piece *p)
{
	u64 want = p->mem.writable ? FLAGS : UB_PTE_READ, uba = p->mem.uba & PAGE_MASK, flags;
	struct scatterlist *sg;
	unsigned int i;
	u64 at;

	for_each_sgtable_dma_sg(&p->mem.sgt.sgt, sg, i) {
		for (at = 0; at < sg_dma_len(sg); at += PAGE_SIZE, uba += PAGE_SIZE) {
			UNIT_EXPECT(walk(&r->pt, uba, &flags) == sg_dma_address(sg) + at);
			UNIT_EXPECT(flags == want);
		}
	}
	UNIT_EXPECT(!walk(&r->pt, uba, &flags));
	UNIT_EXPECT(!walk(&r->pt, (p->mem.uba & PAGE_MASK) - PAGE_SIZE, &flags));
	UNIT_EXPECT(p->mem.leaf_4k + 512 * p->mem.leaf_2m == p->mem.npages);
	UNIT_EXPECT(offset_in_page(p->mem.uba) == offset_in_page(p->mem.addr));
	UNIT_EXPECT(p->mem.uba >= SZ_4K);
	return 0;
}

/* ---- Tests ---- */
static struct piece *random_piece(struct table_rig *r)
{
	unsigned int i, orders[RUNS], runs = 1 + pick(r, RUNS);

	for (i = 0; i < runs; i++)
		orders[i] = pick(r, 8) ? pick(r, 5) : HUGE_ORDER;
	return piece_new(runs, orders);
}

static bool overlap(const struct piece *a, const struct piece *b)
{
	u64 x = a->mem.uba & PAGE_MASK, y = b->mem.uba & PAGE_MASK;

	return x < y + b->mem.len && y < x + a->mem.len;
}

/* Several at once, taken away in another order than they came in. */
static int every_page_is_found(void)
{
	struct table_rig *r = rig_new();
	struct piece *p[SPACES] = { };
	u32 i, j, k;
	u64 flags;

	UNIT_EXPECT(r);
	for (i = 0; i < ROUNDS; i++) {
		k = pick(r, SPACES);
		if (p[k]) {
			u64 uba = p[k]->mem.uba;

			piece_unmap(r, p[k]);
			UNIT_EXPECT(!walk(&r->pt, uba, &flags));
			piece_free(p[k]);
		}
		p[k] = random_piece(r);
		UNIT_EXPECT(p[k]);
		UNIT_EXPECT(!piece_map(r, p[k], (u64)pick(r, U32_MAX) << 8, pick(r, 2)));
		for (j = 0; j < SPACES; j++) {
			if (!p[j])
				continue;
			UNIT_EXPECT(!all_pages_are_there(r, p[j]));
			UNIT_EXPECT(j == k || !overlap(p[j], p[k]));
		}
	}
	for (j = 0; j < SPACES; j++) {
		if (!p[j])
			continue;
		piece_unmap(r, p[j]);
		piece_free(p[j]);
	}
	return rig_end(r);
}

/* A leaf of 2 MiB where memory and address have the same low bits, and the device knows of such. */
static int huge_leaves_where_they_fit(void)
{
	static const unsigned int orders[] = { HUGE_ORDER, HUGE_ORDER };
	static const struct { u64 addr; u64 caps; u32 leaf_2m; } cases[] = {
		{ SZ_2M, UB_CAP_HUGE_LEAF, 2 },
		{ 5ull * SZ_2M + 8, UB_CAP_HUGE_LEAF, 2 },
		{ SZ_2M + SZ_4K, UB_CAP_HUGE_LEAF, 0 },
		{ SZ_2M, 0, 0 },
	};
	struct table_rig *r = rig_new();
	struct piece *p = piece_new(2, orders);
	u32 i;

	UNIT_EXPECT(r && p);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		r->ub.caps.caps = cases[i].caps;
		UNIT_EXPECT(!piece_map(r, p, cases[i].addr, true));
		UNIT_EXPECT(!all_pages_are_there(r, p));
		UNIT_EXPECT(p->mem.leaf_2m == cases[i].leaf_2m);
		piece_unmap(r, p);
	}
	piece_free(p);
	return rig_end(r);
}

/* The same place over and over: slots are given back, and tables with them. */
static int nothing_stays_behind(void)
{
	static const unsigned int orders[] = { 0 };
	struct table_rig *r = rig_new();
	struct piece *p = piece_new(1, orders);
	u64 first = 0;
	u32 i;

	UNIT_EXPECT(r && p);
	for (i = 0; i < 1000; i++) {
		UNIT_EXPECT(!piece_map(r, p, SZ_1G, false));
		UNIT_EXPECT(!i || p->mem.uba == first);
		first = p->mem.uba;
		piece_unmap(r, p);
		UNIT_EXPECT(rig_is_empty(r));
	}
	piece_free(p);
	return rig_end(r);
}

const struct unit_case unit_table_cases[] = {
	{ "every_page_is_found", every_page_is_found },
	{ "huge_leaves_where_they_fit", huge_leaves_where_they_fit },
	{ "nothing_stays_behind", nothing_stays_behind },
	{ }
};
