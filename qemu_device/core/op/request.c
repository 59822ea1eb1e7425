/* SPDX-License-Identifier: MIT */
/*
 * Commands at devices of other processes, on the side that asks: docs/fabric.md. The queue is
 * parked while it waits for answers; the port's thread wakes it.
 */
#include <stdlib.h>

#include "engine/engine.h"
#include "fabric/nowait.h"
#include "fabric/transport.h"
#include "op/op.h"

#define REPEAT_NS 30000000000ull /* an owner remembers for longer what it has answered */

static uint64_t clock_ns(const struct ub_core *core)
{
	return core->host.clock_ns(core->opaque);
}

static uint64_t timeout_ns(const struct ub_jfs *jfs)
{
	return 4096ull << jfs->err_timeout;
}

/* ---- Beginning ---- */
static struct ub_request *get_request(struct ub_jfs *jfs)
{
	struct ub_request *rq = atomic_load(&jfs->request);

	if (!rq) {
		rq = ub_request_new();
		atomic_store(&jfs->request, rq);
	}
	return rq;
}

/* For what answers bring, as many pieces as can be under way. */
static bool make_payload(struct ub_request *rq, uint64_t total)
{
	const uint64_t most = (uint64_t)UB_FRAME_WINDOW * UB_FRAME_PIECE;
	size_t size = total < most ? (size_t)total : (size_t)most;
	uint8_t *payload;

	if (size <= rq->payload_size)
		return true;
	payload = realloc(rq->payload, size);
	if (!payload)
		return false;
	rq->payload = payload;
	rq->payload_size = size;
	return true;
}

static bool begin_request(struct ub_jfs *jfs, struct ub_request *rq)
{
	struct ub_cmd *cmd = &jfs->cur;
	struct ub_core *core = jfs->obj.core;

	if (cmd->opcode == UB_OP_READ && !make_payload(rq, cmd->total))
		return false;
	rq->pieces = ub_frame_pieces(cmd->total);
	rq->epoch = 0;
	rq->not_before_ns = 0;
	rq->deadline_ns = clock_ns(core) + timeout_ns(jfs);
	pthread_mutex_lock(&rq->lock);
	rq->link = cmd->link;
	rq->opcode = cmd->opcode;
	rq->total = cmd->total;
	rq->base = atomic_fetch_add(&core->sequence, rq->pieces) + 1;
	rq->asked = rq->answered = rq->taken = 0;
	rq->put_back = false;
	rq->waiting = true;
	pthread_mutex_unlock(&rq->lock);
	return true;
}

/* ---- Asking ---- */
static void fill_frame(struct ub_jfs *jfs, const struct ub_request *rq, uint32_t piece,
		       struct ub_frame *f)
{
	const struct ub_cmd *cmd = &jfs->cur;
	const struct ub_core *core = jfs->obj.core;

	*f = (struct ub_frame){
		.version = UB_FRAME_VERSION,
		.kind = UB_FRAME_REQUEST,
		.opcode = cmd->opcode,
		.flags = cmd->flags & (UB_WQE_TO_JETTY | UB_WQE_SOLICITED),
		.timeout = jfs->err_timeout,
		.sequence = rq->base + piece,
		.upi = core->cfg.upi,
		.generation = atomic_load(&core->generation),
		.queue = jfs->obj.id,
		.offset = (uint64_t)piece * UB_FRAME_PIECE,
		.total = cmd->total,
	};
	memcpy(f->src_eid, core->cfg.eid, 16);
	memcpy(f->dst_eid, cmd->wqe.rmt_eid, 16);
	f->request.rmt_addr = cmd->wqe.rmt_addr;
	f->request.rmt_id = cmd->wqe.rmt_id;
	f->request.rmt_token = cmd->wqe.rmt_token;
	f->request.ext = cmd->ext;
	if (ub_frame_carries(cmd->opcode))
		f->length = ub_frame_piece(f->offset, f->total);
}

