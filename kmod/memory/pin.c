// SPDX-License-Identifier: GPL-2.0-only
/* Pinned user memory. */
#include <linux/mm.h>
#include <linux/capability.h>
#include <linux/pagemap.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "check/check.h"
#include "compat.h"
#include "memory/memory.h"

#define PIN_CHUNK	(PAGE_SIZE / sizeof(struct page *))
#define MAX_RUN		((unsigned int)(UINT_MAX & PAGE_MASK))

int ubnpu_mem_account(struct ubnpu_ctx *ctx, unsigned long npages, struct ub_ioc_hdr *hdr)
{
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
	u64 bytes = (u64)npages << PAGE_SHIFT;
	unsigned long now;
	int ret = ubnpu_user_charge(ctx, UBNPU_PINNED, bytes, hdr);

	if (ret)
		return ret;
	now = atomic64_add_return(npages, &ctx->mm->pinned_vm);
	if (now > limit && !capable(CAP_IPC_LOCK)) {
		atomic64_sub(npages, &ctx->mm->pinned_vm);
		ubnpu_user_uncharge(ctx, UBNPU_PINNED, bytes);
		return ubnpu_fail(hdr, -EPERM, UB_EXT_MEMLOCK, 0, rlimit(RLIMIT_MEMLOCK));
	}
	atomic64_add(npages, &ctx->pinned);
	return 0;
}

void ubnpu_mem_unaccount(struct ubnpu_ctx *ctx, unsigned long npages)
{
	atomic64_sub(npages, &ctx->mm->pinned_vm);
	atomic64_sub(npages, &ctx->pinned);
	ubnpu_user_uncharge(ctx, UBNPU_PINNED, (u64)npages << PAGE_SHIFT);
}

static void mem_release_pages(struct ubnpu_mem *mem, bool dirty)
{
	struct scatterlist *sg;
	unsigned int i;

	for_each_sgtable_sg(&mem->sgt.sgt, sg, i) {
		unpin_user_page_range_dirty_lock(sg_page(sg), sg->length >> PAGE_SHIFT, dirty);
		cond_resched();
	}
	sg_free_append_table(&mem->sgt);
}

/* The page after the first done of them could not be pinned. */
static int mem_pin_failed(struct ubnpu_mem *mem, unsigned long done, int err,
			  struct ub_ioc_hdr *hdr)
{
	u64 at = (mem->addr & PAGE_MASK) + ((u64)done << PAGE_SHIFT);
	u64 bytes = done ? at - mem->addr : 0;

	if (err == -ENOMEM)
		return ubnpu_fail_nomem(hdr);
	if (fatal_signal_pending(current) || err == -EINTR || err == -ERESTARTSYS)
		return -EINTR;
	return ubnpu_mem_refused(at, mem->writable, bytes, hdr);
}

/*
 * Pages before the first that is mapped but may not be read. A forced pin would take that one too;
 * what is not mapped at all it finds itself.
 */
static unsigned long mem_readable(u64 start, unsigned long npages)
{
	u64 end = start + ((u64)npages << PAGE_SHIFT), at = start;
	struct vm_area_struct *vma;

	mmap_read_lock(current->mm);
	while (at < end) {
		vma = find_vma(current->mm, at);
		if (!vma || vma->vm_start >= end) {
			at = end;
		} else if (vma->vm_flags & VM_READ) {
			at = vma->vm_end;
		} else {
			at = max_t(u64, at, vma->vm_start);
			break;
		}
	}
	mmap_read_unlock(current->mm);
	return (min(at, end) - start) >> PAGE_SHIFT;
}

static int mem_pin_chunk(const struct ubnpu_mem *mem, u64 start, unsigned long npages,
			 struct page **pages)
{
	unsigned long readable;
	int got = 0;

	if (mem->writable)
		return pin_user_pages_fast(start, npages, FOLL_LONGTERM | FOLL_WRITE, pages);
	if (UBNPU_GUP_OWN_COPY) {
		readable = mem_readable(start, npages);
		if (readable)
			got = pin_user_pages_fast(start, readable,
						  FOLL_LONGTERM | UBNPU_GUP_OWN_COPY, pages);
	}
	if (got <= 0)
		got = pin_user_pages_fast(start, npages, FOLL_LONGTERM, pages);
	return got;
}

