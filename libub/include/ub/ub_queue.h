/* SPDX-License-Identifier: MIT */
/* Completion, send and receive queues, of <ub/ub.h>. */
#ifndef UB_UB_QUEUE_H
#define UB_UB_QUEUE_H

#include <ub/ub_context.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Queues ---------------------------------------------------------------------------------- */

struct ub_jfc_cfg {
	uint32_t depth;		/**< CQEs; rounded up to a power of two, at least 64. More
				     completions than that outstanding put the JFC into ERROR */
	uint32_t comp_vector;	/**< 0 .. comp_vectors - 1 */
	struct ub_jfce *jfce;	/**< or NULL: polled only; NULL with UB_DOOR_IOCTL */
	uint64_t user_ctx;
	uint32_t door;		/**< enum ub_door */
	uint16_t mod_count;	/**< an armed JFC fires at so many completions; 0 or 1: the first */
	uint16_t mod_usec;	/**< or so long after the first, in us; 0: no such bound */
	bool adaptive;		/**< the two are bounds within which the device chooses */
};

/** How requests reach a JFC's send queues and its completions come back. */
enum ub_door {
	UB_DOOR_MAPPED = 0,	/**< rings in user space, no system call */
	UB_DOOR_IOCTL = 1,	/**< rings in the kernel, a system call a batch; for io_uring too */
};

/** Completion queue. Fields belong to the library; those marked may be read. */
struct ub_jfc {
	struct ub_context *ctx;
	uint32_t id;		/**< may be read */
	uint32_t depth;		/**< may be read */
	struct ub_hw_cqe *ring;	/* NULL: UB_DOOR_IOCTL */
	struct ub_hw_jfc_rec *rec;
	uint64_t *db;		/* re-arm word, NULL: soft */
	uint32_t ci;
	uint32_t arm_sn;	/* serial of the next arm */
	uint64_t user_ctx;	/**< may be read */
};

struct ub_jfs_cfg {
	struct ub_jfc *jfc;
	uint32_t depth;		/**< WQEBBs of 64 bytes; rounded up to a power of two from 64 on */
	uint32_t flags;		/**< UB_JFS_F_ERROR_SUSPEND, UB_JFS_F_DIRECT_WQE */
	uint32_t priority;	/**< 0 .. 7 share by weight; 8 .. 15 precede, CAP_SYS_NICE */
	uint32_t rnr_retry;	/**< 0 .. 7: repeats when the receiver has no buffer */
	uint16_t weight;	/**< 1 .. 255: share among queues of its kind; 0: priority + 1 */
	/** 1 .. 31: devices of other processes answer within 4.096 us << n; 0: 17 */
	uint16_t err_timeout;
};
/** Submit a lone one-WQEBB command by a 64-byte store to the doorbell page. Library only. */
#define UB_JFS_F_DIRECT_WQE (1u << 31)

/** Send queue. Fields belong to the library; those marked may be read. */
struct ub_jfs {
	struct ub_context *ctx;
	uint32_t id;		/**< may be read */
	uint32_t depth;		/**< may be read */
	uint8_t *ring;		/* NULL: UB_DOOR_IOCTL, its JFC's */
	struct ub_hw_jfs_rec *rec;
	uint32_t *db;		/* doorbell word, NULL: soft */
	uint64_t *direct;	/* direct WQE area, NULL: not used */
	uint32_t pi;		/* posted */
	uint32_t max_sge, max_inline;
	uint32_t flags;
	uint64_t posted;	/**< may be read: work requests */
	uint64_t doorbells;	/**< may be read: doorbells rung */
	uint64_t suppressed;	/**< may be read: posts that needed none */
};

struct ub_jfr_cfg {
	struct ub_jfc *jfc;
	uint32_t depth;		/**< receive requests; rounded up, at least 64 */
	uint32_t min_rnr_timer;	/**< senders wait 4.096 us << n for a buffer, n = 0 .. 19 */
	uint32_t token_policy;	/**< UB_TOKEN_*: what senders must present; 0: a token is made */
	uint32_t token_value;	/**< the secret, with UB_TOKEN_PLAIN_TEXT */
};

