/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory that the device may use: users' own, pinned, and the kernel's; segments made of it. */
#ifndef UBNPU_MEMORY_H
#define UBNPU_MEMORY_H

#include "context/context.h"

struct ubnpu_seg {
	u32 id;
	struct ubnpu_ctx *ctx;
	struct list_head node;	/* ctx->lock */
	struct rcu_head rcu;
	struct ubnpu_mem *mem;
	u32 access;
	u32 flags;
	u32 token_policy;
};

struct ubnpu_program {
	u32 id;
	struct ubnpu_ctx *ctx;
	struct list_head node;	/* ctx->lock */
	struct rcu_head rcu;
};

/* pin.c */
int ubnpu_mem_account(struct ubnpu_ctx *ctx, unsigned long npages, struct ub_ioc_hdr *hdr);
void ubnpu_mem_unaccount(struct ubnpu_ctx *ctx, unsigned long npages);
struct ubnpu_mem *ubnpu_mem_pin(struct ubnpu_ctx *ctx, u64 addr, u64 len, bool writable,
				struct ub_ioc_hdr *hdr);
void ubnpu_mem_unpin(struct ubnpu_ctx *ctx, struct ubnpu_mem *mem);

/* refusal.c */
int ubnpu_mem_refused(u64 at, bool write, u64 bytes, struct ub_ioc_hdr *hdr);

/* kmem.c */
struct ubnpu_mem *ubnpu_kmem_new(struct ubnpu_ctx *ctx, u64 len, struct ub_ioc_hdr *hdr);
void ubnpu_kmem_free(struct ubnpu_ctx *ctx, struct ubnpu_mem *mem);

/* seg.c */
int ubnpu_reg_seg(struct ubnpu_ctx *ctx, struct ubnpu_call *call);
int ubnpu_dereg_seg(struct ubnpu_ctx *ctx, struct ubnpu_call *call);
int ubnpu_set_token(struct ubnpu_ctx *ctx, struct ubnpu_call *call);
void ubnpu_segs_release(struct ubnpu_ctx *ctx, bool device);
struct ubnpu_seg *ubnpu_seg_find(struct ubnpu_ctx *ctx, u32 id, struct ub_ioc_hdr *hdr);

/* program.c */
int ubnpu_create_program(struct ubnpu_ctx *ctx, struct ubnpu_call *call);
int ubnpu_destroy_program(struct ubnpu_ctx *ctx, struct ubnpu_call *call);
void ubnpu_programs_release(struct ubnpu_ctx *ctx, bool device);

#endif
