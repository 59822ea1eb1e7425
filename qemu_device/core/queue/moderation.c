/* SPDX-License-Identifier: MIT */
/*
 * When an armed JFC fires: at the next CQE or, moderated, once there are enough of them or the
 * first has waited long enough. The timer of a JFC is lazy: firing early leaves it where it is, and
 * when it runs out it looks what is held back then.
 */
#include "queue/queue.h"

#define MOST_VAIN	63

static uint64_t jfc_clock_ns(struct ub_jfc *jfc)
{
	struct ub_core *core = jfc->obj.core;

	return core->host.clock_ns(core->opaque);
}

static uint64_t window_ns(const struct ub_jfc *jfc)
{
	return jfc->mod_usec * 1000ull;
}

static uint32_t cqes_held(const struct ub_jfc *jfc)
{
	return jfc->pi - jfc->armed_ci;
}

static void fire_jfc(struct ub_jfc *jfc, struct ub_after *after)
{
	struct ub_hw_eqe eqe = {
		.type = UB_EVENT_COMPLETION,
		.id = jfc->obj.id,
		.tid = jfc->ctx->obj.id,
		.info = jfc->armed_sn,
	};

	jfc->events++;
	if (jfc->held_back) {
		jfc->moderated++;
		ub_count(jfc->obj.core, UB_ST_moderated, 1);
	}
	if (cqes_held(jfc) > 1)
		jfc->vain = 0;
	jfc->armed = jfc->held_back = false;
	jfc->fired_sn = jfc->armed_sn;
	ub_eq_push(jfc->eq, eqe, after);
}

/* ---- How much to hold back ---- */
static bool jfc_is_moderated(const struct ub_jfc *jfc)
{
	return jfc->mod_count > 1 || (jfc->mod_count == 0 && jfc->mod_usec);
}

/* Adaptive: whether no batch would form in the window, or the last ones did not. */
static bool fires_singly(struct ub_jfc *jfc)
{
	if (jfc->vain_left) {
		jfc->vain_left--;
		return true;
	}
	return 2 * jfc->gap_ns > window_ns(jfc);
}

/* Gaps beyond a few windows tell no more than that: so the mean recovers soon. */
static void note_gap(struct ub_jfc *jfc, uint64_t now)
{
	uint64_t gap = now - jfc->last_ns, most = 4 * window_ns(jfc);

	jfc->last_ns = now;
	if (gap > most)
		gap = most;
	jfc->gap_ns = (3 * jfc->gap_ns + gap) / 4;
}

static void set_bounds(struct ub_jfc *jfc, uint64_t first_ns)
{
	uint32_t target = jfc->depth / 2;
	uint64_t window = window_ns(jfc);

	if (jfc->mod_count > 1 && jfc->mod_count < target)
		target = jfc->mod_count;
	if (jfc->adaptive) {
		uint64_t gap = jfc->gap_ns ? jfc->gap_ns : 1;

		if (window / gap < target)
			target = (uint32_t)(window / gap);
		if (2 * gap * target < window)
			window = 2 * gap * target;
	}
	jfc->target = target;
	jfc->hold_until = window ? first_ns + window : 0;
}

/* Bounds are set: fire or wait. */
static void fire_or_wait(struct ub_jfc *jfc, uint64_t now, struct ub_after *after)
{
	if (cqes_held(jfc) >= jfc->target || (jfc->hold_until && now >= jfc->hold_until)) {
		fire_jfc(jfc, after);
		return;
	}
	jfc->held_back = true;
	if (jfc->hold_until)
		ub_engine_set_timer(jfc->obj.core, &jfc->timer, jfc->hold_until);
}

/* ---- CQEs ---- */
void ub_jfc_notify(struct ub_jfc *jfc, bool wake, uint64_t now, struct ub_after *after)
{
	if (jfc->adaptive)
		note_gap(jfc, now);
	if (!jfc->armed || (jfc->armed_solicited && !wake))
		return;
	if (wake || !jfc_is_moderated(jfc) ||
	    (!jfc->held_back && jfc->adaptive && fires_singly(jfc))) {
		fire_jfc(jfc, after);
		return;
	}
	if (!jfc->held_back)
		set_bounds(jfc, now);
	fire_or_wait(jfc, now, after);
}

