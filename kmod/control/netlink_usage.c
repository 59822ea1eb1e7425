// SPDX-License-Identifier: GPL-2.0-only
/*
 * USAGE_GET: what devices, contexts, send and completion queues have done so far. The device
 * counts; whoever asks twice has rates. A device without UB_CAP_USAGE tells its registers alone.
 */
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/ktime.h>

#include "control/netlink.h"

/* Values of UBNPU_NL_TYPE: what comes next of a device. */
enum { NL_USAGE_DEV, NL_USAGE_CTX, NL_USAGE_JFS, NL_USAGE_JFC, NL_USAGE_END };

static int usage_put_stat(struct sk_buff *skb, int attr, struct ubnpu_dev *ub, size_t offset)
{
	return ubnpu_nl_put_u64(skb, attr, readq(ub->regs + UB_REG_STATS + offset));
}

#define USAGE_STAT(_skb, _attr, _ub, _name) \
	usage_put_stat(_skb, _attr, _ub, offsetof(struct ub_hw_stats, _name))

static int usage_fill_dev(struct sk_buff *skb, struct ubnpu_dev *ub)
{
	struct ubnpu_ctx *ctx;
	unsigned long index;
	u64 pinned = 0;

	xa_for_each(&ub->ctxs.xa, index, ctx)
		pinned += ubnpu_nl_pinned_bytes(ctx);
	if (nla_put_u32(skb, UB_A_DEV_INDEX, ub->index) ||
	    nla_put_string(skb, UB_A_DEV_NAME, dev_name(&ub->dev)) ||
	    nla_put_u32(skb, UB_A_GENERATION, ub->generation) ||
	    nla_put_u32(skb, UB_A_ENGINES, ub->caps.engines) ||
	    ubnpu_nl_put_u64(skb, UB_A_PINNED_BYTES, pinned) ||
	    ubnpu_nl_put_u64(skb, UB_A_TIME_NS, ktime_get_ns()))
		return -EMSGSIZE;
	if (READ_ONCE(ub->dead) || !ubnpu_hw_is_there(ub))
		return 0;
	return USAGE_STAT(skb, UB_A_COUNT, ub, wqes) ||
	       USAGE_STAT(skb, UB_A_BYTES, ub, bytes) ||
	       USAGE_STAT(skb, UB_A_ERRORS, ub, errors) ||
	       USAGE_STAT(skb, UB_A_DOORBELLS, ub, doorbells) ||
	       USAGE_STAT(skb, UB_A_INTERRUPTS, ub, interrupts) ||
	       (ub->usage && USAGE_STAT(skb, UB_A_BUSY_NS, ub, busy_ns));
}

static int usage_fill(struct sk_buff *skb, const struct ub_hw_usage *usage)
{
	u32 service[UB_USAGE_BUCKETS];
	unsigned int i;

	for (i = 0; i < UB_USAGE_BUCKETS; i++)
		service[i] = le32_to_cpu(usage->service[i]);
	return ubnpu_nl_put_u64(skb, UB_A_TIME_NS, ktime_get_ns()) ||
	       ubnpu_nl_put_le64(skb, UB_A_BUSY_NS, usage->busy_ns) ||
	       ubnpu_nl_put_le64(skb, UB_A_COUNT, usage->wqes) ||
	       ubnpu_nl_put_le64(skb, UB_A_BYTES, usage->bytes) ||
	       ubnpu_nl_put_le64(skb, UB_A_ERRORS, usage->errors) ||
	       ubnpu_nl_put_le64(skb, UB_A_DOORBELLS, usage->doorbells) ||
	       ubnpu_nl_put_le64(skb, UB_A_SERVICE_NS, usage->service_ns) ||
	       nla_put(skb, UB_A_SERVICE, sizeof(service), service) ||
	       nla_put_u32(skb, UB_A_PENDING, le32_to_cpu(usage->pending));
}

static int usage_fill_ctx(struct sk_buff *skb, struct ubnpu_ctx *ctx)
{
	return ubnpu_nl_fill_owner(skb, ctx) || nla_put_string(skb, UB_A_COMM, ctx->comm) ||
	       ubnpu_nl_fill_uid(skb, ctx->uid) ||
	       ubnpu_nl_put_u64(skb, UB_A_PINNED_BYTES, ubnpu_nl_pinned_bytes(ctx));
}

static int usage_fill_queue(struct sk_buff *skb, struct ubnpu_queue *q)
{
	return ubnpu_nl_fill_owner(skb, q->ctx) ||
	       nla_put_u32(skb, UB_A_QUEUE_TYPE, ubnpu_queue_obj[q->type]) ||
	       nla_put_u32(skb, UB_A_QUEUE_ID, q->id) ||
	       nla_put_u32(skb, UB_A_QUEUE_FLAGS, READ_ONCE(q->flags)) ||
	       nla_put_u32(skb, UB_A_DEPTH, q->depth);
}

static int usage_put_dev(struct sk_buff *skb, struct netlink_callback *cb, struct ubnpu_dev *ub)
{
	void *msg = ubnpu_nl_begin(skb, cb, UB_CMD_USAGE_GET);

	return msg ? ubnpu_nl_end(skb, msg, usage_fill_dev(skb, ub)) : -EMSGSIZE;
}

