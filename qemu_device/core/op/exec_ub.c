/* SPDX-License-Identifier: MIT */
/* Memory transactions: WRITE, WRITE_NOTIFY, READ, atomics. */
#include "op/op.h"

static void store_notify(struct ub_jfs *jfs)
{
	struct ub_cmd *cmd = &jfs->cur;
	struct ub_core *core = jfs->obj.core;
	struct ub_stream s;

	ub_stream_mem(&s, cmd->peer, &cmd->notify, 1, UB_PTE_WRITE);
	ub_dma_lock(core, cmd->peer);
	if (!ub_cmd_live(jfs))
		ub_cmd_fail(cmd, UB_CR_WR_FLUSH_ERR, UB_SUB_NONE);
	else if (!ub_stream_fill_all(&s, 8))
		ub_cmd_fail(cmd, UB_CR_REM_ACCESS_ABORT_ERR, s.sub);
	else {
		/* After the payload: whoever sees it may read what was written. */
		__atomic_store_n((uint64_t *)s.ptr, cmd->ext.imm_data, __ATOMIC_RELEASE);
		ub_stream_skip(&s, 8);
	}
	ub_stream_end(&s);
	ub_dma_unlock(core, cmd->peer);
}

/* The payload, from own memory to the peer's or back. */
static void move_payload(struct ub_jfs *jfs, bool write)
{
	struct ub_cmd *cmd = &jfs->cur;
	struct ub_stream local, remote;
	enum ub_xfer x;

	ub_stream_local(&local, jfs, write ? UB_PTE_READ : UB_PTE_WRITE);
	ub_stream_mem(&remote, cmd->peer, &cmd->rmt, 1, write ? UB_PTE_WRITE : UB_PTE_READ);
	ub_stream_start_at(&remote, cmd->moved);
	if (write)
		x = ub_stream_copy(jfs, &remote, &local, cmd->part_end - cmd->moved, &cmd->moved);
	else
		x = ub_stream_copy(jfs, &local, &remote, cmd->part_end - cmd->moved, &cmd->moved);
	ub_cmd_xfer(cmd, x, &local, &remote, write);
}

enum ub_exec ub_exec_write(struct ub_jfs *jfs)
{
	move_payload(jfs, true);
	return ub_cmd_wants_more(&jfs->cur) ? UB_EXEC_MORE : UB_EXEC_DONE;
}

enum ub_exec ub_exec_read(struct ub_jfs *jfs)
{
	move_payload(jfs, false);
	return ub_cmd_wants_more(&jfs->cur) ? UB_EXEC_MORE : UB_EXEC_DONE;
}

void ub_check_notify(struct ub_cmd *cmd)
{
	if (cmd->ext.notify_addr % 8)
		ub_cmd_fail(cmd, UB_CR_LOC_OPERATION_ERR, UB_SUB_ALIGNMENT);
}

enum ub_exec ub_exec_write_notify(struct ub_jfs *jfs)
{
	move_payload(jfs, true);
	if (ub_cmd_wants_more(&jfs->cur))
		return UB_EXEC_MORE;
	if (!jfs->cur.done)
		store_notify(jfs);
	return UB_EXEC_DONE;
}

/* ---- Atomics ---- */
void ub_check_atomic(struct ub_cmd *cmd)
{
	if (cmd->total != 4 && cmd->total != 8)
		ub_cmd_fail(cmd, UB_CR_LOC_LEN_ERR, UB_SUB_LENGTH);
	else if (cmd->wqe.rmt_addr % cmd->total)
		ub_cmd_fail(cmd, UB_CR_LOC_OPERATION_ERR, UB_SUB_ALIGNMENT);
}

static uint64_t rmw32(unsigned op, uint32_t *p, uint32_t v, uint32_t compare)
{
	switch (op) {
	case UB_OP_CAS:
		__atomic_compare_exchange_n(p, &compare, v, false, __ATOMIC_SEQ_CST,
					    __ATOMIC_SEQ_CST);
		return compare;
	case UB_OP_SWAP: return __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST);
	case UB_OP_FADD: return __atomic_fetch_add(p, v, __ATOMIC_SEQ_CST);
	case UB_OP_FSUB: return __atomic_fetch_sub(p, v, __ATOMIC_SEQ_CST);
	case UB_OP_FAND: return __atomic_fetch_and(p, v, __ATOMIC_SEQ_CST);
	case UB_OP_FOR: return __atomic_fetch_or(p, v, __ATOMIC_SEQ_CST);
	default: return __atomic_fetch_xor(p, v, __ATOMIC_SEQ_CST);
	}
}

