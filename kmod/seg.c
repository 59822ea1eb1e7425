// SPDX-License-Identifier: GPL-2.0-only
/* Pinned user memory, and segments made of it. */
#include <linux/mm.h>
#include <linux/capability.h>
#include <linux/dma-mapping.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "check/check.h"
#include "compat.h"
#include "trace.h"
#include "ubnpu.h"

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

static bool mem_is_read_only(u64 addr)
{
	struct vm_area_struct *vma;
	bool read_only;

	mmap_read_lock(current->mm);
	vma = vma_lookup(current->mm, addr);
	read_only = vma && (vma->vm_flags & (VM_READ | VM_WRITE)) == VM_READ;
	mmap_read_unlock(current->mm);
	return read_only;
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
	if (mem->writable && mem_is_read_only(at))
		return ubnpu_fail(hdr, -EACCES, UB_EXT_READ_ONLY, 0, 0);
	return ubnpu_fail(hdr, -EFAULT, UB_EXT_BAD_ADDRESS, 0, bytes);
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

static int mem_pin_pages(struct ubnpu_mem *mem, struct page **pages, struct ub_ioc_hdr *hdr)
{
	u64 start = mem->addr & PAGE_MASK;
	unsigned long done = 0;
	int got, ret;

	while (done < mem->npages) {
		got = mem_pin_chunk(mem, start + ((u64)done << PAGE_SHIFT),
				    min_t(unsigned long, mem->npages - done, PIN_CHUNK), pages);
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

static int seg_create_on_device(struct ubnpu_seg *seg, const struct ub_ioc_reg_seg *a,
				struct ub_ioc_hdr *hdr)
{
	struct ub_admin_cmd cmd = {
		.opcode = UB_ADMIN_CREATE_SEG,
		.id = cpu_to_le32(seg->id),
		.seg = {
			.va = cpu_to_le64(a->addr),
			.uba = cpu_to_le64(seg->mem->uba),
			.len = cpu_to_le64(a->len),
			.tid = cpu_to_le32(seg->ctx->tid),
			.access = cpu_to_le32(a->access),
			.token_policy = cpu_to_le32(a->token_policy),
			.token_value = cpu_to_le32(a->token_value),
		},
	};

	return ubnpu_admin(seg->ctx->ub, &cmd, NULL, hdr);
}

/* Between enter and leave, the memory pinned. */
static int seg_insert(struct ubnpu_seg *seg, struct ub_ioc_reg_seg *a)
{
	struct ubnpu_ctx *ctx = seg->ctx;
	struct ubnpu_ids *ids = &ctx->ub->segs;
	u32 cap = READ_ONCE(ubnpu_max_segs_per_ctx);
	int ret;

	if (ctx->nr_segs >= cap)
		return ubnpu_fail(&a->hdr, -EDQUOT, UB_EXT_CTX_LIMIT, UB_OBJ_SEG, cap);
	ret = ubnpu_id_alloc(ids, &seg->id);
	if (ret == -EBUSY)
		return ubnpu_fail(&a->hdr, -ENOSPC, UB_EXT_DEV_LIMIT, UB_OBJ_SEG, ids->max);
	if (ret)
		return ubnpu_fail_nomem(&a->hdr);
	ret = ubnpu_mem_map(ctx, seg->mem);
	if (ret) {
		ubnpu_fail_nomem(&a->hdr);
		goto free_id;
	}
	ret = seg_create_on_device(seg, a, &a->hdr);
	if (ret)
		goto unmap;
	list_add_tail(&seg->node, &ctx->segs);
	ctx->nr_segs++;
	ubnpu_id_publish(ids, seg->id, seg);
	return 0;
unmap:
	ubnpu_mem_unmap(ctx, seg->mem);
free_id:
	ubnpu_id_free(ctx->ub, ids, seg->id);
	return ret;
}

int ubnpu_reg_seg(struct ubnpu_ctx *ctx, struct ubnpu_call *call)
{
	struct ub_ioc_reg_seg *a = &call->reg_seg;
	struct ubnpu_seg *seg;
	int ret = ubnpu_check_mm(ctx, &a->hdr) ?: ub_check_reg_seg(a);

	if (ret)
		return ret;
	seg = kzalloc(sizeof(*seg), GFP_KERNEL_ACCOUNT);
	if (!seg)
		return ubnpu_fail_nomem(&a->hdr);
	ret = ubnpu_user_charge(ctx, UB_OBJ_SEG, 1, &a->hdr);
	if (ret)
		goto free;
	seg->ctx = ctx;
	seg->access = a->access;
	seg->flags = a->flags;
	seg->mem = ubnpu_mem_pin(ctx, a->addr, a->len, !(a->flags & UB_REG_F_READ_ONLY), &a->hdr);
	if (IS_ERR(seg->mem)) {
		ret = PTR_ERR(seg->mem);
		goto uncharge;
	}
	ret = ubnpu_enter(ctx, &a->hdr);
	if (ret)
		goto unpin;
	ret = seg_insert(seg, a);
	if (!ret) {
		a->token_id = seg->id;
		a->leaf_4k = seg->mem->leaf_4k;
		a->leaf_2m = seg->mem->leaf_2m;
		trace_ubnpu_reg_seg(seg);
	}
	ubnpu_leave(ctx);
	if (!ret)
		return 0;
unpin:
	ubnpu_mem_unpin(ctx, seg->mem);
uncharge:
	ubnpu_user_uncharge(ctx, UB_OBJ_SEG, 1);
free:
	kfree(seg);
	return ret;
}

static struct ubnpu_seg *seg_find(struct ubnpu_ctx *ctx, u32 id, struct ub_ioc_hdr *hdr)
{
	struct ubnpu_seg *seg;

	rcu_read_lock();
	seg = xa_load(&ctx->ub->segs.xa, id);
	if (seg && seg->ctx != ctx)
		seg = NULL;
	rcu_read_unlock();
	if (!seg)
		ubnpu_fail(hdr, -ENOENT, UB_EXT_NO_SUCH_OBJECT, id, 0);
	return seg;
}

/* The device holds the segment no more. */
static void seg_free(struct ubnpu_seg *seg)
{
	struct ubnpu_ctx *ctx = seg->ctx;

	trace_ubnpu_dereg_seg(seg);
	list_del(&seg->node);
	ctx->nr_segs--;
	ubnpu_id_free(ctx->ub, &ctx->ub->segs, seg->id);
	ubnpu_mem_unmap(ctx, seg->mem);
	ubnpu_mem_unpin(ctx, seg->mem);
	ubnpu_user_uncharge(ctx, UB_OBJ_SEG, 1);
	kfree_rcu(seg, rcu);
}

int ubnpu_dereg_seg(struct ubnpu_ctx *ctx, struct ubnpu_call *call)
{
	struct ub_ioc_dereg_seg *a = &call->dereg_seg;
	struct ubnpu_seg *seg;
	int ret = ub_check_dereg_seg(a) ?: ubnpu_enter(ctx, &a->hdr);

	if (ret)
		return ret;
	seg = seg_find(ctx, a->token_id, &a->hdr);
	ret = seg ? ubnpu_admin_id(ctx->ub, UB_ADMIN_DESTROY_SEG, seg->id, NULL, &a->hdr) :
		    -ENOENT;
	if (!ret)
		seg_free(seg);
	ubnpu_leave(ctx);
	return ret;
}

int ubnpu_set_token(struct ubnpu_ctx *ctx, struct ubnpu_call *call)
{
	struct ub_ioc_set_token *a = &call->set_token;
	struct ub_admin_cmd cmd = {
		.opcode = UB_ADMIN_MODIFY_SEG,
		.id = cpu_to_le32(a->token_id),
		.seg.token_value = cpu_to_le32(a->token_value),
	};
	int ret = ubnpu_enter(ctx, &a->hdr);

	if (ret)
		return ret;
	ret = seg_find(ctx, a->token_id, &a->hdr) ? ubnpu_admin(ctx->ub, &cmd, NULL, &a->hdr) :
						    -ENOENT;
	ubnpu_leave(ctx);
	return ret;
}

void ubnpu_segs_release(struct ubnpu_ctx *ctx, bool device)
{
	struct ubnpu_seg *seg, *next;

	list_for_each_entry_safe(seg, next, &ctx->segs, node) {
		if (device)
			ubnpu_destroy_retry(ctx->ub, UB_ADMIN_DESTROY_SEG, seg->id);
		seg_free(seg);
		cond_resched();
	}
}
