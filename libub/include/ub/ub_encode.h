/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Work requests as WQEs: what is checked before one is built, and how. Inline; included by
 * <ub/ub_data_path.h>. Names beginning with ub_dp_ are private. The geometry is that of
 * <ub/ub_hw.h>.
 */
#ifndef UB_ENCODE_H
#define UB_ENCODE_H

#include <errno.h>
#include <string.h>

#include <ub/ub_uapi.h>
#include <ub/ub_wr.h>

#ifdef __cplusplus
extern "C" {
#endif

#define UB_DP_WR_FLAGS	(UB_WQE_COMPLETE | UB_WQE_SOLICITED | UB_WQE_FENCE | \
			 UB_WQE_COMP_ORDER | UB_WQE_PLACE_MASK | UB_WQE_INLINE)

/** A send WQE while it is being built, before it goes to the ring in WQEBBs. */
union ub_dp_wqe {
	struct ub_hw_wqe wqe;
	uint8_t bytes[UB_HW_WQE_BYTES];
	uint64_t words[UB_HW_WQE_BYTES / 8];
};

/** What an opcode's WQE has beside its geometry; one look for each request. */
enum ub_dp_trait {
	UB_DP_TARGET	= 1 << 0,	/* names a remote object; NPU work and NOP do not */
	UB_DP_INLINE	= 1 << 1,	/* may carry its data */
	UB_DP_ATOMIC	= 1 << 2,
	UB_DP_SEND	= 1 << 3,
	UB_DP_NOTIFY	= 1 << 4,	/* names a second object */
	UB_DP_NPU	= 1 << 5,
	UB_DP_EXT	= 1 << 6	/* of the geometry, kept so that a request looks once */
};

/* Of a constant opcode, so that compilers and not programs ask the geometry. */
#define UB_DP_EXT_OF(opcode)	(ub_hw_wqe_has_ext(opcode) ? UB_DP_EXT : 0)

static inline unsigned ub_dp_traits(unsigned opcode)
{
	switch (opcode) {
	case UB_OP_WRITE:
		return UB_DP_TARGET | UB_DP_INLINE;
	case UB_OP_WRITE_IMM:
	case UB_OP_WRITE_NOTIFY:
		return UB_DP_TARGET | UB_DP_INLINE | UB_DP_NOTIFY |
		       UB_DP_EXT_OF(UB_OP_WRITE_IMM);
	case UB_OP_READ:
		return UB_DP_TARGET;
	case UB_OP_CAS:
	case UB_OP_SWAP:
	case UB_OP_FADD:
	case UB_OP_FSUB:
	case UB_OP_FAND:
	case UB_OP_FOR:
	case UB_OP_FXOR:
		return UB_DP_TARGET | UB_DP_ATOMIC | UB_DP_EXT_OF(UB_OP_CAS);
	case UB_OP_SEND:
		return UB_DP_TARGET | UB_DP_INLINE | UB_DP_SEND;
	case UB_OP_SEND_IMM:
		return UB_DP_TARGET | UB_DP_INLINE | UB_DP_SEND | UB_DP_EXT_OF(UB_OP_SEND_IMM);
	case UB_OP_FILL:
	case UB_OP_CRC32C:
	case UB_OP_GEMM_F32:
	case UB_OP_LAUNCH:
		return UB_DP_NPU;
	default:
		return 0;
	}
}

static inline int ub_dp_refuse(const struct ub_jfs *jfs, unsigned why, uint64_t limit)
{
	return ub_post_failed(jfs->ctx, UB_OBJ_JFS, jfs->id, EINVAL, why, limit);
}

/** Fixed bytes of a WQE, before SGEs or inline data. */
static inline uint32_t ub_dp_head_size(unsigned traits)
{
	return sizeof(struct ub_hw_wqe) + (traits & UB_DP_EXT ? sizeof(union ub_hw_wqe_ext) : 0);
}

/** Sum of the SGEs' lengths; 64 bit, so that it cannot wrap. */
static inline uint64_t ub_dp_sge_total(const struct ub_jfs_wr *wr)
{
	uint64_t total = 0;

	for (unsigned i = 0; i < wr->num_sge; i++)
		total += wr->sge[i].len;
	return total;
}

/** Checks what would break the WQE's form; all else is the device's to judge. */
static inline int ub_dp_check(const struct ub_jfs *jfs, const struct ub_jfs_wr *wr,
			      unsigned traits)
{
	uint32_t ext = ub_dp_head_size(traits) - (uint32_t)sizeof(struct ub_hw_wqe);

	if (wr->flags & ~UB_DP_WR_FLAGS)
		return ub_dp_refuse(jfs, UB_EXT_BAD_FLAGS, UB_DP_WR_FLAGS);
	if (wr->num_sge && !wr->sge)
		return ub_dp_refuse(jfs, UB_POST_NO_SGE, 0);
	if ((traits & UB_DP_TARGET && !wr->target) || (traits & UB_DP_NOTIFY && !wr->notify))
		return ub_dp_refuse(jfs, UB_POST_NO_TARGET, 0);
	if (wr->flags & UB_WR_INLINE) {
		if (!(traits & UB_DP_INLINE))
			return ub_dp_refuse(jfs, UB_POST_NOT_INLINE, 0);
		if (ub_dp_sge_total(wr) > jfs->max_inline - ext)
			return ub_dp_refuse(jfs, UB_POST_INLINE_SIZE, jfs->max_inline - ext);
	} else if (wr->num_sge > jfs->max_sge - ext / sizeof(struct ub_hw_sge)) {
		return ub_dp_refuse(jfs, UB_POST_SGE_COUNT,
				    jfs->max_sge - ext / sizeof(struct ub_hw_sge));
	}
	return 0;
}

