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

static __printf(2, 3) void put(struct text *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	t->len += vscnprintf(t->buf + t->len, MAX_TEXT - t->len, format, args);
	va_end(args);
}

static void put_header(struct text *t, struct ubnpu_dev *ub, const struct ubnpu_who *who,
		       const char *why)
{
	put(t, "ubnpu device core dump\nreason: %s\ndevice: %s at %s, EID %pI6\n", why,
	    dev_name(&ub->dev), pci_name(ub->pdev), ub->caps.eid);
	put(t, "driver: %s\ntime: %llu ns\ngeneration: %u\ndead: %d\n", UBNPU_VERSION,
	    ktime_get_ns(), ub->generation, READ_ONCE(ub->dead));
	if (who && who->tid)
		put(t, "guilty: context %u queue %u pid %d task %s\n", who->tid, who->queue,
		    who->pid, who->comm);
}

static void put_registers(struct text *t, struct ubnpu_dev *ub)
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

	put(t, "\n[registers]\n");
	for (i = 0; i < ARRAY_SIZE(regs); i++)
		put(t, "%s: 0x%x\n", regs[i].name, readl(ub->regs + regs[i].offset));
	put(t, "ERR_INFO: 0x%llx\n", readq(ub->regs + UB_REG_ERR_INFO));
	put(t, "ADMIN_BASE: 0x%llx\n", readq(ub->regs + UB_REG_ADMIN_BASE));
}

static void put_counters(struct text *t, struct ubnpu_dev *ub)
{
	unsigned int i;

	put(t, "\n[counters]\n");
	for (i = 0; i < sizeof(struct ub_hw_stats) / sizeof(u64); i++)
		put(t, "%s: %llu\n", ubnpu_stat_name(i),
		    readq(ub->regs + UB_REG_STATS + i * sizeof(u64)));
	put(t, "\n[health]\n");
	for (i = 0; i < UBNPU_COUNTERS; i++)
		put(t, "%s: %lld\n", ubnpu_counter_name(i), (s64)atomic64_read(&ub->counters[i]));
}

static void put_eqs(struct text *t, struct ubnpu_dev *ub)
{
	unsigned int i;

	put(t, "\n[event queues]\n");
	for (i = 0; i < ub->num_eqs; i++)
		put(t, "eq %u: depth %u ci %u overrun %u\n", i, ub->eqs[i].depth,
		    READ_ONCE(ub->eqs[i].ci), le32_to_cpu(READ_ONCE(ub->eqs[i].rec->overrun)));
}

/* obj_lock is held for these. */
static void put_contexts(struct text *t, struct ubnpu_dev *ub)
{
	struct ubnpu_ctx *ctx;
	unsigned long index;

	put(t, "\n[contexts]\n");
	xa_for_each(&ub->ctxs.xa, index, ctx)
		put(t, "context %u: pid %d task %s uid %u lost %u segments %u pinned %lld pages\n",
		    ctx->tid, pid_nr(ctx->pid), ctx->comm, __kuid_val(ctx->uid),
		    READ_ONCE(ctx->lost), READ_ONCE(ctx->nr_segs),
		    (s64)atomic64_read(&ctx->pinned));
}

static void put_queue(struct text *t, struct ubnpu_queue *q)
{
	static const char * const names[] = { "jfs", "jfr", "jfc" };
	struct ub_admin_reply r;

	put(t, "%s %u: context %u depth %u flags 0x%x", names[q->type], q->id, q->ctx->tid,
	    q->depth, READ_ONCE(q->flags));
	if (q->type != UBNPU_JFC)
		put(t, " jfc %u", q->jfc);
	if (q->type == UBNPU_JFS)
		put(t, " jfr %u priority %u weight %u", q->jfr, q->priority, q->weight);
	if (ubnpu_admin_id(q->ctx->ub, ubnpu_query_op[q->type], q->id, &r, NULL)) {
		put(t, "\n");
		return;
	}
	put(t, " state %u pi %u ci %u refs %u count %llu", le32_to_cpu(r.state),
	    le32_to_cpu(r.pi), le32_to_cpu(r.ci), le32_to_cpu(r.refs), le64_to_cpu(r.count));
	if (q->type == UBNPU_JFS)
		put(t, " progress %u running %d", le32_to_cpu(r.detail),
		    !!(r.flags & UB_ADMIN_REPLY_RUNNING));
	put(t, "\n");
}

