/* SPDX-License-Identifier: GPL-2.0-only */
/* What talks to the device alone: the admin ring, and the UMMU's page tables. */
#ifndef UBNPU_HW_H
#define UBNPU_HW_H

#include <linux/io.h>
#include <linux/scatterlist.h>

#include "base/base.h"
#include "base/call.h"

#define UBNPU_ADMIN_DEPTH	64
#define UBNPU_UBA_CLASSES	31	/* see ummu.c */

/* Pinned user memory, or kernel memory, and its place in the context's UBA space. */
struct ubnpu_mem {
	u64 addr;
	u64 len;
	bool writable;
	unsigned long npages;
	struct sg_append_table sgt;
	void *vaddr;		/* kernel memory alone */
	u64 uba;		/* of the first byte */
	int uba_class;
	int uba_slot;
	u32 leaf_4k;
	u32 leaf_2m;
};

struct ubnpu_pt_table {
	__le64 *entries;
	dma_addr_t dma;
	unsigned int used;
	struct ubnpu_pt_table **child;	/* NULL at level 1 */
};

/* The page table and the UBA space of a context, whose lock guards them. */
struct ubnpu_pt {
	struct ubnpu_dev *ub;
	struct ubnpu_pt_table *root;
	struct ubnpu_pt_table *spare[UB_PT_LEVELS];	/* by level: empty, for the next range */
	struct ida slots[UBNPU_UBA_CLASSES];
};

/* Where nobody answers all is ones, or, of some bridges and emulators, zero. */
static inline bool ubnpu_hw_is_there(struct ubnpu_dev *ub)
{
	return readl(ub->regs + UB_REG_MAGIC) == UB_HW_MAGIC;
}

/* answer.c */
int ubnpu_config_keep(struct ubnpu_dev *ub);
void ubnpu_config_free(struct ubnpu_dev *ub);
int ubnpu_hw_answers(struct ubnpu_dev *ub);

/* admin.c */
int ubnpu_admin_alloc(struct ubnpu_dev *ub);
void ubnpu_admin_free(struct ubnpu_dev *ub);
int ubnpu_admin_start(struct ubnpu_dev *ub);
int ubnpu_admin(struct ubnpu_dev *ub, const struct ub_admin_cmd *cmd,
		struct ub_admin_reply *reply, struct ub_ioc_hdr *hdr);
int ubnpu_admin_id(struct ubnpu_dev *ub, u8 opcode, u32 id, struct ub_admin_reply *reply,
		   struct ub_ioc_hdr *hdr);

/* usage.c: none of a device without UB_CAP_USAGE */
#define UBNPU_USAGES	(PAGE_SIZE / sizeof(struct ub_hw_usage))	/* records of one read */
int ubnpu_usage_alloc(struct ubnpu_dev *ub);
void ubnpu_usage_free(struct ubnpu_dev *ub);
/* Up to max records from id on; how many there are, or a negative errno. The gate is held. */
int ubnpu_usage_read(struct ubnpu_dev *ub, enum ub_usage_kind kind, u32 id,
		     struct ub_hw_usage *records, u32 max);

/* dma.c */
/*
 * Processor and device both use the memory while it is mapped, and pages may be mapped more than
 * once: there is no moment to synchronise caches at.
 */
#define UBNPU_DMA_ATTRS	DMA_ATTR_SKIP_CPU_SYNC
/* Whether the device sees the page that was mapped, and not a copy of it. */
bool ubnpu_dma_is_shared(struct device *dev, dma_addr_t dma);
/* Once the DMA masks are set: 0, or the reason is in the log. */
int ubnpu_dma_check(struct device *dev);

/* ummu.c */
int ubnpu_pt_init(struct ubnpu_pt *pt, struct ubnpu_dev *ub);
void ubnpu_pt_destroy(struct ubnpu_pt *pt);
int ubnpu_mem_map(struct ubnpu_pt *pt, struct ubnpu_mem *mem, struct ub_ioc_hdr *hdr);
void ubnpu_mem_unmap(struct ubnpu_pt *pt, struct ubnpu_mem *mem);

#endif
