// SPDX-License-Identifier: GPL-2.0-only
/* When the watcher of recover/hang.c looks at a device. */
#include <linux/module.h>

#include "base/base.h"

#define MIN_TIMEOUT_MS	100

static unsigned int hang_timeout_ms = 10000;

/* 0: no detection. */
unsigned int ubnpu_hang_timeout(void)
{
	unsigned int ms = READ_ONCE(hang_timeout_ms);

	return ms ? max(ms, MIN_TIMEOUT_MS) : 0;
}

/* In jiffies: the time between looks, and what each step has to help. */
unsigned long ubnpu_hang_quarter(void)
{
	return msecs_to_jiffies(ubnpu_hang_timeout() / UBNPU_LOOKS);
}

void ubnpu_watch_start(struct ubnpu_dev *ub)
{
	lockdep_assert_held(&ub->gate);
	if (ub->caps.caps & UB_CAP_PROGRESS && ubnpu_hang_timeout())
		schedule_delayed_work(&ub->watch_work, ubnpu_hang_quarter());
}

/* A shorter time begins at once. */
static int hang_timeout_set(const char *value, const struct kernel_param *kp)
{
	struct ubnpu_dev *ub;
	unsigned long index = 0;
	int ret = param_set_uint(value, kp);

	if (ret)
		return ret;
	for (; (ub = ubnpu_dev_next(&index)); index++) {
		down_read(&ub->gate);
		if (!ub->gone && ub->caps.caps & UB_CAP_PROGRESS && ubnpu_hang_timeout())
			mod_delayed_work(system_wq, &ub->watch_work, ubnpu_hang_quarter());
		up_read(&ub->gate);
		ubnpu_dev_put(ub);
	}
	return 0;
}

static const struct kernel_param_ops hang_timeout_ops = {
	.set = hang_timeout_set,
	.get = param_get_uint,
};
module_param_cb(hang_timeout_ms, &hang_timeout_ops, &hang_timeout_ms, 0644);
MODULE_PARM_DESC(hang_timeout_ms,
		 "a command without progress for so long hangs (10000, at least 100; 0: never)");
