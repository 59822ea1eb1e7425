/* SPDX-License-Identifier: MIT */
/* What a send queue keeps for commands at other processes, made when it first has one. */
#include <stdlib.h>

#include "engine/request.h"

struct ub_request *ub_request_new(void)
{
	struct ub_request *rq = calloc(1, sizeof(*rq));

	if (rq)
		pthread_mutex_init(&rq->lock, NULL);
	return rq;
}

void ub_request_free(struct ub_request *rq)
{
	if (!rq)
		return;
	pthread_mutex_destroy(&rq->lock);
	free(rq->payload);
	free(rq);
}
