// SPDX-License-Identifier: GPL-2.0-only
/* Resets by the PCI core, and its recovery from errors that the bus reports (AER, DPC). */
#include <linux/pci.h>

#include "recover/recover.h"

/* ---- Resets of the function or its bus ---- */
/* The gate stays shut from prepare to done. */
static void pcie_reset_prepare(struct pci_dev *pdev)
{
	struct ubnpu_dev *ub = pci_get_drvdata(pdev);

	ubnpu_declare_dead(ub);
	down_write(&ub->gate);
	ubnpu_lose_all(ub);
	ubnpu_irqs_disable(ub);
}

/* Which reset that was is the PCI core's secret, so the driver's own follows. */
static void pcie_reset_done(struct pci_dev *pdev)
{
	struct ubnpu_dev *ub = pci_get_drvdata(pdev);
	int ret;

	ubnpu_irqs_enable(ub);
	ret = ubnpu_hw_recover(ub);
	if (!ret)
		ubnpu_recovered(ub);
	up_write(&ub->gate);
	ubnpu_tell_reset(ub, UBNPU_ADMIN_RESETS, ret, "by the PCI core");
}

/* ---- Errors of the bus ---- */
static pci_ers_result_t pcie_error_detected(struct pci_dev *pdev, pci_channel_state_t state)
{
	struct ubnpu_dev *ub = pci_get_drvdata(pdev);

	if (state == pci_channel_io_normal) {
		dev_warn(&ub->dev, "PCIe reports an error, and its link works: device goes on\n");
		return PCI_ERS_RESULT_CAN_RECOVER;
	}
	dev_err(&ub->dev, "PCIe reports a fatal error: contexts are lost\n");
	ubnpu_give_away(ub, false);
	return state == pci_channel_io_perm_failure ? PCI_ERS_RESULT_DISCONNECT :
						      PCI_ERS_RESULT_NEED_RESET;
}

/* After an error that is not fatal: contexts go on if the device is the one they know. */
static pci_ers_result_t pcie_mmio_enabled(struct pci_dev *pdev)
{
	struct ubnpu_dev *ub = pci_get_drvdata(pdev);
	bool same;

	down_write(&ub->gate);
	same = !ubnpu_hw_answers(ub) && readl(ub->regs + UB_REG_GENERATION) == ub->generation;
	up_write(&ub->gate);
	return same ? PCI_ERS_RESULT_RECOVERED : PCI_ERS_RESULT_NEED_RESET;
}

/*
 * The bus was reset: the device has lost its addresses, and whoever came meanwhile his context. It
 * stays away until the others on the bus have recovered as well.
 */
static pci_ers_result_t pcie_slot_reset(struct pci_dev *pdev)
{
	struct ubnpu_dev *ub = pci_get_drvdata(pdev);
	int ret = ubnpu_give_away(ub, true);

	if (!ret)
		return PCI_ERS_RESULT_RECOVERED;
	ubnpu_tell_reset(ub, UBNPU_DEVICE_RESETS, ret, "after a PCIe error");
	return PCI_ERS_RESULT_DISCONNECT;
}

/* Also after an error that has taken nothing away. */
static void pcie_resume(struct pci_dev *pdev)
{
	struct ubnpu_dev *ub = pci_get_drvdata(pdev);
	bool away;
	int ret;

	down_read(&ub->gate);
	away = ub->away;
	up_read(&ub->gate);
	if (!away)
		return;
	ret = ubnpu_take_back(ub);
	ubnpu_tell_reset(ub, UBNPU_DEVICE_RESETS, ret, "after a PCIe error");
}

const struct pci_error_handlers ubnpu_err_handlers = {
	.error_detected = pcie_error_detected,
	.mmio_enabled = pcie_mmio_enabled,
	.slot_reset = pcie_slot_reset,
	.resume = pcie_resume,
	.reset_prepare = pcie_reset_prepare,
	.reset_done = pcie_reset_done,
};
