// SPDX-License-Identifier: GPL-2.0-only
/* The generic netlink family: dumps of devices and what is on them, and messages to the group. */
#include <linux/io.h>
#include <linux/module.h>
#include <linux/pid_namespace.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "control/netlink.h"

enum { MCGRP_EVENTS, MCGRP_ADMIN };

static const struct nla_policy ubnpu_policy[UB_A_MAX + 1] = {
	[UB_A_DEV_INDEX] = { .type = NLA_U32 },
	[UB_A_FORCE] = { .type = NLA_FLAG },
	[UB_A_TID] = { .type = NLA_U32 },
	[UB_A_QUEUE_TYPE] = { .type = NLA_U32 },
	[UB_A_QUEUE_ID] = { .type = NLA_U32 },
	[UB_A_SCOPE] = { .type = NLA_U32 },
	[UB_A_FAULT_KIND] = { .type = NLA_U32 },
	[UB_A_FAULT_ID] = { .type = NLA_U32 },
	[UB_A_FAULT_COUNT] = { .type = NLA_U32 },
	[UB_A_FAULT_SKIP] = { .type = NLA_U32 },
	[UB_A_FAULT_ARG0] = { .type = NLA_U64 },
	[UB_A_FAULT_ARG1] = { .type = NLA_U64 },
};

void *ubnpu_nl_begin(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd)
{
	return genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq, &ubnpu_genl,
			   NLM_F_MULTI, cmd);
}

int ubnpu_nl_end(struct sk_buff *skb, void *msg, bool failed)
{
	if (failed) {
		genlmsg_cancel(skb, msg);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, msg);
	return 0;
}

static u32 nl_count_entries(struct xarray *xa)
{
	unsigned long index;
	u32 count = 0;
	void *entry;

	xa_for_each(xa, index, entry)
		count++;
	return count;
}

u64 ubnpu_nl_pinned_bytes(struct ubnpu_ctx *ctx)
{
	return (u64)atomic64_read(&ctx->pinned) << PAGE_SHIFT;
}

static int nl_fill_dev(struct sk_buff *skb, struct ubnpu_dev *ub)
{
	u32 queues = 0, status = UB_STATUS_FATAL;
	struct ubnpu_ctx *ctx;
	unsigned long index;
	u64 pinned = 0;
	int type;

	if (!READ_ONCE(ub->dead) && ubnpu_hw_is_there(ub))
		status = readl(ub->regs + UB_REG_STATUS);
	for (type = 0; type < UBNPU_QUEUE_TYPES; type++)
		queues += nl_count_entries(&ub->queues[type].xa);
	xa_for_each(&ub->ctxs.xa, index, ctx)
		pinned += ubnpu_nl_pinned_bytes(ctx);
	return nla_put_u32(skb, UB_A_DEV_INDEX, ub->index) ||
	       nla_put_string(skb, UB_A_DEV_NAME, dev_name(&ub->dev)) ||
	       nla_put_string(skb, UB_A_BUS_ADDR, pci_name(ub->pdev)) ||
	       nla_put(skb, UB_A_GUID, sizeof(ub->caps.guid), ub->caps.guid) ||
	       nla_put(skb, UB_A_EID, sizeof(ub->caps.eid), ub->caps.eid) ||
	       nla_put_u32(skb, UB_A_GENERATION, ub->generation) ||
	       nla_put_u32(skb, UB_A_STATE, status) ||
	       nla_put_u32(skb, UB_A_CONTEXTS, nl_count_entries(&ub->ctxs.xa)) ||
	       nla_put_u32(skb, UB_A_SEGS, nl_count_entries(&ub->segs.xa)) ||
	       nla_put_u32(skb, UB_A_QUEUES, queues) ||
	       nla_put_u64_64bit(skb, UB_A_PINNED_BYTES, pinned, UB_A_PAD);
}

/* What has no number in the reader's namespace is left out. */
int ubnpu_nl_fill_owner(struct sk_buff *skb, struct ubnpu_ctx *ctx)
{
	pid_t pid = pid_nr_ns(ctx->pid, task_active_pid_ns(current));

	return nla_put_u32(skb, UB_A_DEV_INDEX, ctx->ub->index) ||
	       nla_put_u32(skb, UB_A_TID, ctx->tid) ||
	       (pid && nla_put_u32(skb, UB_A_PID, pid));
}

