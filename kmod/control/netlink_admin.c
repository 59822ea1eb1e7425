// SPDX-License-Identifier: GPL-2.0-only
/* What administrators do by netlink: reset, and faults on demand. */
#include <linux/pci.h>

#include "control/netlink.h"

/* The device that the request names, with a reference. */
static struct ubnpu_dev *nl_named_dev(struct genl_info *info)
{
	struct ubnpu_dev *ub;

	if (GENL_REQ_ATTR_CHECK(info, UB_A_DEV_INDEX))
		return ERR_PTR(-EINVAL);
	ub = ubnpu_dev_get(nla_get_u32(info->attrs[UB_A_DEV_INDEX]));
	if (ub)
		return ub;
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[UB_A_DEV_INDEX], "no such device");
	return ERR_PTR(-ENODEV);
}

static int nl_enter(struct ubnpu_dev *ub, struct genl_info *info)
{
	int ret = down_read_killable(&ub->gate);

	if (ret)
		return ret;
	if (!ub->gone && !READ_ONCE(ub->dead))
		return 0;
	if (ub->gone)
		GENL_SET_ERR_MSG(info, "the device is gone");
	else
		GENL_SET_ERR_MSG(info, "the device is dead; reset it as a whole");
	up_read(&ub->gate);
	return -ENODEV;
}

/* ---- Reset ---- */
static int nl_reset_dev(struct ubnpu_dev *ub, struct genl_info *info)
{
	int ret = ubnpu_dev_reset(ub, info->attrs[UB_A_FORCE]);

	if (ret == -EBUSY)
		GENL_SET_ERR_MSG(info, "contexts are open; force the reset to lose them");
	else if (ret == -ENODEV)
		GENL_SET_ERR_MSG(info, "the device is gone");
	else if (ret == -ENXIO)
		GENL_SET_ERR_MSG(info, "the device does not answer; remove it and scan anew");
	else if (ret && ret != -EINTR)
		GENL_SET_ERR_MSG(info, "the device did not come up again; see the kernel's log");
	return ret;
}

static void nl_tell_reset(struct ubnpu_dev *ub, enum ub_reset_scope scope,
			  const struct ubnpu_who *who)
{
	ubnpu_count(ub, UBNPU_ADMIN_RESETS);
	ubnpu_report(ub, UB_HEALTH_RESET, scope, who);
}

static int nl_reset_ctx(struct ubnpu_dev *ub, struct genl_info *info)
{
	struct ubnpu_who who;
	struct ubnpu_ctx *ctx;
	int ret;

	if (GENL_REQ_ATTR_CHECK(info, UB_A_TID)) {
		GENL_SET_ERR_MSG(info, "the reset of a context wants its TID");
		return -EINVAL;
	}
	ctx = ubnpu_ctx_find(ub, nla_get_u32(info->attrs[UB_A_TID]));
	if (!ctx) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[UB_A_TID], "no such context");
		return -ENOENT;
	}
	ubnpu_who_set(&who, ctx, 0, 0);
	ret = ubnpu_ctx_reset(ctx);
	ubnpu_ctx_put(ctx);
	if (!ret)
		nl_tell_reset(ub, UB_SCOPE_CONTEXT, &who);
	else if (ret == -ENODEV)
		GENL_SET_ERR_MSG(info, "the context is lost already, or its file was closed");
	else
		GENL_SET_ERR_MSG(info, "the device did not let go of the context; it is reset");
	return ret;
}

static int nl_queue_type(struct genl_info *info, enum ubnpu_queue_type *type)
{
	struct nlattr *attr = info->attrs[UB_A_QUEUE_TYPE];

	if (!attr || GENL_REQ_ATTR_CHECK(info, UB_A_QUEUE_ID)) {
		GENL_SET_ERR_MSG(info, "the reset of a queue wants its type and id");
		return -EINVAL;
	}
	switch (nla_get_u32(attr)) {
	case UB_OBJ_JFS:
		*type = UBNPU_JFS;
		return 0;
	case UB_OBJ_JFR:
		*type = UBNPU_JFR;
		return 0;
	case UB_OBJ_JFC:
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "a JFC cannot be reset; reset its queues or its context");
		return -EOPNOTSUPP;
	default:
		NL_SET_ERR_MSG_ATTR(info->extack, attr, "a queue is a JFS or a JFR");
		return -EINVAL;
	}
}