static void put_queues(struct text *t, struct ubnpu_dev *ub)
{
	struct ubnpu_queue *q;
	unsigned long id;
	int type;

	put(t, "\n[queues]\n");
	for (type = 0; type < UBNPU_QUEUE_TYPES; type++)
		xa_for_each(&ub->queues[type].xa, id, q) {
			/* What there is no room for need not be asked for. */
			if (t->len + 1 >= MAX_TEXT)
				return;
			put_queue(t, q);
		}
}

/* Leaves that continue one another are one line. */
struct run {
	u64 uba, bus, bits, len;
	unsigned int lines;
};

static void put_run(struct text *t, struct run *run)
{
	if (run->len && run->lines++ < MAX_LEAVES)
		put(t, "uba 0x%012llx bus 0x%012llx bytes 0x%llx bits 0x%llx\n", run->uba,
		    run->bus, run->len, run->bits);
	run->len = 0;
}

static void put_leaf(struct text *t, struct run *run, u64 uba, u64 entry, u64 len)
{
	u64 bus = entry & UB_PTE_ADDR_MASK, bits = entry & ~UB_PTE_ADDR_MASK;

	if (run->len && bits == run->bits && uba == run->uba + run->len &&
	    bus == run->bus + run->len) {
		run->len += len;
		return;
	}
	put_run(t, run);
	run->uba = uba;
	run->bus = bus;
	run->bits = bits;
	run->len = len;
}

static void put_table(struct text *t, const struct ubnpu_pt_table *table, int level, u64 uba,
		      struct run *run)
{
	u64 span = 1ull << (PAGE_SHIFT + (level - 1) * UB_PT_INDEX_BITS);
	unsigned int i;
	u64 entry;

	for (i = 0; i < 1u << UB_PT_INDEX_BITS && run->lines < MAX_LEAVES; i++, uba += span) {
		entry = le64_to_cpu(READ_ONCE(table->entries[i]));
		if (table->child && table->child[i])
			put_table(t, table->child[i], level - 1, uba, run);
		else if (entry & UB_PTE_VALID)
			put_leaf(t, run, uba, entry, span);
	}
}

static void put_page_table(struct text *t, struct ubnpu_dev *ub, u32 tid)
{
	struct ubnpu_ctx *ctx = ubnpu_ctx_find(ub, tid);
	struct run run = { 0 };

	if (!ctx)
		return;
	put(t, "\n[page table of context %u]\n", tid);
	mutex_lock(&ctx->lock);
	if (ctx->pt.root)
		put_table(t, ctx->pt.root, UB_PT_LEVELS, 0, &run);
	put_run(t, &run);
	mutex_unlock(&ctx->lock);
	if (run.lines >= MAX_LEAVES)
		put(t, "cut off after %u lines\n", MAX_LEAVES);
	ubnpu_ctx_put(ctx);
}

/*
 * The kernel keeps it for five minutes or until it is read; as long as there is one of a device a
 * further one is dropped. It is hung on the PCI device, which outlives this driver.
 */
void ubnpu_dump(struct ubnpu_dev *ub, const struct ubnpu_who *who, const char *why)
{
	struct text t = { 0 };

	if (!IS_ENABLED(CONFIG_DEV_COREDUMP))
		return;
	t.buf = __vmalloc(MAX_TEXT, GFP_KERNEL | __GFP_NOWARN);
	if (!t.buf)
		return;
	put_header(&t, ub, who, why);
	put_registers(&t, ub);
	put_counters(&t, ub);
	put_eqs(&t, ub);
	if (who && who->tid)
		put_page_table(&t, ub, who->tid);
	mutex_lock(&ub->obj_lock);
	put_contexts(&t, ub);
	put_queues(&t, ub);
	mutex_unlock(&ub->obj_lock);
	ubnpu_count(ub, UBNPU_COREDUMPS);
	dev_coredumpv(&ub->pdev->dev, t.buf, t.len, GFP_KERNEL);
}