int ubnpu_nl_fill_uid(struct sk_buff *skb, kuid_t kuid)
{
	uid_t uid = from_kuid(current_user_ns(), kuid);

	return uid != (uid_t)-1 && nla_put_u32(skb, UB_A_UID, uid);
}

static int nl_fill_ctx(struct sk_buff *skb, struct ubnpu_ctx *ctx)
{
	u32 queues = 0;
	int type;

	for (type = 0; type < UBNPU_QUEUE_TYPES; type++)
		queues += READ_ONCE(ctx->nr_queues[type]);
	return ubnpu_nl_fill_owner(skb, ctx) ||
	       nla_put_string(skb, UB_A_DEV_NAME, dev_name(&ctx->ub->dev)) ||
	       nla_put_u32(skb, UB_A_GENERATION, ctx->generation) ||
	       nla_put_string(skb, UB_A_COMM, ctx->comm) ||
	       ubnpu_nl_fill_uid(skb, ctx->uid) ||
	       nla_put_u32(skb, UB_A_SEGS, READ_ONCE(ctx->nr_segs)) ||
	       nla_put_u32(skb, UB_A_QUEUES, queues) ||
	       nla_put_u64_64bit(skb, UB_A_PINNED_BYTES, ubnpu_nl_pinned_bytes(ctx), UB_A_PAD);
}

/* What a user has on a device is for him and for administrators to see. */
bool ubnpu_nl_may_see(struct netlink_callback *cb, const struct ubnpu_ctx *ctx)
{
	return uid_eq(NETLINK_CREDS(cb->skb)->uid, ctx->uid) ||
	       netlink_capable(cb->skb, CAP_NET_ADMIN);
}

static int nl_fill_seg(struct sk_buff *skb, struct ubnpu_seg *seg)
{
	return ubnpu_nl_fill_owner(skb, seg->ctx) || nla_put_u32(skb, UB_A_TOKEN_ID, seg->id) ||
	       nla_put_u64_64bit(skb, UB_A_ADDR, seg->mem->addr, UB_A_PAD) ||
	       nla_put_u64_64bit(skb, UB_A_LEN, seg->mem->len, UB_A_PAD) ||
	       nla_put_u32(skb, UB_A_ACCESS, seg->access) ||
	       nla_put_u32(skb, UB_A_REG_FLAGS, seg->flags) ||
	       nla_put_u32(skb, UB_A_LEAF_4K, seg->mem->leaf_4k) ||
	       nla_put_u32(skb, UB_A_LEAF_2M, seg->mem->leaf_2m);
}

static int nl_fill_jfs(struct sk_buff *skb, struct ubnpu_queue *q,
		       const struct ub_admin_reply *reply)
{
	return nla_put_u32(skb, UB_A_PRIORITY, q->priority) ||
	       nla_put_u32(skb, UB_A_WEIGHT, q->weight) ||
	       ubnpu_nl_put_le64(skb, UB_A_INLINE_WQES, reply->jfs.inline_wqes) ||
	       ubnpu_nl_put_le64(skb, UB_A_DOORBELLS, reply->jfs.doorbells) ||
	       ubnpu_nl_put_le64(skb, UB_A_DIRECT_WQES, reply->jfs.direct_wqes) ||
	       ubnpu_nl_put_le64(skb, UB_A_PREEMPTED, reply->jfs.preempted);
}

static int nl_fill_jfc(struct sk_buff *skb, struct ubnpu_queue *q,
		       const struct ub_admin_reply *reply)
{
	return nla_put_u32(skb, UB_A_MOD_COUNT, READ_ONCE(q->mod_count)) ||
	       nla_put_u32(skb, UB_A_MOD_USEC, READ_ONCE(q->mod_usec)) ||
	       nla_put_u64_64bit(skb, UB_A_INTERRUPTS, atomic64_read(&q->interrupts), UB_A_PAD) ||
	       ubnpu_nl_put_le64(skb, UB_A_REARMS, reply->jfc.rearms) ||
	       ubnpu_nl_put_le64(skb, UB_A_MODERATED, reply->jfc.moderated);
}

