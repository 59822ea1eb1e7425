// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether the device answers. A reset of the bus or a sleep takes its addresses away; what the PCI
 * core has saved by then may be no better, so the driver keeps the configuration space as it was
 * when the device was bound.
 */
#include <linux/pci.h>
#include <linux/slab.h>

#include "hw/hw.h"

int ubnpu_config_keep(struct ubnpu_dev *ub)
{
	int ret = pci_save_state(ub->pdev);

	if (ret)
		return ret;
	ub->config = pci_store_saved_state(ub->pdev);
	return ub->config ? 0 : -ENOMEM;
}

void ubnpu_config_free(struct ubnpu_dev *ub)
{
	kfree(ub->config);
	ub->config = NULL;
}

static bool config_is_lost(struct ubnpu_dev *ub)
{
	u32 bar = 0;
	u16 command = 0;

	pci_read_config_word(ub->pdev, PCI_COMMAND, &command);
	pci_read_config_dword(ub->pdev, PCI_BASE_ADDRESS_0 + UB_HW_BAR_REGS * sizeof(bar), &bar);
	return !(command & PCI_COMMAND_MEMORY) ||
	       (bar & (u32)PCI_BASE_ADDRESS_MEM_MASK) !=
	       lower_32_bits(pci_bus_address(ub->pdev, UB_HW_BAR_REGS));
}

static void config_restore(struct ubnpu_dev *ub)
{
	dev_warn(&ub->pdev->dev, "device lost its configuration space: driver restores it\n");
	if (pci_load_saved_state(ub->pdev, ub->config))
		return;
	pci_restore_state(ub->pdev);
	/* The driver lets it write into memory once it has begun anew. */
	pci_clear_master(ub->pdev);
}

static void answer_missing(struct ubnpu_dev *ub, bool there, u32 magic)
{
	struct device *dev = &ub->pdev->dev;

	if (there)
		dev_err(dev, "device does not answer at its address: magic 0x%08x\n", magic);
	else
		dev_err(dev, "device does not answer: nothing is at its place on the bus\n");
	dev_err(dev, "administrator can remove it and scan anew: %s%s%s\n",
		"echo 1 > /sys/bus/pci/devices/", pci_name(ub->pdev),
		"/remove; echo 1 > /sys/bus/pci/rescan");
}

/*
 * 0, or -ENXIO with a word in the log. What was lost of its configuration space is restored, if the
 * device is there at all. Nobody is told of one that is on its way out.
 */
int ubnpu_hw_answers(struct ubnpu_dev *ub)
{
	struct pci_dev *pdev = ub->pdev;
	bool there = pci_device_is_present(pdev);
	u32 magic;

	if (there && ub->config && config_is_lost(ub))
		config_restore(ub);
	magic = readl(ub->regs + UB_REG_MAGIC);
	if (there && magic == UB_HW_MAGIC &&
	    readl(ub->regs + UB_REG_VERSION) == ub->caps.hw_version)
		return 0;
	if (!ub->gone)
		answer_missing(ub, there, magic);
	return -ENXIO;
}
