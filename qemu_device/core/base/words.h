/* SPDX-License-Identifier: MIT */
/* Words that two sides share, and the limits of this model. */
#ifndef UB_CORE_WORDS_H
#define UB_CORE_WORDS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <ub/ub_hw.h>

#define UB_BURST		65536u		/* bytes copied under one hold of the dma_lock */
#define UB_MAX_MSG		0x40000000u
#define UB_MAX_GEMM_DIM		16384u
#define UB_INLINE_WQES		64		/* what a doorbell store runs itself at most */
#define UB_INLINE_TOTAL		65536u		/* and payload of all of them */
#define UB_QUANTUM		65536		/* bytes a round gives for each unit of weight */
#define UB_CLASSES		(UB_HW_MAX_PRIORITY - UB_HW_STRICT_PRIORITY + 2)
#define UB_MIN_COST		4096
#define UB_FLUSH_CHUNK		64
#define UB_MAX_EQ		64
#define UB_MAX_SGE		13

/* Where a member is in an admin command, as replies name it. */
#define UB_ADMIN_OFF(member) ((uint32_t)offsetof(struct ub_admin_cmd, member))

#define ub_container(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))

static inline uint32_t ub_load(const __le32 *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static inline uint32_t ub_load_seq(const __le32 *p)
{
	return __atomic_load_n(p, __ATOMIC_SEQ_CST);
}

static inline void ub_store(__le32 *p, uint32_t v)
{
	__atomic_store_n(p, v, __ATOMIC_RELEASE);
}

static inline void ub_store_seq(__le32 *p, uint32_t v)
{
	__atomic_store_n(p, v, __ATOMIC_SEQ_CST);
}

#endif
