/* SPDX-License-Identifier: MIT */
/*
 * A process that waits in every way there is, with commands in flight by all three doors, and
 * something that takes its context or device away.
 */
#ifndef TESTS_VM_CROWD_H
#define TESTS_VM_CROWD_H

#include <liburing.h>
#include <pthread.h>

#include "load.h"

#define GEMMS	3	/* in the mapped queue */

enum way { BY_REAP, BY_EVENTS, BY_CHANNEL, BY_EPOLL, BY_POLLING, WAYS };
enum tag { TAG_SEND = 1, TAG_GEMM, TAG_WAIT, TAGS };

struct crowd {
	int fd, channel, silent;	/* the second event channel has no JFC */
	uint32_t tid, gemm_seg, jfr, reap_jfc, reap_jfs, ring_jfc, send_jfs, gemm_jfs;
	uint8_t *jfr_mem, *data;
	struct mapped m;
	const volatile struct ub_status_page *status;
	struct io_uring ring;
	pthread_t threads[WAYS];
	/* Results; what is shared by atomics alone is the end. */
	int reap_err, channel_err, epoll_err;
	uint32_t epoll_events, fatal, queue_errors, ended;
	uint32_t seen[DEPTH], done_cqes, flushed, succeeded;
	struct ub_hw_cqe reaped[8];
	uint32_t nr_reaped;
};

void crowd_start(struct crowd *c);
void crowd_finish(struct crowd *c);
/* The waits of threads have ended, in a bounded time. */
void crowd_joined(struct crowd *c);
/* Each of the commands ends once; res[tag] gets how. */
void crowd_uring_ended(struct crowd *c, unsigned int want, int res[TAGS]);
void crowd_nothing_twice(const struct crowd *c);
/*
 * A crowd loses what act takes away: each wait ends as it should, doorbells show a private page,
 * memory is given back, and the next one who opens the device is served.
 */
void lose_by(void (*act)(struct crowd *), enum ub_lost how);

#endif
