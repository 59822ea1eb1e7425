// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/PID/fdinfo of a context, in the grammar of Documentation/gpu/drm-usage-stats.rst of the
 * kernel, which tools such as nvtop read. What the device no longer knows is left out.
 */
#include <linux/seq_file.h>

#include "entry/entry.h"

static void fdinfo_usage(struct seq_file *m, struct ubnpu_ctx *ctx)
{
	struct ub_hw_usage usage;

	if (ubnpu_usage_read(ctx->ub, UB_USAGE_CONTEXT, ctx->tid, &usage, 1) != 1 ||
	    le32_to_cpu(usage.id) != ctx->tid)
		return;
	seq_printf(m, "drm-engine-npu:\t%llu ns\n", le64_to_cpu(usage.busy_ns));
	seq_printf(m, "ubnpu-commands:\t%llu\n", le64_to_cpu(usage.wqes));
	seq_printf(m, "ubnpu-bytes:\t%llu\n", le64_to_cpu(usage.bytes));
	seq_printf(m, "ubnpu-errors:\t%llu\n", le64_to_cpu(usage.errors));
}

void ubnpu_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct ubnpu_ctx *ctx = file->private_data;
	u64 pinned = (u64)atomic64_read(&ctx->pinned) << (PAGE_SHIFT - 10);
	struct ubnpu_dev *ub = ctx->ub;

	seq_printf(m, "drm-driver:\t%s\n", UBNPU_NAME);
	seq_printf(m, "drm-client-id:\t%u\n", ctx->tid);
	seq_printf(m, "drm-engine-capacity-npu:\t%u\n", ub->caps.engines);
	seq_printf(m, "drm-total-memory:\t%llu KiB\n", pinned);
	seq_printf(m, "drm-shared-memory:\t0\n");
	seq_printf(m, "drm-resident-memory:\t%llu KiB\n", pinned);
	if (down_read_killable(&ub->gate))
		return;
	if (!ub->gone)
		seq_printf(m, "drm-pdev:\t%s\n", pci_name(ub->pdev));
	if (!ub->gone && !READ_ONCE(ub->dead) && !READ_ONCE(ctx->lost))
		fdinfo_usage(m, ctx);
	up_read(&ub->gate);
}
