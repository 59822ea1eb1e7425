// SPDX-License-Identifier: GPL-2.0-only
/* REAP: CQEs of a kernel JFC that are nobody's but the caller's. */
#include <linux/ktime.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "kqueue/kqueue.h"

#define CHUNK	16	/* CQEs copied at a time */

/* With a reference. */
struct ubnpu_kjfc *ubnpu_kjfc_get(struct ubnpu_ctx *ctx, u32 id, struct ub_ioc_hdr *hdr)
{
	struct ubnpu_kjfc *jfc = NULL;
	struct ubnpu_queue *q;
	bool found;

	if (READ_ONCE(ctx->lost))
		return ERR_PTR(ubnpu_fail(hdr, -ENODEV, UB_EXT_DEVICE_LOST, 0, ctx->generation));
	rcu_read_lock();
	q = xa_load(&ctx->ub->queues[UBNPU_JFC].xa, id);
	found = q && q->ctx == ctx;
	if (found && q->kjfc && kref_get_unless_zero(&q->kjfc->ref))
		jfc = q->kjfc;
	rcu_read_unlock();
	if (jfc)
		return jfc;
	return ERR_PTR(found ? ubnpu_fail(hdr, -EINVAL, UB_EXT_WRONG_DOOR, id, 0) :
			       ubnpu_fail(hdr, -ENOENT, UB_EXT_NO_SUCH_OBJECT, id, 0));
}

u32 ubnpu_kjfc_peek(struct ubnpu_kjfc *jfc, struct ub_hw_cqe *cqes, u32 max)
{
	u32 count;

	spin_lock_irq(&jfc->lock);
	if (jfc->held < max)
		ubnpu_kjfc_scan(jfc);
	count = ubnpu_kjfc_peek_held(jfc, cqes, max);
	spin_unlock_irq(&jfc->lock);
	return count;
}

void ubnpu_kjfc_drop(struct ubnpu_kjfc *jfc, u32 count)
{
	spin_lock_irq(&jfc->lock);
	ubnpu_kjfc_drop_held(jfc, count);
	spin_unlock_irq(&jfc->lock);
}

/* Copies what there is: what cannot be copied stays. Returns how many, or -EFAULT if none. */
static int kjfc_reap_some(struct ubnpu_kjfc *jfc, struct ub_hw_cqe __user *to, u32 max)
{
	struct ub_hw_cqe cqes[CHUNK];
	u32 n, count = 0;
	int ret = 0;

	mutex_lock(&jfc->reap);
	while (count < max && !ret) {
		n = ubnpu_kjfc_peek(jfc, cqes, min_t(u32, max - count, CHUNK));
		if (!n)
			break;
		if (copy_to_user(to + count, cqes, n * sizeof(*cqes))) {
			ret = -EFAULT;
		} else {
			ubnpu_kjfc_drop(jfc, n);
			count += n;
		}
	}
	mutex_unlock(&jfc->reap);
	return count ?: ret;
}

/* Nothing came: 0 to wait on, or why nothing will. */
static int kjfc_ended(struct ubnpu_ctx *ctx, struct ubnpu_kjfc *jfc, struct ub_ioc_hdr *hdr)
{
	int closed = READ_ONCE(jfc->closed);

	if (closed == -ENODEV)
		return ubnpu_fail(hdr, -ENODEV, UB_EXT_DEVICE_LOST, 0, ctx->generation);
	if (closed)
		return ubnpu_fail(hdr, -ENOENT, UB_EXT_NO_SUCH_OBJECT, jfc->id, 0);
	if (READ_ONCE(jfc->failed))
		return ubnpu_fail(hdr, -EINVAL, UB_EXT_BAD_STATE, jfc->id, UB_STATE_ERROR);
	return 0;
}

static bool kjfc_has_news(struct ubnpu_kjfc *jfc)
{
	return READ_ONCE(jfc->held) || READ_ONCE(jfc->closed) || READ_ONCE(jfc->failed);
}

/* 0: look again; -ETIME, -ERESTARTSYS: a signal, or who stops or freezes tasks finds it awake. */
static int kjfc_wait(struct ubnpu_kjfc *jfc, u64 until)
{
	u64 now = ktime_get_ns();

	if (until == UB_WAIT_FOREVER)
		return wait_event_freezable(jfc->wq, kjfc_has_news(jfc));
	if (now >= until)
		return -ETIME;
	return ubnpu_wait_event_freezable_hrtimeout(jfc->wq, kjfc_has_news(jfc),
						    ns_to_ktime(until - now));
}

static void kjfc_wakers(struct ubnpu_kjfc *jfc, int add)
{
	spin_lock_irq(&jfc->lock);
	jfc->wakers += add;
	ubnpu_kjfc_scan(jfc);
	ubnpu_kjfc_arm(jfc);
	spin_unlock_irq(&jfc->lock);
}

