/* SPDX-License-Identifier: MIT */
/* The devices of this process, by EID. */
#include <errno.h>

#include "fabric/fabric.h"

static pthread_mutex_t fabric_lock = PTHREAD_MUTEX_INITIALIZER;
static struct ub_core *fabric;

static struct ub_core *fabric_find_locked(const uint8_t eid[16])
{
	struct ub_core *core;

	for (core = fabric; core; core = core->fabric_next)
		if (memcmp(core->cfg.eid, eid, 16) == 0)
			break;
	return core;
}

int ub_fabric_join(struct ub_core *core)
{
	int ret = -EEXIST;

	pthread_mutex_lock(&fabric_lock);
	if (!fabric_find_locked(core->cfg.eid)) {
		core->fabric_next = fabric;
		fabric = core;
		ret = 0;
	}
	pthread_mutex_unlock(&fabric_lock);
	return ret;
}

void ub_fabric_leave(struct ub_core *core)
{
	struct ub_core **at;

	pthread_mutex_lock(&fabric_lock);
	for (at = &fabric; *at; at = &(*at)->fabric_next) {
		if (*at == core) {
			*at = core->fabric_next;
			break;
		}
	}
	pthread_mutex_unlock(&fabric_lock);
}

void ub_core_forget_peers(void)
{
	pthread_mutex_init(&fabric_lock, NULL);
	fabric = NULL;
}

struct ub_core *ub_fabric_find(const uint8_t eid[16])
{
	struct ub_core *core;

	pthread_mutex_lock(&fabric_lock);
	core = fabric_find_locked(eid);
	if (core)
		ub_core_get(core);
	pthread_mutex_unlock(&fabric_lock);
	return core;
}
