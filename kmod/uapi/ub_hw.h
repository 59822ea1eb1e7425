/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * The hardware contract of the UB NPU device: PCI identity, registers, admin commands, tables,
 * work queue and completion entries. The device model, the driver and the library all include
 * this one file; docs/hardware.md is its prose and is normative for behaviour.
 *
 * Everything in memory and in registers is little-endian. Fields named rsvd must be zero when
 * written by software and are ignored when read by it. Indices named pi and ci run freely modulo
 * 2^32 and are reduced modulo the ring's depth, a power of two, only to find a slot.
 */
#ifndef UB_HW_H
#define UB_HW_H

#include <linux/types.h>

/* ---- PCI identity -------------------------------------------------------------------------- */
#define UB_HW_PCI_VENDOR_ID	0x1234	/* QEMU's own number for emulated devices */
#define UB_HW_PCI_DEVICE_ID	0x5542	/* "UB" */
#define UB_HW_PCI_CLASS		0x1200	/* processing accelerator */
#define UB_HW_PCI_REVISION	0x01

#define UB_HW_BAR_REGS		0	/* 64 KiB: registers, MSI-X table and PBA */
#define UB_HW_BAR_DB		2	/* doorbell pages, 4 KiB each */
#define UB_HW_BAR_HBM		4	/* device memory, absent when hbm-size is 0 */
#define UB_HW_REGS_SIZE		0x10000
#define UB_HW_MSIX_TABLE	0x8000	/* offset in BAR 0 */
#define UB_HW_MSIX_PBA		0xc000	/* offset in BAR 0 */

/* ---- Registers, offsets in BAR 0; 32-bit unless marked 64; 64-bit ones take 32-bit halves ---- */
#define UB_REG_MAGIC		0x000	/* RO UB_HW_MAGIC */
#define UB_REG_VERSION		0x004	/* RO contract version, major << 16 | minor */
#define UB_REG_GUID		0x008	/* RO 128 bit, byte 0 first */
#define UB_REG_EID		0x018	/* RO 128 bit, byte 0 first, network order like IPv6 */
#define UB_REG_CLASS_CODE	0x028	/* RO UB class, 0x0400: "04/00 UB neural network device" */
#define UB_REG_UPI		0x02c	/* RO UB partition identifier, 15 bit */
#define UB_REG_CAPS		0x030	/* RO 64: UB_CAP_* */
#define UB_REG_OPCODES		0x038	/* RO 64: UB_OPCAP_* */
#define UB_REG_MAX_CTX		0x040	/* RO contexts (TIDs 1 .. n) */
#define UB_REG_MAX_SEG		0x044	/* RO segments (TokenIDs 1 .. n) */
#define UB_REG_MAX_JFS		0x048	/* RO send queues (ids 1 .. n) */
#define UB_REG_MAX_JFR		0x04c	/* RO receive queues (ids 1 .. n) */
#define UB_REG_MAX_JFC		0x050	/* RO completion queues (ids 1 .. n) */
#define UB_REG_MAX_EQ		0x054	/* RO event queues = MSI-X vectors (ids 0 .. n-1) */
#define UB_REG_DB_PAGES		0x058	/* RO doorbell pages in BAR 2; page 0 is never assigned */
#define UB_REG_MAX_JFS_DEPTH	0x05c	/* RO WQEBBs, power of two */
#define UB_REG_MAX_JFR_DEPTH	0x060	/* RO receive WQEs, power of two */
#define UB_REG_MAX_JFC_DEPTH	0x064	/* RO CQEs, power of two */
#define UB_REG_MAX_SGE		0x068	/* RO SGEs of a send WQE */
#define UB_REG_MAX_INLINE	0x06c	/* RO inline bytes of a send WQE */
#define UB_REG_MAX_MSG		0x070	/* RO 64: bytes one WQE moves at most */
#define UB_REG_MAX_GEMM_DIM	0x078	/* RO largest m, n or k */
#define UB_REG_ENGINES		0x07c	/* RO engine threads */
#define UB_REG_HBM_SIZE		0x080	/* RO 64: bytes of device memory */
#define UB_REG_TOTAL_UE		0x088	/* RO UB entities (SR-IOV functions), 0 for now */
#define UB_REG_PORTS		0x08c	/* RO fabric ports, 0 for now */
#define UB_REG_FABRIC_WIN	0x090	/* RO 64: bytes of windows on remote memory, 0 for now */
#define UB_REG_VISA_VERSION	0x098	/* RO virtual instruction set, 0: none */

