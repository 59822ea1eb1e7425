/* SPDX-License-Identifier: GPL-2.0-only */
/* What becomes of queues, contexts and the device when something is wrong, or is to be reset. */
#ifndef UBNPU_RECOVER_H
#define UBNPU_RECOVER_H

#include "kqueue/kqueue.h"

/* dump.c */
void ubnpu_dump(struct ubnpu_dev *ub, const struct ubnpu_who *who, const char *why);

/* lose.c */
void ubnpu_ctx_release_objects(struct ubnpu_ctx *ctx, bool device);
void ubnpu_ctx_lose(struct ubnpu_ctx *ctx);
int ubnpu_ctx_reset(struct ubnpu_ctx *ctx);
void ubnpu_ctx_drop(struct ubnpu_ctx *ctx);

/* reset.c; for ubnpu_hw_*() the gate is held for writing, or nobody has the device yet */
int ubnpu_hw_start(struct ubnpu_dev *ub);
int ubnpu_hw_reset(struct ubnpu_dev *ub);
void ubnpu_lose_all(struct ubnpu_dev *ub);
void ubnpu_drop_all(struct ubnpu_dev *ub);
int ubnpu_hw_recover(struct ubnpu_dev *ub);
void ubnpu_recovered(struct ubnpu_dev *ub);
int ubnpu_dev_reset(struct ubnpu_dev *ub, bool force);
void ubnpu_tell_reset(struct ubnpu_dev *ub, enum ubnpu_counter counter, int failed,
		      const char *why);

/* away.c */
int ubnpu_give_away(struct ubnpu_dev *ub, bool quiesce);
int ubnpu_take_back(struct ubnpu_dev *ub);

/* sleep.c */
extern const struct dev_pm_ops ubnpu_pm_ops;

/* pcie.c */
extern const struct pci_error_handlers ubnpu_err_handlers;

/* recover.c */
void ubnpu_recover_work(struct work_struct *work);
int ubnpu_reset_queue(struct ubnpu_ctx *ctx, enum ubnpu_queue_type type, u32 id, u32 info);

/* hang.c */
void ubnpu_watch_work(struct work_struct *work);

#endif
