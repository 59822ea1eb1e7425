/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Trace events. Each carries the device's index, and ctx (TID), queue and sequence where it has
 * them: (ctx, queue, seq) joins the events of one completion. Stores to mapped doorbells pass the
 * kernel by and leave no event.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM ubnpu

#if !defined(UBNPU_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define UBNPU_TRACE_H

#include <linux/tracepoint.h>
#include <linux/types.h>

struct ubnpu_queue;
struct ubnpu_seg;

#define ubnpu_show_queue(type) \
	__print_symbolic(type, { UBNPU_JFS, "jfs" }, { UBNPU_JFR, "jfr" }, { UBNPU_JFC, "jfc" })

#define ubnpu_show_scope(scope) \
	__print_symbolic(scope, { UB_SCOPE_DEVICE, "device" }, { UB_SCOPE_CONTEXT, "context" }, \
			 { UB_SCOPE_QUEUE, "queue" })

TRACE_DEFINE_ENUM(UB_SCOPE_DEVICE);
TRACE_DEFINE_ENUM(UB_SCOPE_CONTEXT);
TRACE_DEFINE_ENUM(UB_SCOPE_QUEUE);
TRACE_DEFINE_ENUM(UBNPU_JFS);
TRACE_DEFINE_ENUM(UBNPU_JFR);
TRACE_DEFINE_ENUM(UBNPU_JFC);

DECLARE_EVENT_CLASS(ubnpu_queue_class,
	TP_PROTO(const struct ubnpu_queue *q),
	TP_ARGS(q),
	TP_STRUCT__entry(
		__field(int, dev)
		__field(u32, ctx)
		__field(u32, type)
		__field(u32, queue)
		__field(u32, depth)
		__field(u32, jfc)
	),
	TP_fast_assign(
		__entry->dev = q->ctx->ub->index;
		__entry->ctx = q->ctx->tid;
		__entry->type = q->type;
		__entry->queue = q->id;
		__entry->depth = q->depth;
		__entry->jfc = q->jfc;
	),
	TP_printk("dev=ub%d ctx=%u type=%s queue=%u depth=%u jfc=%u", __entry->dev, __entry->ctx,
		  ubnpu_show_queue(__entry->type), __entry->queue, __entry->depth, __entry->jfc)
);

DEFINE_EVENT(ubnpu_queue_class, ubnpu_queue_create,
	TP_PROTO(const struct ubnpu_queue *q), TP_ARGS(q));
DEFINE_EVENT(ubnpu_queue_class, ubnpu_queue_destroy,
	TP_PROTO(const struct ubnpu_queue *q), TP_ARGS(q));

DECLARE_EVENT_CLASS(ubnpu_seg_class,
	TP_PROTO(const struct ubnpu_seg *seg),
	TP_ARGS(seg),
	TP_STRUCT__entry(
		__field(int, dev)
		__field(u32, ctx)
		__field(u32, token_id)
		__field(u64, len)
		__field(u32, access)
		__field(u32, leaf_4k)
		__field(u32, leaf_2m)
	),
	TP_fast_assign(
		__entry->dev = seg->ctx->ub->index;
		__entry->ctx = seg->ctx->tid;
		__entry->token_id = seg->id;
		__entry->len = seg->mem->len;
		__entry->access = seg->access;
		__entry->leaf_4k = seg->mem->leaf_4k;
		__entry->leaf_2m = seg->mem->leaf_2m;
	),
	TP_printk("dev=ub%d ctx=%u token_id=%u len=%llu access=0x%x leaf_4k=%u leaf_2m=%u",
		  __entry->dev, __entry->ctx, __entry->token_id, __entry->len, __entry->access,
		  __entry->leaf_4k, __entry->leaf_2m)
);

DEFINE_EVENT(ubnpu_seg_class, ubnpu_reg_seg,
	TP_PROTO(const struct ubnpu_seg *seg), TP_ARGS(seg));
DEFINE_EVENT(ubnpu_seg_class, ubnpu_dereg_seg,
	TP_PROTO(const struct ubnpu_seg *seg), TP_ARGS(seg));

TRACE_EVENT(ubnpu_irq,
	TP_PROTO(int dev, u32 vector, u32 seq, u32 entries),
	TP_ARGS(dev, vector, seq, entries),
	TP_STRUCT__entry(
		__field(int, dev)
		__field(u32, vector)
		__field(u32, seq)
		__field(u32, entries)
	),
	TP_fast_assign(
		__entry->dev = dev;
		__entry->vector = vector;
		__entry->seq = seq;
		__entry->entries = entries;
	),
	TP_printk("dev=ub%d vector=%u seq=%u entries=%u", __entry->dev, __entry->vector,
		  __entry->seq, __entry->entries)
);

