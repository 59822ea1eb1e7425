// SPDX-License-Identifier: GPL-2.0-only
/* Why memory of the caller's could not be pinned: what kind of mapping it lies in. */
#include <linux/backing-dev.h>
#include <linux/fs.h>
#include <linux/hugetlb.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/pkeys.h>
#include <linux/userfaultfd_k.h>

#include "compat.h"
#include "memory/memory.h"

static u32 refusal_of_rights(const struct vm_area_struct *vma, bool write)
{
	if (vma->vm_flags & (VM_IO | VM_PFNMAP))
		return UB_EXT_DEVICE_MEMORY;
	if (write && (vma->vm_flags & (VM_READ | VM_WRITE)) == VM_READ)
		return UB_EXT_READ_ONLY;
	if (!(vma->vm_flags & (write ? VM_WRITE : VM_READ)))
		return UB_EXT_NO_ACCESS;
	return UB_EXT_NONE;
}

static bool file_ends_before(const struct vm_area_struct *vma, u64 at)
{
	u64 offset = ((u64)vma->vm_pgoff << PAGE_SHIFT) + (at - vma->vm_start);

	return offset >= i_size_read(file_inode(vma->vm_file));
}

static u32 refusal_of_file(const struct vm_area_struct *vma, u64 at, bool write)
{
	const struct inode *inode = vma->vm_file ? file_inode(vma->vm_file) : NULL;

	if (!inode || !S_ISREG(inode->i_mode))
		return UB_EXT_NONE;
	if (inode->i_sb->s_magic == SECRETMEM_MAGIC)
		return UB_EXT_SECRET_MEMORY;
	if (file_ends_before(vma, at))
		return UB_EXT_PAST_FILE_END;
	if (IS_DAX(inode))
		return UB_EXT_DAX_FILE;
	if (write && vma->vm_flags & VM_SHARED && mapping_can_writeback(vma->vm_file->f_mapping))
		return UB_EXT_SHARED_FILE;
	return UB_EXT_NONE;
}

static u32 refusal_of_pages(struct vm_area_struct *vma)
{
	if (is_vm_hugetlb_page(vma))
		return UB_EXT_NO_HUGE_PAGE;
	if (userfaultfd_armed(vma))
		return UB_EXT_USER_FAULT;
	return vma_pkey(vma) ? UB_EXT_NO_ACCESS : UB_EXT_BAD_PAGE;
}

static u32 refusal_at(u64 at, bool write)
{
	struct vm_area_struct *vma;
	u32 code = UB_EXT_BAD_ADDRESS;

	mmap_read_lock(current->mm);
	vma = vma_lookup(current->mm, at);
	if (vma)
		code = refusal_of_rights(vma, write) ?: refusal_of_file(vma, at, write) ?:
							refusal_of_pages(vma);
	mmap_read_unlock(current->mm);
	return code;
}

/* The page at an address could not be pinned; that many bytes before it could. */
int ubnpu_mem_refused(u64 at, bool write, u64 bytes, struct ub_ioc_hdr *hdr)
{
	u32 code = refusal_at(at, write);

	switch (code) {
	case UB_EXT_READ_ONLY:
		return ubnpu_fail(hdr, -EACCES, code, 0, 0);
	case UB_EXT_NO_HUGE_PAGE:
		return ubnpu_fail(hdr, -ENOMEM, code, 0, bytes);
	default:
		return ubnpu_fail(hdr, -EFAULT, code, 0, bytes);
	}
}
