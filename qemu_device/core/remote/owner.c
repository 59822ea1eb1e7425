/* SPDX-License-Identifier: MIT */
/* Executing what devices of other processes ask, once. */
#include <stdlib.h>

#include "engine/engine.h"
#include "remote/owner.h"

#define LATER_NS   1000000u	  /* until one asks again what cannot be done now */
#define FORGET_NS  60000000000ull /* after a peer has gone: nobody repeats so late */
#define MAX_PEERS  1024
#define MAX_QUEUES 16384 /* of all peers */

/* The queue of a peer that asks. */
struct stand_in {
	struct ub_jfs jfs; /* obj.id: the peer's; cur: until its last part */
	uint8_t eid[16];
	uint64_t base, next;  /* sequence numbers: of its first part, the next */
	bool ended;	      /* the command: no part of it is executed any more */
	struct ub_frame last; /* answer to the part before next */
	uint64_t value;	      /* of an atomic */
	uint64_t seen_ns, timeout_ns;
};

struct ub_peer {
	struct ub_peer *next;
	uint8_t eid[16];
	uint64_t instance;
	unsigned connections;
	uint64_t left_ns;	/* without one since */
	struct ub_idmap queues; /* of stand-ins, by the peer's ids */
	unsigned n_queues;
};

struct ub_owner {
	struct ub_peer *peers;
	unsigned n_peers, n_queues;
};

static uint64_t clock_ns(const struct ub_core *core)
{
	return core->host.clock_ns(core->opaque);
}

static struct stand_in *to_stand_in(struct ub_obj *obj)
{
	return ub_container(ub_container(obj, struct ub_jfs, obj), struct stand_in, jfs);
}

/* ---- Standing still: the device may be paused, which this counts against ---- */
static bool may_touch(struct ub_core *core)
{
	bool yes;

	pthread_rwlock_rdlock(&core->dma_lock);
	yes = !atomic_load(&core->engine.paused);
	if (yes)
		atomic_fetch_add(&core->engine.inlines, 1);
	pthread_rwlock_unlock(&core->dma_lock);
	return yes;
}

static void touched(struct ub_core *core)
{
	atomic_fetch_sub(&core->engine.inlines, 1);
}

/* ---- Stand-ins ---- */
static struct stand_in *new_stand_in(struct ub_core *core, struct ub_peer *peer, uint32_t id)
{
	struct stand_in *s;

	if (core->owner->n_queues == MAX_QUEUES || ub_idmap_reserve(&peer->queues, id))
		return NULL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	memcpy(s->eid, peer->eid, 16);
	s->jfs.obj.core = core;
	s->jfs.obj.kind = UB_KIND_JFS;
	s->jfs.obj.id = id;
	s->jfs.eid = s->eid;
	/* The peer counts its repeats. */
	s->jfs.rnr_retry = UINT8_MAX;
	ub_idmap_set(&peer->queues, id, &s->jfs.obj);
	core->owner->n_queues++;
	return s;
}

static struct stand_in *get_stand_in(struct ub_core *core, struct ub_peer *peer, uint32_t id)
{
	struct ub_obj *obj = ub_idmap_get(&peer->queues, id);

	return obj ? to_stand_in(obj) : new_stand_in(core, peer, id);
}

/* The command ends without its other parts: a receive WQE that it has taken completes. */
static void end_command(struct stand_in *s)
{
	s->ended = true;
	if (!s->jfs.cur.active)
		return;
	ub_cmd_abandon(&s->jfs);
	ub_cmd_release(&s->jfs.cur);
}

/* ---- Peers ---- */
static void free_peer(struct ub_owner *owner, struct ub_peer *peer)
{
	struct ub_obj *list = NULL, *obj;

	ub_idmap_drain(&peer->queues, &list);
	while ((obj = list)) {
		list = obj->next;
		end_command(to_stand_in(obj));
		free(to_stand_in(obj));
		owner->n_queues--;
	}
	ub_idmap_fini(&peer->queues);
	owner->n_peers--;
	free(peer);
}

struct ub_owner *ub_owner_new(void)
{
	return calloc(1, sizeof(struct ub_owner));
}

void ub_owner_free(struct ub_owner *owner)
{
	struct ub_peer *peer;

	if (!owner)
		return;
	while ((peer = owner->peers)) {
		owner->peers = peer->next;
		free_peer(owner, peer);
	}
	free(owner);
}

static bool is_forgotten(struct ub_core *core, const struct ub_peer *peer)
{
	return !peer->connections && clock_ns(core) - peer->left_ns > FORGET_NS;
}

struct ub_peer *ub_owner_connect(struct ub_core *core, const uint8_t eid[16], uint64_t instance)
{
	struct ub_owner *owner = core->owner;
	struct ub_peer *peer;

