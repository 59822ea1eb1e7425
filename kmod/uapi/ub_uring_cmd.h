/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/* Commands by io_uring, of <ub/ub_uapi.h>. */
#ifndef UB_URING_CMD_H
#define UB_URING_CMD_H

#include <linux/ioctl.h>
#include <linux/types.h>

/*
 * io_uring: IORING_OP_URING_CMD on the context file, cmd_op one of UB_URING_*, and this at the
 * start of the SQE's command area. With UB_URING_SUBMIT the other 64 bytes of an SQE128 hold a WQE.
 * res of the CQE: 0; a negative errno when nothing was done; SUBMIT: also enum ub_cr_status of the
 * first WQE that failed. With CQE32 the extra word is, for one WQE, its imm_data if it has one,
 * else the bytes moved; for several, how many succeeded.
 */
struct ub_uring_cmd {
	__u32 id;		/* JFS: SUBMIT, CANCEL; JFC: WAIT, REAP, CANCEL; or TokenID */
	__u32 arg;		/* see each op */
	__u64 addr;		/* see each op */
};

/*
 * SUBMIT: arg 0: the WQE in the SQE. Else addr is the address of arg WQEBBs, and the command ends
 *   with the last WQE. With IORING_URING_CMD_FIXED that address lies in the registered buffer.
 *   All go in or none: EAGAIN, no room; EINVAL, more than the ring or the JFC holds. Needs a JFS
 *   of a kernel JFC. Works with IOPOLL and SQPOLL. When the JFS is destroyed or reset under it:
 *   ECANCELED. The same within a second when io_uring waits for its end: who had the ring last
 *   closed it, or the process that submitted it executes another program, or ends and has a ring
 *   with SQPOLL. Its WQEs stay in the queue then, and their CQEs go to nobody.
 * WAIT: ends when a mapped JFC fires with arm serial arg, or has; addr: time limit in ns, 1 ..
 *   UB_URING_WAIT_MAX_NS, after which res is -ETIME; ECANCELED as SUBMIT. With IOPOLL: EOPNOTSUPP.
 * REG_SEG: addr is the address of arg bytes of struct ub_ioc_reg_seg, written back as by the ioctl.
 * DEREG_SEG: arg and addr 0.
 * REAP: multishot, of Linux 6.18 and later: with IORING_URING_CMD_MULTISHOT and a group of
 *   buffers (IOSQE_BUFFER_SELECT); arg and addr 0. Each time a kernel JFC has CQEs for UB_IOC_REAP,
 *   as many struct ub_hw_cqe as fit, at most UB_URING_REAP_MAX, go into a buffer: res is their
 *   bytes, with IORING_CQE_F_MORE. It ends without that flag: ENOBUFS, no buffer is left; EINVAL, a
 *   buffer is shorter than a CQE, or the JFC in ERROR; EFAULT; ECANCELED, by CANCEL or its JFC;
 *   ENODEV; EOVERFLOW, no room for the ring's own CQE. What was not delivered stays in the JFC.
 *   EOPNOTSUPP: an older kernel, or IOPOLL.
 * CANCEL: arg UB_OBJ_JFS or UB_OBJ_JFC, addr 0. JFC: its WAITs or REAPs end with -ECANCELED. JFS:
 *   what is in the ring ends with its true status or WR_FLUSH_ERR, then the queue is READY again; a
 *   SUBMIT meanwhile gets ECANCELED. res: how many ended so.
 */
#define UB_URING_WAIT_MAX_NS	10000000000ull
#define UB_URING_REAP_MAX	16	/* CQEs in one buffer */

#define UB_IOC_MAGIC		0xb5

#define UB_URING_SUBMIT		_IOWR(UB_IOC_MAGIC, 0x30, struct ub_uring_cmd)
#define UB_URING_WAIT		_IOWR(UB_IOC_MAGIC, 0x31, struct ub_uring_cmd)
#define UB_URING_REG_SEG	_IOWR(UB_IOC_MAGIC, 0x32, struct ub_uring_cmd)
#define UB_URING_DEREG_SEG	_IOWR(UB_IOC_MAGIC, 0x33, struct ub_uring_cmd)
#define UB_URING_CANCEL		_IOWR(UB_IOC_MAGIC, 0x34, struct ub_uring_cmd)
#define UB_URING_REAP		_IOWR(UB_IOC_MAGIC, 0x35, struct ub_uring_cmd)

#endif
