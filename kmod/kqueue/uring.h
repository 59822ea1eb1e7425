/* SPDX-License-Identifier: GPL-2.0-only */
/* Commands of io_uring on kernel queues. */
#ifndef UBNPU_URING_H
#define UBNPU_URING_H

#include "compat.h"
#include "kqueue/kqueue.h"

/* A SUBMIT in flight; all but jfs and polled under kjfc->lock. */
struct uring_pdu {
	u64 extra;
	u32 jfs;
	u32 left;	/* WQEs */
	u32 ok;
	s32 res;
	bool polled;	/* by IOPOLL: no interrupt is wanted */
	bool lone;
	bool issuing;	/* who submits it completes it if it is over by then */
};

static inline struct uring_pdu *uring_pdu(struct io_uring_cmd *cmd)
{
	BUILD_BUG_ON(sizeof(struct uring_pdu) > sizeof(cmd->pdu));
	return (struct uring_pdu *)cmd->pdu;
}

/* uring_cmd.c */
void ubnpu_uring_begin(struct ubnpu_kjfc *jfc, void *owner, u32 wqes);
void ubnpu_uring_ended(struct ubnpu_kjfc *jfc, void *owner, int res, const struct ub_hw_cqe *cqe);
void ubnpu_uring_submit_done(struct io_uring_cmd *cmd, unsigned int issue_flags);

/* uring.c */
int ubnpu_uring_submit(struct io_uring_cmd *cmd, const struct ub_uring_cmd *a,
		       unsigned int issue_flags);
int ubnpu_uring_iopoll(struct io_uring_cmd *cmd, struct io_comp_batch *iob,
		       unsigned int poll_flags);

/* uring_reap.c */
int ubnpu_uring_reap(struct io_uring_cmd *cmd, const struct ub_uring_cmd *a,
		     unsigned int issue_flags);
void ubnpu_uring_reap_cancel(struct io_uring_cmd *cmd, unsigned int issue_flags);

#endif
