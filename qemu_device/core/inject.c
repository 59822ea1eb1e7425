/* SPDX-License-Identifier: MIT */
/* Faults on demand: what is armed, and what becomes of a command that is hit. */
#include <time.h>

#include <ub/ub_names.h>

#include "state.h"

#define OFF(member)	UB_ADMIN_OFF(inject.member)
#define ARG0_OFF	OFF(arg)
#define ARG1_OFF	(OFF(arg) + 8)

/* ---- Kinds ---- */
enum ids { IDS_NONE, IDS_JFS, IDS_JFC, IDS_SEG, IDS_VECTOR, IDS_OPCODE, IDS_QUEUE };

static const struct kind {
	struct ub_fault_names names;
	enum ids ids;
	bool lasting;			/* in force until it is removed */
	bool at_once;
	uint64_t least[2], most[2];	/* of arg */
} kinds[UB_FAULT_MAX + 1] = {
#define KIND(NAME, kind, ids, lasting, at_once, arg0, least0, most0, arg1, least1, most1, meaning) \
	[UB_FAULT_##NAME] = { { kind, IDS_##ids ? "id" : NULL, { arg0, arg1 } }, IDS_##ids, \
			      lasting, at_once, { least0, least1 }, { most0, most1 } },
	UB_FAULTS(KIND)
};

const struct ub_fault_names *ub_inject_names(unsigned kind)
{
	return kind && kind <= UB_FAULT_MAX ? &kinds[kind].names : NULL;
}

/* ---- Checks ---- */
static bool refuse(struct ub_refusal *why, unsigned status, uint32_t field, uint64_t value,
		   uint64_t least, uint64_t most)
{
	*why = (struct ub_refusal){ status, field, value, least, most };
	return false;
}

static bool in_range(struct ub_refusal *why, unsigned status, uint32_t field, uint64_t value,
		     uint64_t least, uint64_t most)
{
	if (value >= least && value <= most)
		return true;
	return refuse(why, status, field, value, least, most);
}

bool ub_inject_exempt(unsigned opcode)
{
	return opcode == UB_ADMIN_INJECT || opcode == UB_ADMIN_QUERY_INJECT;
}

static bool check_id(struct ub_core *core, const struct ub_fault_spec *f, struct ub_refusal *why)
{
	const struct ub_core_config *c = &core->cfg;
	const struct {
		uint32_t least, most;
	} ids[] = {
		[IDS_NONE] = { 0, 0 },
		[IDS_JFS] = { 0, c->max_jfs },
		[IDS_JFC] = { 0, c->max_jfc },
		[IDS_SEG] = { 1, c->max_seg },
		[IDS_VECTOR] = { 0, c->vectors - 1 },
		[IDS_OPCODE] = { 0, 0xff },
		[IDS_QUEUE] = { 0, UB_HW_ID_MASK },
	};
	enum ids kind = kinds[f->kind].ids;

	if (kind == IDS_OPCODE && ub_inject_exempt(f->id))
		return refuse(why, UB_ADMIN_BAD_ID, UB_ADMIN_OFF(id), f->id, 0,
			      UB_ADMIN_INJECT - 1);
	return in_range(why, UB_ADMIN_BAD_ID, UB_ADMIN_OFF(id), f->id, ids[kind].least,
			ids[kind].most);
}

static bool check_args(const struct ub_fault_spec *f, struct ub_refusal *why)
{
	const struct kind *k = &kinds[f->kind];
	uint64_t most = k->most[1];

	if (!in_range(why, UB_ADMIN_BAD_FIELD, ARG0_OFF, f->arg[0], k->least[0], k->most[0]))
		return false;
	/* Only time takes a time. */
	if (f->kind == UB_FAULT_STALL && f->arg[0] != UB_STALL_TIME)
		most = 0;
	return in_range(why, UB_ADMIN_BAD_FIELD, ARG1_OFF, f->arg[1], k->least[1], most);
}

static bool check(struct ub_core *core, const struct ub_fault_spec *f, struct ub_refusal *why)
{
	const struct kind *k;

	if (!in_range(why, UB_ADMIN_BAD_FIELD, OFF(kind), f->kind, 1, UB_FAULT_MAX))
		return false;
	k = &kinds[f->kind];
	if (!check_id(core, f, why))
		return false;
	if (!f->count)
		return true;
	if (k->at_once && !in_range(why, UB_ADMIN_BAD_FIELD, OFF(count), f->count, 1, 1))
		return false;
	if ((k->at_once || k->lasting) &&
	    !in_range(why, UB_ADMIN_BAD_FIELD, OFF(skip), f->skip, 0, 0))
		return false;
	return check_args(f, why);
}

