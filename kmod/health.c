// SPDX-License-Identifier: GPL-2.0-only
/* What faults and recoveries there were: counters, messages to the group and uevents. */
#include <linux/ctype.h>
#include <linux/kobject.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "compat.h"
#include "ubnpu.h"
#include "uapi/ub_names.h"

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

void ubnpu_who_set(struct ubnpu_who *who, const struct ubnpu_ctx *ctx, u32 type, u32 queue)
{
	*who = (struct ubnpu_who) {
		.tid = ctx->tid,
		.type = type,
		.queue = queue,
		.uid = __kuid_val(ctx->uid),
		.pid = pid_nr(ctx->pid),
	};
	strscpy(who->comm, ctx->comm, sizeof(who->comm));
}

void ubnpu_report(struct ubnpu_dev *ub, enum ub_health_event event, enum ub_reset_scope scope,
		  const struct ubnpu_who *who)
{
	ubnpu_netlink_health(ub, event, scope, who);
}

#define MAX_ENV		7	/* with the NULL at the end */
#define ENV_LEN		40

struct uevent {
	char text[MAX_ENV - 1][ENV_LEN];
	char *env[MAX_ENV];
	unsigned int count;
};

static __printf(2, 3) void uevent_add(struct uevent *ev, const char *format, ...)
{
	char *text = ev->text[ev->count];
	va_list args;

	va_start(args, format);
	vscnprintf(text, ENV_LEN, format, args);
	va_end(args);
	ev->env[ev->count++] = text;
	/* A process names itself as it likes; a reader of lines is not to be led astray. */
	for (; *text; text++)
		if (!isprint(*text))
			*text = '?';
}

static void uevent_fill(struct uevent *ev, enum ub_reset_scope scope, const struct ubnpu_who *who,
			bool recovered)
{
	static const char * const scopes[] = {
#define SCOPE_NAME(_scope, _name) [UB_SCOPE_##_scope] = _name,
		UB_RESET_SCOPES(SCOPE_NAME)
	};

	uevent_add(ev, "WEDGED=%s", recovered ? "none" : "rebind,bus-reset");
	uevent_add(ev, "UB_SCOPE=%s", scopes[scope]);
	if (!who->tid)
		return;
	uevent_add(ev, "UB_TID=%u", who->tid);
	uevent_add(ev, "UB_QUEUE=%u", who->queue);
	uevent_add(ev, "PID=%d", who->pid);
	uevent_add(ev, "TASK=%s", who->comm);
}

/* The end of a fault that took a reset: also for udev, in the words of DRM's wedged events. */
void ubnpu_report_wedged(struct ubnpu_dev *ub, enum ub_health_event event,
			 enum ub_reset_scope scope, const struct ubnpu_who *who, bool recovered)
{
	struct uevent *ev = kzalloc(sizeof(*ev), GFP_KERNEL);

	ubnpu_netlink_health(ub, event, scope, who);
	if (!ev)
		return;
	uevent_fill(ev, scope, who, recovered);
	kobject_uevent_env(&ub->dev.kobj, KOBJ_CHANGE, ev->env);
	kfree(ev);
}
