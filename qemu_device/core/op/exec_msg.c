/* SPDX-License-Identifier: MIT */
/* Messages: SEND, SEND_IMM, and the second half of WRITE_IMM. */
#include "op/op.h"

static void write_payload(struct ub_jfs *jfs)
{
	struct ub_cmd *cmd = &jfs->cur;
	struct ub_stream local, remote;
	enum ub_xfer x;

	ub_stream_local(&local, jfs, UB_PTE_READ);
	ub_stream_mem(&remote, cmd->peer, &cmd->rmt, 1, UB_PTE_WRITE);
	ub_stream_start_at(&remote, cmd->moved);
	x = ub_stream_copy(jfs, &remote, &local, cmd->part_end - cmd->moved, &cmd->moved);
	ub_cmd_xfer(cmd, x, &local, &remote, true);
	if (!ub_cmd_wants_more(cmd))
		cmd->phase = UB_PHASE_WRITTEN;
}

/* Section 4 for the receiver's SGEs; under its dma_lock. */
void ub_cmd_check_receive(struct ub_cmd *cmd, struct ub_recv *r)
{
	uint64_t room = 0;

	for (unsigned i = 0; i < r->wqe.sge_num; i++) {
		const struct ub_hw_sge *sge = &r->wqe.sge[i];
		int sub;

		if (!sge->len)
			continue;
		sub = ub_seg_local(cmd->jfr->ctx, sge->token_id, sge->va, sge->len,
				   &r->mem[r->n]);
		if (sub) {
			r->status = UB_CR_LOC_ACCESS_ERR;
			r->sub = (uint8_t)sub;
			ub_cmd_fail(cmd, UB_CR_REM_OPERATION_ERR, (unsigned)sub);
			return;
		}
		r->n++;
		room += sge->len;
	}
	if (ub_op_is_send(cmd->op) && cmd->total > room) {
		r->status = UB_CR_LOC_LEN_ERR;
		r->sub = UB_SUB_LENGTH;
		ub_cmd_fail(cmd, UB_CR_REM_RESP_LEN_ERR, UB_SUB_LENGTH);
	}
}

static void fail_refused(struct ub_cmd *cmd, enum ub_take take)
{
	bool jfc_lost = atomic_load(&cmd->jfr->jfc->state) == UB_STATE_ERROR;

	if (take == UB_TAKE_BAD)
		ub_cmd_fail(cmd, UB_CR_REM_OPERATION_ERR, UB_SUB_OWNER);
	else
		ub_cmd_fail(cmd, UB_CR_REM_OPERATION_ERR,
			    jfc_lost ? UB_SUB_JFC_FULL : UB_SUB_STATE);
}

static enum ub_take take_receive(struct ub_jfs *jfs, struct ub_recv *r)
{
	struct ub_cmd *cmd = &jfs->cur;
	struct ub_core *core = jfs->obj.core;
	enum ub_take ret = UB_TAKE_STATE;
	struct ub_after after;

	ub_after_init(&after, cmd->peer);
	ub_dma_lock(core, cmd->peer);
	if (ub_cmd_live(jfs))
		ret = ub_jfr_take(cmd->jfr, &r->wqe, &r->index, &after);
	if (ret == UB_TAKE_OK) {
		cmd->receiving = true;
		ub_cmd_check_receive(cmd, r);
	} else if (ret != UB_TAKE_EMPTY) {
		fail_refused(cmd, ret);
	}
	ub_dma_unlock(core, cmd->peer);
	ub_after_run(&after);
	return ret;
}

static void flush_receiver(struct ub_cmd *cmd)
{
	struct ub_after after;
	bool more = true;

	while (more) {
		ub_after_init(&after, cmd->peer);
		pthread_rwlock_rdlock(&cmd->peer->dma_lock);
		more = ub_jfr_flush(cmd->jfr, &after);
		pthread_rwlock_unlock(&cmd->peer->dma_lock);
		ub_after_run(&after);
	}
}

static void copy_message(struct ub_jfs *jfs, struct ub_recv *r)
{
	struct ub_cmd *cmd = &jfs->cur;
	struct ub_stream local, remote;
	enum ub_xfer x;

	ub_stream_local(&local, jfs, UB_PTE_READ);
	ub_stream_mem(&remote, cmd->peer, r->mem, r->n, UB_PTE_WRITE);
	ub_stream_start_at(&remote, cmd->moved);
	x = ub_stream_copy(jfs, &remote, &local, cmd->part_end - cmd->moved, &cmd->moved);
	if (x == UB_XFER_OK)
		return;
	if (x == UB_XFER_DST) {
		r->status = UB_CR_LOC_ACCESS_ERR;
		r->sub = remote.sub;
		ub_poison_status(&r->status, &r->sub);
		ub_cmd_fail(cmd, UB_CR_REM_OPERATION_ERR, remote.sub);
		return;
	}
	r->status = UB_CR_REM_OPERATION_ERR;
	r->sub = local.sub;
	ub_poison_status(&r->status, &r->sub);
	ub_cmd_xfer(cmd, x, &local, &remote, true);
}

void ub_cmd_end_receive(struct ub_cmd *cmd)
{
	for (unsigned i = 0; cmd->receiving && i < cmd->recv.n; i++)
		ub_mem_put(&cmd->recv.mem[i]);
	cmd->receiving = false;
}

