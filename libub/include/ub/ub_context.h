/* SPDX-License-Identifier: MIT */
/* Errors, devices, contexts, memory and event channels, of <ub/ub.h>. */
#ifndef UB_UB_CONTEXT_H
#define UB_UB_CONTEXT_H

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
	/**
	 * UB_ACCESS_*: what others may do who present the token. 0 and UB_ACCESS_LOCAL_ONLY:
	 * nothing; its own context alone reaches it, by SGE and by target, without a token.
	 */
	uint32_t access;
	uint32_t flags;		/**< UB_SEG_F_* */
	/**
	 * UB_TOKEN_*, of memory that is exported. 0, UB_TOKEN_RANDOM: the token is made, see
	 * struct ub_seg. UB_TOKEN_NONE opens the memory to all users of the fabric.
	 */
	uint32_t token_policy;
	uint32_t token_value;	/**< the secret, with UB_TOKEN_PLAIN_TEXT */
};
#define UB_SEG_F_READ_ONLY (1u << 0)	/**< the device shall only read it; va may be read-only */

/** A registered range of this process's memory. Fields are read-only for the caller. */
struct ub_seg {
	struct ub_context *ctx;
	uint64_t va, len;
	uint32_t token_id;	/**< for struct ub_sge and for peers */
	uint32_t token_value;	/**< given or made */
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
/**
 * Rotate the token value; accesses under the old one fail from then on.
 * @return 0, or -EINVAL: the segment has no token, being LOCAL_ONLY or of UB_TOKEN_NONE
 */
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

#ifdef __cplusplus
}
#endif

#endif
