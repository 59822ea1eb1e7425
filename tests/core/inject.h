/* SPDX-License-Identifier: MIT */
/* Faults on demand, for tests: short forms of INJECT and QUERY_INJECT. */
#ifndef UB_TEST_INJECT_H
#define UB_TEST_INJECT_H

#include "harness.h"

static inline struct ub_admin_cmd inject_cmd(unsigned kind, uint32_t id, uint64_t arg0,
					     uint64_t arg1)
{
	return (struct ub_admin_cmd){ .opcode = UB_ADMIN_INJECT, .id = id, .inject = {
		.kind = kind,
		.count = 1,
		.arg = { arg0, arg1 },
	} };
}

/* Once, at the first occasion. */
static inline void inject(struct rig *rig, unsigned kind, uint32_t id, uint64_t arg0, uint64_t arg1)
{
	struct ub_admin_cmd cmd = inject_cmd(kind, id, arg0, arg1);

	assert_int_equal(admin(rig, &cmd), UB_ADMIN_OK);
}

static inline void inject_forever(struct rig *rig, unsigned kind, uint32_t id, uint64_t arg0,
				  uint64_t arg1)
{
	struct ub_admin_cmd cmd = inject_cmd(kind, id, arg0, arg1);

	cmd.inject.count = UB_FAULT_FOREVER;
	assert_int_equal(admin(rig, &cmd), UB_ADMIN_OK);
}

static inline void inject_remove(struct rig *rig, unsigned kind, uint32_t id)
{
	struct ub_admin_cmd cmd = inject_cmd(kind, id, 0, 0);

	cmd.inject.count = 0;
	assert_int_equal(admin(rig, &cmd), UB_ADMIN_OK);
}

static inline struct ub_admin_reply inject_query(struct rig *rig, unsigned kind)
{
	struct ub_admin_cmd cmd = { .opcode = UB_ADMIN_QUERY_INJECT, .inject.kind = kind };

	assert_int_equal(admin(rig, &cmd), UB_ADMIN_OK);
	return rig->reply;
}

static inline uint32_t inject_armed(struct rig *rig, unsigned kind)
{
	return inject_query(rig, kind).refs;
}

static inline uint64_t inject_given(struct rig *rig, unsigned kind)
{
	return inject_query(rig, kind).count;
}

/* A NOP that tells of itself. */
static inline void post_nop(struct tjfs *jfs, uint64_t user_ctx)
{
	union twqe w = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE, user_ctx);

	post(jfs, &w);
}

/* 100 bytes of the set's first segment to a JFR. */
static inline union twqe send_wqe(struct set *s, const struct tjfr *jfr)
{
	union twqe w = wqe_send(s->eid, jfr->id, 0, 3);

	wqe_sge(&w, s->a.va, 100, s->a.id);
	return w;
}

#endif