static int nl_fill_queue(struct sk_buff *skb, struct ubnpu_queue *q,
			 const struct ub_admin_reply *reply)
{
	return ubnpu_nl_fill_owner(skb, q->ctx) ||
	       nla_put_u32(skb, UB_A_QUEUE_TYPE, ubnpu_queue_obj[q->type]) ||
	       nla_put_u32(skb, UB_A_QUEUE_ID, q->id) ||
	       nla_put_u32(skb, UB_A_QUEUE_FLAGS, READ_ONCE(q->flags)) ||
	       nla_put_u32(skb, UB_A_DEPTH, q->depth) ||
	       nla_put_u32(skb, UB_A_STATE, le32_to_cpu(reply->state)) ||
	       nla_put_u32(skb, UB_A_PI, le32_to_cpu(reply->pi)) ||
	       nla_put_u32(skb, UB_A_CI, le32_to_cpu(reply->ci)) ||
	       (q->jfc && nla_put_u32(skb, UB_A_JFC, q->jfc)) ||
	       (q->jfr && nla_put_u32(skb, UB_A_JFR, q->jfr)) ||
	       ubnpu_nl_put_le64(skb, UB_A_COUNT, reply->count) ||
	       (q->type == UBNPU_JFS && nl_fill_jfs(skb, q, reply)) ||
	       (q->type == UBNPU_JFC && nl_fill_jfc(skb, q, reply));
}

static const struct ubnpu_ctx *nl_object_ctx(u8 cmd, const void *obj)
{
	switch (cmd) {
	case UB_CMD_CTX_GET:
		return obj;
	case UB_CMD_SEG_GET:
		return ((const struct ubnpu_seg *)obj)->ctx;
	default:
		return ((const struct ubnpu_queue *)obj)->ctx;
	}
}

/* One object; -EMSGSIZE: the message is full. */
static int nl_dump_object(struct sk_buff *skb, struct netlink_callback *cb, struct ubnpu_dev *ub,
			  u8 cmd, void *obj)
{
	struct ub_admin_reply reply;
	struct ubnpu_queue *q = obj;
	void *msg;

	lockdep_assert_held(&ub->gate);
	lockdep_assert_held(&ub->obj_lock);
	if (!ubnpu_nl_may_see(cb, nl_object_ctx(cmd, obj)))
		return 0;
	/* A queue the device has just forgotten is about to go from the table as well. */
	if (cmd == UB_CMD_QUEUE_GET &&
	    ubnpu_admin_id(ub, ubnpu_query_op[q->type], q->id, &reply, NULL))
		return 0;
	msg = ubnpu_nl_begin(skb, cb, cmd);
	if (!msg)
		return -EMSGSIZE;
	switch (cmd) {
	case UB_CMD_CTX_GET:
		return ubnpu_nl_end(skb, msg, nl_fill_ctx(skb, obj));
	case UB_CMD_SEG_GET:
		return ubnpu_nl_end(skb, msg, nl_fill_seg(skb, obj));
	default:
		return ubnpu_nl_end(skb, msg, nl_fill_queue(skb, q, &reply));
	}
}

static struct xarray *nl_dump_table(struct ubnpu_dev *ub, u8 cmd, unsigned long type)
{
	switch (cmd) {
	case UB_CMD_CTX_GET:
		return type ? NULL : &ub->ctxs.xa;
	case UB_CMD_SEG_GET:
		return type ? NULL : &ub->segs.xa;
	default:
		return type < UBNPU_QUEUE_TYPES ? &ub->queues[type].xa : NULL;
	}
}

static int nl_dump_objects(struct sk_buff *skb, struct netlink_callback *cb, struct ubnpu_dev *ub,
			   u8 cmd)
{
	struct xarray *xa;
	unsigned long id;
	void *obj;
	int ret;

	while ((xa = nl_dump_table(ub, cmd, cb->args[UBNPU_NL_TYPE]))) {
		id = cb->args[UBNPU_NL_ID];
		while ((obj = xa_find(xa, &id, ULONG_MAX, XA_PRESENT))) {
			ret = nl_dump_object(skb, cb, ub, cmd, obj);
			if (ret)
				return ret;
			cb->args[UBNPU_NL_ID] = ++id;
		}
		cb->args[UBNPU_NL_TYPE]++;
		cb->args[UBNPU_NL_ID] = 0;
	}
	cb->args[UBNPU_NL_TYPE] = 0;
	return 0;
}