static int nl_queue_failed(struct genl_info *info, int ret)
{
	struct nlattr *id = info->attrs[UB_A_QUEUE_ID];

	if (ret == -ENOENT)
		NL_SET_ERR_MSG_ATTR(info->extack, id, "no such queue");
	else if (ret == -EINVAL)
		NL_SET_ERR_MSG_ATTR(info->extack, id, "the queue is in RESET or ERROR already");
	else if (ret == -ENODEV)
		NL_SET_ERR_MSG_ATTR(info->extack, id, "the queue's context is lost");
	else
		GENL_SET_ERR_MSG(info, "the device failed the command; see the kernel's log");
	return ret;
}

static int nl_reset_queue(struct ubnpu_dev *ub, struct genl_info *info)
{
	enum ubnpu_queue_type type;
	struct ubnpu_who who;
	struct ubnpu_ctx *ctx;
	int ret = nl_queue_type(info, &type);
	u32 id;

	if (ret)
		return ret;
	id = nla_get_u32(info->attrs[UB_A_QUEUE_ID]);
	ctx = ubnpu_queue_owner(ub, type, id);
	if (!ctx)
		return nl_queue_failed(info, -ENOENT);
	ubnpu_who_set(&who, ctx, ubnpu_queue_obj[type], id);
	ret = ubnpu_reset_queue(ctx, type, id, UB_CR_WR_FLUSH_ERR);
	ubnpu_ctx_put(ctx);
	if (ret)
		return nl_queue_failed(info, ret);
	nl_tell_reset(ub, UB_SCOPE_QUEUE, &who);
	return 0;
}

static int nl_reset_part(struct ubnpu_dev *ub, struct genl_info *info, u32 scope)
{
	switch (scope) {
	case UB_SCOPE_CONTEXT:
		return nl_reset_ctx(ub, info);
	case UB_SCOPE_QUEUE:
		return nl_reset_queue(ub, info);
	default:
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[UB_A_SCOPE], "no such scope");
		return -EINVAL;
	}
}

int ubnpu_nl_reset(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[UB_A_SCOPE];
	u32 scope = attr ? nla_get_u32(attr) : UB_SCOPE_DEVICE;
	struct ubnpu_dev *ub = nl_named_dev(info);
	int ret;

	if (IS_ERR(ub))
		return PTR_ERR(ub);
	if (scope == UB_SCOPE_DEVICE) {
		ret = nl_reset_dev(ub, info);
	} else {
		ret = nl_enter(ub, info);
		if (!ret) {
			ret = nl_reset_part(ub, info, scope);
			up_read(&ub->gate);
		}
	}
	ubnpu_dev_put(ub);
	return ret;
}

/* ---- Faults on demand ---- */
static u32 nl_get_u32(struct genl_info *info, int attr)
{
	return info->attrs[attr] ? nla_get_u32(info->attrs[attr]) : 0;
}

static u64 nl_get_u64(struct genl_info *info, int attr)
{
	return info->attrs[attr] ? nla_get_u64(info->attrs[attr]) : 0;
}

/* The attribute that the device finds fault with; detail is an offset in the command. */
static int nl_inject_bad_field(struct genl_info *info, u32 detail)
{
	switch (detail) {
	case offsetof(struct ub_admin_cmd, inject.kind):
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[UB_A_FAULT_KIND],
				    "the device knows no such fault");
		break;
	case offsetof(struct ub_admin_cmd, inject.arg[0]):
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[UB_A_FAULT_ARG0],
				    "the first argument is not one of this fault");
		break;
	case offsetof(struct ub_admin_cmd, inject.arg[1]):
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[UB_A_FAULT_ARG1],
				    "the second argument is not one of this fault");
		break;
	default:
		GENL_SET_ERR_MSG(info, "the device does not take count, skip or id like this");
	}
	return -EINVAL;
}

