/* SPDX-License-Identifier: MIT */
/* The port of the transport `local`: its thread, and how it comes and goes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "fabric/nowait.h"
#include "link/local.h"
#include "link/meet.h"

#define EVENTS	      32
#define TICK_NS	      500000000u /* between calls of ops->tick() */
#define SOCKETS_EVERY 64	 /* rounds of rings between looks at the sockets */

/* ---- The thread ---- */
static void drain_wake(struct ub_port *port)
{
	uint64_t n;

	if (read(port->wake, &n, sizeof(n)) < 0)
		return;
}

static void serve_event(struct ub_port *port, void *what)
{
	switch (*(enum ub_watch *)what) {
	case UB_WATCH_WAKE:
		drain_wake(port);
		break;
	case UB_WATCH_LISTENER:
		ub_guests_accept(port);
		break;
	case UB_WATCH_LINK:
		ub_links_event(what);
		break;
	case UB_WATCH_GUEST:
		ub_guests_event(port, what);
		break;
	}
}

static void look_at_sockets(struct ub_port *port, int timeout_ms)
{
	struct epoll_event events[EVENTS];
	int n;

	if (timeout_ms)
		ub_may_wait();
	n = epoll_wait(port->epoll, events, EVENTS, timeout_ms);
	for (int i = 0; i < n; i++)
		serve_event(port, events[i].data.ptr);
}

static bool serve_rings(struct ub_port *port)
{
	bool any = ub_guests_serve(port);

	return ub_links_serve(port) || any;
}

static void sleep_port(struct ub_port *port, uint64_t until)
{
	bool quiet = ub_links_sleep(port);
	uint64_t now = ub_now_ns();

	quiet = ub_guests_sleep(port) && quiet;
	if (quiet && until > now && !atomic_load(&port->closing))
		look_at_sockets(port, (int)((until - now + 999999) / 1000000));
	else
		look_at_sockets(port, 0);
	ub_links_awake(port);
	ub_guests_awake(port);
}

static void run_port(struct ub_port *port)
{
	uint64_t idle_ns = ub_now_ns(), tick_ns = idle_ns + TICK_NS, open_ns = 0;
	unsigned rounds = 0;

	while (!atomic_load(&port->closing)) {
		uint64_t now = ub_now_ns();

		if (atomic_load(&port->links_changed) || now >= open_ns)
			open_ns = ub_links_open(port);
		if (now >= tick_ns) {
			port->cfg.ops->tick(port->cfg.core);
			tick_ns = now + TICK_NS;
		}
		if (serve_rings(port))
			idle_ns = now;
		else if (now - idle_ns >= port->cfg.poll_ns)
			sleep_port(port, open_ns < tick_ns ? open_ns : tick_ns);
		if (++rounds % SOCKETS_EVERY == 0)
			look_at_sockets(port, 0);
	}
}

static void *port_main(void *arg)
{
	struct ub_port *port = arg;
	const struct ub_port_ops *ops = port->cfg.ops;

	ops->enter(port->cfg.core);
	run_port(port);
	ub_meet_leave(port->folder, port->cfg.eid, port->listener);
	port->listener = -1;
	ub_guests_end(port);
	ub_links_end(port);
	ops->leave(port->cfg.core);
	atomic_store(&port->closed, true);
	return NULL;
}

/* ---- Coming and going ---- */
static void close_local(struct ub_port *port)
{
	const uint64_t one = 1;

	atomic_store(&port->closing, true);
	if (write(port->wake, &one, sizeof(one)) < 0)
		return;
}

static bool is_closed(struct ub_port *port)
{
	return !port->started || atomic_load(&port->closed);
}

static void free_local(struct ub_port *port)
{
	if (port->started)
		pthread_join(port->thread, NULL);
	if (port->listener >= 0)
		ub_meet_leave(port->folder, port->cfg.eid, port->listener);
	if (port->epoll >= 0)
		close(port->epoll);
	if (port->wake >= 0)
		close(port->wake);
	if (port->folder >= 0)
		close(port->folder);
	pthread_mutex_destroy(&port->lock);
	free(port);
}

/* Its thread is the parent's; what it shares with others is let go, so that they see it end. */
static void forget_local(struct ub_port *port)
{
	for (struct ub_guest *guest = port->guests; guest; guest = guest->next)
		close(guest->sock);
	for (struct ub_link *link = port->links; link; link = link->next) {
		if (link->opening)
			close(link->opening->sock);
		if (link->connection)
			close(link->connection->sock);
	}
	if (port->listener >= 0)
		close(port->listener);
	close(port->epoll);
	close(port->wake);
	close(port->folder);
}

static bool open_descriptors(struct ub_port *port, char *error, size_t size)
{
	port->folder = ub_meet_open(port->cfg.path, error, size);
	if (port->folder < 0)
		return false;
	port->listener = ub_meet_listen(port->folder, port->cfg.eid, error, size);
	if (port->listener < 0)
		return false;
	port->epoll = epoll_create1(EPOLL_CLOEXEC);
	port->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	port->wake_watch = UB_WATCH_WAKE;
	port->listener_watch = UB_WATCH_LISTENER;
	if (port->epoll >= 0 && port->wake >= 0 &&
	    ub_port_watch(port, port->wake, &port->wake_watch) &&
	    ub_port_watch(port, port->listener, &port->listener_watch))
		return true;
	snprintf(error, size, "no descriptors for the fabric's port: %s", strerror(errno));
	return false;
}

static struct ub_port *open_local(const struct ub_port_config *config, char *error, size_t size)
{
	struct ub_port *port = calloc(1, sizeof(*port));

	if (!port) {
		snprintf(error, size, "no memory for the fabric's port");
		return NULL;
	}
	port->cfg = *config;
	port->folder = port->listener = port->epoll = port->wake = -1;
	pthread_mutex_init(&port->lock, NULL);
	if (open_descriptors(port, error, size)) {
		port->started = !pthread_create(&port->thread, NULL, port_main, port);
		if (port->started)
			return port;
		snprintf(error, size, "no thread for the fabric's port could be started");
	}
	free_local(port);
	return NULL;
}

const struct ub_transport ub_transport_local = {
	.open = open_local,
	.close = close_local,
	.closed = is_closed,
	.free = free_local,
	.forget = forget_local,
	.reach = ub_links_reach,
	.get = ub_links_get,
	.put = ub_links_put,
	.state = ub_links_state,
	.reserve = ub_links_reserve,
	.send = ub_links_send,
};