#define UB_REG_CTRL		0x100	/* RW UB_CTRL_* */
#define UB_REG_STATUS		0x104	/* RO UB_STATUS_* */
#define UB_REG_GENERATION	0x108	/* RO counts function resets since power-on */
#define UB_REG_ERR_CAUSE	0x110	/* RO UB_ERR_*, first error since reset; write clears */
#define UB_REG_ERR_INFO		0x118	/* RO 64: offset, address or index of the first error */
#define UB_REG_PORT0_STATE	0x120	/* RO fabric port link state, 0: no port */
#define UB_REG_RUNNING		0x128	/* RO send queues whose command is being executed */

#define UB_REG_ADMIN_BASE	0x200	/* RW 64: bus address of the admin ring, 4 KiB aligned */
#define UB_REG_ADMIN_DEPTH	0x208	/* RW slots, power of two, 2 .. UB_HW_ADMIN_MAX_DEPTH */
#define UB_REG_ADMIN_PI		0x20c	/* RW admin doorbell: commands up to PI are ready */
#define UB_REG_ADMIN_CI		0x210	/* RO commands answered */

/* Counters, 64 bit each, since power-on; they survive a function reset. */
#define UB_REG_STATS		0x300	/* RO struct ub_hw_stats */

#define UB_HW_MAGIC		0x504e4255	/* "UBNP" */
#define UB_HW_VERSION		0x00010002
#define UB_HW_UB_CLASS		0x0400

#define UB_CTRL_ENABLE		(1u << 0)	/* admin ring is live; clearing it stops nothing */
#define UB_CTRL_RESET		(1u << 1)	/* function reset; reads as zero */

#define UB_STATUS_READY		(1u << 0)	/* the device takes admin commands */
#define UB_STATUS_FATAL		(1u << 1)	/* the admin ring cannot be used until reset */

/* First error captured in ERR_CAUSE. */
#define UB_ERR_NONE		0
#define UB_ERR_BAD_ACCESS	1	/* register access of wrong size or offset (ERR_INFO) */
#define UB_ERR_ADMIN_DMA	2	/* admin slot not readable or writable (bus address) */
#define UB_ERR_ADMIN_PI		3	/* PI ran more than a ring ahead of CI (PI) */
#define UB_ERR_EQ_DMA		4	/* event queue entry not writable (bus address) */

#define UB_CAP_DIRECT_WQE	(1ull << 0)
#define UB_CAP_EVENT_IDX	(1ull << 1)
#define UB_CAP_TOKEN		(1ull << 2)
#define UB_CAP_HUGE_LEAF	(1ull << 3)	/* 2 MiB leaves in the UMMU tables */
#define UB_CAP_HBM		(1ull << 4)
#define UB_CAP_MODERATION	(1ull << 5)	/* completion events by count and time */
#define UB_CAP_STRICT		(1ull << 6)	/* strict priorities and weights of queues */
#define UB_CAP_PROGRESS		(1ull << 7)	/* QUERY_JFS tells progress; RUNNING counts */
#define UB_CAP_INJECT		(1ull << 62)	/* faults on demand, of a model alone */
#define UB_CAP_EMULATED		(1ull << 63)	/* a model, not silicon */

/* Bits of OPCODES: one for each family. */
#define UB_OPCAP_WRITE		(1ull << 0)
#define UB_OPCAP_READ		(1ull << 1)
#define UB_OPCAP_ATOMIC		(1ull << 2)
#define UB_OPCAP_SEND		(1ull << 3)
#define UB_OPCAP_FILL		(1ull << 32)
#define UB_OPCAP_CRC32C		(1ull << 33)
#define UB_OPCAP_GEMM_F32	(1ull << 34)

