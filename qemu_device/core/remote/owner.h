/* SPDX-License-Identifier: MIT */
/*
 * What devices of other processes ask of this one: their commands are executed here, by the same
 * functions as those of the device's own queues. Each queue that asks has a stand-in, a send queue
 * without a ring, whose command has its payload part by part; it remembers what was answered last.
 * Of the port's thread alone, and once that has ended of ub_owner_free().
 */
#ifndef UB_CORE_OWNER_H
#define UB_CORE_OWNER_H

#include "fabric/transport.h"
#include "op/op.h"

struct ub_owner *ub_owner_new(void);
/* Ends what is under way, as if each peer had cancelled it. */
void ub_owner_free(struct ub_owner *owner);

/* As struct ub_port_ops has them. */
struct ub_peer *ub_owner_connect(struct ub_core *core, const uint8_t eid[16], uint64_t instance);
void ub_owner_disconnect(struct ub_core *core, struct ub_peer *peer);
bool ub_owner_request(struct ub_core *core, struct ub_peer *peer, const struct ub_frame *frame,
		      void *payload, struct ub_frame *answer);
/* End what its peers have left behind. */
void ub_owner_tick(struct ub_core *core);

#endif