/* ---- What is armed, under inject.lock ---- */
static void note_armed(struct ub_inject *in)
{
	unsigned bits = in->waiting ? 1u << UB_STALL_WAITING : 0;

	for (unsigned i = 0; i < in->n; i++)
		bits |= 1u << in->fault[i].kind;
	atomic_store(&in->armed, bits);
}

static void drop(struct ub_inject *in, unsigned i)
{
	in->n--;
	memmove(&in->fault[i], &in->fault[i + 1], (in->n - i) * sizeof(in->fault[0]));
}

/* How many were removed. */
static unsigned remove_all(struct ub_inject *in, uint32_t kind, uint32_t id)
{
	unsigned n = in->n;

	for (unsigned i = in->n; i--;)
		if (in->fault[i].kind == kind && in->fault[i].id == id)
			drop(in, i);
	note_armed(in);
	return n - in->n;
}

static unsigned count_armed(struct ub_inject *in, uint32_t kind)
{
	unsigned n = 0;

	for (unsigned i = 0; i < in->n; i++)
		n += in->fault[i].kind == kind;
	return n;
}

void ub_inject_init(struct ub_core *core)
{
	pthread_mutex_init(&core->inject.lock, NULL);
}

void ub_inject_fini(struct ub_core *core)
{
	pthread_mutex_destroy(&core->inject.lock);
}

void ub_inject_clear(struct ub_core *core)
{
	struct ub_inject *in = &core->inject;

	pthread_mutex_lock(&in->lock);
	in->n = in->waiting = 0;
	note_armed(in);
	pthread_mutex_unlock(&in->lock);
}

static bool concerns(const struct ub_fault_spec *f, unsigned kind, uint32_t id)
{
	bool any = f->id == 0 && kinds[kind].ids != IDS_VECTOR;

	return f->kind == kind && (any || f->id == id);
}

/* It happens once more: whether that was the last time. */
static bool use_up(struct ub_inject *in, struct ub_fault_spec *f)
{
	in->given[f->kind]++;
	if (f->count == UB_FAULT_FOREVER || kinds[f->kind].lasting)
		return false;
	return --f->count == 0;
}

bool ub_inject_take(struct ub_core *core, unsigned kind, uint32_t id, uint64_t arg[2])
{
	struct ub_inject *in = &core->inject;
	bool happens = false;

	pthread_mutex_lock(&in->lock);
	for (unsigned i = 0; i < in->n && !happens; i++) {
		struct ub_fault_spec *f = &in->fault[i];

		if (!concerns(f, kind, id))
			continue;
		if (f->skip) {
			f->skip--;
			continue;
		}
		happens = true;
		memcpy(arg, f->arg, sizeof(f->arg));
		if (use_up(in, f)) {
			drop(in, i);
			note_armed(in);
		}
	}
	pthread_mutex_unlock(&in->lock);
	return happens;
}

/* ---- Arming ---- */
static void tell(struct ub_core *core, unsigned type, uint32_t id, uint64_t tid_info,
		 struct ub_after *after)
{
	pthread_rwlock_rdlock(&core->dma_lock);
	ub_event(core, type, id, (uint32_t)(tid_info >> 32), (uint32_t)tid_info, after);
	pthread_rwlock_unlock(&core->dma_lock);
}

static void happen_now(struct ub_core *core, const struct ub_fault_spec *f, struct ub_after *after)
{
	struct ub_inject *in = &core->inject;

	pthread_mutex_lock(&in->lock);
	in->given[f->kind]++;
	pthread_mutex_unlock(&in->lock);
	if (f->kind == UB_FAULT_EVENT) {
		tell(core, (unsigned)f->arg[0], f->id, f->arg[1], after);
		return;
	}
	atomic_store(&core->status, UB_STATUS_FATAL);
	tell(core, UB_EVENT_DEV_FATAL, 0, 0, after);
}

static bool arm(struct ub_core *core, const struct ub_fault_spec *f, struct ub_refusal *why,
		struct ub_after *after)
{
	struct ub_inject *in = &core->inject;
	bool goes_down = false, ok = true;

