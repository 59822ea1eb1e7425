/* SPDX-License-Identifier: MIT */
/* Save and load: header, configuration, registers, objects, checksum. */
#include <stdio.h>
#include <stdlib.h>

#include "fault/fault.h"
#include "op/op.h"
#include "state/state.h"

#define CHUNK (1u << 20)

struct state_header {
	uint32_t magic, version;
	uint64_t len;			/* of the body */
};

/* What two devices must have in common for a state to pass from one to the other. */
struct device_identity {
	uint8_t guid[16], eid[16];
	uint32_t upi, max_ctx, max_seg, max_jfs, max_jfr, max_jfc, vectors, db_pages, max_depth;
	uint32_t rsvd;
	uint64_t caps;		/* but UB_CAP_INJECT, which only armed faults ask for */
	uint64_t hbm_size;
};

static struct device_identity identity_of(const struct ub_core *core)
{
	const struct ub_core_config *c = &core->cfg;
	struct device_identity id = {
		.upi = c->upi,
		.max_ctx = c->max_ctx,
		.max_seg = c->max_seg,
		.max_jfs = c->max_jfs,
		.max_jfr = c->max_jfr,
		.max_jfc = c->max_jfc,
		.vectors = c->vectors,
		.db_pages = c->db_pages,
		.max_depth = c->max_depth,
		.caps = ub_caps(c) & ~UB_CAP_INJECT,
		.hbm_size = c->hbm_size,
	};

	memcpy(id.guid, c->guid, 16);
	memcpy(id.eid, c->eid, 16);
	return id;
}

/* ---- Saving ---- */
static void out_registers(struct ub_out *out, struct ub_core *core)
{
	ub_out_u32(out, atomic_load(&core->ctrl));
	ub_out_u32(out, atomic_load(&core->status));
	ub_out_u32(out, atomic_load(&core->generation));
	ub_out_u64(out, atomic_load(&core->admin_base));
	ub_out_u32(out, atomic_load(&core->admin_depth));
	ub_out_u32(out, atomic_load(&core->admin_pi));
	ub_out_u32(out, atomic_load(&core->admin_ci));
	ub_out_u32(out, core->err_cause);
	ub_out_u64(out, core->err_info);
	ub_out_u32(out, UB_ST_COUNT);
	for (unsigned i = 0; i < UB_ST_COUNT; i++)
		ub_out_u64(out, ub_stat_read(core, (enum ub_stat)i));
}

static void finish_state(struct ub_out *out)
{
	uint64_t len = out->len - sizeof(struct state_header);

	if (out->failed)
		return;
	memcpy(out->data + offsetof(struct state_header, len), &len, sizeof(len));
	ub_out_u32(out, ub_crc32c(0, out->data, out->len));
}

int ub_core_save(struct ub_core *core, const struct ub_core_stream *to)
{
	struct state_header header = { UB_STATE_MAGIC, UB_STATE_VERSION, 0 };
	struct device_identity id = identity_of(core);
	struct ub_out out = { 0 };
	int ret = -1;

	if (!atomic_load(&core->engine.paused))
		return -1;
	pthread_mutex_lock(&core->admin_lock);
	ub_out_bytes(&out, &header, sizeof(header));
	ub_out_bytes(&out, &id, sizeof(id));
	out_registers(&out, core);
	ub_out_faults(&out, core);
	ub_out_objects(&out, core);
	finish_state(&out);
	pthread_mutex_unlock(&core->admin_lock);
	if (!out.failed)
		ret = to->move(to->opaque, out.data, out.len);
	free(out.data);
	return ret;
}

/* ---- Loading ---- */
static void in_registers(struct ub_in *in, struct ub_core *core)
{
	atomic_store(&core->ctrl, ub_in_upto(in, UB_CTRL_ENABLE, "CTRL"));
	atomic_store(&core->status, ub_in_upto(in, UB_STATUS_FATAL, "STATUS"));
	ub_in_check(in, atomic_load(&core->status), "STATUS is neither READY nor FATAL");
	atomic_store(&core->generation, ub_in_u32(in));
	atomic_store(&core->admin_base, ub_in_u64(in));
	atomic_store(&core->admin_depth, ub_in_u32(in));
	atomic_store(&core->admin_pi, ub_in_u32(in));
	atomic_store(&core->admin_ci, ub_in_u32(in));
	core->err_cause = ub_in_u32(in);
	core->err_info = ub_in_u64(in);
	ub_in_check(in, ub_in_u32(in) == UB_ST_COUNT, "another number of counters");
	for (unsigned i = 0; !in->failed && i < UB_ST_COUNT; i++)
		atomic_store(&core->stat[i].v, ub_in_u64(in));
}

