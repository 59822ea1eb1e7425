// SPDX-License-Identifier: GPL-2.0-only
/* Queues: what JFS, JFR and JFC have in common, and the making of JFS and JFR. */
#include <linux/capability.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "check/check.h"
#include "queue/queue.h"
#include "trace.h"

const u32 ubnpu_queue_obj[UBNPU_QUEUE_TYPES] = {
	[UBNPU_JFS] = UB_OBJ_JFS, [UBNPU_JFR] = UB_OBJ_JFR, [UBNPU_JFC] = UB_OBJ_JFC,
};

const u8 ubnpu_query_op[UBNPU_QUEUE_TYPES] = {
	[UBNPU_JFS] = UB_ADMIN_QUERY_JFS, [UBNPU_JFR] = UB_ADMIN_QUERY_JFR,
	[UBNPU_JFC] = UB_ADMIN_QUERY_JFC,
};

static const u8 queue_destroy_op[UBNPU_QUEUE_TYPES] = {
	[UBNPU_JFS] = UB_ADMIN_DESTROY_JFS, [UBNPU_JFR] = UB_ADMIN_DESTROY_JFR,
	[UBNPU_JFC] = UB_ADMIN_DESTROY_JFC,
};

/* A JFS or a JFR enters a state. */
static int mapped_queue_modify(struct ubnpu_queue *q, u32 state, struct ub_ioc_hdr *hdr)
{
	struct ub_admin_cmd cmd = { .id = cpu_to_le32(q->id) };

	if (q->type == UBNPU_JFS) {
		cmd.opcode = UB_ADMIN_MODIFY_JFS;
		cmd.jfs.state = state;
	} else {
		cmd.opcode = UB_ADMIN_MODIFY_JFR;
		cmd.jfr.state = state;
	}
	return ubnpu_admin(q->ctx->ub, &cmd, NULL, hdr);
}

/* Who waits for a queue that is destroyed is cancelled. */
static void mapped_queue_close(struct ubnpu_queue *q, int why)
{
	ubnpu_waits_close(q, why == -ENOENT ? -ECANCELED : why);
}

static const struct ubnpu_queue_ops mapped_queue_ops = {
	.modify = mapped_queue_modify,
	.fired = ubnpu_waits_fired,
	.close = mapped_queue_close,
};

/* The kernel's own is allocated, a user's pinned. */
static int queue_get_mem(struct ubnpu_queue *q, const struct ub_ioc_queue_mem *mem, bool kernel,
			 struct ub_ioc_hdr *hdr)
{
	u64 ring = (u64)q->depth * UB_CHECK_ENTRY_SIZE;
	int ret;

	if (kernel)
		q->mem = ubnpu_kmem_new(q->ctx, ring + UB_CHECK_REC_SIZE, hdr);
	else
		q->mem = ubnpu_mem_pin(q->ctx, mem->addr, mem->len, true, hdr);
	if (IS_ERR(q->mem))
		return PTR_ERR(q->mem);
	q->rec_offset = kernel ? ring : mem->rec_offset;
	if (!kernel)
		return 0;
	ret = q->ops->init(q, hdr);
	if (ret)
		ubnpu_kmem_free(q->ctx, q->mem);
	return ret;
}

static int queue_check(struct ubnpu_ctx *ctx, const struct ub_ioc_queue_mem *mem, u32 depth,
		       u32 max_depth, bool kernel, struct ub_ioc_hdr *hdr)
{
	return ubnpu_check_mm(ctx, hdr) ?: ub_check_queue(mem, depth, max_depth, kernel, hdr);
}

/* Checks and gets a queue's memory; no lock is held. */
struct ubnpu_queue *ubnpu_queue_new(struct ubnpu_ctx *ctx, enum ubnpu_queue_type type,
				    const struct ub_ioc_queue_mem *mem, u32 depth, bool kernel,
				    struct ub_ioc_hdr *hdr)
{
	struct ubnpu_queue *q;
	int ret = queue_check(ctx, mem, depth, ctx->ub->caps.max_depth[type], kernel, hdr);

