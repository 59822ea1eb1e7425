/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * The kernel contract of ubnpu.ko: ioctls, mmap offsets, events and the generic netlink family.
 * docs/uapi.md is its prose.
 *
 * Rules for every ioctl:
 *  - An open file is a context; all that is made through it dies with it.
 *  - Structures grow at the end. The kernel takes a shorter one as if the tail were zero, a longer
 *    one if the tail it does not know is zero (else E2BIG), and zeroes the tail it returns.
 *    One too short for hdr, or to tell what the call made or took, is EINVAL and left alone.
 *  - rsvd and pad fields and unknown flags must be zero (else EINVAL).
 *  - On failure hdr says why: ext_code, and ext_obj and ext_limit where the code gives them sense.
 *  - The layout is the same for 32-bit callers; addresses are 64 bit.
 */
#ifndef UB_UAPI_H
#define UB_UAPI_H

#include <linux/ioctl.h>
#include <linux/types.h>
#include "ub_hw.h"

#define UB_API_VERSION	1

/* Extended error codes. Comments: errno; ext_obj; ext_limit. */
enum ub_ext_code {
	UB_EXT_NONE		= 0,
	UB_EXT_BAD_FLAGS	= 1,	/* EINVAL; -; flags that are known */
	UB_EXT_RESERVED_SET	= 2,	/* EINVAL; offset of the field; - */
	UB_EXT_BAD_LENGTH	= 3,	/* EINVAL; -; largest length */
	UB_EXT_BAD_ADDRESS	= 4,	/* EFAULT; -; bytes that could be pinned */
	UB_EXT_BAD_ALIGNMENT	= 5,	/* EINVAL; offset of the field; bytes to align to */
	UB_EXT_BAD_DEPTH	= 6,	/* EINVAL; -; largest depth */
	UB_EXT_BAD_ACCESS	= 7,	/* EINVAL; -; - : combination of access bits */
	UB_EXT_READ_ONLY	= 8,	/* EACCES; -; - : memory not writable, rights want it */
	UB_EXT_MEMLOCK		= 9,	/* EPERM; -; RLIMIT_MEMLOCK, bytes */
	UB_EXT_NO_SUCH_OBJECT	= 10,	/* ENOENT; id; - */
	UB_EXT_BUSY		= 11,	/* EBUSY; id; references left */
	UB_EXT_CTX_LIMIT	= 12,	/* EDQUOT; UB_OBJ_*; objects of one context */
	UB_EXT_DEV_LIMIT	= 13,	/* ENOSPC; UB_OBJ_*; objects of the device */
	UB_EXT_BAD_STATE	= 14,	/* EINVAL; id; present state */
	UB_EXT_DEVICE_LOST	= 15,	/* ENODEV; -; generation the context was opened in */
	UB_EXT_ADMIN_TIMEOUT	= 16,	/* EIO; admin opcode; milliseconds waited */
	UB_EXT_ADMIN_FAILED	= 17,	/* EIO; admin opcode; admin status */
	UB_EXT_NO_MEMORY	= 18,	/* ENOMEM; -; - */
	UB_EXT_BAD_VALUE	= 19,	/* EINVAL; offset of the field; largest value */
	UB_EXT_FOREIGN_CONTEXT	= 20,	/* EACCES; -; - : another process opened this context */
	UB_EXT_PRIVILEGE	= 21,	/* EPERM; capability wanted; largest value without it */
	UB_EXT_WRONG_DOOR	= 22,	/* EINVAL; id; - : the queue is of another door */
	UB_EXT_QUEUE_FULL	= 23,	/* EAGAIN; id; WQEBBs of the ring */
	UB_EXT_CANCELLED	= 24,	/* ECANCELED; id; - */
	UB_EXT_USER_LIMIT	= 25,	/* EDQUOT; UB_OBJ_*, 0: pinned bytes; what one user may have */
};

