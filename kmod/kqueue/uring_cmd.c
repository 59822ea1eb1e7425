// SPDX-License-Identifier: GPL-2.0-only
/* A SUBMIT of io_uring in flight: counted out and in by whoever ends its WQEs. */
#include "kqueue/uring.h"

void ubnpu_uring_submit_done(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	struct uring_pdu *pdu = uring_pdu(cmd);

	ubnpu_uring_done(cmd, pdu->res, pdu->lone ? pdu->extra : pdu->ok, issue_flags);
}

UBNPU_URING_TASK(ubnpu_uring_submit_done)

void ubnpu_uring_begin(struct ubnpu_kjfc *jfc, void *owner, u32 wqes)
{
	struct uring_pdu *pdu = uring_pdu(owner);

	lockdep_assert_held(&jfc->lock);
	pdu->left = wqes;
	pdu->lone = wqes == 1;
	pdu->issuing = true;
	if (!pdu->polled)
		jfc->wakers++;
}

static u64 cqe_extra(const struct ub_hw_cqe *cqe)
{
	return cqe->flags & UB_CQE_IMM ? le64_to_cpu(cqe->imm_data) : le32_to_cpu(cqe->len);
}

/* One of its WQEs is over. May be called by interrupt handlers. */
void ubnpu_uring_ended(struct ubnpu_kjfc *jfc, void *owner, int res, const struct ub_hw_cqe *cqe)
{
	struct io_uring_cmd *cmd = owner;
	struct uring_pdu *pdu = uring_pdu(cmd);

	lockdep_assert_held(&jfc->lock);
	if (res < 0 || (res && !pdu->res))
		pdu->res = res;
	if (!res)
		pdu->ok++;
	if (cqe)
		pdu->extra = cqe_extra(cqe);
	if (--pdu->left)
		return;
	if (!pdu->polled)
		jfc->wakers--;
	if (pdu->issuing)
		return;
	/* For IOPOLL this sets a mark and no more: all that may be done to a command polled. */
	if (pdu->polled)
		ubnpu_uring_submit_done(cmd, 0);
	else
		io_uring_cmd_complete_in_task(cmd, ubnpu_uring_submit_done_in_task);
}
