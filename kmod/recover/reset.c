// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reset, loss and recovery of the device. Contexts that were open are lost: their objects go, their
 * doorbells show a private page, their waiters wake. The device itself works again at once.
 */
#include <linux/delay.h>
#include <linux/iopoll.h>

#include "recover/recover.h"
#include "trace.h"

#define RESET_TIMEOUT_US	2000000

/* Brings up the admin ring and the event queues of a device fresh from reset. */
int ubnpu_hw_start(struct ubnpu_dev *ub)
{
	int ret;

	WRITE_ONCE(ub->generation, readl(ub->regs + UB_REG_GENERATION));
	ret = ubnpu_admin_start(ub);
	if (ret)
		return ret;
	return ubnpu_eqs_start(ub);
}

static int hw_wait_ready(struct ubnpu_dev *ub)
{
	u32 status;
	int ret = readl_poll_timeout(ub->regs + UB_REG_STATUS, status, status == UB_STATUS_READY,
				     100, RESET_TIMEOUT_US);

	if (ret)
		dev_err(&ub->pdev->dev, "device did not become ready after a reset: status 0x%x\n",
			status);
	return ret;
}

/*
 * On return the device touches no memory of before. Interrupts stay off while it happens, and what
 * is reported once they are on again is news.
 */
int ubnpu_hw_reset(struct ubnpu_dev *ub)
{
	int ret;

	ubnpu_irqs_disable(ub);
	writel(UB_CTRL_RESET, ub->regs + UB_REG_CTRL);
	ret = hw_wait_ready(ub);
	if (ret)
		pci_clear_master(ub->pdev);
	else
		WRITE_ONCE(ub->troubles, 0);
	ubnpu_irqs_enable(ub);
	WRITE_ONCE(ub->dead, ret);
	trace_ubnpu_reset(ub->index, readl(ub->regs + UB_REG_GENERATION));
	return ret;
}

/* Tells every context. The device may still be at work when this returns. */
void ubnpu_lose_all(struct ubnpu_dev *ub)
{
	struct ubnpu_ctx *ctx;
	unsigned long index;

	lockdep_assert_held_write(&ub->gate);
	xa_for_each(&ub->ctxs.xa, index, ctx)
		if (!ctx->lost)
			ubnpu_ctx_lose(ctx);
}

/* Frees what the contexts had. The device is quiet, or cut off from memory. */
void ubnpu_drop_all(struct ubnpu_dev *ub)
{
	struct ubnpu_ctx *ctx;
	unsigned long index;

	lockdep_assert_held_write(&ub->gate);
	xa_for_each(&ub->ctxs.xa, index, ctx) {
		ubnpu_ctx_drop(ctx);
		ubnpu_ctx_set_generation(ctx);
	}
}

static bool dev_has_live_ctxs(struct ubnpu_dev *ub)
{
	struct ubnpu_ctx *ctx;
	unsigned long index;

	xa_for_each(&ub->ctxs.xa, index, ctx)
		if (!ctx->lost)
			return true;
	return false;
}

/* Every context is lost, and the device as good as new. */
int ubnpu_hw_recover(struct ubnpu_dev *ub)
{
	int ret;

	ubnpu_lose_all(ub);
	ret = ubnpu_hw_reset(ub);
	WRITE_ONCE(ub->generation, readl(ub->regs + UB_REG_GENERATION));
	ubnpu_drop_all(ub);
	if (ret)
		return ret;
	pci_set_master(ub->pdev);
	ret = ubnpu_hw_start(ub);
	if (ret)
		ubnpu_kill(ub, UBNPU_SILENT);
	return ret;
}

/* The device works again: nothing of before is held against it. */
void ubnpu_recovered(struct ubnpu_dev *ub)
{
	lockdep_assert_held_write(&ub->gate);
	ub->wedged = false;
	ub->nr_resets = 0;
	ub->hang.active = false;
	memset(&ub->culprit, 0, sizeof(ub->culprit));
}

/* One that was asked for. */
static void dev_tell_reset(struct ubnpu_dev *ub)
{
	ubnpu_count(ub, UBNPU_ADMIN_RESETS);
	ubnpu_report(ub, UB_HEALTH_RESET, UB_SCOPE_DEVICE, NULL);
	ubnpu_report_dev(ub);
}

int ubnpu_dev_reset(struct ubnpu_dev *ub, bool force)
{
	int ret;

	ret = down_write_killable(&ub->gate);
	if (ret)
		return ret;
	if (ub->gone)
		ret = -ENODEV;
	else if (!force && dev_has_live_ctxs(ub))
		ret = -EBUSY;
	else
		ret = ubnpu_hw_recover(ub);
	if (!ret)
		ubnpu_recovered(ub);
	up_write(&ub->gate);
	if (!ret) {
		dev_info(&ub->dev, "device reset, as an administrator asked: generation %u\n",
			 READ_ONCE(ub->generation));
		dev_tell_reset(ub);
	}
	return ret;
}

/* Function level reset by the PCI core: the gate stays shut from prepare to done. */
static void pci_reset_prepare(struct pci_dev *pdev)
{
	struct ubnpu_dev *ub = pci_get_drvdata(pdev);

	down_write(&ub->gate);
	ubnpu_lose_all(ub);
	ubnpu_irqs_disable(ub);
}

static void pci_reset_done(struct pci_dev *pdev)
{
	struct ubnpu_dev *ub = pci_get_drvdata(pdev);

	if (hw_wait_ready(ub))
		pci_clear_master(pdev);
	else
		WRITE_ONCE(ub->troubles, 0);
	ubnpu_irqs_enable(ub);
	WRITE_ONCE(ub->generation, readl(ub->regs + UB_REG_GENERATION));
	WRITE_ONCE(ub->dead, false);
	trace_ubnpu_reset(ub->index, ub->generation);
	ubnpu_drop_all(ub);
	if (ubnpu_hw_start(ub))
		ubnpu_kill(ub, UBNPU_SILENT);
	else
		ubnpu_recovered(ub);
	up_write(&ub->gate);
	dev_tell_reset(ub);
}

const struct pci_error_handlers ubnpu_err_handlers = {
	.reset_prepare = pci_reset_prepare,
	.reset_done = pci_reset_done,
};
