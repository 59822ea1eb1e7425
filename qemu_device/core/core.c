/* SPDX-License-Identifier: MIT */
/* Life of a device: configuration, creation, end. */
#include <sched.h>
#include <stdlib.h>

#include "core.h"
#include "fabric/fabric.h"
#include "remote/port.h"
#include "run/run.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the core is for little-endian hosts");

void ub_core_config_init(struct ub_core_config *config)
{
	*config = (struct ub_core_config){
		.engines = 2,
		.max_ctx = 1024,
		.max_seg = 131072,
		.max_jfs = 2048,
		.max_jfr = 2048,
		.max_jfc = 2048,
		.max_program = 1024,
		.vectors = 8,
		.db_pages = 4096,
		.max_depth = 65536,
		.poll_ns = 20000,
		.inline_bytes = 4096,
		.inject = true,
		.direct_wqe = true,
		.huge_leaf = true,
		.progress = true,
		.usage = true,
	};
}

static bool in_range(uint32_t v, uint32_t low, uint32_t high)
{
	return v >= low && v <= high;
}

static const char *check_config(const struct ub_core_config *c)
{
	if (!in_range(c->engines, 1, 16))
		return "engines must be 1 to 16";
	if (!in_range(c->max_ctx, 1, UB_HW_ID_MASK) || !in_range(c->max_seg, 1, UB_HW_ID_MASK) ||
	    !in_range(c->max_jfs, 1, UB_HW_ID_MASK) || !in_range(c->max_jfr, 1, UB_HW_ID_MASK) ||
	    !in_range(c->max_jfc, 1, UB_HW_ID_MASK) || !in_range(c->max_program, 1, UB_HW_ID_MASK))
		return "limits of contexts, segments, queues and programs must be 1 to 1048575";
	if (!in_range(c->vectors, 2, UB_MAX_EQ))
		return "vectors must be 2 to 64";
	if (!in_range(c->db_pages, 2, 65536))
		return "doorbell pages must be 2 to 65536";
	if (!in_range(c->max_depth, UB_HW_MIN_DEPTH, 65536) || c->max_depth & (c->max_depth - 1))
		return "ring depth must be a power of two, 64 to 65536";
	if (c->poll_ns > 1000000)
		return "the time an engine polls must be at most 1000 us";
	if (c->inline_bytes > UB_INLINE_TOTAL)
		return "payload of commands on the doorbell's path must be at most 65536 bytes";
	if (c->upi > 0x7fff)
		return "UPI must be at most 32767";
	if (!c->hbm != !c->hbm_size || c->hbm_size % UB_HW_PAGE_SIZE)
		return "device memory must be a multiple of 4096 bytes and have an address";
	return NULL;
}

/* An EID of our own prefix and the GUID's end, when none is given. */
static void derive_eid(struct ub_core_config *c)
{
	static const uint8_t zero[16];

	if (memcmp(c->eid, zero, 16) != 0)
		return;
	memcpy(c->eid, c->guid, 16);
	c->eid[0] = 0xfd;
}

/* How many objects of each kind there can be. */
static void set_limits(const struct ub_core_config *c, uint32_t limits[UB_KINDS])
{
	for (unsigned kind = 0; kind < UB_KINDS; kind++)
		memcpy(&limits[kind], (const char *)c + ub_kinds[kind].limit, sizeof(limits[0]));
}

struct ub_core *ub_core_new(const struct ub_core_config *config, const struct ub_core_host *host,
			    void *opaque, const char **error)
{
	struct ub_core_config cfg = *config;
	uint32_t limits[UB_KINDS];
	struct ub_core *core;

	*error = check_config(config);
	if (*error)
		return NULL;
	derive_eid(&cfg);
	set_limits(&cfg, limits);
	*error = "no memory for the device's tables";
	core = ub_core_alloc(&cfg, host, opaque, limits);
	if (!core)
		return NULL;
	core->kinds = ub_kinds;
	ub_gemm_setup(&core->cfg);
	*error = "no engine thread could be started";
	if (ub_engine_start(core, &ub_jfs_engine_ops))
		goto fail;
	*error = "another device of this process has this EID";
	if (ub_fabric_join(cfg.fabric, core)) {
		ub_engine_stop(core);
		goto fail;
	}
	if (!ub_port_open(core, error)) {
		ub_fabric_leave(cfg.fabric, core);
		ub_engine_stop(core);
		goto fail;
	}
	*error = NULL;
	return core;
fail:
	ub_core_put(core);
	return NULL;
}

void ub_core_free(struct ub_core *core)
{
	if (!core)
		return;
	ub_fabric_leave(core->cfg.fabric, core);
	ub_port_close(core);
	ub_core_reset(core);
	ub_engine_stop(core);
	ub_port_free(core);
	/* A peer that had decided on an interrupt before the reset may still be raising it. */
	while (atomic_load(&core->callbacks))
		sched_yield();
	ub_core_put(core);
}
