// SPDX-License-Identifier: GPL-2.0-only
/* Event channels: anonymous files from which completion events are read, and their delivery. */
#include <linux/anon_inodes.h>
#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "check/check.h"
#include "compat.h"
#include "queue/queue.h"
#include "trace.h"

static void jfce_free(struct kref *ref)
{
	struct ubnpu_jfce *jfce = container_of(ref, struct ubnpu_jfce, ref);

	if (jfce->eventfd)
		eventfd_ctx_put(jfce->eventfd);
	kfree(jfce);
}

void ubnpu_jfce_put(struct ubnpu_jfce *jfce)
{
	kref_put(&jfce->ref, jfce_free);
}

static bool jfce_ended(const struct ubnpu_jfce *jfce)
{
	return READ_ONCE(jfce->ctx->lost) || READ_ONCE(jfce->ctx->closed);
}

static bool jfce_take(struct ubnpu_jfce *jfce, struct ub_jfce_event *ev)
{
	struct ubnpu_queue *jfc;

	spin_lock_irq(&jfce->lock);
	jfc = list_first_entry_or_null(&jfce->ready, struct ubnpu_queue, ev_node);
	if (jfc) {
		list_del_init(&jfc->ev_node);
		ev->jfc = jfc->id;
		ev->arm_sn = jfc->ev_sn;
		ev->user_ctx = jfc->user_ctx;
	}
	spin_unlock_irq(&jfce->lock);
	return jfc;
}

static bool jfce_readable(struct ubnpu_jfce *jfce)
{
	return !list_empty_careful(&jfce->ready) || jfce_ended(jfce);
}

static int jfce_wait(struct ubnpu_jfce *jfce, const struct file *file)
{
	if (jfce_ended(jfce))
		return -ENODEV;
	if (file->f_flags & O_NONBLOCK)
		return -EAGAIN;
	return wait_event_freezable(jfce->wq, jfce_readable(jfce));
}

static ssize_t jfce_read(struct file *file, char __user *buf, size_t len, loff_t *pos)
{
	struct ubnpu_jfce *jfce = file->private_data;
	struct ub_jfce_event ev;
	size_t done = 0;
	int ret;

	if (len < sizeof(ev))
		return -EINVAL;
	while (len - done >= sizeof(ev)) {
		if (!jfce_take(jfce, &ev)) {
			if (done)
				break;
			ret = jfce_wait(jfce, file);
			if (ret)
				return ret;
			continue;
		}
		if (copy_to_user(buf + done, &ev, sizeof(ev)))
			return done ? done : -EFAULT;
		done += sizeof(ev);
	}
	return done;
}

static __poll_t jfce_poll(struct file *file, struct poll_table_struct *wait)
{
	struct ubnpu_jfce *jfce = file->private_data;
	__poll_t mask = 0;

	poll_wait(file, &jfce->wq, wait);
	if (jfce_readable(jfce))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (jfce_ended(jfce))
		mask |= EPOLLERR | EPOLLHUP;
	return mask;
}

static int jfce_release(struct inode *inode, struct file *file)
{
	struct ubnpu_jfce *jfce = file->private_data;
	struct ubnpu_ctx *ctx = jfce->ctx;

	spin_lock(&ctx->jfce_lock);
	list_del(&jfce->node);
	ctx->nr_jfces--;
	spin_unlock(&ctx->jfce_lock);
	ubnpu_jfce_put(jfce);
	ubnpu_ctx_put(ctx);
	return 0;
}

static const struct file_operations jfce_fops = {
	.owner = THIS_MODULE,
	.read = jfce_read,
	.poll = jfce_poll,
	.release = jfce_release,
};

/* The channel behind fd, if it is one of this context's; the JFC keeps it. */
struct ubnpu_jfce *ubnpu_jfce_get(struct ubnpu_ctx *ctx, int fd)
{
	struct file *file = fget(fd);
	struct ubnpu_jfce *jfce = NULL;

	if (!file)
		return NULL;
	if (file->f_op == &jfce_fops) {
		jfce = file->private_data;
		if (jfce->ctx == ctx)
			kref_get(&jfce->ref);
		else
			jfce = NULL;
	}
	fput(file);
	return jfce;
}

/* The context is lost or closed: whoever waits on a channel of it learns so. */
void ubnpu_jfces_wake(struct ubnpu_ctx *ctx)
{
	struct ubnpu_jfce *jfce;

	spin_lock(&ctx->jfce_lock);
	list_for_each_entry(jfce, &ctx->jfces, node)
		wake_up_interruptible_poll(&jfce->wq, EPOLLIN | EPOLLERR | EPOLLHUP);
	spin_unlock(&ctx->jfce_lock);
}

