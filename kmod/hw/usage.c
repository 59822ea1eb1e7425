// SPDX-License-Identifier: GPL-2.0-only
/* What queues and contexts have done, as the device tells it: records in a page of the driver's. */
#include <linux/dma-mapping.h>

#include "hw/hw.h"

int ubnpu_usage_alloc(struct ubnpu_dev *ub)
{
	if (!(ub->caps.caps & UB_CAP_USAGE))
		return 0;
	ub->usage = dma_alloc_coherent(&ub->pdev->dev, PAGE_SIZE, &ub->usage_dma, GFP_KERNEL);
	return ub->usage ? 0 : -ENOMEM;
}

void ubnpu_usage_free(struct ubnpu_dev *ub)
{
	if (ub->usage)
		dma_free_coherent(&ub->pdev->dev, PAGE_SIZE, ub->usage, ub->usage_dma);
	ub->usage = NULL;
}

int ubnpu_usage_read(struct ubnpu_dev *ub, enum ub_usage_kind kind, u32 id,
		     struct ub_hw_usage *records, u32 max)
{
	u32 room = min_t(u32, max, UBNPU_USAGES);
	struct ub_admin_cmd cmd = {
		.opcode = UB_ADMIN_QUERY_USAGE,
		.id = cpu_to_le32(id),
		.usage.base = cpu_to_le64(ub->usage_dma),
		.usage.bytes = cpu_to_le32(room * sizeof(*records)),
		.usage.kind = cpu_to_le32(kind),
	};
	struct ub_admin_reply reply;
	int ret;

	lockdep_assert_held(&ub->gate);
	if (!ub->usage)
		return -EOPNOTSUPP;
	mutex_lock(&ub->usage_lock);
	ret = ubnpu_admin(ub, &cmd, &reply, NULL);
	if (!ret) {
		/* A device may say anything; it has written no more than it was given room for. */
		ret = min_t(u64, le64_to_cpu(reply.count), room);
		memcpy(records, ub->usage, ret * sizeof(*records));
	}
	mutex_unlock(&ub->usage_lock);
	return ret;
}
