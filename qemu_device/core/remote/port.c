/* SPDX-License-Identifier: MIT */
/* A device's port: what the transport's thread calls, and how it comes and goes. */
#include <sched.h>
#include <sys/random.h>

#include "engine/engine.h"
#include "link/local.h"
#include "queue/queue.h"
#include "remote/owner.h"
#include "remote/port.h"

static void tell_state(struct ub_core *core, bool active)
{
	struct ub_after after;

	ub_after_init(&after, core);
	pthread_rwlock_rdlock(&core->dma_lock);
	ub_event(core, active ? UB_EVENT_PORT_ACTIVE : UB_EVENT_PORT_DOWN, 0, 0, 0, &after);
	pthread_rwlock_unlock(&core->dma_lock);
	ub_after_run(&after);
}

static void enter_thread(struct ub_core *core)
{
	if (core->host.thread_enter)
		core->host.thread_enter(core->opaque);
}

static void leave_thread(struct ub_core *core)
{
	if (core->host.thread_leave)
		core->host.thread_leave(core->opaque);
}

static const struct ub_port_ops port_ops = {
	.request = ub_owner_request,
	.answer = ub_request_answered,
	.changed = ub_request_changed,
	.port = tell_state,
	.connect = ub_owner_connect,
	.disconnect = ub_owner_disconnect,
	.tick = ub_owner_tick,
	.enter = enter_thread,
	.leave = leave_thread,
};

static uint64_t new_instance(void)
{
	uint64_t instance = 0;

	/* Without entropy yet, lives differ by their time. */
	if (getrandom(&instance, sizeof(instance), GRND_NONBLOCK) != sizeof(instance))
		instance = ub_now_ns();
	return instance;
}

bool ub_port_open(struct ub_core *core, const char **error)
{
	static _Thread_local char why[300];
	struct ub_port_config config = {
		.path = core->cfg.fabric_path,
		.upi = core->cfg.upi,
		.instance = new_instance(),
		.poll_ns = core->cfg.poll_ns,
		.ops = &port_ops,
		.core = core,
	};

	if (!core->cfg.fabric_path)
		return true;
	memcpy(config.eid, core->cfg.eid, 16);
	*error = "no memory for the fabric's port";
	core->owner = ub_owner_new();
	if (!core->owner)
		return false;
	*error = why;
	core->transport = &ub_transport_local;
	core->port = core->transport->open(&config, why, sizeof(why));
	if (core->port)
		return true;
	ub_owner_free(core->owner);
	core->owner = NULL;
	return false;
}

void ub_port_close(struct ub_core *core)
{
	if (!core->port)
		return;
	core->transport->close(core->port);
	/* It may be inside host.map(). */
	while (!core->transport->closed(core->port)) {
		if (core->host.attend)
			core->host.attend(core->opaque);
		sched_yield();
	}
	ub_owner_free(core->owner);
	core->owner = NULL;
}

void ub_port_free(struct ub_core *core)
{
	if (core->port)
		core->transport->free(core->port);
	core->port = NULL;
}

void ub_core_forget(struct ub_core *core)
{
	if (core->port)
		core->transport->forget(core->port);
}
