/* SPDX-License-Identifier: MIT */
/* Commands: a row for each opcode, WQEs, execution. */
#ifndef UB_CORE_OP_H
#define UB_CORE_OP_H

#include "base/bytes.h"
#include "inject/inject.h"

/*
 * WAIT: again after cmd.wait_ns. AGAIN: after others of its class. MORE: again with the next part
 * of its payload.
 */
enum ub_exec { UB_EXEC_DONE, UB_EXEC_WAIT, UB_EXEC_AGAIN, UB_EXEC_MORE };

/* What an opcode names at its peer, by rmt_id or notify_id. */
enum ub_peer_object { UB_PEER_NONE, UB_PEER_MEMORY, UB_PEER_RECEIVER };

#define UB_OP_ANY_SGE	0xff

/* One row for an opcode; ops.c has them all. Number, capability and extension: ub_hw_queue.h. */
struct ub_op {
	const char *name;
	/* Shape */
	bool may_inline;
	uint8_t nsge;			/* exactly so many, or UB_OP_ANY_SGE that fit */
	uint8_t nsge_status;		/* that another number gives */
	uint16_t len_flags;		/* bits that inline_len may have without inline data */
	struct {
		uint8_t at, bytes;
	} reserved;			/* in the WQE */
	void (*check)(struct ub_cmd *cmd);	/* of all else; NULL: no more is to be checked */
	/* Execution */
	enum ub_peer_object target;	/* NONE: no peer has a part in it */
	uint8_t access;			/* UB_ACCESS_*, wanted of memory that rmt_id names */
	enum ub_peer_object second;	/* what notify_id names */
	bool has_imm;			/* the receiver gets the immediate data */
	bool engine_only;		/* not on a doorbell's path, however little it moves */
	bool has_program;		/* launch.program names one, of the queue's context */
	bool restarts;			/* saved before its end, it starts again once loaded */
	/* NULL: it does nothing and touches no memory. No lock is held. */
	enum ub_exec (*exec)(struct ub_jfs *jfs);
};

/* ---- ops.c ---- */
extern const struct ub_op ub_ops[256];	/* by opcode; without a name it is no row */

/* The row, or NULL: the device does not know the opcode. */
static inline const struct ub_op *ub_op_find(uint8_t opcode)
{
	return ub_ops[opcode].name ? &ub_ops[opcode] : NULL;
}

/* What the OPCODES register reads. */
uint64_t ub_op_caps(void);

/* UB transactions; NPU work and NOP have no peer. */
static inline bool ub_op_has_peer(const struct ub_op *op)
{
	return op && op->target != UB_PEER_NONE;
}

/* Messages: a receive WQE is taken and the peer gets a CQE. */
static inline bool ub_op_is_message(const struct ub_op *op)
{
	return op && (op->target == UB_PEER_RECEIVER || op->second == UB_PEER_RECEIVER);
}

/* SEND: the payload goes where the receive WQE says. */
static inline bool ub_op_is_send(const struct ub_op *op)
{
	return op && op->target == UB_PEER_RECEIVER;
}

/* ---- wqe.c ---- */
bool ub_wqe_is_first(const struct ub_hw_wqe *wqe, uint32_t index, uint32_t depth);
unsigned ub_wqe_blocks(const struct ub_hw_wqe *wqe);
/* Splits raw; sets done with a status when it is malformed. */
void ub_wqe_parse(struct ub_cmd *cmd);

/* ---- copy.c: payload, in bursts between which more urgent queues are served ---- */
enum ub_xfer { UB_XFER_OK, UB_XFER_SRC, UB_XFER_DST, UB_XFER_GONE };