/* Its payload, out of the command's own memory. */
static bool fill_payload(struct ub_jfs *jfs, struct ub_frame *f, const struct ub_frame *header)
{
	struct ub_cmd *cmd = &jfs->cur;
	struct ub_stream local, out;
	uint64_t moved = cmd->moved, done = 0;
	enum ub_xfer x;

	if (!header->length)
		return true;
	/* The stream begins where the command is, which is where answers have come to. */
	cmd->moved = header->offset;
	ub_stream_local(&local, jfs, UB_PTE_READ);
	cmd->moved = moved;
	ub_stream_flat(&out, f + 1);
	x = ub_stream_copy(jfs, &out, &local, header->length, &done);
	ub_cmd_xfer(cmd, x, &local, &out, true);
	return x == UB_XFER_OK;
}

/* False: there is no room, or the command has failed. */
static bool ask_piece(struct ub_jfs *jfs, struct ub_request *rq)
{
	const struct ub_transport *transport = jfs->obj.core->transport;
	struct ub_cmd *cmd = &jfs->cur;
	struct ub_frame header;
	struct ub_room room;
	bool ok;

	fill_frame(jfs, rq, rq->asked, &header);
	if (!transport->reserve(cmd->link, rq->epoch, header.length, &room))
		return false;
	ok = fill_payload(jfs, room.frame, &header);
	memcpy(room.frame, &header, sizeof(header));
	if (ok) {
		/* Its answer may be there before send() returns. */
		pthread_mutex_lock(&rq->lock);
		if (rq->asked == rq->answered)
			rq->first_ns = clock_ns(jfs->obj.core);
		rq->asked++;
		pthread_mutex_unlock(&rq->lock);
	}
	transport->send(cmd->link, &room, ok);
	return ok;
}

/* What was under way in the connection before is asked again; the owner knows what it has done. */
static bool ask_again(struct ub_jfs *jfs, struct ub_request *rq, uint32_t epoch)
{
	bool too_late;

	pthread_mutex_lock(&rq->lock);
	too_late = rq->asked > rq->answered && clock_ns(jfs->obj.core) - rq->first_ns > REPEAT_NS;
	rq->asked = rq->answered;
	pthread_mutex_unlock(&rq->lock);
	rq->epoch = epoch;
	if (too_late)
		ub_cmd_fail(&jfs->cur, UB_CR_ACK_TIMEOUT_ERR, UB_SUB_NONE);
	return !too_late;
}

/* A message's first piece takes the receive WQE: the others wait until it has one. */
static uint32_t window_of(const struct ub_cmd *cmd, const struct ub_request *rq)
{
	return ub_op_is_send(cmd->op) && !rq->taken ? 1 : UB_FRAME_WINDOW;
}

static void ask_pieces(struct ub_jfs *jfs, struct ub_request *rq)
{
	struct ub_cmd *cmd = &jfs->cur;
	uint32_t epoch;

	switch (jfs->obj.core->transport->state(cmd->link, &epoch)) {
	case UB_LINK_ABSENT:
		ub_cmd_fail(cmd, UB_CR_ACK_TIMEOUT_ERR, UB_SUB_EID);
		return;
	case UB_LINK_OPENING:
	case UB_LINK_LOST:
		return;
	case UB_LINK_UP:
		break;
	}
	if (rq->epoch != epoch && !ask_again(jfs, rq, epoch))
		return;
	while (rq->asked < rq->pieces && rq->asked - rq->taken < window_of(cmd, rq))
		if (!ask_piece(jfs, rq))
			return;
}

static void go_on_asking(struct ub_jfs *jfs, struct ub_request *rq)
{
	struct ub_cmd *cmd = &jfs->cur;
	uint64_t now = clock_ns(jfs->obj.core), until = rq->not_before_ns;

	if (now >= rq->deadline_ns) {
		ub_cmd_fail(cmd, UB_CR_ACK_TIMEOUT_ERR, UB_SUB_NONE);
		return;
	}
	if (now >= rq->not_before_ns) {
		ask_pieces(jfs, rq);
		until = rq->deadline_ns;
	}
	cmd->wait_ns = until - now;
}

