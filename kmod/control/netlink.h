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

/* Where a dump goes on: cb->args. */
enum { UBNPU_NL_DEV, UBNPU_NL_TYPE, UBNPU_NL_ID };

/* What a dump tells of a device, with gate and obj_lock held; -EMSGSIZE: the message is full. */
typedef int ubnpu_nl_dump_fn(struct sk_buff *skb, struct netlink_callback *cb,
			     struct ubnpu_dev *ub);
int ubnpu_nl_walk(struct sk_buff *skb, struct netlink_callback *cb, ubnpu_nl_dump_fn *dump);

/* One row of a dump. */
void *ubnpu_nl_begin(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd);
int ubnpu_nl_end(struct sk_buff *skb, void *msg, bool failed);
bool ubnpu_nl_may_see(struct netlink_callback *cb, const struct ubnpu_ctx *ctx);
int ubnpu_nl_fill_owner(struct sk_buff *skb, struct ubnpu_ctx *ctx);
int ubnpu_nl_fill_uid(struct sk_buff *skb, kuid_t kuid);
u64 ubnpu_nl_pinned_bytes(struct ubnpu_ctx *ctx);

static inline int ubnpu_nl_put_u64(struct sk_buff *skb, int attr, u64 value)
{
	return nla_put_u64_64bit(skb, attr, value, UB_A_PAD);
}

static inline int ubnpu_nl_put_le64(struct sk_buff *skb, int attr, __le64 value)
{
	return ubnpu_nl_put_u64(skb, attr, le64_to_cpu(value));
}

int ubnpu_nl_dump(struct sk_buff *skb, struct netlink_callback *cb);

/* netlink_usage.c */
int ubnpu_nl_dump_usage(struct sk_buff *skb, struct netlink_callback *cb);

/* netlink_admin.c */
int ubnpu_nl_reset(struct sk_buff *skb, struct genl_info *info);
int ubnpu_nl_inject(struct sk_buff *skb, struct genl_info *info);
int ubnpu_nl_inject_get(struct sk_buff *skb, struct genl_info *info);

#endif