enum ub_obj_type {
	UB_OBJ_CONTEXT		= 1,
	UB_OBJ_SEG		= 2,
	UB_OBJ_JFS		= 3,
	UB_OBJ_JFR		= 4,
	UB_OBJ_JFC		= 5,
	UB_OBJ_JFCE		= 6,
	UB_OBJ_DB_PAGE		= 7,
};

struct ub_ioc_hdr {
	__u32 ext_code;		/* out: enum ub_ext_code */
	__u32 ext_obj;		/* out */
	__u64 ext_limit;	/* out */
};

/* QUERY_DEVICE: identity and limits, as the registers of the same names give them. */
struct ub_ioc_query_device {
	struct ub_ioc_hdr hdr;
	__u32 api_version;	/* out: UB_API_VERSION */
	__u32 hw_version;	/* out */
	__u8 guid[16];		/* out */
	__u8 eid[16];		/* out */
	__u64 caps;		/* out: UB_CAP_* */
	__u64 opcodes;		/* out: UB_OPCAP_* */
	__u64 max_msg;		/* out: bytes */
	__u64 hbm_size;		/* out: bytes */
	__u32 class_code;	/* out */
	__u32 upi;		/* out */
	__u32 generation;	/* out: the device's */
	__u32 ctx_generation;	/* out: when this context was opened; differs: device lost */
	__u32 tid;		/* out: this context's */
	__u32 max_ctx;		/* out: and so on, of the whole device */
	__u32 max_seg;
	__u32 max_jfs;
	__u32 max_jfr;
	__u32 max_jfc;
	__u32 max_jfs_depth;
	__u32 max_jfr_depth;
	__u32 max_jfc_depth;
	__u32 max_sge;
	__u32 max_inline;
	__u32 max_gemm_dim;
	__u32 engines;
	__u32 comp_vectors;	/* out: event queues for completions */
};

#define UB_REG_F_READ_ONLY	(1u << 0)	/* pin for reading; access LOCAL_ONLY or READ */

/* REG_SEG: pin [addr, addr + len) and make a segment of it. No alignment is asked. */
struct ub_ioc_reg_seg {
	struct ub_ioc_hdr hdr;
	__u64 addr;		/* in: bytes */
	__u64 len;		/* in: bytes, at least 1 */
	__u32 access;		/* in: UB_ACCESS_*; WRITE needs READ, ATOMIC needs both */
	__u32 flags;		/* in: UB_REG_F_* */
	__u32 token_policy;	/* in: UB_TOKEN_* */
	__u32 token_value;	/* in */
	__u32 token_id;		/* out: names the segment */
	__u32 leaf_4k;		/* out: page table leaves made of each size */
	__u32 leaf_2m;		/* out */
	__u32 pad;
};

struct ub_ioc_dereg_seg {
	struct ub_ioc_hdr hdr;
	__u32 token_id;		/* in */
	__u32 pad;
};

/* SET_TOKEN: rotate the token value of a segment; accesses under the old one fail from then on. */
struct ub_ioc_set_token {
	struct ub_ioc_hdr hdr;
	__u32 token_id;		/* in */
	__u32 token_value;	/* in */
};

/*
 * CREATE_JFCE: an event channel, a file of its own: poll(2), and read(2) of struct ub_jfce_event.
 * With UB_JFCE_F_EVENTFD each event also adds 1 to an eventfd of the caller's.
 */
struct ub_ioc_create_jfce {
	struct ub_ioc_hdr hdr;
	__u32 flags;		/* in: UB_JFCE_F_* */
	__s32 fd;		/* in: the eventfd, else ignored; out: the channel, close-on-exec */
};
#define UB_JFCE_F_NONBLOCK	(1u << 0)
#define UB_JFCE_F_EVENTFD	(1u << 1)

struct ub_jfce_event {
	__u32 jfc;		/* id */
	__u32 arm_sn;		/* serial of the arm that fired; UB_JFCE_SN_UNKNOWN: wake to look */
	__u64 user_ctx;		/* the JFC's */
};
#define UB_JFCE_SN_UNKNOWN	0xffffffffu

