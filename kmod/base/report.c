// SPDX-License-Identifier: GPL-2.0-only
/* Devices, faults and recoveries are told to whoever has asked for it, and to udev. */
#include <linux/ctype.h>
#include <linux/kobject.h>
#include <linux/slab.h>

#include "base/base.h"

static const struct ubnpu_report_ops *report_ops;

/* While there is no device; NULL: nobody is told. */
void ubnpu_report_to(const struct ubnpu_report_ops *ops)
{
	report_ops = ops;
}

/* A device came or was reset. */
void ubnpu_report_dev(struct ubnpu_dev *ub)
{
	if (report_ops)
		report_ops->dev(ub);
}

/* A fault or a recovery: who may be NULL. */
void ubnpu_report(struct ubnpu_dev *ub, enum ub_health_event event, enum ub_reset_scope scope,
		  const struct ubnpu_who *who)
{
	if (report_ops)
		report_ops->health(ub, event, scope, who);
}

#define MAX_ENV		5 /* with the NULL at the end */
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
	/* Any process may listen: nothing that names objects. */
	if (!who->tid)
		return;
	uevent_add(ev, "PID=%d", who->pid);
	uevent_add(ev, "TASK=%s", who->comm);
}

/* The end of a fault that took a reset: also for udev, in the words of DRM's wedged events. */
void ubnpu_report_wedged(struct ubnpu_dev *ub, enum ub_health_event event,
			 enum ub_reset_scope scope, const struct ubnpu_who *who, bool recovered)
{
	struct uevent *ev = kzalloc(sizeof(*ev), GFP_KERNEL);

	ubnpu_report(ub, event, scope, who);
	if (!ev)
		return;
	uevent_fill(ev, scope, who, recovered);
	kobject_uevent_env(&ub->dev.kobj, KOBJ_CHANGE, ev->env);
	kfree(ev);
}
