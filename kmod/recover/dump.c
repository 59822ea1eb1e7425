// SPDX-License-Identifier: GPL-2.0-only
/* The device core dump: what there is to see of a device that hangs, as text of bounded size. */
#include <linux/devcoredump.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/ktime.h>
#include <linux/vmalloc.h>

#include "recover/recover.h"

#define MAX_TEXT	(512 * 1024)
#define MAX_LEAVES	4096	/* lines of the page table */

struct text {
	char *buf;
	size_t len;
};

static __printf(2, 3) void dump_put(struct text *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	t->len += vscnprintf(t->buf + t->len, MAX_TEXT - t->len, format, args);
	va_end(args);
}

static void dump_header(struct text *t, struct ubnpu_dev *ub, const struct ubnpu_who *who,
			const char *why)
{
	dump_put(t, "ubnpu device core dump\nreason: %s\ndevice: %s at %s, EID %pI6\n", why,
		 dev_name(&ub->dev), pci_name(ub->pdev), ub->caps.eid);
	dump_put(t, "driver: %s\ntime: %llu ns\ngeneration: %u\ndead: %d\n", UBNPU_VERSION,
		 ktime_get_ns(), ub->generation, READ_ONCE(ub->dead));
	if (who && who->tid)
		dump_put(t, "guilty: context %u queue %u pid %d task %s\n", who->tid, who->queue,
			 who->pid, who->comm);
}

static void dump_registers(struct text *t, struct ubnpu_dev *ub)
{
	static const struct {
		const char *name;
		u32 offset;
	} regs[] = {
		{ "CTRL", UB_REG_CTRL }, { "STATUS", UB_REG_STATUS },
		{ "GENERATION", UB_REG_GENERATION }, { "ERR_CAUSE", UB_REG_ERR_CAUSE },
		{ "RUNNING", UB_REG_RUNNING }, { "ENGINES", UB_REG_ENGINES },
		{ "ADMIN_DEPTH", UB_REG_ADMIN_DEPTH }, { "ADMIN_PI", UB_REG_ADMIN_PI },
		{ "ADMIN_CI", UB_REG_ADMIN_CI },
	};
	unsigned int i;

	dump_put(t, "\n[registers]\n");
	for (i = 0; i < ARRAY_SIZE(regs); i++)
		dump_put(t, "%s: 0x%x\n", regs[i].name, readl(ub->regs + regs[i].offset));
	dump_put(t, "ERR_INFO: 0x%llx\n", readq(ub->regs + UB_REG_ERR_INFO));
	dump_put(t, "ADMIN_BASE: 0x%llx\n", readq(ub->regs + UB_REG_ADMIN_BASE));
}

static void dump_counters(struct text *t, struct ubnpu_dev *ub)
{
	unsigned int i;

	dump_put(t, "\n[counters]\n");
	for (i = 0; i < ubnpu_stats(ub); i++)
		dump_put(t, "%s: %llu\n", ubnpu_stat_name(i),
			 readq(ub->regs + UB_REG_STATS + i * sizeof(u64)));
	dump_put(t, "\n[health]\n");
	for (i = 0; i < UBNPU_COUNTERS; i++)
		dump_put(t, "%s: %lld\n", ubnpu_counter_name(i),
			 (s64)atomic64_read(&ub->counters[i]));
}

static void dump_eqs(struct text *t, struct ubnpu_dev *ub)
{
	unsigned int i;

	dump_put(t, "\n[event queues]\n");
	for (i = 0; i < ub->num_eqs; i++)
		dump_put(t, "eq %u: depth %u ci %u overrun %u\n", i, ub->eqs[i].depth,
			 READ_ONCE(ub->eqs[i].ci), le32_to_cpu(READ_ONCE(ub->eqs[i].rec->overrun)));
}

static void dump_contexts(struct text *t, struct ubnpu_dev *ub)
{
	struct ubnpu_ctx *ctx;
	unsigned long index;

	lockdep_assert_held(&ub->obj_lock);
	dump_put(t, "\n[contexts]\n");
	xa_for_each(&ub->ctxs.xa, index, ctx)
		dump_put(t, "context %u: pid %d task %s uid %u lost %u segments %u "
			 "pinned %lld pages\n", ctx->tid, pid_nr(ctx->pid), ctx->comm,
			 __kuid_val(ctx->uid), READ_ONCE(ctx->lost), READ_ONCE(ctx->nr_segs),
			 (s64)atomic64_read(&ctx->pinned));
}

