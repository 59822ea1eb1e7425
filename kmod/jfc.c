// SPDX-License-Identifier: GPL-2.0-only
/* Completion queues and the delivery of their events. */
#include <linux/poll.h>
#include <linux/slab.h>

#include "check/check.h"
#include "compat.h"
#include "kqueue.h"
#include "trace.h"

#define JFC_FLAGS	(UB_JFC_F_KERNEL | UB_JFC_F_ADAPTIVE)

/* From interrupt handlers, under RCU. A JFC has at most one event to read: the latest. */
void ubnpu_jfc_notify(struct ubnpu_queue *jfc, u32 arm_sn)
{
	struct ubnpu_jfce *jfce = jfc->jfce;
	unsigned long flags;

	atomic64_inc(&jfc->interrupts);
	trace_ubnpu_comp_event(jfc, arm_sn);
	if (jfc->kjfc)
		ubnpu_kjfc_event(jfc->kjfc, arm_sn);
	else
		ubnpu_waits_fired(jfc, arm_sn);
	if (!jfce)
		return;
	spin_lock_irqsave(&jfce->lock, flags);
	if (!jfc->detached) {
		jfc->ev_sn = arm_sn;
		if (list_empty(&jfc->ev_node))
			list_add_tail(&jfc->ev_node, &jfce->ready);
	}
	spin_unlock_irqrestore(&jfce->lock, flags);
	if (jfce->eventfd)
		ubnpu_eventfd_add(jfce->eventfd);
	wake_up_interruptible_poll(&jfce->wq, EPOLLIN);
}

/* No event of this JFC is read from its channel any more. */
void ubnpu_jfc_detach(struct ubnpu_queue *jfc)
{
	if (!jfc->jfce)
		return;
	spin_lock_irq(&jfc->jfce->lock);
	jfc->detached = true;
	list_del_init(&jfc->ev_node);
	spin_unlock_irq(&jfc->jfce->lock);
}

static int jfc_check(const struct ubnpu_ctx *ctx, struct ub_ioc_create_jfc *a)
{
	struct ub_check_jfc_limits limits = {
		.flags = JFC_FLAGS,
		.comp_vectors = ctx->ub->caps.comp_vectors,
	};

	return ub_check_create_jfc(a, limits);
}

static int jfc_insert(struct ubnpu_queue *q, const struct ub_ioc_create_jfc *a,
		      struct ub_ioc_hdr *hdr)
{
	struct ub_admin_cmd cmd = { .opcode = UB_ADMIN_CREATE_JFC };
	int ret = ubnpu_queue_attach(q, hdr);

	if (ret)
		return ret;
	if (q->kjfc)
		q->eq = 1 + q->id % q->ctx->ub->caps.comp_vectors;
	q->mod_count = a->mod_count;
	q->mod_usec = a->mod_usec;
	q->flags = a->flags;
	cmd.jfc = (struct ub_admin_jfc) {
		.ring = cpu_to_le64(q->mem->uba),
		.rec = cpu_to_le64(q->mem->uba + q->rec_offset),
		.tid = cpu_to_le32(q->ctx->tid),
		.depth = cpu_to_le32(q->depth),
		.db_page = cpu_to_le32(q->db->page),
		.eq = cpu_to_le32(q->eq),
		.mod_count = cpu_to_le16(a->mod_count),
		.mod_usec = cpu_to_le16(a->mod_usec),
		.flags = cpu_to_le32(a->flags & ~UB_JFC_F_KERNEL),
	};
	return ubnpu_queue_create(q, &cmd, hdr);
}

static int jfc_bind(struct ubnpu_queue *q, const struct ub_ioc_create_jfc *a,
		    struct ub_ioc_hdr *hdr)
{
	struct ubnpu_jfce *jfce;

	q->eq = 1 + a->comp_vector;
	q->user_ctx = a->user_ctx;
	if (q->kjfc || a->jfce_fd < 0)
		return 0;
	jfce = ubnpu_jfce_get(q->ctx, a->jfce_fd);
	if (!jfce)
		return ubnpu_fail(hdr, -ENOENT, UB_EXT_NO_SUCH_OBJECT, a->jfce_fd, 0);
	q->jfce = jfce;
	return 0;
}

int ubnpu_create_jfc(struct ubnpu_ctx *ctx, struct ubnpu_call *call)
{
	struct ub_ioc_create_jfc *a = &call->create_jfc;
	struct ubnpu_queue *q;
	int ret = jfc_check(ctx, a);

	if (ret)
		return ret;
	q = ubnpu_queue_new(ctx, UBNPU_JFC, &a->mem, a->depth, a->flags & UB_JFC_F_KERNEL,
			    &a->hdr);
	if (IS_ERR(q))
		return PTR_ERR(q);
	ret = jfc_bind(q, a, &a->hdr) ?: ubnpu_enter(ctx, &a->hdr);
	if (!ret) {
		ret = jfc_insert(q, a, &a->hdr);
		if (!ret) {
			a->id = q->id;
			a->db_offset = ubnpu_db_offset(q);
		}
		ubnpu_leave(ctx);
	}
	if (ret)
		ubnpu_queue_free(q);
	return ret;
}

int ubnpu_modify_jfc(struct ubnpu_ctx *ctx, struct ubnpu_call *call)
{
	struct ub_ioc_modify_jfc *a = &call->modify_jfc;
	struct ub_admin_cmd cmd = {
		.opcode = UB_ADMIN_MODIFY_JFC,
		.id = cpu_to_le32(a->id),
		.jfc.mod_count = cpu_to_le16(a->mod_count),
		.jfc.mod_usec = cpu_to_le16(a->mod_usec),
		.jfc.flags = cpu_to_le32(a->flags),
	};
	struct ubnpu_queue *q;
	int ret = ub_check_modify_jfc(a) ?: ubnpu_enter(ctx, &a->hdr);

	if (ret)
		return ret;
	q = ubnpu_queue_find(ctx, UBNPU_JFC, a->id, &a->hdr);
	ret = q ? ubnpu_admin(ctx->ub, &cmd, NULL, &a->hdr) : -ENOENT;
	if (!ret) {
		/* Dumps read these under obj_lock. */
		WRITE_ONCE(q->mod_count, a->mod_count);
		WRITE_ONCE(q->mod_usec, a->mod_usec);
		WRITE_ONCE(q->flags, (q->flags & UB_JFC_F_KERNEL) | a->flags);
	}
	ubnpu_leave(ctx);
	return ret;
}
