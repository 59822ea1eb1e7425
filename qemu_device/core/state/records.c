/* SPDX-License-Identifier: MIT */
/* Objects: what would create each, then what it has been through. */
#include <stdlib.h>

#include "state/state.h"

#define END_OF_OBJECTS	0xffffffffu
#define MAX_DEFICIT	(1ll << 40)
#define MAX_WINDOW_NS	(0xffff * 1000ull)
#define MAX_VAIN	63

static void out_create(struct ub_out *out, uint8_t opcode, uint32_t id, struct ub_admin_cmd *cmd)
{
	cmd->opcode = opcode;
	cmd->id = id;
	ub_out_u32(out, opcode);
	ub_out_bytes(out, cmd, sizeof(*cmd));
}

/* ---- Saving ---- */
static void out_ctx(struct ub_out *out, struct ub_obj *obj)
{
	struct ub_ctx *ctx = ub_container(obj, struct ub_ctx, obj);
	struct ub_admin_cmd cmd = { .ctx.pt_base = ctx->pt_base };

	out_create(out, UB_ADMIN_CREATE_CTX, obj->id, &cmd);
}

static void out_seg(struct ub_out *out, struct ub_obj *obj)
{
	struct ub_seg *seg = ub_container(obj, struct ub_seg, obj);
	struct ub_admin_cmd cmd = { .seg = {
		.va = seg->va,
		.uba = seg->uba,
		.len = seg->len,
		.tid = seg->ctx->obj.id,
		.access = seg->access,
		.token_policy = seg->policy,
		.token_value = atomic_load(&seg->token),
	} };

	out_create(out, UB_ADMIN_CREATE_SEG, obj->id, &cmd);
}

static void out_eq(struct ub_out *out, struct ub_obj *obj)
{
	struct ub_eq *eq = ub_container(obj, struct ub_eq, obj);
	struct ub_admin_cmd cmd = { .eq = {
		.base = eq->ring.run[0].addr,
		.rec = eq->rec_pin.run[0].addr,
		.depth = eq->depth,
	} };

	out_create(out, UB_ADMIN_CREATE_EQ, obj->id, &cmd);
	ub_out_u32(out, eq->pi);
	ub_out_u32(out, eq->overrun);
}

static uint64_t clock_ns(struct ub_obj *obj)
{
	return obj->core->host.clock_ns(obj->core->opaque);
}

/* The clock of where it is loaded is another: times go as what is left, or has passed. */
static void out_moderation(struct ub_out *out, struct ub_jfc *jfc)
{
	uint64_t now = clock_ns(&jfc->obj), left = 0;

	if (jfc->held_back && jfc->hold_until)
		left = jfc->hold_until > now ? jfc->hold_until - now : 1;
	ub_out_u32(out, jfc->armed_ci);
	ub_out_u32(out, jfc->held_back);
	ub_out_u32(out, jfc->target);
	ub_out_u64(out, left);
	ub_out_u64(out, now - jfc->last_ns);
	ub_out_u64(out, jfc->gap_ns);
	ub_out_u32(out, jfc->vain);
	ub_out_u32(out, jfc->vain_left);
	ub_out_u64(out, jfc->events);
	ub_out_u64(out, jfc->rearms);
	ub_out_u64(out, jfc->moderated);
}

