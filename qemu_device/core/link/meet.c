/* SPDX-License-Identifier: MIT */
/* Sockets in a fabric's folder. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "link/meet.h"

#define NEW_NAME ".new"
#define BACKLOG	 128
#define LOCK_MS	 5000
#define SOCKET	 (SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK)

/* 32 hex digits. */
static void eid_name(const uint8_t eid[16], char name[33])
{
	for (unsigned i = 0; i < 16; i++)
		snprintf(name + 2 * i, 3, "%02x", eid[i]);
}

/* By way of /proc, since a socket's address has room for short paths alone. */
static struct sockaddr_un address_of(int folder, const char *name)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/%s", folder, name);
	return addr;
}

int ub_meet_open(const char *path, char *error, size_t size)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		snprintf(error, size,
			 "fabric %s: %s; a fabric is a folder that its members may "
			 "write to: make it first",
			 path, strerror(errno));
	return fd;
}

int ub_meet_connect(int folder, const uint8_t eid[16])
{
	int fd = socket(AF_UNIX, SOCKET, 0), ret;
	struct sockaddr_un addr;
	char name[33];

	if (fd < 0)
		return -errno;
	eid_name(eid, name);
	addr = address_of(folder, name);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}

/* ---- Listening ---- */
/* sock is connected to it, or negative: it has no time to say. */
static void say_who_has_it(int sock, const uint8_t eid[16], char *error, size_t size)
{
	char name[33], has[60] = "another process";
	socklen_t len = sizeof(struct ucred);
	struct ucred who;

	eid_name(eid, name);
	if (sock >= 0 && getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0)
		snprintf(has, sizeof(has), "process %d of user %u", (int)who.pid,
			 (unsigned)who.uid);
	snprintf(error, size, "EID %s is taken in this fabric: %s has it; give this device another",
		 name, has);
}

/*
 * Under another name until it listens, so that whoever connects finds it or nobody; the name of a
 * process that was killed is taken over. With the folder locked.
 */
static int listen_as(int folder, int sock, const uint8_t eid[16], char *error, size_t size)
{
	struct sockaddr_un addr = address_of(folder, NEW_NAME);
	int other = ub_meet_connect(folder, eid);
	char name[33];

	eid_name(eid, name);
	if (other >= 0 || other == -EAGAIN) {
		say_who_has_it(other, eid, error, size);
		if (other >= 0)
			close(other);
		return -1;
	}
	unlinkat(folder, NEW_NAME, 0);
	if (bind(sock, (struct sockaddr *)&addr, sizeof(addr)) == 0 && listen(sock, BACKLOG) == 0 &&
	    renameat(folder, NEW_NAME, folder, name) == 0)
		return 0;
	snprintf(error, size,
		 "the fabric's socket %s cannot be made: %s; its folder must be "
		 "writable for this user",
		 name, strerror(errno));
	unlinkat(folder, NEW_NAME, 0);
	return -1;
}

/* Others hold it as long as this takes them. */
static int lock_folder(int folder)
{
	const struct timespec ms = { .tv_nsec = 1000000 };

	for (unsigned i = 0; i < LOCK_MS; i++) {
		if (flock(folder, LOCK_EX | LOCK_NB) == 0)
			return 0;
		nanosleep(&ms, NULL);
	}
	return -1;
}

int ub_meet_listen(int folder, const uint8_t eid[16], char *error, size_t size)
{
	int sock = socket(AF_UNIX, SOCKET, 0), ret = -1;

	if (sock < 0) {
		snprintf(error, size, "no socket for the fabric: %s", strerror(errno));
		return -1;
	}
	if (lock_folder(folder)) {
		snprintf(error, size,
			 "the fabric's folder cannot be locked: %s; another process "
			 "keeps it",
			 strerror(errno));
	} else {
		ret = listen_as(folder, sock, eid, error, size);
		flock(folder, LOCK_UN);
	}
	if (!ret)
		return sock;
	close(sock);
	return -1;
}

void ub_meet_leave(int folder, const uint8_t eid[16], int listener)
{
	char name[33];

	eid_name(eid, name);
	/* While it listens nobody else can have the name. */
	unlinkat(folder, name, 0);
	close(listener);
}

/* ---- Messages ---- */
union control {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(int))];
};

int ub_meet_send(int sock, const struct ub_hello *hello, int fd)
{
	struct ub_hello copy = *hello;
	struct iovec iov = { .iov_base = &copy, .iov_len = sizeof(copy) };
	union control control = { .header = { .cmsg_level = SOL_SOCKET,
					      .cmsg_type = SCM_RIGHTS,
					      .cmsg_len = CMSG_LEN(sizeof(fd)) } };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t sent;

	if (fd >= 0) {
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
	}
	sent = sendmsg(sock, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (sent < 0)
		return -errno;
	return sent == sizeof(copy) ? 0 : -EIO;
}

/* The kernel closes those that there was no room for. */
static int taken_fd(struct msghdr *msg)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);
	int fd = -1;

	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len == CMSG_LEN(sizeof(fd)))
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

int ub_meet_receive(int sock, struct ub_hello *hello, int *fd)
{
	union control control;
	struct iovec iov = { .iov_base = hello, .iov_len = sizeof(*hello) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(sock, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	*fd = -1;
	if (n < 0)
		return -errno;
	*fd = taken_fd(&msg);
	if (n == sizeof(*hello) && !(msg.msg_flags & MSG_TRUNC) &&
	    memcmp(hello->magic, UB_MEET_MAGIC, sizeof(hello->magic)) == 0)
		return 0;
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	return n ? -EPROTO : -EPIPE;
}
