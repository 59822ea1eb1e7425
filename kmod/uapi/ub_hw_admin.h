/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/* What the driver tells the device, of <ub/ub_hw.h>: admin commands, faults on demand, events. */
#ifndef UB_HW_ADMIN_H
#define UB_HW_ADMIN_H

#include <linux/types.h>

/* ---- Admin ring --------------------------------------------------------------------------------
 * A ring of 128-byte slots: the driver fills cmd, then raises ADMIN_PI; the device fills reply,
 * its first word last, and raises vector 0. Commands are answered in order, most of them before
 * the store to ADMIN_PI returns. A reply is valid when its owner bit equals the parity of the lap,
 * 1 on the first.
 */
enum ub_admin_op {
	UB_ADMIN_NOP		= 0x00,
	UB_ADMIN_CREATE_JFS	= 0x04,
	UB_ADMIN_MODIFY_JFS	= 0x05,
	UB_ADMIN_QUERY_JFS	= 0x06,
	UB_ADMIN_DESTROY_JFS	= 0x07,
	UB_ADMIN_CREATE_CTX	= 0x10,
	UB_ADMIN_DESTROY_CTX	= 0x13,
	UB_ADMIN_CREATE_SEG	= 0x14,
	UB_ADMIN_MODIFY_SEG	= 0x15,
	UB_ADMIN_DESTROY_SEG	= 0x17,
	UB_ADMIN_CREATE_EQ	= 0x18,
	UB_ADMIN_DESTROY_EQ	= 0x1b,
	UB_ADMIN_CREATE_PROGRAM	= 0x1c,
	UB_ADMIN_DESTROY_PROGRAM = 0x1f,
	UB_ADMIN_CREATE_JFC	= 0x24,
	UB_ADMIN_MODIFY_JFC	= 0x25,
	UB_ADMIN_QUERY_JFC	= 0x26,
	UB_ADMIN_DESTROY_JFC	= 0x27,
	UB_ADMIN_CREATE_JFR	= 0x54,
	UB_ADMIN_MODIFY_JFR	= 0x55,
	UB_ADMIN_QUERY_JFR	= 0x56,
	UB_ADMIN_DESTROY_JFR	= 0x57,
	UB_ADMIN_INJECT		= 0x70,
	UB_ADMIN_QUERY_INJECT	= 0x71,
	UB_ADMIN_QUERY_USAGE	= 0x72,	/* with UB_CAP_USAGE */
};

enum ub_admin_status {
	UB_ADMIN_OK		= 0,
	UB_ADMIN_BAD_OPCODE	= 1,
	UB_ADMIN_BAD_FIELD	= 2,	/* reply.detail: byte offset of the field in cmd */
	UB_ADMIN_BAD_ID		= 3,	/* id out of range or of no object; detail as above */
	UB_ADMIN_ID_IN_USE	= 4,	/* detail as above */
	UB_ADMIN_BAD_ADDRESS	= 5,	/* not mapped or without the rights; detail as above */
	UB_ADMIN_BAD_STATE	= 6,	/* transition not allowed; detail: present state */
	UB_ADMIN_BUSY		= 7,	/* still referenced; detail: number of references */
	UB_ADMIN_NO_MEMORY	= 8,	/* the model could not allocate */
	UB_ADMIN_LIMIT		= 9,	/* above a capability; detail: the limit */
	UB_ADMIN_BAD_PROGRAM	= 10,	/* refused; detail: instruction << 8 | enum ub_visa_rule */
};

/* Queue states, liburma's numbers. */
enum ub_queue_state {
	UB_STATE_RESET		= 0,
	UB_STATE_READY		= 1,
	UB_STATE_SUSPENDED	= 2,	/* JFS only */
	UB_STATE_ERROR		= 3,
};

struct ub_admin_ctx {		/* CREATE_CTX, DESTROY_CTX; cmd.id = TID */
	__le64 pt_base;		/* bus address of the level 4 table, 4 KiB aligned */
	__u8 rsvd[48];
};

/*
 * Segment access bits, liburma's numbers: the rights of an access by token. LOCAL_ONLY stands
 * alone: the segment's own context does with it what its leaves allow, and nobody else reaches it.
 */
#define UB_ACCESS_LOCAL_ONLY	(1u << 0)
#define UB_ACCESS_READ		(1u << 1)
#define UB_ACCESS_WRITE		(1u << 2)
#define UB_ACCESS_ATOMIC	(1u << 3)

