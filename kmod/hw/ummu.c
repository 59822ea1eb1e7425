// SPDX-License-Identifier: GPL-2.0-only
/*
 * The UMMU page table of a context and its UBA space.
 *
 * UBA space is cut into 32 regions of 2^43 bytes. Region k holds slots of 2^k pages, so a range is
 * found by one bitmap look-up and the space cannot fragment. Within its slot a range keeps the low
 * bits of its virtual address, the low 21 when it holds a whole 2 MiB page: what is contiguous and
 * aligned in physical memory then is so in the UBA space and gets a 2 MiB leaf.
 */
#include <linux/dma-mapping.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "hw/hw.h"

#define PT_ENTRIES	(1u << UB_PT_INDEX_BITS)
#define REGION_SHIFT	43
#define LEAF_RW		(UB_PTE_READ | UB_PTE_WRITE | UB_PTE_ATOMIC)

static unsigned int pt_shift(int level)
{
	return PAGE_SHIFT + (level - 1) * UB_PT_INDEX_BITS;
}

static unsigned int pt_index(u64 uba, int level)
{
	return (uba >> pt_shift(level)) & (PT_ENTRIES - 1);
}

/* What a table takes: the device's page, and of inner ones the driver's view of it. */
static s64 pt_table_bytes(const struct ubnpu_pt_table *table)
{
	return sizeof(*table) + UB_HW_PAGE_SIZE +
	       (table->child ? PT_ENTRIES * sizeof(*table->child) : 0);
}

static struct ubnpu_pt_table *pt_table_new(struct ubnpu_dev *ub, int level)
{
	struct ubnpu_pt_table *table = kzalloc(sizeof(*table), GFP_KERNEL_ACCOUNT);
	struct device *dev = &ub->pdev->dev;

	if (!table)
		return NULL;
	table->entries = dma_alloc_coherent(dev, UB_HW_PAGE_SIZE, &table->dma,
					    GFP_KERNEL_ACCOUNT);
	if (!table->entries)
		goto free;
	if (level > 1) {
		table->child = kcalloc(PT_ENTRIES, sizeof(*table->child), GFP_KERNEL_ACCOUNT);
		if (!table->child)
			goto free_entries;
	}
	atomic64_add(pt_table_bytes(table), &ub->table_bytes);
	return table;
free_entries:
	dma_free_coherent(dev, UB_HW_PAGE_SIZE, table->entries, table->dma);
free:
	kfree(table);
	return NULL;
}

static void pt_table_free(struct ubnpu_dev *ub, struct ubnpu_pt_table *table)
{
	atomic64_sub(pt_table_bytes(table), &ub->table_bytes);
	dma_free_coherent(&ub->pdev->dev, UB_HW_PAGE_SIZE, table->entries, table->dma);
	kfree(table->child);
	kfree(table);
}

/*
 * A range in a space that has few takes a table of each level, and whoever registers memory for a
 * moment would have them made each time: of those that become empty one a level is kept.
 */
static struct ubnpu_pt_table *pt_table_take(struct ubnpu_pt *pt, int level)
{
	struct ubnpu_pt_table *table = pt->spare[level];

	if (!table)
		return pt_table_new(pt->ub, level);
	pt->spare[level] = NULL;
	return table;
}

static void pt_table_put(struct ubnpu_pt *pt, struct ubnpu_pt_table *table, int level)
{
	if (pt->spare[level])
		pt_table_free(pt->ub, table);
	else
		pt->spare[level] = table;
}

int ubnpu_pt_init(struct ubnpu_pt *pt, struct ubnpu_dev *ub)
{
	int i;

	pt->ub = ub;
	pt->root = pt_table_new(pt->ub, UB_PT_LEVELS);
	if (!pt->root)
		return -ENOMEM;
	for (i = 0; i < UBNPU_UBA_CLASSES; i++)
		ida_init(&pt->slots[i]);
	return 0;
}

/* Every range was unmapped, so the root is all that is in use. May be called twice. */
void ubnpu_pt_destroy(struct ubnpu_pt *pt)
{
	int i;

	if (!pt->root)
		return;
	for (i = 0; i < UBNPU_UBA_CLASSES; i++)
		ida_destroy(&pt->slots[i]);
	for (i = 0; i < UB_PT_LEVELS; i++) {
		if (pt->spare[i])
			pt_table_free(pt->ub, pt->spare[i]);
		pt->spare[i] = NULL;
	}
	pt_table_free(pt->ub, pt->root);
	pt->root = NULL;
}