static int nl_fill_health(struct sk_buff *skb, struct ubnpu_dev *ub)
{
	unsigned int timeout = ub->caps.caps & UB_CAP_PROGRESS ? ubnpu_hang_timeout() : 0;
	int i;

	if (nla_put_u32(skb, UB_A_DEV_INDEX, ub->index) ||
	    nla_put_string(skb, UB_A_DEV_NAME, dev_name(&ub->dev)) ||
	    nla_put_u32(skb, UB_A_HANG_TIMEOUT_MS, timeout))
		return -EMSGSIZE;
	for (i = 0; i < UBNPU_COUNTERS; i++)
		if (nla_put_u64_64bit(skb, UB_A_HANGS + i, atomic64_read(&ub->counters[i]),
				      UB_A_PAD))
			return -EMSGSIZE;
	return 0;
}

static int nl_dump_dev(struct sk_buff *skb, struct netlink_callback *cb, struct ubnpu_dev *ub)
{
	u8 cmd = ((const struct genlmsghdr *)nlmsg_data(cb->nlh))->cmd;
	void *msg;

	if (cmd != UB_CMD_DEV_GET && cmd != UB_CMD_HEALTH_GET)
		return nl_dump_objects(skb, cb, ub, cmd);
	msg = ubnpu_nl_begin(skb, cb, cmd);
	if (!msg)
		return -EMSGSIZE;
	return ubnpu_nl_end(skb, msg,
			  cmd == UB_CMD_DEV_GET ? nl_fill_dev(skb, ub) : nl_fill_health(skb, ub));
}

static int nl_dump_dev_locked(struct sk_buff *skb, struct netlink_callback *cb,
			      struct ubnpu_dev *ub, ubnpu_nl_dump_fn *dump)
{
	int ret = down_read_killable(&ub->gate);

	if (ret)
		return ret;
	mutex_lock(&ub->obj_lock);
	if (!ub->gone)
		ret = dump(skb, cb, ub);
	mutex_unlock(&ub->obj_lock);
	up_read(&ub->gate);
	return ret;
}

/* Each device in turn, or the one that the request names. */
int ubnpu_nl_walk(struct sk_buff *skb, struct netlink_callback *cb, ubnpu_nl_dump_fn *dump)
{
	struct nlattr *only = ubnpu_dump_attrs(cb)[UB_A_DEV_INDEX];
	unsigned long index = cb->args[UBNPU_NL_DEV];
	struct ubnpu_dev *ub;
	int ret = 0;

	if (only)
		index = max_t(unsigned long, index, nla_get_u32(only));
	while (!ret && (ub = ubnpu_dev_next(&index))) {
		if (only && index != nla_get_u32(only)) {
			ubnpu_dev_put(ub);
			break;
		}
		if (index != cb->args[UBNPU_NL_DEV]) {
			cb->args[UBNPU_NL_DEV] = index;
			cb->args[UBNPU_NL_TYPE] = 0;
			cb->args[UBNPU_NL_ID] = 0;
		}
		ret = nl_dump_dev_locked(skb, cb, ub, dump);
		ubnpu_dev_put(ub);
		if (!ret) {
			cb->args[UBNPU_NL_DEV] = ++index;
			cb->args[UBNPU_NL_TYPE] = 0;
			cb->args[UBNPU_NL_ID] = 0;
		}
	}
	/* Full: what is in it goes out, and the dump is called again. */
	return ret && ret != -EMSGSIZE ? ret : skb->len;
}

int ubnpu_nl_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	return ubnpu_nl_walk(skb, cb, nl_dump_dev);
}

static const struct genl_multicast_group ubnpu_genl_groups[] = {
	[MCGRP_EVENTS] = { .name = UB_GENL_MCGRP_EVENTS },
	[MCGRP_ADMIN] = { .name = UB_GENL_MCGRP_ADMIN, .flags = UBNPU_MCAST_NET_ADMIN },
};

/* What it does is added in family.c. */
struct genl_family ubnpu_genl = {
	.name = UB_GENL_NAME,
	.version = UB_GENL_VERSION,
	.maxattr = UB_A_MAX,
	.policy = ubnpu_policy,
	.netnsok = true,
	.parallel_ops = true,
	.module = THIS_MODULE,
	.mcgrps = ubnpu_genl_groups,
	.n_mcgrps = ARRAY_SIZE(ubnpu_genl_groups),
};

