/* SPDX-License-Identifier: MIT */
/*
 * The device as a structure, with its locks, references and counters.
 *
 * Lock order: admin_lock, dma_lock (of two cores the lower address first), jfs.lock, jfr.lock,
 * jfc.lock, eq.lock, engine.lock. Host callbacks other than map, unmap and clock_ns are called
 * with none of them held: what is to be said is collected in a struct ub_after and sent once they
 * are dropped.
 *
 * Memory of the guest is touched only under the read side of the dma_lock of the device that owns
 * it, after a look at the dead flags of the objects involved; destroy and reset set those flags
 * under the write side. Arithmetic on matrices in place holds no lock: it begins and ends under the
 * read side (ub_engine_work()), and destroy and reset wait for its end. Objects are reference
 * counted: memory of an object outlives its death until the last engine lets go of it.
 */
#ifndef UB_CORE_DEVICE_H
#define UB_CORE_DEVICE_H

#include <ub/ub_names.h>

#include "base/parts.h"
#include "ub_core.h"

struct ub_counter {
	_Alignas(64) atomic_ullong v;
};

/* One for each member of struct ub_hw_stats. */
#define UB_STAT_INDEX(member) UB_ST_##member,
enum ub_stat { UB_STAT_NAMES(UB_STAT_INDEX) UB_ST_COUNT };
#undef UB_STAT_INDEX

struct ub_core {
	struct ub_core_config cfg;
	struct ub_core_host host;
	void *opaque;
	const struct ub_kind_row *kinds;	/* UB_KINDS rows */
	atomic_uint refs;		/* owner and peers' commands */
	atomic_uint callbacks;		/* interrupts that peers are about to raise */
	pthread_rwlock_t dma_lock;
	atomic_uint translations;	/* + 1 when some end, under the write side */

	pthread_mutex_t admin_lock;
	pthread_cond_t admin_cond;
	bool admin_busy;		/* a thread works on the admin ring or resets */
	unsigned resets_waiting;
	atomic_uint ctrl, status, generation;
	atomic_ullong admin_base;
	atomic_uint admin_depth, admin_pi, admin_ci;
	pthread_mutex_t err_lock;
	uint32_t err_cause;
	uint64_t err_info;
	uint64_t err_window_ns;		/* of the rate limit of guest_error() */
	unsigned err_printed, err_suppressed;

	struct ub_idmap map[UB_KINDS];	/* an EQ's id in its map is one more than its own */
	_Atomic(struct ub_obj *) *db;	/* pages of BAR 2 */
	struct ub_engine engine;
	struct ub_inject inject;
	struct ub_core *fabric_next;	/* of cfg.fabric's list */
	const struct ub_transport *transport;	/* with port */
	struct ub_port *port;		/* NULL: no device of another process is reached */
	atomic_ullong sequence;		/* of requests to other processes */
	struct ub_owner *owner;		/* what other processes ask */
	struct ub_counter stat[UB_ST_COUNT];
};

/* With its locks and tables, of limits that were checked; NULL: no memory. */
struct ub_core *ub_core_alloc(const struct ub_core_config *config, const struct ub_core_host *host,
			      void *opaque, const uint32_t limits[UB_KINDS]);
void ub_core_get(struct ub_core *core);
void ub_core_put(struct ub_core *core);

/* What the CAPS register of such a device reads. */
uint64_t ub_caps(const struct ub_core_config *c);
/* For ERR_CAUSE and ERR_INFO, if it is the first error since they were cleared. */
void ub_capture(struct ub_core *core, uint32_t cause, uint64_t info);

/* The write side. Whoever holds the read side may be inside host.map(), and is attended to. */
void ub_dma_lock_write(struct ub_core *core);
static inline void ub_dma_unlock_write(struct ub_core *core)
{
	pthread_rwlock_unlock(&core->dma_lock);
}
/* Under a lock that *cond goes with: wait, and attend to threads inside host.map() meanwhile. */
void ub_core_wait(struct ub_core *core, pthread_cond_t *cond, pthread_mutex_t *lock);

/* The read side for one command's two devices, which may be the same. */
void ub_dma_lock(struct ub_core *a, struct ub_core *b);
void ub_dma_unlock(struct ub_core *a, struct ub_core *b);

/* For a counter that one thread at a time writes. */
static inline void ub_add(atomic_ullong *counter, uint64_t n)
{
	uint64_t v = atomic_load_explicit(counter, memory_order_relaxed);

	atomic_store_explicit(counter, v + n, memory_order_relaxed);
}

static inline void ub_count(struct ub_core *core, enum ub_stat stat, uint64_t n)
{
	atomic_fetch_add_explicit(&core->stat[stat].v, n, memory_order_relaxed);
}

#endif
