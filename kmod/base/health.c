// SPDX-License-Identifier: GPL-2.0-only
/* What faults and recoveries there were, counted. */
#include <linux/sysfs.h>

#include "base/base.h"

static const char * const counter_names[UBNPU_COUNTERS] = {
	"hangs", "queue_resets", "context_resets", "device_resets", "admin_resets", "lost_irqs",
	"lost_doorbells", "eq_overruns", "admin_timeouts", "fatals", "coredumps",
};

static_assert(UB_A_HANGS + UBNPU_COREDUMPS == UB_A_COREDUMPS);

const char *ubnpu_counter_name(enum ubnpu_counter counter)
{
	return counter_names[counter];
}

void ubnpu_count(struct ubnpu_dev *ub, enum ubnpu_counter counter)
{
	atomic64_inc(&ub->counters[counter]);
}

struct health_attr {
	struct device_attribute attr;
	enum ubnpu_counter counter;
};

static ssize_t health_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	const struct health_attr *a = container_of(attr, struct health_attr, attr);

	return sysfs_emit(buf, "%lld\n", (s64)atomic64_read(&to_ubnpu(dev)->counters[a->counter]));
}

#define HEALTH(_name, _counter) \
static struct health_attr health_##_name = { \
	.attr = __ATTR(_name, 0444, health_show, NULL), .counter = _counter, \
}

HEALTH(hangs, UBNPU_HANGS);
HEALTH(queue_resets, UBNPU_QUEUE_RESETS);
HEALTH(context_resets, UBNPU_CONTEXT_RESETS);
HEALTH(device_resets, UBNPU_DEVICE_RESETS);
HEALTH(admin_resets, UBNPU_ADMIN_RESETS);
HEALTH(lost_irqs, UBNPU_LOST_IRQS);
HEALTH(lost_doorbells, UBNPU_LOST_DOORBELLS);
HEALTH(eq_overruns, UBNPU_EQ_OVERRUNS);
HEALTH(admin_timeouts, UBNPU_ADMIN_TIMEOUTS);
HEALTH(fatals, UBNPU_FATALS);
HEALTH(coredumps, UBNPU_COREDUMPS);

static struct attribute *health_attrs[] = {
	&health_hangs.attr.attr, &health_queue_resets.attr.attr, &health_context_resets.attr.attr,
	&health_device_resets.attr.attr, &health_admin_resets.attr.attr,
	&health_lost_irqs.attr.attr, &health_lost_doorbells.attr.attr,
	&health_eq_overruns.attr.attr, &health_admin_timeouts.attr.attr,
	&health_fatals.attr.attr, &health_coredumps.attr.attr, NULL,
};

const struct attribute_group ubnpu_health_group = { .name = "health", .attrs = health_attrs };