/* usage: NULL where the device tells none. */
static int usage_put_ctx(struct sk_buff *skb, struct netlink_callback *cb, struct ubnpu_ctx *ctx,
			 const struct ub_hw_usage *usage)
{
	void *msg;

	if (!ubnpu_nl_may_see(cb, ctx))
		return 0;
	msg = ubnpu_nl_begin(skb, cb, UB_CMD_USAGE_GET);
	if (!msg)
		return -EMSGSIZE;
	return ubnpu_nl_end(skb, msg,
			    usage_fill_ctx(skb, ctx) || (usage && usage_fill(skb, usage)));
}

static int usage_put_queue(struct sk_buff *skb, struct netlink_callback *cb,
			   struct ubnpu_queue *q, const struct ub_hw_usage *usage)
{
	bool failed;
	void *msg;

	if (!ubnpu_nl_may_see(cb, q->ctx))
		return 0;
	msg = ubnpu_nl_begin(skb, cb, UB_CMD_USAGE_GET);
	if (!msg)
		return -EMSGSIZE;
	failed = usage_fill_queue(skb, q);
	if (!failed && q->type == UBNPU_JFC)
		failed = ubnpu_nl_put_u64(skb, UB_A_INTERRUPTS, atomic64_read(&q->interrupts));
	if (!failed && usage)
		failed = usage_fill(skb, usage);
	return ubnpu_nl_end(skb, msg, failed);
}

static int usage_put(struct sk_buff *skb, struct netlink_callback *cb, void *obj,
		     const struct ub_hw_usage *usage)
{
	return cb->args[UBNPU_NL_TYPE] == NL_USAGE_CTX ? usage_put_ctx(skb, cb, obj, usage) :
							 usage_put_queue(skb, cb, obj, usage);
}

/* Of objects that the device tells nothing of. */
static int usage_dump_bare(struct sk_buff *skb, struct netlink_callback *cb, struct xarray *xa)
{
	unsigned long id = cb->args[UBNPU_NL_ID];
	void *obj;
	int ret;

	while ((obj = xa_find(xa, &id, ULONG_MAX, XA_PRESENT))) {
		ret = usage_put(skb, cb, obj, NULL);
		if (ret)
			return ret;
		cb->args[UBNPU_NL_ID] = ++id;
	}
	return 0;
}

/* Records that were read at once; an object may be about to go, and then is not found. */
static int usage_put_records(struct sk_buff *skb, struct netlink_callback *cb, struct xarray *xa,
			     const struct ub_hw_usage *records, int n)
{
	int i, ret;

	for (i = 0; i < n; i++) {
		u32 id = le32_to_cpu(records[i].id);
		void *obj = xa_load(xa, id);

		/* Ids only rise, whatever a device says, so that a dump ends. */
		if (id < cb->args[UBNPU_NL_ID])
			return -EIO;
		ret = obj ? usage_put(skb, cb, obj, &records[i]) : 0;
		if (ret)
			return ret;
		cb->args[UBNPU_NL_ID] = id + 1;
	}
	return 0;
}

static int usage_dump_table(struct sk_buff *skb, struct netlink_callback *cb, struct ubnpu_dev *ub,
			    struct xarray *xa, enum ub_usage_kind kind)
{
	struct ub_hw_usage *records;
	int n, ret;

	if (!ub->usage || READ_ONCE(ub->dead))
		return usage_dump_bare(skb, cb, xa);
	records = kmalloc_array(UBNPU_USAGES, sizeof(*records), GFP_KERNEL);
	if (!records)
		return -ENOMEM;
	do {
		n = ubnpu_usage_read(ub, kind, cb->args[UBNPU_NL_ID], records, UBNPU_USAGES);
		ret = n < 0 ? usage_dump_bare(skb, cb, xa) :
			      usage_put_records(skb, cb, xa, records, n);
	} while (!ret && n == UBNPU_USAGES);
	kfree(records);
	return ret;
}

static int usage_dump_next(struct sk_buff *skb, struct netlink_callback *cb, struct ubnpu_dev *ub)
{
	switch (cb->args[UBNPU_NL_TYPE]) {
	case NL_USAGE_DEV:
		return usage_put_dev(skb, cb, ub);
	case NL_USAGE_CTX:
		return usage_dump_table(skb, cb, ub, &ub->ctxs.xa, UB_USAGE_CONTEXT);
	case NL_USAGE_JFS:
		return usage_dump_table(skb, cb, ub, &ub->queues[UBNPU_JFS].xa, UB_USAGE_JFS);
	default:
		return usage_dump_bare(skb, cb, &ub->queues[UBNPU_JFC].xa);
	}
}

static int usage_dump_dev(struct sk_buff *skb, struct netlink_callback *cb, struct ubnpu_dev *ub)
{
	int ret;

	lockdep_assert_held(&ub->gate);
	lockdep_assert_held(&ub->obj_lock);
	while (cb->args[UBNPU_NL_TYPE] < NL_USAGE_END) {
		ret = usage_dump_next(skb, cb, ub);
		if (ret)
			return ret;
		cb->args[UBNPU_NL_TYPE]++;
		cb->args[UBNPU_NL_ID] = 0;
	}
	return 0;
}

int ubnpu_nl_dump_usage(struct sk_buff *skb, struct netlink_callback *cb)
{
	return ubnpu_nl_walk(skb, cb, usage_dump_dev);
}
