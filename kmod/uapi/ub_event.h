/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/* What a context's file gives by read(2) and mmap(2), of <ub/ub_uapi.h>. */
#ifndef UB_EVENT_H
#define UB_EVENT_H

#include <linux/types.h>

/*
 * Asynchronous events: read(2) on the context file returns whole records, poll(2) tells when.
 * A lost device gives one UB_EVENT_DEV_FATAL, then end of file.
 */
struct ub_async_event {
	__u32 type;		/* enum ub_event_type */
	__u32 id;		/* queue concerned */
	__u32 info;		/* cause: enum ub_cr_status */
	__u32 lost;		/* events dropped before this one */
	__u64 time_ns;		/* CLOCK_MONOTONIC */
};

/*
 * mmap(2) offsets. A doorbell page is mapped with the db_offset that created it: one page,
 * MAP_SHARED, PROT_READ|PROT_WRITE, by the context that owns the queue. The status page is
 * read-only, offset UB_MMAP_STATUS.
 */
#define UB_MMAP_STATUS		0ull
#define UB_MMAP_JFS_DB(id)	((1ull << 40) | ((__u64)(id) << 12))
#define UB_MMAP_JFC_DB(id)	((2ull << 40) | ((__u64)(id) << 12))

enum ub_lost {
	UB_LOST_NO		= 0,
	UB_LOST_DEVICE		= 1,	/* the device is gone or was reset */
	UB_LOST_CONTEXT		= 2,	/* this context alone was reset */
};

struct ub_status_page {
	__u32 generation;	/* the device's, now */
	__u32 lost;		/* enum ub_lost; anything but 0 is for good */
};

#endif
