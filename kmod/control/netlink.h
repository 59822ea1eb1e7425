/* SPDX-License-Identifier: GPL-2.0-only */
/* The generic netlink family, between its files. */
#ifndef UBNPU_NETLINK_H
#define UBNPU_NETLINK_H

#include <net/genetlink.h>

#include "compat.h"
#include "control/control.h"

/* netlink.c */
extern struct genl_family ubnpu_genl;
extern const struct ubnpu_report_ops ubnpu_nl_report_ops;
int ubnpu_nl_dump(struct sk_buff *skb, struct netlink_callback *cb);

/* netlink_admin.c */
int ubnpu_nl_reset(struct sk_buff *skb, struct genl_info *info);
int ubnpu_nl_inject(struct sk_buff *skb, struct genl_info *info);
int ubnpu_nl_inject_get(struct sk_buff *skb, struct genl_info *info);

#endif