	pthread_mutex_lock(&in->lock);
	if (f->kind == UB_FAULT_LINK_DOWN && count_armed(in, f->kind)) {
		/* It is down. */
	} else if (in->n == UB_MAX_FAULTS) {
		ok = refuse(why, UB_ADMIN_LIMIT, OFF(count), in->n + 1, 0, UB_MAX_FAULTS);
	} else {
		in->fault[in->n++] = *f;
		note_armed(in);
		goes_down = f->kind == UB_FAULT_LINK_DOWN;
	}
	pthread_mutex_unlock(&in->lock);
	if (goes_down)
		tell(core, UB_EVENT_PORT_DOWN, 0, 0, after);
	return ok;
}

static void disarm(struct ub_core *core, const struct ub_fault_spec *f, struct ub_after *after)
{
	struct ub_inject *in = &core->inject;
	unsigned n;

	pthread_mutex_lock(&in->lock);
	n = remove_all(in, f->kind, f->id);
	pthread_mutex_unlock(&in->lock);
	if (n && f->kind == UB_FAULT_LINK_DOWN)
		tell(core, UB_EVENT_PORT_ACTIVE, 0, 0, after);
}

bool ub_inject_set(struct ub_core *core, const struct ub_fault_spec *f, struct ub_refusal *why,
		   struct ub_after *after)
{
	if (!check(core, f, why))
		return false;
	if (!f->count)
		disarm(core, f, after);
	else if (kinds[f->kind].at_once)
		happen_now(core, f, after);
	else
		return arm(core, f, why, after);
	return true;
}

/* ---- Admin commands ---- */
static void answer(struct ub_admin *a)
{
	struct ub_inject *in = &a->core->inject;
	uint32_t kind = a->cmd->inject.kind;

	pthread_mutex_lock(&in->lock);
	a->reply->refs = count_armed(in, kind);
	a->reply->count = in->given[kind];
	pthread_mutex_unlock(&in->lock);
}

int ub_inject_admin(struct ub_admin *a)
{
	const struct ub_admin_inject *c = &a->cmd->inject;
	struct ub_fault_spec f = { c->kind, a->cmd->id, c->count, c->skip, { c->arg[0], c->arg[1] } };
	struct ub_refusal why;

	if (!a->core->cfg.inject)
		return ub_admin_fail(a, UB_ADMIN_BAD_OPCODE, UB_ADMIN_OFF(opcode));
	if (c->rsvd0)
		return ub_admin_fail(a, UB_ADMIN_BAD_FIELD, OFF(rsvd0));
	if (!ub_inject_set(a->core, &f, &why, a->after))
		return ub_admin_fail(a, why.status, why.status == UB_ADMIN_LIMIT ?
				     (uint32_t)why.most : why.field);
	answer(a);
	return 0;
}

int ub_inject_query(struct ub_admin *a)
{
	uint32_t kind = a->cmd->inject.kind;

	if (!a->core->cfg.inject)
		return ub_admin_fail(a, UB_ADMIN_BAD_OPCODE, UB_ADMIN_OFF(opcode));
	if (!kind || kind > UB_FAULT_MAX)
		return ub_admin_fail(a, UB_ADMIN_BAD_FIELD, OFF(kind));
	answer(a);
	return 0;
}

/* ---- Stalls: an engine thread stands in a command that has not begun ---- */
static uint64_t clock_ns(struct ub_core *core)
{
	return core->host.clock_ns(core->opaque);
}

void ub_inject_left_ready(struct ub_jfs *jfs)
{
	unsigned stall = atomic_load(&jfs->stall);

	if (stall == UB_STALL_TIME + 1 || stall == UB_STALL_QUEUE + 1)
		atomic_store(&jfs->stall, UB_STALL_OVER);
}

static bool is_over(struct ub_jfs *jfs)
{
	unsigned stall = atomic_load(&jfs->stall);

	if (atomic_load(&jfs->obj.dead) || stall == UB_STALL_OVER)
		return true;
	return stall == UB_STALL_TIME + 1 && clock_ns(jfs->obj.core) >= jfs->stall_due;
}