/* Token policy, liburma's numbers; the other policies are not supported. */
#define UB_HW_TOKEN_NONE	0
#define UB_HW_TOKEN_PLAIN_TEXT	1

struct ub_admin_seg {		/* CREATE_SEG, MODIFY_SEG (token_value alone), DESTROY_SEG */
	__le64 va;		/* cmd.id = TokenID; address of the first byte as WQEs give it */
	__le64 uba;		/* device address of the first byte */
	__le64 len;		/* bytes, at least 1 */
	__le32 tid;
	__le32 access;		/* UB_ACCESS_* */
	__le32 token_policy;	/* UB_HW_TOKEN_* */
	__le32 token_value;
	__u8 rsvd[16];
};

struct ub_admin_eq {		/* CREATE_EQ, DESTROY_EQ; cmd.id = EQ = MSI-X vector */
	__le64 base;		/* bus address of the ring, 4 KiB aligned */
	__le64 rec;		/* bus address of struct ub_hw_eq_rec, 64-byte aligned */
	__le32 depth;		/* EQEs, power of two, 64 .. 65536 */
	__le32 rsvd0;
	__u8 rsvd[32];
};

#define UB_JFC_F_ADAPTIVE	(1u << 0)	/* the moderation is a bound; the device chooses */

struct ub_admin_jfc {		/* CREATE_JFC, MODIFY_JFC (mod_*, flags alone), DESTROY_JFC */
	__le64 ring;		/* UBA, 4 KiB aligned */
	__le64 rec;		/* UBA of struct ub_hw_jfc_rec, 128-byte aligned */
	__le32 tid;
	__le32 depth;
	__le32 db_page;		/* page of BAR 2 */
	__le32 eq;		/* event queue for completion events, 1 .. n-1 */
	__le16 mod_count;	/* an armed JFC fires at so many CQEs; 0 or 1: at the first */
	__le16 mod_usec;	/* or so long after the first of them, in us; 0: no such bound */
	__le32 flags;		/* UB_JFC_F_* */
	__u8 rsvd[16];
};

#define UB_JFS_F_ERROR_SUSPEND	(1u << 0)	/* a failed WQE suspends the queue */
#define UB_JFS_F_JETTY		(1u << 1)	/* with jfr: a Jetty */

struct ub_admin_jfs {		/* CREATE_JFS, MODIFY_JFS (state alone), DESTROY_JFS */
	__le64 ring;		/* UBA, 4 KiB aligned */
	__le64 rec;		/* UBA of struct ub_hw_jfs_rec, 128-byte aligned */
	__le32 tid;
	__le32 depth;		/* WQEBBs */
	__le32 db_page;
	__le32 jfc;
	__le32 jfr;		/* with UB_JFS_F_JETTY, else 0 */
	__le32 flags;		/* UB_JFS_F_* */
	__u8 state;		/* MODIFY_JFS: the state to enter */
	__u8 priority;		/* 0 .. 7 share by weight, 8 .. 15 strictly precede lower ones */
	__u8 rnr_retry;		/* 0 .. 7 */
	__u8 weight;		/* 1 .. 255; 0: priority + 1 */
	__u8 err_timeout;	/* 1 .. 31: a peer answers within 4.096 us << n; 0: 17 */
	__u8 rsvd[11];
};

struct ub_admin_jfr {		/* CREATE_JFR, MODIFY_JFR (state alone), DESTROY_JFR */
	__le64 ring;		/* UBA, 4 KiB aligned, of struct ub_hw_recv_wqe */
	__le64 rec;		/* UBA of struct ub_hw_jfr_rec, 128-byte aligned */
	__le32 tid;
	__le32 depth;
	__le32 jfc;
	__le32 token_policy;	/* UB_HW_TOKEN_*: what a sender must present */
	__le32 token_value;
	__u8 state;
	__u8 min_rnr_timer;	/* 0 .. 19 */
	__u8 rsvd[18];
};

/*
 * A program: instructions of docs/visa.md. The device copies them while the command runs, from a
 * segment of the context.
 */
struct ub_admin_program {	/* CREATE_PROGRAM, DESTROY_PROGRAM */
	__le64 addr;		/* of the first instruction, as WQEs give it */
	__le64 fuel;		/* of each block, 1 .. 2^40 */
	__le32 tid;
	__le32 token_id;
	__le32 len;		/* bytes, multiple of 8, at most 512 KiB */
	__le32 tiles;		/* 0 .. 16 */
	__u8 rsvd[24];
};