static inline void ub_dp_put_target(union ub_dp_wqe *w, const struct ub_jfs_wr *wr,
				    unsigned traits)
{
	memcpy(w->wqe.rmt_eid, wr->target->eid.raw, sizeof(w->wqe.rmt_eid));
	w->wqe.rmt_addr = traits & UB_DP_SEND ? 0 : wr->rmt_addr;
	w->wqe.rmt_id = wr->target->id;
	w->wqe.rmt_token = wr->target->token_value;
	if (traits & UB_DP_SEND && wr->target->is_jetty)
		w->wqe.flags |= UB_WQE_TO_JETTY;
}

static inline void ub_dp_put_npu(union ub_dp_wqe *w, const struct ub_jfs_wr *wr)
{
	switch (wr->opcode) {
	case UB_OP_FILL:
		w->wqe.pattern = wr->pattern;
		w->wqe.pattern_size = wr->pattern_size;
		break;
	case UB_OP_CRC32C:
		w->wqe.crc_seed = wr->crc_seed;
		break;
	case UB_OP_GEMM_F32:
		w->wqe.inline_len = (uint16_t)wr->gemm_trans;
		memcpy(&w->wqe.gemm, &wr->gemm, sizeof(w->wqe.gemm));
		break;
	case UB_OP_LAUNCH:
		memcpy(&w->wqe.launch, &wr->launch, sizeof(wr->launch));
		break;
	default:
		break;
	}
}

static inline void ub_dp_put_ext(union ub_dp_wqe *w, const struct ub_jfs_wr *wr, unsigned traits)
{
	union ub_hw_wqe_ext ext;

	memset(&ext, 0, sizeof(ext));
	if (traits & UB_DP_ATOMIC) {
		ext.operand = wr->operand;
		ext.compare = wr->opcode == UB_OP_CAS ? wr->compare : 0;
	} else {
		ext.imm_data = wr->imm_data;
	}
	if (traits & UB_DP_NOTIFY) {
		ext.notify_id = wr->notify->id;
		ext.notify_token = wr->notify->token_value;
	}
	if (wr->opcode == UB_OP_WRITE_NOTIFY)
		ext.notify_addr = wr->notify_addr;
	else if (wr->opcode == UB_OP_WRITE_IMM && wr->notify->is_jetty)
		w->wqe.flags |= UB_WQE_TO_JETTY;
	memcpy(w->bytes + sizeof(struct ub_hw_wqe), &ext, sizeof(ext));
}

/** SGEs or inline bytes, from at to the WQE's end. */
static inline void ub_dp_put_payload(union ub_dp_wqe *w, const struct ub_jfs_wr *wr, uint32_t at,
				     uint32_t size)
{
	if (!(wr->flags & UB_WR_INLINE)) {
		w->wqe.sge_num = wr->num_sge;
		for (unsigned i = 0; i < wr->num_sge; i++, at += sizeof(struct ub_hw_sge))
			memcpy(w->bytes + at, &wr->sge[i], sizeof(struct ub_hw_sge));
		return;
	}
	w->wqe.inline_len = (uint16_t)(size - at);
	for (unsigned i = 0; i < wr->num_sge; at += wr->sge[i++].len)
		if (wr->sge[i].len)
			memcpy(w->bytes + at, (const void *)(uintptr_t)wr->sge[i].va,
			       wr->sge[i].len);
}

/** Builds the WQE of a checked request. @return its WQEBBs; bytes up to there are all set */
static inline uint32_t ub_dp_build(union ub_dp_wqe *w, const struct ub_jfs *jfs,
				   const struct ub_jfs_wr *wr, unsigned traits, uint32_t pi)
{
	uint32_t head = ub_dp_head_size(traits), bbs;
	uint32_t size = head + (wr->flags & UB_WR_INLINE ?
				(uint32_t)ub_dp_sge_total(wr) :
				wr->num_sge * (uint32_t)sizeof(struct ub_hw_sge));

	bbs = ub_hw_wqe_blocks(size);
	/* What lies between is covered by what is put there. */
	memset(w->bytes, 0, UB_HW_WQEBB_SIZE);
	if (bbs > 1)
		memset(w->bytes + (bbs - 1) * UB_HW_WQEBB_SIZE, 0, UB_HW_WQEBB_SIZE);
	w->wqe.idx = (uint16_t)pi;
	w->wqe.flags = (uint16_t)(wr->flags | ub_hw_owner(pi, jfs->depth));
	w->wqe.opcode = wr->opcode;
	w->wqe.user_ctx = wr->user_ctx;
	if (traits & UB_DP_TARGET)
		ub_dp_put_target(w, wr, traits);
	else if (traits & UB_DP_NPU)
		ub_dp_put_npu(w, wr);
	if (traits & UB_DP_EXT)
		ub_dp_put_ext(w, wr, traits);
	ub_dp_put_payload(w, wr, head, size);
	return bbs;
}

#ifdef __cplusplus
}
#endif

#endif
