// SPDX-License-Identifier: GPL-2.0-only
/*
 * What one user has on one device, and how much that may be. Who opened a context pays for all
 * that is made through it, whoever makes it; whoever opened it with CAP_SYS_RESOURCE is counted
 * but not limited.
 */
#include <linux/capability.h>
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "context/context.h"

#define LEAVE_TRIES	200
#define LEAVE_WAIT_MS	10

struct ubnpu_user {
	struct kref ref;
	struct ubnpu_dev *ub;
	struct list_head node;
	kuid_t uid;
	u64 used[UBNPU_USER_KINDS];	/* by UB_OBJ_*, UBNPU_PINNED: bytes */
};

static struct ubnpu_user *user_find(struct ubnpu_dev *ub, kuid_t uid)
{
	struct ubnpu_user *user;

	lockdep_assert_held(&ub->users_lock);
	list_for_each_entry(user, &ub->users, node)
		if (uid_eq(user->uid, uid))
			return user;
	return NULL;
}

/* NULL: no memory. */
struct ubnpu_user *ubnpu_user_get(struct ubnpu_dev *ub, kuid_t uid)
{
	struct ubnpu_user *fresh = kzalloc(sizeof(*fresh), GFP_KERNEL_ACCOUNT), *user;

	if (!fresh)
		return NULL;
	spin_lock(&ub->users_lock);
	user = user_find(ub, uid);
	if (user) {
		kref_get(&user->ref);
	} else {
		user = fresh;
		fresh = NULL;
		kref_init(&user->ref);
		user->ub = ub;
		user->uid = uid;
		list_add(&user->node, &ub->users);
	}
	spin_unlock(&ub->users_lock);
	kfree(fresh);
	return user;
}

static void user_free(struct kref *ref)
	__releases(&user->ub->users_lock)
{
	struct ubnpu_user *user = container_of(ref, struct ubnpu_user, ref);

	list_del(&user->node);
	spin_unlock(&user->ub->users_lock);
	kfree(user);
}

void ubnpu_user_put(struct ubnpu_user *user)
{
	kref_put_lock(&user->ref, user_free, &user->ub->users_lock);
}

static u64 user_cap(u32 kind)
{
	u64 mb = READ_ONCE(ubnpu_max_pinned_mb_per_user);

	switch (kind) {
	case UBNPU_PINNED:
		return mb ? mb << 20 : U64_MAX;
	case UB_OBJ_CONTEXT:
		return READ_ONCE(ubnpu_max_ctxs_per_user);
	case UB_OBJ_SEG:
		return READ_ONCE(ubnpu_max_segs_per_user);
	case UB_OBJ_PROGRAM:
		return READ_ONCE(ubnpu_max_programs_per_user);
	default:
		return READ_ONCE(ubnpu_max_queues_per_user);
	}
}

static bool user_take(struct ubnpu_user *user, u32 kind, u64 count, u64 cap)
{
	bool ok;

	spin_lock(&user->ub->users_lock);
	ok = count <= cap && user->used[kind] <= cap - count;
	if (ok)
		user->used[kind] += count;
	spin_unlock(&user->ub->users_lock);
	return ok;
}

/* Its opener is dead or dying, or the last descriptor is closed. obj_lock keeps it there. */
static bool ctx_leaves(struct ubnpu_ctx *ctx)
{
	struct task_struct *task;
	bool leaves;

	lockdep_assert_held(&ctx->ub->obj_lock);
	if (READ_ONCE(ctx->closed))
		return true;
	rcu_read_lock();
	task = pid_task(ctx->pid, PIDTYPE_TGID);
	leaves = !task || task->signal->flags & SIGNAL_GROUP_EXIT ||
		 !atomic_read(&task->signal->live);
	rcu_read_unlock();
	return leaves;
}

static bool user_leaves(struct ubnpu_user *user, bool hurry)
{
	struct ubnpu_dev *ub = user->ub;
	struct ubnpu_ctx *ctx;
	unsigned long index;
	bool leaves = false;

	mutex_lock(&ub->obj_lock);
	xa_for_each(&ub->ctxs.xa, index, ctx) {
		if (ctx->user != user || !ctx_leaves(ctx))
			continue;
		leaves = true;
		/* It is cancelled after the context has left the table. */
		if (hurry)
			mod_delayed_work(system_wq, &ctx->orphan_work, 0);
	}
	mutex_unlock(&ub->obj_lock);
	return leaves;
}

/*
 * Contexts of the user that are on their way out still count. Give them time, but not for ever:
 * what a dead process left may be in another's hands.
 */
static void user_wait_for_leavers(struct ubnpu_user *user)
{
	int tries;

	for (tries = 0; tries < LEAVE_TRIES && user_leaves(user, !tries); tries++) {
		msleep(LEAVE_WAIT_MS);
		if (fatal_signal_pending(current))
			return;
	}
}

/* No lock is held. */
int ubnpu_user_charge(struct ubnpu_ctx *ctx, u32 kind, u64 count, struct ub_ioc_hdr *hdr)
{
	u64 cap = user_cap(kind);

	if (user_take(ctx->user, kind, count, cap))
		return 0;
	if (file_ns_capable(ctx->file, &init_user_ns, CAP_SYS_RESOURCE)) {
		user_take(ctx->user, kind, count, U64_MAX);
		return 0;
	}
	user_wait_for_leavers(ctx->user);
	if (user_take(ctx->user, kind, count, cap))
		return 0;
	return ubnpu_fail(hdr, -EDQUOT, UB_EXT_USER_LIMIT, kind, cap);
}

void ubnpu_user_uncharge(struct ubnpu_ctx *ctx, u32 kind, u64 count)
{
	struct ubnpu_user *user = ctx->user;

	spin_lock(&user->ub->users_lock);
	WARN_ON_ONCE(user->used[kind] < count);
	user->used[kind] -= count;
	spin_unlock(&user->ub->users_lock);
}
