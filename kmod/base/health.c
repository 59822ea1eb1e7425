// SPDX-License-Identifier: GPL-2.0-only
/* What faults and recoveries there were, counted. */
#include <linux/sysfs.h>

#include "base/base.h"

static const char * const counter_names[UBNPU_COUNTERS] = {
#define COUNTER_NAME(_counter, _name, _meaning) #_name,
	UB_HEALTH_COUNTERS(COUNTER_NAME)
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

#define HEALTH(_counter, _name, _meaning) \
static struct health_attr health_##_name = { \
	.attr = __ATTR(_name, 0444, health_show, NULL), .counter = UBNPU_##_counter, \
};

UB_HEALTH_COUNTERS(HEALTH)

static struct attribute *health_attrs[] = {
#define HEALTH_ATTR(_counter, _name, _meaning) &health_##_name.attr.attr,
	UB_HEALTH_COUNTERS(HEALTH_ATTR)
	NULL,
};

const struct attribute_group ubnpu_health_group = { .name = "health", .attrs = health_attrs };
