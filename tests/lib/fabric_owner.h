/* SPDX-License-Identifier: MIT */
/* Another process with a device on the fabric: it owns memory and a receive queue. */
#ifndef TESTS_LIB_FABRIC_OWNER_H
#define TESTS_LIB_FABRIC_OWNER_H

#include <stdatomic.h>
#include <sys/types.h>

#include "common.h"

#define OWNER_BYTES	(4u << 20)
#define OWNER_RECV	(1u << 20)	/* bytes of each receive WQE */
#define OWNER_DEPTH	64
#define OWNER_CRS	1024

/* Memory that both processes map; the segment is part of it, so the asking side can look. */
struct owner {
	atomic_int ready;		/* 1: serves; -1: its device could not be made */
	atomic_uint posted, wanted;	/* receive WQEs, of OWNER_RECV bytes in turn */
	atomic_uint n_crs;
	struct ub_cr cr[OWNER_CRS];
	struct ub_desc seg, jfr;
	char error[300];
	_Alignas(4096) uint8_t memory[OWNER_BYTES];
	_Alignas(4096) uint8_t messages[2 * OWNER_RECV];
	/* Of the asking side */
	pid_t pid;
	struct ub_target target, receiver;
};

/* The device `soft:DEVICE` in a process of its own, which serves until it is ended. */
struct owner *owner_start(const char *device);
/* The same memory, once more, after owner_kill(). */
void owner_restart(struct owner *o, const char *device);
/* kill -9, and its end is waited for. */
void owner_kill(struct owner *o);
void owner_stop(struct owner *o);
/* So many receive WQEs more. */
void owner_receive(struct owner *o, unsigned n);
/* The nth completion of its receives. */
struct ub_cr owner_cr(struct owner *o, unsigned nth);

#endif
