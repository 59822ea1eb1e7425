/* SPDX-License-Identifier: MIT */
/* The admin ring: fetch, check what all commands have in common, dispatch, answer. */
#include "core.h"
#include "inject/inject.h"

#define RAW_OFF ((uint32_t)offsetof(struct ub_admin_cmd, raw))

/* Bytes [from, to) of raw that an opcode uses. */
struct used {
	uint8_t from, to;
};

static const struct admin_op {
	uint8_t opcode;
	bool has_id;
	struct used used;
	int (*run)(struct ub_admin *a);
} admin_ops[] = {
	{ UB_ADMIN_NOP, false, { 0, 0 }, NULL },
	{ UB_ADMIN_CREATE_CTX, true, { 0, 8 }, ub_ctx_create },
	{ UB_ADMIN_DESTROY_CTX, true, { 0, 0 }, ub_ctx_destroy },
	{ UB_ADMIN_CREATE_SEG, true, { 0, 40 }, ub_seg_create },
	{ UB_ADMIN_MODIFY_SEG, true, { 36, 40 }, ub_seg_modify },
	{ UB_ADMIN_DESTROY_SEG, true, { 0, 0 }, ub_seg_destroy },
	{ UB_ADMIN_CREATE_EQ, true, { 0, 20 }, ub_eq_create },
	{ UB_ADMIN_DESTROY_EQ, true, { 0, 0 }, ub_eq_destroy },
	{ UB_ADMIN_CREATE_PROGRAM, true, { 0, 32 }, ub_program_create },
	{ UB_ADMIN_DESTROY_PROGRAM, true, { 0, 0 }, ub_program_destroy },
	{ UB_ADMIN_CREATE_JFC, true, { 0, 40 }, ub_jfc_create },
	{ UB_ADMIN_MODIFY_JFC, true, { 32, 40 }, ub_jfc_modify },
	{ UB_ADMIN_QUERY_JFC, true, { 0, 0 }, ub_jfc_query },
	{ UB_ADMIN_DESTROY_JFC, true, { 0, 0 }, ub_jfc_destroy },
	/* Of JFS and JFR, state is not for CREATE, and alone for MODIFY. */
	{ UB_ADMIN_CREATE_JFS, true, { 0, 45 }, ub_jfs_create },
	{ UB_ADMIN_MODIFY_JFS, true, { 40, 41 }, ub_jfs_modify },
	{ UB_ADMIN_QUERY_JFS, true, { 0, 0 }, ub_jfs_query },
	{ UB_ADMIN_DESTROY_JFS, true, { 0, 0 }, ub_jfs_destroy },
	{ UB_ADMIN_CREATE_JFR, true, { 0, 38 }, ub_jfr_create },
	{ UB_ADMIN_MODIFY_JFR, true, { 36, 37 }, ub_jfr_modify },
	{ UB_ADMIN_QUERY_JFR, true, { 0, 0 }, ub_jfr_query },
	{ UB_ADMIN_DESTROY_JFR, true, { 0, 0 }, ub_jfr_destroy },
	{ UB_ADMIN_INJECT, true, { 0, 32 }, ub_inject_admin },
	{ UB_ADMIN_QUERY_INJECT, false, { 0, 4 }, ub_inject_query },
	{ UB_ADMIN_QUERY_USAGE, true, { 0, 16 }, ub_usage_query },
};

static const struct admin_op *find_admin_op(uint8_t opcode)
{
	for (size_t i = 0; i < sizeof(admin_ops) / sizeof(admin_ops[0]); i++)
		if (admin_ops[i].opcode == opcode)
			return &admin_ops[i];
	return NULL;
}

static int check_admin_reserved(struct ub_admin *a, const struct admin_op *op)
{
	const struct ub_admin_cmd *cmd = a->cmd;

	if (cmd->rsvd)
		return ub_admin_fail(a, UB_ADMIN_BAD_FIELD, UB_ADMIN_OFF(rsvd));
	if (!op->has_id && cmd->id)
		return ub_admin_fail(a, UB_ADMIN_BAD_FIELD, UB_ADMIN_OFF(id));
	for (uint32_t i = 0; i < sizeof(cmd->raw); i++)
		if (cmd->raw[i] && (i < op->used.from || i >= op->used.to))
			return ub_admin_fail(a, UB_ADMIN_BAD_FIELD, RAW_OFF + i);
	return 0;
}

/* A fault takes the place of a command; never of what arms and removes faults. */
static bool inject_admin_status(struct ub_admin *a)
{
	struct ub_inject *inject = &a->core->inject;
	uint64_t arg[2];

	if (!ub_armed(inject, UB_FAULT_ADMIN_STATUS) || ub_inject_exempt(a->cmd->opcode) ||
	    !ub_inject_take(a->core, UB_FAULT_ADMIN_STATUS, a->cmd->opcode, arg))
		return false;
	ub_admin_fail(a, (enum ub_admin_status)arg[0], 0);
	a->injected = true;
	return true;
}

static bool admin_is_silent(struct ub_core *core, unsigned opcode)
{
	return !ub_inject_exempt(opcode) &&
	       ub_inject_hit(core, &core->inject, UB_FAULT_ADMIN_SILENT, opcode);
}

