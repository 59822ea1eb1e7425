/* SPDX-License-Identifier: MIT */
/* Links to devices that this one asks: opened when asked for, and again when lost. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "link/local.h"
#include "link/meet.h"

#define RETRY_NS     2000000u	/* until a link is tried again, the first time */
#define MAX_RETRY_NS 100000000u /* and after many */
#define BATCH	     64		/* answers of one link before the next one's */

/* ---- References and states, from any thread ---- */
void ub_links_get(struct ub_link *link)
{
	atomic_fetch_add_explicit(&link->refs, 1, memory_order_relaxed);
}

void ub_links_put(struct ub_link *link)
{
	if (atomic_fetch_sub_explicit(&link->refs, 1, memory_order_acq_rel) != 1)
		return;
	pthread_mutex_destroy(&link->lock);
	free(link);
}

enum ub_link_state ub_links_state(struct ub_link *link, uint32_t *epoch)
{
	enum ub_link_state state;

	pthread_mutex_lock(&link->lock);
	state = link->state;
	*epoch = link->epoch;
	pthread_mutex_unlock(&link->lock);
	return state;
}

static void wake_port(struct ub_port *port)
{
	const uint64_t one = 1;

	atomic_store(&port->links_changed, true);
	if (write(port->wake, &one, sizeof(one)) < 0)
		return;
}

/* Of the port's thread: those that nobody has any more make room. */
static void drop_unused(struct ub_port *port)
{
	struct ub_link **at = &port->links;

	pthread_mutex_lock(&port->lock);
	while (*at) {
		struct ub_link *link = *at;
		uint32_t epoch;

		if (atomic_load(&link->refs) != 1 ||
		    ub_links_state(link, &epoch) != UB_LINK_ABSENT) {
			at = &link->next;
			continue;
		}
		*at = link->next;
		port->n_links--;
		ub_links_put(link);
	}
	pthread_mutex_unlock(&port->lock);
}

static struct ub_link *new_link(struct ub_port *port, const uint8_t eid[16])
{
	struct ub_link *link;

	link = port->n_links < UB_MAX_LINKS ? calloc(1, sizeof(*link)) : NULL;
	if (!link)
		return NULL;
	link->watch = UB_WATCH_LINK;
	atomic_init(&link->refs, 1);
	link->port = port;
	memcpy(link->eid, eid, 16);
	pthread_mutex_init(&link->lock, NULL);
	link->state = UB_LINK_ABSENT;
	link->next = port->links;
	port->links = link;
	port->n_links++;
	return link;
}

struct ub_link *ub_links_reach(struct ub_port *port, const uint8_t eid[16])
{
	struct ub_link *link;
	bool open = false;

	pthread_mutex_lock(&port->lock);
	for (link = port->links; link; link = link->next)
		if (memcmp(link->eid, eid, 16) == 0)
			break;
	if (!link && !atomic_load(&port->closing))
		link = new_link(port, eid);
	if (link) {
		ub_links_get(link);
		pthread_mutex_lock(&link->lock);
		open = link->state == UB_LINK_ABSENT && !atomic_load(&port->closing);
		if (open)
			link->state = UB_LINK_OPENING;
		pthread_mutex_unlock(&link->lock);
	}
	pthread_mutex_unlock(&port->lock);
	if (open)
		wake_port(port);
	return link;
}

/* ---- Sending, from any thread ---- */
bool ub_links_reserve(struct ub_link *link, uint32_t epoch, uint32_t length, struct ub_room *room)
{
	struct ub_ring_record *record = NULL;

	pthread_mutex_lock(&link->lock);
	if (link->state == UB_LINK_UP && link->epoch == epoch) {
		record = ub_ring_reserve(&link->connection->rings.out, length);
		link->starved = link->starved || !record;
		if (record) {
			room->connection = link->connection;
			ub_connection_get(link->connection);
		}
	}
	pthread_mutex_unlock(&link->lock);
	if (!record)
		return false;
	room->record = record;
	room->frame = &record->frame;
	return true;
}

