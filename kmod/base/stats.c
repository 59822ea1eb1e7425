// SPDX-License-Identifier: GPL-2.0-only
/* Counters of the device, as attributes and by name. */
#include <linux/device.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/sysfs.h>

#include "base/base.h"

struct stat_attr {
	struct device_attribute attr;
	size_t offset;
};

static ssize_t stat_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	const struct stat_attr *a = container_of(attr, struct stat_attr, attr);
	struct ubnpu_dev *ub = to_ubnpu(dev);
	u64 value;

	if (down_read_killable(&ub->gate))
		return -EINTR;
	value = readq(ub->regs + UB_REG_STATS + a->offset);
	up_read(&ub->gate);
	return sysfs_emit(buf, "%llu\n", value);
}

static ssize_t table_bytes_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%lld\n", (s64)atomic64_read(&to_ubnpu(dev)->table_bytes));
}
static DEVICE_ATTR_RO(table_bytes);

#define STAT(_name) \
static struct stat_attr stat_##_name = { \
	.attr = __ATTR(_name, 0444, stat_show, NULL), \
	.offset = offsetof(struct ub_hw_stats, _name), \
};

UB_STAT_NAMES(STAT)

static struct attribute *stat_attrs[] = {
#define STAT_ATTR(_name) &stat_##_name.attr.attr,
	UB_STAT_NAMES(STAT_ATTR)
	&dev_attr_table_bytes.attr, NULL,
};

/* Of the counter at index in struct ub_hw_stats; stat_attrs has their order. */
const char *ubnpu_stat_name(unsigned int index)
{
	return stat_attrs[index]->name;
}

/* The registers that the device has: one more tells how busy it is. */
unsigned int ubnpu_stats(const struct ubnpu_dev *ub)
{
	unsigned int all = sizeof(struct ub_hw_stats) / sizeof(u64);

	return ub->caps.caps & UB_CAP_USAGE ? all : all - 1;
}

static umode_t stat_is_visible(struct kobject *kobj, struct attribute *attr, int index)
{
	const struct ubnpu_dev *ub = to_ubnpu(kobj_to_dev(kobj));

	return attr == &stat_busy_ns.attr.attr && !(ub->caps.caps & UB_CAP_USAGE) ? 0 : attr->mode;
}

const struct attribute_group ubnpu_stat_group = {
	.name = "stats",
	.attrs = stat_attrs,
	.is_visible = stat_is_visible,
};
