/* SPDX-License-Identifier: MIT */
/* Records of objects: the admin command that would create each, then what it has been through. */
#include "engine/engine.h"
#include "state/state.h"

#define END_OF_OBJECTS	0xffffffffu

static void out_object(struct ub_out *out, struct ub_obj *obj)
{
	const struct ub_kind_row *row = obj->row;
	struct ub_admin_cmd cmd = { .opcode = row->create_op, .id = obj->id };

	row->describe(obj, &cmd);
	ub_out_u32(out, row->create_op);
	ub_out_bytes(out, &cmd, sizeof(cmd));
	for (unsigned i = 0; row->slot && i < UB_KIND_PINS; i++)
		ub_out_pin(out, ub_obj_pin(obj, i));
	if (row->save)
		row->save(obj, out);
}

/* Each after those it refers to. */
void ub_out_objects(struct ub_out *out, struct ub_core *core)
{
	for (unsigned kind = 0; kind < UB_KINDS; kind++) {
		struct ub_obj *obj;

		for (uint32_t key = 0; (obj = ub_idmap_next(&core->map[kind], &key));)
			out_object(out, obj);
	}
	ub_out_u32(out, END_OF_OBJECTS);
}

/* UB_KINDS: none is created by it. */
static enum ub_kind find_kind(struct ub_core *core, uint32_t create_op)
{
	unsigned kind = 0;

	while (kind < UB_KINDS && core->kinds[kind].create_op != create_op)
		kind++;
	return kind;
}

static bool in_memory(struct ub_in *in, struct ub_admin *a, const struct ub_kind_row *row,
		      struct ub_kept *kept)
{
	uint32_t depth = a->cmd->jfs.depth;

	if (!row->slot)
		return true;
	if (!ub_in_check(in, depth && depth <= a->core->cfg.max_depth, "a ring's depth"))
		return false;
	if (!ub_in_pin(in, a->core, &kept->ring, (size_t)depth * row->slot, UB_HW_PAGE_SIZE,
		       row->pin_written[0]))
		return false;
	if (ub_in_pin(in, a->core, &kept->rec, sizeof(struct ub_hw_jfs_rec),
		      sizeof(struct ub_hw_jfs_rec), row->pin_written[1])) {
		a->kept = kept;
		return true;
	}
	ub_pin_drop(&kept->ring, a->core);
	return false;
}

static void in_object(struct ub_in *in, struct ub_core *core, enum ub_kind kind)
{
	const struct ub_kind_row *row = &core->kinds[kind];
	struct ub_admin_reply reply = { 0 };
	struct ub_kept kept = { 0 };
	struct ub_admin_cmd cmd;
	struct ub_after after;
	struct ub_admin a = { .core = core, .cmd = &cmd, .reply = &reply, .after = &after };

	ub_in_bytes(in, &cmd, sizeof(cmd));
	if (in->failed || !in_memory(in, &a, row, &kept))
		return;
	cmd.opcode = row->create_op;
	a.saved = in;
	ub_after_init(&after, core);
	if (row->create(&a)) {
		ub_pin_drop(&kept.ring, core);
		ub_pin_drop(&kept.rec, core);
		ub_in_fail(in, "device state: object %u of opcode 0x%02x cannot be made: admin "
			   "status %u, detail %u", cmd.id, cmd.opcode, reply.status, reply.detail);
		return;
	}
	if (row->load)
		row->load(ub_obj_find(core, kind, cmd.id), in);
	ub_stat_adopt(ub_obj_find(core, kind, cmd.id));
}

void ub_in_objects(struct ub_in *in, struct ub_core *core)
{
	while (!in->failed) {
		uint32_t opcode = ub_in_u32(in);
		enum ub_kind kind = find_kind(core, opcode);

		if (in->failed || opcode == END_OF_OBJECTS)
			return;
		if (kind == UB_KINDS)
			ub_in_fail(in, "device state: unknown record 0x%x", opcode);
		else
			in_object(in, core, kind);
	}
}