void ub_links_send(struct ub_link *link, struct ub_room *room, bool ok)
{
	struct ub_connection *c = room->connection;

	(void)link;
	if (ub_ring_post(&c->rings.out, room->record, ok))
		ub_connection_wake(c);
	ub_connection_put(c);
}

/* ---- Opening, by the port's thread ---- */
static void tell_port(struct ub_port *port, bool was_up, bool is_up, bool was_lost, bool is_lost)
{
	unsigned lost = port->n_lost;

	port->n_up += (unsigned)is_up - (unsigned)was_up;
	port->n_lost += (unsigned)is_lost - (unsigned)was_lost;
	if (!lost && port->n_lost)
		port->cfg.ops->port(port->cfg.core, false);
	else if (lost && !port->n_lost)
		port->cfg.ops->port(port->cfg.core, true);
}

/* Takes the reference of c, which replaces what the link had. */
static void set_state(struct ub_link *link, enum ub_link_state state, struct ub_connection *c)
{
	struct ub_port *port = link->port;
	struct ub_connection *old;
	enum ub_link_state was;

	pthread_mutex_lock(&link->lock);
	was = link->state;
	old = link->connection;
	link->state = state;
	link->connection = c;
	link->starved = false;
	if (c)
		link->epoch++;
	pthread_mutex_unlock(&link->lock);
	ub_connection_put(old);
	tell_port(port, was == UB_LINK_UP, state == UB_LINK_UP, was == UB_LINK_LOST,
		  state == UB_LINK_LOST);
	if (was != state || c)
		port->cfg.ops->changed(port->cfg.core, link);
}

static enum ub_link_state state_of(struct ub_link *link)
{
	uint32_t epoch;

	return ub_links_state(link, &epoch);
}

/* It could not be opened. One that was up is tried again; so is a peer that has no time now. */
static void fail_to_open(struct ub_link *link, bool again)
{
	ub_connection_put(link->opening);
	link->opening = NULL;
	link->backoff_ns = link->backoff_ns ? link->backoff_ns * 2 : RETRY_NS;
	if (link->backoff_ns > MAX_RETRY_NS)
		link->backoff_ns = MAX_RETRY_NS;
	link->retry_ns = ub_now_ns() + link->backoff_ns;
	atomic_store(&link->port->links_changed, true);
	if (state_of(link) == UB_LINK_OPENING && !again)
		set_state(link, UB_LINK_ABSENT, NULL);
}

static void open_link(struct ub_link *link)
{
	struct ub_port *port = link->port;
	struct ub_hello hello = { .version = UB_MEET_VERSION,
				  .instance = port->cfg.instance,
				  .upi = port->cfg.upi,
				  .ring_bytes = UB_RING_BYTES };
	int sock = ub_meet_connect(port->folder, link->eid), file, shown;

	if (sock < 0) {
		fail_to_open(link, sock == -EAGAIN);
		return;
	}
	memcpy(hello.magic, UB_MEET_MAGIC, sizeof(hello.magic));
	memcpy(hello.from, port->cfg.eid, 16);
	memcpy(hello.to, link->eid, 16);
	file = ub_ring_file();
	shown = file < 0 ? -1 : ub_meet_send(sock, &hello, file);
	link->opening = ub_connection_new(sock, file, true);
	if (shown || !link->opening || !ub_port_watch(port, sock, &link->watch))
		fail_to_open(link, false);
}

/* The next link after `link` of the list, which may grow at its head meanwhile. */
static struct ub_link *next_link(struct ub_port *port, struct ub_link *link)
{
	pthread_mutex_lock(&port->lock);
	link = link ? link->next : port->links;
	pthread_mutex_unlock(&port->lock);
	return link;
}

uint64_t ub_links_open(struct ub_port *port)
{
	uint64_t next = UINT64_MAX, now = ub_now_ns();

	atomic_store(&port->links_changed, false);
	if (port->n_links > UB_MAX_LINKS / 2)
		drop_unused(port);
	for (struct ub_link *link = NULL; (link = next_link(port, link));) {
		enum ub_link_state state = state_of(link);

		if (link->opening || (state != UB_LINK_OPENING && state != UB_LINK_LOST))
			continue;
		if (link->retry_ns <= now)
			open_link(link);
		state = state_of(link);
		if (!link->opening && (state == UB_LINK_OPENING || state == UB_LINK_LOST) &&
		    link->retry_ns < next)
			next = link->retry_ns;
	}
	return next;
}