struct ub_hw_stats {
	__le64 wqes;		/* send WQEs completed, any status */
	__le64 cqes;		/* CQEs written */
	__le64 errors;		/* WQEs completed with a status other than SUCCESS */
	__le64 bytes;		/* payload bytes moved or computed on */
	__le64 db_traps;	/* stores to doorbell pages that reached the model */
	__le64 doorbells;	/* of these: send doorbells */
	__le64 direct_wqes;	/* direct WQEs executed from the doorbell page */
	__le64 rearms;		/* of the traps: JFC re-arms */
	__le64 interrupts;	/* MSI-X messages raised */
	__le64 eqes;		/* event queue entries written */
	__le64 admin_cmds;	/* admin commands answered */
	__le64 inline_wqes;	/* WQEs that ran on the doorbell's own path */
	__le64 engine_wqes;	/* WQEs that ran on engine threads */
	__le64 guest_errors;	/* malformed input: bad registers, commands, rings */
	__le64 polls_hit;	/* engines found work while polling */
	__le64 sleeps;		/* engines gave up polling and went to sleep */
	__le64 preemptions;	/* a burst's end served a more urgent queue first */
	__le64 moderated;	/* completion events that were held back by moderation */
};

/* ---- Identifiers and limits ---------------------------------------------------------------- */
#define UB_HW_ID_MASK		0xfffffu	/* TID, TokenID and queue ids are 20 bit, 0: none */
#define UB_HW_PAGE_SIZE		4096
#define UB_HW_WQEBB_SIZE	64
#define UB_HW_MAX_WQEBB		4		/* WQEBBs of one WQE */
#define UB_HW_MIN_DEPTH		64		/* of JFS, JFR and JFC rings */
#define UB_HW_MAX_PRIORITY	15
#define UB_HW_STRICT_PRIORITY	8		/* from here on priorities are strict */
#define UB_HW_MAX_WEIGHT	255
#define UB_HW_MAX_RNR_RETRY	7
#define UB_HW_MAX_RNR_TIMER	19		/* delay 4.096 us << n, at most 2.1 s */
#define UB_HW_ADMIN_MAX_DEPTH	256

/* ---- Doorbell pages, offsets in a 4 KiB page of BAR 2 ---------------------------------------- */
#define UB_DB_DIRECT_WQE	0x00	/* 64 bytes; the store that covers byte 63 submits */
#define UB_DB_JFC		0x40	/* 64 bit, UB_DB_JFC_*; on a JFC's page */
#define UB_DB_JFS		0x80	/* 32 bit, PI; on a JFS's page */

/* JFC doorbell word: re-arm. */
#define UB_DB_JFC_CI_MASK	0xffffffull		/* bits 23:0, consumer index */
#define UB_DB_JFC_SOLICITED	(1ull << 24)		/* wake for solicited or failed CQEs only */
#define UB_DB_JFC_ARM_SN_SHIFT	25			/* bits 26:25, arm serial */
#define UB_DB_JFC_ARM_SN_MASK	3ull
#define UB_DB_JFC_ID_SHIFT	32			/* bits 51:32, JFC id, must match the page */

/* ---- UMMU: device page table, built by the driver, walked by the device ---------------------- */
/*
 * Four levels of 512 64-bit entries translate a 48-bit device address (UBA) like an x86-64 table:
 * bits 47:39, 38:30, 29:21, 20:12. A leaf is at level 1 (4 KiB) or, with UB_PTE_HUGE, at level 2
 * (2 MiB). Rights are checked at the leaf alone.
 */
#define UB_PT_LEVELS		4
#define UB_PT_INDEX_BITS	9
#define UB_UBA_BITS		48
#define UB_PTE_VALID		(1ull << 0)
#define UB_PTE_READ		(1ull << 1)
#define UB_PTE_WRITE		(1ull << 2)
#define UB_PTE_ATOMIC		(1ull << 3)
#define UB_PTE_HUGE		(1ull << 7)		/* leaf at level 2 */
#define UB_PTE_HBM		(1ull << 8)		/* leaf address is an offset in device memory */
#define UB_PTE_ADDR_MASK	0x000ffffffffff000ull

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

/* Segment access bits: the rights of an access by token, liburma's numbers. */
#define UB_ACCESS_LOCAL_ONLY	(1u << 0)
#define UB_ACCESS_READ		(1u << 1)
#define UB_ACCESS_WRITE		(1u << 2)
#define UB_ACCESS_ATOMIC	(1u << 3)

/* Token policy, liburma's numbers; the other policies are not supported. */
#define UB_TOKEN_NONE		0
#define UB_TOKEN_PLAIN_TEXT	1