/* ---- Re-arm and MODIFY_JFC ---- */
static bool has_wake(const struct ub_jfc *jfc)
{
	return jfc->has_solicited && jfc->pi - jfc->solicited_end < cqes_held(jfc);
}

/* What the first CQE beyond the CI says; the ring is the user's, who may have changed it. */
static uint64_t first_ns(struct ub_jfc *jfc, uint64_t now)
{
	uint64_t off = (uint64_t)(jfc->armed_ci & (jfc->depth - 1)) * sizeof(struct ub_hw_cqe);
	struct ub_hw_cqe *cqe = ub_pinned_at(&jfc->ring, off);
	uint64_t t = __atomic_load_n(&cqe->timestamp_ns, __ATOMIC_RELAXED);

	return t < now ? t : now;
}

/* Armed, with CQEs that are there already. */
static void look_back(struct ub_jfc *jfc, struct ub_after *after)
{
	uint64_t now;

	if (!cqes_held(jfc) || (jfc->armed_solicited && !has_wake(jfc)))
		return;
	if (has_wake(jfc) || !jfc_is_moderated(jfc) || (jfc->adaptive && fires_singly(jfc))) {
		fire_jfc(jfc, after);
		return;
	}
	now = jfc_clock_ns(jfc);
	set_bounds(jfc, first_ns(jfc, now));
	fire_or_wait(jfc, now, after);
}

void ub_jfc_rearm(struct ub_jfc *jfc, uint64_t word, struct ub_after *after)
{
	uint8_t sn = word >> UB_DB_JFC_ARM_SN_SHIFT & UB_DB_JFC_ARM_SN_MASK;

	ub_count(jfc->obj.core, UB_ST_rearms, 1);
	pthread_mutex_lock(&jfc->lock);
	jfc->rearms++;
	if (sn != jfc->fired_sn) {
		jfc->armed = true;
		jfc->held_back = false;
		jfc->armed_sn = sn;
		jfc->armed_solicited = word & UB_DB_JFC_SOLICITED;
		/* The full index, from its low 24 bits. */
		jfc->armed_ci = jfc->pi - ((jfc->pi - (uint32_t)word) & UB_DB_JFC_CI_MASK);
		look_back(jfc, after);
	}
	pthread_mutex_unlock(&jfc->lock);
}

void ub_jfc_moderate(struct ub_jfc *jfc, const struct ub_admin_jfc *c, struct ub_after *after)
{
	pthread_mutex_lock(&jfc->lock);
	jfc->mod_count = c->mod_count;
	jfc->mod_usec = c->mod_usec;
	jfc->adaptive = c->flags & UB_JFC_F_ADAPTIVE;
	jfc->gap_ns = 4 * window_ns(jfc);
	jfc->vain = jfc->vain_left = 0;
	/* What the old bounds held back could wait for ever under them. */
	if (jfc->armed && jfc->held_back)
		look_back(jfc, after);
	pthread_mutex_unlock(&jfc->lock);
}

/* ---- Timer ---- */
static void bounds_run_out(struct ub_jfc *jfc, struct ub_after *after)
{
	uint64_t now = jfc_clock_ns(jfc);

	if (!jfc->armed || !jfc->held_back || !jfc->hold_until)
		return;
	if (now >= jfc->hold_until && cqes_held(jfc) < 2) {
		jfc->vain = jfc->vain < MOST_VAIN ? 2 * jfc->vain + 1 : MOST_VAIN;
		jfc->vain_left = jfc->vain;
	}
	fire_or_wait(jfc, now, after);
}

void ub_jfc_expire(struct ub_obj *obj)
{
	struct ub_jfc *jfc = ub_container(obj, struct ub_jfc, obj);
	struct ub_core *core = jfc->obj.core;
	struct ub_after after;

	ub_after_init(&after, core);
	pthread_rwlock_rdlock(&core->dma_lock);
	if (!ub_obj_dead(&jfc->obj)) {
		pthread_mutex_lock(&jfc->lock);
		bounds_run_out(jfc, &after);
		pthread_mutex_unlock(&jfc->lock);
	}
	pthread_rwlock_unlock(&core->dma_lock);
	ub_after_run(&after);
}