static void out_jfc(struct ub_out *out, struct ub_obj *obj)
{
	struct ub_jfc *jfc = ub_container(obj, struct ub_jfc, obj);
	struct ub_admin_cmd cmd = { .jfc = {
		.tid = jfc->ctx->obj.id,
		.depth = jfc->depth,
		.db_page = jfc->db_page,
		.eq = jfc->eq->obj.id,
		.mod_count = jfc->mod_count,
		.mod_usec = jfc->mod_usec,
		.flags = jfc->adaptive ? UB_JFC_F_ADAPTIVE : 0,
	} };

	out_create(out, UB_ADMIN_CREATE_JFC, obj->id, &cmd);
	ub_out_pin(out, &jfc->ring);
	ub_out_pin(out, &jfc->rec_pin);
	ub_out_u32(out, atomic_load(&jfc->state));
	ub_out_u32(out, jfc->pi);
	ub_out_u32(out, jfc->ci_seen);
	ub_out_u32(out, jfc->solicited_end);
	ub_out_u32(out, jfc->has_solicited);
	ub_out_u32(out, jfc->armed);
	ub_out_u32(out, jfc->armed_solicited);
	ub_out_u32(out, jfc->armed_sn);
	ub_out_u32(out, jfc->fired_sn);
	ub_out_u64(out, jfc->count);
	out_moderation(out, jfc);
}

static void out_jfr(struct ub_out *out, struct ub_obj *obj)
{
	struct ub_jfr *jfr = ub_container(obj, struct ub_jfr, obj);
	struct ub_admin_cmd cmd = { .jfr = {
		.tid = jfr->ctx->obj.id,
		.depth = jfr->depth,
		.jfc = jfr->jfc->obj.id,
		.token_policy = jfr->policy,
		.token_value = jfr->token,
		.min_rnr_timer = jfr->min_rnr_timer,
	} };

	out_create(out, UB_ADMIN_CREATE_JFR, obj->id, &cmd);
	ub_out_pin(out, &jfr->ring);
	ub_out_pin(out, &jfr->rec_pin);
	ub_out_u32(out, jfr->state);
	ub_out_u32(out, jfr->flushing);
	ub_out_u32(out, jfr->pi_seen);
	ub_out_u32(out, jfr->ci);
	ub_out_u32(out, jfr->flush_end);
	ub_out_u64(out, jfr->count);
}

static void out_jfs_state(struct ub_out *out, struct ub_jfs *jfs)
{
	ub_out_u32(out, atomic_load(&jfs->state));
	ub_out_u32(out, jfs->suspend_due);
	ub_out_u32(out, jfs->flushing);
	ub_out_u32(out, jfs->flush_untrusted);
	ub_out_u32(out, jfs->flush_sub);
	ub_out_u32(out, jfs->flush_end);
	ub_out_u32(out, jfs->ci);
	ub_out_u32(out, atomic_load(&jfs->progress));
	ub_out_u32(out, ub_load(&jfs->rec->event_idx));
	ub_out_u64(out, jfs->count);
	ub_out_u64(out, jfs->direct_wqes);
	ub_out_u64(out, atomic_load(&jfs->inline_wqes));
	ub_out_u64(out, atomic_load(&jfs->doorbells));
	ub_out_u64(out, atomic_load(&jfs->preempted));
	ub_out_u64(out, (uint64_t)jfs->deficit);
	ub_out_u64(out, ub_engine_park_left(jfs));
	ub_out_bytes(out, jfs->direct, sizeof(jfs->direct));
}

static void out_jfs(struct ub_out *out, struct ub_obj *obj)
{
	struct ub_jfs *jfs = ub_container(obj, struct ub_jfs, obj);
	struct ub_admin_cmd cmd = { .jfs = {
		.tid = jfs->ctx->obj.id,
		.depth = jfs->depth,
		.db_page = jfs->db_page,
		.jfc = jfs->jfc->obj.id,
		.jfr = jfs->jfr ? jfs->jfr->obj.id : 0,
		.flags = jfs->flags,
		.priority = jfs->level ? jfs->level - 1 + UB_HW_STRICT_PRIORITY : 0,
		.rnr_retry = jfs->rnr_retry,
		.weight = jfs->weight,
	} };

	out_create(out, UB_ADMIN_CREATE_JFS, obj->id, &cmd);
	ub_out_pin(out, &jfs->ring);
	ub_out_pin(out, &jfs->rec_pin);
	out_jfs_state(out, jfs);
	ub_out_cmd(out, jfs);
	ub_out_stall(out, jfs);
}

