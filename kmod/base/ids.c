// SPDX-License-Identifier: GPL-2.0-only
/* Ids of the device's objects. */
#include "base/base.h"

void ubnpu_ids_init(struct ubnpu_ids *ids, u32 max)
{
	xa_init_flags(&ids->xa, XA_FLAGS_ALLOC1);
	ids->max = min(max, UB_HW_ID_MASK);
	ids->next = 1;
}

/* Reserves an id; lookups do not see it until ubnpu_id_publish(). */
int ubnpu_id_alloc(struct ubnpu_ids *ids, u32 *id)
{
	int ret = xa_alloc_cyclic(&ids->xa, id, NULL, XA_LIMIT(1, ids->max), &ids->next,
				  GFP_KERNEL);

	return ret < 0 ? ret : 0;
}

void ubnpu_id_publish(struct ubnpu_ids *ids, u32 id, void *obj)
{
	/* The slot was reserved, so this needs no memory and cannot fail. */
	xa_store(&ids->xa, id, obj, GFP_KERNEL);
}

void ubnpu_id_free(struct ubnpu_dev *ub, struct ubnpu_ids *ids, u32 id)
{
	mutex_lock(&ub->obj_lock);
	xa_erase(&ids->xa, id);
	mutex_unlock(&ub->obj_lock);
}
