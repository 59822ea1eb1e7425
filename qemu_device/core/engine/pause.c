/* SPDX-License-Identifier: MIT */
/*
 * Standing still: engine threads stop between two bursts, so that the state of a command is its
 * struct ub_cmd and nothing on their stacks. A GEMM_F32 that writes its result is let finish, as a
 * second start would read what it has written.
 */
#include <sched.h>

#include "core_internal.h"

static void leave(struct ub_engine *e)
{
	if (--e->busy == 0)
		pthread_cond_broadcast(&e->quiet);
}

void ub_pause_idle(struct ub_engine *e, bool idle)
{
	if (idle)
		leave(e);
	else
		e->busy++;
}

void ub_pause_wait(struct ub_engine *e)
{
	leave(e);
	while (atomic_load(&e->paused) && !e->stop)
		pthread_cond_wait(&e->cond, &e->lock);
	e->busy++;
}

bool ub_pause_due(const struct ub_jfs *jfs)
{
	return jfs->worker && atomic_load(&jfs->obj.core->engine.paused);
}

void ub_pause_point(struct ub_jfs *jfs)
{
	struct ub_engine *e = &jfs->obj.core->engine;

	if (jfs->worker->commits)
		return;
	pthread_mutex_lock(&e->lock);
	if (atomic_load(&e->paused))
		ub_pause_wait(e);
	pthread_mutex_unlock(&e->lock);
}

static void kept_written(struct ub_core *core, struct ub_pinned *pin)
{
	for (uint32_t i = 0; i < pin->nruns; i++)
		if (!pin->run[i].hbm)
			core->host.kept_written(core->opaque, pin->run[i].ptr, pin->run[i].len);
}

static void queue_written(struct ub_core *core, struct ub_obj *obj)
{
	struct ub_jfc *jfc = ub_container(obj, struct ub_jfc, obj);
	struct ub_jfr *jfr = ub_container(obj, struct ub_jfr, obj);
	struct ub_jfs *jfs = ub_container(obj, struct ub_jfs, obj);
	struct ub_eq *eq = ub_container(obj, struct ub_eq, obj);

	if (obj->kind == UB_KIND_JFC) {
		kept_written(core, &jfc->ring);
		kept_written(core, &jfc->rec_pin);
	} else if (obj->kind == UB_KIND_JFR) {
		kept_written(core, &jfr->rec_pin);
	} else if (obj->kind == UB_KIND_JFS) {
		kept_written(core, &jfs->rec_pin);
	} else {
		kept_written(core, &eq->ring);
		kept_written(core, &eq->rec_pin);
	}
}

static void all_written(struct ub_core *core)
{
	struct ub_idmap *maps[] = { &core->jfc, &core->jfr, &core->jfs };

	for (unsigned m = 0; m < 3; m++) {
		struct ub_obj *obj;

		for (uint32_t id = 0; (obj = ub_idmap_next(maps[m], &id));)
			queue_written(core, obj);
	}
	for (unsigned i = 0; i < UB_MAX_EQ; i++)
		if (atomic_load(&core->eq[i]))
			queue_written(core, atomic_load(&core->eq[i]));
}

void ub_core_pause(struct ub_core *core)
{
	struct ub_engine *e = &core->engine;

	pthread_mutex_lock(&e->lock);
	atomic_store(&e->paused, true);
	/* Those that wait for a timer are not to serve it. */
	pthread_cond_broadcast(&e->cond);
	while (e->busy)
		pthread_cond_wait(&e->quiet, &e->lock);
	pthread_mutex_unlock(&e->lock);
	/* A doorbell's path looks at paused under dma_lock, and counts before it drops that. */
	pthread_rwlock_wrlock(&core->dma_lock);
	pthread_rwlock_unlock(&core->dma_lock);
	while (atomic_load(&e->inlines))
		sched_yield();
	if (core->host.kept_written)
		all_written(core);
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
	struct ub_engine *e = &core->engine;
	struct ub_obj *obj;

	if (!atomic_load(&e->paused))
		return;
	/* Doorbells that came meanwhile were only noted; those before a load may be lost. */
	for (uint32_t id = 0; (obj = ub_idmap_next(&core->jfs, &id));)
		resume_queue(ub_container(obj, struct ub_jfs, obj));
	pthread_mutex_lock(&e->lock);
	atomic_store(&e->paused, false);
	pthread_cond_broadcast(&e->cond);
	pthread_cond_broadcast(&e->stalled);
	pthread_mutex_unlock(&e->lock);
}