static void out_map(struct ub_out *out, struct ub_idmap *map,
		    void (*one)(struct ub_out *out, struct ub_obj *obj))
{
	struct ub_obj *obj;

	for (uint32_t id = 0; (obj = ub_idmap_next(map, &id));)
		one(out, obj);
}

/* Each after those it refers to. */
void ub_out_objects(struct ub_out *out, struct ub_core *core)
{
	out_map(out, &core->ctx, out_ctx);
	out_map(out, &core->seg, out_seg);
	for (unsigned i = 0; i < UB_MAX_EQ; i++)
		if (atomic_load(&core->eq[i]))
			out_eq(out, atomic_load(&core->eq[i]));
	out_map(out, &core->jfc, out_jfc);
	out_map(out, &core->jfr, out_jfr);
	out_map(out, &core->jfs, out_jfs);
	ub_out_u32(out, END_OF_OBJECTS);
}

/* ---- Loading ---- */
static void in_eq(struct ub_in *in, struct ub_obj *obj)
{
	struct ub_eq *eq = ub_container(obj, struct ub_eq, obj);

	eq->pi = ub_in_u32(in);
	eq->overrun = ub_in_u32(in);
	ub_store(&eq->rec->overrun, eq->overrun);
}

static void in_moderation(struct ub_in *in, struct ub_jfc *jfc)
{
	uint64_t now = clock_ns(&jfc->obj), left;

	jfc->armed_ci = ub_in_u32(in);
	jfc->held_back = ub_in_bool(in, "a JFC's events held back");
	jfc->target = ub_in_upto(in, jfc->depth, "a JFC's target");
	left = ub_in_u64(in);
	jfc->last_ns = now - ub_in_u64(in);
	jfc->gap_ns = ub_in_u64(in);
	ub_in_check(in, left <= MAX_WINDOW_NS && jfc->gap_ns <= 4 * MAX_WINDOW_NS,
		    "a JFC's moderation is out of range");
	jfc->vain = ub_in_upto(in, MAX_VAIN, "a JFC's vain waits");
	jfc->vain_left = ub_in_upto(in, MAX_VAIN, "a JFC's waits left out");
	jfc->events = ub_in_u64(in);
	jfc->rearms = ub_in_u64(in);
	jfc->moderated = ub_in_u64(in);
	jfc->hold_until = left ? now + left : 0;
	if (!in->failed && jfc->held_back && left)
		ub_engine_set_timer(jfc->obj.core, &jfc->timer, jfc->hold_until);
}

static void in_jfc(struct ub_in *in, struct ub_obj *obj)
{
	struct ub_jfc *jfc = ub_container(obj, struct ub_jfc, obj);
	unsigned state = ub_in_upto(in, UB_STATE_ERROR, "a JFC's state");

	ub_in_check(in, state == UB_STATE_READY || state == UB_STATE_ERROR,
		    "a JFC is neither READY nor in ERROR");
	atomic_store(&jfc->state, state);
	jfc->pi = ub_in_u32(in);
	jfc->ci_seen = ub_in_u32(in);
	jfc->solicited_end = ub_in_u32(in);
	jfc->has_solicited = ub_in_bool(in, "a JFC's solicited CQEs");
	jfc->armed = ub_in_bool(in, "a JFC's arming");
	jfc->armed_solicited = ub_in_bool(in, "a JFC's solicited arming");
	jfc->armed_sn = (uint8_t)ub_in_upto(in, UB_DB_JFC_ARM_SN_MASK, "a JFC's serial");
	jfc->fired_sn = (uint8_t)ub_in_upto(in, UB_DB_JFC_ARM_SN_MASK, "a JFC's fired serial");
	jfc->count = ub_in_u64(in);
	ub_stat_adopt(obj);
	in_moderation(in, jfc);
	ub_store(&jfc->rec->pi, jfc->pi);
	ub_store(&jfc->rec->state, state);
}

