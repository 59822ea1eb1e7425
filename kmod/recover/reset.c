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
	return ret ?: ubnpu_eqs_start(ub);
}

static int hw_wait_ready(struct ubnpu_dev *ub)
{
	u32 status;
	int ret = readl_poll_timeout(ub->regs + UB_REG_STATUS, status, status == UB_STATUS_READY,
				     100, RESET_TIMEOUT_US);

	if (ret && !ub->gone)
		dev_err(&ub->pdev->dev, "device did not become ready after a reset: status 0x%x\n",
			status);
	return ret;
}

/* What reads as a device in perfect order may be one that a reset has not reached. */
static int hw_check_generation(struct ubnpu_dev *ub, u32 before)
{
	u32 now = readl(ub->regs + UB_REG_GENERATION);

	if (now && now != U32_MAX && now != before)
		return 0;
	dev_err(&ub->pdev->dev, "device did not reset itself: generation %u before, %u after\n",
		before, now);
	return -EIO;
}

static int hw_reset(struct ubnpu_dev *ub)
{
	int ret = ubnpu_hw_answers(ub);
	u32 before;

	if (ret)
		return ret;
	before = readl(ub->regs + UB_REG_GENERATION);
	writel(UB_CTRL_RESET, ub->regs + UB_REG_CTRL);
	return hw_wait_ready(ub) ?: hw_check_generation(ub, before);
}

/*
 * On return the device touches no memory of before. Interrupts stay off while it happens, and what
 * is reported once they are on again is news. The generation of a device that does not answer stays
 * the last that is known.
 */
int ubnpu_hw_reset(struct ubnpu_dev *ub)
{
	int ret;

	ubnpu_irqs_disable(ub);
	ret = hw_reset(ub);
	if (ret) {
		pci_clear_master(ub->pdev);
	} else {
		WRITE_ONCE(ub->generation, readl(ub->regs + UB_REG_GENERATION));
		WRITE_ONCE(ub->troubles, 0);
	}
	ubnpu_irqs_enable(ub);
	WRITE_ONCE(ub->dead, ret);
	trace_ubnpu_reset(ub->index, ub->generation);
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
	ub->away = false;
	ub->nr_resets = 0;
	ub->hang.active = false;
	memset(&ub->culprit, 0, sizeof(ub->culprit));
}

/* Nobody in particular is to blame. why ends a sentence of the log. */
void ubnpu_tell_reset(struct ubnpu_dev *ub, enum ubnpu_counter counter, int failed,
		      const char *why)
{
	const struct ubnpu_who nobody = { 0 };

	ubnpu_count(ub, counter);
	if (failed) {
		dev_err(&ub->dev, "device lost: it did not come up again %s\n", why);
		ubnpu_report_wedged(ub, UB_HEALTH_RESET, UB_SCOPE_DEVICE, &nobody, false);
	} else {
		dev_info(&ub->dev, "device reset %s: generation %u\n", why,
			 READ_ONCE(ub->generation));
		ubnpu_report(ub, UB_HEALTH_RESET, UB_SCOPE_DEVICE, NULL);
	}
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
	if (!ret)
		ubnpu_tell_reset(ub, UBNPU_ADMIN_RESETS, 0, "as an administrator asked");
	return ret;
}