struct ub_admin_seg {		/* CREATE_SEG, MODIFY_SEG (token_value alone), DESTROY_SEG */
	__le64 va;		/* cmd.id = TokenID; address of the first byte as WQEs give it */
	__le64 uba;		/* device address of the first byte */
	__le64 len;		/* bytes, at least 1 */
	__le32 tid;
	__le32 access;		/* UB_ACCESS_* */
	__le32 token_policy;	/* UB_TOKEN_* */
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
	__u8 rsvd[12];
};

struct ub_admin_jfr {		/* CREATE_JFR, MODIFY_JFR (state alone), DESTROY_JFR */
	__le64 ring;		/* UBA, 4 KiB aligned, of struct ub_hw_recv_wqe */
	__le64 rec;		/* UBA of struct ub_hw_jfr_rec, 128-byte aligned */
	__le32 tid;
	__le32 depth;
	__le32 jfc;
	__le32 token_policy;	/* UB_TOKEN_*: what a sender must present */
	__le32 token_value;
	__u8 state;
	__u8 min_rnr_timer;	/* 0 .. 19 */
	__u8 rsvd[18];
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
	UB_FAULT_EVENT		= 11,	/* queue id; enum ub_event_type; TID << 32 | info: at once */
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

struct ub_admin_cmd {
	__u8 opcode;
	__u8 rsvd;
	__le16 tag;		/* echoed */
	__le32 id;		/* the object */
	union {
		struct ub_admin_ctx ctx;
		struct ub_admin_seg seg;
		struct ub_admin_eq eq;
		struct ub_admin_jfc jfc;
		struct ub_admin_jfs jfs;
		struct ub_admin_jfr jfr;
		struct ub_admin_inject inject;
		__u8 raw[56];
	};
};

#define UB_ADMIN_REPLY_OWNER	(1u << 0)
#define UB_ADMIN_REPLY_RUNNING	(1u << 1)	/* QUERY_JFS: its command is being executed */
#define UB_ADMIN_REPLY_WAITING	(1u << 2)	/* QUERY_JFS: it waits for a time, as for a receiver */

struct ub_admin_reply {
	__u8 status;		/* enum ub_admin_status */
	__u8 flags;		/* UB_ADMIN_REPLY_* */
	__le16 tag;
	__le32 detail;		/* QUERY_JFS: moves with each burst, retry and completion */
	__le32 state;		/* QUERY_*: enum ub_queue_state */
	__le32 pi;		/* QUERY_*: as the device last saw it */
	__le32 ci;		/* QUERY_*: JFC: as the user last published it */
	__le32 refs;		/* QUERY_*: objects that refer to this one; _INJECT: faults armed */
	__le64 count;		/* QUERY_*: WQEs or CQEs since creation; _INJECT: faults given */
	union {			/* QUERY_JFS, QUERY_JFC: since creation */
		struct {
			__le64 inline_wqes;	/* of count: ran on the doorbell's own path */
			__le64 doorbells;	/* that reached the device */
			__le64 direct_wqes;
			__le64 preempted;	/* times it let a more urgent queue go first */
		} jfs;
		struct {
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

/* ---- Shadow records: user memory, one cache line a writer ------------------------------------ */
struct ub_hw_jfs_rec {
	__le32 pi;		/* user: WQEBBs posted; the truth a doorbell only hints at */
	__u8 rsvd0[60];
	__le32 event_idx;	/* device: wants a doorbell once PI moves past this */
	__le32 ci;		/* device: WQEBBs done with */
	__le32 state;		/* device: enum ub_queue_state */
	__u8 rsvd1[52];
};

struct ub_hw_jfr_rec {
	__le32 pi;		/* user: receive WQEs posted */
	__u8 rsvd0[60];
	__le32 ci;		/* device: receive WQEs consumed */
	__le32 state;		/* device: enum ub_queue_state */
	__u8 rsvd1[56];
};

struct ub_hw_jfc_rec {
	__le32 ci;		/* user: CQEs consumed */
	__u8 rsvd0[60];
	__le32 pi;		/* device: CQEs written */
	__le32 state;		/* device: enum ub_queue_state, READY or ERROR */
	__u8 rsvd1[56];
};

/* ---- Work queue entries ---------------------------------------------------------------------- */
enum ub_opcode {		/* UB transactions by the vendor's numbers, NPU work from 0xc0 */
	UB_OP_WRITE		= 0x00,
	UB_OP_WRITE_IMM		= 0x01,
	UB_OP_WRITE_NOTIFY	= 0x02,
	UB_OP_READ		= 0x10,
	UB_OP_CAS		= 0x20,
	UB_OP_SWAP		= 0x21,
	UB_OP_FADD		= 0x22,
	UB_OP_FSUB		= 0x23,
	UB_OP_FAND		= 0x24,
	UB_OP_FOR		= 0x25,
	UB_OP_FXOR		= 0x26,
	UB_OP_SEND		= 0x40,
	UB_OP_SEND_IMM		= 0x41,
	UB_OP_NOP		= 0x51,
	UB_OP_FILL		= 0xc0,
	UB_OP_CRC32C		= 0xc1,
	UB_OP_GEMM_F32		= 0xc2,
};

#define UB_WQE_OWNER		(1u << 0)	/* parity of the lap, 1 on the first */
#define UB_WQE_COMPLETE		(1u << 1)	/* write a CQE also on success */
#define UB_WQE_SOLICITED	(1u << 2)	/* the peer's CQE is solicited (own one: NPU ops) */
#define UB_WQE_FENCE		(1u << 3)	/* after all earlier reads and atomics */
#define UB_WQE_COMP_ORDER	(1u << 4)	/* complete in order */
#define UB_WQE_PLACE_SHIFT	5		/* 2 bit: 0 none, 1 relaxed, 2 strong */
#define UB_WQE_PLACE_MASK	(3u << 5)
#define UB_WQE_INLINE		(1u << 7)	/* payload is data, not SGEs */
#define UB_WQE_TO_JETTY		(1u << 8)	/* rmt_id is a Jetty id, else a JFR id */
#define UB_WQE_FLAGS		0x01ffu		/* all that are defined */

struct ub_hw_sge {
	__le32 len;		/* bytes */
	__le32 token_id;	/* segment of the queue's own context */
	__le64 va;
};

/*
 * Send WQE: 48 bytes, then a 32-byte extension for the opcodes that have one, then SGEs or inline
 * data. It takes ceil(total / 64) consecutive WQEBBs, at most 4, and may wrap in the ring.
 */
struct ub_hw_wqe {
	__le16 idx;		/* low 16 bits of the index of its first WQEBB */
	__le16 flags;		/* UB_WQE_* */
	__u8 opcode;
	__u8 sge_num;
	__le16 inline_len;	/* bytes with UB_WQE_INLINE; GEMM_F32: UB_GEMM_TRANS_*; else 0 */
	__le64 user_ctx;	/* echoed in the CQE */
	union {
		struct {
			__u8 rmt_eid[16];
			__le64 rmt_addr;	/* memory ops: owner's virtual address */
			__le32 rmt_id;		/* TokenID; SEND: JFR or Jetty id */
			__le32 rmt_token;	/* TokenValue */
		};
		struct {			/* FILL */
			__le64 pattern;
			__le32 pattern_size;	/* 1, 2, 4 or 8 bytes; divides each SGE's len */
			__u8 rsvd_fill[20];
		};
		struct {			/* CRC32C; the result is the CQE's imm_data */
			__le32 crc_seed;	/* result of the data before, 0 to start */
			__u8 rsvd_crc[28];
		};
		struct {			/* GEMM_F32: C = alpha op(A) op(B) + beta C */
			__le32 m, n, k;
			__le32 lda, ldb, ldc;	/* elements from row to row */
			__le32 alpha, beta;	/* IEEE 754 binary32 */
		} gemm;				/* SGEs: A, B, C; row-major */
	};
};

#define UB_GEMM_TRANS_A		(1u << 0)
#define UB_GEMM_TRANS_B		(1u << 1)

union ub_hw_wqe_ext {
	struct {			/* WRITE_IMM, SEND_IMM, WRITE_NOTIFY */
		__le64 imm_data;	/* WRITE_NOTIFY: the 8 bytes to store */
		__le64 notify_addr;	/* WRITE_NOTIFY, 8-byte aligned */
		__le32 notify_id;	/* WRITE_NOTIFY: TokenID; WRITE_IMM: JFR or Jetty id */
		__le32 notify_token;
		__u8 rsvd[8];
	};
	struct {			/* atomics; operand length is SGE 0's: 4 or 8 bytes */
		__le64 operand;		/* CAS, SWAP: new value */
		__le64 compare;		/* CAS */
		__u8 rsvd_atomic[16];
	};
};

#define UB_HW_RECV_SGE		3

struct ub_hw_recv_wqe {
	__le16 idx;
	__le16 flags;		/* UB_WQE_OWNER */
	__u8 rsvd;
	__u8 sge_num;		/* 0 .. 3 */
	__le16 rsvd1;
	__le64 user_ctx;
	struct ub_hw_sge sge[UB_HW_RECV_SGE];
};

/* ---- Completion queue entries ---------------------------------------------------------------- */
enum ub_cr_status {		/* liburma's names and numbers */
	UB_CR_SUCCESS			= 0,
	UB_CR_UNSUPPORTED_OPCODE_ERR	= 1,
	UB_CR_LOC_LEN_ERR		= 2,
	UB_CR_LOC_OPERATION_ERR		= 3,
	UB_CR_LOC_ACCESS_ERR		= 4,
	UB_CR_REM_RESP_LEN_ERR		= 5,
	UB_CR_REM_UNSUPPORTED_REQ_ERR	= 6,
	UB_CR_REM_OPERATION_ERR		= 7,
	UB_CR_REM_ACCESS_ABORT_ERR	= 8,
	UB_CR_ACK_TIMEOUT_ERR		= 9,
	UB_CR_RNR_RETRY_CNT_EXC_ERR	= 10,
	UB_CR_WR_FLUSH_ERR		= 11,
	UB_CR_WR_SUSPEND_DONE		= 12,
	UB_CR_WR_FLUSH_ERR_DONE		= 13,
	UB_CR_WR_UNHANDLED		= 14,
	UB_CR_LOC_DATA_POISON		= 15,
	UB_CR_REM_DATA_POISON		= 16,
};

/* Substatus: which check failed, for people; programs go by status. */
enum ub_cr_substatus {
	UB_SUB_NONE		= 0,
	UB_SUB_FLAGS		= 1,	/* undefined flag or reserved field set */
	UB_SUB_SGE_COUNT	= 2,
	UB_SUB_LENGTH		= 3,
	UB_SUB_ALIGNMENT	= 4,
	UB_SUB_TOKEN_ID		= 5,	/* no such segment, or of another context */
	UB_SUB_TOKEN_VALUE	= 6,
	UB_SUB_BOUNDS		= 7,	/* outside the segment */
	UB_SUB_RIGHTS		= 8,	/* the segment's access bits */
	UB_SUB_UNMAPPED		= 9,	/* no leaf in the page table */
	UB_SUB_PTE_RIGHTS	= 10,	/* leaf without the right */
	UB_SUB_BUS		= 11,	/* leaf address is not memory */
	UB_SUB_OWNER		= 12,	/* WQE owner bit or idx not of this lap */
	UB_SUB_PI		= 13,	/* PI more than a ring ahead */
	UB_SUB_QUEUE_ID		= 14,	/* no such JFR or Jetty */
	UB_SUB_STATE		= 15,	/* queue not READY */
	UB_SUB_EID		= 16,	/* no device of that EID */
	UB_SUB_JFC_FULL		= 17,
};

#define UB_CQE_OWNER		(1u << 0)	/* parity of the lap, 1 on the first */
#define UB_CQE_RECV		(1u << 1)	/* of a JFR */
#define UB_CQE_SOLICITED	(1u << 2)
#define UB_CQE_IMM		(1u << 3)	/* imm_data is valid */
#define UB_CQE_JETTY		(1u << 4)	/* local_id is a Jetty's */

struct ub_hw_cqe {
	__u8 status;		/* enum ub_cr_status; the first four bytes are written last */
	__u8 substatus;		/* enum ub_cr_substatus */
	__u8 opcode;		/* of the WQE that caused it */
	__u8 flags;		/* UB_CQE_* */
	__le32 local_id;	/* JFS, JFR or Jetty id */
	__le64 user_ctx;
	__le32 len;		/* bytes moved */
	__le32 idx;		/* index of the WQE's first WQEBB, or of the receive WQE */
	__le64 imm_data;	/* immediate data; CRC32C: result */
	__u8 rmt_eid[16];	/* the peer */
	__le32 rmt_id;		/* the peer's JFS or Jetty id */
	__le32 rsvd;
	__le64 timestamp_ns;	/* device clock when it was written */
};

#endif