/* The host's clock says when it is over; how long to sleep is in our own time. */
static void sleep_stalled(struct ub_jfs *jfs)
{
	struct ub_engine *e = &jfs->obj.core->engine;
	bool timed = atomic_load(&jfs->stall) == UB_STALL_TIME + 1;
	uint64_t now = clock_ns(jfs->obj.core), left;
	struct timespec ts;

	if (!timed || atomic_load(&e->paused)) {
		pthread_cond_wait(&e->stalled, &e->lock);
		return;
	}
	/* It may have become over since it was looked at. */
	if (jfs->stall_due <= now)
		return;
	left = jfs->stall_due - now;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	left += (uint64_t)ts.tv_nsec;
	ts.tv_sec += (time_t)(left / 1000000000u);
	ts.tv_nsec = (long)(left % 1000000000u);
	pthread_cond_timedwait(&e->stalled, &e->lock, &ts);
}

/* For a pause it is as good as asleep: it has touched nothing and touches nothing. */
static void stand(struct ub_jfs *jfs)
{
	struct ub_engine *e = &jfs->obj.core->engine;

	ub_jfs_running(jfs, true);
	pthread_mutex_lock(&e->lock);
	ub_pause_idle(e, true);
	while (!e->stop && (atomic_load(&e->paused) || !is_over(jfs)))
		sleep_stalled(jfs);
	ub_pause_idle(e, false);
	pthread_mutex_unlock(&e->lock);
	ub_jfs_running(jfs, false);
}

void ub_inject_wake(struct ub_jfs *jfs)
{
	struct ub_engine *e = &jfs->obj.core->engine;

	if (!atomic_load(&jfs->stall))
		return;
	pthread_mutex_lock(&e->lock);
	pthread_cond_broadcast(&e->stalled);
	pthread_mutex_unlock(&e->lock);
}

/* Under jfs.lock, so that no change of state goes unseen. */
static bool enter_stall(struct ub_jfs *jfs, const uint64_t arg[2])
{
	bool ready;

	pthread_mutex_lock(&jfs->lock);
	ready = atomic_load(&jfs->state) == UB_STATE_READY &&
		atomic_load(&jfs->gen) == jfs->cur.gen;
	if (ready) {
		jfs->stall_due = clock_ns(jfs->obj.core) + arg[1];
		atomic_store(&jfs->stall, (unsigned)arg[0] + 1);
	}
	pthread_mutex_unlock(&jfs->lock);
	return ready;
}

static void has_thread(struct ub_jfs *jfs)
{
	struct ub_inject *in = &jfs->obj.core->inject;

	if (!jfs->stall_loaded)
		return;
	jfs->stall_loaded = false;
	pthread_mutex_lock(&in->lock);
	/* A reset may have come between. */
	if (in->waiting)
		in->waiting--;
	note_armed(in);
	pthread_mutex_unlock(&in->lock);
}

/* Whether the command is to be executed after it. */
static bool stall(struct ub_jfs *jfs)
{
	bool flushed;

	has_thread(jfs);
	stand(jfs);
	flushed = atomic_exchange(&jfs->stall, 0) == UB_STALL_OVER;
	if (flushed)
		ub_cmd_fail(&jfs->cur, UB_CR_WR_FLUSH_ERR, UB_SUB_NONE);
	return !flushed && !atomic_load(&jfs->obj.dead);
}

/* Not begun before: nothing was checked, it does not wait, no stall of it is under way. */
static bool is_fresh(const struct ub_jfs *jfs)
{
	const struct ub_cmd *cmd = &jfs->cur;

	return cmd->phase == UB_PHASE_NEW && !cmd->late;
}

bool ub_inject_begin(struct ub_jfs *jfs)
{
	struct ub_core *core = jfs->obj.core;
	struct ub_cmd *cmd = &jfs->cur;
	uint64_t arg[2];
	bool go = true;

	if (cmd->done || !is_fresh(jfs))
		return true;
	if (atomic_load(&jfs->stall))
		go = stall(jfs);
	else if (jfs->worker && ub_armed(&core->inject, UB_FAULT_STALL) &&
		 ub_inject_take(core, UB_FAULT_STALL, jfs->obj.id, arg))
		go = enter_stall(jfs, arg) && stall(jfs);
	if (go && ub_armed(&core->inject, UB_FAULT_STATUS) &&
	    ub_inject_take(core, UB_FAULT_STATUS, jfs->obj.id, arg))
		ub_cmd_fail(cmd, (unsigned)arg[0], (unsigned)arg[1]);
	return go;
}

