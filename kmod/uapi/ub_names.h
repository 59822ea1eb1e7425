/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * Names of what the contracts count and number, each list once, for all who show or read them: the
 * driver, the device, the library and the tool. X is applied to each row, in the order of the
 * numbers; NAME is the end of the enumerator's. There is no code here, and nothing to link with.
 */
#ifndef UB_NAMES_H
#define UB_NAMES_H

/* struct ub_hw_stats. X(member) */
#define UB_STAT_NAMES(X) \
	X(wqes) X(cqes) X(errors) X(bytes) X(db_traps) X(doorbells) X(direct_wqes) X(rearms) \
	X(interrupts) X(eqes) X(admin_cmds) X(inline_wqes) X(engine_wqes) X(guest_errors) \
	X(polls_hit) X(sleeps) X(preemptions) X(moderated) X(busy_ns)

/* UB_A_HANGS and on. X(NAME, name, meaning) */
#define UB_HEALTH_COUNTERS(X) \
	X(HANGS, hangs, "hangs") \
	X(QUEUE_RESETS, queue_resets, "  queues reset for them") \
	X(CONTEXT_RESETS, context_resets, "  contexts reset") \
	X(DEVICE_RESETS, device_resets, "  device resets, also for fatal errors") \
	X(ADMIN_RESETS, admin_resets, "resets asked for") \
	X(LOST_IRQS, lost_irqs, "interrupts lost and recovered") \
	X(LOST_DOORBELLS, lost_doorbells, "doorbells lost and recovered") \
	X(EQ_OVERRUNS, eq_overruns, "event queues found full") \
	X(ADMIN_TIMEOUTS, admin_timeouts, "admin commands without answer") \
	X(FATALS, fatals, "fatal errors") \
	X(COREDUMPS, coredumps, "core dumps written")

/* enum ub_health_event, from 1. X(NAME, name) */
#define UB_HEALTH_EVENTS(X) \
	X(HANG, "hang") X(LOST_IRQ, "lost-irq") X(LOST_DB, "lost-doorbell") \
	X(ADMIN_TIMEOUT, "admin-timeout") X(FATAL, "fatal") X(RESET, "reset")

/* enum ub_reset_scope. X(NAME, name) */
#define UB_RESET_SCOPES(X) X(DEVICE, "device") X(CONTEXT, "context") X(QUEUE, "queue")

/* enum ub_obj_type, from 1. X(NAME, one, many) */
#define UB_OBJECT_NAMES(X) \
	X(CONTEXT, "context", "contexts") X(SEG, "segment", "segments") X(JFS, "jfs", "JFSs") \
	X(JFR, "jfr", "JFRs") X(JFC, "jfc", "JFCs") X(JFCE, "jfce", "JFCEs") \
	X(DB_PAGE, "doorbell page", "doorbell pages") X(PROGRAM, "program", "programs")

/*
 * enum ub_fault, from 1. X(NAME, name, id, lasting, at_once, arg0, least0, most0, arg1, least1,
 * most1, meaning): id is what cmd.id names, of NONE, JFS, JFC, SEG, VECTOR, OPCODE and QUEUE;
 * lasting: in force until it is removed; arg0, arg1: the names of arg[] in text, 0 where it is not
 * used, with their limits.
 */
