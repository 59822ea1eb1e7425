// SPDX-License-Identifier: GPL-2.0-only
/*
 * Event queues and their interrupts. EQ n has MSI-X vector n: 0 takes asynchronous events and wakes
 * the admin ring, the others take completion events.
 */
#include <linux/dma-mapping.h>
#include <linux/interrupt.h>
#include <linux/slab.h>

#include "queue/queue.h"
#include "trace.h"

#define ASYNC_DEPTH	1024
#define MIN_EQ_DEPTH	64
#define MAX_EQ_DEPTH	65536

static void eq_completion(struct ubnpu_dev *ub, u32 id, u32 arm_sn)
{
	struct ubnpu_queue *jfc;

	rcu_read_lock();
	jfc = xa_load(&ub->queues[UBNPU_JFC].xa, id);
	if (jfc)
		ubnpu_jfc_notify(jfc, arm_sn);
	rcu_read_unlock();
}

/* A kernel JFC in ERROR: what its JFSs have in flight ends here, as nothing else will tell. */
static void eq_jfc_failed(struct ubnpu_dev *ub, u32 id)
{
	struct ubnpu_queue *jfc = xa_load(&ub->queues[UBNPU_JFC].xa, id);

	if (jfc && jfc->ops->look)
		jfc->ops->look(jfc);
}

static void eq_async(struct ubnpu_dev *ub, u32 tid, u32 type, u32 id, u32 info)
{
	struct ubnpu_ctx *ctx;
	unsigned long index;

	trace_ubnpu_async_event(ub->index, tid, type, id, info);
	if (type == UB_EVENT_DEV_FATAL && !tid)
		ubnpu_fatal(ub);
	rcu_read_lock();
	if (type == UB_EVENT_JFC_ERR)
		eq_jfc_failed(ub, id);
	if (tid) {
		ctx = xa_load(&ub->ctxs.xa, tid);
		if (ctx)
			ubnpu_ctx_event(ctx, type, id, info);
	} else {
		xa_for_each(&ub->ctxs.xa, index, ctx)
			ubnpu_ctx_event(ctx, type, id, info);
	}
	rcu_read_unlock();
}

static void eq_entry(struct ubnpu_dev *ub, const struct ub_hw_eqe *eqe)
{
	u32 id = le32_to_cpu(eqe->id);
	u32 info = le32_to_cpu(eqe->info);

	if (eqe->type == UB_EVENT_COMPLETION)
		eq_completion(ub, id, info);
	else
		eq_async(ub, le32_to_cpu(eqe->tid), eqe->type, id, info);
}

static bool eq_entry_valid(const struct ubnpu_eq *eq, u32 ci)
{
	u8 flags = READ_ONCE(eq->ring[ci & (eq->depth - 1)].flags);

	return !!(flags & UB_EQE_OWNER) == ub_hw_owner(ci, eq->depth);
}

/* Takes at most one ring of entries: what comes later has raised the vector again. */
static u32 eq_drain(struct ubnpu_eq *eq)
{
	u32 done;

	for (done = 0; done < eq->depth && eq_entry_valid(eq, eq->ci); done++) {
		/* Pairs with the device writing the owner bit last. */
		dma_rmb();
		eq_entry(eq->ub, &eq->ring[eq->ci & (eq->depth - 1)]);
		/* The watcher looks at it beside the handler. */
		WRITE_ONCE(eq->ci, eq->ci + 1);
	}
	if (done) {
		/* The device may overwrite entries once it sees CI: they are read before. */
		mb();
		WRITE_ONCE(eq->rec->ci, cpu_to_le32(eq->ci));
	}
	return done;
}

static void eq_check_overrun(struct ubnpu_eq *eq)
{
	if (le32_to_cpu(READ_ONCE(eq->rec->overrun)) == READ_ONCE(eq->overrun))
		return;
	set_bit(eq->index, &eq->ub->overrun_eqs);
	schedule_work(&eq->ub->overrun_work);
}

static irqreturn_t eq_interrupt(int irq, void *data)
{
	struct ubnpu_eq *eq = data;
	struct ubnpu_dev *ub = eq->ub;
	u32 first = eq->ci;
	u32 done = eq_drain(eq);

	trace_ubnpu_irq(ub->index, eq->index, first, done);
	eq_check_overrun(eq);
	if (eq->index == 0) {
		WRITE_ONCE(ub->admin_irqs, ub->admin_irqs + 1);
		wake_up(&ub->admin_wq);
	}
	return IRQ_HANDLED;
}