/* ---- Late completions: the queue waits as in an RNR wait, no thread does ---- */
bool ub_inject_late(struct ub_cmd *cmd, struct ub_jfc *jfc, const struct ub_hw_cqe *cqe)
{
	struct ub_core *core = jfc->obj.core;
	uint64_t arg[2];
	unsigned piece;

	if (cmd->late == UB_LATE_OVER)
		return false;
	if (!cmd->late && ub_inject_take(core, UB_FAULT_CQE_DELAY, jfc->obj.id, arg)) {
		cmd->late = UB_LATE_OVER;
		cmd->wait_ns = arg[0];
		return true;
	}
	if (!cmd->late && ub_inject_take(core, UB_FAULT_CQE_TORN, jfc->obj.id, arg)) {
		cmd->late = UB_LATE_MAX;
		cmd->wait_ns = arg[0];
	}
	if (!cmd->late)
		return false;
	piece = UB_LATE_MAX - cmd->late;
	ub_jfc_tear(jfc, cqe, piece ? piece * 16 : 4, piece * 16 + 16);
	cmd->late--;
	return true;
}

/* ---- Poison ---- */
static bool clean_of(const struct ub_fault_spec *f, uint64_t off, uint64_t *len)
{
	uint64_t from = f->arg[0], to = from + f->arg[1];

	if (off >= to || off + *len <= from)
		return true;
	if (off >= from)
		return false;
	*len = from - off;
	return true;
}

bool ub_inject_clean(struct ub_core *core, uint32_t token_id, uint64_t off, uint64_t *len)
{
	struct ub_inject *in = &core->inject;
	bool clean = true;

	pthread_mutex_lock(&in->lock);
	for (unsigned i = 0; i < in->n && clean; i++) {
		struct ub_fault_spec *f = &in->fault[i];

		if (!concerns(f, UB_FAULT_POISON, token_id))
			continue;
		clean = clean_of(f, off, len);
		if (!clean)
			use_up(in, f);
	}
	pthread_mutex_unlock(&in->lock);
	return clean;
}

/* ---- State ---- */
void ub_out_faults(struct ub_out *out, struct ub_core *core)
{
	struct ub_inject *in = &core->inject;

	for (unsigned kind = 1; kind <= UB_FAULT_MAX; kind++)
		ub_out_u64(out, in->given[kind]);
	ub_out_u32(out, in->n);
	for (unsigned i = 0; i < in->n; i++)
		ub_out_bytes(out, &in->fault[i], sizeof(in->fault[i]));
}

void ub_in_faults(struct ub_in *in, struct ub_core *core)
{
	struct ub_inject *to = &core->inject;
	struct ub_refusal why;
	uint32_t n;

	for (unsigned kind = 1; kind <= UB_FAULT_MAX; kind++)
		to->given[kind] = ub_in_u64(in);
	n = ub_in_upto(in, UB_MAX_FAULTS, "the number of faults armed");
	ub_in_check(in, !n || core->cfg.inject, "faults are armed that this device does not take: "
		    "give it inject=on");
	pthread_mutex_lock(&to->lock);
	for (uint32_t i = 0; i < n && !in->failed; i++) {
		struct ub_fault_spec *f = &to->fault[i];

		ub_in_bytes(in, f, sizeof(*f));
		if (ub_in_check(in, !in->failed && check(core, f, &why) && f->count &&
				!kinds[f->kind].at_once, "a fault that cannot be armed"))
			to->n = i + 1;
	}
	note_armed(to);
	pthread_mutex_unlock(&to->lock);
}

void ub_out_stall(struct ub_out *out, struct ub_jfs *jfs)
{
	uint64_t now = clock_ns(jfs->obj.core);

	ub_out_u32(out, atomic_load(&jfs->stall));
	ub_out_u64(out, jfs->stall_due > now ? jfs->stall_due - now : 0);
}

void ub_in_stall(struct ub_in *in, struct ub_jfs *jfs)
{
	uint32_t stall = ub_in_upto(in, UB_STALL_OVER, "a JFS's stall");
	uint64_t left = ub_in_u64(in);

	ub_in_check(in, left <= UB_FAULT_MAX_NS, "a stall is longer than any can be");
	ub_in_check(in, !stall || (jfs->cur.active && is_fresh(jfs) && !jfs->cur.done),
		    "a JFS stalls without a command");
	if (in->failed || !stall)
		return;
	jfs->stall_due = clock_ns(jfs->obj.core) + left;
	atomic_store(&jfs->stall, stall);
	jfs->stall_loaded = true;
	jfs->obj.core->inject.waiting++;
	note_armed(&jfs->obj.core->inject);
}