/* What the device's answer means; status 0 with err: there was none. */
static int nl_inject_failed(struct genl_info *info, int err, const struct ub_admin_reply *reply)
{
	switch (reply->status) {
	case UB_ADMIN_OK:
		GENL_SET_ERR_MSG(info, "the device did not answer");
		return err;
	case UB_ADMIN_BAD_OPCODE:
		GENL_SET_ERR_MSG(info, "the device has no faults on demand");
		return -EOPNOTSUPP;
	case UB_ADMIN_BAD_FIELD:
		return nl_inject_bad_field(info, le32_to_cpu(reply->detail));
	case UB_ADMIN_BAD_ID:
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[UB_A_FAULT_ID],
				    "no such object for this fault");
		return -ENOENT;
	case UB_ADMIN_LIMIT:
		GENL_SET_ERR_MSG(info, "as many faults as the device takes are armed; remove some");
		return -ENOSPC;
	default:
		GENL_SET_ERR_MSG(info, "the device failed the command");
		return err;
	}
}

static int nl_inject_run(struct ubnpu_dev *ub, struct genl_info *info, u8 opcode,
			 struct ub_admin_reply *reply)
{
	struct ub_admin_cmd cmd = {
		.opcode = opcode,
		.id = cpu_to_le32(nl_get_u32(info, UB_A_FAULT_ID)),
		.inject.kind = cpu_to_le32(nl_get_u32(info, UB_A_FAULT_KIND)),
		.inject.count = cpu_to_le32(nl_get_u32(info, UB_A_FAULT_COUNT)),
		.inject.skip = cpu_to_le32(nl_get_u32(info, UB_A_FAULT_SKIP)),
		.inject.arg[0] = cpu_to_le64(nl_get_u64(info, UB_A_FAULT_ARG0)),
		.inject.arg[1] = cpu_to_le64(nl_get_u64(info, UB_A_FAULT_ARG1)),
	};
	int ret = nl_enter(ub, info);

	if (ret)
		return ret;
	memset(reply, 0, sizeof(*reply));
	ret = ubnpu_admin(ub, &cmd, reply, NULL);
	up_read(&ub->gate);
	return ret ? nl_inject_failed(info, ret, reply) : 0;
}

static int nl_inject(struct genl_info *info, u8 opcode, struct ub_admin_reply *reply)
{
	struct ubnpu_dev *ub = nl_named_dev(info);
	int ret;

	if (IS_ERR(ub))
		return PTR_ERR(ub);
	if (GENL_REQ_ATTR_CHECK(info, UB_A_FAULT_KIND)) {
		ret = -EINVAL;
	} else if (!(ub->caps.caps & UB_CAP_INJECT)) {
		GENL_SET_ERR_MSG(info, "the device has no faults on demand");
		ret = -EOPNOTSUPP;
	} else {
		ret = nl_inject_run(ub, info, opcode, reply);
	}
	ubnpu_dev_put(ub);
	return ret;
}

int ubnpu_nl_inject(struct sk_buff *skb, struct genl_info *info)
{
	struct ub_admin_reply reply;

	return nl_inject(info, UB_ADMIN_INJECT, &reply);
}

int ubnpu_nl_inject_get(struct sk_buff *skb, struct genl_info *info)
{
	struct ub_admin_reply reply;
	struct sk_buff *msg;
	void *head;
	int ret = nl_inject(info, UB_ADMIN_QUERY_INJECT, &reply);

	if (ret)
		return ret;
	msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	head = genlmsg_put_reply(msg, info, &ubnpu_genl, 0, UB_CMD_INJECT_GET);
	if (!head || nla_put_u32(msg, UB_A_DEV_INDEX, nl_get_u32(info, UB_A_DEV_INDEX)) ||
	    nla_put_u32(msg, UB_A_FAULT_KIND, nl_get_u32(info, UB_A_FAULT_KIND)) ||
	    nla_put_u32(msg, UB_A_FAULTS_ARMED, le32_to_cpu(reply.refs)) ||
	    nla_put_u64_64bit(msg, UB_A_FAULTS_GIVEN, le64_to_cpu(reply.count), UB_A_PAD)) {
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, head);
	return genlmsg_reply(msg, info);
}
