/* SPDX-License-Identifier: MIT */
/**
 * @file
 * libub: the C interface to UB NPU devices. Names parallel liburma's.
 *
 * Return values. Functions that make an object return it, or NULL with errno set. Functions that
 * return int give 0 (or a count) on success and a negative errno on failure. After any failure
 * ub_last_error() tells cause, object, limit and remedy. The library never prints, never exits,
 * never aborts and reads no environment variable.
 *
 * Threads. Any function may be called from any thread on different objects at once. One object is
 * used by one thread at a time, with these exceptions: a context may be used by all threads to
 * make and delete objects; a JFS may be posted to by one thread while another polls its JFC; a JFCE
 * may be waited on by any number of threads. ub_last_error() is per thread.
 *
 * Ownership. An object keeps what it was made from in use: deleting a JFC, JFR or JFCE that a queue
 * still refers to gives -EBUSY. ub_delete_context() of a context with objects left gives -EBUSY.
 * Memory given to ub_register_seg() stays the caller's and must outlive the segment.
 *
 * Fork. A context belongs to the process that made it; a child must not use it, and its doorbells
 * are not there in the child.
 */
#ifndef UB_UB_H
#define UB_UB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ub/ub_hw.h>

#ifdef __cplusplus
extern "C" {
#endif

#define UB_API __attribute__((visibility("default")))

/* ---- Errors ---------------------------------------------------------------------------------- */

/** Why the last failing call of this thread failed. Texts are never NULL. */
struct ub_error {
	int errnum;		/**< errno value, positive */
	uint32_t ext_code;	/**< enum ub_ext_code of <ub/ub_uapi.h>, 0 if none */
	uint64_t limit;		/**< the limit that was hit, 0 if none */
	char object[64];	/**< what it concerns, such as "ub0" or "jfs 3" */
	char message[192];	/**< cause, one sentence, no full stop */
	char hint[192];		/**< remedy, or empty */
};

/** @return the calling thread's last error; valid until its next failing call. */
UB_API const struct ub_error *ub_last_error(void);

/** @return liburma's name of a completion status, such as "LOC_ACCESS_ERR"; "UNKNOWN" otherwise. */
UB_API const char *ub_cr_status_str(unsigned status);
/** @return a sentence for a substatus, such as "outside the segment". */
UB_API const char *ub_cr_substatus_str(unsigned substatus);
/** @return the name of an asynchronous event, such as "JFS_ERR". */
UB_API const char *ub_event_str(unsigned type);
/** @return the name of a queue state, such as "READY". */
UB_API const char *ub_state_str(unsigned state);
/** @return the name of an opcode, such as "WRITE_IMM". */
UB_API const char *ub_opcode_str(unsigned opcode);
/** @return the library's version, such as "0.1.0". */
UB_API const char *ub_version(void);

/* ---- Devices --------------------------------------------------------------------------------- */

typedef struct ub_eid {
	uint8_t raw[16];	/**< network order */
} ub_eid_t;

/** A device that was found; fields are as sysfs gives them and need no permission on the node. */
struct ub_device {
	char name[32];		/**< "ub0", or "soft:..." */
	char node[64];		/**< "/dev/ub/ub0", empty for soft devices */
	char bus_addr[32];	/**< "0000:00:04.0", empty for soft devices */
	ub_eid_t eid;
	uint8_t guid[16];
	uint32_t class_code;	/**< 0x0400 */
	uint32_t generation;	/**< function resets so far */
};

struct ub_device_attr {
	ub_eid_t eid;
	uint8_t guid[16];
	uint64_t caps;		/**< UB_CAP_* */
	uint64_t opcodes;	/**< UB_OPCAP_* */
	uint64_t max_msg;	/**< bytes one work request may move */
	uint64_t hbm_size;	/**< bytes */
	uint32_t hw_version, class_code, upi, generation;
	uint32_t max_ctx, max_seg, max_jfs, max_jfr, max_jfc;
	uint32_t max_jfs_depth, max_jfr_depth, max_jfc_depth;
	uint32_t max_sge, max_inline, max_gemm_dim;
	uint32_t engines, comp_vectors;
};

/**
 * Enumerate the devices of this machine, by natural order of their names.
 * @param num set to their number; 0 also when the driver is not loaded, which is not an error
 * @return a NULL-terminated array, to be freed by ub_free_device_list(); NULL: ENOMEM
 */
UB_API struct ub_device **ub_get_device_list(int *num);
UB_API void ub_free_device_list(struct ub_device **list);

/** GUID as the vendor's tools write it: "1234-5542-0-2-000000-0000000000000001". @return buf */
UB_API char *ub_guid_str(const uint8_t guid[16], char buf[48]);
/** EID as IPv6-like text without abbreviation, 39 characters. @return buf */
UB_API char *ub_eid_str(const ub_eid_t *eid, char buf[40]);
/** Parse IPv6-like text, abbreviated or not. @return 0 or -EINVAL */
UB_API int ub_eid_parse(const char *text, ub_eid_t *eid);

/* ---- Contexts -------------------------------------------------------------------------------- */

struct ub_context;

/**
 * Open a device.
 * @param name "ub0", "/dev/ub/ub0", a PCI address, an EID, or "soft:[KEY=VALUE,...]": the device
 *   core inside this process. Keys: name (contexts of one name share a device; default "soft0"),
 *   eid, engines (1..16, default 1), max_seg, max_jfs, max_jfr, max_jfc, max_ctx; memlock: bytes
 *   the context may register, in place of RLIMIT_MEMLOCK, as nothing is locked (default: no limit).
 *   poll_us (0..1000, default 20) an idle engine polls so long before it sleeps; inline_bytes
 *   (0..65536, default 4096): larger payloads are not moved by the posting thread itself, 0:
 *   nothing. Who opens a device of a name that exists gets that one; only memlock counts then.
 * @return the context, or NULL: ENODEV no such device, EACCES no permission on its node,
 *   EDQUOT/ENOSPC limits, EINVAL bad name, ELIBBAD the soft provider cannot be loaded
 */
UB_API struct ub_context *ub_create_context(const char *name);
/** @return 0, or -EBUSY with objects left (see ub_last_error) */
UB_API int ub_delete_context(struct ub_context *ctx);
/** @return 0 or -ENODEV when the device is lost */
UB_API int ub_query_device(struct ub_context *ctx, struct ub_device_attr *attr);
/** @return the device's name, valid as long as the context */
UB_API const char *ub_context_name(const struct ub_context *ctx);
/** @return a file to poll(2) for asynchronous events, owned by the context */
UB_API int ub_context_fd(const struct ub_context *ctx);
/** @return whether the device was reset or removed since the context was made; no system call */
UB_API bool ub_context_lost(const struct ub_context *ctx);

struct ub_async {
	uint32_t type;		/**< enum ub_event_type */
	uint32_t id;		/**< queue concerned, 0: the device */
	uint32_t info;		/**< cause: enum ub_cr_status */
	uint32_t lost;		/**< events dropped before this one */
	uint64_t time_ns;	/**< CLOCK_MONOTONIC */
};

/**
 * Take the next asynchronous event.
 * @param timeout_ms negative: block, 0: do not, else milliseconds
 * @return 0, -EAGAIN none yet, -ETIMEDOUT, -ENODEV after the last event of a lost device
 */
UB_API int ub_get_async_event(struct ub_context *ctx, struct ub_async *event, int timeout_ms);

/* ---- Memory ---------------------------------------------------------------------------------- */

/** Page-aligned zeroed memory, backed by huge pages where the system has them. NULL: ENOMEM */
UB_API void *ub_alloc_buf(size_t size);
UB_API void ub_free_buf(void *buf, size_t size);

struct ub_seg_cfg {
	void *va;
	uint64_t len;		/**< bytes, at least 1; no alignment is asked */
	uint32_t access;	/**< UB_ACCESS_*: what others may do by token */
	uint32_t flags;		/**< UB_SEG_F_* */
	uint32_t token_policy;	/**< UB_TOKEN_* */
	uint32_t token_value;	/**< the secret, with UB_TOKEN_PLAIN_TEXT */
};
#define UB_SEG_F_READ_ONLY (1u << 0)	/**< the device shall only read it; va may be read-only */

/** A registered range of this process's memory. Fields are read-only for the caller. */
struct ub_seg {
	struct ub_context *ctx;
	uint64_t va, len;
	uint32_t token_id;	/**< for struct ub_sge and for peers */
	uint32_t token_value;
	uint32_t access, flags;
	uint32_t leaf_4k, leaf_2m;	/**< page table leaves it took */
};

/**
 * Register memory. It is pinned and counts against RLIMIT_MEMLOCK.
 * @return the segment, or NULL: EINVAL arguments, EFAULT not mapped, EACCES not writable and
 *   UB_SEG_F_READ_ONLY not given, EPERM over RLIMIT_MEMLOCK, EDQUOT/ENOSPC limits, ENOMEM
 */
UB_API struct ub_seg *ub_register_seg(struct ub_context *ctx, const struct ub_seg_cfg *cfg);
/** @return 0 or -EBUSY while a command uses it */
UB_API int ub_unregister_seg(struct ub_seg *seg);
/** Rotate the token value; accesses under the old one fail from then on. */
UB_API int ub_set_seg_token(struct ub_seg *seg, uint32_t token_value);

/** What a peer needs to reach an object of ours; sent out of band. */
struct ub_desc {
	ub_eid_t eid;
	uint32_t id;		/**< TokenID, JFR id or Jetty id */
	uint32_t token_value;
	uint32_t is_jetty;
	uint32_t pad;
	uint64_t va, len;	/**< segments only */
};

/** A remote segment, JFR or Jetty that was imported. Plain data: copy it freely. */
struct ub_target {
	ub_eid_t eid;
	uint32_t id, token_value;
	bool is_jetty;
	uint64_t va, len;
};

UB_API void ub_describe_seg(const struct ub_seg *seg, struct ub_desc *desc);
/** Importing is the library's affair alone: rights are checked at each access, by the owner. */
UB_API struct ub_target ub_import(const struct ub_desc *desc);

/* ---- Event channels -------------------------------------------------------------------------- */

struct ub_jfce;
UB_API struct ub_jfce *ub_create_jfce(struct ub_context *ctx);
/**
 * As above, and each event also adds 1 to an eventfd, which stays the caller's. Its count says how
 * many events there were, not how many are left: read it, then take events until there are none.
 * @return NULL with EBADF: not an eventfd
 */
UB_API struct ub_jfce *ub_create_jfce_eventfd(struct ub_context *ctx, int eventfd);
UB_API int ub_delete_jfce(struct ub_jfce *jfce);
/** @return a file to poll(2), POLLIN: ub_wait_jfc() will not block; owned by the JFCE */
UB_API int ub_jfce_fd(const struct ub_jfce *jfce);

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
	uint32_t weight;	/**< 1 .. 255: share among queues of its kind; 0: priority + 1 */
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
	uint32_t token_policy;	/**< UB_TOKEN_*: what senders must present */
	uint32_t token_value;
};

