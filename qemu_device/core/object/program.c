/* SPDX-License-Identifier: MIT */
/* Programs: copied and verified when they are made. */
#include <stdlib.h>

#include "base/bytes.h"
#include "object/object.h"

#define PROGRAM_OFF(member) UB_ADMIN_OFF(program.member)

static bool copy_image(struct ub_core *core, const struct ub_mem *mem, void *to)
{
	uint8_t *at = to;
	uint64_t left = mem->len;
	struct ub_stream s;

	ub_stream_mem(&s, core, mem, 1, UB_PTE_READ);
	while (left && ub_stream_fill(&s, left)) {
		uint64_t n = s.len < left ? s.len : left;

		memcpy(at, s.ptr, n);
		ub_stream_skip(&s, n);
		at += n;
		left -= n;
	}
	ub_stream_end(&s);
	return !left;
}

static int read_image(struct ub_admin *a, struct ub_program *program)
{
	const struct ub_admin_program *p = &a->cmd->program;
	struct ub_mem mem = { 0 };
	bool ok;
	int sub;

	pthread_rwlock_rdlock(&a->core->dma_lock);
	sub = ub_seg_local(program->ctx, p->token_id, p->addr, p->len, &mem);
	ok = !sub && copy_image(a->core, &mem, program->insns);
	ub_mem_put(&mem);
	pthread_rwlock_unlock(&a->core->dma_lock);
	if (sub == UB_SUB_TOKEN_ID)
		return ub_admin_fail(a, UB_ADMIN_BAD_ID, PROGRAM_OFF(token_id));
	return ok ? 0 : ub_admin_fail(a, UB_ADMIN_BAD_ADDRESS, PROGRAM_OFF(addr));
}

static int verify_image(struct ub_admin *a, struct ub_program *program)
{
	struct ub_visa_refusal why;

	if (!ub_visa_verify(program->insns, a->cmd->program.len, &program->needs, &why))
		return 0;
	return ub_admin_fail(a, UB_ADMIN_BAD_PROGRAM, why.insn << 8 | why.rule);
}

static int fill_program(struct ub_admin *a, struct ub_program *program)
{
	const struct ub_admin_program *p = &a->cmd->program;
	int ret = 0;

	program->needs = (struct ub_visa_needs){ .tiles = p->tiles, .fuel = p->fuel };
	program->count = p->len / sizeof(*program->insns);
	/* A length that no program has allocates nothing. */
	if (!p->len || p->len % sizeof(*program->insns) || program->count > UB_VISA_MAX_INSNS)
		return ub_admin_fail(a, UB_ADMIN_BAD_PROGRAM, UB_VISA_RULE_LENGTH);
	program->insns = malloc(p->len);
	if (!program->insns)
		return ub_admin_fail(a, UB_ADMIN_NO_MEMORY, 0);
	if (a->saved)
		ub_in_bytes(a->saved, program->insns, p->len);
	else
		ret = read_image(a, program);
	return ret ? ret : verify_image(a, program);
}

int ub_program_create(struct ub_admin *a)
{
	struct ub_program *program;
	struct ub_ctx *ctx;
	int ret = ub_admin_check_new(a, UB_KIND_PROGRAM);

	if (ret)
		return ret;
	ctx = ub_admin_ctx(a, a->cmd->program.tid, PROGRAM_OFF(tid));
	if (!ctx)
		return UB_ADMIN_BAD_ID;
	program = ub_obj_new(a->core, UB_KIND_PROGRAM, a->cmd->id);
	if (!program)
		return ub_admin_fail(a, UB_ADMIN_NO_MEMORY, 0);
	program->ctx = ctx;
	atomic_init(&program->holds, 0);
	ret = fill_program(a, program);
	if (ret) {
		free(program->insns);
		free(program);
		return ret;
	}
	ub_obj_use(&ctx->obj);
	ub_obj_publish(&program->obj);
	return 0;
}

int ub_program_destroy(struct ub_admin *a)
{
	struct ub_obj *obj = ub_admin_obj(a, UB_KIND_PROGRAM);
	struct ub_program *program;

	if (!obj)
		return UB_ADMIN_BAD_ID;
	program = ub_container(obj, struct ub_program, obj);
	return ub_admin_end_unheld(a, obj, &program->holds, program->ctx);
}

void ub_program_end(struct ub_obj *obj)
{
	struct ub_program *program = ub_container(obj, struct ub_program, obj);

	free(program->insns);
	ub_obj_put(&program->ctx->obj);
}

struct ub_program *ub_program_hold(struct ub_ctx *ctx, uint32_t id)
{
	struct ub_obj *obj = ub_idmap_get(&ctx->obj.core->map[UB_KIND_PROGRAM], id);
	struct ub_program *program = obj ? ub_container(obj, struct ub_program, obj) : NULL;

	if (!program || program->ctx != ctx)
		return NULL;
	ub_obj_get(obj);
	atomic_fetch_add(&program->holds, 1);
	return program;
}

void ub_program_unhold(struct ub_program *program)
{
	atomic_fetch_sub(&program->holds, 1);
}
