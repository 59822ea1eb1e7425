// SPDX-License-Identifier: GPL-2.0-only
/* Doorbell pages of queues: who has which, and their end; entry/mmap.c maps them. */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "queue/queue.h"

struct ubnpu_db *ubnpu_db_alloc(struct ubnpu_dev *ub)
{
	struct ubnpu_db *db = kzalloc(sizeof(*db), GFP_KERNEL_ACCOUNT);
	int page;

	if (!db)
		return ERR_PTR(-ENOMEM);
	page = ida_alloc_range(&ub->db_ida, 1, ub->caps.db_pages - 1, GFP_KERNEL);
	if (page < 0) {
		kfree(db);
		return ERR_PTR(page);
	}
	kref_init(&db->ref);
	mutex_init(&db->lock);
	db->page = page;
	db->pfn = (ub->db_base >> PAGE_SHIFT) + page;
	return db;
}

static void db_free(struct kref *ref)
{
	kfree(container_of(ref, struct ubnpu_db, ref));
}

void ubnpu_db_get(struct ubnpu_db *db)
{
	kref_get(&db->ref);
}

void ubnpu_db_put(struct ubnpu_db *db)
{
	kref_put(&db->ref, db_free);
}

/* From here on no fault maps the page; what is mapped is zapped by the caller. */
void ubnpu_db_revoke(struct ubnpu_db *db)
{
	mutex_lock(&db->lock);
	db->revoked = true;
	mutex_unlock(&db->lock);
}

/* Gives the page's number back; the record stays while it is mapped. */
void ubnpu_db_free(struct ubnpu_dev *ub, struct ubnpu_db *db)
{
	ida_free(&ub->db_ida, db->page);
	ubnpu_db_put(db);
}

/* Where user space maps a queue's doorbell page; a kernel queue's is not for it. */
u64 ubnpu_db_offset(const struct ubnpu_queue *q)
{
	if (q->kjfs || q->kjfc)
		return 0;
	return q->type == UBNPU_JFS ? UB_MMAP_JFS_DB(q->id) : UB_MMAP_JFC_DB(q->id);
}

void ubnpu_db_unmap(struct ubnpu_queue *q)
{
	u64 offset = ubnpu_db_offset(q);

	if (offset)
		unmap_mapping_range(q->ctx->ub->inode->i_mapping, offset, PAGE_SIZE, 1);
}
