/* SPDX-License-Identifier: MIT */
/*
 * Standing still: engine threads stop between two bursts, so that the state of a command is its
 * struct ub_cmd and nothing on their stacks. A GEMM_F32 that writes its result is let finish, as a
 * second start would read what it has written.
 */
#include <sched.h>

#include "engine/engine.h"

static void leave_busy(struct ub_engine *e)
{
	if (--e->busy == 0)
		pthread_cond_broadcast(&e->quiet);
}

void ub_pause_idle(struct ub_engine *e, bool idle)
{
	if (idle)
		leave_busy(e);
	else
		e->busy++;
}

void ub_pause_wait(struct ub_engine *e)
{
	leave_busy(e);
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

void ub_engine_pause(struct ub_core *core)
{
	struct ub_engine *e = &core->engine;

	pthread_mutex_lock(&e->lock);
	atomic_store(&e->paused, true);
	/* Those that wait for a timer are not to serve it. */
	pthread_cond_broadcast(&e->cond);
	while (e->busy)
		ub_core_wait(core, &e->quiet, &e->lock);
	pthread_mutex_unlock(&e->lock);
	/* A doorbell's path looks at paused under dma_lock, and counts before it drops that. */
	ub_dma_lock_write(core);
	ub_dma_unlock_write(core);
	while (atomic_load(&e->inlines)) {
		if (core->host.attend)
			core->host.attend(core->opaque);
		sched_yield();
	}
}

void ub_engine_resume(struct ub_core *core)
{
	struct ub_engine *e = &core->engine;

	pthread_mutex_lock(&e->lock);
	atomic_store(&e->paused, false);
	pthread_cond_broadcast(&e->cond);
	pthread_cond_broadcast(&e->stalled);
	pthread_mutex_unlock(&e->lock);
}
