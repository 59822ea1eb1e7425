/* SPDX-License-Identifier: MIT */
/* Work requests, completions and waiting for them, of <ub/ub.h>. */
#ifndef UB_UB_WR_H
#define UB_UB_WR_H

#include <ub/ub_queue.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Work requests --------------------------------------------------------------------------- */

/** A piece of local memory; the same layout as in the WQE. */
typedef struct ub_hw_sge ub_sge_t;	/* { len, token_id, va } */

/** Request flags, the UB_WQE_* of the same names; the owner bit is the library's. */
#define UB_WR_COMPLETE		UB_WQE_COMPLETE
#define UB_WR_SOLICITED		UB_WQE_SOLICITED
#define UB_WR_FENCE		UB_WQE_FENCE
#define UB_WR_COMP_ORDER	UB_WQE_COMP_ORDER
#define UB_WR_INLINE		UB_WQE_INLINE	/**< gather the SGEs' bytes into the WQE at post */

struct ub_jfs_wr {
	uint8_t opcode;			/**< enum ub_opcode */
	uint8_t num_sge;
	uint16_t flags;			/**< UB_WR_* */
	uint32_t gemm_trans;		/**< GEMM_F32: UB_GEMM_TRANS_* */
	uint64_t user_ctx;		/**< comes back in the completion */
	const ub_sge_t *sge;
	const struct ub_target *target;	/**< UB transactions but NOP */
	uint64_t rmt_addr;		/**< memory transactions: address at the owner */
	union {
		__extension__ struct {	/* WRITE_IMM, SEND_IMM, WRITE_NOTIFY */
			uint64_t imm_data;	/**< WRITE_NOTIFY: the 8 bytes to store */
			const struct ub_target *notify;	/**< WRITE_IMM: JFR or Jetty;
							     WRITE_NOTIFY: segment */
			uint64_t notify_addr;
		};
		__extension__ struct {	/* atomics */
			uint64_t operand;	/**< CAS, SWAP: new value */
			uint64_t compare;	/**< CAS */
		};
		__extension__ struct {	/* FILL */
			uint64_t pattern;
			uint32_t pattern_size;	/**< 1, 2, 4 or 8 bytes */
		};
		uint32_t crc_seed;	/* CRC32C */
		__extension__ struct {	/* GEMM_F32: C = alpha op(A) op(B) + beta C, row-major */
			uint32_t m, n, k, lda, ldb, ldc;
			float alpha, beta;
		} gemm;
		__extension__ struct {	/* LAUNCH; SGEs: argument block, then segments 0 .. 11 */
			uint32_t program;	/**< id of struct ub_program */
			uint32_t grid[3];	/**< blocks in x, y and z, at least 1 each */
		} launch;
	};
};

struct ub_jfr_wr {
	uint64_t user_ctx;
	const ub_sge_t *sge;
	uint32_t num_sge;		/**< at most UB_HW_RECV_SGE */
};

/** A completion record. */
struct ub_cr {
	uint8_t status;			/**< enum ub_cr_status */
	uint8_t substatus;		/**< enum ub_cr_substatus */
	uint8_t opcode;			/**< enum ub_opcode */
	uint8_t flags;			/**< UB_CQE_* */
	uint32_t local_id;		/**< JFS, JFR or Jetty id */
	uint64_t user_ctx;
	uint32_t len;			/**< bytes moved */
	uint32_t rmt_id;
	uint64_t imm_data;		/**< immediate data; CRC32C: result; LAUNCH: a fault */
	ub_eid_t rmt_eid;
	uint64_t timestamp_ns;
};

/*
 * The data path, inline in <ub/ub_data_path.h>:
 *
 * int ub_post_jfs_wr(struct ub_jfs *jfs, const struct ub_jfs_wr *wr, unsigned n, unsigned *posted)
 *	Post n requests with at most one doorbell. 0, or -EINVAL (request *posted is malformed),
 *	-ENOSPC (no room for it); those before it are posted. posted may be NULL.
 * int ub_post_jfr_wr(struct ub_jfr *jfr, const struct ub_jfr_wr *wr, unsigned n, unsigned *posted)
 * int ub_poll_jfc(struct ub_jfc *jfc, struct ub_cr *cr, unsigned n)
 *	Take up to n completions. The number taken, never an error.
 * int ub_rearm_jfc(struct ub_jfc *jfc, bool solicited_only)
 *	Ask for one event at the next completion, at once if there is one already. 0.
 *
 * With UB_DOOR_IOCTL posting and polling make a system call a batch; each request then gives a
 * completion, also without UB_WR_COMPLETE; -ENOSPC also says that completions not taken leave no
 * room; and there is nothing to re-arm: -EOPNOTSUPP, wait by ub_reap_jfc().
 */

/** Bytes of the longest WQE. */
#define UB_WQE_MAX	256

