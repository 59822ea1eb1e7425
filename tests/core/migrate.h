/* SPDX-License-Identifier: MIT */
/* A device's state goes from one core to another, which takes its place over the same memory. */
#ifndef UB_TEST_MIGRATE_H
#define UB_TEST_MIGRATE_H

#include "harness.h"

struct stream {
	uint8_t *data;
	size_t len, at;
};

static inline int take(void *opaque, void *data, size_t len)
{
	struct stream *s = opaque;

	s->data = realloc(s->data, s->len + len);
	memcpy(s->data + s->len, data, len);
	s->len += len;
	return 0;
}

static inline int give(void *opaque, void *data, size_t len)
{
	struct stream *s = opaque;

	if (len > s->len - s->at)
		return -1;
	memcpy(data, s->data + s->at, len);
	s->at += len;
	return 0;
}

static inline void save(struct rig *rig, struct stream *s)
{
	memset(s, 0, sizeof(*s));
	assert_int_equal(ub_core_save(rig->core, &(struct ub_core_stream){ take, s }), 0);
}

static inline int load(struct rig *rig, struct stream *s, char *error, size_t size)
{
	s->at = 0;
	return ub_core_load(rig->core, &(struct ub_core_stream){ give, s }, error, size);
}

/* The old device's end must not show in guest memory: that has gone elsewhere by then. */
static inline void replace_core(struct rig *rig)
{
	uint8_t *arena = malloc(rig->used), *hbm = malloc(HBM_TEST_SIZE);
	const char *error;

	memcpy(arena, rig->arena, rig->used);
	memcpy(hbm, rig->hbm, HBM_TEST_SIZE);
	ub_core_free(rig->core);
	assert_int_equal(atomic_load(&rig->maps), 0);
	assert_int_equal(atomic_load(&rig->pages_on), atomic_load(&rig->pages_off));
	memset(rig->arena, 0xdb, rig->used);
	memcpy(rig->arena, arena, rig->used);
	memcpy(rig->hbm, hbm, HBM_TEST_SIZE);
	free(arena);
	free(hbm);
	rig->core = ub_core_new(&rig->config, rig_host(), rig, &error);
	assert_non_null(rig->core);
}

static inline void load_all(struct rig **rigs, struct stream *states, unsigned n)
{
	char error[200] = "";

	for (unsigned i = 0; i < n; i++) {
		replace_core(rigs[i]);
		ub_core_pause(rigs[i]->core);
	}
	for (unsigned i = 0; i < n; i++) {
		if (load(rigs[i], &states[i], error, sizeof(error)))
			fail_msg("%s", error);
		free(states[i].data);
	}
	for (unsigned i = 0; i < n; i++)
		ub_core_resume(rigs[i]->core);
}

static inline void migrate(struct rig *rig)
{
	struct stream state;

	ub_core_pause(rig->core);
	save(rig, &state);
	load_all(&rig, &state, 1);
}

#endif
