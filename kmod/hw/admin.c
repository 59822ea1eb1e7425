// SPDX-License-Identifier: GPL-2.0-only
/*
 * The admin ring. One command is under way at a time: the device answers nearly all of them before
 * the store to ADMIN_PI returns, so a deeper queue would buy nothing.
 */
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/freezer.h>
#include <linux/io-64-nonatomic-lo-hi.h>

#include "hw/hw.h"
#include "trace.h"

#define ADMIN_BYTES	(UBNPU_ADMIN_DEPTH * sizeof(struct ub_admin_slot))
#define ADMIN_SPINS	200
#define ADMIN_SLICE	(HZ / 10)
#define ADMIN_FREEZE	(5 * HZ)

int ubnpu_admin_alloc(struct ubnpu_dev *ub)
{
	ub->admin_ring = dma_alloc_coherent(&ub->pdev->dev, ADMIN_BYTES, &ub->admin_dma,
					    GFP_KERNEL);
	return ub->admin_ring ? 0 : -ENOMEM;
}

void ubnpu_admin_free(struct ubnpu_dev *ub)
{
	dma_free_coherent(&ub->pdev->dev, ADMIN_BYTES, ub->admin_ring, ub->admin_dma);
}

/* After a reset: the ring is empty and on its first lap. */
int ubnpu_admin_start(struct ubnpu_dev *ub)
{
	memset(ub->admin_ring, 0, ADMIN_BYTES);
	ub->admin_pi = 0;
	writeq(ub->admin_dma, ub->regs + UB_REG_ADMIN_BASE);
	writel(UBNPU_ADMIN_DEPTH, ub->regs + UB_REG_ADMIN_DEPTH);
	writel(UB_CTRL_ENABLE, ub->regs + UB_REG_CTRL);
	if (readl(ub->regs + UB_REG_CTRL) & UB_CTRL_ENABLE)
		return 0;
	dev_err(&ub->pdev->dev, "device did not take the admin ring: CTRL is not enabled\n");
	return -EIO;
}

static bool admin_replied(const struct ub_admin_slot *slot, u32 pi)
{
	u8 flags = READ_ONCE(slot->reply.flags);

	return !!(flags & UB_ADMIN_REPLY_OWNER) == ub_hw_owner(pi, UBNPU_ADMIN_DEPTH);
}

/*
 * The system gives its tasks 20 seconds to stand still before it sleeps, whatever admin_timeout_ms
 * is; a device that is silent for so long is reset anyway. One that is not there never answers.
 */
static bool admin_is_over(struct ubnpu_dev *ub, unsigned long start)
{
	unsigned long limit = msecs_to_jiffies(READ_ONCE(ubnpu_admin_timeout_ms));

	if (freezing(current))
		limit = min_t(unsigned long, limit, ADMIN_FREEZE);
	return time_after_eq(jiffies, start + limit) || !ubnpu_hw_is_there(ub);
}

/* An answer whose interrupt was lost is seen at the end of a slice. */
static bool admin_sleep(struct ubnpu_dev *ub, const struct ub_admin_slot *slot, u32 pi, u32 irqs)
{
	unsigned long start = jiffies;
	bool replied;

	do {
		wait_event_timeout(ub->admin_wq,
				   admin_replied(slot, pi) || READ_ONCE(ub->dead), ADMIN_SLICE);
		replied = admin_replied(slot, pi);
	} while (!replied && !READ_ONCE(ub->dead) && !admin_is_over(ub, start));
	if (replied && READ_ONCE(ub->admin_irqs) == irqs) {
		ubnpu_count(ub, UBNPU_LOST_IRQS);
		ubnpu_report(ub, UB_HEALTH_LOST_IRQ, UB_SCOPE_DEVICE, NULL);
	}
	return replied;
}

static bool admin_wait(struct ubnpu_dev *ub, const struct ub_admin_slot *slot, u32 pi, u32 irqs)
{
	int spins;

	for (spins = 0; spins < ADMIN_SPINS; spins++) {
		if (admin_replied(slot, pi))
			return true;
		cpu_relax();
	}
	return admin_sleep(ub, slot, pi, irqs);
}