#define UB_FAULTS(X) \
	X(STATUS, "status", JFS, 0, 0, "status", UB_CR_UNSUPPORTED_OPCODE_ERR, \
	  UB_CR_REM_DATA_POISON, "substatus", 0, UB_SUB_PROGRAM, \
	  "a request completes with this status, not executed") \
	X(POISON, "poison", SEG, 1, 0, "offset", 0, (1ull << UB_UBA_BITS) - 1, "bytes", 1, \
	  1ull << UB_UBA_BITS, "bytes of a segment are poisoned until that is removed") \
	X(STALL, "stall", JFS, 0, 0, "end", 0, UB_STALL_DEVICE, "ns", 0, UB_FAULT_MAX_NS, \
	  "a request stands still") \
	X(CQE_DELAY, "cqe-delay", JFC, 0, 0, "ns", 0, UB_FAULT_MAX_NS, 0, 0, 0, \
	  "a completion comes late") \
	X(CQE_TORN, "cqe-torn", JFC, 0, 0, "ns", 0, UB_FAULT_MAX_NS, 0, 0, 0, \
	  "a completion is written piece by piece") \
	X(LOST_IRQ, "lost-irq", VECTOR, 0, 0, 0, 0, 0, 0, 0, 0, "an interrupt does not come") \
	X(LOST_DB, "lost-doorbell", JFS, 0, 0, 0, 0, 0, 0, 0, 0, "a doorbell does not arrive") \
	X(ADMIN_STATUS, "admin-status", OPCODE, 0, 0, "status", UB_ADMIN_BAD_OPCODE, \
	  UB_ADMIN_BAD_PROGRAM, 0, 0, 0, "an admin command fails") \
	X(ADMIN_SILENT, "admin-silent", OPCODE, 0, 0, 0, 0, 0, 0, 0, 0, \
	  "an admin command gets no answer") \
	X(LINK_DOWN, "link-down", NONE, 1, 0, 0, 0, 0, 0, 0, 0, \
	  "no other device is reached until removed") \
	X(EVENT, "event", QUEUE, 0, 1, "type", 0, UB_EVENT_ELR_DONE, "info", 0, \
	  (unsigned long long)UB_HW_ID_MASK << 32 | 0xffffffffu, \
	  "an asynchronous event, at once") \
	X(FATAL, "fatal", NONE, 0, 1, 0, 0, 0, 0, 0, 0, "the device reports a fatal error, at once")

/* enum ub_stall_end. X(NAME, name) */
#define UB_STALL_ENDS(X) \
	X(TIME, "time") X(QUEUE, "queue") X(CONTEXT, "context") X(DEVICE, "device")

/* enum ub_cr_status. X(NAME) */
#define UB_CR_NAMES(X) \
	X(SUCCESS) X(UNSUPPORTED_OPCODE_ERR) X(LOC_LEN_ERR) X(LOC_OPERATION_ERR) \
	X(LOC_ACCESS_ERR) X(REM_RESP_LEN_ERR) X(REM_UNSUPPORTED_REQ_ERR) X(REM_OPERATION_ERR) \
	X(REM_ACCESS_ABORT_ERR) X(ACK_TIMEOUT_ERR) X(RNR_RETRY_CNT_EXC_ERR) X(WR_FLUSH_ERR) \
	X(WR_SUSPEND_DONE) X(WR_FLUSH_ERR_DONE) X(WR_UNHANDLED) X(LOC_DATA_POISON) \
	X(REM_DATA_POISON)

/* enum ub_cr_substatus. X(NAME, meaning) */
#define UB_SUBSTATUSES(X) \
	X(NONE, "no details") \
	X(FLAGS, "undefined flag or reserved field set") \
	X(SGE_COUNT, "wrong number of SGEs") \
	X(LENGTH, "length not allowed") \
	X(ALIGNMENT, "address not aligned") \
	X(TOKEN_ID, "no such segment, or of another context") \
	X(TOKEN, "the token opens nothing of that id") \
	X(BOUNDS, "outside the segment") \
	X(RIGHTS, "access right not granted by the segment") \
	X(UNMAPPED, "page not mapped") \
	X(PTE_RIGHTS, "page without the access right") \
	X(BUS, "address is not memory") \
	X(OWNER, "owner bit or index not of this lap") \
	X(PI, "producer index more than a ring ahead") \
	X(RSVD14, "reserved") \
	X(STATE, "queue not READY") \
	X(EID, "no device of that EID") \
	X(JFC_FULL, "completion queue full") \
	X(PROGRAM, "no such program, or it was ended by a fault")

/* enum ub_event_type, the asynchronous ones. X(NAME) */
#define UB_EVENT_NAMES(X) \
	X(JFC_ERR) X(JFS_ERR) X(JFR_ERR) X(JFR_LIMIT) X(JETTY_ERR) X(JETTY_LIMIT) \
	X(JETTY_GRP_ERR) X(PORT_ACTIVE) X(PORT_DOWN) X(DEV_FATAL) X(EID_CHANGE) X(ELR_ERR) \
	X(ELR_DONE)

/* enum ub_queue_state. X(NAME) */
#define UB_STATE_NAMES(X) X(RESET) X(READY) X(SUSPENDED) X(ERROR)

/* enum ub_admin_status. X(NAME) */
#define UB_ADMIN_STATUS_NAMES(X) \
	X(OK) X(BAD_OPCODE) X(BAD_FIELD) X(BAD_ID) X(ID_IN_USE) X(BAD_ADDRESS) X(BAD_STATE) \
	X(BUSY) X(NO_MEMORY) X(LIMIT) X(BAD_PROGRAM)

#endif
