/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Doorbells by eventfd: a thread of the device's own takes them, so that a guest's store neither
 * traps nor waits for the big lock. Pages are attached and detached under that lock; what the
 * thread finds at a page is looked up anew each time, as the page may have been taken back.
 */
#include "qemu/osdep.h"

#include <pthread.h>
#include <sys/epoll.h>

#include "ubnpu.h"

#include "qapi/error.h"
#include "qemu/event_notifier.h"
#include "qemu/rcu.h"
#include "uapi/ub_hw.h"

#define STOP_PAGE	0	/* is never given to a queue */
#define AT_ONCE		16

typedef struct UbDoorbellChange {
	uint32_t page;
	bool in_use;
} UbDoorbellChange;

struct UbDoorbells {
	int epoll;
	EventNotifier stop;
	pthread_t thread;
	bool running;

	pthread_mutex_t lock;		/* of the two below */
	GQueue changes;
	EventNotifier **at;		/* by page, NULL: it traps */

	pthread_mutex_t gate;		/* held while a doorbell is with the core */
	pthread_cond_t opened;
	bool held, stopping;
};

/* ---- The thread ---- */
static bool rung(UbDoorbells *d, uint32_t page)
{
	bool yes;

	pthread_mutex_lock(&d->lock);
	yes = d->at[page] && event_notifier_test_and_clear(d->at[page]);
	pthread_mutex_unlock(&d->lock);
	return yes;
}

static void pass_on(UbNpu *npu, uint32_t page)
{
	UbDoorbells *d = npu->doorbells;

	pthread_mutex_lock(&d->gate);
	while (d->held && !d->stopping)
		pthread_cond_wait(&d->opened, &d->gate);
	if (!d->stopping)
		ub_core_db_write(npu->core, (uint64_t)page * UB_HW_PAGE_SIZE + UB_DB_JFS, 0, 4);
	pthread_mutex_unlock(&d->gate);
}

static bool serve(UbNpu *npu, uint32_t page)
{
	if (page == STOP_PAGE)
		return false;
	if (rung(npu->doorbells, page))
		pass_on(npu, page);
	return true;
}

static void *doorbell_thread(void *opaque)
{
	UbNpu *npu = opaque;
	struct epoll_event events[AT_ONCE];
	bool go_on = true;

	rcu_register_thread();
	while (go_on) {
		int n = epoll_wait(npu->doorbells->epoll, events, AT_ONCE, -1);

		for (int i = 0; i < n && go_on; i++)
			go_on = serve(npu, events[i].data.u32);
	}
	rcu_unregister_thread();
	return NULL;
}

/* ---- Pages, under the big lock ---- */
static int watch(UbDoorbells *d, EventNotifier *notifier, uint32_t page)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = page };

	return epoll_ctl(d->epoll, EPOLL_CTL_ADD, event_notifier_get_fd(notifier), &event);
}

static hwaddr address_of(uint32_t page)
{
	return (hwaddr)page * UB_HW_PAGE_SIZE + UB_DB_JFS;
}

/* Out of descriptors or memory: the page goes on trapping. */
static void attach(UbNpu *npu, uint32_t page)
{
	UbDoorbells *d = npu->doorbells;
	EventNotifier *notifier;

	if (d->at[page])
		return;
	notifier = g_new0(EventNotifier, 1);
	if (event_notifier_init(notifier, 0) < 0) {
		g_free(notifier);
		return;
	}
	if (watch(d, notifier, page)) {
		event_notifier_cleanup(notifier);
		g_free(notifier);
		return;
	}
	pthread_mutex_lock(&d->lock);
	d->at[page] = notifier;
	pthread_mutex_unlock(&d->lock);
	memory_region_add_eventfd(&npu->db, address_of(page), 4, false, 0, notifier);
}

static void detach(UbNpu *npu, uint32_t page)
{
	UbDoorbells *d = npu->doorbells;
	EventNotifier *notifier = d->at[page];

	if (!notifier)
		return;
	memory_region_del_eventfd(&npu->db, address_of(page), 4, false, 0, notifier);
	pthread_mutex_lock(&d->lock);
	d->at[page] = NULL;
	pthread_mutex_unlock(&d->lock);
	epoll_ctl(d->epoll, EPOLL_CTL_DEL, event_notifier_get_fd(notifier), NULL);
	event_notifier_cleanup(notifier);
	g_free(notifier);
}