/** Receive queue. Fields belong to the library; those marked may be read. */
struct ub_jfr {
	struct ub_context *ctx;
	uint32_t id;		/**< may be read */
	uint32_t depth;		/**< may be read */
	struct ub_hw_recv_wqe *ring;
	struct ub_hw_jfr_rec *rec;
	uint32_t pi;
	uint32_t token_value;	/**< may be read: given or made */
};

/** A Jetty: a JFS and a JFR under one id. */
struct ub_jetty {
	struct ub_jfs *jfs;	/**< post sends here; its id is the Jetty's */
	struct ub_jfr *jfr;	/**< post receives here; shared when it was given */
	bool owns_jfr;
};

struct ub_queue_attr {
	uint32_t state;		/**< enum ub_queue_state */
	uint32_t pi, ci, depth, refs;
	uint64_t count;		/**< WQEs or CQEs since creation */
};

UB_API struct ub_jfc *ub_create_jfc(struct ub_context *ctx, const struct ub_jfc_cfg *cfg);
UB_API int ub_query_jfc(struct ub_jfc *jfc, struct ub_queue_attr *attr);
UB_API int ub_delete_jfc(struct ub_jfc *jfc);
/** Change when completion events come, as in struct ub_jfc_cfg. */
UB_API int ub_modify_jfc(struct ub_jfc *jfc, uint16_t mod_count, uint16_t mod_usec, bool adaptive);
struct ub_cr;
/**
 * Take completions of a JFC of UB_DOOR_IOCTL, and wait until there are min of them.
 * @param timeout_ms negative: block, 0: do not, else milliseconds
 * @return how many, less than min after the timeout or a handled signal; -EINTR: one and none;
 *   -EOPNOTSUPP: a mapped JFC; -ENODEV
 */
UB_API int ub_reap_jfc(struct ub_jfc *jfc, struct ub_cr *cr, unsigned n, unsigned min,
		       int timeout_ms);

UB_API struct ub_jfs *ub_create_jfs(struct ub_context *ctx, const struct ub_jfs_cfg *cfg);
/**
 * Change the state. Allowed: READY to SUSPENDED (gives a WR_SUSPEND_DONE completion) or ERROR (each
 * outstanding request completes with WR_FLUSH_ERR, then one WR_FLUSH_ERR_DONE), SUSPENDED to READY
 * or ERROR, ERROR to RESET (indices restart at 0), RESET to READY. Else -EINVAL.
 */
UB_API int ub_modify_jfs(struct ub_jfs *jfs, enum ub_queue_state state);
UB_API int ub_query_jfs(struct ub_jfs *jfs, struct ub_queue_attr *attr);
UB_API int ub_delete_jfs(struct ub_jfs *jfs);

UB_API struct ub_jfr *ub_create_jfr(struct ub_context *ctx, const struct ub_jfr_cfg *cfg);
/** READY to ERROR (posted receives complete with WR_FLUSH_ERR), ERROR to RESET, RESET to READY. */
UB_API int ub_modify_jfr(struct ub_jfr *jfr, enum ub_queue_state state);
UB_API int ub_query_jfr(struct ub_jfr *jfr, struct ub_queue_attr *attr);
UB_API int ub_delete_jfr(struct ub_jfr *jfr);

/** @param jfr shared receive queue, or NULL to make one from jfr_cfg */
UB_API struct ub_jetty *ub_create_jetty(struct ub_context *ctx, const struct ub_jfs_cfg *jfs_cfg,
					struct ub_jfr *jfr, const struct ub_jfr_cfg *jfr_cfg);
UB_API int ub_delete_jetty(struct ub_jetty *jetty);

UB_API void ub_describe_jfr(const struct ub_jfr *jfr, struct ub_desc *desc);
UB_API void ub_describe_jetty(const struct ub_jetty *jetty, struct ub_desc *desc);

#ifdef __cplusplus
}
#endif

#endif
