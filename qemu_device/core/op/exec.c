/* SPDX-License-Identifier: MIT */
/* Executing a command: all checks before the first byte, then the opcode. */
#include "fabric/fabric.h"
#include "fabric/transport.h"
#include "op/op.h"

static bool fail_check(struct ub_cmd *cmd, unsigned status, int sub)
{
	ub_cmd_fail(cmd, status, (unsigned)sub);
	return false;
}

void ub_cmd_release(struct ub_cmd *cmd)
{
	if (!cmd->active)
		return;
	for (unsigned i = 0; i < cmd->nsge; i++)
		ub_mem_put(&cmd->mem[i]);
	ub_mem_put(&cmd->rmt);
	ub_mem_put(&cmd->notify);
	ub_cmd_end_receive(cmd);
	if (cmd->jfr)
		ub_obj_put(&cmd->jfr->obj);
	if (cmd->peer)
		ub_core_put(cmd->peer);
	if (cmd->link)
		ub_request_end(cmd);
	if (cmd->launch)
		ub_launch_free(cmd);
	if (cmd->program) {
		ub_cmd_unhold_program(cmd);
		ub_obj_put(&cmd->program->obj);
		cmd->program = NULL;
	}
	cmd->jfr = NULL;
	cmd->peer = NULL;
	cmd->active = false;
}

/* ---- Checks, under both dma_locks ---- */
static void clear_mem(struct ub_mem *mem)
{
	memset(mem, 0, sizeof(*mem));
}

static bool check_local(struct ub_jfs *jfs)
{
	struct ub_cmd *cmd = &jfs->cur;

	for (unsigned i = 0; i < cmd->nsge; i++) {
		struct ub_hw_sge *sge = &cmd->sge[i];
		int sub;

		clear_mem(&cmd->mem[i]);
		if (!sge->len)
			continue;
		sub = ub_seg_local(jfs->ctx, sge->token_id, sge->va, sge->len, &cmd->mem[i]);
		if (sub)
			return fail_check(cmd, UB_CR_LOC_ACCESS_ERR, sub);
		ub_mem_hold(&cmd->mem[i]);
	}
	return true;
}

static bool check_program(struct ub_jfs *jfs)
{
	struct ub_cmd *cmd = &jfs->cur;

	if (!cmd->op->has_program)
		return true;
	cmd->program = ub_program_hold(jfs->ctx, cmd->wqe.launch.program);
	if (!cmd->program)
		return fail_check(cmd, UB_CR_LOC_OPERATION_ERR, UB_SUB_PROGRAM);
	cmd->holds_program = true;
	return true;
}

static bool check_peer_memory(struct ub_jfs *jfs, uint32_t id, uint32_t token, uint32_t access,
			      uint64_t addr, uint64_t len, struct ub_mem *mem)
{
	struct ub_cmd *cmd = &jfs->cur;
	int sub;

	if (!len)
		return true;
	sub = ub_seg_token(cmd->peer, jfs->ctx, id, cmd->restored ? NULL : &token, access, addr,
			   len, mem);
	if (sub)
		return fail_check(cmd, UB_CR_REM_ACCESS_ABORT_ERR, sub);
	/* Others' segments are not held: their owner can always take them away. */
	if (mem->seg->ctx == jfs->ctx)
		ub_mem_hold(mem);
	return true;
}

static struct ub_jfr *find_jfr(struct ub_cmd *cmd, uint32_t id)
{
	struct ub_obj *obj;
	struct ub_jfs *jetty;

	/* The Jetty of a restored command may have gone since it led to the JFR. */
	if (cmd->restored || !(cmd->flags & UB_WQE_TO_JETTY)) {
		obj = ub_idmap_get(&cmd->peer->map[UB_KIND_JFR], cmd->restored ? cmd->jfr_id : id);
		return obj ? ub_container(obj, struct ub_jfr, obj) : NULL;
	}
	obj = ub_idmap_get(&cmd->peer->map[UB_KIND_JFS], id);
	jetty = obj ? ub_container(obj, struct ub_jfs, obj) : NULL;
	cmd->jetty_id = id;
	return jetty ? jetty->jfr : NULL;
}

static bool check_receiver(struct ub_cmd *cmd, uint32_t id, uint32_t token)
{
	struct ub_jfr *jfr = find_jfr(cmd, id);

	/* As of a segment: an id that is not there looks like one whose token is another. */
	if (!jfr || (!cmd->restored && jfr->policy != UB_HW_TOKEN_NONE && jfr->token != token))
		return fail_check(cmd, UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_TOKEN);
	ub_obj_get(&jfr->obj);
	cmd->jfr = jfr;
	cmd->jfr_gen = atomic_load(&jfr->gen);
	return true;
}

static bool check_remote(struct ub_jfs *jfs)
{
	struct ub_cmd *cmd = &jfs->cur;
	const struct ub_hw_wqe *w = &cmd->wqe;

	/* The owner of what is asked for of another process checks that. */
	if (!ub_op_has_peer(cmd->op) || cmd->link)
		return true;
	if (!cmd->peer)
		return fail_check(cmd, UB_CR_ACK_TIMEOUT_ERR, UB_SUB_EID);
	if (cmd->op->target == UB_PEER_RECEIVER)
		return check_receiver(cmd, w->rmt_id, w->rmt_token);
	if (!(cmd->restored && cmd->phase == UB_PHASE_WRITTEN) &&
	    !check_peer_memory(jfs, w->rmt_id, w->rmt_token, cmd->op->access, w->rmt_addr,
			       cmd->total, &cmd->rmt))
		return false;
	if (cmd->op->second == UB_PEER_RECEIVER)
		return check_receiver(cmd, cmd->ext.notify_id, cmd->ext.notify_token);
	if (cmd->op->second == UB_PEER_MEMORY)
		return check_peer_memory(jfs, cmd->ext.notify_id, cmd->ext.notify_token,
					 UB_ACCESS_WRITE, cmd->ext.notify_addr, 8, &cmd->notify);
	return true;
}

