/* SPDX-License-Identifier: MIT */
/* Faults are armed and removed; those that are events happen at once. */
#include "inject/inject.h"

#define OFF(member)	UB_ADMIN_OFF(inject.member)

static void tell_event(struct ub_core *core, unsigned type, uint32_t id, uint64_t tid_info,
		       struct ub_after *after)
{
	pthread_rwlock_rdlock(&core->dma_lock);
	ub_event(core, type, id, (uint32_t)(tid_info >> 32), (uint32_t)tid_info, after);
	pthread_rwlock_unlock(&core->dma_lock);
}

static void give_fault(struct ub_core *core, const struct ub_fault_spec *f, struct ub_after *after)
{
	struct ub_inject *in = &core->inject;

	pthread_mutex_lock(&in->lock);
	in->given[f->kind]++;
	pthread_mutex_unlock(&in->lock);
	if (f->kind == UB_FAULT_EVENT) {
		tell_event(core, (unsigned)f->arg[0], f->id, f->arg[1], after);
		return;
	}
	atomic_store(&core->status, UB_STATUS_FATAL);
	tell_event(core, UB_EVENT_DEV_FATAL, 0, 0, after);
}

static bool arm_fault(struct ub_core *core, const struct ub_fault_spec *f, struct ub_refusal *why,
		      struct ub_after *after)
{
	struct ub_inject *in = &core->inject;
	bool goes_down = false, ok = true;

	pthread_mutex_lock(&in->lock);
	if (f->kind == UB_FAULT_LINK_DOWN && ub_fault_count(in, f->kind)) {
		/* It is down. */
	} else if (in->n == UB_MAX_FAULTS) {
		ok = ub_fault_refuse(why, UB_ADMIN_LIMIT, OFF(count), in->n + 1, 0, UB_MAX_FAULTS);
	} else {
		in->fault[in->n++] = *f;
		ub_fault_note_armed(in);
		goes_down = f->kind == UB_FAULT_LINK_DOWN;
	}
	pthread_mutex_unlock(&in->lock);
	if (goes_down)
		tell_event(core, UB_EVENT_PORT_DOWN, 0, 0, after);
	return ok;
}

static void disarm_fault(struct ub_core *core, const struct ub_fault_spec *f,
			 struct ub_after *after)
{
	struct ub_inject *in = &core->inject;
	unsigned n;

	pthread_mutex_lock(&in->lock);
	n = ub_fault_remove(in, f->kind, f->id);
	pthread_mutex_unlock(&in->lock);
	if (n && f->kind == UB_FAULT_LINK_DOWN)
		tell_event(core, UB_EVENT_PORT_ACTIVE, 0, 0, after);
}

bool ub_inject_set(struct ub_core *core, const struct ub_fault_spec *f, struct ub_refusal *why,
		   struct ub_after *after)
{
	if (!ub_fault_check(core, f, why))
		return false;
	if (!f->count)
		disarm_fault(core, f, after);
	else if (ub_fault_at_once(f->kind))
		give_fault(core, f, after);
	else
		return arm_fault(core, f, why, after);
	return true;
}

/* ---- Admin commands ---- */
static void answer_counts(struct ub_admin *a)
{
	struct ub_inject *in = &a->core->inject;
	uint32_t kind = a->cmd->inject.kind;

	pthread_mutex_lock(&in->lock);
	a->reply->refs = ub_fault_count(in, kind);
	a->reply->count = in->given[kind];
	pthread_mutex_unlock(&in->lock);
}

int ub_inject_admin(struct ub_admin *a)
{
	const struct ub_admin_inject *c = &a->cmd->inject;
	struct ub_fault_spec f = {
		c->kind, a->cmd->id, c->count, c->skip, { c->arg[0], c->arg[1] },
	};
	struct ub_refusal why;

	if (!a->core->cfg.inject)
		return ub_admin_fail(a, UB_ADMIN_BAD_OPCODE, UB_ADMIN_OFF(opcode));
	if (c->rsvd0)
		return ub_admin_fail(a, UB_ADMIN_BAD_FIELD, OFF(rsvd0));
	if (!ub_inject_set(a->core, &f, &why, a->after))
		return ub_admin_fail(a, why.status, why.status == UB_ADMIN_LIMIT ?
				     (uint32_t)why.most : why.field);
	answer_counts(a);
	return 0;
}

int ub_inject_query(struct ub_admin *a)
{
	uint32_t kind = a->cmd->inject.kind;

	if (!a->core->cfg.inject)
		return ub_admin_fail(a, UB_ADMIN_BAD_OPCODE, UB_ADMIN_OFF(opcode));
	if (!kind || kind > UB_FAULT_MAX)
		return ub_admin_fail(a, UB_ADMIN_BAD_FIELD, OFF(kind));
	answer_counts(a);
	return 0;
}