	if (ret)
		return ERR_PTR(ret);
	q = kzalloc(sizeof(*q), GFP_KERNEL_ACCOUNT);
	if (!q)
		return ERR_PTR(ubnpu_fail_nomem(hdr));
	q->type = type;
	q->ctx = ctx;
	q->ops = kernel ? ctx->ub->kernel_queues : &mapped_queue_ops;
	q->depth = depth;
	INIT_LIST_HEAD(&q->ev_node);
	INIT_LIST_HEAD(&q->waits);
	ret = ubnpu_user_charge(ctx, ubnpu_queue_obj[type], 1, hdr);
	if (ret)
		goto free;
	ret = queue_get_mem(q, mem, kernel, hdr);
	if (!ret)
		return q;
	ubnpu_user_uncharge(ctx, ubnpu_queue_obj[type], 1);
free:
	kfree(q);
	return ERR_PTR(ret);
}

static void queue_free_rcu(struct rcu_head *rcu)
{
	struct ubnpu_queue *q = container_of(rcu, struct ubnpu_queue, rcu);

	if (q->jfce)
		ubnpu_jfce_put(q->jfce);
	kfree(q);
}

/* The queue is not attached. Interrupt handlers may still look at a JFC. */
void ubnpu_queue_free(struct ubnpu_queue *q)
{
	if (q->ops->free)
		q->ops->free(q);
	if (q->mem->vaddr)
		ubnpu_kmem_free(q->ctx, q->mem);
	else
		ubnpu_mem_unpin(q->ctx, q->mem);
	ubnpu_user_uncharge(q->ctx, ubnpu_queue_obj[q->type], 1);
	call_rcu(&q->rcu, queue_free_rcu);
}

struct ubnpu_queue *ubnpu_queue_find(struct ubnpu_ctx *ctx, enum ubnpu_queue_type type, u32 id,
				     struct ub_ioc_hdr *hdr)
{
	struct ubnpu_queue *q;

	lockdep_assert_held(&ctx->lock);
	rcu_read_lock();
	q = xa_load(&ctx->ub->queues[type].xa, id);
	if (q && q->ctx != ctx)
		q = NULL;
	rcu_read_unlock();
	if (!q)
		ubnpu_fail(hdr, -ENOENT, UB_EXT_NO_SUCH_OBJECT, id, 0);
	return q;
}

/* With a reference, or NULL. */
struct ubnpu_ctx *ubnpu_queue_owner(struct ubnpu_dev *ub, enum ubnpu_queue_type type, u32 id)
{
	struct ubnpu_ctx *ctx = NULL;
	struct ubnpu_queue *q;

	rcu_read_lock();
	q = xa_load(&ub->queues[type].xa, id);
	if (q && kref_get_unless_zero(&q->ctx->ref))
		ctx = q->ctx;
	rcu_read_unlock();
	return ctx;
}

static int queue_alloc_db(struct ubnpu_queue *q, struct ub_ioc_hdr *hdr)
{
	struct ubnpu_dev *ub = q->ctx->ub;
	struct ubnpu_db *db;

	if (q->type == UBNPU_JFR)
		return 0;
	db = ubnpu_db_alloc(ub);
	if (!IS_ERR(db)) {
		q->db = db;
		return 0;
	}
	if (PTR_ERR(db) == -ENOSPC)
		return ubnpu_fail(hdr, -ENOSPC, UB_EXT_DEV_LIMIT, UB_OBJ_DB_PAGE,
				  ub->caps.db_pages - 1);
	return ubnpu_fail_nomem(hdr);
}

