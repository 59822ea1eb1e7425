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
#include "ub_event.h"
#include "ub_hw.h"
#include "ub_netlink.h"
#include "ub_uring_cmd.h"

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
	UB_EXT_USER_LIMIT	= 25,	/* EDQUOT; UB_OBJ_*, 0: pinned bytes; what users may have */
	UB_EXT_NO_TOKEN		= 26,	/* EINVAL; TokenID; - : the segment has none to rotate */
	UB_EXT_BOUNCED		= 27,	/* EOPNOTSUPP; -; bytes before what would be bounced */
	UB_EXT_NO_ACCESS	= 28,	/* EFAULT; -; bytes that could be pinned */
	UB_EXT_PAST_FILE_END	= 29,	/* EFAULT; -; bytes that could be pinned */
	UB_EXT_DEVICE_MEMORY	= 30,	/* EFAULT; -; bytes that could be pinned */
	UB_EXT_SHARED_FILE	= 31,	/* EFAULT; -; bytes that could be pinned */
	UB_EXT_DAX_FILE		= 32,	/* EFAULT; -; bytes that could be pinned */
	UB_EXT_SECRET_MEMORY	= 33,	/* EFAULT; -; bytes that could be pinned */
	UB_EXT_NO_HUGE_PAGE	= 34,	/* ENOMEM; -; bytes that could be pinned */
	UB_EXT_USER_FAULT	= 35,	/* EFAULT; -; bytes that could be pinned */
	UB_EXT_BAD_PAGE		= 36,	/* EFAULT; -; bytes that could be pinned */
	UB_EXT_BAD_PROGRAM	= 37,	/* EINVAL; enum ub_visa_rule; index of the instruction */
};

enum ub_obj_type {
	UB_OBJ_CONTEXT		= 1,
	UB_OBJ_SEG		= 2,
	UB_OBJ_JFS		= 3,
	UB_OBJ_JFR		= 4,
	UB_OBJ_JFC		= 5,
	UB_OBJ_JFCE		= 6,
	UB_OBJ_DB_PAGE		= 7,
	UB_OBJ_PROGRAM		= 8,
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
	__u32 visa_version;	/* out: virtual instruction set, 0: no programs */
	__u32 max_program;
};

#define UB_REG_F_READ_ONLY	(1u << 0)	/* pin for reading; access LOCAL_ONLY or READ */

/*
 * What who reaches an exported segment, a JFR or a Jetty by its id must present. The number 0 is
 * the safe one: a structure of zeros opens nothing. Memory of UB_TOKEN_NONE is open to whoever may
 * open a device that reaches this one; the kernel's log names who makes the first in a context.
 */
enum ub_token_policy {
	UB_TOKEN_RANDOM		= 0,	/* the kernel makes the token: token_value is out */
	UB_TOKEN_PLAIN_TEXT	= 1,	/* token_value is in */
	UB_TOKEN_NONE		= 2,	/* nothing; token_value is ignored */
};

/* REG_SEG: pin [addr, addr + len) and make a segment of it. No alignment is asked. */
struct ub_ioc_reg_seg {
	struct ub_ioc_hdr hdr;
	__u64 addr;		/* in: bytes */
	__u64 len;		/* in: bytes, at least 1 */
	__u32 access;		/* in: UB_ACCESS_*; WRITE needs READ, ATOMIC needs both */
	__u32 flags;		/* in: UB_REG_F_* */
	__u32 token_policy;	/* in: UB_TOKEN_*; of no effect on a segment that is LOCAL_ONLY */
	__u32 token_value;	/* as the policy says */
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

/*
 * SET_TOKEN: rotate the token value of a segment; accesses under the old one fail from then on. A
 * segment without a token, LOCAL_ONLY or of UB_TOKEN_NONE, has none to rotate.
 */
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
	__u32 priority;		/* in: 0 .. 15; from UB_HW_STRICT_PRIORITY on by CAP_SYS_NICE */
	__u32 rnr_retry;	/* in: 0 .. 7 */
	__u32 id;		/* out: JFS or Jetty id */
	__u16 weight;		/* in: 1 .. 255; 0: priority + 1 */
	__u16 err_timeout;	/* in: 1 .. 31: a peer answers within 4.096 us << n; 0: 17 */
	__u64 db_offset;	/* out: for mmap; 0 with a kernel JFC */
};

struct ub_ioc_create_jfr {
	struct ub_ioc_hdr hdr;
	struct ub_ioc_queue_mem mem;
	__u32 depth;		/* in: receive WQEs, power of two */
	__u32 jfc;		/* in: id */
	__u32 min_rnr_timer;	/* in: 0 .. 19, delay 4.096 us << n */
	__u32 token_policy;	/* in: UB_TOKEN_* */
	__u32 token_value;	/* as the policy says */
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
	__u64 timeout_ns;	/* in: how long to wait for min of them, or UB_WAIT_FOREVER; out: */
				/* with EINTR, what was left of it */
	__u32 id;		/* in: JFC */
	__u32 max;		/* in: at least 1 */
	__u32 min;		/* in: 0 .. max; 0: do not wait */
	__u32 count;		/* out; less than min after the time is over or with a signal */
};
#define UB_WAIT_FOREVER		(~0ull)

/*
 * CREATE_PROGRAM: a program for LAUNCH, of instructions that lie in a segment of the context. The
 * device copies and verifies them; what it refuses is EINVAL with the rule that is broken.
 */
struct ub_ioc_create_program {
	struct ub_ioc_hdr hdr;
	__u64 addr;		/* in: of the first instruction */
	__u64 fuel;		/* in: of each block, 1 .. 2^40 */
	__u32 token_id;		/* in: segment that holds them */
	__u32 len;		/* in: bytes, multiple of 8 */
	__u32 tiles;		/* in: 0 .. 16 */
	__u32 flags;		/* in: 0 */
	__u32 id;		/* out */
	__u32 pad;
};

struct ub_ioc_destroy_program {
	struct ub_ioc_hdr hdr;
	__u32 id;		/* in */
	__u32 pad;
};

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
#define UB_IOC_CREATE_PROGRAM	_IOWR(UB_IOC_MAGIC, 0x23, struct ub_ioc_create_program)
#define UB_IOC_DESTROY_PROGRAM	_IOWR(UB_IOC_MAGIC, 0x24, struct ub_ioc_destroy_program)

#endif