/**
 * Encode a request as UB_IOC_SUBMIT and UB_URING_SUBMIT take it.
 * @param jfs whose limits count; that it will be posted to it is not asked
 * @param wqe UB_WQE_MAX bytes, 8-byte aligned
 * @return its WQEBBs of 64 bytes, 1 .. 4, or -EINVAL
 */
UB_API int ub_encode_wr(const struct ub_jfs *jfs, const struct ub_jfs_wr *wr, void *wqe);

/**
 * Wait for events of re-armed JFCs.
 * @param jfc set to the JFCs that fired, at most n; poll each until empty, then re-arm it: in
 *   the other order the event that a completion gives is followed by one without any
 * @param timeout_ms negative: block, 0: do not, else milliseconds
 * @return how many, 0 after the timeout, -EINTR, -ENODEV when the device is lost
 */
UB_API int ub_wait_jfc(struct ub_jfce *jfce, unsigned n, int timeout_ms, struct ub_jfc **jfc);

/** The rungs of ub_wait_cr(), one after the other; zeroes: block at once. */
struct ub_wait_cfg {
	uint32_t spin_us;	/**< polls back to back: lowest latency, a busy processor */
	uint32_t pause_us;	/**< then polls with pauses that double, up to 4 us each */
	int32_t timeout_ms;	/**< of the whole, which bounds the rungs above; negative: none */
};
#define UB_WAIT_CFG_INIT { 20, 80, -1 }

/**
 * Wait for completions: spin, then pause, then block. Blocking re-arms the JFC and sleeps on its
 * event channel, which must serve this JFC alone; without one it sleeps in turns of 20 us to 1 ms.
 * A JFC of UB_DOOR_IOCTL waits in the kernel.
 * @param cfg NULL: UB_WAIT_CFG_INIT
 * @return how many were written to cr, at most n; 0 after the timeout; -EINVAL: the channel
 *	serves other JFCs; -EINTR; -ENODEV: the device is lost
 */
UB_API int ub_wait_cr(struct ub_jfc *jfc, struct ub_cr *cr, unsigned n,
		      const struct ub_wait_cfg *cfg);

/** Acknowledge events that ub_wait_jfc() gave; -EBUSY from ub_delete_jfc() until all are. */
UB_API void ub_ack_jfc(struct ub_jfc **jfc, const uint32_t *events, unsigned n);

/**
 * Take back requests that a JFS in ERROR state never looked at, as completions with status
 * WR_UNHANDLED. To be called after WR_FLUSH_ERR_DONE was polled.
 * @return how many were written to cr, at most n
 */
UB_API int ub_flush_jfs(struct ub_jfs *jfs, unsigned n, struct ub_cr *cr);

/** Why a post failed, where no enum ub_ext_code says it. */
enum ub_post_cause {
	UB_POST_FULL		= 0x100,	/* ENOSPC; limit: depth */
	UB_POST_SGE_COUNT	= 0x101,	/* EINVAL; limit: SGEs */
	UB_POST_INLINE_SIZE	= 0x102,	/* EINVAL; limit: bytes */
	UB_POST_NOT_INLINE	= 0x103,	/* EINVAL: opcode takes no inline data */
	UB_POST_NO_TARGET	= 0x104,	/* EINVAL: target or notify is NULL */
	UB_POST_NO_SGE		= 0x105,	/* EINVAL: sge is NULL */
};

/* Used by the inline functions: record why a post failed, for ub_last_error(). @return -errnum */
UB_API int ub_post_failed(const struct ub_context *ctx, uint32_t obj_type, uint32_t id, int errnum,
			  uint32_t cause, uint64_t limit);
/**
 * Say why a command of <ub/ub_uring.h> ended, for ub_last_error(): cause, object, limit, remedy.
 * @param op UB_URING_*, 0: the ring itself; of CANCEL ECANCELED is a stop that was asked for
 * @param obj_type UB_OBJ_* of what the command named, 0: the device
 * @param id of that
 * @param limit the depth of the queue, or the entries of the ring; 0 if there is none
 * @param res of its CQE, negative
 * @return res
 */
UB_API int ub_uring_failed(const struct ub_context *ctx, uint32_t op, uint32_t obj_type,
			   uint32_t id, uint64_t limit, int res);
/* Used by the inline functions when the device is inside the process. */
UB_API void ub_soft_doorbell(struct ub_jfs *jfs);
UB_API void ub_soft_rearm(struct ub_jfc *jfc, uint64_t word);
/* Used by the inline functions when the rings are the kernel's. */
UB_API int ub_kernel_post(struct ub_jfs *jfs, const struct ub_jfs_wr *wr, unsigned n,
			  unsigned *posted);
UB_API int ub_kernel_poll(struct ub_jfc *jfc, struct ub_cr *cr, unsigned n);
UB_API int ub_kernel_rearm(struct ub_jfc *jfc);

#ifdef __cplusplus
}
#endif

#endif
