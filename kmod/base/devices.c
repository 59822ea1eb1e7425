// SPDX-License-Identifier: GPL-2.0-only
/* The table of devices, by the number that is in their names. */
#include "base/base.h"

static DEFINE_XARRAY_ALLOC(ubnpu_devs);
static DEFINE_MUTEX(ubnpu_devs_lock);

/* Takes a number; look-ups do not see the device until ubnpu_dev_publish(). */
int ubnpu_dev_reserve(struct ubnpu_dev *ub)
{
	int ret;

	mutex_lock(&ubnpu_devs_lock);
	ret = xa_alloc(&ubnpu_devs, &ub->index, NULL, XA_LIMIT(0, UBNPU_MINORS - 1), GFP_KERNEL);
	mutex_unlock(&ubnpu_devs_lock);
	return ret;
}

void ubnpu_dev_publish(struct ubnpu_dev *ub)
{
	mutex_lock(&ubnpu_devs_lock);
	xa_store(&ubnpu_devs, ub->index, ub, GFP_KERNEL);
	mutex_unlock(&ubnpu_devs_lock);
}

void ubnpu_dev_withdraw(struct ubnpu_dev *ub)
{
	mutex_lock(&ubnpu_devs_lock);
	xa_erase(&ubnpu_devs, ub->index);
	mutex_unlock(&ubnpu_devs_lock);
}

/* The first device at or after *index, with a reference. */
struct ubnpu_dev *ubnpu_dev_next(unsigned long *index)
{
	struct ubnpu_dev *ub;

	mutex_lock(&ubnpu_devs_lock);
	ub = xa_find(&ubnpu_devs, index, ULONG_MAX, XA_PRESENT);
	if (ub)
		get_device(&ub->dev);
	mutex_unlock(&ubnpu_devs_lock);
	return ub;
}

struct ubnpu_dev *ubnpu_dev_get(unsigned long index)
{
	struct ubnpu_dev *ub;

	mutex_lock(&ubnpu_devs_lock);
	ub = xa_load(&ubnpu_devs, index);
	if (ub)
		get_device(&ub->dev);
	mutex_unlock(&ubnpu_devs_lock);
	return ub;
}

void ubnpu_dev_put(struct ubnpu_dev *ub)
{
	put_device(&ub->dev);
}

void ubnpu_devs_destroy(void)
{
	xa_destroy(&ubnpu_devs);
}
