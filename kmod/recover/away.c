// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device in others' hands: sleep and PCI's recovery from errors take it away and give it back.
 * Meanwhile it is dead for everybody, and nobody resets it on his own account but an administrator.
 */
#include <linux/pci.h>

#include "recover/recover.h"

/*
 * Every context ends at once, and what it had is freed: the device is reset (quiesce), or, if
 * registers cannot be reached, cut off from memory. The latter is enough where a link is broken: it
 * takes either the word that cuts the device off, or nothing that the device would write. Fails if
 * the device does not let itself be reset.
 */
int ubnpu_give_away(struct ubnpu_dev *ub, bool quiesce)
{
	int ret = 0;

	/* Not cut off before all are told, lest a command fails for that. */
	ubnpu_declare_dead(ub);
	down_write(&ub->gate);
	ub->away = true;
	ubnpu_lose_all(ub);
	if (quiesce)
		ret = ubnpu_hw_reset(ub);
	ubnpu_cut_off(ub);
	ubnpu_drop_all(ub);
	up_write(&ub->gate);
	/* Who comes now finds it dead and does not start them again. */
	cancel_delayed_work_sync(&ub->watch_work);
	cancel_work_sync(&ub->recover_work);
	return ret;
}

/*
 * The device begins anew, as after any reset. Power that was off may have set its generation back:
 * then it is reset until that is another one. One that is not there any more is treated as
 * unplugged.
 */
int ubnpu_take_back(struct ubnpu_dev *ub)
{
	u32 before;
	int ret;

	down_write(&ub->gate);
	before = ub->generation;
	ret = ubnpu_hw_recover(ub);
	if (!ret && ub->generation == before)
		ret = ubnpu_hw_recover(ub);
	if (!ret)
		ubnpu_recovered(ub);
	else if (!pci_device_is_present(ub->pdev))
		ub->gone = true;
	ub->away = false;
	up_write(&ub->gate);
	return ret;
}