static UbDoorbellChange *next_change(UbDoorbells *d)
{
	UbDoorbellChange *change;

	pthread_mutex_lock(&d->lock);
	change = g_queue_pop_head(&d->changes);
	pthread_mutex_unlock(&d->lock);
	return change;
}

void ubnpu_doorbells_apply(UbNpu *npu)
{
	UbDoorbellChange *change;

	if (!npu->doorbells)
		return;
	while ((change = next_change(npu->doorbells))) {
		if (change->in_use)
			attach(npu, change->page);
		else
			detach(npu, change->page);
		g_free(change);
	}
}

void ubnpu_doorbell_change(UbNpu *npu, uint32_t page, bool in_use)
{
	UbDoorbells *d = npu->doorbells;
	UbDoorbellChange *change;

	if (!d)
		return;
	change = g_new(UbDoorbellChange, 1);
	*change = (UbDoorbellChange){ .page = page, .in_use = in_use };
	pthread_mutex_lock(&d->lock);
	g_queue_push_tail(&d->changes, change);
	pthread_mutex_unlock(&d->lock);
	qemu_bh_schedule(npu->bh);
}

/* ---- Life ---- */
/* Who has the gate may be inside the core and wait for the big lock's holder, who is us. */
static void lock_gate(UbDoorbells *d)
{
	while (pthread_mutex_trylock(&d->gate)) {
		ubnpu_iommu_attend();
		sched_yield();
	}
}

void ubnpu_doorbells_hold(UbNpu *npu, bool hold)
{
	UbDoorbells *d = npu->doorbells;

	if (!d)
		return;
	lock_gate(d);
	d->held = hold;
	pthread_cond_broadcast(&d->opened);
	pthread_mutex_unlock(&d->gate);
}

static bool open_files(UbDoorbells *d)
{
	d->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (d->epoll < 0)
		return false;
	if (event_notifier_init(&d->stop, 0) < 0) {
		close(d->epoll);
		return false;
	}
	if (!watch(d, &d->stop, STOP_PAGE))
		return true;
	event_notifier_cleanup(&d->stop);
	close(d->epoll);
	return false;
}

bool ubnpu_doorbells_start(UbNpu *npu, Error **errp)
{
	UbDoorbells *d;

	if (npu->ioeventfd != ON_OFF_AUTO_ON)
		return true;
	d = g_new0(UbDoorbells, 1);
	if (!open_files(d)) {
		error_setg_errno(errp, errno, "ubnpu: no files for ioeventfd=on");
		g_free(d);
		return false;
	}
	pthread_mutex_init(&d->lock, NULL);
	pthread_mutex_init(&d->gate, NULL);
	pthread_cond_init(&d->opened, NULL);
	g_queue_init(&d->changes);
	d->at = g_new0(EventNotifier *, npu->config.db_pages);
	npu->doorbells = d;
	d->running = !pthread_create(&d->thread, NULL, doorbell_thread, npu);
	if (d->running)
		return true;
	error_setg(errp, "ubnpu: no thread for ioeventfd=on");
	ubnpu_doorbells_free(npu);
	return false;
}

void ubnpu_doorbells_stop(UbNpu *npu)
{
	UbDoorbells *d = npu->doorbells;

	if (!d || !d->running)
		return;
	lock_gate(d);
	d->stopping = true;
	pthread_cond_broadcast(&d->opened);
	pthread_mutex_unlock(&d->gate);
	event_notifier_set(&d->stop);
	pthread_join(d->thread, NULL);
	d->running = false;
}

void ubnpu_doorbells_free(UbNpu *npu)
{
	UbDoorbells *d = npu->doorbells;
	UbDoorbellChange *change;

	if (!d)
		return;
	for (uint32_t page = 0; page < npu->config.db_pages; page++)
		detach(npu, page);
	while ((change = next_change(d)))
		g_free(change);
	event_notifier_cleanup(&d->stop);
	close(d->epoll);
	pthread_cond_destroy(&d->opened);
	pthread_mutex_destroy(&d->gate);
	pthread_mutex_destroy(&d->lock);
	g_free(d->at);
	g_free(d);
	npu->doorbells = NULL;
}