TRACE_EVENT(ubnpu_comp_event,
	TP_PROTO(const struct ubnpu_queue *jfc, u32 arm_sn),
	TP_ARGS(jfc, arm_sn),
	TP_STRUCT__entry(
		__field(int, dev)
		__field(u32, ctx)
		__field(u32, queue)
		__field(u32, seq)
	),
	TP_fast_assign(
		__entry->dev = jfc->ctx->ub->index;
		__entry->ctx = jfc->ctx->tid;
		__entry->queue = jfc->id;
		__entry->seq = arm_sn;
	),
	TP_printk("dev=ub%d ctx=%u queue=%u seq=%d", __entry->dev, __entry->ctx, __entry->queue,
		  (int)__entry->seq)
);

TRACE_EVENT(ubnpu_async_event,
	TP_PROTO(int dev, u32 ctx, u32 type, u32 queue, u32 info),
	TP_ARGS(dev, ctx, type, queue, info),
	TP_STRUCT__entry(
		__field(int, dev)
		__field(u32, ctx)
		__field(u32, type)
		__field(u32, queue)
		__field(u32, info)
	),
	TP_fast_assign(
		__entry->dev = dev;
		__entry->ctx = ctx;
		__entry->type = type;
		__entry->queue = queue;
		__entry->info = info;
	),
	TP_printk("dev=ub%d ctx=%u type=%u queue=%u info=%u", __entry->dev, __entry->ctx,
		  __entry->type, __entry->queue, __entry->info)
);

TRACE_EVENT(ubnpu_admin_submit,
	TP_PROTO(int dev, u32 opcode, u32 id, u32 seq),
	TP_ARGS(dev, opcode, id, seq),
	TP_STRUCT__entry(
		__field(int, dev)
		__field(u32, opcode)
		__field(u32, id)
		__field(u32, seq)
	),
	TP_fast_assign(
		__entry->dev = dev;
		__entry->opcode = opcode;
		__entry->id = id;
		__entry->seq = seq;
	),
	TP_printk("dev=ub%d opcode=0x%02x id=%u seq=%u", __entry->dev, __entry->opcode,
		  __entry->id, __entry->seq)
);

TRACE_EVENT(ubnpu_admin_complete,
	TP_PROTO(int dev, u32 opcode, u32 id, u32 seq, int status, u32 detail),
	TP_ARGS(dev, opcode, id, seq, status, detail),
	TP_STRUCT__entry(
		__field(int, dev)
		__field(u32, opcode)
		__field(u32, id)
		__field(u32, seq)
		__field(int, status)
		__field(u32, detail)
	),
	TP_fast_assign(
		__entry->dev = dev;
		__entry->opcode = opcode;
		__entry->id = id;
		__entry->seq = seq;
		__entry->status = status;
		__entry->detail = detail;
	),
	TP_printk("dev=ub%d opcode=0x%02x id=%u seq=%u status=%d detail=%u", __entry->dev,
		  __entry->opcode, __entry->id, __entry->seq, __entry->status, __entry->detail)
);

TRACE_EVENT(ubnpu_reset,
	TP_PROTO(int dev, u32 generation),
	TP_ARGS(dev, generation),
	TP_STRUCT__entry(
		__field(int, dev)
		__field(u32, generation)
	),
	TP_fast_assign(
		__entry->dev = dev;
		__entry->generation = generation;
	),
	TP_printk("dev=ub%d generation=%u", __entry->dev, __entry->generation)
);

TRACE_EVENT(ubnpu_hang,
	TP_PROTO(int dev, u32 ctx, u32 queue, u32 scope, u32 seq),
	TP_ARGS(dev, ctx, queue, scope, seq),
	TP_STRUCT__entry(
		__field(int, dev)
		__field(u32, ctx)
		__field(u32, queue)
		__field(u32, scope)
		__field(u32, seq)
	),
	TP_fast_assign(
		__entry->dev = dev;
		__entry->ctx = ctx;
		__entry->queue = queue;
		__entry->scope = scope;
		__entry->seq = seq;
	),
	TP_printk("dev=ub%d ctx=%u queue=%u scope=%s seq=%u", __entry->dev, __entry->ctx,
		  __entry->queue, ubnpu_show_scope(__entry->scope), __entry->seq)
);

#endif

#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH .
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
