// SPDX-License-Identifier: GPL-2.0-only
/* Programs. The device copies them from a segment when they are made, so no memory stays pinned. */
#include <linux/slab.h>

#include "check/check.h"
#include "memory/memory.h"

static int program_create_on_device(struct ubnpu_program *program,
				    const struct ub_ioc_create_program *a, struct ub_ioc_hdr *hdr)
{
	struct ub_admin_cmd cmd = {
		.opcode = UB_ADMIN_CREATE_PROGRAM,
		.id = cpu_to_le32(program->id),
		.program = {
			.addr = cpu_to_le64(a->addr),
			.fuel = cpu_to_le64(a->fuel),
			.tid = cpu_to_le32(program->ctx->tid),
			.token_id = cpu_to_le32(a->token_id),
			.len = cpu_to_le32(a->len),
			.tiles = cpu_to_le32(a->tiles),
		},
	};

	return ubnpu_admin(program->ctx->ub, &cmd, NULL, hdr);
}

static int program_insert(struct ubnpu_program *program, struct ub_ioc_create_program *a)
{
	struct ubnpu_ctx *ctx = program->ctx;
	struct ubnpu_ids *ids = &ctx->ub->programs;
	struct ubnpu_seg *seg = ubnpu_seg_find(ctx, a->token_id, &a->hdr);
	int ret;

	lockdep_assert_held(&ctx->lock);
	if (!seg)
		return -ENOENT;
	ret = ub_check_program_range(a, seg->mem->addr, seg->mem->len);
	if (ret)
		return ret;
	ret = ids->max ? ubnpu_id_alloc(ids, &program->id) : -EBUSY;
	if (ret == -EBUSY)
		return ubnpu_fail(&a->hdr, -ENOSPC, UB_EXT_DEV_LIMIT, UB_OBJ_PROGRAM, ids->max);
	if (ret)
		return ubnpu_fail_nomem(&a->hdr);
	ret = program_create_on_device(program, a, &a->hdr);
	if (ret) {
		ubnpu_id_free(ctx->ub, ids, program->id);
		return ret;
	}
	list_add_tail(&program->node, &ctx->programs);
	ubnpu_id_publish(ids, program->id, program);
	return 0;
}

int ubnpu_create_program(struct ubnpu_ctx *ctx, struct ubnpu_call *call)
{
	struct ub_ioc_create_program *a = &call->create_program;
	struct ubnpu_program *program;
	int ret = ub_check_create_program(a);

	if (ret)
		return ret;
	program = kzalloc(sizeof(*program), GFP_KERNEL_ACCOUNT);
	if (!program)
		return ubnpu_fail_nomem(&a->hdr);
	program->ctx = ctx;
	ret = ubnpu_user_charge(ctx, UB_OBJ_PROGRAM, 1, &a->hdr);
	if (ret)
		goto free;
	ret = ubnpu_enter(ctx, &a->hdr);
	if (ret)
		goto uncharge;
	ret = program_insert(program, a);
	if (!ret)
		a->id = program->id;
	ubnpu_leave(ctx);
	if (!ret)
		return 0;
uncharge:
	ubnpu_user_uncharge(ctx, UB_OBJ_PROGRAM, 1);
free:
	kfree(program);
	return ret;
}

static struct ubnpu_program *program_find(struct ubnpu_ctx *ctx, u32 id, struct ub_ioc_hdr *hdr)
{
	struct ubnpu_program *program;

	lockdep_assert_held(&ctx->lock);
	rcu_read_lock();
	program = xa_load(&ctx->ub->programs.xa, id);
	if (program && program->ctx != ctx)
		program = NULL;
	rcu_read_unlock();
	if (!program)
		ubnpu_fail(hdr, -ENOENT, UB_EXT_NO_SUCH_OBJECT, id, 0);
	return program;
}

/* The device has it no more. */
static void program_free(struct ubnpu_program *program)
{
	struct ubnpu_ctx *ctx = program->ctx;

	lockdep_assert_held(&ctx->lock);
	list_del(&program->node);
	ubnpu_id_free(ctx->ub, &ctx->ub->programs, program->id);
	ubnpu_user_uncharge(ctx, UB_OBJ_PROGRAM, 1);
	kfree_rcu(program, rcu);
}

int ubnpu_destroy_program(struct ubnpu_ctx *ctx, struct ubnpu_call *call)
{
	struct ub_ioc_destroy_program *a = &call->destroy_program;
	struct ubnpu_program *program;
	int ret = ub_check_destroy_program(a) ?: ubnpu_enter(ctx, &a->hdr);

	if (ret)
		return ret;
	program = program_find(ctx, a->id, &a->hdr);
	ret = program ? ubnpu_admin_id(ctx->ub, UB_ADMIN_DESTROY_PROGRAM, program->id, NULL,
				       &a->hdr)
		      : -ENOENT;
	if (!ret)
		program_free(program);
	ubnpu_leave(ctx);
	return ret;
}

void ubnpu_programs_release(struct ubnpu_ctx *ctx, bool device)
{
	struct ubnpu_program *program, *next;

	lockdep_assert_held(&ctx->lock);
	list_for_each_entry_safe(program, next, &ctx->programs, node)
	{
		if (device)
			ubnpu_destroy_retry(ctx, UB_ADMIN_DESTROY_PROGRAM, program->id);
		program_free(program);
		cond_resched();
	}
}
