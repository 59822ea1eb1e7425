/* SPDX-License-Identifier: MIT */
/* Send WQEs: how long they are, what they hold, whether they are well formed. */
#include "op/op.h"

bool ub_wqe_is_first(const struct ub_hw_wqe *wqe, uint32_t index, uint32_t depth)
{
	return (wqe->flags & UB_WQE_OWNER) == ub_hw_owner(index, depth) &&
	       wqe->idx == (uint16_t)index;
}

static uint32_t wqe_bytes(const struct ub_hw_wqe *wqe)
{
	return ub_hw_wqe_size(wqe->opcode, wqe->flags, wqe->sge_num, wqe->inline_len);
}

unsigned ub_wqe_blocks(const struct ub_hw_wqe *wqe)
{
	return ub_hw_wqe_blocks(wqe_bytes(wqe));
}

static bool all_zero(const uint8_t *p, size_t n)
{
	while (n--)
		if (*p++)
			return false;
	return true;
}

static bool wqe_flags_valid(const struct ub_cmd *cmd)
{
	if (cmd->flags & ~UB_WQE_FLAGS || (cmd->flags & UB_WQE_PLACE_MASK) == UB_WQE_PLACE_MASK)
		return false;
	if (cmd->flags & UB_WQE_INLINE)
		return cmd->op->may_inline;
	return !(cmd->inline_len & ~cmd->op->len_flags);
}

static void check_inline(struct ub_cmd *cmd)
{
	if (cmd->nsge)
		ub_cmd_fail(cmd, UB_CR_LOC_OPERATION_ERR, UB_SUB_SGE_COUNT);
	else if (wqe_bytes(&cmd->wqe) > UB_HW_WQE_BYTES)
		ub_cmd_fail(cmd, UB_CR_LOC_LEN_ERR, UB_SUB_LENGTH);
}

static void check_sge_count(struct ub_cmd *cmd)
{
	const struct ub_op *op = cmd->op;

	if (op->nsge != UB_OP_ANY_SGE) {
		if (cmd->nsge != op->nsge)
			ub_cmd_fail(cmd, op->nsge_status, UB_SUB_SGE_COUNT);
	} else if (wqe_bytes(&cmd->wqe) > UB_HW_WQE_BYTES) {
		ub_cmd_fail(cmd, UB_CR_LOC_OPERATION_ERR, UB_SUB_SGE_COUNT);
	}
}

static void check_wqe_form(struct ub_cmd *cmd)
{
	if (!cmd->op)
		ub_cmd_fail(cmd, UB_CR_UNSUPPORTED_OPCODE_ERR, UB_SUB_NONE);
	else if (!wqe_flags_valid(cmd))
		ub_cmd_fail(cmd, UB_CR_LOC_OPERATION_ERR, UB_SUB_FLAGS);
	else if (cmd->flags & UB_WQE_INLINE)
		check_inline(cmd);
	else
		check_sge_count(cmd);
}

static void split_wqe(struct ub_cmd *cmd)
{
	uint32_t head = ub_hw_wqe_head(cmd->opcode);

	if (ub_hw_wqe_has_ext(cmd->opcode))
		memcpy(&cmd->ext, cmd->raw + sizeof(struct ub_hw_wqe), sizeof(cmd->ext));
	if (cmd->flags & UB_WQE_INLINE) {
		cmd->inline_data = cmd->raw + head;
		cmd->total = cmd->inline_len;
		return;
	}
	memcpy(cmd->sge, cmd->raw + head, cmd->nsge * sizeof(struct ub_hw_sge));
	for (unsigned i = 0; i < cmd->nsge; i++)
		cmd->total += cmd->sge[i].len;
}

void ub_wqe_parse(struct ub_cmd *cmd)
{
	cmd->opcode = cmd->wqe.opcode;
	cmd->op = ub_op_find(cmd->opcode);
	cmd->flags = cmd->wqe.flags;
	cmd->nsge = cmd->wqe.sge_num;
	cmd->inline_len = cmd->wqe.inline_len;
	cmd->cost = UB_MIN_COST;
	check_wqe_form(cmd);
	if (cmd->done) {
		cmd->nsge = 0;
		return;
	}
	split_wqe(cmd);
	if (!all_zero(cmd->raw + cmd->op->reserved.at, cmd->op->reserved.bytes))
		ub_cmd_fail(cmd, UB_CR_LOC_OPERATION_ERR, UB_SUB_FLAGS);
	else if (cmd->total > UB_MAX_MSG)
		ub_cmd_fail(cmd, UB_CR_LOC_LEN_ERR, UB_SUB_LENGTH);
	else if (cmd->op->check)
		cmd->op->check(cmd);
	cmd->part_end = cmd->total;
	if (cmd->total > cmd->cost)
		cmd->cost = cmd->total;
}
