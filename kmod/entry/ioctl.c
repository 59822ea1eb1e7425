// SPDX-License-Identifier: GPL-2.0-only
/* Dispatch of ioctls: sizes, copying in and back, and what is answered here at once. */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/uaccess.h>

#include "entry/entry.h"

static int ioc_query_device(struct ubnpu_ctx *ctx, struct ubnpu_call *call)
{
	struct ub_ioc_query_device *q = &call->query_device;
	struct ubnpu_dev *ub = ctx->ub;
	const struct ubnpu_caps *c = &ub->caps;

	if (READ_ONCE(ub->gone))
		return ubnpu_fail(&q->hdr, -ENODEV, UB_EXT_DEVICE_LOST, 0, ctx->generation);
	q->api_version = UB_API_VERSION;
	q->hw_version = c->hw_version;
	memcpy(q->guid, c->guid, sizeof(q->guid));
	memcpy(q->eid, c->eid, sizeof(q->eid));
	q->caps = c->caps;
	q->opcodes = c->opcodes;
	q->max_msg = c->max_msg;
	q->hbm_size = c->hbm_size;
	q->class_code = c->class_code;
	q->upi = c->upi;
	q->generation = READ_ONCE(ub->generation);
	q->ctx_generation = ctx->generation;
	q->tid = ctx->tid;
	q->max_ctx = c->max_ctx;
	q->max_seg = c->max_seg;
	q->max_jfs = c->max_queues[UBNPU_JFS];
	q->max_jfr = c->max_queues[UBNPU_JFR];
	q->max_jfc = c->max_queues[UBNPU_JFC];
	q->max_jfs_depth = c->max_depth[UBNPU_JFS];
	q->max_jfr_depth = c->max_depth[UBNPU_JFR];
	q->max_jfc_depth = c->max_depth[UBNPU_JFC];
	q->max_sge = c->max_sge;
	q->max_inline = c->max_inline;
	q->max_gemm_dim = c->max_gemm_dim;
	q->engines = c->engines;
	q->comp_vectors = c->comp_vectors;
	q->visa_version = c->visa_version;
	q->max_program = c->max_program;
	return 0;
}

#define IOC_QUEUE(name, type) \
static int ioc_##name##_##type(struct ubnpu_ctx *ctx, struct ubnpu_call *call) \
{ \
	return ubnpu_##name##_queue(ctx, call, UBNPU_##type); \
}

IOC_QUEUE(modify, JFS)
IOC_QUEUE(modify, JFR)
IOC_QUEUE(query, JFS)
IOC_QUEUE(query, JFR)
IOC_QUEUE(query, JFC)
IOC_QUEUE(destroy, JFS)
IOC_QUEUE(destroy, JFR)
IOC_QUEUE(destroy, JFC)

struct ioc_entry {
	int (*fn)(struct ubnpu_ctx *ctx, struct ubnpu_call *call);
	size_t size;
	size_t min;		/* what is made or taken can be told in so much */
};

#define IOC(cmd, fn) [_IOC_NR(cmd)] = { fn, _IOC_SIZE(cmd), sizeof(struct ub_ioc_hdr) }
#define IOC_MAKE(cmd, fn, type, name) \
	[_IOC_NR(cmd)] = { fn, sizeof(struct type), offsetofend(struct type, name) }

