/* SPDX-License-Identifier: MIT */
/* Each kind of object: the admin command that would create it, and what it has been through. */
#include "inject/inject.h"
#include "state/state.h"

#define MAX_DEFICIT	(1ll << 40)
#define MAX_WINDOW_NS	(0xffff * 1000ull)
#define MAX_VAIN	63

/* ---- Saving ---- */
void ub_ctx_describe(struct ub_obj *obj, struct ub_admin_cmd *cmd)
{
	cmd->ctx.pt_base = ub_container(obj, struct ub_ctx, obj)->pt_base;
}

void ub_ctx_save(struct ub_obj *obj, struct ub_out *out)
{
	struct ub_ctx *ctx = ub_container(obj, struct ub_ctx, obj);

	ub_out_bytes(out, &ctx->gone, sizeof(ctx->gone));
}

void ub_seg_describe(struct ub_obj *obj, struct ub_admin_cmd *cmd)
{
	struct ub_seg *seg = ub_container(obj, struct ub_seg, obj);

	cmd->seg = (struct ub_admin_seg){
		.va = seg->va,
		.uba = seg->uba,
		.len = seg->len,
		.tid = seg->ctx->obj.id,
		.access = seg->access,
		.token_policy = seg->policy,
		.token_value = atomic_load(&seg->token),
	};
}

void ub_eq_describe(struct ub_obj *obj, struct ub_admin_cmd *cmd)
{
	struct ub_eq *eq = ub_container(obj, struct ub_eq, obj);

	cmd->eq = (struct ub_admin_eq){
		.base = eq->ring.run[0].addr,
		.rec = eq->rec_pin.run[0].addr,
		.depth = eq->depth,
	};
}

void ub_eq_save(struct ub_obj *obj, struct ub_out *out)
{
	struct ub_eq *eq = ub_container(obj, struct ub_eq, obj);

	ub_out_u32(out, eq->pi);
	ub_out_u32(out, eq->overrun);
}

static uint64_t obj_clock_ns(struct ub_obj *obj)
{
	return obj->core->host.clock_ns(obj->core->opaque);
}

