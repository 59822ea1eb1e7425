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
}

STAT(wqes);
STAT(cqes);
STAT(errors);
STAT(bytes);
STAT(db_traps);
STAT(doorbells);
STAT(direct_wqes);
STAT(rearms);
STAT(interrupts);
STAT(eqes);
STAT(admin_cmds);
STAT(inline_wqes);
STAT(engine_wqes);
STAT(guest_errors);
STAT(polls_hit);
STAT(sleeps);
STAT(preemptions);
STAT(moderated);

static struct attribute *stat_attrs[] = {
	&stat_wqes.attr.attr, &stat_cqes.attr.attr, &stat_errors.attr.attr, &stat_bytes.attr.attr,
	&stat_db_traps.attr.attr, &stat_doorbells.attr.attr, &stat_direct_wqes.attr.attr,
	&stat_rearms.attr.attr, &stat_interrupts.attr.attr, &stat_eqes.attr.attr,
	&stat_admin_cmds.attr.attr, &stat_inline_wqes.attr.attr, &stat_engine_wqes.attr.attr,
	&stat_guest_errors.attr.attr, &stat_polls_hit.attr.attr, &stat_sleeps.attr.attr,
	&stat_preemptions.attr.attr, &stat_moderated.attr.attr,
	&dev_attr_table_bytes.attr, NULL,
};

/* Of the counter at index in struct ub_hw_stats; stat_attrs has their order. */
const char *ubnpu_stat_name(unsigned int index)
{
	return stat_attrs[index]->name;
}

const struct attribute_group ubnpu_stat_group = { .name = "stats", .attrs = stat_attrs };
