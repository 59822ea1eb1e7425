/* SPDX-License-Identifier: MIT */
/**
 * @file
 * libub over io_uring: what goes into an SQE for a command of a device's file. Needs liburing and a
 * device of the driver; of what is here libub.so has ub_uring_failed() alone. The commands are
 * described in <ub/ub_uapi.h>.
 *
 * The file is ub_context_fd(), or its index with IOSQE_FIXED_FILE. A queue to submit to is one of
 * UB_DOOR_IOCTL. ub_uring_prep_submit() asks for a ring with IORING_SETUP_SQE128; with
 * IORING_SETUP_CQE32 a completion carries a value, see ub_uring_value().
 *
 * Errors. A CQE has a negative errno and no more. ub_uring_failed() makes of it what
 * ub_last_error() tells of other calls, as
 *
 *	if (cqe->res < 0)
 *		ub_uring_failed(ctx, UB_URING_SUBMIT, UB_OBJ_JFS, jfs->id, jfs->depth, cqe->res);
 *
 * With a strict -std=c11 liburing wants _DEFAULT_SOURCE.
 *
 * Threads. As with liburing: one thread a ring. A JFS may be submitted to through several rings.
 */
#ifndef UB_UB_URING_H
#define UB_UB_URING_H

#include <errno.h>
#include <liburing.h>
#include <string.h>

#include <ub/ub.h>
#include <ub/ub_uapi.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Flags of a ring that every command here works with. */
#define UB_URING_SETUP	(IORING_SETUP_SQE128 | IORING_SETUP_CQE32)

/** The command area of an SQE: 16 bytes, and 80 with SQE128. */
static inline unsigned char *ub_uring_area(struct io_uring_sqe *sqe)
{
	return (unsigned char *)sqe + 48;
}

/** Any command; sqe->user_data and sqe->flags are the caller's to set afterwards. */
static inline void ub_uring_prep(struct io_uring_sqe *sqe, int fd, uint32_t op, uint32_t id,
				 uint32_t arg, uint64_t addr)
{
	struct ub_uring_cmd cmd = { id, arg, addr };

	io_uring_prep_nop(sqe);
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = fd;
	sqe->off = op;
	memcpy(ub_uring_area(sqe), &cmd, sizeof(cmd));
}

/**
 * Submit one request.
 * @param room UB_WQE_MAX bytes that stay until io_uring_submit() has returned (with SQPOLL
 *   until the completion); used for requests of more than 64 bytes. May be NULL if there are none
 * @return 0, or -EINVAL, which ub_last_error() explains: malformed, or longer than 64 bytes
 *   without room
 */
static inline int ub_uring_prep_submit(struct io_uring_sqe *sqe, int fd, const struct ub_jfs *jfs,
				       const struct ub_jfs_wr *wr, void *room)
{
	uint64_t wqe[UB_WQE_MAX / 8];
	int blocks = ub_encode_wr(jfs, wr, wqe);

	if (blocks < 0)
		return blocks;
	if (blocks == 1) {
		ub_uring_prep(sqe, fd, UB_URING_SUBMIT, jfs->id, 0, 0);
		memcpy(ub_uring_area(sqe) + sizeof(struct ub_uring_cmd), wqe, UB_HW_WQEBB_SIZE);
		return 0;
	}
	if (!room)
		return ub_uring_failed(jfs->ctx, UB_URING_SUBMIT, UB_OBJ_JFS, jfs->id, jfs->depth,
				       -EINVAL);
	memcpy(room, wqe, (size_t)blocks * UB_HW_WQEBB_SIZE);
	ub_uring_prep(sqe, fd, UB_URING_SUBMIT, jfs->id, (uint32_t)blocks, (uintptr_t)room);
	return 0;
}

/**
 * Submit encoded requests, whole ones, as one command: all go in or none, and it ends with the
 * last.
 * @param wqes blocks x 64 bytes, as ub_encode_wr() writes them one after the other
 */
static inline void ub_uring_prep_batch(struct io_uring_sqe *sqe, int fd, const struct ub_jfs *jfs,
				       const void *wqes, uint32_t blocks)
{
	ub_uring_prep(sqe, fd, UB_URING_SUBMIT, jfs->id, blocks, (uintptr_t)wqes);
}

/** The same from the ring's registered buffer buf_index, in which wqes lies. */
static inline void ub_uring_prep_batch_fixed(struct io_uring_sqe *sqe, int fd,
					     const struct ub_jfs *jfs, const void *wqes,
					     uint32_t blocks, uint16_t buf_index)
{
	ub_uring_prep_batch(sqe, fd, jfs, wqes, blocks);
	sqe->rw_flags = 1;	/* IORING_URING_CMD_FIXED, in the place of uring_cmd_flags */
	sqe->buf_index = buf_index;
}

