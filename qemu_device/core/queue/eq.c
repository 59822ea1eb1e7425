/* SPDX-License-Identifier: MIT */
/* Event queues. */
#include <stdlib.h>

#include "core_internal.h"

#define EQ_OFF(member) UB_ADMIN_OFF(eq.member)

static int check_eq(struct ub_admin *a)
{
	const struct ub_admin_eq *e = &a->cmd->eq;
	uint32_t id = a->cmd->id;

	if (id >= a->core->cfg.vectors)
		return ub_admin_fail(a, UB_ADMIN_BAD_ID, UB_ADMIN_OFF(id));
	if (atomic_load(&a->core->eq[id]))
		return ub_admin_fail(a, UB_ADMIN_ID_IN_USE, UB_ADMIN_OFF(id));
	if (e->base % UB_HW_PAGE_SIZE)
		return ub_admin_fail(a, UB_ADMIN_BAD_FIELD, EQ_OFF(base));
	if (e->rec % sizeof(struct ub_hw_eq_rec))
		return ub_admin_fail(a, UB_ADMIN_BAD_FIELD, EQ_OFF(rec));
	if (e->depth < UB_HW_MIN_DEPTH || e->depth > 65536 || e->depth & (e->depth - 1))
		return ub_admin_fail(a, UB_ADMIN_BAD_FIELD, EQ_OFF(depth));
	return 0;
}

static int pin_eq(struct ub_admin *a, struct ub_eq *eq)
{
	const struct ub_admin_eq *e = &a->cmd->eq;

	if (ub_pin_bus(&eq->ring, a->core, e->base, e->depth * sizeof(struct ub_hw_eqe), true))
		return ub_admin_fail(a, UB_ADMIN_BAD_ADDRESS, EQ_OFF(base));
	if (ub_pin_bus(&eq->rec_pin, a->core, e->rec, sizeof(struct ub_hw_eq_rec), true)) {
		ub_pin_drop(&eq->ring, a->core);
		return ub_admin_fail(a, UB_ADMIN_BAD_ADDRESS, EQ_OFF(rec));
	}
	return 0;
}

int ub_eq_create(struct ub_admin *a)
{
	struct ub_eq *eq;
	int ret = check_eq(a);

	if (ret)
		return ret;
	eq = calloc(1, sizeof(*eq));
	if (!eq)
		return ub_admin_fail(a, UB_ADMIN_NO_MEMORY, 0);
	ret = pin_eq(a, eq);
	if (ret) {
		free(eq);
		return ret;
	}
	ub_obj_init(&eq->obj, a->core, UB_KIND_EQ, a->cmd->id);
	pthread_mutex_init(&eq->lock, NULL);
	eq->depth = a->cmd->eq.depth;
	eq->rec = ub_pinned_at(&eq->rec_pin, 0);
	ub_store(&eq->rec->overrun, 0);
	atomic_store(&a->core->eq[a->cmd->id], &eq->obj);
	return 0;
}

int ub_eq_destroy(struct ub_admin *a)
{
	uint32_t id = a->cmd->id;
	struct ub_obj *obj = id < a->core->cfg.vectors ? atomic_load(&a->core->eq[id]) : NULL;

	if (!obj)
		return ub_admin_fail(a, UB_ADMIN_BAD_ID, UB_ADMIN_OFF(id));
	if (obj->users)
		return ub_admin_fail(a, UB_ADMIN_BUSY, obj->users);
	pthread_rwlock_wrlock(&a->core->dma_lock);
	ub_obj_kill(obj);
	atomic_store(&a->core->eq[id], NULL);
	pthread_rwlock_unlock(&a->core->dma_lock);
	ub_obj_detach(obj);
	ub_obj_put(obj);
	return 0;
}

static void write_eqe(struct ub_eq *eq, struct ub_hw_eqe *eqe)
{
	uint64_t off = (uint64_t)(eq->pi & (eq->depth - 1)) * sizeof(*eqe);
	uint8_t *slot = ub_pinned_at(&eq->ring, off);
	uint32_t head;

	eqe->flags = ub_lap(eq->pi, eq->depth) ? UB_EQE_OWNER : 0;
	memcpy(&head, eqe, 4);
	memcpy(slot + 4, (uint8_t *)eqe + 4, sizeof(*eqe) - 4);
	ub_store((__le32 *)slot, head);
	eq->pi++;
}

void ub_eq_push(struct ub_eq *eq, struct ub_hw_eqe eqe, struct ub_after *after)
{
	if (ub_obj_dead(&eq->obj))
		return;
	pthread_mutex_lock(&eq->lock);
	if (eq->pi - ub_load(&eq->rec->ci) >= eq->depth) {
		ub_store(&eq->rec->overrun, ++eq->overrun);
	} else {
		write_eqe(eq, &eqe);
		ub_count(eq->obj.core, UB_ST_EQES, 1);
	}
	pthread_mutex_unlock(&eq->lock);
	ub_after_irq(after, eq->obj.id);
}

void ub_event(struct ub_core *core, unsigned type, uint32_t id, uint32_t tid, uint32_t info,
	      struct ub_after *after)
{
	struct ub_obj *obj = atomic_load(&core->eq[0]);
	struct ub_hw_eqe eqe = { .type = (uint8_t)type, .id = id, .tid = tid, .info = info };

	if (obj)
		ub_eq_push(ub_container(obj, struct ub_eq, obj), eqe, after);
}
