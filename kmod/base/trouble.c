// SPDX-License-Identifier: GPL-2.0-only
/* A device that cannot be used is cut off from memory at once; a worker sees to the rest. */
#include "base/base.h"

/* Whoever holds the gate and waits for an answer lets go of it. */
void ubnpu_declare_dead(struct ubnpu_dev *ub)
{
	WRITE_ONCE(ub->dead, true);
	wake_up(&ub->admin_wq);
}

void ubnpu_cut_off(struct ubnpu_dev *ub)
{
	pci_clear_master(ub->pdev);
	ubnpu_declare_dead(ub);
}

/*
 * The device cannot be used. Cut it off from memory, so that what is pinned may be freed, and
 * leave the rest to a worker: the caller holds locks.
 */
void ubnpu_kill(struct ubnpu_dev *ub, enum ubnpu_trouble why)
{
	set_bit(why, &ub->troubles);
	ubnpu_cut_off(ub);
	schedule_work(&ub->recover_work);
}

/* From interrupt handlers. */
void ubnpu_fatal(struct ubnpu_dev *ub)
{
	set_bit(UBNPU_FATAL, &ub->troubles);
	schedule_work(&ub->recover_work);
}
