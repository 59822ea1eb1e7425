/* SPDX-License-Identifier: MIT */
/* The devices of one process that reach each other, by EID. */
#include <errno.h>
#include <stdlib.h>

#include "fabric/fabric.h"
#include "fabric/nowait.h"

#ifdef UB_DEBUG
_Thread_local unsigned ub_no_wait;
#endif

struct ub_fabric {
	pthread_mutex_t lock;
	struct ub_core *first;
};

struct ub_fabric *ub_fabric_new(void)
{
	struct ub_fabric *fabric = calloc(1, sizeof(*fabric));

	if (fabric)
		pthread_mutex_init(&fabric->lock, NULL);
	return fabric;
}

void ub_fabric_free(struct ub_fabric *fabric)
{
	if (!fabric)
		return;
	pthread_mutex_destroy(&fabric->lock);
	free(fabric);
}

static struct ub_core *find_locked(struct ub_fabric *fabric, const uint8_t eid[16])
{
	struct ub_core *core;

	for (core = fabric->first; core; core = core->fabric_next)
		if (memcmp(core->cfg.eid, eid, 16) == 0)
			break;
	return core;
}

int ub_fabric_join(struct ub_fabric *fabric, struct ub_core *core)
{
	int ret = -EEXIST;

	if (!fabric)
		return 0;
	pthread_mutex_lock(&fabric->lock);
	if (!find_locked(fabric, core->cfg.eid)) {
		core->fabric_next = fabric->first;
		fabric->first = core;
		ret = 0;
	}
	pthread_mutex_unlock(&fabric->lock);
	return ret;
}

void ub_fabric_leave(struct ub_fabric *fabric, struct ub_core *core)
{
	struct ub_core **at;

	if (!fabric)
		return;
	pthread_mutex_lock(&fabric->lock);
	for (at = &fabric->first; *at; at = &(*at)->fabric_next) {
		if (*at == core) {
			*at = core->fabric_next;
			break;
		}
	}
	pthread_mutex_unlock(&fabric->lock);
}

struct ub_core *ub_fabric_find(struct ub_fabric *fabric, const uint8_t eid[16])
{
	struct ub_core *core;

	if (!fabric)
		return NULL;
	pthread_mutex_lock(&fabric->lock);
	core = find_locked(fabric, eid);
	if (core)
		ub_core_get(core);
	pthread_mutex_unlock(&fabric->lock);
	return core;
}