/** Wait until a mapped JFC fires with the serial it was armed with, at most timeout_ns. */
static inline void ub_uring_prep_wait(struct io_uring_sqe *sqe, int fd, const struct ub_jfc *jfc,
				      uint64_t timeout_ns)
{
	uint32_t sn = __atomic_load_n(&jfc->arm_sn, __ATOMIC_RELAXED) & UB_DB_JFC_ARM_SN_MASK;

	ub_uring_prep(sqe, fd, UB_URING_WAIT, jfc->id, sn, timeout_ns);
}

/** After a wait ended with 0: the next ub_rearm_jfc() takes the next serial. Not with a JFCE. */
static inline void ub_uring_fired(struct ub_jfc *jfc)
{
	__atomic_store_n(&jfc->arm_sn, (jfc->arm_sn + 1) & UB_DB_JFC_ARM_SN_MASK,
			 __ATOMIC_RELAXED);
}

/**
 * Hand over the completions of a JFC of UB_DOOR_IOCTL as they come, into buffers of a group: one
 * command, a CQE with IORING_CQE_F_MORE for each buffer, until one without. Linux 6.18 and later.
 * @param group of buffers of at least 64 bytes each, n x 64 for n completions
 */
static inline void ub_uring_prep_reap(struct io_uring_sqe *sqe, int fd, const struct ub_jfc *jfc,
				      uint16_t group)
{
	ub_uring_prep(sqe, fd, UB_URING_REAP, jfc->id, 0, 0);
	sqe->rw_flags = 2;	/* IORING_URING_CMD_MULTISHOT, in the place of uring_cmd_flags */
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = group;
}

/** Completion i of a buffer that such a CQE names; it holds res / 64 of them. */
static inline void ub_uring_reaped(const void *buffer, unsigned i, struct ub_cr *cr)
{
	struct ub_hw_cqe cqe;
	uint32_t head;

	memcpy(&cqe, (const unsigned char *)buffer + i * sizeof(cqe), sizeof(cqe));
	memcpy(&head, &cqe, sizeof(head));
	ub_dp_to_cr(cr, &cqe, head);
}

/** Register memory; arg stays until the completion, and has token_id then. */
static inline void ub_uring_prep_reg_seg(struct io_uring_sqe *sqe, int fd,
					 struct ub_ioc_reg_seg *arg)
{
	ub_uring_prep(sqe, fd, UB_URING_REG_SEG, 0, sizeof(*arg), (uintptr_t)arg);
}

/** Why a registration ended with res, as ub_uring_failed() has it. */
static inline int ub_uring_reg_seg_failed(const struct ub_context *ctx,
					  const struct ub_ioc_reg_seg *arg, int res)
{
	if (!arg->hdr.ext_code)
		return ub_uring_failed(ctx, UB_URING_REG_SEG, 0, 0, 0, res);
	return ub_post_failed(ctx, 0, arg->hdr.ext_obj, -res, arg->hdr.ext_code,
			      arg->hdr.ext_limit);
}

static inline void ub_uring_prep_dereg_seg(struct io_uring_sqe *sqe, int fd, uint32_t token_id)
{
	ub_uring_prep(sqe, fd, UB_URING_DEREG_SEG, token_id, 0, 0);
}

/** End what a queue has in flight; res is how many that were. */
static inline void ub_uring_prep_cancel_jfs(struct io_uring_sqe *sqe, int fd,
					    const struct ub_jfs *jfs)
{
	ub_uring_prep(sqe, fd, UB_URING_CANCEL, jfs->id, UB_OBJ_JFS, 0);
}

/** End the waits for a mapped JFC, or the reaps of another. */
static inline void ub_uring_prep_cancel_jfc(struct io_uring_sqe *sqe, int fd,
					    const struct ub_jfc *jfc)
{
	ub_uring_prep(sqe, fd, UB_URING_CANCEL, jfc->id, UB_OBJ_JFC, 0);
}

/** Of a ring with CQE32: immediate data or bytes moved; of a batch: how many requests succeeded. */
static inline uint64_t ub_uring_value(const struct io_uring_cqe *cqe)
{
	uint64_t value;

	memcpy(&value, (const unsigned char *)cqe + 16, sizeof(value));
	return value;
}

#ifdef __cplusplus
}
#endif

#endif
