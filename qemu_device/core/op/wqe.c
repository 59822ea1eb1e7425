/* SPDX-License-Identifier: MIT */
/* Send WQEs: how long they are, what they hold, whether they are well formed. */
#include "core_internal.h"

enum {
	HAS_EXT = 1,		/* 32-byte extension */
	MAY_INLINE = 2,
	NO_SGE = 4,
	KNOWN = 8,
};

static unsigned traits(unsigned opcode)
{
	switch (opcode) {
	case UB_OP_WRITE:
	case UB_OP_SEND:
		return KNOWN | MAY_INLINE;
	case UB_OP_WRITE_IMM:
	case UB_OP_WRITE_NOTIFY:
	case UB_OP_SEND_IMM:
		return KNOWN | MAY_INLINE | HAS_EXT;
	case UB_OP_CAS:
	case UB_OP_SWAP:
	case UB_OP_FADD:
	case UB_OP_FSUB:
	case UB_OP_FAND:
	case UB_OP_FOR:
	case UB_OP_FXOR:
		return KNOWN | HAS_EXT;
	case UB_OP_NOP:
		return KNOWN | NO_SGE;
	case UB_OP_READ:
	case UB_OP_FILL:
	case UB_OP_CRC32C:
	case UB_OP_GEMM_F32:
		return KNOWN;
	default:
		return 0;
	}
}

bool ub_wqe_known(unsigned opcode)
{
	return traits(opcode) & KNOWN;
}

bool ub_wqe_is_first(const struct ub_hw_wqe *wqe, uint32_t index, uint32_t depth)
{
	return (wqe->flags & UB_WQE_OWNER) == ub_lap(index, depth) && wqe->idx == (uint16_t)index;
}

/* Bytes before SGEs or inline data. */
static uint32_t head_bytes(unsigned opcode)
{
	return sizeof(struct ub_hw_wqe) +
	       (traits(opcode) & HAS_EXT ? sizeof(union ub_hw_wqe_ext) : 0);
}

static uint32_t wqe_bytes(const struct ub_hw_wqe *wqe)
{
	uint32_t payload = wqe->flags & UB_WQE_INLINE && wqe->opcode != UB_OP_GEMM_F32 ?
			   wqe->inline_len : wqe->sge_num * (uint32_t)sizeof(struct ub_hw_sge);

	return head_bytes(wqe->opcode) + payload;
}

unsigned ub_wqe_blocks(const struct ub_hw_wqe *wqe)
{
	uint32_t n = (wqe_bytes(wqe) + UB_HW_WQEBB_SIZE - 1) / UB_HW_WQEBB_SIZE;

	return n < UB_HW_MAX_WQEBB ? n : UB_HW_MAX_WQEBB;
}

void ub_cmd_fail(struct ub_cmd *cmd, unsigned status, unsigned sub)
{
	cmd->done = true;
	cmd->status = (uint8_t)status;
	cmd->substatus = (uint8_t)sub;
	ub_poison_status(&cmd->status, &cmd->substatus);
}

static bool all_zero(const uint8_t *p, size_t n)
{
	while (n--)
		if (*p++)
			return false;
	return true;
}

static bool is_atomic(unsigned opcode)
{
	return opcode >= UB_OP_CAS && opcode <= UB_OP_FXOR;
}

static bool reserved_clear(const struct ub_cmd *cmd)
{
	const struct ub_hw_wqe *w = &cmd->wqe;

	switch (cmd->opcode) {
	case UB_OP_FILL:
		return all_zero(w->rsvd_fill, sizeof(w->rsvd_fill));
	case UB_OP_CRC32C:
		return all_zero(w->rsvd_crc, sizeof(w->rsvd_crc));
	case UB_OP_WRITE_IMM:
	case UB_OP_WRITE_NOTIFY:
	case UB_OP_SEND_IMM:
		return all_zero(cmd->ext.rsvd, sizeof(cmd->ext.rsvd));
	default:
		return !is_atomic(cmd->opcode) ||
		       all_zero(cmd->ext.rsvd_atomic, sizeof(cmd->ext.rsvd_atomic));
	}
}

static bool flags_valid(const struct ub_cmd *cmd)
{
	bool is_inline = cmd->flags & UB_WQE_INLINE;

	if (cmd->flags & ~UB_WQE_FLAGS || (cmd->flags & UB_WQE_PLACE_MASK) == UB_WQE_PLACE_MASK)
		return false;
	if (is_inline && !(traits(cmd->opcode) & MAY_INLINE))
		return false;
	if (cmd->opcode == UB_OP_GEMM_F32)
		return !(cmd->inline_len & ~(UB_GEMM_TRANS_A | UB_GEMM_TRANS_B));
	return is_inline || !cmd->inline_len;
}

static bool sge_count_valid(const struct ub_cmd *cmd)
{
	if (cmd->flags & UB_WQE_INLINE || traits(cmd->opcode) & NO_SGE)
		return cmd->nsge == 0;
	if (cmd->opcode == UB_OP_GEMM_F32)
		return cmd->nsge == 3;
	return head_bytes(cmd->opcode) + cmd->nsge * sizeof(struct ub_hw_sge) <= UB_WQE_BYTES;
}

