/* SPDX-License-Identifier: MIT */
/* Function reset. */
#include "fault/fault.h"
#include "object/object.h"

/* Those that others refer to end up before them. */
static void take_objects(struct ub_core *core, struct ub_obj **list)
{
	for (unsigned kind = UB_KINDS; kind--;)
		ub_idmap_drain(&core->map[kind], list);
	for (uint32_t i = 0; i < core->cfg.db_pages; i++)
		atomic_store(&core->db[i], NULL);
}

static void reset_registers(struct ub_core *core)
{
	atomic_store(&core->ctrl, 0);
	atomic_store(&core->status, UB_STATUS_READY);
	atomic_store(&core->admin_base, 0);
	atomic_store(&core->admin_depth, 0);
	atomic_store(&core->admin_pi, 0);
	atomic_store(&core->admin_ci, 0);
	pthread_mutex_lock(&core->err_lock);
	core->err_cause = 0;
	core->err_info = 0;
	pthread_mutex_unlock(&core->err_lock);
	atomic_fetch_add(&core->generation, 1);
}

/* Wait until no other thread works on the admin ring, and keep it so. */
static void admin_claim(struct ub_core *core)
{
	pthread_mutex_lock(&core->admin_lock);
	core->resets_waiting++;
	while (core->admin_busy)
		pthread_cond_wait(&core->admin_cond, &core->admin_lock);
	core->resets_waiting--;
	core->admin_busy = true;
	pthread_mutex_unlock(&core->admin_lock);
}

static void admin_release(struct ub_core *core)
{
	pthread_mutex_lock(&core->admin_lock);
	core->admin_busy = false;
	pthread_cond_broadcast(&core->admin_cond);
	pthread_mutex_unlock(&core->admin_lock);
}

void ub_core_reset(struct ub_core *core)
{
	struct ub_obj *list = NULL, *obj;

	admin_claim(core);
	pthread_mutex_lock(&core->admin_lock);
	ub_dma_lock_write(core);
	take_objects(core, &list);
	for (obj = list; obj; obj = obj->next)
		ub_obj_kill(obj);
	ub_inject_clear(core);
	reset_registers(core);
	ub_dma_unlock_write(core);
	pthread_mutex_unlock(&core->admin_lock);
	while ((obj = list)) {
		list = obj->next;
		ub_obj_detach(obj);
		if (obj->row->tell_reset)
			obj->row->tell_reset(obj);
		ub_obj_put(obj);
	}
	admin_release(core);
}
