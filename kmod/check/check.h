/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The arguments of the ioctls, checked. The driver and the library's soft provider both compile
 * this, so one call gets one answer from either.
 *
 * A function returns 0, or a negative errno with hdr filled. What is wrong twice gets the answer
 * of the first check. A caller checks in this order:
 *
 *   1. the structure	ub_check_reg_seg(), ub_check_create_jfc() and their like
 *   2. queue's memory	ub_check_queue()
 *   3. memory		ub_check_range(); what may be locked; what is mapped and how
 *   4. names		event channel, JFC, JFR, segment
 *   5. limits		of the context, then of the device
 *
 * A caller itself checks what asks for a kernel (whose memory it is, capabilities) or for its
 * tables of objects.
 */
#ifndef UB_CHECK_H
#define UB_CHECK_H

#ifdef __KERNEL__
#include <linux/build_bug.h>
#endif
#include <linux/errno.h>
#include <linux/types.h>

#include "../uapi/ub.h"

#define UB_CHECK_MAX_SEG_LEN	(1ull << 40)
#define UB_CHECK_ENTRY_SIZE	64	/* WQEBB, receive WQE and CQE alike */
#define UB_CHECK_REC_SIZE	128
#define UB_CHECK_QUEUE_SLACK	(2ull << 20)	/* a queue's memory may be so much longer */

static_assert(sizeof(struct ub_hw_jfs_rec) == UB_CHECK_REC_SIZE, "JFS record");
static_assert(sizeof(struct ub_hw_jfr_rec) == UB_CHECK_REC_SIZE, "JFR record");
static_assert(sizeof(struct ub_hw_jfc_rec) == UB_CHECK_REC_SIZE, "JFC record");

static inline int ub_check_fail(struct ub_ioc_hdr *hdr, int err, __u32 code, __u32 obj,
				__u64 limit)
{
	hdr->ext_code = code;
	hdr->ext_obj = obj;
	hdr->ext_limit = limit;
	return err;
}

static inline int ub_check_flags(__u32 flags, __u32 known, struct ub_ioc_hdr *hdr)
{
	if (flags & ~known)
		return ub_check_fail(hdr, -EINVAL, UB_EXT_BAD_FLAGS, 0, known);
	return 0;
}

/* offset: of the field in its structure; so below. */
static inline int ub_check_zero(__u64 value, __u32 offset, struct ub_ioc_hdr *hdr)
{
	if (value)
		return ub_check_fail(hdr, -EINVAL, UB_EXT_RESERVED_SET, offset, 0);
	return 0;
}

static inline int ub_check_most(__u64 value, __u64 most, __u32 offset, struct ub_ioc_hdr *hdr)
{
	if (value > most)
		return ub_check_fail(hdr, -EINVAL, UB_EXT_BAD_VALUE, offset, most);
	return 0;
}

#define UB_CHECK_OFF(type, field)	((__u32)__builtin_offsetof(struct type, field))

/* ---- Memory ---------------------------------------------------------------------------------- */
/* WRITE needs READ, ATOMIC needs both, LOCAL_ONLY stands alone. */
static inline int ub_check_access(__u32 access, struct ub_ioc_hdr *hdr)
{
	switch (access) {
	case UB_ACCESS_LOCAL_ONLY:
	case UB_ACCESS_READ:
	case UB_ACCESS_READ | UB_ACCESS_WRITE:
	case UB_ACCESS_READ | UB_ACCESS_WRITE | UB_ACCESS_ATOMIC:
		return 0;
	default:
		return ub_check_fail(hdr, -EINVAL, UB_EXT_BAD_ACCESS, 0, 0);
	}
}

static inline int ub_check_reg_seg(struct ub_ioc_reg_seg *a)
{
	int ret = ub_check_zero(a->pad, UB_CHECK_OFF(ub_ioc_reg_seg, pad), &a->hdr);

	if (!ret)
		ret = ub_check_flags(a->flags, UB_REG_F_READ_ONLY, &a->hdr);
	if (!ret)
		ret = ub_check_access(a->access, &a->hdr);
	if (!ret && a->flags & UB_REG_F_READ_ONLY && a->access & UB_ACCESS_WRITE)
		ret = ub_check_fail(&a->hdr, -EINVAL, UB_EXT_BAD_ACCESS, 0, 0);
	if (!ret)
		ret = ub_check_most(a->token_policy, UB_TOKEN_NONE,
				    UB_CHECK_OFF(ub_ioc_reg_seg, token_policy), &a->hdr);
	return ret;
}

static inline int ub_check_dereg_seg(struct ub_ioc_dereg_seg *a)
{
	return ub_check_zero(a->pad, UB_CHECK_OFF(ub_ioc_dereg_seg, pad), &a->hdr);
}

/* What the instructions are the device judges. */
static inline int ub_check_create_program(struct ub_ioc_create_program *a)
{
	int ret = ub_check_zero(a->pad, UB_CHECK_OFF(ub_ioc_create_program, pad), &a->hdr);

	return ret ? ret : ub_check_flags(a->flags, 0, &a->hdr);
}