/* Takes what is there although no interrupt told of it. */
static void eq_recover(struct ubnpu_eq *eq)
{
	struct ubnpu_dev *ub = eq->ub;
	u32 first, done;

	disable_irq(eq->irq);
	first = eq->ci;
	done = eq_drain(eq);
	enable_irq(eq->irq);
	if (!done)
		return;
	trace_ubnpu_irq(ub->index, eq->index, first, done);
	dev_warn_ratelimited(&ub->pdev->dev,
			     "MSI-X vector %u: interrupt lost, %u entries taken late\n",
			     eq->index, done);
	ubnpu_count(ub, UBNPU_LOST_IRQS);
	ubnpu_report(ub, UB_HEALTH_LOST_IRQ, UB_SCOPE_DEVICE, NULL);
}

/* Called now and then: an entry that the last look saw as well was missed. */
void ubnpu_eqs_watch(struct ubnpu_dev *ub)
{
	unsigned int i;

	lockdep_assert_held(&ub->gate);
	for (i = 0; i < ub->num_eqs; i++) {
		struct ubnpu_eq *eq = &ub->eqs[i];
		u32 ci = READ_ONCE(eq->ci);
		bool entry = eq_entry_valid(eq, ci);

		if (entry && eq->seen_entry && eq->seen_ci == ci)
			eq_recover(eq);
		eq->seen_entry = entry;
		eq->seen_ci = ci;
		eq_check_overrun(eq);
	}
}

static void eq_overrun_async(struct ubnpu_dev *ub, u32 count)
{
	struct ubnpu_queue *jfc;
	struct ubnpu_ctx *ctx;
	unsigned long index;

	rcu_read_lock();
	xa_for_each(&ub->ctxs.xa, index, ctx)
		ubnpu_ctx_events_lost(ctx, count);
	xa_for_each(&ub->queues[UBNPU_JFC].xa, index, jfc)
		if (jfc->ops->look)
			jfc->ops->look(jfc);
	rcu_read_unlock();
}

static void eq_overrun_completion(struct ubnpu_dev *ub, u32 eq)
{
	struct ubnpu_queue *jfc;
	unsigned long index;

	rcu_read_lock();
	xa_for_each(&ub->queues[UBNPU_JFC].xa, index, jfc)
		if (jfc->eq == eq)
			ubnpu_jfc_notify(jfc, UB_JFCE_SN_UNKNOWN);
	rcu_read_unlock();
}

/* Entries were dropped: nobody knows whose, so everybody of that queue is told to look. */
void ubnpu_overrun_work(struct work_struct *work)
{
	struct ubnpu_dev *ub = container_of(work, struct ubnpu_dev, overrun_work);
	unsigned int i;

	down_read(&ub->gate);
	for (i = 0; i < ub->num_eqs; i++) {
		struct ubnpu_eq *eq = &ub->eqs[i];
		u32 overrun;

		if (!test_and_clear_bit(i, &ub->overrun_eqs))
			continue;
		overrun = le32_to_cpu(READ_ONCE(eq->rec->overrun));
		if (overrun == eq->overrun)
			continue;
		ubnpu_count(ub, UBNPU_EQ_OVERRUNS);
		if (i == 0)
			eq_overrun_async(ub, overrun - eq->overrun);
		else
			eq_overrun_completion(ub, i);
		WRITE_ONCE(eq->overrun, overrun);
	}
	up_read(&ub->gate);
}

static u32 eq_depth(struct ubnpu_dev *ub, unsigned int index)
{
	if (index == 0)
		return ASYNC_DEPTH;
	return clamp_t(u32, roundup_pow_of_two(2 * ub->caps.max_queues[UBNPU_JFC]), MIN_EQ_DEPTH,
		       MAX_EQ_DEPTH);
}