static void nl_tell(const struct sk_buff *skb, struct net *net, unsigned int group)
{
	struct sk_buff *copy;

	if (!genl_has_listeners(&ubnpu_genl, net, group))
		return;
	copy = skb_clone((struct sk_buff *)skb, GFP_ATOMIC);
	if (copy)
		genlmsg_multicast_netns(&ubnpu_genl, net, copy, 0, group, GFP_ATOMIC);
}

/*
 * In every network namespace, since a device belongs to none, and what the messages say of it each
 * may ask for as well. What is for administrators alone goes to those of the initial one: in others
 * root is just anybody. Messages may be NULL and are given up.
 */
static void nl_tell_all(struct sk_buff *for_all, struct sk_buff *for_admin)
{
	struct net *net;

	rcu_read_lock();
	for_each_net_rcu(net) {
		const struct sk_buff *admin = net_eq(net, &init_net) ? for_admin : for_all;

		if (for_all)
			nl_tell(for_all, net, MCGRP_EVENTS);
		if (admin)
			nl_tell(admin, net, MCGRP_ADMIN);
	}
	rcu_read_unlock();
	if (for_admin != for_all)
		nlmsg_free(for_admin);
	nlmsg_free(for_all);
}

/* A device came or was reset: its DEV_GET message goes to the groups. Nobody need listen. */
static void nl_report_dev(struct ubnpu_dev *ub)
{
	struct sk_buff *skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	bool failed = true;
	void *msg;

	if (!skb)
		return;
	msg = genlmsg_put(skb, 0, 0, &ubnpu_genl, 0, UB_CMD_DEV_GET);
	if (msg) {
		down_read(&ub->gate);
		failed = ub->gone || nl_fill_dev(skb, ub);
		up_read(&ub->gate);
	}
	if (failed) {
		nlmsg_free(skb);
		return;
	}
	genlmsg_end(skb, msg);
	nl_tell_all(skb, skb);
}

static int nl_fill_event(struct sk_buff *skb, struct ubnpu_dev *ub, enum ub_health_event event,
			 enum ub_reset_scope scope, const struct ubnpu_who *who)
{
	if (nla_put_u32(skb, UB_A_DEV_INDEX, ub->index) ||
	    nla_put_string(skb, UB_A_DEV_NAME, dev_name(&ub->dev)) ||
	    nla_put_u32(skb, UB_A_GENERATION, READ_ONCE(ub->generation)) ||
	    nla_put_u32(skb, UB_A_HEALTH_EVENT, event) || nla_put_u32(skb, UB_A_SCOPE, scope))
		return -EMSGSIZE;
	if (!who || !who->tid)
		return 0;
	if (nla_put_u32(skb, UB_A_TID, who->tid) || nla_put_u32(skb, UB_A_PID, who->pid) ||
	    nla_put_u32(skb, UB_A_UID, who->uid) || nla_put_string(skb, UB_A_COMM, who->comm))
		return -EMSGSIZE;
	if (!who->queue)
		return 0;
	return nla_put_u32(skb, UB_A_QUEUE_TYPE, who->type) ||
	       nla_put_u32(skb, UB_A_QUEUE_ID, who->queue);
}

/* NULL: no memory. */
static struct sk_buff *nl_event_new(struct ubnpu_dev *ub, enum ub_health_event event,
				    enum ub_reset_scope scope, const struct ubnpu_who *who)
{
	struct sk_buff *skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	void *msg;

	if (!skb)
		return NULL;
	msg = genlmsg_put(skb, 0, 0, &ubnpu_genl, 0, UB_CMD_HEALTH_NTF);
	if (!msg || nl_fill_event(skb, ub, event, scope, who)) {
		nlmsg_free(skb);
		return NULL;
	}
	genlmsg_end(skb, msg);
	return skb;
}

/*
 * A fault or a recovery: who may be NULL, and is told to administrators alone. A device that has no
 * name yet has no news either.
 */
static void nl_report_health(struct ubnpu_dev *ub, enum ub_health_event event,
			     enum ub_reset_scope scope, const struct ubnpu_who *who)
{
	struct sk_buff *for_all;

	if (READ_ONCE(ub->gone))
		return;
	for_all = nl_event_new(ub, event, scope, NULL);
	nl_tell_all(for_all, who ? nl_event_new(ub, event, scope, who) : for_all);
}

const struct ubnpu_report_ops ubnpu_nl_report_ops = {
	.dev = nl_report_dev,
	.health = nl_report_health,
};