/* Id, doorbell page and leaves: all that the device needs to be told. */
int ubnpu_queue_attach(struct ubnpu_queue *q, struct ub_ioc_hdr *hdr)
{
	struct ubnpu_ctx *ctx = q->ctx;
	struct ubnpu_dev *ub = ctx->ub;
	struct ubnpu_ids *ids = &ub->queues[q->type];
	u32 cap = READ_ONCE(ubnpu_max_queues_per_ctx);
	int ret;

	lockdep_assert_held(&ctx->lock);
	if (ctx->nr_queues[q->type] >= cap)
		return ubnpu_fail(hdr, -EDQUOT, UB_EXT_CTX_LIMIT, ubnpu_queue_obj[q->type], cap);
	ret = ubnpu_id_alloc(ids, &q->id);
	if (ret == -EBUSY)
		return ubnpu_fail(hdr, -ENOSPC, UB_EXT_DEV_LIMIT, ubnpu_queue_obj[q->type],
				  ids->max);
	if (ret)
		return ubnpu_fail_nomem(hdr);
	ret = queue_alloc_db(q, hdr);
	if (ret)
		goto free_id;
	ret = ubnpu_mem_map(&ctx->pt, q->mem, hdr);
	if (!ret)
		return 0;
	if (q->db)
		ubnpu_db_free(ub, q->db);
free_id:
	ubnpu_id_free(ub, ids, q->id);
	return ret;
}

static void queue_detach(struct ubnpu_queue *q)
{
	struct ubnpu_ctx *ctx = q->ctx;
	struct ubnpu_dev *ub = ctx->ub;

	lockdep_assert_held(&ctx->lock);
	/* Users' mappings go before the page's number can come back. */
	if (q->db) {
		ubnpu_db_revoke(q->db);
		ubnpu_db_unmap(q);
		ubnpu_db_free(ub, q->db);
	}
	ubnpu_id_free(ub, &ub->queues[q->type], q->id);
	ubnpu_mem_unmap(&ctx->pt, q->mem);
}

/* Runs the CREATE command of an attached queue; on failure the queue is detached. */
int ubnpu_queue_create(struct ubnpu_queue *q, struct ub_admin_cmd *cmd, struct ub_ioc_hdr *hdr)
{
	struct ubnpu_ctx *ctx = q->ctx;
	int ret;

	cmd->id = cpu_to_le32(q->id);
	ret = ubnpu_admin(ctx->ub, cmd, NULL, hdr);
	if (ret) {
		queue_detach(q);
		return ret;
	}
	if (q->ops->attach)
		q->ops->attach(q);
	list_add_tail(&q->node, &ctx->queues[q->type]);
	ctx->nr_queues[q->type]++;
	ubnpu_id_publish(&ctx->ub->queues[q->type], q->id, q);
	trace_ubnpu_queue_create(q);
	ubnpu_watch_start(ctx->ub);
	return 0;
}

static int jfs_check(struct ub_ioc_create_jfs *a)
{
	int ret = ub_check_create_jfs(a);

	if (ret)
		return ret;
	if (a->priority >= UB_HW_STRICT_PRIORITY && !capable(CAP_SYS_NICE))
		return ubnpu_fail(&a->hdr, -EPERM, UB_EXT_PRIVILEGE, CAP_SYS_NICE,
				  UB_HW_STRICT_PRIORITY - 1);
	return ub_check_jfs_service(a);
}

/* A JFS has the door of its JFC; what the JFC is was looked up before its memory was got. */
static int jfs_find_jfc(struct ubnpu_queue *q, struct ub_ioc_create_jfs *a)
{
	struct ubnpu_queue *jfc = ubnpu_queue_find(q->ctx, UBNPU_JFC, a->jfc, &a->hdr);

	if (!jfc)
		return -ENOENT;
	if (!jfc->kjfc != !q->kjfs)
		return ubnpu_fail(&a->hdr, -ENOENT, UB_EXT_NO_SUCH_OBJECT, a->jfc, 0);
	return 0;
}