static void in_jfr(struct ub_in *in, struct ub_obj *obj)
{
	struct ub_jfr *jfr = ub_container(obj, struct ub_jfr, obj);

	jfr->state = (uint8_t)ub_in_upto(in, UB_STATE_ERROR, "a JFR's state");
	ub_in_check(in, jfr->state != UB_STATE_SUSPENDED, "a JFR is SUSPENDED");
	jfr->flushing = ub_in_bool(in, "a JFR's flush");
	jfr->pi_seen = ub_in_u32(in);
	jfr->ci = ub_in_u32(in);
	jfr->flush_end = ub_in_u32(in);
	ub_in_check(in, !jfr->flushing || jfr->flush_end - jfr->ci <= jfr->depth,
		    "a JFR has more to flush than it holds");
	jfr->count = ub_in_u64(in);
	ub_store(&jfr->rec->ci, jfr->ci);
	ub_store(&jfr->rec->state, jfr->state);
}

static void in_jfs_state(struct ub_in *in, struct ub_jfs *jfs)
{
	unsigned state = ub_in_upto(in, UB_STATE_ERROR, "a JFS's state");

	jfs->suspend_due = ub_in_bool(in, "a JFS's WR_SUSPEND_DONE");
	jfs->flushing = ub_in_bool(in, "a JFS's flush");
	jfs->flush_untrusted = ub_in_bool(in, "a JFS's ring");
	jfs->flush_sub = (uint8_t)ub_in_upto(in, UB_SUB_PI, "a JFS's error");
	jfs->flush_end = ub_in_u32(in);
	jfs->ci = ub_in_u32(in);
	atomic_store(&jfs->progress, ub_in_u32(in));
	ub_in_check(in, !jfs->flushing || jfs->flush_end - jfs->ci <= jfs->depth,
		    "a JFS has more to flush than it holds");
	ub_in_check(in, !jfs->flushing || state == UB_STATE_ERROR,
		    "a JFS is flushed that is not in ERROR");
	ub_jfs_set_state(jfs, state);
	ub_store(&jfs->rec->ci, jfs->ci);
	ub_store(&jfs->rec->event_idx, ub_in_u32(in));
}

static void in_jfs(struct ub_in *in, struct ub_obj *obj)
{
	struct ub_jfs *jfs = ub_container(obj, struct ub_jfs, obj);

	in_jfs_state(in, jfs);
	jfs->count = ub_in_u64(in);
	jfs->direct_wqes = ub_in_u64(in);
	atomic_store(&jfs->inline_wqes, ub_in_u64(in));
	atomic_store(&jfs->doorbells, ub_in_u64(in));
	atomic_store(&jfs->preempted, ub_in_u64(in));
	ub_stat_adopt(obj);
	jfs->deficit = (int64_t)ub_in_u64(in);
	/* The scheduler sees it even if the state is refused and the queue ends at once. */
	if (!ub_in_check(in, jfs->deficit >= -MAX_DEFICIT && jfs->deficit <= MAX_DEFICIT,
			 "a JFS's account is out of range"))
		jfs->deficit = 0;
	jfs->park_left = ub_in_u64(in);
	ub_in_check(in, jfs->park_left <= UB_FAULT_MAX_NS, "a wait is longer than any can be");
	ub_in_bytes(in, jfs->direct, sizeof(jfs->direct));
	ub_in_cmd(in, jfs);
	ub_in_check(in, !jfs->park_left || jfs->cur.rnr_tries || jfs->cur.late,
		    "a JFS waits without a command");
	ub_in_stall(in, jfs);
	/* The count of users of a page that is kept at the front end. */
	if (obj->core->host.db_page)
		obj->core->host.db_page(obj->core->opaque, jfs->db_page, true);
}

