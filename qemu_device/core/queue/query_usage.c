/* SPDX-License-Identifier: MIT */
/* QUERY_USAGE: records of contexts or of send queues, from an id on, as many as there is room. */
#include <stdlib.h>

#include "engine/usage.h"
#include "queue/queue.h"

#define USAGE_OFF(member) UB_ADMIN_OFF(usage.member)
#define RECORD ((uint32_t)sizeof(struct ub_hw_usage))

static int check_usage(struct ub_admin *a)
{
	const struct ub_admin_usage *u = &a->cmd->usage;

	if (!a->core->cfg.usage)
		return ub_admin_fail(a, UB_ADMIN_BAD_OPCODE, UB_ADMIN_OFF(opcode));
	if (u->base % RECORD)
		return ub_admin_fail(a, UB_ADMIN_BAD_FIELD, USAGE_OFF(base));
	if (!u->bytes || u->bytes % RECORD || u->bytes > UB_USAGE_MAX_BYTES)
		return ub_admin_fail(a, UB_ADMIN_BAD_FIELD, USAGE_OFF(bytes));
	if (u->kind != UB_USAGE_CONTEXT && u->kind != UB_USAGE_JFS)
		return ub_admin_fail(a, UB_ADMIN_BAD_FIELD, USAGE_OFF(kind));
	return 0;
}

static void record_ctx(struct ub_hw_usage *record, struct ub_ctx *ctx)
{
	*record = ctx->gone;
	record->id = record->tid = ctx->obj.id;
}

static void record_jfs(struct ub_hw_usage *record, struct ub_jfs *jfs)
{
	record->id = jfs->obj.id;
	record->tid = jfs->ctx->obj.id;
	ub_usage_add(record, jfs);
}

/* One walk over the queues, for all contexts of the records. */
static void add_living(struct ub_core *core, struct ub_hw_usage *records, uint32_t n)
{
	struct ub_obj *obj;

	for (uint32_t id = 0; (obj = ub_idmap_next(&core->map[UB_KIND_JFS], &id));) {
		struct ub_jfs *jfs = ub_container(obj, struct ub_jfs, obj);

		for (uint32_t i = 0; i < n; i++)
			if (records[i].tid == jfs->ctx->obj.id)
				ub_usage_add(&records[i], jfs);
	}
}

/* Under dma_lock. How many there are; *next is the id behind them, or 0. */
static uint32_t fill_records(struct ub_core *core, const struct ub_admin_cmd *cmd,
			     struct ub_hw_usage *records, uint32_t *next)
{
	enum ub_kind kind = cmd->usage.kind == UB_USAGE_JFS ? UB_KIND_JFS : UB_KIND_CTX;
	uint32_t room = cmd->usage.bytes / RECORD, n = 0, id = cmd->id ? cmd->id - 1 : 0;
	struct ub_obj *obj;

	*next = 0;
	while ((obj = ub_idmap_next(&core->map[kind], &id))) {
		if (n == room) {
			*next = id;
			break;
		}
		if (kind == UB_KIND_JFS)
			record_jfs(&records[n++], ub_container(obj, struct ub_jfs, obj));
		else
			record_ctx(&records[n++], ub_container(obj, struct ub_ctx, obj));
	}
	if (kind == UB_KIND_CTX)
		add_living(core, records, n);
	return n;
}

/* A record lies in one page, so each is one piece of memory. */
static bool write_record(struct ub_core *core, uint64_t addr, const struct ub_hw_usage *record)
{
	size_t len = RECORD;
	void *to = core->host.map(core->opaque, addr, &len, true);

	if (!to)
		return false;
	if (len == RECORD)
		memcpy(to, record, RECORD);
	core->host.unmap(core->opaque, to, len, true, len == RECORD ? RECORD : 0);
	return len == RECORD;
}

int ub_usage_query(struct ub_admin *a)
{
	struct ub_hw_usage *records;
	struct ub_core *core = a->core;
	uint32_t n, next;
	int ret = check_usage(a);

	if (ret)
		return ret;
	records = calloc(a->cmd->usage.bytes / RECORD, RECORD);
	if (!records)
		return ub_admin_fail(a, UB_ADMIN_NO_MEMORY, 0);
	pthread_rwlock_rdlock(&core->dma_lock);
	n = fill_records(core, a->cmd, records, &next);
	for (uint32_t i = 0; i < n && !ret; i++)
		if (!write_record(core, a->cmd->usage.base + i * (uint64_t)RECORD, &records[i]))
			ret = ub_admin_fail(a, UB_ADMIN_BAD_ADDRESS, USAGE_OFF(base));
	pthread_rwlock_unlock(&core->dma_lock);
	free(records);
	if (ret)
		return ret;
	a->reply->detail = next;
	a->reply->count = n;
	return 0;
}
