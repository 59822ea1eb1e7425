// SPDX-License-Identifier: GPL-2.0-only
/* Attributes of the class device: identity and limits/. docs/uapi.md lists them. */
#include <linux/device.h>
#include <linux/io.h>
#include <linux/sysfs.h>

#include "compat.h"
#include "control/control.h"

static ssize_t guid_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	const u8 *guid = to_ubnpu(dev)->caps.guid;
	u64 hi = get_unaligned_be64(guid);
	u64 lo = get_unaligned_be64(guid + 8);

	return sysfs_emit(buf, "%04llx-%04llx-%llx-%llx-%06llx-%016llx\n", hi >> 48,
			  hi >> 32 & 0xffff, hi >> 28 & 0xf, hi >> 24 & 0xf, hi & 0xffffff, lo);
}
static DEVICE_ATTR_RO(guid);

static ssize_t eid_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%pI6\n", to_ubnpu(dev)->caps.eid);
}
static DEVICE_ATTR_RO(eid);

static ssize_t class_code_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	u32 code = to_ubnpu(dev)->caps.class_code;

	return sysfs_emit(buf, "%02x/%02x\n", code >> 8 & 0xff, code & 0xff);
}
static DEVICE_ATTR_RO(class_code);

static ssize_t upi_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "0x%04x\n", to_ubnpu(dev)->caps.upi);
}
static DEVICE_ATTR_RO(upi);

static ssize_t hw_version_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	u32 version = to_ubnpu(dev)->caps.hw_version;

	return sysfs_emit(buf, "%u.%u\n", version >> 16, version & 0xffff);
}
static DEVICE_ATTR_RO(hw_version);

static ssize_t caps_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "0x%016llx\n", to_ubnpu(dev)->caps.caps);
}
static DEVICE_ATTR_RO(caps);

static ssize_t opcodes_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "0x%016llx\n", to_ubnpu(dev)->caps.opcodes);
}
static DEVICE_ATTR_RO(opcodes);

static ssize_t generation_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(to_ubnpu(dev)->generation));
}
static DEVICE_ATTR_RO(generation);

static ssize_t state_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct ubnpu_dev *ub = to_ubnpu(dev);
	const char *state = "ready";
	u32 status;

	if (down_read_killable(&ub->gate))
		return -EINTR;
	status = readl(ub->regs + UB_REG_STATUS);
	if (READ_ONCE(ub->dead) || !ubnpu_hw_is_there(ub))
		state = "dead";
	else if (status & UB_STATUS_FATAL || !(status & UB_STATUS_READY))
		state = "fatal";
	up_read(&ub->gate);
	return sysfs_emit(buf, "%s\n", state);
}
static DEVICE_ATTR_RO(state);

static struct attribute *identity_attrs[] = {
	&dev_attr_guid.attr, &dev_attr_eid.attr, &dev_attr_class_code.attr, &dev_attr_upi.attr,
	&dev_attr_hw_version.attr, &dev_attr_caps.attr, &dev_attr_opcodes.attr,
	&dev_attr_generation.attr, &dev_attr_state.attr, NULL,
};

static const struct attribute_group identity_group = { .attrs = identity_attrs };

struct ubnpu_attr {
	struct device_attribute attr;
	size_t offset;
	size_t size;
};

static ssize_t limit_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	const struct ubnpu_attr *a = container_of(attr, struct ubnpu_attr, attr);
	const void *field = (const void *)&to_ubnpu(dev)->caps + a->offset;

	return sysfs_emit(buf, "%llu\n",
			  a->size == 8 ? *(const u64 *)field : (u64)*(const u32 *)field);
}

#define LIMIT(_name, _field) \
static struct ubnpu_attr limit_##_name = { \
	.attr = __ATTR(_name, 0444, limit_show, NULL), \
	.offset = offsetof(struct ubnpu_caps, _field), \
	.size = sizeof_field(struct ubnpu_caps, _field), \
}

LIMIT(max_ctx, max_ctx);
LIMIT(max_seg, max_seg);
LIMIT(max_jfs, max_queues[UBNPU_JFS]);
LIMIT(max_jfr, max_queues[UBNPU_JFR]);
LIMIT(max_jfc, max_queues[UBNPU_JFC]);
LIMIT(max_eq, max_eq);
LIMIT(max_jfs_depth, max_depth[UBNPU_JFS]);
LIMIT(max_jfr_depth, max_depth[UBNPU_JFR]);
LIMIT(max_jfc_depth, max_depth[UBNPU_JFC]);
LIMIT(max_sge, max_sge);
LIMIT(max_inline, max_inline);
LIMIT(max_msg, max_msg);
LIMIT(max_gemm_dim, max_gemm_dim);
LIMIT(db_pages, db_pages);
LIMIT(engines, engines);
LIMIT(hbm_size, hbm_size);
LIMIT(comp_vectors, comp_vectors);

static struct attribute *limit_attrs[] = {
	&limit_max_ctx.attr.attr, &limit_max_seg.attr.attr, &limit_max_jfs.attr.attr,
	&limit_max_jfr.attr.attr, &limit_max_jfc.attr.attr, &limit_max_eq.attr.attr,
	&limit_max_jfs_depth.attr.attr, &limit_max_jfr_depth.attr.attr,
	&limit_max_jfc_depth.attr.attr, &limit_max_sge.attr.attr, &limit_max_inline.attr.attr,
	&limit_max_msg.attr.attr, &limit_max_gemm_dim.attr.attr, &limit_db_pages.attr.attr,
	&limit_engines.attr.attr, &limit_hbm_size.attr.attr, &limit_comp_vectors.attr.attr, NULL,
};

static const struct attribute_group limit_group = { .name = "limits", .attrs = limit_attrs };

const struct attribute_group *ubnpu_groups[] = {
	&identity_group, &limit_group, &ubnpu_stat_group, &ubnpu_health_group, NULL,
};