static void admin_unanswered(struct ubnpu_dev *ub, const struct ub_admin_cmd *cmd, u32 pi,
			     unsigned long start)
{
	trace_ubnpu_admin_complete(ub->index, cmd->opcode, le32_to_cpu(cmd->id), pi, -EIO, 0);
	/* Who declared the device dead meanwhile has said why. */
	if (READ_ONCE(ub->dead))
		return;
	dev_err(&ub->pdev->dev, "device did not answer admin command 0x%02x in %u ms%s\n",
		cmd->opcode, jiffies_to_msecs(jiffies - start),
		ubnpu_hw_is_there(ub) ? "" : ": its registers are not there");
	ubnpu_count(ub, UBNPU_ADMIN_TIMEOUTS);
	ubnpu_kill(ub, UBNPU_SILENT);
}

static int admin_run(struct ubnpu_dev *ub, const struct ub_admin_cmd *cmd,
		     struct ub_admin_reply *reply)
{
	u32 pi = ub->admin_pi, irqs = READ_ONCE(ub->admin_irqs);
	struct ub_admin_slot *slot = &ub->admin_ring[pi % UBNPU_ADMIN_DEPTH];
	unsigned long start = jiffies;

	if (READ_ONCE(ub->dead))
		return -EIO;
	slot->cmd = *cmd;
	slot->cmd.tag = cpu_to_le16(pi);
	ub->admin_pi = pi + 1;
	trace_ubnpu_admin_submit(ub->index, cmd->opcode, le32_to_cpu(cmd->id), pi);
	/* writel orders the command before the doorbell. */
	writel(pi + 1, ub->regs + UB_REG_ADMIN_PI);
	if (!admin_wait(ub, slot, pi, irqs)) {
		admin_unanswered(ub, cmd, pi, start);
		return -EIO;
	}
	/* The owner bit is written last: what follows it is valid once it is seen. */
	dma_rmb();
	*reply = slot->reply;
	trace_ubnpu_admin_complete(ub->index, cmd->opcode, le32_to_cpu(cmd->id), pi,
				   reply->status, le32_to_cpu(reply->detail));
	return 0;
}

/* What a status other than OK means to the caller of an ioctl. */
static int admin_errno(const struct ub_admin_cmd *cmd, const struct ub_admin_reply *reply,
		       struct ub_ioc_hdr *hdr)
{
	u32 id = le32_to_cpu(cmd->id);
	u32 detail = le32_to_cpu(reply->detail);

	switch (reply->status) {
	case UB_ADMIN_OK:
		return 0;
	case UB_ADMIN_BAD_STATE:
		return ubnpu_fail(hdr, -EINVAL, UB_EXT_BAD_STATE, id, detail);
	case UB_ADMIN_BUSY:
		return ubnpu_fail(hdr, -EBUSY, UB_EXT_BUSY, id, detail);
	case UB_ADMIN_NO_MEMORY:
		return ubnpu_fail_nomem(hdr);
	case UB_ADMIN_BAD_PROGRAM:
		return ubnpu_fail(hdr, -EINVAL, UB_EXT_BAD_PROGRAM, detail & 0xff, detail >> 8);
	default:
		return ubnpu_fail(hdr, -EIO, UB_EXT_ADMIN_FAILED, cmd->opcode, reply->status);
	}
}

/* Run a command. reply and hdr may be NULL. The gate is held, or nobody else has the device yet. */
int ubnpu_admin(struct ubnpu_dev *ub, const struct ub_admin_cmd *cmd,
		struct ub_admin_reply *reply, struct ub_ioc_hdr *hdr)
{
	struct ub_admin_reply own_reply;
	struct ub_ioc_hdr own_hdr;
	int ret;

	reply = reply ?: &own_reply;
	hdr = hdr ?: &own_hdr;
	mutex_lock(&ub->admin_lock);
	ret = admin_run(ub, cmd, reply);
	mutex_unlock(&ub->admin_lock);
	if (ret)
		return ubnpu_fail(hdr, ret, UB_EXT_ADMIN_TIMEOUT, cmd->opcode,
				  ubnpu_admin_timeout_ms);
	return admin_errno(cmd, reply, hdr);
}

/* A command that needs no more than an id. */
int ubnpu_admin_id(struct ubnpu_dev *ub, u8 opcode, u32 id, struct ub_admin_reply *reply,
		   struct ub_ioc_hdr *hdr)
{
	struct ub_admin_cmd cmd = { .opcode = opcode, .id = cpu_to_le32(id) };

	return ubnpu_admin(ub, &cmd, reply, hdr);
}