/** Receive queue. Fields belong to the library; those marked may be read. */
struct ub_jfr {
	struct ub_context *ctx;
	uint32_t id;		/**< may be read */
	uint32_t depth;		/**< may be read */
	struct ub_hw_recv_wqe *ring;
	struct ub_hw_jfr_rec *rec;
	uint32_t pi;
	uint32_t token_value;
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
 * @return how many, less than min after the timeout or a signal; -EINTR: a signal and none;
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
		struct {		/* WRITE_IMM, SEND_IMM, WRITE_NOTIFY */
			uint64_t imm_data;	/**< WRITE_NOTIFY: the 8 bytes to store */
			const struct ub_target *notify;	/**< WRITE_IMM: JFR or Jetty;
							     WRITE_NOTIFY: segment */
			uint64_t notify_addr;
		};
		struct {		/* atomics */
			uint64_t operand;	/**< CAS, SWAP: new value */
			uint64_t compare;	/**< CAS */
		};
		struct {		/* FILL */
			uint64_t pattern;
			uint32_t pattern_size;	/**< 1, 2, 4 or 8 bytes */
		};
		uint32_t crc_seed;	/* CRC32C */
		struct {		/* GEMM_F32: C = alpha op(A) op(B) + beta C, row-major */
			uint32_t m, n, k, lda, ldb, ldc;
			float alpha, beta;
		} gemm;
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
	uint64_t imm_data;		/**< immediate data; CRC32C: result */
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
 * @param jfc set to the JFCs that fired, at most n; poll each until empty, then re-arm it
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

#include <ub/ub_data_path.h>

#endif