static int jfs_insert(struct ubnpu_queue *q, struct ub_ioc_create_jfs *a)
{
	struct ub_admin_cmd cmd = { .opcode = UB_ADMIN_CREATE_JFS };
	struct ubnpu_ctx *ctx = q->ctx;
	int ret = jfs_find_jfc(q, a);

	if (ret)
		return ret;
	if (a->flags & UB_JFS_F_JETTY && !ubnpu_queue_find(ctx, UBNPU_JFR, a->jfr, &a->hdr))
		return -ENOENT;
	ret = ubnpu_queue_attach(q, &a->hdr);
	if (ret)
		return ret;
	q->flags = a->flags;
	q->priority = a->priority;
	q->weight = a->weight ?: a->priority + 1;
	q->jfc = a->jfc;
	q->jfr = a->jfr;
	cmd.jfs = (struct ub_admin_jfs){
		.ring = cpu_to_le64(q->mem->uba),
		.rec = cpu_to_le64(q->mem->uba + q->rec_offset),
		.tid = cpu_to_le32(ctx->tid),
		.depth = cpu_to_le32(q->depth),
		.db_page = cpu_to_le32(q->db->page),
		.jfc = cpu_to_le32(a->jfc),
		.jfr = cpu_to_le32(a->jfr),
		.flags = cpu_to_le32(a->flags),
		.priority = a->priority,
		.rnr_retry = a->rnr_retry,
		.err_timeout = a->err_timeout,
		.weight = a->weight,
	};
	return ubnpu_queue_create(q, &cmd, &a->hdr);
}

static bool jfc_is_kernel(struct ubnpu_ctx *ctx, u32 id)
{
	struct ubnpu_queue *q;
	bool kernel;

	rcu_read_lock();
	q = xa_load(&ctx->ub->queues[UBNPU_JFC].xa, id);
	kernel = q && q->ctx == ctx && q->kjfc;
	rcu_read_unlock();
	return kernel;
}