/*
 * A queue's memory is one page-aligned range of the caller's: the ring at its start, the shadow
 * record at rec_offset (128-byte aligned, not in the ring). It stays pinned while the queue lives.
 */
struct ub_ioc_queue_mem {
	__u64 addr;		/* in */
	__u64 len;		/* in: bytes, multiple of 4096 */
	__u64 rec_offset;	/* in: bytes from addr */
};

/*
 * A kernel JFC has its ring in kernel memory and no doorbell for user space, and so have the JFSs
 * that complete to it: their WQEs go in by SUBMIT or UB_URING_SUBMIT, their CQEs come out by REAP
 * or as completions of the ring. JFRs may complete to it as well; their rings stay the user's.
 */
#define UB_JFC_F_KERNEL		(1u << 16)	/* mem, jfce_fd and comp_vector must be zero */

struct ub_ioc_create_jfc {
	struct ub_ioc_hdr hdr;
	struct ub_ioc_queue_mem mem;
	__u64 user_ctx;		/* in: for struct ub_jfce_event */
	__u32 depth;		/* in: CQEs, power of two */
	__s32 jfce_fd;		/* in: event channel or -1 */
	__u32 comp_vector;	/* in: 0 .. comp_vectors - 1 */
	__u32 flags;		/* in: UB_JFC_F_* */
	__u32 id;		/* out */
	__u16 mod_count;	/* in: moderation, as in struct ub_admin_jfc */
	__u16 mod_usec;		/* in */
	__u64 db_offset;	/* out: for mmap; 0 for a kernel JFC */
};

/* MODIFY_JFC: change the moderation of a JFC of either kind. */
struct ub_ioc_modify_jfc {
	struct ub_ioc_hdr hdr;
	__u32 id;		/* in */
	__u32 flags;		/* in: UB_JFC_F_ADAPTIVE or 0 */
	__u16 mod_count;	/* in */
	__u16 mod_usec;		/* in */
	__u32 pad;
};

struct ub_ioc_create_jfs {
	struct ub_ioc_hdr hdr;
	struct ub_ioc_queue_mem mem;	/* in: zero when jfc is a kernel JFC */
	__u32 depth;		/* in: WQEBBs, power of two */
	__u32 jfc;		/* in: id */
	__u32 jfr;		/* in: id, with UB_JFS_F_JETTY, else 0 */
	__u32 flags;		/* in: UB_JFS_F_* */
	__u32 priority;		/* in: 0 .. 15; from UB_HW_STRICT_PRIORITY on CAP_SYS_NICE is asked */
	__u32 rnr_retry;	/* in: 0 .. 7 */
	__u32 id;		/* out: JFS or Jetty id */
	__u32 weight;		/* in: 1 .. 255; 0: priority + 1 */
	__u64 db_offset;	/* out: for mmap; 0 with a kernel JFC */
};

struct ub_ioc_create_jfr {
	struct ub_ioc_hdr hdr;
	struct ub_ioc_queue_mem mem;
	__u32 depth;		/* in: receive WQEs, power of two */
	__u32 jfc;		/* in: id */
	__u32 min_rnr_timer;	/* in: 0 .. 19, delay 4.096 us << n */
	__u32 token_policy;	/* in */
	__u32 token_value;	/* in */
	__u32 flags;		/* in: 0 */
	__u32 id;		/* out */
	__u32 pad;
};

/* MODIFY_JFS, MODIFY_JFR */
struct ub_ioc_modify_queue {
	struct ub_ioc_hdr hdr;
	__u32 id;		/* in */
	__u32 state;		/* in: enum ub_queue_state */
};

/* QUERY_JFS, QUERY_JFR, QUERY_JFC */
struct ub_ioc_query_queue {
	struct ub_ioc_hdr hdr;
	__u32 id;		/* in */
	__u32 state;		/* out: enum ub_queue_state */
	__u32 pi;		/* out */
	__u32 ci;		/* out */
	__u32 depth;		/* out */
	__u32 refs;		/* out */
	__u64 count;		/* out */
};

