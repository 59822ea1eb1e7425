/* SPDX-License-Identifier: MIT */
/* Event queues. */
#include <stdlib.h>

#include "queue/queue.h"

#define EQ_OFF(member) UB_ADMIN_OFF(eq.member)

static int check_eq(struct ub_admin *a)
{
	const struct ub_admin_eq *e = &a->cmd->eq;
	int ret = ub_admin_check_new(a, UB_KIND_EQ);

	if (ret)
		return ret;
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
	eq = ub_obj_new(a->core, UB_KIND_EQ, a->cmd->id);
	if (!eq)
		return ub_admin_fail(a, UB_ADMIN_NO_MEMORY, 0);
	ret = pin_eq(a, eq);
	if (ret) {
		free(eq);
		return ret;
	}
	pthread_mutex_init(&eq->lock, NULL);
	eq->depth = a->cmd->eq.depth;
	eq->rec = ub_pinned_at(&eq->rec_pin, 0);
	ub_store(&eq->rec->overrun, 0);
	ub_obj_publish(&eq->obj);
	return 0;
}

int ub_eq_destroy(struct ub_admin *a)
{
	struct ub_obj *obj = ub_admin_obj(a, UB_KIND_EQ);

	if (!obj)
		return UB_ADMIN_BAD_ID;
	if (obj->users)
		return ub_admin_fail(a, UB_ADMIN_BUSY, obj->users);
	ub_obj_destroy(obj);
	return 0;
}

/* Nobody can be told by an event any more. */
void ub_eq_lose(struct ub_obj *obj, struct ub_after *after)
{
	struct ub_eq *eq = ub_container(obj, struct ub_eq, obj);

	eq->rec = ub_pinned_at(&eq->rec_pin, 0);
	atomic_store(&obj->core->status, UB_STATUS_FATAL);
	ub_capture(obj->core, UB_ERR_EQ_DMA, eq->ring.run[0].addr);
	ub_after_error(after, "event queue %u: its memory was unmapped: reset the device", obj->id);
}

void ub_eq_end(struct ub_obj *obj)
{
	pthread_mutex_destroy(&ub_container(obj, struct ub_eq, obj)->lock);
}

struct ub_eq *ub_eq_find(struct ub_core *core, uint32_t vector)
{
	struct ub_obj *obj = ub_obj_find(core, UB_KIND_EQ, vector);

	return obj ? ub_container(obj, struct ub_eq, obj) : NULL;
}

static void write_eqe(struct ub_eq *eq, struct ub_hw_eqe *eqe)
{
	uint64_t off = (uint64_t)(eq->pi & (eq->depth - 1)) * sizeof(*eqe);
	uint8_t *slot = ub_pinned_at(&eq->ring, off);
	uint32_t head;

	eqe->flags = ub_hw_owner(eq->pi, eq->depth) ? UB_EQE_OWNER : 0;
	memcpy(&head, eqe, 4);
	memcpy(slot + 4, (uint8_t *)eqe + 4, sizeof(*eqe) - 4);
	ub_store((__le32 *)slot, head);
	eq->pi++;
}

void ub_eq_push(struct ub_eq *eq, struct ub_hw_eqe eqe, struct ub_after *after)
{
	if (ub_obj_dead(&eq->obj) || eq->ring.lost)
		return;
	pthread_mutex_lock(&eq->lock);
	if (eq->pi - ub_load(&eq->rec->ci) >= eq->depth) {
		ub_store(&eq->rec->overrun, ++eq->overrun);
	} else {
		write_eqe(eq, &eqe);
		ub_count(eq->obj.core, UB_ST_eqes, 1);
	}
	pthread_mutex_unlock(&eq->lock);
	ub_after_irq(after, eq->obj.id);
}

void ub_event(struct ub_core *core, unsigned type, uint32_t id, uint32_t tid, uint32_t info,
	      struct ub_after *after)
{
	struct ub_eq *eq = ub_eq_find(core, 0);
	struct ub_hw_eqe eqe = { .type = (uint8_t)type, .id = id, .tid = tid, .info = info };

	if (eq)
		ub_eq_push(eq, eqe, after);
}
