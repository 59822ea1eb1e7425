/* SPDX-License-Identifier: MIT */
/* A socket with two rings. */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "link/local.h"

struct ub_connection *ub_connection_new(int sock, int file, bool made_it)
{
	struct ub_connection *c = calloc(1, sizeof(*c));

	if (c) {
		atomic_init(&c->refs, 1);
		c->sock = sock;
	}
	if (c && ub_rings_map(&c->rings, file, made_it)) {
		close(file);
		return c;
	}
	close(sock);
	close(file);
	free(c);
	return NULL;
}

void ub_connection_get(struct ub_connection *c)
{
	atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
}

void ub_connection_put(struct ub_connection *c)
{
	if (!c || atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) != 1)
		return;
	ub_rings_unmap(&c->rings);
	close(c->sock);
	free(c);
}

/*
 * By the socket and not by a descriptor of the other side's, since a write to that could be made to
 * wait. When the socket is full, the other side has been woken.
 */
void ub_connection_wake(const struct ub_connection *c)
{
	const char byte = 0;

	if (send(c->sock, &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return;
}

bool ub_connection_woken(const struct ub_connection *c)
{
	char byte;
	ssize_t n;

	do
		n = recv(c->sock, &byte, 1, MSG_DONTWAIT);
	while (n > 0);
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

uint64_t ub_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

bool ub_port_watch(struct ub_port *port, int fd, enum ub_watch *what)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = what };

	return epoll_ctl(port->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}
