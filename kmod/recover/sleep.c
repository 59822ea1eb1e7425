// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sleep of the system: suspend to RAM, to idle and to disk. Nothing of a context outlives the
 * device's power, so a context ends before the system sleeps: none waits for what never comes, and
 * the device writes into no memory while an image of it is made. The PCI core saves and restores
 * configuration space and MSI-X. The driver has no part in runtime power management.
 */
#include <linux/pci.h>
#include <linux/pm.h>

#include "recover/recover.h"

/* Before sleep, before an image is made or loaded, and before power goes off for it. */
static int sleep_begin(struct device *dev)
{
	struct ubnpu_dev *ub = dev_get_drvdata(dev);

	ubnpu_give_away(ub, true);
	return 0;
}

/* After sleep, and after an image was made or loaded. Its failure keeps nobody else from waking. */
static int sleep_end(struct device *dev)
{
	struct ubnpu_dev *ub = dev_get_drvdata(dev);
	int ret = ubnpu_take_back(ub);

	ubnpu_tell_reset(ub, UBNPU_ADMIN_RESETS, ret, "after the system slept");
	return ret;
}

DEFINE_SIMPLE_DEV_PM_OPS(ubnpu_pm_ops, sleep_begin, sleep_end);