/* The table of a level that covers uba, made if it is not there. */
static struct ubnpu_pt_table *pt_walk(struct ubnpu_pt *pt, u64 uba, int to_level)
{
	struct ubnpu_pt_table *table = pt->root, *next;
	unsigned int index;
	int level;

	for (level = UB_PT_LEVELS; level > to_level; level--) {
		index = pt_index(uba, level);
		next = table->child[index];
		if (!next) {
			next = pt_table_take(pt, level - 1);
			if (!next)
				return NULL;
			/* The device sees a table only once it is zeroed. */
			dma_wmb();
			WRITE_ONCE(table->entries[index], cpu_to_le64(next->dma | UB_PTE_VALID));
			table->child[index] = next;
			table->used++;
		}
		table = next;
	}
	return table;
}

static void pt_set(struct ubnpu_pt_table *table, unsigned int index, u64 entry)
{
	WRITE_ONCE(table->entries[index], cpu_to_le64(entry));
	table->used++;
}

/* Writes level 1 leaves up to the end of one table. Returns bytes, 0: no memory. */
static u64 pt_map_4k(struct ubnpu_pt *pt, struct ubnpu_mem *mem, u64 uba, u64 dma, u64 len,
		     u64 bits)
{
	struct ubnpu_pt_table *table = pt_walk(pt, uba, 1);
	unsigned int index = pt_index(uba, 1);
	unsigned int count, i;

	if (!table)
		return 0;
	count = min_t(u64, len >> PAGE_SHIFT, PT_ENTRIES - index);
	for (i = 0; i < count; i++)
		pt_set(table, index + i, (dma + ((u64)i << PAGE_SHIFT)) | bits);
	mem->leaf_4k += count;
	return (u64)count << PAGE_SHIFT;
}

static u64 pt_map_2m(struct ubnpu_pt *pt, struct ubnpu_mem *mem, u64 uba, u64 dma, u64 bits)
{
	struct ubnpu_pt_table *table = pt_walk(pt, uba, 2);

	if (!table)
		return 0;
	pt_set(table, pt_index(uba, 2), dma | bits | UB_PTE_HUGE);
	mem->leaf_2m++;
	return SZ_2M;
}

/* Maps a run that is contiguous for the device. */
static int pt_map_run(struct ubnpu_pt *pt, struct ubnpu_mem *mem, u64 uba, u64 dma, u64 len)
{
	u64 bits = UB_PTE_VALID | (mem->writable ? LEAF_RW : UB_PTE_READ);
	bool huge = pt->ub->caps.caps & UB_CAP_HUGE_LEAF;
	u64 step;

	for (; len; len -= step, uba += step, dma += step) {
		if (huge && len >= SZ_2M && IS_ALIGNED(uba | dma, SZ_2M))
			step = pt_map_2m(pt, mem, uba, dma, bits);
		else
			step = pt_map_4k(pt, mem, uba, dma,
					 min_t(u64, len, SZ_2M - (uba & (SZ_2M - 1))), bits);
		if (!step)
			return -ENOMEM;
	}
	return 0;
}

static void pt_clear_leaf(struct ubnpu_pt_table *table, unsigned int index)
{
	if (!table->entries[index])
		return;
	WRITE_ONCE(table->entries[index], 0);
	table->used--;
}

/* Clears [uba, end) below table and frees the tables that become empty. */
static void pt_clear(struct ubnpu_pt *pt, struct ubnpu_pt_table *table, int level, u64 uba,
		     u64 end)
{
	u64 span = 1ull << pt_shift(level);
	u64 next;

	for (; uba < end; uba = next) {
		unsigned int index = pt_index(uba, level);
		struct ubnpu_pt_table *child = table->child ? table->child[index] : NULL;

		next = min(end, (uba & ~(span - 1)) + span);
		if (child)
			pt_clear(pt, child, level - 1, uba, next);
		if (child && child->used)
			continue;
		pt_clear_leaf(table, index);
		if (child) {
			table->child[index] = NULL;
			pt_table_put(pt, child, level - 1);
		}
	}
}

static u64 mem_bytes(const struct ubnpu_mem *mem)
{
	return (u64)mem->npages << PAGE_SHIFT;
}

/* Whether a 2 MiB page lies wholly inside the range. */
static bool mem_may_be_huge(u64 start, u64 bytes)
{
	return ALIGN(start, SZ_2M) + SZ_2M <= start + bytes;
}

