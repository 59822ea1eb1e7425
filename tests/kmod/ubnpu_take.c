// SPDX-License-Identifier: GPL-2.0-only
/*
 * A kernel that takes memory away from a device that uses it, for tests. Loading it does what the
 * parameters say and fails with EAGAIN, so that nothing stays.
 *
 *   device=0000:00:04.0 pfn=N	unmap that page from the device's IOMMU domain, wherever it is there
 *   device=0000:00:04.0 mask=N	let the device address N bits from now on
 */
#include <linux/dma-mapping.h>
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/pci.h>

#define LOW	0x80000000ul		/* where the kernel gives addresses, from 4 GiB down */
#define HIGH	0x100000000ul

static char *device = "";
module_param(device, charp, 0);
static unsigned long pfn;
module_param(pfn, ulong, 0);
static unsigned int mask;
module_param(mask, uint, 0);

static struct pci_dev *find_device(void)
{
	unsigned int domain, bus, slot, function;

	if (sscanf(device, "%x:%x:%x.%x", &domain, &bus, &slot, &function) != 4)
		return NULL;
	return pci_get_domain_bus_and_slot(domain, bus, PCI_DEVFN(slot, function));
}

static unsigned int take_page(struct pci_dev *pdev)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(&pdev->dev);
	unsigned int taken = 0;
	unsigned long iova;

	if (!domain || !(domain->type & __IOMMU_DOMAIN_PAGING))
		return 0;
	for (iova = LOW; iova < HIGH; iova += PAGE_SIZE)
		if (iommu_iova_to_phys(domain, iova) >> PAGE_SHIFT == pfn &&
		    iommu_unmap(domain, iova, PAGE_SIZE) == PAGE_SIZE)
			taken++;
	return taken;
}

static int __init take_init(void)
{
	struct pci_dev *pdev = find_device();

	if (!pdev)
		return -ENODEV;
	if (mask)
		pr_info("mask set: %d\n", dma_set_mask(&pdev->dev, DMA_BIT_MASK(mask)));
	else
		pr_info("pages taken: %u\n", take_page(pdev));
	pci_dev_put(pdev);
	return -EAGAIN;
}

module_init(take_init);
MODULE_DESCRIPTION("Takes memory away from a device, for tests");
MODULE_LICENSE("GPL");