	for (peer = owner->peers; peer; peer = peer->next)
		if (peer->instance == instance && memcmp(peer->eid, eid, 16) == 0)
			break;
	if (!peer && owner->n_peers < MAX_PEERS) {
		peer = calloc(1, sizeof(*peer));
		if (!peer || ub_idmap_init(&peer->queues, UB_HW_ID_MASK)) {
			free(peer);
			return NULL;
		}
		memcpy(peer->eid, eid, 16);
		peer->instance = instance;
		peer->next = owner->peers;
		owner->peers = peer;
		owner->n_peers++;
	}
	if (peer)
		peer->connections++;
	return peer;
}

void ub_owner_disconnect(struct ub_core *core, struct ub_peer *peer)
{
	peer->left_ns = clock_ns(core);
	peer->connections--;
}

/* ---- One part of a command ---- */
static void begin_command(struct stand_in *s, const struct ub_frame *f)
{
	struct ub_cmd *cmd = &s->jfs.cur;

	memset(cmd, 0, sizeof(*cmd));
	cmd->active = true;
	cmd->op = ub_op_find(f->opcode);
	cmd->opcode = f->opcode;
	cmd->flags = f->flags;
	cmd->total = f->total;
	cmd->wqe.opcode = f->opcode;
	cmd->wqe.rmt_addr = f->request.rmt_addr;
	cmd->wqe.rmt_id = f->request.rmt_id;
	cmd->wqe.rmt_token = f->request.rmt_token;
	memcpy(cmd->wqe.rmt_eid, s->jfs.obj.core->cfg.eid, 16);
	cmd->ext = f->request.ext;
	if (cmd->op->check)
		cmd->op->check(cmd);
}

/* Where its part of the payload is, or is to go. */
static void place_part(struct stand_in *s, const struct ub_frame *f, void *payload,
		       struct ub_frame *answer)
{
	struct ub_cmd *cmd = &s->jfs.cur;

	cmd->part = f->offset;
	cmd->part_end = f->offset + ub_frame_piece(f->offset, f->total);
	if (ub_frame_carries(f->opcode))
		cmd->inline_data = payload;
	else if (f->opcode == UB_OP_READ)
		cmd->inline_data = (uint8_t *)(answer + 1);
	else
		cmd->inline_data = (uint8_t *)&s->value;
}

static void fill_result(const struct stand_in *s, struct ub_frame *answer)
{
	const struct ub_cmd *cmd = &s->jfs.cur;

	answer->code = UB_ANSWER_DONE;
	answer->answer.status = cmd->status;
	answer->answer.substatus = cmd->substatus;
	answer->answer.moved = cmd->moved;
	answer->answer.value = s->value;
}

static void put_back(struct ub_frame *answer, enum ub_frame_code code, uint64_t delay_ns)
{
	answer->code = code;
	answer->answer.delay_ns = delay_ns;
}

/* The command is begun, and the part is its next. */
static void execute_part(struct stand_in *s, const struct ub_frame *f, void *payload,
			 struct ub_frame *answer)
{
	struct ub_cmd *cmd = &s->jfs.cur;
	enum ub_exec ret = UB_EXEC_DONE;

	place_part(s, f, payload, answer);
	if (!cmd->done || cmd->receiving)
		ret = ub_exec(&s->jfs);
	if (ret == UB_EXEC_WAIT) {
		put_back(answer, cmd->late ? UB_ANSWER_LATER : UB_ANSWER_RNR, cmd->wait_ns);
		cmd->rnr_tries = 0;
		return;
	}
	fill_result(s, answer);
	if (ret == UB_EXEC_DONE) {
		ub_cmd_release(cmd);
		s->ended = true;
	}
	s->next = f->sequence + 1;
	s->last = *answer;
}

/* READ changes nothing: each part is executed for itself, as often as it comes. */
static void execute_read(struct stand_in *s, const struct ub_frame *f, struct ub_frame *answer)
{
	struct ub_cmd *cmd = &s->jfs.cur;

	begin_command(s, f);
	cmd->moved = f->offset;
	place_part(s, f, NULL, answer);
	if (!cmd->done)
		ub_exec(&s->jfs);
	fill_result(s, answer);
	if (!cmd->status)
		answer->length = ub_frame_piece(f->offset, f->total);
	ub_cmd_release(cmd);
	s->next = f->sequence + 1;
	s->ended = true;
}

/* What was executed before: the last with what was said of it, those before it went well. */
static void answer_again(const struct stand_in *s, const struct ub_frame *f,
			 struct ub_frame *answer)
{
	if (f->sequence + 1 == s->next)
		answer->answer = s->last.answer;
	else
		answer->answer.moved = f->offset + ub_frame_piece(f->offset, f->total);
}