/* Whether the page is there now that it was touched as its owner would; pages come and go. */
static bool mem_fault_in(const struct ubnpu_mem *mem, u64 at)
{
	const char __user *page = (const char __user *)(unsigned long)at;

	if (UBNPU_GUP_WAITS)
		return false;
	return !(mem->writable ? fault_in_safe_writeable(page, PAGE_SIZE) :
				 fault_in_readable(page, PAGE_SIZE));
}

static int mem_pin_pages(struct ubnpu_mem *mem, struct page **pages, struct ub_ioc_hdr *hdr)
{
	u64 start = mem->addr & PAGE_MASK, at;
	unsigned long done = 0, touched = ULONG_MAX;
	int got, ret;

	while (done < mem->npages) {
		at = start + ((u64)done << PAGE_SHIFT);
		got = mem_pin_chunk(mem, at, min_t(unsigned long, mem->npages - done, PIN_CHUNK),
				    pages);
		if (got == -EFAULT && touched != done && mem_fault_in(mem, at)) {
			touched = done;
			continue;
		}
		if (got <= 0)
			return mem_pin_failed(mem, done, got, hdr);
		ret = sg_alloc_append_table_from_pages(&mem->sgt, pages, got, 0,
						       (unsigned long)got << PAGE_SHIFT, MAX_RUN,
						       mem->npages - done - got,
						       GFP_KERNEL_ACCOUNT);
		if (ret) {
			unpin_user_pages(pages, got);
			return ubnpu_fail_nomem(hdr);
		}
		done += got;
		cond_resched();
	}
	return 0;
}

static int mem_pin_all(struct ubnpu_mem *mem, struct ub_ioc_hdr *hdr)
{
	struct page **pages = (struct page **)__get_free_page(GFP_KERNEL);
	int ret;

	if (!pages)
		return ubnpu_fail_nomem(hdr);
	ret = mem_pin_pages(mem, pages, hdr);
	if (ret)
		mem_release_pages(mem, false);
	free_page((unsigned long)pages);
	return ret;
}

static struct ubnpu_mem *mem_new(u64 addr, u64 len, bool writable)
{
	struct ubnpu_mem *mem = kzalloc(sizeof(*mem), GFP_KERNEL_ACCOUNT);

	if (!mem)
		return NULL;
	mem->addr = addr;
	mem->len = len;
	mem->writable = writable;
	mem->npages = DIV_ROUND_UP((addr & ~PAGE_MASK) + len, PAGE_SIZE);
	return mem;
}

/*
 * Pin [addr, addr + len) of the caller's, who is the context's opener, and account it. No lock is
 * held: faulting user pages in may take as long as the user likes.
 */
struct ubnpu_mem *ubnpu_mem_pin(struct ubnpu_ctx *ctx, u64 addr, u64 len, bool writable,
				struct ub_ioc_hdr *hdr)
{
	struct ubnpu_mem *mem;
	int ret = ub_check_range(addr, len, hdr);

	if (ret)
		return ERR_PTR(ret);
	if (!access_ok((void __user *)(unsigned long)addr, len))
		return ERR_PTR(ubnpu_fail(hdr, -EFAULT, UB_EXT_BAD_ADDRESS, 0, 0));
	mem = mem_new(addr, len, writable);
	if (!mem)
		return ERR_PTR(ubnpu_fail_nomem(hdr));
	ret = ubnpu_mem_account(ctx, mem->npages, hdr);
	if (ret)
		goto free;
	ret = mem_pin_all(mem, hdr);
	if (!ret)
		return mem;
	ubnpu_mem_unaccount(ctx, mem->npages);
free:
	kfree(mem);
	return ERR_PTR(ret);
}

void ubnpu_mem_unpin(struct ubnpu_ctx *ctx, struct ubnpu_mem *mem)
{
	mem_release_pages(mem, mem->writable);
	ubnpu_mem_unaccount(ctx, mem->npages);
	kfree(mem);
}
