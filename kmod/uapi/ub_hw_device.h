/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/* What the device is, of <ub/ub_hw.h>: PCI identity, registers, limits, device page table. */
#ifndef UB_HW_DEVICE_H
#define UB_HW_DEVICE_H

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
#define UB_REG_VISA_VERSION	0x098	/* RO virtual instruction set, docs/visa.md; 0: none */
#define UB_REG_MAX_PROGRAM	0x09c	/* RO programs (ids 1 .. n) */

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
#define UB_CAP_USAGE		(1ull << 8)	/* QUERY_USAGE; busy_ns in the statistics */
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
#define UB_OPCAP_LAUNCH		(1ull << 35)

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
	__le64 busy_ns;		/* threads worked on send queues; of all threads together */
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
#define UB_HW_MAX_ERR_TIMEOUT	31		/* 4.096 us << n, at most 2.4 hours */
#define UB_HW_ERR_TIMEOUT	17		/* what 0 stands for: 0.54 s */
#define UB_HW_MAX_RNR_TIMER	19		/* delay 4.096 us << n, at most 2.1 s */
#define UB_HW_ADMIN_MAX_DEPTH	256

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
#define UB_PTE_HBM		(1ull << 8)		/* leaf is an offset in device memory */
#define UB_PTE_ADDR_MASK	0x000ffffffffff000ull

#endif