/*
 * Faults on demand, docs/faults.md. Each kind has its own use of the object (cmd.id) and of arg.
 * An armed fault passes over skip occasions, then happens count times, then is gone; a function
 * reset removes all.
 */
enum ub_fault {			/* cmd.id; arg[0]; arg[1] */
	UB_FAULT_STATUS		= 1,	/* JFS or 0: any; enum ub_cr_status, not 0; substatus */
	UB_FAULT_POISON		= 2,	/* TokenID; offset; bytes: in force until removed */
	UB_FAULT_STALL		= 3,	/* JFS or 0; enum ub_stall_end; ns (UB_STALL_TIME) */
	UB_FAULT_CQE_DELAY	= 4,	/* JFC or 0; ns; - */
	UB_FAULT_CQE_TORN	= 5,	/* JFC or 0; ns between the pieces; - */
	UB_FAULT_LOST_IRQ	= 6,	/* vector; -; - */
	UB_FAULT_LOST_DB	= 7,	/* JFS or 0; -; - : a send doorbell or direct WQE */
	UB_FAULT_ADMIN_STATUS	= 8,	/* admin opcode or 0: any; enum ub_admin_status, not 0; - */
	UB_FAULT_ADMIN_SILENT	= 9,	/* admin opcode or 0: any; -; - : no answer, nothing done */
	UB_FAULT_LINK_DOWN	= 10,	/* 0; -; - : no peer is reached, until removed */
	UB_FAULT_EVENT		= 11,	/* queue id; ub_event_type; TID << 32 | info: at once */
	UB_FAULT_FATAL		= 12,	/* 0; -; - : STATUS.FATAL, DEV_FATAL: at once */
};
#define UB_FAULT_MAX		12
#define UB_FAULT_FOREVER	0xffffffffu	/* as count */
#define UB_FAULT_MAX_NS		10000000000ull	/* of a delay */

/* What ends a stalled command, each also what the later ones do. */
enum ub_stall_end {
	UB_STALL_TIME		= 0,	/* it goes on by itself after arg[1] ns */
	UB_STALL_QUEUE		= 1,	/* its queue leaves READY: WR_FLUSH_ERR */
	UB_STALL_CONTEXT	= 2,	/* DESTROY_JFS; until then ERROR does not end it */
	UB_STALL_DEVICE		= 3,	/* function reset; until then DESTROY_JFS gives BUSY */
};

struct ub_admin_inject {	/* INJECT; QUERY_INJECT: kind alone */
	__le32 kind;		/* enum ub_fault */
	__le32 count;		/* 1 .. UB_FAULT_FOREVER; 0: remove those of this kind and id */
	__le32 skip;
	__le32 rsvd0;
	__le64 arg[2];
	__u8 rsvd[24];
};

enum ub_usage_kind {		/* whose records QUERY_USAGE writes */
	UB_USAGE_CONTEXT	= 1,	/* all its send queues, also those that are gone */
	UB_USAGE_JFS		= 2,
};
#define UB_USAGE_MAX_BYTES	65536

struct ub_admin_usage {		/* QUERY_USAGE; cmd.id = the least id that is of interest */
	__le64 base;		/* bus address of room for struct ub_hw_usage, 256-byte aligned */
	__le32 bytes;		/* of it, a multiple of 256, at most UB_USAGE_MAX_BYTES */
	__le32 kind;		/* enum ub_usage_kind */
	__u8 rsvd[40];
};

struct ub_admin_cmd {
	__u8 opcode;
	__u8 rsvd;
	__le16 tag;		/* echoed */
	__le32 id;		/* the object */
	__extension__ union {
		struct ub_admin_ctx ctx;
		struct ub_admin_seg seg;
		struct ub_admin_eq eq;
		struct ub_admin_jfc jfc;
		struct ub_admin_jfs jfs;
		struct ub_admin_jfr jfr;
		struct ub_admin_program program;
		struct ub_admin_inject inject;
		struct ub_admin_usage usage;
		__u8 raw[56];
	};
};

#define UB_ADMIN_REPLY_OWNER	(1u << 0)
#define UB_ADMIN_REPLY_RUNNING	(1u << 1)	/* QUERY_JFS: its command is being executed */
#define UB_ADMIN_REPLY_WAITING	(1u << 2)	/* QUERY_JFS: it waits for a receiver or a time */