static int eq_alloc(struct ubnpu_dev *ub, unsigned int index)
{
	struct ubnpu_eq *eq = &ub->eqs[index];
	size_t ring;
	int ret;

	eq->ub = ub;
	eq->index = index;
	eq->depth = eq_depth(ub, index);
	ring = eq->depth * sizeof(*eq->ring);
	eq->bytes = ring + sizeof(*eq->rec);
	eq->ring = dma_alloc_coherent(&ub->pdev->dev, eq->bytes, &eq->dma, GFP_KERNEL);
	if (!eq->ring)
		return -ENOMEM;
	eq->rec = (void *)eq->ring + ring;
	eq->irq = pci_irq_vector(ub->pdev, index);
	snprintf(eq->name, sizeof(eq->name), "%s-%u", pci_name(ub->pdev), index);
	ret = request_irq(eq->irq, eq_interrupt, 0, eq->name, eq);
	eq->requested = !ret;
	return ret;
}

/* One vector for events and admin, and one for each processor if the device has so many. */
int ubnpu_eqs_alloc(struct ubnpu_dev *ub)
{
	unsigned int want = min(ub->caps.max_eq, 1 + num_online_cpus());
	unsigned int i;
	int ret;

	want = clamp_t(unsigned int, want, 2, BITS_PER_LONG);
	ret = pci_alloc_irq_vectors(ub->pdev, 2, want, PCI_IRQ_MSIX);
	if (ret < 0)
		return dev_err_probe(&ub->pdev->dev, ret,
				     "cannot get 2 MSI-X vectors: the device has %d\n",
				     pci_msix_vec_count(ub->pdev));
	if (ret < want)
		dev_info(&ub->pdev->dev, "got %d of %u MSI-X vectors: processors share them\n",
			 ret, want);
	ub->num_eqs = ret;
	ub->caps.comp_vectors = ub->num_eqs - 1;
	ub->eqs = kcalloc(ub->num_eqs, sizeof(*ub->eqs), GFP_KERNEL);
	ret = ub->eqs ? 0 : -ENOMEM;
	for (i = 0; i < ub->num_eqs && !ret; i++)
		ret = eq_alloc(ub, i);
	if (ret)
		ubnpu_eqs_free(ub);
	return ret;
}

void ubnpu_eqs_free(struct ubnpu_dev *ub)
{
	unsigned int i;

	for (i = 0; ub->eqs && i < ub->num_eqs; i++)
		if (ub->eqs[i].requested)
			free_irq(ub->eqs[i].irq, &ub->eqs[i]);
	cancel_work_sync(&ub->overrun_work);
	for (i = 0; ub->eqs && i < ub->num_eqs; i++)
		if (ub->eqs[i].ring)
			dma_free_coherent(&ub->pdev->dev, ub->eqs[i].bytes, ub->eqs[i].ring,
					  ub->eqs[i].dma);
	kfree(ub->eqs);
	ub->eqs = NULL;
	pci_free_irq_vectors(ub->pdev);
}

static int eq_start(struct ubnpu_dev *ub, struct ubnpu_eq *eq)
{
	struct ub_admin_cmd cmd = {
		.opcode = UB_ADMIN_CREATE_EQ,
		.id = cpu_to_le32(eq->index),
		.eq.base = cpu_to_le64(eq->dma),
		.eq.rec = cpu_to_le64(eq->dma + eq->bytes - sizeof(*eq->rec)),
		.eq.depth = cpu_to_le32(eq->depth),
	};

	return ubnpu_admin(ub, &cmd, NULL, NULL);
}

int ubnpu_eqs_start(struct ubnpu_dev *ub)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < ub->num_eqs && !ret; i++)
		ret = eq_start(ub, &ub->eqs[i]);
	if (ret)
		dev_err(&ub->pdev->dev, "device did not create event queue %u: %d\n", i - 1, ret);
	return ret;
}

void ubnpu_irqs_disable(struct ubnpu_dev *ub)
{
	unsigned int i;

	for (i = 0; i < ub->num_eqs; i++)
		disable_irq(ub->eqs[i].irq);
}

/* The device is in reset and silent: the rings are emptied and begin their first lap. */
void ubnpu_irqs_enable(struct ubnpu_dev *ub)
{
	unsigned int i;

	for (i = 0; i < ub->num_eqs; i++) {
		struct ubnpu_eq *eq = &ub->eqs[i];

		memset(eq->ring, 0, eq->bytes);
		eq->ci = 0;
		WRITE_ONCE(eq->overrun, 0);
		enable_irq(eq->irq);
	}
}