/* DESTROY_JFS, DESTROY_JFR, DESTROY_JFC */
struct ub_ioc_destroy_queue {
	struct ub_ioc_hdr hdr;
	__u32 id;		/* in */
	__u32 pad;
};

/*
 * SUBMIT: put WQEs into a JFS of a kernel JFC, whole ones, one after the other as in a ring. The
 * kernel copies them, sets owner bit and idx, and rings. It takes as many as there is room for in
 * the ring and for their completions; when that is none, EAGAIN.
 */
struct ub_ioc_submit {
	struct ub_ioc_hdr hdr;
	__u64 wqes;		/* in: address of nblocks x 64 bytes */
	__u32 id;		/* in: JFS */
	__u32 nblocks;		/* in: WQEBBs, at least 1 */
	__u32 taken;		/* out: WQEBBs */
	__u32 pad;
};

/* REAP: take CQEs of a kernel JFC, those of SUBMIT and of JFRs, in the order of the ring. */
struct ub_ioc_reap {
	struct ub_ioc_hdr hdr;
	__u64 cqes;		/* in: address of max x struct ub_hw_cqe */
	__u64 timeout_ns;	/* in: how long to wait for min of them; UB_WAIT_FOREVER */
	__u32 id;		/* in: JFC */
	__u32 max;		/* in: at least 1 */
	__u32 min;		/* in: 0 .. max; 0: do not wait */
	__u32 count;		/* out; less than min after the time is over or with a signal */
};
#define UB_WAIT_FOREVER		(~0ull)

/*
 * io_uring: IORING_OP_URING_CMD on the context file, cmd_op one of UB_URING_*, and this at the
 * start of the SQE's command area. With UB_URING_SUBMIT the other 64 bytes of an SQE128 hold a WQE.
 * res of the CQE: 0; a negative errno when nothing was done; SUBMIT: also enum ub_cr_status of the
 * first WQE that failed. With CQE32 the extra word is, for one WQE, its imm_data if it has one,
 * else the bytes moved; for several, how many succeeded.
 */