/* The instructions lie in a segment of these bytes. */
static inline int ub_check_program_range(struct ub_ioc_create_program *a, __u64 addr, __u64 len)
{
	if (a->addr < addr || a->len > len || a->addr - addr > len - a->len)
		return ub_check_fail(&a->hdr, -EINVAL, UB_EXT_BAD_LENGTH, 0, len);
	return 0;
}

static inline int ub_check_destroy_program(struct ub_ioc_destroy_program *a)
{
	return ub_check_zero(a->pad, UB_CHECK_OFF(ub_ioc_destroy_program, pad), &a->hdr);
}

/* access, policy: with which the segment was registered. */
static inline int ub_check_set_token(struct ub_ioc_set_token *a, __u32 access, __u32 policy)
{
	if (access == UB_ACCESS_LOCAL_ONLY || policy == UB_TOKEN_NONE)
		return ub_check_fail(&a->hdr, -EINVAL, UB_EXT_NO_TOKEN, a->token_id, 0);
	return 0;
}

/* The device's word for a policy: it makes no token by itself. */
static inline __u32 ub_check_hw_policy(__u32 policy)
{
	return policy == UB_TOKEN_NONE ? UB_HW_TOKEN_NONE : UB_HW_TOKEN_PLAIN_TEXT;
}

/* Memory of a segment or of a queue, which is to be locked. */
static inline int ub_check_range(__u64 addr, __u64 len, struct ub_ioc_hdr *hdr)
{
	if (!len || len > UB_CHECK_MAX_SEG_LEN)
		return ub_check_fail(hdr, -EINVAL, UB_EXT_BAD_LENGTH, 0, UB_CHECK_MAX_SEG_LEN);
	if (addr + len < addr || addr + len > 1ull << UB_UBA_BITS)
		return ub_check_fail(hdr, -EFAULT, UB_EXT_BAD_ADDRESS, 0, 0);
	return 0;
}

/* ---- Queues ---------------------------------------------------------------------------------- */
/* The structure begins with hdr and mem, as all CREATEs do. */
#define UB_CHECK_MEM_OFF(field) \
	((__u32)sizeof(struct ub_ioc_hdr) + UB_CHECK_OFF(ub_ioc_queue_mem, field))

static inline int ub_check_depth(__u32 depth, __u32 max_depth, struct ub_ioc_hdr *hdr)
{
	if (depth < UB_HW_MIN_DEPTH || depth > max_depth || depth & (depth - 1))
		return ub_check_fail(hdr, -EINVAL, UB_EXT_BAD_DEPTH, 0, max_depth);
	return 0;
}

static inline int ub_check_aligned(__u64 value, __u64 to, __u32 offset, struct ub_ioc_hdr *hdr)
{
	if (value & (to - 1))
		return ub_check_fail(hdr, -EINVAL, UB_EXT_BAD_ALIGNMENT, offset, to);
	return 0;
}

/* The depth is a right one. */
static inline int ub_check_queue_mem(const struct ub_ioc_queue_mem *mem, __u32 depth,
				     __u32 max_depth, struct ub_ioc_hdr *hdr)
{
	__u64 max_len = (__u64)max_depth * UB_CHECK_ENTRY_SIZE + UB_CHECK_QUEUE_SLACK;
	__u64 ring = (__u64)depth * UB_CHECK_ENTRY_SIZE;
	int ret = ub_check_aligned(mem->addr, UB_HW_PAGE_SIZE, UB_CHECK_MEM_OFF(addr), hdr);

	if (!ret)
		ret = ub_check_aligned(mem->rec_offset, UB_CHECK_REC_SIZE,
				       UB_CHECK_MEM_OFF(rec_offset), hdr);
	if (ret)
		return ret;
	if (mem->len & (UB_HW_PAGE_SIZE - 1) || mem->len < ring + UB_CHECK_REC_SIZE ||
	    mem->len > max_len)
		return ub_check_fail(hdr, -EINVAL, UB_EXT_BAD_LENGTH, 0, max_len);
	if (mem->rec_offset < ring || mem->rec_offset > mem->len - UB_CHECK_REC_SIZE)
		return ub_check_fail(hdr, -EINVAL, UB_EXT_BAD_VALUE, UB_CHECK_MEM_OFF(rec_offset),
				     mem->len - UB_CHECK_REC_SIZE);
	return 0;
}

/* Depth and memory of a queue; that of a kernel queue is the kernel's, not the caller's to give. */
static inline int ub_check_queue(const struct ub_ioc_queue_mem *mem, __u32 depth,
				 __u32 max_depth, bool kernel, struct ub_ioc_hdr *hdr)
{
	int ret = ub_check_depth(depth, max_depth, hdr);

	if (ret)
		return ret;
	if (!kernel)
		return ub_check_queue_mem(mem, depth, max_depth, hdr);
	return ub_check_zero(mem->addr | mem->len | mem->rec_offset, UB_CHECK_MEM_OFF(addr), hdr);
}