/* ---- Answers, on the thread that runs the queue ---- */
static void put_into(struct ub_jfs *jfs, void *data, uint64_t len)
{
	struct ub_cmd *cmd = &jfs->cur;
	struct ub_stream local, in;
	enum ub_xfer x;

	ub_stream_local(&local, jfs, UB_PTE_WRITE);
	ub_stream_flat(&in, data);
	x = ub_stream_copy(jfs, &local, &in, len, &cmd->moved);
	ub_cmd_xfer(cmd, x, &local, &in, false);
}

static void take_answer(struct ub_jfs *jfs, struct ub_request *rq, struct ub_box *box,
			uint32_t slot)
{
	struct ub_cmd *cmd = &jfs->cur;
	uint64_t end = (uint64_t)(rq->taken + 1) * UB_FRAME_PIECE;

	ub_jfs_progress(jfs);
	rq->deadline_ns = clock_ns(jfs->obj.core) + timeout_ns(jfs);
	if (box->status) {
		cmd->moved = box->moved;
		ub_cmd_fail(cmd, box->status, box->substatus);
	} else if (cmd->opcode == UB_OP_READ) {
		put_into(jfs, rq->payload + (size_t)slot * UB_FRAME_PIECE, box->length);
	} else if (!ub_frame_carries(cmd->opcode)) {
		put_into(jfs, &box->value, cmd->total);
	} else {
		cmd->moved = end < cmd->total ? end : cmd->total;
	}
}

/* The owner has not executed the next piece: that and what followed it is asked again later. */
static void take_put_back(struct ub_jfs *jfs, struct ub_request *rq, bool rnr, uint64_t delay_ns)
{
	struct ub_cmd *cmd = &jfs->cur;

	ub_jfs_progress(jfs);
	rq->not_before_ns = clock_ns(jfs->obj.core) + delay_ns;
	if (!rnr)
		return;
	if (cmd->rnr_tries == jfs->rnr_retry)
		ub_cmd_fail(cmd, UB_CR_RNR_RETRY_CNT_EXC_ERR, UB_SUB_NONE);
	cmd->rnr_tries++;
	rq->deadline_ns = rq->not_before_ns + timeout_ns(jfs);
}

/* False: there is none. */
static bool take_next(struct ub_jfs *jfs, struct ub_request *rq)
{
	uint32_t slot = rq->taken % UB_FRAME_WINDOW;
	bool there, put_back, rnr;
	uint64_t delay_ns;
	struct ub_box box;

	pthread_mutex_lock(&rq->lock);
	there = rq->answered > rq->taken;
	box = rq->box[slot];
	put_back = !there && rq->put_back;
	rnr = rq->rnr;
	delay_ns = rq->delay_ns;
	if (put_back) {
		rq->put_back = false;
		rq->asked = rq->taken;
	}
	pthread_mutex_unlock(&rq->lock);
	if (there)
		take_answer(jfs, rq, &box, slot);
	else if (put_back)
		take_put_back(jfs, rq, rnr, delay_ns);
	pthread_mutex_lock(&rq->lock);
	rq->taken += there;
	pthread_mutex_unlock(&rq->lock);
	return there;
}

/* ---- The whole ---- */
enum ub_exec ub_exec_request(struct ub_jfs *jfs)
{
	struct ub_request *rq = get_request(jfs);
	struct ub_cmd *cmd = &jfs->cur;

	if (!rq || (!rq->waiting && !begin_request(jfs, rq))) {
		ub_cmd_fail(cmd, UB_CR_LOC_OPERATION_ERR, UB_SUB_NONE);
		return UB_EXEC_DONE;
	}
	ub_no_wait_begin();
	while (!cmd->done && take_next(jfs, rq))
		;
	if (!cmd->done && rq->taken < rq->pieces)
		go_on_asking(jfs, rq);
	ub_no_wait_end();
	return cmd->done || rq->taken == rq->pieces ? UB_EXEC_DONE : UB_EXEC_WAIT;
}

/* So that a receive WQE that it has taken completes. If it does not arrive, the owner finds out. */
static void send_cancel(struct ub_jfs *jfs, struct ub_request *rq)
{
	const struct ub_transport *transport = jfs->obj.core->transport;
	struct ub_frame header;
	struct ub_room room;

	fill_frame(jfs, rq, 0, &header);
	header.kind = UB_FRAME_CANCEL;
	header.length = 0;
	if (!transport->reserve(jfs->cur.link, rq->epoch, 0, &room))
		return;
	memcpy(room.frame, &header, sizeof(header));
	transport->send(jfs->cur.link, &room, true);
}

