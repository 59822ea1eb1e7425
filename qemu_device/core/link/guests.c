/* SPDX-License-Identifier: MIT */
/* Devices that ask this one: they connect, show themselves, and are served by the port's thread. */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "link/local.h"
#include "link/meet.h"

#define BATCH 16 /* requests of one guest before the next one's */

/* ---- Coming and going ---- */
static void end_guest(struct ub_port *port, struct ub_guest *guest)
{
	if (guest->peer)
		port->cfg.ops->disconnect(port->cfg.core, guest->peer);
	guest->peer = NULL;
	guest->gone = true;
}

static void free_gone(struct ub_port *port)
{
	struct ub_guest **at = &port->guests;

	while (*at) {
		struct ub_guest *guest = *at;

		if (!guest->gone) {
			at = &guest->next;
			continue;
		}
		*at = guest->next;
		port->n_guests--;
		if (guest->connection)
			ub_connection_put(guest->connection);
		else
			close(guest->sock);
		free(guest);
	}
}

static bool accept_one(struct ub_port *port)
{
	int sock = accept4(port->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct ub_guest *guest;

	if (sock < 0)
		return false;
	guest = port->n_guests < UB_MAX_GUESTS ? calloc(1, sizeof(*guest)) : NULL;
	if (!guest) {
		close(sock);
		return true;
	}
	guest->watch = UB_WATCH_GUEST;
	guest->sock = sock;
	guest->next = port->guests;
	port->guests = guest;
	port->n_guests++;
	guest->gone = !ub_port_watch(port, sock, &guest->watch);
	return true;
}

void ub_guests_accept(struct ub_port *port)
{
	while (accept_one(port))
		;
}

static enum ub_meet_refusal look_at(struct ub_port *port, const struct ub_hello *hello, int file)
{
	if (hello->version != UB_MEET_VERSION)
		return UB_MEET_VERSION_DIFFERS;
	if (memcmp(hello->to, port->cfg.eid, 16) != 0)
		return UB_MEET_NOT_HERE;
	if (hello->upi != port->cfg.upi)
		return UB_MEET_PARTITION;
	if (hello->ring_bytes != UB_RING_BYTES || file < 0 || !ub_ring_file_ok(file))
		return UB_MEET_RINGS;
	return UB_MEET_WELCOME;
}

/* Takes the file. */
static enum ub_meet_refusal admit(struct ub_port *port, struct ub_guest *guest,
				  const struct ub_hello *hello, int file)
{
	enum ub_meet_refusal refusal = look_at(port, hello, file);

	if (refusal) {
		if (file >= 0)
			close(file);
		return refusal;
	}
	guest->connection = ub_connection_new(guest->sock, file, false);
	if (!guest->connection) {
		guest->sock = -1;
		return UB_MEET_FULL;
	}
	memcpy(guest->eid, hello->from, 16);
	guest->peer = port->cfg.ops->connect(port->cfg.core, hello->from, hello->instance);
	return guest->peer ? UB_MEET_WELCOME : UB_MEET_FULL;
}

static void greet(struct ub_port *port, struct ub_guest *guest)
{
	struct ub_hello hello, answer = { .version = UB_MEET_VERSION,
					  .upi = port->cfg.upi,
					  .instance = port->cfg.instance,
					  .ring_bytes = UB_RING_BYTES };
	int file, ret = ub_meet_receive(guest->sock, &hello, &file);

	if (ret == -EAGAIN || ret == -EINTR)
		return;
	if (ret) {
		end_guest(port, guest);
		return;
	}
	answer.refusal = admit(port, guest, &hello, file);
	memcpy(answer.magic, UB_MEET_MAGIC, sizeof(answer.magic));
	memcpy(answer.from, port->cfg.eid, 16);
	memcpy(answer.to, hello.from, 16);
	if (guest->sock < 0 || ub_meet_send(guest->sock, &answer, -1) || answer.refusal)
		end_guest(port, guest);
}

void ub_guests_event(struct ub_port *port, struct ub_guest *guest)
{
	if (guest->gone)
		return;
	if (!guest->connection)
		greet(port, guest);
	else if (!ub_connection_woken(guest->connection))
		end_guest(port, guest);
}

/* ---- Serving ---- */
/* A frame whose sender is the one that has shown itself, and whose addressee is this device. */
static bool is_of(const struct ub_port *port, const struct ub_guest *guest,
		  const struct ub_frame *frame)
{
	return !ub_frame_check(frame) && frame->kind != UB_FRAME_ANSWER &&
	       memcmp(frame->src_eid, guest->eid, 16) == 0 &&
	       memcmp(frame->dst_eid, port->cfg.eid, 16) == 0 && frame->upi == port->cfg.upi;
}

static void serve_frame(struct ub_port *port, struct ub_guest *guest, const struct ub_frame *frame,
			void *payload, struct ub_ring_record *room)
{
	const struct ub_port_ops *ops = port->cfg.ops;
	bool ok = frame->version &&
		  ops->request(port->cfg.core, guest->peer, frame, payload, &room->frame);

	if (ub_ring_post(&guest->connection->rings.out, room, ok))
		ub_connection_wake(guest->connection);
}

/* Bytes that the answer to it may have behind its header. */
static uint32_t room_for(const struct ub_frame *frame)
{
	if (frame->kind != UB_FRAME_REQUEST || frame->opcode != UB_OP_READ)
		return 0;
	return ub_frame_piece(frame->offset, frame->total);
}

static bool serve_guest(struct ub_port *port, struct ub_guest *guest)
{
	struct ub_rings *rings = &guest->connection->rings;
	struct ub_ring_record *record, *room;
	struct ub_frame frame;
	unsigned n = 0;

	while (n < BATCH && (record = ub_ring_next(&rings->in, &frame))) {
		if (frame.version && !is_of(port, guest, &frame)) {
			rings->in.broken = true;
			break;
		}
		/* Nothing is begun that could not be answered; the guest wakes this side. */
		room = ub_ring_reserve(&rings->out, room_for(&frame));
		guest->starved = !room;
		if (!room)
			break;
		serve_frame(port, guest, &frame, record->payload, room);
		if (ub_ring_take(&rings->in))
			ub_connection_wake(guest->connection);
		n++;
	}
	if (rings->in.broken || rings->out.broken)
		end_guest(port, guest);
	return n;
}

bool ub_guests_serve(struct ub_port *port)
{
	bool any = false, gone = false;

	for (struct ub_guest *guest = port->guests; guest; guest = guest->next) {
		if (guest->peer)
			any = serve_guest(port, guest) || any;
		gone = gone || guest->gone;
	}
	if (gone)
		free_gone(port);
	return any;
}

/* A request that waits for room for its answer is no reason to stay awake: the guest will say. */
static bool guest_sleeps(struct ub_guest *guest)
{
	return ub_ring_sleep(&guest->connection->rings.in) || guest->starved;
}

bool ub_guests_sleep(struct ub_port *port)
{
	bool quiet = true;

	for (struct ub_guest *guest = port->guests; guest; guest = guest->next)
		if (guest->peer)
			quiet = guest_sleeps(guest) && quiet;
	return quiet;
}

void ub_guests_awake(struct ub_port *port)
{
	for (struct ub_guest *guest = port->guests; guest; guest = guest->next)
		if (guest->peer)
			ub_ring_awake(&guest->connection->rings.in);
}

void ub_guests_end(struct ub_port *port)
{
	for (struct ub_guest *guest = port->guests; guest; guest = guest->next)
		end_guest(port, guest);
	free_gone(port);
}