static inline int ub_check_create_jfce(struct ub_ioc_create_jfce *a)
{
	return ub_check_flags(a->flags, UB_JFCE_F_NONBLOCK | UB_JFCE_F_EVENTFD, &a->hdr);
}

struct ub_check_jfc_limits {
	__u32 flags;		/* that are known */
	__u32 comp_vectors;	/* at least 1 */
};

static inline int ub_check_create_jfc(struct ub_ioc_create_jfc *a,
				      struct ub_check_jfc_limits limits)
{
	const __u32 vector_off = UB_CHECK_OFF(ub_ioc_create_jfc, comp_vector);
	const __u32 jfce_off = UB_CHECK_OFF(ub_ioc_create_jfc, jfce_fd);
	bool kernel = a->flags & UB_JFC_F_KERNEL;
	int ret = ub_check_flags(a->flags, limits.flags, &a->hdr);

	if (!ret)
		ret = ub_check_most(a->comp_vector, limits.comp_vectors - 1, vector_off, &a->hdr);
	if (!ret && kernel)
		ret = ub_check_zero(a->comp_vector, vector_off, &a->hdr);
	if (!ret && kernel)
		ret = ub_check_zero((__u32)a->jfce_fd, jfce_off, &a->hdr);
	if (!ret && a->jfce_fd < -1)
		ret = ub_check_fail(&a->hdr, -EINVAL, UB_EXT_BAD_VALUE, jfce_off, 0x7fffffff);
	return ret;
}

static inline int ub_check_modify_jfc(struct ub_ioc_modify_jfc *a)
{
	int ret = ub_check_zero(a->pad, UB_CHECK_OFF(ub_ioc_modify_jfc, pad), &a->hdr);

	return ret ? ret : ub_check_flags(a->flags, UB_JFC_F_ADAPTIVE, &a->hdr);
}

/*
 * What a JFS is, and its priority. A caller that grants strict priorities, those from
 * UB_HW_STRICT_PRIORITY on, as a privilege asks for it between this and ub_check_jfs_service().
 */
static inline int ub_check_create_jfs(struct ub_ioc_create_jfs *a)
{
	int ret = ub_check_flags(a->flags, UB_JFS_F_ERROR_SUSPEND | UB_JFS_F_JETTY, &a->hdr);

	if (!ret && !(a->flags & UB_JFS_F_JETTY))
		ret = ub_check_most(a->jfr, 0, UB_CHECK_OFF(ub_ioc_create_jfs, jfr), &a->hdr);
	if (!ret)
		ret = ub_check_most(a->priority, UB_HW_MAX_PRIORITY,
				    UB_CHECK_OFF(ub_ioc_create_jfs, priority), &a->hdr);
	return ret;
}

/* The rest of what a JFS is given. */
static inline int ub_check_jfs_service(struct ub_ioc_create_jfs *a)
{
	int ret = ub_check_most(a->weight, UB_HW_MAX_WEIGHT,
				UB_CHECK_OFF(ub_ioc_create_jfs, weight), &a->hdr);

	if (!ret)
		ret = ub_check_most(a->rnr_retry, UB_HW_MAX_RNR_RETRY,
				    UB_CHECK_OFF(ub_ioc_create_jfs, rnr_retry), &a->hdr);
	if (!ret)
		ret = ub_check_most(a->err_timeout, UB_HW_MAX_ERR_TIMEOUT,
				    UB_CHECK_OFF(ub_ioc_create_jfs, err_timeout), &a->hdr);
	return ret;
}

static inline int ub_check_create_jfr(struct ub_ioc_create_jfr *a)
{
	int ret = ub_check_zero(a->pad, UB_CHECK_OFF(ub_ioc_create_jfr, pad), &a->hdr);

	if (!ret)
		ret = ub_check_flags(a->flags, 0, &a->hdr);
	if (!ret)
		ret = ub_check_most(a->min_rnr_timer, UB_HW_MAX_RNR_TIMER,
				    UB_CHECK_OFF(ub_ioc_create_jfr, min_rnr_timer), &a->hdr);
	if (!ret)
		ret = ub_check_most(a->token_policy, UB_TOKEN_NONE,
				    UB_CHECK_OFF(ub_ioc_create_jfr, token_policy), &a->hdr);
	return ret;
}

static inline int ub_check_modify_queue(struct ub_ioc_modify_queue *a)
{
	return ub_check_most(a->state, UB_STATE_ERROR, UB_CHECK_OFF(ub_ioc_modify_queue, state),
			     &a->hdr);
}

static inline int ub_check_destroy_queue(struct ub_ioc_destroy_queue *a)
{
	return ub_check_zero(a->pad, UB_CHECK_OFF(ub_ioc_destroy_queue, pad), &a->hdr);
}

#endif
