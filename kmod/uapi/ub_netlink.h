/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/* The generic netlink family of ubnpu.ko, of <ub/ub_uapi.h>: administration. */
#ifndef UB_NETLINK_H
#define UB_NETLINK_H

#define UB_GENL_NAME		"ubnpu"
#define UB_GENL_VERSION		1
/* Events: that there was one, for all; and for who has CAP_NET_ADMIN, whose it was as well. */
#define UB_GENL_MCGRP_EVENTS	"events"
#define UB_GENL_MCGRP_ADMIN	"admin"

/*
 * GETs are dumps; UB_A_DEV_INDEX in the request restricts them to one device. CTX_GET, SEG_GET,
 * QUEUE_GET and USAGE_GET list what the asking user has; who has CAP_NET_ADMIN sees everybody's.
 */
enum ub_genl_cmd {
	UB_CMD_UNSPEC,
	UB_CMD_DEV_GET,		/* every device */
	UB_CMD_CTX_GET,		/* open contexts */
	UB_CMD_SEG_GET,		/* registered segments */
	UB_CMD_QUEUE_GET,	/* JFS, JFR, JFC */
	UB_CMD_DEV_RESET,	/* admin only; UB_A_DEV_INDEX, UB_A_SCOPE and what it asks for */
	UB_CMD_HEALTH_GET,	/* every device's counters of faults and recoveries */
	UB_CMD_HEALTH_NTF,	/* to the groups: UB_A_HEALTH_EVENT; to admin: what it concerns */
	UB_CMD_INJECT,		/* admin only; UB_A_DEV_INDEX, UB_A_FAULT_*; as UB_ADMIN_INJECT */
	UB_CMD_INJECT_GET,	/* admin only, not a dump; UB_A_DEV_INDEX, UB_A_FAULT_KIND */
	UB_CMD_USAGE_GET,	/* counters of devices, contexts and queues: each a row */
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
	UB_HEALTH_LOST_IRQ	= 2,	/* completions came without an interrupt; waiters woken */
	UB_HEALTH_LOST_DB	= 3,	/* a queue had work and did not run; it was rung again */
	UB_HEALTH_ADMIN_TIMEOUT	= 4,	/* the device is lost until it is reset */
	UB_HEALTH_FATAL		= 5,	/* the device said so; UB_A_SCOPE: what was reset for it */
	UB_HEALTH_RESET		= 6,	/* asked for, or after sleep or a PCIe error; UB_A_SCOPE */
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
	UB_A_DEVICE_RESETS,	/* u64: by hang detection, fatal errors and PCIe errors */
	UB_A_ADMIN_RESETS,	/* u64: of every scope, asked for, and after sleep */
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
	UB_A_TIME_NS,		/* u64: USAGE_GET: CLOCK_MONOTONIC when the row was made */
	UB_A_ENGINES,		/* u32: threads of the device */
	UB_A_BUSY_NS,		/* u64: and so on, as in struct ub_hw_usage */
	UB_A_BYTES,		/* u64 */
	UB_A_ERRORS,		/* u64 */
	UB_A_SERVICE_NS,	/* u64 */
	UB_A_SERVICE,		/* UB_USAGE_BUCKETS times u32 */
	UB_A_PENDING,		/* u32 */
	__UB_A_MAX,
};
#define UB_A_MAX (__UB_A_MAX - 1)

#endif