static int kjfc_reap_wait(struct ubnpu_ctx *ctx, struct ubnpu_kjfc *jfc, struct ub_ioc_reap *a,
			  u64 until)
{
	struct ub_hw_cqe __user *to = u64_to_user_ptr(a->cqes);
	int ret = 0, got;

	kjfc_wakers(jfc, 1);
	do {
		got = kjfc_reap_some(jfc, to + a->count, a->max - a->count);
		if (got < 0) {
			ret = got;
			break;
		}
		a->count += got;
		if (a->count >= a->min)
			break;
		ret = got ? 0 : kjfc_ended(ctx, jfc, &a->hdr) ?: kjfc_wait(jfc, until);
	} while (!ret);
	kjfc_wakers(jfc, -1);
	return ret;
}

/*
 * None is taken and something interrupts the wait: without a handler (the task was stopped, frozen
 * or traced) the call goes on with the time that is left, and a handler makes it EINTR.
 */
static int kjfc_interrupted(struct ub_ioc_reap *a, u64 until)
{
	u64 now = ktime_get_ns();

	if (until != UB_WAIT_FOREVER)
		a->timeout_ns = until > now ? until - now : 0;
	return -ERESTARTNOHAND;
}

static int kjfc_reap(struct ubnpu_ctx *ctx, struct ubnpu_kjfc *jfc, struct ub_ioc_reap *a)
{
	u64 now = ktime_get_ns(), until = UB_WAIT_FOREVER;
	int ret;

	if (a->timeout_ns < KTIME_MAX - now)
		until = now + a->timeout_ns;
	ret = kjfc_reap_some(jfc, u64_to_user_ptr(a->cqes), a->max);
	if (ret >= 0) {
		a->count = ret;
		ret = a->count < a->min ? kjfc_reap_wait(ctx, jfc, a, until) : 0;
	}
	if (a->count || ret == -ETIME) {
		memset(&a->hdr, 0, sizeof(a->hdr));
		return 0;
	}
	if (ret == -EFAULT)
		return ubnpu_fail(&a->hdr, ret, UB_EXT_BAD_ADDRESS, 0, 0);
	return ret == -ERESTARTSYS ? kjfc_interrupted(a, until) : ret;
}

int ubnpu_reap(struct ubnpu_ctx *ctx, struct ubnpu_call *call)
{
	struct ub_ioc_reap *a = &call->reap;
	struct ubnpu_kjfc *jfc;
	int ret;

	if (!a->max)
		return ubnpu_fail(&a->hdr, -EINVAL, UB_EXT_BAD_VALUE, offsetof(typeof(*a), max),
				  U32_MAX);
	if (a->min > a->max)
		return ubnpu_fail(&a->hdr, -EINVAL, UB_EXT_BAD_VALUE, offsetof(typeof(*a), min),
				  a->max);
	jfc = ubnpu_kjfc_get(ctx, a->id, &a->hdr);
	if (IS_ERR(jfc))
		return PTR_ERR(jfc);
	a->count = 0;
	ret = kjfc_reap(ctx, jfc, a);
	ubnpu_kjfc_put(jfc);
	return ret;
}

/* ---- For REAP by io_uring ---- */
static void kjfc_watchers(struct ubnpu_kjfc *jfc, int add)
{
	spin_lock_irq(&jfc->lock);
	jfc->watchers += add;
	spin_unlock_irq(&jfc->lock);
	kjfc_wakers(jfc, add);
}

/* From now on wait is woken, under the queue's lock, when there are CQEs or will never be. */
void ubnpu_kjfc_watch(struct ubnpu_kjfc *jfc, struct wait_queue_entry *wait)
{
	add_wait_queue(&jfc->wq, wait);
	kjfc_watchers(jfc, 1);
}

void ubnpu_kjfc_unwatch(struct ubnpu_kjfc *jfc, struct wait_queue_entry *wait)
{
	remove_wait_queue(&jfc->wq, wait);
	kjfc_watchers(jfc, -1);
}

/* CANCEL. Returns how many REAPs of io_uring that ends. */
int ubnpu_kjfc_cancel(struct ubnpu_ctx *ctx, u32 id)
{
	struct ub_ioc_hdr hdr;
	struct ubnpu_kjfc *jfc = ubnpu_kjfc_get(ctx, id, &hdr);
	int count;

	if (IS_ERR(jfc))
		return PTR_ERR(jfc);
	spin_lock_irq(&jfc->lock);
	count = jfc->watchers;
	WRITE_ONCE(jfc->cancels, jfc->cancels + 1);
	spin_unlock_irq(&jfc->lock);
	wake_up_interruptible_all(&jfc->wq);
	ubnpu_kjfc_put(jfc);
	return count;
}