static int uba_alloc(struct ubnpu_pt *pt, struct ubnpu_mem *mem)
{
	u64 start = mem->addr & PAGE_MASK;
	u64 lead = mem_may_be_huge(start, mem_bytes(mem)) ? start & (SZ_2M - 1) : 0;
	unsigned int order = order_base_2((lead + mem_bytes(mem)) >> PAGE_SHIFT);
	unsigned int slots = min_t(u64, 1ull << (REGION_SHIFT - PAGE_SHIFT - order), INT_MAX);
	int slot;

	/* The slot at UBA 0 stays empty. */
	slot = ida_alloc_range(&pt->slots[order], 1, slots - 1, GFP_KERNEL_ACCOUNT);
	if (slot < 0)
		return -ENOMEM;
	mem->uba_class = order;
	mem->uba_slot = slot;
	mem->uba = ((u64)order << REGION_SHIFT) + ((u64)slot << (order + PAGE_SHIFT)) + lead +
		   (mem->addr & ~PAGE_MASK);
	return 0;
}

static enum dma_data_direction mem_direction(const struct ubnpu_mem *mem)
{
	return mem->writable ? DMA_BIDIRECTIONAL : DMA_TO_DEVICE;
}

static int mem_map_runs(struct ubnpu_pt *pt, struct ubnpu_mem *mem)
{
	u64 uba = mem->uba & PAGE_MASK;
	struct scatterlist *sg;
	unsigned int i;
	int ret;

	for_each_sgtable_dma_sg(&mem->sgt.sgt, sg, i) {
		ret = pt_map_run(pt, mem, uba, sg_dma_address(sg), sg_dma_len(sg));
		if (ret)
			return ret;
		uba += sg_dma_len(sg);
		cond_resched();
	}
	return 0;
}

static void mem_clear(struct ubnpu_pt *pt, struct ubnpu_mem *mem)
{
	u64 uba = mem->uba & PAGE_MASK;

	pt_clear(pt, pt->root, UB_PT_LEVELS, uba, uba + mem_bytes(mem));
	ida_free(&pt->slots[mem->uba_class], mem->uba_slot);
}

static int mem_fail_bounced(u64 before, struct ub_ioc_hdr *hdr)
{
	return ubnpu_fail(hdr, -EOPNOTSUPP, UB_EXT_BOUNCED, 0, before);
}

/* Each run is mapped as one, so the first page of it tells of all. */
static int mem_check_runs(struct device *dev, struct ubnpu_mem *mem, struct ub_ioc_hdr *hdr)
{
	struct scatterlist *sg;
	unsigned int i;
	u64 before = 0;

	for_each_sgtable_dma_sg(&mem->sgt.sgt, sg, i) {
		if (!ubnpu_dma_is_shared(dev, sg_dma_address(sg)))
			return mem_fail_bounced(before, hdr);
		before += sg_dma_len(sg);
	}
	return 0;
}

/* Bus addresses for all of it. What cannot even be bounced fails with another error than ENOMEM. */
static int mem_map_dma(struct device *dev, struct ubnpu_mem *mem, struct ub_ioc_hdr *hdr)
{
	int ret = dma_map_sgtable(dev, &mem->sgt.sgt, mem_direction(mem), UBNPU_DMA_ATTRS);

	if (ret == -ENOMEM)
		return ubnpu_fail_nomem(hdr);
	if (ret)
		return mem_fail_bounced(0, hdr);
	ret = mem_check_runs(dev, mem, hdr);
	if (ret)
		dma_unmap_sgtable(dev, &mem->sgt.sgt, mem_direction(mem), UBNPU_DMA_ATTRS);
	return ret;
}

/* Gives pinned memory bus addresses, a UBA range and leaves. */
int ubnpu_mem_map(struct ubnpu_pt *pt, struct ubnpu_mem *mem, struct ub_ioc_hdr *hdr)
{
	struct device *dev = &pt->ub->pdev->dev;
	int ret = mem_map_dma(dev, mem, hdr);

	if (ret)
		return ret;
	if (uba_alloc(pt, mem))
		goto unmap_dma;
	if (!mem_map_runs(pt, mem)) {
		/* The leaves are in memory before the command that uses them. */
		dma_wmb();
		return 0;
	}
	mem_clear(pt, mem);
unmap_dma:
	dma_unmap_sgtable(dev, &mem->sgt.sgt, mem_direction(mem), UBNPU_DMA_ATTRS);
	return ubnpu_fail_nomem(hdr);
}

/* The device has no object left that covers it. */
void ubnpu_mem_unmap(struct ubnpu_pt *pt, struct ubnpu_mem *mem)
{
	mem_clear(pt, mem);
	dma_unmap_sgtable(&pt->ub->pdev->dev, &mem->sgt.sgt, mem_direction(mem), UBNPU_DMA_ATTRS);
}