static const struct ioc_entry ioc_table[] = {
	IOC(UB_IOC_QUERY_DEVICE, ioc_query_device),
	IOC_MAKE(UB_IOC_REG_SEG, ubnpu_reg_seg, ub_ioc_reg_seg, token_id),
	IOC(UB_IOC_DEREG_SEG, ubnpu_dereg_seg),
	IOC(UB_IOC_SET_TOKEN, ubnpu_set_token),
	IOC_MAKE(UB_IOC_CREATE_JFCE, ubnpu_create_jfce, ub_ioc_create_jfce, fd),
	IOC_MAKE(UB_IOC_CREATE_JFC, ubnpu_create_jfc, ub_ioc_create_jfc, id),
	IOC_MAKE(UB_IOC_CREATE_JFS, ubnpu_create_jfs, ub_ioc_create_jfs, id),
	IOC_MAKE(UB_IOC_CREATE_JFR, ubnpu_create_jfr, ub_ioc_create_jfr, id),
	IOC(UB_IOC_MODIFY_JFS, ioc_modify_JFS),
	IOC(UB_IOC_MODIFY_JFR, ioc_modify_JFR),
	IOC(UB_IOC_QUERY_JFS, ioc_query_JFS),
	IOC(UB_IOC_QUERY_JFR, ioc_query_JFR),
	IOC(UB_IOC_QUERY_JFC, ioc_query_JFC),
	IOC(UB_IOC_DESTROY_JFS, ioc_destroy_JFS),
	IOC(UB_IOC_DESTROY_JFR, ioc_destroy_JFR),
	IOC(UB_IOC_DESTROY_JFC, ioc_destroy_JFC),
	IOC_MAKE(UB_IOC_SUBMIT, ubnpu_submit, ub_ioc_submit, taken),
	IOC_MAKE(UB_IOC_REAP, ubnpu_reap, ub_ioc_reap, count),
	IOC(UB_IOC_MODIFY_JFC, ubnpu_modify_jfc),
	IOC_MAKE(UB_IOC_CREATE_PROGRAM, ubnpu_create_program, ub_ioc_create_program, id),
	IOC(UB_IOC_DESTROY_PROGRAM, ubnpu_destroy_program),
};

/* A longer structure's tail is known to be zero; it is written only to find it writable. */
static int ioc_copy_back(void __user *arg, const struct ubnpu_call *call, size_t ksize,
			 size_t usize)
{
	if (copy_to_user(arg, call, min(ksize, usize)))
		return -EFAULT;
	if (usize > ksize && clear_user(arg + ksize, usize - ksize))
		return -EFAULT;
	return 0;
}

static int ioc_copy_in(void __user *arg, struct ubnpu_call *call, size_t ksize, size_t usize)
{
	int ret;

	memset(call, 0, sizeof(*call));
	ret = copy_struct_from_user(call, ksize, arg, usize);
	memset(&call->hdr, 0, sizeof(call->hdr));
	return ret;
}

static void ioc_install(struct ubnpu_call *call, int ret)
{
	if (!call->install)
		return;
	if (!ret) {
		fd_install(call->fd, call->install);
		return;
	}
	put_unused_fd(call->fd);
	fput(call->install);
}

long ubnpu_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *user = (void __user *)arg;
	const struct ioc_entry *entry;
	size_t usize = _IOC_SIZE(cmd);
	struct ubnpu_call call;
	int ret;

	if (_IOC_TYPE(cmd) != UB_IOC_MAGIC || _IOC_NR(cmd) >= ARRAY_SIZE(ioc_table) ||
	    _IOC_DIR(cmd) != (_IOC_READ | _IOC_WRITE))
		return -ENOTTY;
	entry = &ioc_table[_IOC_NR(cmd)];
	if (!entry->fn)
		return -ENOTTY;
	if (usize < entry->min)
		return -EINVAL;
	ret = ioc_copy_in(user, &call, entry->size, usize);
	if (ret == -EFAULT)
		return ret;
	if (!ret) {
		/* Nothing is made whose name could not be told. */
		ret = ioc_copy_back(user, &call, entry->size, usize);
		if (ret)
			return ret;
		ret = entry->fn(file->private_data, &call);
	}
	/* A call that is to go on is called again with what it has left in the structure. */
	if (ret && ret != -ERESTARTNOHAND) {
		if (copy_to_user(user, &call.hdr, sizeof(call.hdr)))
			ret = -EFAULT;
	} else if (ioc_copy_back(user, &call, entry->size, usize)) {
		ret = -EFAULT;
	}
	ioc_install(&call, ret);
	return ret;
}