/* Under dma_lock: is the command still wanted? */
bool ub_cmd_live(struct ub_jfs *jfs);
/* Inline data, or the SGEs' memory, from where the command is. */
void ub_stream_local(struct ub_stream *s, struct ub_jfs *jfs, uint64_t rights);
/* What it has of its payload has moved, and the rest is to come. */
static inline bool ub_cmd_wants_more(const struct ub_cmd *cmd)
{
	return !cmd->done && cmd->moved < cmd->total;
}
/* Takes the dma_lock for each burst. *moved grows by what was copied. */
enum ub_xfer ub_stream_copy(struct ub_jfs *jfs, struct ub_stream *dst, struct ub_stream *src,
			    uint64_t len, uint64_t *moved);
/* As above for rows of row_bytes, stride apart in *s from its start, to or from packed memory. */
enum ub_xfer ub_stream_copy_rows(struct ub_jfs *jfs, struct ub_stream *s, uint32_t rows,
				 uint64_t row_bytes, uint64_t stride, void *packed, bool to_device);
/* Status of a transfer between the command's own memory and its target. */
void ub_cmd_xfer(struct ub_cmd *cmd, enum ub_xfer x, const struct ub_stream *local,
		 const struct ub_stream *remote, bool to_remote);

/* ---- request.c: commands whose target another process has ---- */
enum ub_exec ub_exec_request(struct ub_jfs *jfs);
/* The command is over, whatever has been answered; lets go of its link. */
void ub_request_end(struct ub_cmd *cmd);
/* What the port tells, by its own thread. */
void ub_request_answered(struct ub_core *core, struct ub_link *link, const struct ub_frame *frame,
			 const void *payload);
void ub_request_changed(struct ub_core *core, struct ub_link *link);

/* ---- exec.c ---- */
enum ub_exec ub_exec(struct ub_jfs *jfs);
/* Find again what a restored command had found. No lock is held. */
void ub_cmd_restore(struct ub_jfs *jfs);
/* Lets go of what the command holds. Under dma_lock, or when the queue is dead. */
void ub_cmd_release(struct ub_cmd *cmd);

/* ---- launch.c ---- */
/* Where a launch is, and back. A loaded one goes on once its program is found. */
void ub_out_launch(struct ub_out *out, const struct ub_cmd *cmd);
void ub_in_launch(struct ub_in *in, struct ub_cmd *cmd);
void ub_launch_free(struct ub_cmd *cmd);

/* ---- exec_ub.c, exec_msg.c, exec_npu.c, gemm.c, launch.c: what rows say of commands ---- */
void ub_check_notify(struct ub_cmd *cmd);
void ub_check_atomic(struct ub_cmd *cmd);
void ub_check_fill(struct ub_cmd *cmd);
void ub_check_gemm(struct ub_cmd *cmd);
void ub_check_launch(struct ub_cmd *cmd);
enum ub_exec ub_exec_write(struct ub_jfs *jfs);
enum ub_exec ub_exec_write_notify(struct ub_jfs *jfs);
enum ub_exec ub_exec_read(struct ub_jfs *jfs);
enum ub_exec ub_exec_atomic(struct ub_jfs *jfs);
enum ub_exec ub_exec_message(struct ub_jfs *jfs);
enum ub_exec ub_exec_fill(struct ub_jfs *jfs);
enum ub_exec ub_exec_crc32c(struct ub_jfs *jfs);
enum ub_exec ub_exec_gemm(struct ub_jfs *jfs);
enum ub_exec ub_exec_launch(struct ub_jfs *jfs);
void ub_gemm_setup(const struct ub_core_config *cfg);

/* The command ends without going on: a receive WQE it has taken completes all the same. */
void ub_cmd_abandon(struct ub_jfs *jfs);
/* Section 4 for the SGEs of the receive WQE that was taken; under the receiver's dma_lock. */
void ub_cmd_check_receive(struct ub_cmd *cmd, struct ub_recv *r);
void ub_cmd_end_receive(struct ub_cmd *cmd);

/* ---- crc32c.c ---- */
uint32_t ub_crc32c(uint32_t crc, const void *data, size_t len);
/* The portable one, for machines without the instruction. */
uint32_t ub_crc32c_table(uint32_t crc, const void *data, size_t len);

#endif
