// SPDX-License-Identifier: GPL-2.0-only
/*
 * Doorbell and status pages in user space. Pages are put in by the fault handler, so that they can
 * be taken away: a revoked doorbell then shows the context's private dummy page.
 *
 * All mappings of a device hang on the address space of one private inode, whatever device node
 * they were opened through, so that they can be found by offset.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/pseudo_fs.h>
#include <linux/slab.h>

#include "compat.h"
#include "entry/entry.h"

#define FS_MAGIC	0x75626e70

static int ubnpu_fs_count;
static struct vfsmount *ubnpu_fs_mount;

static int ubnpu_fs_init(struct fs_context *fc)
{
	return init_pseudo(fc, FS_MAGIC) ? 0 : -ENOMEM;
}

/*
 * No owner: the mount lives as long as a device does, and must not keep the module from
 * unloading.
 */
static struct file_system_type ubnpu_fs_type = {
	.name = UBNPU_NAME,
	.init_fs_context = ubnpu_fs_init,
	.kill_sb = kill_anon_super,
};

int ubnpu_mapping_init(struct ubnpu_dev *ub)
{
	struct inode *inode;
	int ret = simple_pin_fs(&ubnpu_fs_type, &ubnpu_fs_mount, &ubnpu_fs_count);

	if (ret)
		return ret;
	inode = alloc_anon_inode(ubnpu_fs_mount->mnt_sb);
	if (IS_ERR(inode)) {
		simple_release_fs(&ubnpu_fs_mount, &ubnpu_fs_count);
		return PTR_ERR(inode);
	}
	ub->inode = inode;
	return 0;
}

void ubnpu_mapping_free(struct ubnpu_dev *ub)
{
	if (!ub->inode)
		return;
	iput(ub->inode);
	simple_release_fs(&ubnpu_fs_mount, &ubnpu_fs_count);
}

static void vma_open(struct vm_area_struct *vma)
{
	struct ubnpu_db *db = vma->vm_private_data;

	if (db)
		ubnpu_db_get(db);
}

static void vma_close(struct vm_area_struct *vma)
{
	struct ubnpu_db *db = vma->vm_private_data;

	if (db)
		ubnpu_db_put(db);
}

static int vma_may_split(struct vm_area_struct *vma, unsigned long addr)
{
	return -EINVAL;
}

static int vma_mremap(struct vm_area_struct *vma)
{
	return -EINVAL;
}

/* Ordinary memory, cached, in a mapping that is uncached for the device. */
static vm_fault_t vma_insert_page(struct vm_fault *vmf, struct page *page)
{
	return vmf_insert_pfn_prot(vmf->vma, vmf->address, page_to_pfn(page),
				   vm_get_page_prot(vmf->vma->vm_flags));
}

static vm_fault_t vma_fault(struct vm_fault *vmf)
{
	struct ubnpu_ctx *ctx = vmf->vma->vm_file->private_data;
	struct ubnpu_db *db = vmf->vma->vm_private_data;
	vm_fault_t ret;

	if (!db)
		return vma_insert_page(vmf, ctx->status_page);
	mutex_lock(&db->lock);
	if (db->revoked)
		ret = vma_insert_page(vmf, ctx->dummy_page);
	else
		ret = vmf_insert_pfn(vmf->vma, vmf->address, db->pfn);
	mutex_unlock(&db->lock);
	return ret;
}

static const struct vm_operations_struct ubnpu_vm_ops = {
	.open = vma_open,
	.close = vma_close,
	.may_split = vma_may_split,
	.mremap = vma_mremap,
	.fault = vma_fault,
};

/* The doorbell of a queue of this context whose offset is exactly this one, with a reference. */
static struct ubnpu_db *db_find(struct ubnpu_ctx *ctx, u64 offset)
{
	enum ubnpu_queue_type type = offset >= UB_MMAP_JFC_DB(0) ? UBNPU_JFC : UBNPU_JFS;
	struct ub_ioc_hdr unused;
	struct ubnpu_queue *q;
	struct ubnpu_db *db = ERR_PTR(-EINVAL);

	mutex_lock(&ctx->lock);
	q = ubnpu_queue_find(ctx, type, (offset >> PAGE_SHIFT) & UB_HW_ID_MASK, &unused);
	if (ctx->lost) {
		db = ERR_PTR(-ENODEV);
	} else if (q && ubnpu_db_offset(q) == offset) {
		db = q->db;
		ubnpu_db_get(db);
	}
	mutex_unlock(&ctx->lock);
	return db;
}

static int vma_map_status(struct vm_area_struct *vma)
{
	if (vma->vm_flags & VM_WRITE)
		return -EACCES;
	vm_flags_clear(vma, VM_MAYWRITE);
	return 0;
}

static int vma_map_db(struct ubnpu_ctx *ctx, struct vm_area_struct *vma, u64 offset)
{
	struct ubnpu_db *db = db_find(ctx, offset);

	if (IS_ERR(db))
		return PTR_ERR(db);
	vma->vm_private_data = db;
	vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	return 0;
}

int ubnpu_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct ubnpu_ctx *ctx = file->private_data;
	u64 offset = (u64)vma->vm_pgoff << PAGE_SHIFT;
	int ret;

	if (current->mm != ctx->mm)
		return -EACCES;
	if (vma_pages(vma) != 1 || !(vma->vm_flags & VM_MAYSHARE) || vma->vm_flags & VM_EXEC)
		return -EINVAL;
	ret = offset == UB_MMAP_STATUS ? vma_map_status(vma) : vma_map_db(ctx, vma, offset);
	if (ret)
		return ret;
	vm_flags_clear(vma, VM_MAYEXEC);
	vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTCOPY | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_ops = &ubnpu_vm_ops;
	return 0;
}