static uint64_t rmw64(unsigned op, uint64_t *p, uint64_t v, uint64_t compare)
{
	switch (op) {
	case UB_OP_CAS:
		__atomic_compare_exchange_n(p, &compare, v, false, __ATOMIC_SEQ_CST,
					    __ATOMIC_SEQ_CST);
		return compare;
	case UB_OP_SWAP: return __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST);
	case UB_OP_FADD: return __atomic_fetch_add(p, v, __ATOMIC_SEQ_CST);
	case UB_OP_FSUB: return __atomic_fetch_sub(p, v, __ATOMIC_SEQ_CST);
	case UB_OP_FAND: return __atomic_fetch_and(p, v, __ATOMIC_SEQ_CST);
	case UB_OP_FOR: return __atomic_fetch_or(p, v, __ATOMIC_SEQ_CST);
	default: return __atomic_fetch_xor(p, v, __ATOMIC_SEQ_CST);
	}
}

/* Map all of a stream once and forget it, to know that a store will not fail. */
static bool probe_stream(struct ub_stream *s, uint64_t len)
{
	struct ub_stream p = *s;
	bool ok = true;

	while (ok && len) {
		ok = ub_stream_fill(&p, len);
		if (ok) {
			len -= p.len;
			ub_stream_skip(&p, p.len);
		}
	}
	ub_stream_end(&p);
	s->sub = p.sub;
	return ok;
}

static void put_bytes(struct ub_stream *s, const void *data, uint64_t len)
{
	const uint8_t *from = data;

	while (len && ub_stream_fill(s, len)) {
		uint64_t n = s->len < len ? s->len : len;

		memcpy(s->ptr, from, n);
		ub_stream_skip(s, n);
		from += n;
		len -= n;
	}
}

static bool target_is_hbm(struct ub_cmd *cmd)
{
	struct ub_seg *seg = cmd->rmt.seg;
	struct ub_walk walk;
	struct ub_leaf leaf;
	int sub;

	ub_walk_init(&walk, seg->ctx);
	sub = ub_walk_leaf(&walk, seg->uba + (cmd->rmt.addr - seg->va), 0, &leaf);
	ub_walk_end(&walk);
	return !sub && leaf.hbm;
}

static void atomic_locked(struct ub_cmd *cmd, struct ub_stream *local, struct ub_stream *remote)
{
	uint64_t len = cmd->total, old, v = cmd->ext.operand, compare = cmd->ext.compare;

	if (ub_obj_dead(&cmd->rmt.seg->obj)) {
		ub_cmd_fail(cmd, UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_TOKEN_ID);
	} else if (!probe_stream(local, len)) {
		ub_cmd_fail(cmd, UB_CR_LOC_ACCESS_ERR, local->sub);
	} else if (!ub_stream_fill_all(remote, len)) {
		ub_cmd_fail(cmd, UB_CR_REM_ACCESS_ABORT_ERR, remote->sub);
	} else if (target_is_hbm(cmd)) {
		ub_cmd_fail(cmd, UB_CR_REM_UNSUPPORTED_REQ_ERR, UB_SUB_NONE);
	} else {
		if (len == 4)
			old = rmw32(cmd->opcode, (uint32_t *)remote->ptr, (uint32_t)v,
				    (uint32_t)compare);
		else
			old = rmw64(cmd->opcode, (uint64_t *)remote->ptr, v, compare);
		ub_stream_skip(remote, len);
		put_bytes(local, &old, len);
		cmd->moved = len;
	}
}

enum ub_exec ub_exec_atomic(struct ub_jfs *jfs)
{
	struct ub_cmd *cmd = &jfs->cur;
	struct ub_core *core = jfs->obj.core;
	struct ub_stream local, remote;

	ub_stream_local(&local, jfs, UB_PTE_WRITE);
	ub_stream_mem(&remote, cmd->peer, &cmd->rmt, 1, UB_PTE_ATOMIC);
	ub_dma_lock(core, cmd->peer);
	if (ub_cmd_live(jfs))
		atomic_locked(cmd, &local, &remote);
	else
		ub_cmd_fail(cmd, UB_CR_WR_FLUSH_ERR, UB_SUB_NONE);
	ub_stream_end(&local);
	ub_stream_end(&remote);
	ub_dma_unlock(core, cmd->peer);
	return UB_EXEC_DONE;
}