/* What a well-behaved driver never gets. */
static bool is_guest_error(const struct ub_admin *a)
{
	unsigned status = a->reply->status;

	return !a->injected && status >= UB_ADMIN_BAD_OPCODE && status <= UB_ADMIN_BAD_ADDRESS;
}

static void run_admin_command(struct ub_admin *a)
{
	const struct admin_op *op = find_admin_op(a->cmd->opcode);

	a->reply->tag = a->cmd->tag;
	if (!op)
		ub_admin_fail(a, UB_ADMIN_BAD_OPCODE, UB_ADMIN_OFF(opcode));
	else if (!inject_admin_status(a) && !check_admin_reserved(a, op) && op->run)
		op->run(a);
	ub_count(a->core, UB_ST_admin_cmds, 1);
	if (is_guest_error(a))
		ub_after_error(a->after, "admin opcode 0x%02x, id %u: status %u, detail %u",
			       a->cmd->opcode, a->cmd->id, a->reply->status, a->reply->detail);
}

static void admin_fatal(struct ub_core *core, struct ub_after *after, uint32_t cause, uint64_t info)
{
	atomic_store(&core->status, UB_STATUS_FATAL);
	ub_capture(core, cause, info);
	ub_after_error(after, "admin ring cannot be used (cause %u, 0x%llx): reset the device",
		       cause, (unsigned long long)info);
}

static struct ub_admin_slot *map_admin_slot(struct ub_core *core, uint64_t addr)
{
	size_t len = sizeof(struct ub_admin_slot);
	void *ptr = core->host.map(core->opaque, addr, &len, true);

	if (ptr && len < sizeof(struct ub_admin_slot)) {
		core->host.unmap(core->opaque, ptr, len, true, 0);
		ptr = NULL;
	}
	return ptr;
}

static void write_admin_reply(struct ub_admin_slot *slot, struct ub_admin_reply *reply, bool owner)
{
	uint32_t head;

	if (owner)
		reply->flags |= UB_ADMIN_REPLY_OWNER;
	memcpy(&head, reply, 4);
	memcpy((uint8_t *)&slot->reply + 4, (uint8_t *)reply + 4, sizeof(*reply) - 4);
	__atomic_store_n((uint32_t *)&slot->reply, head, __ATOMIC_RELEASE);
}

/* With admin_lock held; drops it around callbacks. False: nothing left to do. */
static bool serve_admin_command(struct ub_core *core)
{
	uint32_t pi = atomic_load(&core->admin_pi), ci = atomic_load(&core->admin_ci);
	uint32_t depth = atomic_load(&core->admin_depth);
	uint64_t addr = atomic_load(&core->admin_base) +
			(uint64_t)(ci & (depth - 1)) * sizeof(struct ub_admin_slot);
	struct ub_admin_reply reply = { 0 };
	struct ub_admin_slot *slot = NULL;
	bool silent = false;
	struct ub_admin_cmd cmd;
	struct ub_after after;
	struct ub_admin a = { .core = core, .cmd = &cmd, .reply = &reply, .after = &after };

	if (pi == ci || core->resets_waiting || atomic_load(&core->status) & UB_STATUS_FATAL)
		return false;
	ub_after_init(&after, core);
	if (pi - ci > depth) {
		admin_fatal(core, &after, UB_ERR_ADMIN_PI, pi);
	} else if (!(slot = map_admin_slot(core, addr))) {
		admin_fatal(core, &after, UB_ERR_ADMIN_DMA, addr);
	} else {
		memcpy(&cmd, &slot->cmd, sizeof(cmd));
		silent = admin_is_silent(core, cmd.opcode);
		after.all_irqs = ub_inject_exempt(cmd.opcode);
		if (!silent)
			run_admin_command(&a);
	}
	pthread_mutex_unlock(&core->admin_lock);
	if (a.page && core->host.db_page)
		core->host.db_page(core->opaque, a.page, a.page_in_use);
	if (slot) {
		if (!silent)
			write_admin_reply(slot, &reply, ub_hw_owner(ci, depth));
		core->host.unmap(core->opaque, slot, sizeof(*slot), true,
				 silent ? 0 : sizeof(*slot));
		atomic_store(&core->admin_ci, ci + 1);
		if (!silent)
			ub_after_irq(&after, 0);
	}
	ub_after_run(&after);
	pthread_mutex_lock(&core->admin_lock);
	return true;
}

void ub_admin_doorbell(struct ub_core *core, uint32_t pi)
{
	pthread_mutex_lock(&core->admin_lock);
	if (!(atomic_load(&core->ctrl) & UB_CTRL_ENABLE) ||
	    atomic_load(&core->status) & UB_STATUS_FATAL) {
		pthread_mutex_unlock(&core->admin_lock);
		ub_guest_error(core, "ADMIN_PI %u while the admin ring is not usable", pi);
		return;
	}
	atomic_store(&core->admin_pi, pi);
	/* Whoever is at it looks at PI again. */
	if (!core->admin_busy) {
		core->admin_busy = true;
		while (serve_admin_command(core))
			;
		core->admin_busy = false;
		pthread_cond_broadcast(&core->admin_cond);
	}
	pthread_mutex_unlock(&core->admin_lock);
}
