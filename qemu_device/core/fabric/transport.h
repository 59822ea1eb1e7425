/* SPDX-License-Identifier: MIT */
/*
 * What carries frames to devices of other processes. A device has one port, and a link to each
 * device it has asked something of: requests go out by it and answers come back, in order. What
 * others ask of this device comes by links of theirs, which the transport keeps to itself.
 *
 * Nothing here waits for a peer but open(), which may take the time of a file system: not reach(),
 * not reserve(), not send(). They may be called from any thread, also with dma_lock held, and lock
 * nothing that is held while anything else of the core is called. A build with UB_DEBUG aborts when
 * a thread waits in the transport that runs a queue.
 *
 * The core's functions are called from the port's own thread, one at a time, with no lock of the
 * transport held. They take dma_lock and what comes after it, and wait for no peer either.
 *
 * Back pressure: reserve() gives NULL when the peer has not yet taken what was sent before. Then
 * changed() is called once there may be room.
 *
 * Generation: a link's epoch grows with each connection. What was sent in an epoch that has ended
 * may have arrived or not, and its answers are lost; whoever sent it sends it again.
 */
#ifndef UB_CORE_TRANSPORT_H
#define UB_CORE_TRANSPORT_H

#include "fabric/frame.h"

struct ub_core;
struct ub_link;
struct ub_peer;			/* of the core: a device that asks */
struct ub_port;

enum ub_link_state {
	UB_LINK_OPENING,	/* it will be one of the others soon */
	UB_LINK_UP,
	UB_LINK_LOST,		/* was UP; the transport tries to open it again, until it is put */
	UB_LINK_ABSENT,		/* no such device, or it refuses: reach() tries again */
};

/* Where a frame is put together; private to the transport but for frame. */
struct ub_room {
	struct ub_frame *frame;
	void *connection, *record;
};

/* What the core does for the port. */
struct ub_port_ops {
	/*
	 * A frame of the peer's, a REQUEST or a CANCEL, that passed ub_frame_check(). Fills answer,
	 * and up to UB_FRAME_PIECE bytes behind it; false: there is none.
	 */
	bool (*request)(struct ub_core *core, struct ub_peer *peer, const struct ub_frame *frame,
			void *payload, struct ub_frame *answer);
	/* An ANSWER that came by the link and passed ub_frame_check(). */
	void (*answer)(struct ub_core *core, struct ub_link *link, const struct ub_frame *frame,
		       const void *payload);
	/* The link's state or epoch is another, or there may be room again. */
	void (*changed)(struct ub_core *core, struct ub_link *link);
	/* Between them: links up that were not, and lost that were up. */
	void (*port)(struct ub_core *core, bool active);
	/*
	 * A device connects; instance tells its lives apart. NULL: there is no room for it. The
	 * same one may connect again before its last connection is known to have ended.
	 */
	struct ub_peer *(*connect)(struct ub_core *core, const uint8_t eid[16], uint64_t instance);
	void (*disconnect)(struct ub_core *core, struct ub_peer *peer);
	/* Now and then, at least each second while a peer is known. */
	void (*tick)(struct ub_core *core);
	/* Around the thread's life. */
	void (*enter)(struct ub_core *core);
	void (*leave)(struct ub_core *core);
};

struct ub_port_config {
	const char *path;		/* where members of the fabric meet */
	uint8_t eid[16];
	uint32_t upi;
	uint64_t instance;		/* another for each life of the device */
	uint32_t poll_ns;		/* the port's thread polls so long before it sleeps */
	const struct ub_port_ops *ops;
	struct ub_core *core;
};

struct ub_transport {
	/* NULL: error, of size bytes, says why. */
	struct ub_port *(*open)(const struct ub_port_config *config, char *error, size_t size);
	/*
	 * Begin to leave: no function of the core is called any more once closed() says so. Links
	 * outlive it until they are put, and are ABSENT.
	 */
	void (*close)(struct ub_port *port);
	bool (*closed)(struct ub_port *port);
	void (*free)(struct ub_port *port);
	/* In a child of fork(): let go of what is the parent's. The port is not used again. */
	void (*forget)(struct ub_port *port);
	/* A link to that device, referenced; NULL: no memory. */
	struct ub_link *(*reach)(struct ub_port *port, const uint8_t eid[16]);
	void (*get)(struct ub_link *link);
	void (*put)(struct ub_link *link);
	enum ub_link_state (*state)(struct ub_link *link, uint32_t *epoch);
	/*
	 * Room for a header and so many bytes behind it, in that epoch; false: not now. Then send()
	 * it, or with ok false leave it out; others' frames wait behind it until then.
	 */
	bool (*reserve)(struct ub_link *link, uint32_t epoch, uint32_t length,
			struct ub_room *room);
	void (*send)(struct ub_link *link, struct ub_room *room, bool ok);
};

#endif