static void fill_recv_cqe(struct ub_jfs *jfs, const struct ub_recv *r, struct ub_hw_cqe *cqe)
{
	struct ub_cmd *cmd = &jfs->cur;

	memset(cqe, 0, sizeof(*cqe));
	cqe->status = r->status;
	cqe->substatus = r->sub;
	cqe->opcode = cmd->opcode;
	cqe->flags = UB_CQE_RECV;
	cqe->local_id = cmd->jfr->obj.id;
	if (cmd->flags & UB_WQE_TO_JETTY) {
		cqe->flags |= UB_CQE_JETTY;
		cqe->local_id = cmd->jetty_id;
	}
	if (cmd->flags & UB_WQE_SOLICITED)
		cqe->flags |= UB_CQE_SOLICITED;
	if (cmd->op->has_imm) {
		cqe->flags |= UB_CQE_IMM;
		cqe->imm_data = cmd->ext.imm_data;
	}
	cqe->user_ctx = r->wqe.user_ctx;
	cqe->len = (uint32_t)cmd->moved;
	cqe->idx = r->index;
	memcpy(cqe->rmt_eid, jfs->eid, 16);
	cqe->rmt_id = jfs->obj.id;
}

/* Whether the receiver's CQE is put off. */
static bool receive_is_late(struct ub_jfs *jfs)
{
	struct ub_cmd *cmd = &jfs->cur;
	struct ub_jfr *jfr = cmd->jfr;
	struct ub_hw_cqe cqe;
	bool late = false;

	if (!cmd->late && !ub_armed_late(&cmd->peer->inject))
		return false;
	fill_recv_cqe(jfs, &cmd->recv, &cqe);
	pthread_rwlock_rdlock(&cmd->peer->dma_lock);
	if (!ub_obj_dead(&jfr->obj) && atomic_load(&jfr->gen) == cmd->jfr_gen)
		late = ub_inject_late(cmd, jfr->jfc, &cqe);
	pthread_rwlock_unlock(&cmd->peer->dma_lock);
	return late;
}

static void complete_receive(struct ub_jfs *jfs, struct ub_recv *r)
{
	struct ub_cmd *cmd = &jfs->cur;
	struct ub_jfr *jfr = cmd->jfr;
	struct ub_after after;
	struct ub_hw_cqe cqe;
	bool ok;

	fill_recv_cqe(jfs, r, &cqe);
	ub_after_init(&after, cmd->peer);
	pthread_rwlock_rdlock(&cmd->peer->dma_lock);
	ok = !ub_obj_dead(&jfr->obj) && atomic_load(&jfr->gen) == cmd->jfr_gen &&
	     ub_jfc_push(jfr->jfc, &cqe, &after);
	pthread_rwlock_unlock(&cmd->peer->dma_lock);
	ub_after_run(&after);
	if (!ok && !cmd->done)
		ub_cmd_fail(cmd, UB_CR_REM_OPERATION_ERR, UB_SUB_JFC_FULL);
	ub_cmd_end_receive(cmd);
	cmd->late = 0;
}

static enum ub_exec end_receive(struct ub_jfs *jfs)
{
	if (ub_op_is_send(jfs->cur.op) && ub_cmd_wants_more(&jfs->cur))
		return UB_EXEC_MORE;
	if (receive_is_late(jfs))
		return UB_EXEC_WAIT;
	complete_receive(jfs, &jfs->cur.recv);
	return UB_EXEC_DONE;
}

void ub_cmd_abandon(struct ub_jfs *jfs)
{
	struct ub_cmd *cmd = &jfs->cur;
	struct ub_recv *r = &cmd->recv;

	/* What it had found is not there when it was loaded and never resumed. */
	if (!cmd->active || !cmd->receiving || !cmd->jfr)
		return;
	if (!r->status && cmd->moved < cmd->total) {
		r->status = UB_CR_REM_OPERATION_ERR;
		r->sub = UB_SUB_STATE;
	}
	complete_receive(jfs, r);
}

static enum ub_exec retry_later(struct ub_jfs *jfs)
{
	struct ub_cmd *cmd = &jfs->cur;

	if (cmd->rnr_tries == jfs->rnr_retry) {
		ub_cmd_fail(cmd, UB_CR_RNR_RETRY_CNT_EXC_ERR, UB_SUB_NONE);
		return UB_EXEC_DONE;
	}
	cmd->rnr_tries++;
	cmd->wait_ns = 4096ull << cmd->jfr->min_rnr_timer;
	ub_jfs_progress(jfs);
	return UB_EXEC_WAIT;
}

static enum ub_exec take_and_copy(struct ub_jfs *jfs)
{
	struct ub_cmd *cmd = &jfs->cur;

	memset(&cmd->recv, 0, sizeof(cmd->recv));
	switch (take_receive(jfs, &cmd->recv)) {
	case UB_TAKE_EMPTY:
		return retry_later(jfs);
	case UB_TAKE_BAD:
		flush_receiver(cmd);
		return UB_EXEC_DONE;
	case UB_TAKE_STATE:
		return UB_EXEC_DONE;
	case UB_TAKE_OK:
		break;
	}
	if (!cmd->done && ub_op_is_send(cmd->op))
		copy_message(jfs, &cmd->recv);
	return end_receive(jfs);
}

enum ub_exec ub_exec_message(struct ub_jfs *jfs)
{
	struct ub_cmd *cmd = &jfs->cur;

	/* Late, restored in the middle of its copy, or after that failed to be found again. */
	if (cmd->receiving) {
		if (!cmd->done && ub_op_is_send(cmd->op))
			copy_message(jfs, &cmd->recv);
		return end_receive(jfs);
	}
	if (!ub_op_is_send(cmd->op) && cmd->phase == UB_PHASE_CHECKED)
		write_payload(jfs);
	if (cmd->done)
		return UB_EXEC_DONE;
	if (!ub_op_is_send(cmd->op) && cmd->phase == UB_PHASE_CHECKED)
		return UB_EXEC_MORE;
	return take_and_copy(jfs);
}