int ubnpu_create_jfs(struct ubnpu_ctx *ctx, struct ubnpu_call *call)
{
	struct ub_ioc_create_jfs *a = &call->create_jfs;
	struct ubnpu_queue *q;
	int ret = jfs_check(a);

	if (ret)
		return ret;
	q = ubnpu_queue_new(ctx, UBNPU_JFS, &a->mem, a->depth, jfc_is_kernel(ctx, a->jfc),
			    &a->hdr);
	if (IS_ERR(q))
		return PTR_ERR(q);
	ret = ubnpu_enter(ctx, &a->hdr);
	if (!ret) {
		ret = jfs_insert(q, a);
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

static int jfr_insert(struct ubnpu_queue *q, struct ub_ioc_create_jfr *a)
{
	struct ub_admin_cmd cmd = { .opcode = UB_ADMIN_CREATE_JFR };
	struct ubnpu_ctx *ctx = q->ctx;
	__le32 policy;
	int ret;

	if (!ubnpu_queue_find(ctx, UBNPU_JFC, a->jfc, &a->hdr))
		return -ENOENT;
	ret = ubnpu_queue_attach(q, &a->hdr);
	if (ret)
		return ret;
	q->jfc = a->jfc;
	policy = ubnpu_token_make(ctx, a->token_policy, &a->token_value);
	cmd.jfr = (struct ub_admin_jfr){
		.ring = cpu_to_le64(q->mem->uba),
		.rec = cpu_to_le64(q->mem->uba + q->rec_offset),
		.tid = cpu_to_le32(ctx->tid),
		.depth = cpu_to_le32(q->depth),
		.jfc = cpu_to_le32(a->jfc),
		.token_policy = policy,
		.token_value = cpu_to_le32(a->token_value),
		.min_rnr_timer = a->min_rnr_timer,
	};
	return ubnpu_queue_create(q, &cmd, &a->hdr);
}

int ubnpu_create_jfr(struct ubnpu_ctx *ctx, struct ubnpu_call *call)
{
	struct ub_ioc_create_jfr *a = &call->create_jfr;
	struct ubnpu_queue *q;
	int ret = ub_check_create_jfr(a);

	if (ret)
		return ret;
	q = ubnpu_queue_new(ctx, UBNPU_JFR, &a->mem, a->depth, false, &a->hdr);
	if (IS_ERR(q))
		return PTR_ERR(q);
	ret = ubnpu_enter(ctx, &a->hdr);
	if (!ret) {
		ret = jfr_insert(q, a);
		if (!ret)
			a->id = q->id;
		ubnpu_leave(ctx);
	}
	if (ret)
		ubnpu_queue_free(q);
	return ret;
}

int ubnpu_modify_queue(struct ubnpu_ctx *ctx, struct ubnpu_call *call, enum ubnpu_queue_type type)
{
	struct ub_ioc_modify_queue *a = &call->modify_queue;
	struct ubnpu_queue *q;
	int ret = ub_check_modify_queue(a);

	if (ret)
		return ret;
	ret = ubnpu_enter(ctx, &a->hdr);
	if (ret)
		return ret;
	q = ubnpu_queue_find(ctx, type, a->id, &a->hdr);
	ret = q ? q->ops->modify(q, a->state, &a->hdr) : -ENOENT;
	ubnpu_leave(ctx);
	return ret;
}

int ubnpu_query_queue(struct ubnpu_ctx *ctx, struct ubnpu_call *call, enum ubnpu_queue_type type)
{
	struct ub_ioc_query_queue *a = &call->query_queue;
	struct ub_admin_reply reply;
	struct ubnpu_queue *q;
	int ret = ubnpu_enter(ctx, &a->hdr);

	if (ret)
		return ret;
	q = ubnpu_queue_find(ctx, type, a->id, &a->hdr);
	ret = q ? ubnpu_admin_id(ctx->ub, ubnpu_query_op[type], q->id, &reply, &a->hdr) : -ENOENT;
	if (!ret) {
		a->state = le32_to_cpu(reply.state);
		a->pi = le32_to_cpu(reply.pi);
		a->ci = le32_to_cpu(reply.ci);
		a->refs = le32_to_cpu(reply.refs);
		a->count = le64_to_cpu(reply.count);
		a->depth = q->depth;
	}
	ubnpu_leave(ctx);
	return ret;
}

/* The device has forgotten the queue. */
static void queue_remove(struct ubnpu_queue *q)
{
	struct ubnpu_ctx *ctx = q->ctx;

	lockdep_assert_held(&ctx->lock);
	trace_ubnpu_queue_destroy(q);
	list_del(&q->node);
	ctx->nr_queues[q->type]--;
	q->ops->close(q, -ENOENT);
	queue_detach(q);
	if (q->type == UBNPU_JFC)
		ubnpu_jfc_detach(q);
	ubnpu_queue_free(q);
}

int ubnpu_destroy_queue(struct ubnpu_ctx *ctx, struct ubnpu_call *call,
			enum ubnpu_queue_type type)
{
	struct ub_ioc_destroy_queue *a = &call->destroy_queue;
	struct ubnpu_queue *q;
	int ret = ub_check_destroy_queue(a) ?: ubnpu_enter(ctx, &a->hdr);

	if (ret)
		return ret;
	q = ubnpu_queue_find(ctx, type, a->id, &a->hdr);
	ret = q ? ubnpu_admin_id(ctx->ub, queue_destroy_op[type], q->id, NULL, &a->hdr) : -ENOENT;
	if (!ret)
		queue_remove(q);
	ubnpu_leave(ctx);
	return ret;
}

/* JFS, JFR, JFC: the order of their references. */
void ubnpu_queues_release(struct ubnpu_ctx *ctx, bool device)
{
	struct ubnpu_queue *q, *next;
	int type;

	lockdep_assert_held(&ctx->lock);
	for (type = 0; type < UBNPU_QUEUE_TYPES; type++) {
		list_for_each_entry_safe(q, next, &ctx->queues[type], node) {
			if (device)
				ubnpu_destroy_retry(ctx, queue_destroy_op[type], q->id);
			queue_remove(q);
			cond_resched();
		}
	}
}