static const struct kind {
	uint8_t opcode;
	uint8_t slot;			/* bytes of a ring's entry; 0: no ring of its own */
	int (*create)(struct ub_admin *a);
	void (*load)(struct ub_in *in, struct ub_obj *obj);
} kinds[] = {
	{ UB_ADMIN_CREATE_CTX, 0, ub_ctx_create, NULL },
	{ UB_ADMIN_CREATE_SEG, 0, ub_seg_create, NULL },
	{ UB_ADMIN_CREATE_EQ, 0, ub_eq_create, in_eq },
	{ UB_ADMIN_CREATE_JFC, sizeof(struct ub_hw_cqe), ub_jfc_create, in_jfc },
	{ UB_ADMIN_CREATE_JFR, sizeof(struct ub_hw_recv_wqe), ub_jfr_create, in_jfr },
	{ UB_ADMIN_CREATE_JFS, UB_HW_WQEBB_SIZE, ub_jfs_create, in_jfs },
};

static const struct kind *find_kind(uint32_t opcode)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].opcode == opcode)
			return &kinds[i];
	return NULL;
}

static struct ub_obj *find_object(struct ub_core *core, const struct ub_admin_cmd *cmd)
{
	switch (cmd->opcode) {
	case UB_ADMIN_CREATE_EQ: return atomic_load(&core->eq[cmd->id]);
	case UB_ADMIN_CREATE_JFC: return ub_idmap_get(&core->jfc, cmd->id);
	case UB_ADMIN_CREATE_JFR: return ub_idmap_get(&core->jfr, cmd->id);
	case UB_ADMIN_CREATE_JFS: return ub_idmap_get(&core->jfs, cmd->id);
	default: return NULL;
	}
}

static bool in_memory(struct ub_in *in, struct ub_admin *a, const struct kind *kind,
		      struct ub_kept *kept)
{
	uint32_t depth = a->cmd->jfs.depth;

	if (!kind->slot)
		return true;
	if (!ub_in_check(in, depth && depth <= a->core->cfg.max_depth, "a ring's depth"))
		return false;
	if (!ub_in_pin(in, a->core, &kept->ring, (size_t)depth * kind->slot,
		       UB_HW_PAGE_SIZE))
		return false;
	if (ub_in_pin(in, a->core, &kept->rec, sizeof(struct ub_hw_jfs_rec),
		      sizeof(struct ub_hw_jfs_rec))) {
		a->kept = kept;
		return true;
	}
	ub_pin_drop(&kept->ring, a->core);
	return false;
}

static void in_object(struct ub_in *in, struct ub_core *core, const struct kind *kind)
{
	struct ub_admin_reply reply = { 0 };
	struct ub_kept kept = { 0 };
	struct ub_admin_cmd cmd;
	struct ub_after after;
	struct ub_admin a = { .core = core, .cmd = &cmd, .reply = &reply, .after = &after };

	ub_in_bytes(in, &cmd, sizeof(cmd));
	if (in->failed || !in_memory(in, &a, kind, &kept))
		return;
	cmd.opcode = kind->opcode;
	ub_after_init(&after, core);
	if (kind->create(&a)) {
		ub_pin_drop(&kept.ring, core);
		ub_pin_drop(&kept.rec, core);
		ub_in_fail(in, "device state: object %u of opcode 0x%02x cannot be made: admin "
			   "status %u, detail %u", cmd.id, cmd.opcode, reply.status, reply.detail);
	} else if (kind->load) {
		kind->load(in, find_object(core, &cmd));
	}
}

void ub_in_objects(struct ub_in *in, struct ub_core *core)
{
	while (!in->failed) {
		uint32_t opcode = ub_in_u32(in);
		const struct kind *kind = find_kind(opcode);

		if (in->failed || opcode == END_OF_OBJECTS)
			return;
		if (!kind)
			ub_in_fail(in, "device state: unknown record 0x%x", opcode);
		else
			in_object(in, core, kind);
	}
}