static void find_peer(struct ub_jfs *jfs)
{
	struct ub_core *core = jfs->obj.core;
	struct ub_cmd *cmd = &jfs->cur;

	if (!ub_op_has_peer(cmd->op))
		return;
	if (memcmp(cmd->wqe.rmt_eid, core->cfg.eid, 16) == 0) {
		ub_core_get(core);
		cmd->peer = core;
	} else if (ub_inject_hit(core, &core->inject, UB_FAULT_LINK_DOWN, 0)) {
		return;
	} else if (core->port) {
		cmd->link = core->transport->reach(core->port, cmd->wqe.rmt_eid);
	} else {
		cmd->peer = ub_fabric_find(core->cfg.fabric, cmd->wqe.rmt_eid);
	}
}

static bool check_cmd(struct ub_jfs *jfs)
{
	struct ub_core *core = jfs->obj.core, *other;
	struct ub_cmd *cmd = &jfs->cur;
	bool ok;

	find_peer(jfs);
	other = cmd->peer ? cmd->peer : core;
	ub_dma_lock(core, other);
	if (ub_cmd_live(jfs))
		ok = check_local(jfs) && check_program(jfs) && check_remote(jfs);
	else
		ok = fail_check(cmd, UB_CR_WR_FLUSH_ERR, UB_SUB_NONE);
	ub_dma_unlock(core, other);
	cmd->phase = UB_PHASE_CHECKED;
	return ok;
}

/* ---- Commands of a loaded state ---- */
static void restore_receive(struct ub_cmd *cmd)
{
	struct ub_recv *r = &cmd->recv;

	r->n = 0;
	r->status = r->sub = 0;
	memset(r->mem, 0, sizeof(r->mem));
	pthread_rwlock_rdlock(&cmd->peer->dma_lock);
	ub_cmd_check_receive(cmd, r);
	pthread_rwlock_unlock(&cmd->peer->dma_lock);
}

/* What it had found and lost before it was saved: as if that had been noticed in the next burst. */
static void fail_lost(struct ub_cmd *cmd)
{
	if (cmd->lost & UB_LOST_JFR)
		fail_check(cmd, UB_CR_REM_OPERATION_ERR, UB_SUB_STATE);
	else if (cmd->lost & (UB_LOST_RMT | UB_LOST_NOTIFY))
		fail_check(cmd, UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_TOKEN_ID);
	if (cmd->done || !(cmd->lost & UB_LOST_RECV))
		return;
	cmd->recv.status = UB_CR_LOC_ACCESS_ERR;
	cmd->recv.sub = UB_SUB_TOKEN_ID;
	fail_check(cmd, UB_CR_REM_OPERATION_ERR, UB_SUB_TOKEN_ID);
}

/* All but the completions is behind it, and the results are known. */
static void restore_late(struct ub_jfs *jfs)
{
	struct ub_cmd *cmd = &jfs->cur;
	uint8_t phase = cmd->phase, status = cmd->status, sub = cmd->substatus;
	bool done = cmd->done;

	cmd->receiving = !(cmd->lost & UB_LOST_JFR) && check_cmd(jfs);
	cmd->phase = phase;
	if (done) {
		cmd->status = status;
		cmd->substatus = sub;
	} else if (!cmd->receiving && !cmd->done) {
		fail_check(cmd, UB_CR_REM_OPERATION_ERR, UB_SUB_STATE);
	}
}

void ub_cmd_restore(struct ub_jfs *jfs)
{
	struct ub_cmd *cmd = &jfs->cur;
	uint8_t phase = cmd->phase;

	if (phase == UB_PHASE_NEW || !cmd->op || !cmd->op->exec)
		return;
	if (cmd->late && cmd->receiving) {
		restore_late(jfs);
		return;
	}
	if (cmd->lost & ~UB_LOST_RECV || !check_cmd(jfs)) {
		fail_lost(cmd);
		cmd->receiving = false;
		return;
	}
	cmd->phase = phase;
	if (!cmd->receiving)
		return;
	restore_receive(cmd);
	fail_lost(cmd);
	/* The receive WQE is taken: it completes, whatever becomes of the message. */
	if (cmd->done)
		ub_exec_message(jfs);
}

/* ---- Execution ---- */
enum ub_exec ub_exec(struct ub_jfs *jfs)
{
	struct ub_cmd *cmd = &jfs->cur;
	enum ub_exec ret = UB_EXEC_DONE;

	if (cmd->op->exec) {
		if (cmd->phase == UB_PHASE_NEW && !check_cmd(jfs))
			return ret;
		ret = cmd->link ? ub_exec_request(jfs) : cmd->op->exec(jfs);
	}
	if (ret == UB_EXEC_DONE)
		cmd->done = true;
	return ret;
}
