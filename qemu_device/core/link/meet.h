/* SPDX-License-Identifier: MIT */
/*
 * How members of a fabric on one host find each other: each has a socket named after its EID in the
 * fabric's folder, and whoever wants something of it connects and shows who it is.
 */
#ifndef UB_CORE_MEET_H
#define UB_CORE_MEET_H

#include "base/words.h"

#define UB_MEET_MAGIC	"UBFABRIC"
#define UB_MEET_VERSION	1

/* The first and only message of either side, by SOCK_SEQPACKET. */
struct ub_hello {
	char magic[8];
	uint32_t version;
	uint32_t refusal;		/* of an answer: enum ub_meet_refusal */
	uint8_t from[16], to[16];	/* EIDs */
	uint64_t instance;		/* of from's device */
	uint32_t upi;
	uint32_t ring_bytes;
};

enum ub_meet_refusal {
	UB_MEET_WELCOME,
	UB_MEET_VERSION_DIFFERS,
	UB_MEET_NOT_HERE,		/* another EID has the socket */
	UB_MEET_PARTITION,		/* another UPI */
	UB_MEET_FULL,			/* no room for one more */
	UB_MEET_RINGS,			/* no ring file, or one that cannot be trusted */
};

/* The folder, or -1 and why in words. */
int ub_meet_open(const char *path, char *error, size_t size);
/* A socket that listens under the EID's name, or -1 and why: who has the EID. */
int ub_meet_listen(int folder, const uint8_t eid[16], char *error, size_t size);
/* Its name is free again. */
void ub_meet_leave(int folder, const uint8_t eid[16], int listener);
/* A socket that is connected, or -errno; does not wait. */
int ub_meet_connect(int folder, const uint8_t eid[16]);

/* With a descriptor, or -1: none. 0, or -errno. Does not wait. */
int ub_meet_send(int sock, const struct ub_hello *hello, int fd);
/* *fd is the caller's, -1: none came. 0, -EAGAIN: nothing yet, or another -errno: it has ended. */
int ub_meet_receive(int sock, struct ub_hello *hello, int *fd);

#endif
