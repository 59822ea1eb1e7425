// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kernel memory for the rings of kernel queues: mapped for the device as a user's is, and
 * accounted.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "memory/memory.h"

static void kmem_free_pages(struct page **pages, unsigned long count)
{
	while (count--)
		__free_page(pages[count]);
}

static struct page **kmem_alloc_pages(unsigned long count)
{
	struct page **pages = kvmalloc_array(count, sizeof(*pages), GFP_KERNEL_ACCOUNT);
	unsigned long i;

	for (i = 0; pages && i < count; i++) {
		pages[i] = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
		if (pages[i])
			continue;
		kmem_free_pages(pages, i);
		kvfree(pages);
		return NULL;
	}
	return pages;
}

static int kmem_fill(struct ubnpu_mem *mem)
{
	struct page **pages = kmem_alloc_pages(mem->npages);
	int ret = -ENOMEM;

	if (!pages)
		return ret;
	mem->vaddr = vmap(pages, mem->npages, VM_MAP, PAGE_KERNEL);
	if (mem->vaddr)
		ret = sg_alloc_append_table_from_pages(&mem->sgt, pages, mem->npages, 0,
						       mem->npages << PAGE_SHIFT,
						       UINT_MAX & PAGE_MASK, 0, GFP_KERNEL_ACCOUNT);
	if (ret) {
		vunmap(mem->vaddr);
		kmem_free_pages(pages, mem->npages);
	}
	kvfree(pages);
	return ret;
}

/*
 * Zeroed memory of len bytes at mem->vaddr. The context's opener pays for it as for pinned
 * memory.
 */
struct ubnpu_mem *ubnpu_kmem_new(struct ubnpu_ctx *ctx, u64 len, struct ub_ioc_hdr *hdr)
{
	struct ubnpu_mem *mem = kzalloc(sizeof(*mem), GFP_KERNEL_ACCOUNT);
	int ret;

	if (!mem)
		return ERR_PTR(ubnpu_fail_nomem(hdr));
	mem->len = PAGE_ALIGN(len);
	mem->npages = mem->len >> PAGE_SHIFT;
	mem->writable = true;
	ret = ubnpu_mem_account(ctx, mem->npages, hdr);
	if (ret)
		goto free;
	if (!kmem_fill(mem))
		return mem;
	ret = ubnpu_fail_nomem(hdr);
	ubnpu_mem_unaccount(ctx, mem->npages);
free:
	kfree(mem);
	return ERR_PTR(ret);
}

void ubnpu_kmem_free(struct ubnpu_ctx *ctx, struct ubnpu_mem *mem)
{
	struct sg_page_iter iter;

	vunmap(mem->vaddr);
	for_each_sgtable_page(&mem->sgt.sgt, &iter, 0)
		__free_page(sg_page_iter_page(&iter));
	sg_free_append_table(&mem->sgt);
	ubnpu_mem_unaccount(ctx, mem->npages);
	kfree(mem);
}
