// SPDX-License-Identifier: GPL-2.0-only
/* The generic netlink family: what it does, and its life. */
#include "control/netlink.h"

#define DUMP(_cmd) { .cmd = _cmd, .dumpit = ubnpu_nl_dump }
#define ADMIN(_cmd, _fn) { .cmd = _cmd, .doit = _fn, .flags = GENL_ADMIN_PERM }

static const struct genl_small_ops ubnpu_genl_ops[] = {
	DUMP(UB_CMD_DEV_GET),
	DUMP(UB_CMD_CTX_GET),
	DUMP(UB_CMD_SEG_GET),
	DUMP(UB_CMD_QUEUE_GET),
	DUMP(UB_CMD_HEALTH_GET),
	{ .cmd = UB_CMD_USAGE_GET, .dumpit = ubnpu_nl_dump_usage },
	ADMIN(UB_CMD_DEV_RESET, ubnpu_nl_reset),
	ADMIN(UB_CMD_INJECT, ubnpu_nl_inject),
	ADMIN(UB_CMD_INJECT_GET, ubnpu_nl_inject_get),
};

int ubnpu_netlink_init(void)
{
	int ret;

	ubnpu_genl.small_ops = ubnpu_genl_ops;
	ubnpu_genl.n_small_ops = ARRAY_SIZE(ubnpu_genl_ops);
	ret = genl_register_family(&ubnpu_genl);
	if (!ret)
		ubnpu_report_to(&ubnpu_nl_report_ops);
	return ret;
}

void ubnpu_netlink_exit(void)
{
	ubnpu_report_to(NULL);
	genl_unregister_family(&ubnpu_genl);
}
