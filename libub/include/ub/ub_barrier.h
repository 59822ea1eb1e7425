/* SPDX-License-Identifier: MIT */
/**
 * @file
 * The ordered accesses between a program and its device. Each has a name and one sentence that
 * states its pair; docs/library.md tells how they make a whole. x86-64 and arm64.
 */
#ifndef UB_BARRIER_H
#define UB_BARRIER_H

#include <stdint.h>

#if !defined(__x86_64__) && !defined(__aarch64__)
#error "libub knows the memory ordering of x86-64 and arm64 only: add this machine to ub_barrier.h"
#endif
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "libub needs a little-endian machine: rings and records are little-endian"
#endif

/** A 32-bit word of a ring or record, whatever type its bytes were declared with. */
typedef uint32_t __attribute__((may_alias)) ub_word32_t;

/** Pairs with the device's release store of the same index: what it wrote before is visible. */
static inline uint32_t ub_load_index_acquire(const void *index)
{
	return __atomic_load_n((const ub_word32_t *)index, __ATOMIC_ACQUIRE);
}

/** Pairs with the device's acquire load of the same index: it sees all that was written before. */
static inline void ub_store_index_release(void *index, uint32_t value)
{
	__atomic_store_n((ub_word32_t *)index, value, __ATOMIC_RELEASE);
}

/**
 * Publishes a send PI; pairs with the device's load of PI after it published event_idx, so that
 * either it sees this PI or ub_load_event_idx() sees that event_idx.
 */
static inline void ub_store_send_pi(void *pi, uint32_t value)
{
	__atomic_store_n((ub_word32_t *)pi, value, __ATOMIC_SEQ_CST);
}

/** Loads event_idx after ub_store_send_pi(); pairs with the device's store before its last look. */
static inline uint32_t ub_load_event_idx(const void *event_idx)
{
	return __atomic_load_n((const ub_word32_t *)event_idx, __ATOMIC_SEQ_CST);
}

/** Pairs with the device's release store of a CQE's first four bytes: the rest of it is there. */
static inline uint32_t ub_load_cqe_head(const void *cqe)
{
	return __atomic_load_n((const ub_word32_t *)cqe, __ATOMIC_ACQUIRE);
}

/** Pairs with the arrival of the next device store: all memory written before is seen first. */
static inline void ub_wmb_to_device(void)
{
#if defined(__x86_64__)
	__asm__ volatile("" ::: "memory");	/* stores to uncached memory stay in order */
#else
	__asm__ volatile("dmb oshst" ::: "memory");
#endif
}

/** One 32-bit store to a device register; to be preceded by ub_wmb_to_device(). */
static inline void ub_mmio_write32(volatile uint32_t *reg, uint32_t value)
{
#if defined(__x86_64__)
	__asm__ volatile("movl %1, %0" : "=m"(*reg) : "r"(value));
#else
	__asm__ volatile("str %w1, %0" : "=Qo"(*reg) : "rZ"(value));
#endif
}

/** One 64-bit store to a device register; to be preceded by ub_wmb_to_device(). */
static inline void ub_mmio_write64(volatile uint64_t *reg, uint64_t value)
{
#if defined(__x86_64__)
	__asm__ volatile("movq %1, %0" : "=m"(*reg) : "r"(value));
#else
	__asm__ volatile("str %x1, %0" : "=Qo"(*reg) : "rZ"(value));
#endif
}

/** Tells the processor that this is a spin loop; orders nothing. */
static inline void ub_cpu_relax(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#else
	__asm__ volatile("yield");
#endif
}

#endif