static void refuse_middle(struct stand_in *s, const struct ub_frame *f, struct ub_frame *answer)
{
	s->ended = true;
	s->next = f->sequence + 1;
	answer->answer.status = UB_CR_REM_OPERATION_ERR;
	answer->answer.substatus = UB_SUB_STATE;
	s->last = *answer;
}

/* Its checks were made for the whole command, at its first part: none may tell of another. */
static bool is_part_of(const struct ub_cmd *cmd, const struct ub_frame *f)
{
	return f->opcode == cmd->opcode && f->flags == cmd->flags && f->total == cmd->total &&
	       f->request.rmt_addr == cmd->wqe.rmt_addr && f->request.rmt_id == cmd->wqe.rmt_id &&
	       f->request.rmt_token == cmd->wqe.rmt_token &&
	       memcmp(&f->request.ext, &cmd->ext, sizeof(cmd->ext)) == 0;
}

/* The device may touch memory. False: no answer is wanted. */
static bool serve_part(struct stand_in *s, const struct ub_frame *f, void *payload,
		       struct ub_frame *answer)
{
	uint64_t base = f->sequence - f->offset / UB_FRAME_PIECE;
	bool is_read = f->opcode == UB_OP_READ;

	if (base < s->base)
		return false;
	if (base > s->base) {
		end_command(s);
		s->base = base;
		s->next = is_read ? f->sequence : base;
		s->ended = false;
		if (f->offset && !is_read) {
			refuse_middle(s, f, answer);
			return true;
		}
	}
	if (s->jfs.cur.active && !is_part_of(&s->jfs.cur, f)) {
		end_command(s);
		refuse_middle(s, f, answer);
		return true;
	}
	if (is_read) {
		execute_read(s, f, answer);
		return true;
	}
	if (f->sequence < s->next) {
		answer_again(s, f, answer);
		return true;
	}
	if (s->ended)
		return false;
	if (f->sequence > s->next) {
		put_back(answer, UB_ANSWER_LATER, LATER_NS);
		return true;
	}
	/* One that was put back is under way already. */
	if (!s->jfs.cur.active)
		begin_command(s, f);
	execute_part(s, f, payload, answer);
	return true;
}

static void fill_answer(struct ub_core *core, const struct ub_frame *f, struct ub_frame *answer)
{
	*answer = (struct ub_frame){
		.version = UB_FRAME_VERSION,
		.kind = UB_FRAME_ANSWER,
		.opcode = f->opcode,
		.sequence = f->sequence,
		.upi = core->cfg.upi,
		.generation = atomic_load(&core->generation),
		.queue = f->queue,
		.offset = f->offset,
		.total = f->total,
	};
	memcpy(answer->src_eid, core->cfg.eid, 16);
	memcpy(answer->dst_eid, f->src_eid, 16);
}

/* A CANCEL that comes late, or while the device stands still, is made up for by ub_owner_tick(). */
static void cancel(struct ub_core *core, struct ub_peer *peer, const struct ub_frame *f)
{
	struct ub_obj *obj = ub_idmap_get(&peer->queues, f->queue);
	struct stand_in *s = obj ? to_stand_in(obj) : NULL;

	if (!s || s->base != f->sequence || !may_touch(core))
		return;
	end_command(s);
	touched(core);
}

bool ub_owner_request(struct ub_core *core, struct ub_peer *peer, const struct ub_frame *f,
		      void *payload, struct ub_frame *answer)
{
	struct stand_in *s;
	bool ok;

	if (f->kind == UB_FRAME_CANCEL) {
		cancel(core, peer, f);
		return false;
	}
	fill_answer(core, f, answer);
	s = get_stand_in(core, peer, f->queue);
	if (!s || !may_touch(core)) {
		put_back(answer, UB_ANSWER_LATER, LATER_NS);
		return true;
	}
	s->seen_ns = clock_ns(core);
	s->timeout_ns = 4096ull << f->timeout;
	ok = serve_part(s, f, payload, answer);
	touched(core);
	return ok;
}

/* ---- What is left behind ---- */
/* Its sender has given it up by now, or is gone. */
static void end_left(struct ub_core *core, struct ub_peer *peer)
{
	uint64_t now = clock_ns(core);
	struct ub_obj *obj;

	for (uint32_t id = 0; (obj = ub_idmap_next(&peer->queues, &id));) {
		struct stand_in *s = to_stand_in(obj);

		if (s->jfs.cur.active && now - s->seen_ns > 2 * s->timeout_ns)
			end_command(s);
	}
}

void ub_owner_tick(struct ub_core *core)
{
	struct ub_owner *owner = core->owner;
	struct ub_peer **at = &owner->peers;

	if (!*at || !may_touch(core))
		return;
	while (*at) {
		struct ub_peer *peer = *at;

		end_left(core, peer);
		if (is_forgotten(core, peer)) {
			*at = peer->next;
			free_peer(owner, peer);
		} else {
			at = &peer->next;
		}
	}
	touched(core);
}