/* From interrupt handlers, under RCU. A JFC has at most one event to read: the latest. */
void ubnpu_jfc_notify(struct ubnpu_queue *jfc, u32 arm_sn)
{
	struct ubnpu_jfce *jfce = jfc->jfce;
	unsigned long flags;

	atomic64_inc(&jfc->interrupts);
	trace_ubnpu_comp_event(jfc, arm_sn);
	jfc->ops->fired(jfc, arm_sn);
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

/* Counts the channel in before it is made, so that two callers cannot both pass the limit. */
static bool jfce_count(struct ubnpu_ctx *ctx, u32 cap)
{
	bool ok;

	spin_lock(&ctx->jfce_lock);
	ok = ctx->nr_jfces < cap;
	if (ok)
		ctx->nr_jfces++;
	spin_unlock(&ctx->jfce_lock);
	return ok;
}

static struct ubnpu_jfce *jfce_new(struct ubnpu_ctx *ctx)
{
	struct ubnpu_jfce *jfce = kzalloc(sizeof(*jfce), GFP_KERNEL_ACCOUNT);

	if (!jfce)
		return NULL;
	kref_init(&jfce->ref);
	spin_lock_init(&jfce->lock);
	init_waitqueue_head(&jfce->wq);
	INIT_LIST_HEAD(&jfce->ready);
	ubnpu_ctx_get(ctx);
	jfce->ctx = ctx;
	spin_lock(&ctx->jfce_lock);
	list_add_tail(&jfce->node, &ctx->jfces);
	spin_unlock(&ctx->jfce_lock);
	return jfce;
}

static void jfce_undo(struct ubnpu_jfce *jfce)
{
	struct ubnpu_ctx *ctx = jfce->ctx;

	spin_lock(&ctx->jfce_lock);
	list_del(&jfce->node);
	spin_unlock(&ctx->jfce_lock);
	ubnpu_jfce_put(jfce);
	ubnpu_ctx_put(ctx);
}

/* Takes the eventfd over, also when it fails. */
static int jfce_open(struct ubnpu_ctx *ctx, struct ubnpu_call *call, int flags,
		     struct eventfd_ctx *eventfd)
{
	struct ubnpu_jfce *jfce = jfce_new(ctx);
	struct file *file;
	int fd;

	if (!jfce) {
		if (eventfd)
			eventfd_ctx_put(eventfd);
		return -ENOMEM;
	}
	jfce->eventfd = eventfd;
	fd = get_unused_fd_flags(O_CLOEXEC);
	file = fd < 0 ? ERR_PTR(fd) :
	       anon_inode_getfile("[ubnpu-jfce]", &jfce_fops, jfce, O_RDONLY | flags);
	if (IS_ERR(file)) {
		if (fd >= 0)
			put_unused_fd(fd);
		jfce_undo(jfce);
		return PTR_ERR(file);
	}
	call->fd = fd;
	call->install = file;
	return fd;
}

static int jfce_eventfd(const struct ub_ioc_create_jfce *a, struct eventfd_ctx **eventfd)
{
	*eventfd = NULL;
	if (!(a->flags & UB_JFCE_F_EVENTFD))
		return 0;
	*eventfd = eventfd_ctx_fdget(a->fd);
	/* A file of another kind gives EINVAL; for the caller it is the same mistake. */
	return IS_ERR(*eventfd) ? -EBADF : 0;
}

int ubnpu_create_jfce(struct ubnpu_ctx *ctx, struct ubnpu_call *call)
{
	struct ub_ioc_create_jfce *a = &call->create_jfce;
	u32 cap = READ_ONCE(ubnpu_max_queues_per_ctx);
	struct eventfd_ctx *eventfd;
	int fd = ub_check_create_jfce(a);

	if (fd)
		return fd;
	if (READ_ONCE(ctx->lost))
		return ubnpu_fail(&a->hdr, -ENODEV, UB_EXT_DEVICE_LOST, 0, ctx->generation);
	if (!jfce_count(ctx, cap))
		return ubnpu_fail(&a->hdr, -EDQUOT, UB_EXT_CTX_LIMIT, UB_OBJ_JFCE, cap);
	fd = jfce_eventfd(a, &eventfd) ?:
	     jfce_open(ctx, call, a->flags & UB_JFCE_F_NONBLOCK ? O_NONBLOCK : 0, eventfd);
	if (fd < 0) {
		spin_lock(&ctx->jfce_lock);
		ctx->nr_jfces--;
		spin_unlock(&ctx->jfce_lock);
		return fd == -ENOMEM ? ubnpu_fail_nomem(&a->hdr) : fd;
	}
	a->fd = fd;
	return 0;
}