struct ub_admin_reply {
	__u8 status;		/* enum ub_admin_status */
	__u8 flags;		/* UB_ADMIN_REPLY_* */
	__le16 tag;
	__le32 detail;		/* QUERY_JFS: moves with each burst, retry and completion;
				 * QUERY_USAGE: the id to go on with, 0: there is none */
	__le32 state;		/* QUERY_*: enum ub_queue_state */
	__le32 pi;		/* QUERY_*: as the device last saw it */
	__le32 ci;		/* QUERY_*: JFC: as the user last published it */
	__le32 refs;		/* QUERY_*: objects that refer to this one; _INJECT: faults armed */
	__le64 count;		/* QUERY_*: WQEs or CQEs since creation; _INJECT: faults given;
				 * QUERY_USAGE: records written */
	__extension__ union {	/* QUERY_JFS, QUERY_JFC: since creation */
		__extension__ struct {
			__le64 inline_wqes;	/* of count: ran on the doorbell's own path */
			__le64 doorbells;	/* that reached the device */
			__le64 direct_wqes;
			__le64 preempted;	/* times it let a more urgent queue go first */
		} jfs;
		__extension__ struct {
			__le64 events;		/* completion events */
			__le64 rearms;
			__le64 moderated;	/* of the events: held back by moderation */
			__le64 rsvd;
		} jfc;
		__u8 rsvd[32];
	};
};

struct ub_admin_slot {
	struct ub_admin_cmd cmd;
	struct ub_admin_reply reply;
};

/* ---- Usage -------------------------------------------------------------------------------------
 * What a send queue, or all of a context, have done since creation. The service time of a command
 * is from when the device takes it out of the ring to its completion: waits for a thread, and for a
 * receiver, are in it, the wait in the ring is not. Commands that give no CQE are counted with the
 * next one that does, or at the latest when the queue has nothing to do, each with its share of
 * their time.
 */
#define UB_USAGE_BUCKETS	48

struct ub_hw_usage {
	__le32 id;		/* TID or JFS */
	__le32 tid;
	__le64 busy_ns;		/* a thread worked on it; what ran on top of it is in it */
	__le64 wqes;		/* completed, any status */
	__le64 bytes;		/* payload moved or computed on */
	__le64 errors;		/* of wqes: a status other than SUCCESS */
	__le64 doorbells;	/* that reached the device */
	__le64 service_ns;	/* sum of the service times */
	__le32 pending;		/* WQEBBs posted and not done with */
	__le32 rsvd;
	__le32 service[UB_USAGE_BUCKETS];	/* commands by service time, modulo 2^32 */
};

/* The least service time of a bucket, in ns: 0, 256, 384, 512, 768, .. */
static inline __u64 ub_hw_usage_least(unsigned int bucket)
{
	return bucket ? (bucket & 1 ? 256ull : 384ull) << (bucket - 1) / 2 : 0;
}

/* ---- Event queues ------------------------------------------------------------------------------
 * EQ 0 carries asynchronous events, the others completion events. The owner bit has the parity of
 * the lap, 1 on the first. When the ring is full the device sets overrun, drops the entry and
 * raises the interrupt all the same: software then looks at every object of that queue.
 */
enum ub_event_type {		/* asynchronous ones in liburma's order */
	UB_EVENT_JFC_ERR	= 0,
	UB_EVENT_JFS_ERR	= 1,
	UB_EVENT_JFR_ERR	= 2,
	UB_EVENT_JFR_LIMIT	= 3,
	UB_EVENT_JETTY_ERR	= 4,
	UB_EVENT_JETTY_LIMIT	= 5,
	UB_EVENT_JETTY_GRP_ERR	= 6,
	UB_EVENT_PORT_ACTIVE	= 7,
	UB_EVENT_PORT_DOWN	= 8,
	UB_EVENT_DEV_FATAL	= 9,
	UB_EVENT_EID_CHANGE	= 10,
	UB_EVENT_ELR_ERR	= 11,
	UB_EVENT_ELR_DONE	= 12,
	UB_EVENT_COMPLETION	= 0x40,	/* id: JFC, info: arm serial */
};

#define UB_EQE_OWNER		(1u << 0)

struct ub_hw_eqe {
	__u8 type;		/* enum ub_event_type */
	__u8 flags;		/* UB_EQE_OWNER */
	__le16 rsvd;
	__le32 id;		/* queue concerned */
	__le32 tid;		/* its context, 0: the device as a whole */
	__le32 info;		/* cause: enum ub_cr_status or arm serial */
};

struct ub_hw_eq_rec {
	__le32 ci;		/* software */
	__le32 overrun;		/* device adds 1 for each dropped entry */
	__u8 rsvd[56];
};

#endif