/* The clock of where it is loaded is another: times go as what is left, or has passed. */
static void out_moderation(struct ub_out *out, struct ub_jfc *jfc)
{
	uint64_t now = obj_clock_ns(&jfc->obj), left = 0;

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

void ub_jfc_describe(struct ub_obj *obj, struct ub_admin_cmd *cmd)
{
	struct ub_jfc *jfc = ub_container(obj, struct ub_jfc, obj);

	cmd->jfc = (struct ub_admin_jfc){
		.tid = jfc->ctx->obj.id,
		.depth = jfc->depth,
		.db_page = jfc->db_page,
		.eq = jfc->eq->obj.id,
		.mod_count = jfc->mod_count,
		.mod_usec = jfc->mod_usec,
		.flags = jfc->adaptive ? UB_JFC_F_ADAPTIVE : 0,
	};
}

void ub_jfc_save(struct ub_obj *obj, struct ub_out *out)
{
	struct ub_jfc *jfc = ub_container(obj, struct ub_jfc, obj);

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

void ub_jfr_describe(struct ub_obj *obj, struct ub_admin_cmd *cmd)
{
	struct ub_jfr *jfr = ub_container(obj, struct ub_jfr, obj);

	cmd->jfr = (struct ub_admin_jfr){
		.tid = jfr->ctx->obj.id,
		.depth = jfr->depth,
		.jfc = jfr->jfc->obj.id,
		.token_policy = jfr->policy,
		.token_value = jfr->token,
		.min_rnr_timer = jfr->min_rnr_timer,
	};
}

void ub_jfr_save(struct ub_obj *obj, struct ub_out *out)
{
	struct ub_jfr *jfr = ub_container(obj, struct ub_jfr, obj);

	ub_out_u32(out, jfr->state);
	ub_out_u32(out, jfr->flushing);
	ub_out_u32(out, jfr->pi_seen);
	ub_out_u32(out, jfr->ci);
	ub_out_u32(out, jfr->flush_end);
	ub_out_u64(out, jfr->count);
}

/* Its instructions go along: what they were copied from need not be there any more. */
void ub_program_describe(struct ub_obj *obj, struct ub_admin_cmd *cmd)
{
	struct ub_program *program = ub_container(obj, struct ub_program, obj);

	cmd->program = (struct ub_admin_program){
		.tid = program->ctx->obj.id,
		.len = program->count * (uint32_t)sizeof(*program->insns),
		.tiles = program->needs.tiles,
		.fuel = program->needs.fuel,
	};
}

void ub_program_save(struct ub_obj *obj, struct ub_out *out)
{
	struct ub_program *program = ub_container(obj, struct ub_program, obj);

	ub_out_bytes(out, program->insns, program->count * sizeof(*program->insns));
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

static void out_used(struct ub_out *out, const struct ub_used *used)
{
	ub_out_u64(out, atomic_load(&used->busy_ns));
	ub_out_u64(out, atomic_load(&used->bytes));
	ub_out_u64(out, atomic_load(&used->errors));
	ub_out_u64(out, atomic_load(&used->service_ns));
	for (unsigned i = 0; i < UB_USAGE_BUCKETS; i++)
		ub_out_u32(out, atomic_load(&used->service[i]));
}

void ub_jfs_describe(struct ub_obj *obj, struct ub_admin_cmd *cmd)
{
	struct ub_jfs *jfs = ub_container(obj, struct ub_jfs, obj);

	cmd->jfs = (struct ub_admin_jfs){
		.tid = jfs->ctx->obj.id,
		.depth = jfs->depth,
		.db_page = jfs->db_page,
		.jfc = jfs->jfc->obj.id,
		.jfr = jfs->jfr ? jfs->jfr->obj.id : 0,
		.flags = jfs->flags,
		.priority = jfs->level ? jfs->level - 1 + UB_HW_STRICT_PRIORITY : 0,
		.rnr_retry = jfs->rnr_retry,
		.err_timeout = jfs->err_timeout,
		.weight = jfs->weight,
	};
}

void ub_jfs_save(struct ub_obj *obj, struct ub_out *out)
{
	struct ub_jfs *jfs = ub_container(obj, struct ub_jfs, obj);

	out_jfs_state(out, jfs);
	out_used(out, &jfs->used);
	ub_out_cmd(out, jfs);
	ub_out_stall(out, jfs);
}

/* ---- Loading ---- */
void ub_ctx_load(struct ub_obj *obj, struct ub_in *in)
{
	struct ub_ctx *ctx = ub_container(obj, struct ub_ctx, obj);

	ub_in_bytes(in, &ctx->gone, sizeof(ctx->gone));
}

void ub_eq_load(struct ub_obj *obj, struct ub_in *in)
{
	struct ub_eq *eq = ub_container(obj, struct ub_eq, obj);

	eq->pi = ub_in_u32(in);
	eq->overrun = ub_in_u32(in);
	ub_store(&eq->rec->overrun, eq->overrun);
}

static void in_moderation(struct ub_in *in, struct ub_jfc *jfc)
{
	uint64_t now = obj_clock_ns(&jfc->obj), left;

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

void ub_jfc_load(struct ub_obj *obj, struct ub_in *in)
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
	in_moderation(in, jfc);
	ub_store(&jfc->rec->pi, jfc->pi);
	ub_store(&jfc->rec->state, state);
}

void ub_jfr_load(struct ub_obj *obj, struct ub_in *in)
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

/* A command under way is timed from here on: clocks of two hosts do not compare. */
static void in_used(struct ub_in *in, struct ub_used *used)
{
	atomic_store(&used->busy_ns, ub_in_u64(in));
	atomic_store(&used->bytes, ub_in_u64(in));
	atomic_store(&used->errors, ub_in_u64(in));
	atomic_store(&used->service_ns, ub_in_u64(in));
	for (unsigned i = 0; i < UB_USAGE_BUCKETS; i++)
		atomic_store(&used->service[i], ub_in_u32(in));
}

void ub_jfs_load(struct ub_obj *obj, struct ub_in *in)
{
	struct ub_jfs *jfs = ub_container(obj, struct ub_jfs, obj);

	in_jfs_state(in, jfs);
	jfs->count = ub_in_u64(in);
	jfs->direct_wqes = ub_in_u64(in);
	atomic_store(&jfs->inline_wqes, ub_in_u64(in));
	atomic_store(&jfs->doorbells, ub_in_u64(in));
	atomic_store(&jfs->preempted, ub_in_u64(in));
	jfs->deficit = (int64_t)ub_in_u64(in);
	/* The scheduler sees it even if the state is refused and the queue ends at once. */
	if (!ub_in_check(in, jfs->deficit >= -MAX_DEFICIT && jfs->deficit <= MAX_DEFICIT,
			 "a JFS's account is out of range"))
		jfs->deficit = 0;
	jfs->park_left = ub_in_u64(in);
	ub_in_check(in, jfs->park_left <= UB_FAULT_MAX_NS, "a wait is longer than any can be");
	ub_in_bytes(in, jfs->direct, sizeof(jfs->direct));
	in_used(in, &jfs->used);
	ub_in_cmd(in, jfs);
	ub_in_check(in, !jfs->park_left || jfs->cur.rnr_tries || jfs->cur.late,
		    "a JFS waits without a command");
	ub_in_stall(in, jfs);
	/* The count of users of a page that is kept at the front end. */
	if (obj->core->host.db_page)
		obj->core->host.db_page(obj->core->opaque, jfs->db_page, true);
}
