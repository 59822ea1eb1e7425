/* SPDX-License-Identifier: MIT */
/* What a user can rely on in completions, whatever it or its neighbours did. */
#include "guest.h"

/* Indices of a send queue's completions go up: none of its WQEs completes twice. */
static void check_sent(struct gjfs *q, uint32_t idx)
{
	must(!q->seen || (int32_t)(idx - q->last) > 0);
	q->seen = true;
	q->last = idx;
}

static void check_received(struct gjfr *r, uint32_t idx)
{
	must(r->seen[idx % WINDOW] != (uint64_t)idx + 1);
	r->seen[idx % WINDOW] = (uint64_t)idx + 1;
}

static void check_cqe(struct gctx *ctx, const struct ub_hw_cqe *cqe)
{
	bool marker =
		cqe->status == UB_CR_WR_SUSPEND_DONE || cqe->status == UB_CR_WR_FLUSH_ERR_DONE;

	must(cqe->status <= UB_CR_REM_DATA_POISON && cqe->substatus <= UB_SUB_PROGRAM);
	must(cqe->timestamp_ns != 0 && cqe->rsvd == 0);
	if (cqe->flags & UB_CQE_RECV) {
		must(cqe->local_id == ctx->jfr.id || cqe->flags & UB_CQE_JETTY);
		check_received(&ctx->jfr, cqe->idx);
		return;
	}
	for (unsigned i = 0; i < QUEUES; i++) {
		struct gjfs *q = &ctx->jfs[i];

		if (q->id != cqe->local_id)
			continue;
		must(!!(cqe->flags & UB_CQE_JETTY) == (i == 1));
		if (!marker)
			check_sent(q, cqe->idx);
		return;
	}
	must(!"a queue of this context");
}

static bool is_there(const struct ub_hw_cqe *slot, uint32_t index)
{
	uint32_t head = __atomic_load_n((const uint32_t *)slot, __ATOMIC_ACQUIRE);

	return (head >> 24 & UB_CQE_OWNER) == ub_hw_owner(index, DEPTH);
}

void guest_drain(struct guest *g, struct gctx *ctx)
{
	struct gjfc *jfc = &ctx->jfc;
	uint32_t pi = ub_load(&jfc->rec->pi);

	if (g->tainted || ctx->tainted)
		return;
	must(pi - jfc->ci <= DEPTH);
	while (jfc->ci != pi) {
		const struct ub_hw_cqe *slot = &jfc->ring[jfc->ci & (DEPTH - 1)];

		must(is_there(slot, jfc->ci));
		check_cqe(ctx, slot);
		jfc->ci++;
	}
	ub_store(&jfc->rec->ci, jfc->ci);
}

void guest_drain_all(struct guest *g)
{
	for (unsigned d = 0; d < DEVICES; d++)
		for (unsigned c = 0; c < CONTEXTS; c++)
			guest_drain(g, &g->ctx[d][c]);
}
