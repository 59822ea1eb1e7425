// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether device and program see the same memory. Programs, the driver and the device share rings,
 * tables and payload for as long as they are mapped, so there is no moment to copy at: memory whose
 * DMA the kernel bounces, or which needs its caches cleaned, cannot be used.
 */
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/iommu.h>

#include "hw/hw.h"

/* Bounces are where the DMA mapping is direct; an IOMMU reaches each page where it is. */
static bool dma_is_translated(struct device *dev)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev);

	return domain && domain->type & __IOMMU_DOMAIN_PAGING;
}

bool ubnpu_dma_is_shared(struct device *dev, dma_addr_t dma)
{
	return dma_is_translated(dev) || !dma_need_sync(dev, dma);
}

static int dma_refuse(struct device *dev)
{
	const char *why = "it is not coherent with the processors' caches";

	if (dev_is_dma_coherent(dev))
		why = "the kernel bounces it; boot without swiotlb=force and memory encryption, "
		      "or with an IOMMU that translates";
	return dev_err_probe(dev, -EOPNOTSUPP,
			     "driver cannot share memory with the device by DMA: %s\n", why);
}

static int dma_try_page(struct device *dev, struct page *page)
{
	dma_addr_t dma = dma_map_page_attrs(dev, page, 0, PAGE_SIZE, DMA_BIDIRECTIONAL,
					    UBNPU_DMA_ATTRS);
	bool shared;

	if (dma_mapping_error(dev, dma))
		return dev_err_probe(dev, -EOPNOTSUPP,
				     "kernel cannot map a page for the device's DMA\n");
	shared = ubnpu_dma_is_shared(dev, dma);
	dma_unmap_page_attrs(dev, dma, PAGE_SIZE, DMA_BIDIRECTIONAL, UBNPU_DMA_ATTRS);
	return shared && dev_is_dma_coherent(dev) ? 0 : dma_refuse(dev);
}

/* What holds for each page, so that a device that cannot work is not there. */
int ubnpu_dma_check(struct device *dev)
{
	struct page *page = alloc_page(GFP_KERNEL);
	int ret;

	if (!page)
		return -ENOMEM;
	ret = dma_try_page(dev, page);
	__free_page(page);
	return ret;
}
