/* SPDX-License-Identifier: MIT */
/* A device stands still, and goes on, also with commands of a loaded state. */
#include "op/op.h"

static void tell_written(struct ub_core *core, struct ub_pinned *pin)
{
	for (uint32_t i = 0; i < pin->nruns && !pin->lost; i++)
		if (!pin->run[i].hbm)
			core->host.kept_written(core->opaque, pin->run[i].ptr, pin->run[i].len);
}

static void tell_all_written(struct ub_core *core)
{
	for (unsigned kind = 0; kind < UB_KINDS; kind++) {
		struct ub_obj *obj;

		for (uint32_t key = 0; (obj = ub_idmap_next(&core->map[kind], &key));)
			for (unsigned i = 0; i < UB_KIND_PINS; i++)
				if (obj->row->pin_written[i])
					tell_written(core, ub_obj_pin(obj, i));
	}
}

void ub_core_pause(struct ub_core *core)
{
	ub_engine_pause(core);
	if (core->host.kept_written)
		tell_all_written(core);
}

static void resume_queue(struct ub_jfs *jfs)
{
	struct ub_cmd *cmd = &jfs->cur;
	unsigned s = UB_SCHED_IDLE;

	if (cmd->active && cmd->restored && (!cmd->done || cmd->receiving))
		ub_cmd_restore(jfs);
	cmd->restored = false;
	if (!jfs->park_left) {
		ub_engine_kick(jfs, false);
	} else if (atomic_compare_exchange_strong(&jfs->sched, &s, UB_SCHED_RUNNING)) {
		ub_obj_get(&jfs->obj);
		ub_engine_park(jfs, jfs->park_left);
	}
	jfs->park_left = 0;
}

void ub_core_resume(struct ub_core *core)
{
	struct ub_obj *obj;

	if (!atomic_load(&core->engine.paused))
		return;
	/* Doorbells that came meanwhile were only noted; those before a load may be lost. */
	for (uint32_t id = 0; (obj = ub_idmap_next(&core->map[UB_KIND_JFS], &id));)
		resume_queue(ub_container(obj, struct ub_jfs, obj));
	ub_engine_resume(core);
}