void ub_request_end(struct ub_cmd *cmd)
{
	struct ub_jfs *jfs = ub_container(cmd, struct ub_jfs, cur);
	struct ub_request *rq = atomic_load(&jfs->request);

	if (rq && rq->waiting) {
		pthread_mutex_lock(&rq->lock);
		rq->waiting = false;
		rq->link = NULL;
		pthread_mutex_unlock(&rq->lock);
		if (rq->asked && rq->taken < rq->pieces)
			send_cancel(jfs, rq);
	}
	jfs->obj.core->transport->put(cmd->link);
	cmd->link = NULL;
}

/* ---- What the port's thread tells ---- */
static bool is_awaited(const struct ub_request *rq, const struct ub_link *link,
		       const struct ub_frame *f)
{
	return rq->waiting && rq->link == link && f->opcode == rq->opcode &&
	       f->total == rq->total && !rq->put_back && rq->answered < rq->asked &&
	       f->sequence == rq->base + rq->answered &&
	       f->offset == (uint64_t)rq->answered * UB_FRAME_PIECE;
}

static bool is_whole(const struct ub_frame *f)
{
	return f->opcode != UB_OP_READ || f->answer.status ||
	       f->length == ub_frame_piece(f->offset, f->total);
}

/* True: the queue is to look. What nobody waits for is dropped. */
static bool put_answer(struct ub_request *rq, struct ub_link *link, const struct ub_frame *f,
		       const void *payload)
{
	uint32_t slot = rq->answered % UB_FRAME_WINDOW;

	if (!is_awaited(rq, link, f))
		return false;
	if (f->code != UB_ANSWER_DONE) {
		rq->put_back = true;
		rq->rnr = f->code == UB_ANSWER_RNR;
		rq->delay_ns = f->answer.delay_ns;
		return true;
	}
	if (!is_whole(f))
		return false;
	rq->box[slot] = (struct ub_box){
		.status = f->answer.status,
		.substatus = f->answer.substatus,
		.length = f->length,
		.moved = f->answer.moved,
		.value = f->answer.value,
	};
	if (f->length)
		memcpy(rq->payload + (size_t)slot * UB_FRAME_PIECE, payload, f->length);
	rq->answered++;
	return true;
}

void ub_request_answered(struct ub_core *core, struct ub_link *link, const struct ub_frame *frame,
			 const void *payload)
{
	struct ub_request *rq = NULL;
	struct ub_jfs *jfs = NULL;
	struct ub_obj *obj;
	bool look = false;

	pthread_rwlock_rdlock(&core->dma_lock);
	obj = ub_obj_find(core, UB_KIND_JFS, frame->queue);
	if (obj && !ub_obj_dead(obj)) {
		jfs = ub_container(obj, struct ub_jfs, obj);
		rq = atomic_load(&jfs->request);
	}
	if (rq) {
		pthread_mutex_lock(&rq->lock);
		look = put_answer(rq, link, frame, payload);
		pthread_mutex_unlock(&rq->lock);
	}
	if (look)
		ub_engine_kick(jfs, true);
	pthread_rwlock_unlock(&core->dma_lock);
}

void ub_request_changed(struct ub_core *core, struct ub_link *link)
{
	struct ub_obj *obj;

	pthread_rwlock_rdlock(&core->dma_lock);
	for (uint32_t id = 0; (obj = ub_idmap_next(&core->map[UB_KIND_JFS], &id));) {
		struct ub_jfs *jfs = ub_container(obj, struct ub_jfs, obj);
		struct ub_request *rq = atomic_load(&jfs->request);
		bool look = false;

		if (rq) {
			pthread_mutex_lock(&rq->lock);
			look = rq->waiting && rq->link == link;
			pthread_mutex_unlock(&rq->lock);
		}
		if (look)
			ub_engine_kick(jfs, true);
	}
	pthread_rwlock_unlock(&core->dma_lock);
}
