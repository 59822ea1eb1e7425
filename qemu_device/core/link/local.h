/* SPDX-License-Identifier: MIT */
/*
 * The transport `local`: processes of one host. A connection is a socket, which says when the other
 * side ends, and two rings in shared memory. All of a port is its thread's, but for the list of
 * links and what a link's own lock covers.
 */
#ifndef UB_CORE_LOCAL_H
#define UB_CORE_LOCAL_H

#include "fabric/transport.h"
#include "link/ring.h"

#define UB_MAX_GUESTS	1024
#define UB_MAX_LINKS	4096

/* What an event of the port's epoll is about; first in what it names. */
enum ub_watch { UB_WATCH_WAKE, UB_WATCH_LISTENER, UB_WATCH_LINK, UB_WATCH_GUEST };

struct ub_connection {
	atomic_uint refs;
	int sock;
	struct ub_rings rings;
};

struct ub_link {
	enum ub_watch watch;
	atomic_uint refs;
	struct ub_link *next;		/* port.lock */
	struct ub_port *port;		/* the port's thread alone follows it */
	uint8_t eid[16];
	struct ub_connection *opening;	/* of the port's thread: shown itself, no answer yet */
	uint64_t retry_ns, backoff_ns;	/* when it tries again, and how long after that */
	pthread_mutex_t lock;
	enum ub_link_state state;
	uint32_t epoch;
	bool starved;			/* somebody found no room */
	struct ub_connection *connection;	/* UP */
};

struct ub_guest {
	enum ub_watch watch;
	struct ub_guest *next;
	int sock;			/* of the connection, once there is one */
	struct ub_connection *connection;
	uint8_t eid[16];
	struct ub_peer *peer;		/* NULL: it has not shown itself */
	bool starved;			/* no room for the answer to its next request */
	bool gone;
};

struct ub_port {
	enum ub_watch listener_watch, wake_watch;
	struct ub_port_config cfg;
	int folder, listener, epoll, wake;
	pthread_t thread;
	bool started;
	atomic_bool closing, closed;
	pthread_mutex_t lock;
	struct ub_link *links;
	unsigned n_links;
	atomic_bool links_changed;	/* one is to be opened */
	struct ub_guest *guests;
	unsigned n_guests;
	unsigned n_up, n_lost;		/* links, for ops->port() */
};

extern const struct ub_transport ub_transport_local;

/* ---- connection.c ---- */
/* Takes the descriptors, whatever comes of it. NULL: no memory, or no rings in that file. */
struct ub_connection *ub_connection_new(int sock, int file, bool made_it);
void ub_connection_get(struct ub_connection *c);
void ub_connection_put(struct ub_connection *c);
/* The other side's thread sleeps. */
void ub_connection_wake(const struct ub_connection *c);
/* Of the side that was woken; false: the other has ended. */
bool ub_connection_woken(const struct ub_connection *c);
uint64_t ub_now_ns(void);
/* For that event alone of the descriptor; false: no memory. */
bool ub_port_watch(struct ub_port *port, int fd, enum ub_watch *what);

/* ---- links.c: what this device asks others ---- */
struct ub_link *ub_links_reach(struct ub_port *port, const uint8_t eid[16]);
void ub_links_get(struct ub_link *link);
void ub_links_put(struct ub_link *link);
enum ub_link_state ub_links_state(struct ub_link *link, uint32_t *epoch);
bool ub_links_reserve(struct ub_link *link, uint32_t epoch, uint32_t length,
		      struct ub_room *room);
void ub_links_send(struct ub_link *link, struct ub_room *room, bool ok);
/* Of the port's thread: open those that are due; when the next one is, or UINT64_MAX. */
uint64_t ub_links_open(struct ub_port *port);
/* The socket has something to say. */
void ub_links_event(struct ub_link *link);
/* Give answers to the core; whether there were any. */
bool ub_links_serve(struct ub_port *port);
/* Before the thread sleeps, and after: false when there is something to do. */
bool ub_links_sleep(struct ub_port *port);
void ub_links_awake(struct ub_port *port);
void ub_links_end(struct ub_port *port);

/* ---- guests.c: what others ask this device ---- */
void ub_guests_accept(struct ub_port *port);
void ub_guests_event(struct ub_port *port, struct ub_guest *guest);
bool ub_guests_serve(struct ub_port *port);
bool ub_guests_sleep(struct ub_port *port);
void ub_guests_awake(struct ub_port *port);
void ub_guests_end(struct ub_port *port);

#endif
