/* SPDX-License-Identifier: MIT */
/* Contexts. */
#include <stdlib.h>

#include "object/object.h"

int ub_ctx_create(struct ub_admin *a)
{
	uint64_t base = a->cmd->ctx.pt_base;
	struct ub_ctx *ctx;
	int ret = ub_admin_check_new(a, UB_KIND_CTX);

	if (ret)
		return ret;
	ctx = ub_obj_new(a->core, UB_KIND_CTX, a->cmd->id);
	if (!ctx)
		return ub_admin_fail(a, UB_ADMIN_NO_MEMORY, 0);
	if (base % UB_HW_PAGE_SIZE ||
	    ub_pin_bus(&ctx->root, a->core, base, UB_HW_PAGE_SIZE, false)) {
		free(ctx);
		return ub_admin_fail(a, UB_ADMIN_BAD_ADDRESS, UB_ADMIN_OFF(ctx.pt_base));
	}
	ctx->pt_base = base;
	ub_obj_publish(&ctx->obj);
	return 0;
}

int ub_ctx_destroy(struct ub_admin *a)
{
	struct ub_obj *obj = ub_admin_obj(a, UB_KIND_CTX);

	if (!obj)
		return UB_ADMIN_BAD_ID;
	if (obj->users)
		return ub_admin_fail(a, UB_ADMIN_BUSY, obj->users);
	ub_obj_destroy(obj);
	return 0;
}
