/* SPDX-License-Identifier: MIT */
/*
 * The command a send queue was at. WQEs go as bytes and are parsed again. What was checked before
 * is found again by its ids; those that are gone by now are marked as such, since another object
 * may have their id. Data moved already is not moved again: bursts end where `moved` says.
 */
#include "op/op.h"
#include "state/state.h"

static bool mem_is_alive(const struct ub_mem *mem)
{
	return mem->seg && !ub_obj_dead(&mem->seg->obj);
}

static uint32_t what_cmd_lost(struct ub_cmd *cmd)
{
	uint32_t lost = 0;

	if (cmd->rmt.seg && !mem_is_alive(&cmd->rmt) && cmd->phase != UB_PHASE_WRITTEN)
		lost |= UB_LOST_RMT;
	if (cmd->notify.seg && !mem_is_alive(&cmd->notify))
		lost |= UB_LOST_NOTIFY;
	if (cmd->jfr && (ub_obj_dead(&cmd->jfr->obj) ||
			 atomic_load(&cmd->jfr->gen) != cmd->jfr_gen))
		lost |= UB_LOST_JFR;
	for (unsigned i = 0; cmd->receiving && i < cmd->recv.n; i++)
		if (!mem_is_alive(&cmd->recv.mem[i]))
			lost |= UB_LOST_RECV;
	return lost;
}

static void out_cmd_recv(struct ub_out *out, const struct ub_recv *r)
{
	ub_out_bytes(out, &r->wqe, sizeof(r->wqe));
	ub_out_u32(out, r->index);
	ub_out_u32(out, r->status);
	ub_out_u32(out, r->sub);
}

void ub_out_cmd(struct ub_out *out, struct ub_jfs *jfs)
{
	struct ub_cmd *cmd = &jfs->cur;
	/* It has written nothing yet and starts again. */
	bool again = cmd->op && cmd->op->restarts && !cmd->done;
	/* A stall that outlives a RESET keeps the queue. */
	bool active = cmd->active && (cmd->gen == atomic_load(&jfs->gen) ||
				      atomic_load(&jfs->stall));

	ub_out_u32(out, active);
	if (!active)
		return;
	ub_out_u32(out, cmd->nblocks);
	ub_out_bytes(out, cmd->raw, sizeof(cmd->raw));
	ub_out_u32(out, cmd->phase);
	ub_out_u32(out, cmd->rnr_tries);
	ub_out_u32(out, cmd->late);
	ub_out_u64(out, cmd->wait_ns);
	ub_out_u64(out, again ? 0 : cmd->moved);
	ub_out_u64(out, cmd->imm);
	ub_out_u32(out, cmd->done);
	ub_out_u32(out, cmd->status);
	ub_out_u32(out, cmd->substatus);
	ub_out_u32(out, cmd->cqe_flags);
	ub_out_u32(out, cmd->restored ? cmd->lost : what_cmd_lost(cmd));
	ub_out_u32(out, cmd->restored ? cmd->jfr_id : cmd->jfr ? cmd->jfr->obj.id : 0);
	ub_out_u32(out, cmd->jetty_id);
	ub_out_u32(out, cmd->receiving);
	if (cmd->receiving)
		out_cmd_recv(out, &cmd->recv);
	if (cmd->op && cmd->op->has_program)
		ub_out_launch(out, cmd);
}

static void in_cmd_result(struct ub_in *in, struct ub_cmd *cmd)
{
	bool done = ub_in_bool(in, "a command's end");
	unsigned status = ub_in_upto(in, UB_CR_REM_DATA_POISON, "a command's status");
	unsigned sub = ub_in_upto(in, UB_SUB_PROGRAM, "a command's substatus");

	cmd->cqe_flags = (uint8_t)ub_in_upto(in, UB_CQE_IMM, "a completion's flags");
	cmd->cqe_flags &= UB_CQE_IMM;
	if (done)
		ub_cmd_fail(cmd, status, sub);
}

static void in_cmd_receive(struct ub_in *in, struct ub_cmd *cmd)
{
	cmd->lost = ub_in_upto(in, UB_LOST_ALL, "what a command lost");
	cmd->jfr_id = ub_in_u32(in);
	cmd->jetty_id = ub_in_u32(in);
	cmd->receiving = ub_in_bool(in, "a message's receive WQE");
	if (!cmd->receiving)
		return;
	ub_in_bytes(in, &cmd->recv.wqe, sizeof(cmd->recv.wqe));
	cmd->recv.index = ub_in_u32(in);
	cmd->recv.status = (uint8_t)ub_in_upto(in, UB_CR_REM_DATA_POISON, "a message's status");
	cmd->recv.sub = (uint8_t)ub_in_upto(in, UB_SUB_PROGRAM, "a message's substatus");
	ub_in_check(in, !cmd->done || cmd->late, "a message has ended that has not been received");
	ub_in_check(in, cmd->recv.wqe.sge_num <= UB_HW_RECV_SGE && cmd->phase != UB_PHASE_NEW &&
		    (ub_op_is_send(cmd->op) || (ub_op_is_message(cmd->op) && cmd->late)),
		    "a receive WQE was taken by a command that takes none");
}

void ub_in_cmd(struct ub_in *in, struct ub_jfs *jfs)
{
	struct ub_cmd *cmd = &jfs->cur;
	uint8_t raw[UB_HW_WQE_BYTES];
	unsigned blocks;

	if (!ub_in_bool(in, "a command under way"))
		return;
	blocks = ub_in_upto(in, UB_HW_MAX_WQEBB, "a command's blocks");
	ub_in_bytes(in, raw, sizeof(raw));
	if (in->failed)
		return;
	memcpy(cmd->raw, raw, sizeof(raw));
	if (!ub_in_check(in, blocks == ub_wqe_blocks(&cmd->wqe),
			 "a command is not as long as its WQE says"))
		return;
	cmd->active = true;
	cmd->restored = true;
	cmd->gen = atomic_load(&jfs->gen);
	cmd->index = jfs->ci;
	cmd->nblocks = (uint8_t)blocks;
	ub_wqe_parse(cmd);
	cmd->phase = (uint8_t)ub_in_upto(in, UB_PHASE_WRITTEN, "a command's phase");
	cmd->rnr_tries = (uint8_t)ub_in_upto(in, UB_HW_MAX_RNR_RETRY, "a command's repeats");
	cmd->late = (uint8_t)ub_in_upto(in, UB_LATE_MAX, "a late completion");
	cmd->wait_ns = ub_in_u64(in);
	ub_in_check(in, cmd->wait_ns <= UB_FAULT_MAX_NS, "a command waits longer than any can");
	cmd->moved = ub_in_u64(in);
	cmd->imm = ub_in_u64(in);
	ub_in_check(in, cmd->moved <= cmd->total || (cmd->op && cmd->op->restarts),
		    "a command moved more than it has");
	ub_in_check(in, cmd->moved <= UB_MAX_MSG, "a command moved more than any can");
	in_cmd_result(in, cmd);
	in_cmd_receive(in, cmd);
	if (cmd->op && cmd->op->has_program)
		ub_in_launch(in, cmd);
	/* What waits for a receiver has been checked. */
	ub_in_check(in, !cmd->rnr_tries || cmd->phase != UB_PHASE_NEW,
		    "a command waits that was not looked at");
}
