/* SPDX-License-Identifier: MIT */
/**
 * @file
 * The data path: post, poll and re-arm. Inline, without allocation, lock or system call. Included
 * by <ub/ub.h>, which describes the functions; the rules they follow are sections 5 and 6 of
 * docs/hardware.md. Names beginning with ub_dp_ are private.
 */
#ifndef UB_DATA_PATH_H
#define UB_DATA_PATH_H

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <ub/ub_barrier.h>
#include <ub/ub_encode.h>

#ifdef __cplusplus
extern "C" {
#endif

static inline void ub_dp_to_ring(struct ub_jfs *jfs, const union ub_dp_wqe *w, uint32_t pi,
				 uint32_t bbs)
{
	const uint8_t *from = w->bytes;

	do {
		memcpy(jfs->ring + (size_t)(pi++ & (jfs->depth - 1)) * UB_HW_WQEBB_SIZE, from,
		       UB_HW_WQEBB_SIZE);
		from += UB_HW_WQEBB_SIZE;
	} while (--bbs);
}

/** Tells the device, if it asked to be told, that PI moved from the present one to pi. */
static inline void ub_dp_publish(struct ub_jfs *jfs, uint32_t pi, const union ub_dp_wqe *lone)
{
	uint32_t old = jfs->pi, event_idx;

	jfs->pi = pi;
	ub_store_send_pi(&jfs->rec->pi, pi);
	event_idx = ub_load_event_idx(&jfs->rec->event_idx);
	if (!ub_hw_wants_doorbell(event_idx, pi, old)) {
		jfs->suppressed++;
		return;
	}
	jfs->doorbells++;
	if (!jfs->db) {
		ub_soft_doorbell(jfs);
		return;
	}
	ub_wmb_to_device();
	if (!lone) {
		ub_mmio_write32(jfs->db, pi);
		return;
	}
	for (unsigned i = 0; i < UB_HW_WQEBB_SIZE / 8; i++)
		ub_mmio_write64(&jfs->direct[i], lone->words[i]);
}

/**
 * Post n requests with at most one doorbell.
 * @param posted set to how many were; may be NULL
 * @return 0, or -EINVAL (request *posted is malformed), -ENOSPC (no room for it); those before
 *   it are posted
 */
static inline int ub_post_jfs_wr(struct ub_jfs *jfs, const struct ub_jfs_wr *wr, unsigned n,
				 unsigned *posted)
{
	uint32_t pi = jfs->pi, bbs = 0, ci;
	union ub_dp_wqe w;
	unsigned i;
	int ret = 0;

	if (!jfs->ring)
		return ub_kernel_post(jfs, wr, n, posted);
	ci = ub_load_index_acquire(&jfs->rec->ci);
	for (i = 0; i < n; i++) {
		unsigned traits = ub_dp_traits(wr[i].opcode);

		ret = ub_dp_check(jfs, &wr[i], traits);
		if (ret)
			break;
		bbs = ub_dp_build(&w, jfs, &wr[i], traits, pi);
		if (pi - ci + bbs > jfs->depth) {
			ret = ub_post_failed(jfs->ctx, UB_OBJ_JFS, jfs->id, ENOSPC, UB_POST_FULL,
					     jfs->depth);
			break;
		}
		ub_dp_to_ring(jfs, &w, pi, bbs);
		pi += bbs;
	}
	jfs->posted += i;
	if (i)
		ub_dp_publish(jfs, pi, jfs->direct && n == 1 && bbs == 1 ? &w : NULL);
	if (posted)
		*posted = i;
	return ret;
}

/**
 * Post n receive requests.
 * @param posted set to how many were; may be NULL
 * @return as ub_post_jfs_wr()
 */
static inline int ub_post_jfr_wr(struct ub_jfr *jfr, const struct ub_jfr_wr *wr, unsigned n,
				 unsigned *posted)
{
	uint32_t pi = jfr->pi, ci = ub_load_index_acquire(&jfr->rec->ci);
	unsigned i;
	int ret = 0;

	for (i = 0; i < n; i++, pi++) {
		struct ub_hw_recv_wqe *slot = &jfr->ring[pi & (jfr->depth - 1)];

		if (wr[i].num_sge > UB_HW_RECV_SGE || (wr[i].num_sge && !wr[i].sge)) {
			ret = ub_post_failed(jfr->ctx, UB_OBJ_JFR, jfr->id, EINVAL,
					     UB_POST_SGE_COUNT, UB_HW_RECV_SGE);
			break;
		}
		if (pi - ci + 1 > jfr->depth) {
			ret = ub_post_failed(jfr->ctx, UB_OBJ_JFR, jfr->id, ENOSPC, UB_POST_FULL,
					     jfr->depth);
			break;
		}
		memset(slot, 0, sizeof(*slot));
		slot->idx = (uint16_t)pi;
		slot->flags = (uint16_t)ub_hw_owner(pi, jfr->depth);
		slot->sge_num = (uint8_t)wr[i].num_sge;
		slot->user_ctx = wr[i].user_ctx;
		for (unsigned s = 0; s < wr[i].num_sge; s++)
			slot->sge[s] = wr[i].sge[s];
	}
	jfr->pi = pi;
	if (i)
		ub_store_index_release(&jfr->rec->pi, pi);
	if (posted)
		*posted = i;
	return ret;
}

/** Up to the peer's EID both lie alike, but for the index, in whose place is the peer's id. */
static inline void ub_dp_to_cr(struct ub_cr *cr, const struct ub_hw_cqe *cqe, uint32_t head)
{
	head &= ~((uint32_t)UB_CQE_OWNER << 24);
	memcpy(cr, cqe, offsetof(struct ub_hw_cqe, rmt_id));
	memcpy(cr, &head, sizeof(head));
	cr->rmt_id = cqe->rmt_id;
	cr->timestamp_ns = cqe->timestamp_ns;
}

/**
 * Take up to n completions.
 * @return the number taken; with UB_DOOR_MAPPED never an error
 */
static inline int ub_poll_jfc(struct ub_jfc *jfc, struct ub_cr *cr, unsigned n)
{
	uint32_t ci = jfc->ci;
	unsigned i;

	if (!jfc->ring)
		return ub_kernel_poll(jfc, cr, n);
	for (i = 0; i < n; i++, ci++) {
		const struct ub_hw_cqe *cqe = &jfc->ring[ci & (jfc->depth - 1)];
		uint32_t head = ub_load_cqe_head(cqe);

		if (((head >> 24) & UB_CQE_OWNER) != ub_hw_owner(ci, jfc->depth))
			break;
		ub_dp_to_cr(&cr[i], cqe, head);
	}
	if (i) {
		jfc->ci = ci;
		ub_store_index_release(&jfc->rec->ci, ci);
	}
	return (int)i;
}

/**
 * Ask for one event at the next completion, at once if there is one already. Asking again before
 * the event was taken by ub_wait_jfc() is harmless.
 * @param solicited_only only solicited and failed completions count
 * @return 0; with UB_DOOR_IOCTL -EOPNOTSUPP
 */
static inline int ub_rearm_jfc(struct ub_jfc *jfc, bool solicited_only)
{
	uint64_t sn = __atomic_load_n(&jfc->arm_sn, __ATOMIC_RELAXED) & UB_DB_JFC_ARM_SN_MASK;
	uint64_t word = (jfc->ci & UB_DB_JFC_CI_MASK) | (solicited_only ? UB_DB_JFC_SOLICITED : 0) |
			sn << UB_DB_JFC_ARM_SN_SHIFT | (uint64_t)jfc->id << UB_DB_JFC_ID_SHIFT;

	if (!jfc->ring)
		return ub_kernel_rearm(jfc);
	if (!jfc->db) {
		ub_soft_rearm(jfc, word);
		return 0;
	}
	ub_wmb_to_device();
	ub_mmio_write64(jfc->db, word);
	return 0;
}

#ifdef __cplusplus
}
#endif

#endif