static void check_identity(struct ub_in *in, struct ub_core *core)
{
	struct device_identity own = identity_of(core), id;

	ub_in_bytes(in, &id, sizeof(id));
	if (in->failed)
		return;
	if (memcmp(id.guid, own.guid, sizeof(id.guid)) || memcmp(id.eid, own.eid, sizeof(id.eid)))
		ub_in_fail(in, "device state is of another device: give it the same guid-sequence "
			   "and eid");
	else if (id.hbm_size != own.hbm_size)
		ub_in_fail(in, "device state is of a device with hbm-size %llu, here it is %llu",
			   (unsigned long long)id.hbm_size, (unsigned long long)own.hbm_size);
	else if (id.caps != own.caps)
		ub_in_fail(in, "device state is of a device with other features: give it the same "
			   "direct-wqe, huge-leaf, progress and "
			   "usage");
	else if (memcmp(&id, &own, sizeof(id)))
		ub_in_fail(in, "device state is of a device with other limits: give it the same "
			   "max-*, vectors, db-pages and upi");
}

/* Grows with what really comes: a length that lies allocates nothing. */
static uint8_t *read_body(struct ub_in *in, const struct ub_core_stream *from, uint64_t len)
{
	uint8_t *body = NULL;

	for (uint64_t at = 0; at < len;) {
		uint64_t n = len - at < CHUNK ? len - at : CHUNK;
		uint8_t *more = realloc(body, at + n);

		if (!more || from->move(from->opaque, more + at, n)) {
			ub_in_fail(in, more ? "device state ends early" :
					      "device state: no memory");
			free(more ? more : body);
			return NULL;
		}
		body = more;
		at += n;
	}
	return body;
}

static uint8_t *read_checked(struct ub_in *in, const struct ub_core_stream *from)
{
	struct state_header h;
	uint32_t crc;
	uint8_t *body;

	if (from->move(from->opaque, &h, sizeof(h)))
		return ub_in_fail(in, "device state ends early"), NULL;
	if (h.magic != UB_STATE_MAGIC)
		return ub_in_fail(in, "this is not a device state"), NULL;
	if (h.version != UB_STATE_VERSION)
		return ub_in_fail(in, "device state is of version %u, this device takes %u",
				  h.version, UB_STATE_VERSION), NULL;
	if (!h.len || h.len > UB_STATE_MAX)
		return ub_in_fail(in, "device state says it has %llu bytes, 1 to %llu are possible",
				  (unsigned long long)h.len, UB_STATE_MAX), NULL;
	body = read_body(in, from, h.len);
	if (!body)
		return NULL;
	crc = ub_crc32c(ub_crc32c(0, &h, sizeof(h)), body, h.len);
	if (from->move(from->opaque, &h.magic, 4) || h.magic != crc) {
		ub_in_fail(in, "device state's checksum is wrong");
		free(body);
		return NULL;
	}
	in->at = body;
	in->end = body + h.len;
	return body;
}

static void load_locked(struct ub_in *in, struct ub_core *core)
{
	check_identity(in, core);
	if (in->failed)
		return;
	in_registers(in, core);
	ub_in_faults(in, core);
	ub_in_objects(in, core);
	if (!in->failed)
		ub_in_check(in, in->at == in->end, "bytes follow the last record");
}

int ub_core_load(struct ub_core *core, const struct ub_core_stream *from, char *error, size_t size)
{
	struct ub_in in = { .error = error, .error_size = size };
	uint8_t *body;

	if (!atomic_load(&core->engine.paused)) {
		snprintf(error, size, "device state cannot be loaded into a device that runs");
		return -1;
	}
	body = read_checked(&in, from);
	if (!body)
		return -1;
	ub_core_reset(core);
	pthread_mutex_lock(&core->admin_lock);
	load_locked(&in, core);
	pthread_mutex_unlock(&core->admin_lock);
	free(body);
	if (!in.failed)
		return 0;
	ub_core_reset(core);
	return -1;
}