static void lose_link(struct ub_link *link)
{
	link->retry_ns = link->backoff_ns = 0;
	set_state(link, UB_LINK_LOST, NULL);
	atomic_store(&link->port->links_changed, true);
}

/* The answer to what it has shown. */
static void greet(struct ub_link *link)
{
	struct ub_connection *c = link->opening;
	struct ub_hello hello;
	int file, ret = ub_meet_receive(c->sock, &hello, &file);

	if (ret == -EAGAIN || ret == -EINTR)
		return;
	if (!ret && file >= 0)
		close(file);
	if (ret || hello.version != UB_MEET_VERSION || hello.refusal ||
	    memcmp(hello.from, link->eid, 16) != 0) {
		fail_to_open(link, ret != 0);
		return;
	}
	link->opening = NULL;
	link->backoff_ns = 0;
	set_state(link, UB_LINK_UP, c);
}

/* Whoever found no room is to look again. */
static void tell_room(struct ub_link *link)
{
	struct ub_port *port = link->port;
	bool starved;

	pthread_mutex_lock(&link->lock);
	starved = link->starved;
	link->starved = false;
	pthread_mutex_unlock(&link->lock);
	if (starved)
		port->cfg.ops->changed(port->cfg.core, link);
}

/* ---- Answers ---- */
static bool serve_link(struct ub_link *link)
{
	struct ub_port *port = link->port;
	struct ub_ring *in = &link->connection->rings.in;
	struct ub_ring_record *record;
	struct ub_frame frame;
	bool broken;
	unsigned n = 0;

	while (n < BATCH && (record = ub_ring_next(in, &frame))) {
		if (frame.version && (ub_frame_check(&frame) || frame.kind != UB_FRAME_ANSWER)) {
			in->broken = true;
			break;
		}
		if (frame.version)
			port->cfg.ops->answer(port->cfg.core, link, &frame, record->payload);
		if (ub_ring_take(in))
			ub_connection_wake(link->connection);
		n++;
	}
	if (n)
		tell_room(link);
	pthread_mutex_lock(&link->lock);
	broken = in->broken || link->connection->rings.out.broken;
	pthread_mutex_unlock(&link->lock);
	if (broken)
		lose_link(link);
	return n;
}

void ub_links_event(struct ub_link *link)
{
	if (link->opening) {
		greet(link);
	} else if (link->connection && !ub_connection_woken(link->connection)) {
		/* What the other side had answered before it ended. */
		while (link->connection && serve_link(link))
			;
		if (link->connection)
			lose_link(link);
	} else {
		tell_room(link);
	}
}

bool ub_links_serve(struct ub_port *port)
{
	bool any = false;

	for (struct ub_link *link = NULL; (link = next_link(port, link));)
		if (link->connection)
			any = serve_link(link) || any;
	return any;
}

bool ub_links_sleep(struct ub_port *port)
{
	bool quiet = !atomic_load(&port->links_changed);

	for (struct ub_link *link = NULL; (link = next_link(port, link));)
		if (link->connection)
			quiet = ub_ring_sleep(&link->connection->rings.in) && quiet;
	return quiet;
}

void ub_links_awake(struct ub_port *port)
{
	for (struct ub_link *link = NULL; (link = next_link(port, link));)
		if (link->connection)
			ub_ring_awake(&link->connection->rings.in);
}

void ub_links_end(struct ub_port *port)
{
	struct ub_link *link;

	pthread_mutex_lock(&port->lock);
	while ((link = port->links)) {
		port->links = link->next;
		pthread_mutex_unlock(&port->lock);
		ub_connection_put(link->opening);
		link->opening = NULL;
		set_state(link, UB_LINK_ABSENT, NULL);
		ub_links_put(link);
		pthread_mutex_lock(&port->lock);
	}
	pthread_mutex_unlock(&port->lock);
}