static void dump_queue(struct text *t, struct ubnpu_queue *q)
{
	static const char * const names[] = { "jfs", "jfr", "jfc" };
	struct ub_admin_reply r;

	dump_put(t, "%s %u: context %u depth %u flags 0x%x", names[q->type], q->id, q->ctx->tid,
		 q->depth, READ_ONCE(q->flags));
	if (q->type != UBNPU_JFC)
		dump_put(t, " jfc %u", q->jfc);
	if (q->type == UBNPU_JFS)
		dump_put(t, " jfr %u priority %u weight %u", q->jfr, q->priority, q->weight);
	if (ubnpu_admin_id(q->ctx->ub, ubnpu_query_op[q->type], q->id, &r, NULL)) {
		dump_put(t, "\n");
		return;
	}
	dump_put(t, " state %u pi %u ci %u refs %u count %llu", le32_to_cpu(r.state),
		 le32_to_cpu(r.pi), le32_to_cpu(r.ci), le32_to_cpu(r.refs), le64_to_cpu(r.count));
	if (q->type == UBNPU_JFS)
		dump_put(t, " progress %u running %d", le32_to_cpu(r.detail),
			 !!(r.flags & UB_ADMIN_REPLY_RUNNING));
	dump_put(t, "\n");
}

static void dump_queues(struct text *t, struct ubnpu_dev *ub)
{
	struct ubnpu_queue *q;
	unsigned long id;
	int type;

	lockdep_assert_held(&ub->obj_lock);
	dump_put(t, "\n[queues]\n");
	for (type = 0; type < UBNPU_QUEUE_TYPES; type++)
		xa_for_each(&ub->queues[type].xa, id, q) {
			/* What there is no room for need not be asked for. */
			if (t->len + 1 >= MAX_TEXT)
				return;
			dump_queue(t, q);
		}
}

/* Leaves that continue one another are one line. */
struct run {
	u64 uba, bus, bits, len;
	unsigned int lines;
};

static void dump_run(struct text *t, struct run *run)
{
	if (run->len && run->lines++ < MAX_LEAVES)
		dump_put(t, "uba 0x%012llx bus 0x%012llx bytes 0x%llx bits 0x%llx\n", run->uba,
			 run->bus, run->len, run->bits);
	run->len = 0;
}

static void dump_leaf(struct text *t, struct run *run, u64 uba, u64 entry, u64 len)
{
	u64 bus = entry & UB_PTE_ADDR_MASK, bits = entry & ~UB_PTE_ADDR_MASK;

	if (run->len && bits == run->bits && uba == run->uba + run->len &&
	    bus == run->bus + run->len) {
		run->len += len;
		return;
	}
	dump_run(t, run);
	run->uba = uba;
	run->bus = bus;
	run->bits = bits;
	run->len = len;
}

static void dump_table(struct text *t, const struct ubnpu_pt_table *table, int level, u64 uba,
		       struct run *run)
{
	u64 span = 1ull << (PAGE_SHIFT + (level - 1) * UB_PT_INDEX_BITS);
	unsigned int i;
	u64 entry;

	for (i = 0; i < 1u << UB_PT_INDEX_BITS && run->lines < MAX_LEAVES; i++, uba += span) {
		entry = le64_to_cpu(READ_ONCE(table->entries[i]));
		if (table->child && table->child[i])
			dump_table(t, table->child[i], level - 1, uba, run);
		else if (entry & UB_PTE_VALID)
			dump_leaf(t, run, uba, entry, span);
	}
}

static void dump_page_table(struct text *t, struct ubnpu_dev *ub, u32 tid)
{
	struct ubnpu_ctx *ctx = ubnpu_ctx_find(ub, tid);
	struct run run = { 0 };

	if (!ctx)
		return;
	dump_put(t, "\n[page table of context %u]\n", tid);
	mutex_lock(&ctx->lock);
	if (ctx->pt.root)
		dump_table(t, ctx->pt.root, UB_PT_LEVELS, 0, &run);
	dump_run(t, &run);
	mutex_unlock(&ctx->lock);
	if (run.lines >= MAX_LEAVES)
		dump_put(t, "cut off after %u lines\n", MAX_LEAVES);
	ubnpu_ctx_put(ctx);
}

/*
 * The kernel keeps it for five minutes or until it is read; as long as there is one of a device a
 * further one is dropped. It is hung on the PCI device, which outlives this driver.
 */
void ubnpu_dump(struct ubnpu_dev *ub, const struct ubnpu_who *who, const char *why)
{
	struct text t = { 0 };

	lockdep_assert_held(&ub->gate);
	if (!IS_ENABLED(CONFIG_DEV_COREDUMP))
		return;
	t.buf = __vmalloc(MAX_TEXT, GFP_KERNEL | __GFP_NOWARN);
	if (!t.buf)
		return;
	dump_header(&t, ub, who, why);
	dump_registers(&t, ub);
	dump_counters(&t, ub);
	dump_eqs(&t, ub);
	if (who && who->tid)
		dump_page_table(&t, ub, who->tid);
	mutex_lock(&ub->obj_lock);
	dump_contexts(&t, ub);
	dump_queues(&t, ub);
	mutex_unlock(&ub->obj_lock);
	ubnpu_count(ub, UBNPU_COREDUMPS);
	dev_coredumpv(&ub->pdev->dev, t.buf, t.len, GFP_KERNEL);
}