static void split(struct ub_cmd *cmd)
{
	uint32_t head = head_bytes(cmd->opcode);

	if (traits(cmd->opcode) & HAS_EXT)
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

static void check_atomic(struct ub_cmd *cmd)
{
	if (cmd->nsge != 1)
		ub_cmd_fail(cmd, UB_CR_LOC_LEN_ERR, UB_SUB_SGE_COUNT);
	else if (cmd->total != 4 && cmd->total != 8)
		ub_cmd_fail(cmd, UB_CR_LOC_LEN_ERR, UB_SUB_LENGTH);
	else if (cmd->wqe.rmt_addr % cmd->total)
		ub_cmd_fail(cmd, UB_CR_LOC_OPERATION_ERR, UB_SUB_ALIGNMENT);
}

static void check_fill(struct ub_cmd *cmd)
{
	uint32_t size = cmd->wqe.pattern_size;

	if (size != 1 && size != 2 && size != 4 && size != 8) {
		ub_cmd_fail(cmd, UB_CR_LOC_OPERATION_ERR, UB_SUB_LENGTH);
		return;
	}
	for (unsigned i = 0; i < cmd->nsge; i++)
		if (cmd->sge[i].len % size)
			ub_cmd_fail(cmd, UB_CR_LOC_LEN_ERR, UB_SUB_LENGTH);
}

static bool gemm_dim_valid(const struct ub_cmd *cmd)
{
	const uint32_t dims[] = { cmd->wqe.gemm.m, cmd->wqe.gemm.n, cmd->wqe.gemm.k,
				  cmd->wqe.gemm.lda, cmd->wqe.gemm.ldb, cmd->wqe.gemm.ldc };

	for (unsigned i = 0; i < 6; i++)
		if (dims[i] > UB_MAX_GEMM_DIM)
			return false;
	return true;
}

static void check_matrix(struct ub_cmd *cmd, unsigned i, uint32_t rows, uint32_t cols, uint32_t ld)
{
	if (cmd->done)
		return;
	if (!rows || !cols || ld < cols)
		ub_cmd_fail(cmd, UB_CR_LOC_OPERATION_ERR, UB_SUB_LENGTH);
	else if (cmd->sge[i].va % 4)
		ub_cmd_fail(cmd, UB_CR_LOC_OPERATION_ERR, UB_SUB_ALIGNMENT);
	else if (((uint64_t)(rows - 1) * ld + cols) * 4 > cmd->sge[i].len)
		ub_cmd_fail(cmd, UB_CR_LOC_LEN_ERR, UB_SUB_LENGTH);
}

static void check_gemm(struct ub_cmd *cmd)
{
	bool ta = cmd->inline_len & UB_GEMM_TRANS_A, tb = cmd->inline_len & UB_GEMM_TRANS_B;
	uint32_t m = cmd->wqe.gemm.m, n = cmd->wqe.gemm.n, k = cmd->wqe.gemm.k;

	if (!gemm_dim_valid(cmd)) {
		ub_cmd_fail(cmd, UB_CR_LOC_LEN_ERR, UB_SUB_LENGTH);
		return;
	}
	check_matrix(cmd, 0, ta ? k : m, ta ? m : k, cmd->wqe.gemm.lda);
	check_matrix(cmd, 1, tb ? n : k, tb ? k : n, cmd->wqe.gemm.ldb);
	check_matrix(cmd, 2, m, n, cmd->wqe.gemm.ldc);
}

static void check_opcode(struct ub_cmd *cmd)
{
	if (is_atomic(cmd->opcode))
		check_atomic(cmd);
	else if (cmd->opcode == UB_OP_FILL)
		check_fill(cmd);
	else if (cmd->opcode == UB_OP_GEMM_F32)
		check_gemm(cmd);
	else if (cmd->opcode == UB_OP_WRITE_NOTIFY && cmd->ext.notify_addr % 8)
		ub_cmd_fail(cmd, UB_CR_LOC_OPERATION_ERR, UB_SUB_ALIGNMENT);
}

void ub_wqe_parse(struct ub_cmd *cmd)
{
	cmd->opcode = cmd->wqe.opcode;
	cmd->flags = cmd->wqe.flags;
	cmd->nsge = cmd->wqe.sge_num;
	cmd->inline_len = cmd->wqe.inline_len;
	cmd->cost = UB_MIN_COST;
	if (!ub_wqe_known(cmd->opcode))
		ub_cmd_fail(cmd, UB_CR_UNSUPPORTED_OPCODE_ERR, UB_SUB_NONE);
	else if (!flags_valid(cmd))
		ub_cmd_fail(cmd, UB_CR_LOC_OPERATION_ERR, UB_SUB_FLAGS);
	else if (is_atomic(cmd->opcode) && cmd->nsge != 1)
		ub_cmd_fail(cmd, UB_CR_LOC_LEN_ERR, UB_SUB_SGE_COUNT);
	else if (!sge_count_valid(cmd))
		ub_cmd_fail(cmd, UB_CR_LOC_OPERATION_ERR, UB_SUB_SGE_COUNT);
	else if (cmd->flags & UB_WQE_INLINE && wqe_bytes(&cmd->wqe) > UB_WQE_BYTES)
		ub_cmd_fail(cmd, UB_CR_LOC_LEN_ERR, UB_SUB_LENGTH);
	if (cmd->done) {
		cmd->nsge = 0;
		return;
	}
	split(cmd);
	if (!reserved_clear(cmd))
		ub_cmd_fail(cmd, UB_CR_LOC_OPERATION_ERR, UB_SUB_FLAGS);
	else if (cmd->total > UB_MAX_MSG)
		ub_cmd_fail(cmd, UB_CR_LOC_LEN_ERR, UB_SUB_LENGTH);
	else
		check_opcode(cmd);
	if (cmd->total > cmd->cost)
		cmd->cost = cmd->total;
}