struct ub_uring_cmd {
	__u32 id;		/* SUBMIT, CANCEL: JFS; WAIT, REAP, CANCEL: JFC; DEREG_SEG: TokenID */
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
 *   UB_URING_WAIT_MAX_NS, after which res is -ETIME; ECANCELED as SUBMIT. Not with IOPOLL: EOPNOTSUPP.
 * REG_SEG: addr is the address of arg bytes of struct ub_ioc_reg_seg, written back as by the ioctl.
 * DEREG_SEG: arg and addr 0.
 * REAP: multishot, of Linux 6.18 and later: with IORING_URING_CMD_MULTISHOT and a group of
 *   buffers (IOSQE_BUFFER_SELECT); arg and addr 0. Each time a kernel JFC has CQEs for UB_IOC_REAP,
 *   as many struct ub_hw_cqe as fit, at most UB_URING_REAP_MAX, go into a buffer: res is their
 *   bytes, with IORING_CQE_F_MORE. It ends without that flag: ENOBUFS, no buffer is left; EINVAL, a
 *   buffer is shorter than a CQE, or the JFC in ERROR; EFAULT; ECANCELED, by CANCEL or with its JFC;
 *   ENODEV; EOVERFLOW, no room for the ring's own CQE. What was not delivered stays in the JFC.
 *   EOPNOTSUPP: an older kernel, or IOPOLL.
 * CANCEL: arg UB_OBJ_JFS or UB_OBJ_JFC, addr 0. JFC: its WAITs or REAPs end with -ECANCELED. JFS:
 *   what is in the ring ends with its true status or WR_FLUSH_ERR, then the queue is READY again; a SUBMIT
 *   meanwhile gets ECANCELED. res: how many ended so.
 */
#define UB_URING_WAIT_MAX_NS	10000000000ull
#define UB_URING_REAP_MAX	16	/* CQEs in one buffer */

#define UB_IOC_MAGIC		0xb5
#define UB_IOC_QUERY_DEVICE	_IOWR(UB_IOC_MAGIC, 0x10, struct ub_ioc_query_device)
#define UB_IOC_REG_SEG		_IOWR(UB_IOC_MAGIC, 0x11, struct ub_ioc_reg_seg)
#define UB_IOC_DEREG_SEG	_IOWR(UB_IOC_MAGIC, 0x12, struct ub_ioc_dereg_seg)
#define UB_IOC_SET_TOKEN	_IOWR(UB_IOC_MAGIC, 0x13, struct ub_ioc_set_token)
#define UB_IOC_CREATE_JFCE	_IOWR(UB_IOC_MAGIC, 0x14, struct ub_ioc_create_jfce)
#define UB_IOC_CREATE_JFC	_IOWR(UB_IOC_MAGIC, 0x15, struct ub_ioc_create_jfc)
#define UB_IOC_CREATE_JFS	_IOWR(UB_IOC_MAGIC, 0x16, struct ub_ioc_create_jfs)
#define UB_IOC_CREATE_JFR	_IOWR(UB_IOC_MAGIC, 0x17, struct ub_ioc_create_jfr)
#define UB_IOC_MODIFY_JFS	_IOWR(UB_IOC_MAGIC, 0x18, struct ub_ioc_modify_queue)
#define UB_IOC_MODIFY_JFR	_IOWR(UB_IOC_MAGIC, 0x19, struct ub_ioc_modify_queue)
#define UB_IOC_QUERY_JFS	_IOWR(UB_IOC_MAGIC, 0x1a, struct ub_ioc_query_queue)
#define UB_IOC_QUERY_JFR	_IOWR(UB_IOC_MAGIC, 0x1b, struct ub_ioc_query_queue)
#define UB_IOC_QUERY_JFC	_IOWR(UB_IOC_MAGIC, 0x1c, struct ub_ioc_query_queue)
#define UB_IOC_DESTROY_JFS	_IOWR(UB_IOC_MAGIC, 0x1d, struct ub_ioc_destroy_queue)
#define UB_IOC_DESTROY_JFR	_IOWR(UB_IOC_MAGIC, 0x1e, struct ub_ioc_destroy_queue)
#define UB_IOC_DESTROY_JFC	_IOWR(UB_IOC_MAGIC, 0x1f, struct ub_ioc_destroy_queue)
#define UB_IOC_SUBMIT		_IOWR(UB_IOC_MAGIC, 0x20, struct ub_ioc_submit)
#define UB_IOC_REAP		_IOWR(UB_IOC_MAGIC, 0x21, struct ub_ioc_reap)
#define UB_IOC_MODIFY_JFC	_IOWR(UB_IOC_MAGIC, 0x22, struct ub_ioc_modify_jfc)

#define UB_URING_SUBMIT		_IOWR(UB_IOC_MAGIC, 0x30, struct ub_uring_cmd)
#define UB_URING_WAIT		_IOWR(UB_IOC_MAGIC, 0x31, struct ub_uring_cmd)
#define UB_URING_REG_SEG	_IOWR(UB_IOC_MAGIC, 0x32, struct ub_uring_cmd)
#define UB_URING_DEREG_SEG	_IOWR(UB_IOC_MAGIC, 0x33, struct ub_uring_cmd)
#define UB_URING_CANCEL		_IOWR(UB_IOC_MAGIC, 0x34, struct ub_uring_cmd)
#define UB_URING_REAP		_IOWR(UB_IOC_MAGIC, 0x35, struct ub_uring_cmd)

/*
 * Asynchronous events: read(2) on the context file returns whole records, poll(2) tells when.
 * A lost device gives one UB_EVENT_DEV_FATAL, then end of file.
 */
struct ub_async_event {
	__u32 type;		/* enum ub_event_type */
	__u32 id;		/* queue concerned */
	__u32 info;		/* cause: enum ub_cr_status */
	__u32 lost;		/* events dropped before this one */
	__u64 time_ns;		/* CLOCK_MONOTONIC */
};

/*
 * mmap(2) offsets. A doorbell page is mapped with the db_offset that created it: one page,
 * MAP_SHARED, PROT_READ|PROT_WRITE, by the context that owns the queue. The status page is
 * read-only, offset UB_MMAP_STATUS.
 */
#define UB_MMAP_STATUS		0ull
#define UB_MMAP_JFS_DB(id)	((1ull << 40) | ((__u64)(id) << 12))
#define UB_MMAP_JFC_DB(id)	((2ull << 40) | ((__u64)(id) << 12))

enum ub_lost {
	UB_LOST_NO		= 0,
	UB_LOST_DEVICE		= 1,	/* the device is gone or was reset */
	UB_LOST_CONTEXT		= 2,	/* this context alone was reset */
};

struct ub_status_page {
	__u32 generation;	/* the device's, now */
	__u32 lost;		/* enum ub_lost; anything but 0 is for good */
};

/* ---- Generic netlink: administration --------------------------------------------------------- */
#define UB_GENL_NAME		"ubnpu"
#define UB_GENL_VERSION		1
#define UB_GENL_MCGRP_EVENTS	"events"

/* GETs are dumps; UB_A_DEV_INDEX in the request restricts them to one device. */
enum ub_genl_cmd {
	UB_CMD_UNSPEC,
	UB_CMD_DEV_GET,		/* every device */
	UB_CMD_CTX_GET,		/* open contexts */
	UB_CMD_SEG_GET,		/* registered segments */
	UB_CMD_QUEUE_GET,	/* JFS, JFR, JFC */
	UB_CMD_DEV_RESET,	/* admin only; UB_A_DEV_INDEX, UB_A_SCOPE and what it asks for */
	UB_CMD_HEALTH_GET,	/* every device's counters of faults and recoveries */
	UB_CMD_HEALTH_NTF,	/* to the group: UB_A_HEALTH_EVENT and what it concerns */
	UB_CMD_INJECT,		/* admin only; UB_A_DEV_INDEX, UB_A_FAULT_*; as UB_ADMIN_INJECT */
	UB_CMD_INJECT_GET,	/* admin only, not a dump; UB_A_DEV_INDEX, UB_A_FAULT_KIND */
	__UB_CMD_MAX,
};
#define UB_CMD_MAX (__UB_CMD_MAX - 1)

/* What DEV_RESET resets, and what a recovery reset. */
enum ub_reset_scope {
	UB_SCOPE_DEVICE		= 0,	/* UB_A_FORCE: also with contexts open, which are lost */
	UB_SCOPE_CONTEXT	= 1,	/* UB_A_TID: it is lost, as by a reset of the device */
	UB_SCOPE_QUEUE		= 2,	/* UB_A_QUEUE_TYPE (JFS, JFR), _ID: to ERROR, flushed */
};

enum ub_health_event {
	UB_HEALTH_HANG		= 1,	/* a queue stood still; UB_A_SCOPE: what was reset for it */
	UB_HEALTH_LOST_IRQ	= 2,	/* completions were there without an interrupt; waiters woken */
	UB_HEALTH_LOST_DB	= 3,	/* a queue had work and did not run; it was rung again */
	UB_HEALTH_ADMIN_TIMEOUT	= 4,	/* the device is lost until it is reset */
	UB_HEALTH_FATAL		= 5,	/* the device said so; UB_A_SCOPE: what was reset for it */
	UB_HEALTH_RESET		= 6,	/* by an administrator or the PCI core; UB_A_SCOPE */
};

enum ub_genl_attr {
	UB_A_UNSPEC,
	UB_A_PAD,
	UB_A_DEV_INDEX,		/* u32: N of ubN */
	UB_A_DEV_NAME,		/* string */
	UB_A_BUS_ADDR,		/* string: PCI address */
	UB_A_GUID,		/* 16 bytes */
	UB_A_EID,		/* 16 bytes */
	UB_A_GENERATION,	/* u32 */
	UB_A_STATE,		/* u32: DEV: UB_STATUS_*; QUEUE: enum ub_queue_state */
	UB_A_TID,		/* u32: the context */
	UB_A_PID,		/* u32: who opened it, in the reader's pid namespace */
	UB_A_COMM,		/* string */
	UB_A_UID,		/* u32 */
	UB_A_CONTEXTS,		/* u32: number of */
	UB_A_SEGS,		/* u32 */
	UB_A_QUEUES,		/* u32 */
	UB_A_PINNED_BYTES,	/* u64 */
	UB_A_TOKEN_ID,		/* u32 */
	UB_A_ADDR,		/* u64 */
	UB_A_LEN,		/* u64 */
	UB_A_ACCESS,		/* u32: UB_ACCESS_* */
	UB_A_REG_FLAGS,		/* u32: UB_REG_F_* */
	UB_A_LEAF_4K,		/* u32 */
	UB_A_LEAF_2M,		/* u32 */
	UB_A_QUEUE_TYPE,	/* u32: UB_OBJ_JFS, _JFR or _JFC */
	UB_A_QUEUE_ID,		/* u32 */
	UB_A_QUEUE_FLAGS,	/* u32: UB_JFS_F_*, UB_JFC_F_* */
	UB_A_DEPTH,		/* u32 */
	UB_A_PI,		/* u32 */
	UB_A_CI,		/* u32 */
	UB_A_JFC,		/* u32 */
	UB_A_JFR,		/* u32 */
	UB_A_COUNT,		/* u64: WQEs or CQEs since creation */
	UB_A_INTERRUPTS,	/* u64: JFC: completion events delivered */
	UB_A_FORCE,		/* flag */
	UB_A_PRIORITY,		/* u32: JFS */
	UB_A_WEIGHT,		/* u32: JFS, as the device applies it */
	UB_A_MOD_COUNT,		/* u32: JFC */
	UB_A_MOD_USEC,		/* u32: JFC */
	UB_A_INLINE_WQES,	/* u64: JFS, and so on, as in struct ub_admin_reply */
	UB_A_DOORBELLS,		/* u64: JFS */
	UB_A_DIRECT_WQES,	/* u64: JFS */
	UB_A_PREEMPTED,		/* u64: JFS */
	UB_A_REARMS,		/* u64: JFC */
	UB_A_MODERATED,		/* u64: JFC */
	UB_A_SCOPE,		/* u32: enum ub_reset_scope */
	UB_A_HEALTH_EVENT,	/* u32: enum ub_health_event */
	UB_A_HANGS,		/* u64: HEALTH_GET, since the device was bound: and so on */
	UB_A_QUEUE_RESETS,	/* u64: by hang detection */
	UB_A_CONTEXT_RESETS,	/* u64: by hang detection */
	UB_A_DEVICE_RESETS,	/* u64: by hang detection and fatal errors */
	UB_A_ADMIN_RESETS,	/* u64: of every scope, asked for */
	UB_A_LOST_IRQS,		/* u64: recovered */
	UB_A_LOST_DOORBELLS,	/* u64: recovered */
	UB_A_EQ_OVERRUNS,	/* u64: event queues found full */
	UB_A_ADMIN_TIMEOUTS,	/* u64 */
	UB_A_FATALS,		/* u64 */
	UB_A_COREDUMPS,		/* u64: written */
	UB_A_HANG_TIMEOUT_MS,	/* u32: 0: detection is off */
	UB_A_FAULT_KIND,	/* u32: enum ub_fault */
	UB_A_FAULT_ID,		/* u32 */
	UB_A_FAULT_COUNT,	/* u32 */
	UB_A_FAULT_SKIP,	/* u32 */
	UB_A_FAULT_ARG0,	/* u64 */
	UB_A_FAULT_ARG1,	/* u64 */
	UB_A_FAULTS_ARMED,	/* u32 */
	UB_A_FAULTS_GIVEN,	/* u64 */
	__UB_A_MAX,
};
#define UB_A_MAX (__UB_A_MAX - 1)

#endif
