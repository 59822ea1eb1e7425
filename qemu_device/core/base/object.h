/* SPDX-License-Identifier: MIT */
/* What all objects of a device begin with, and the tables of their ids. */
#ifndef UB_CORE_BASE_OBJECT_H
#define UB_CORE_BASE_OBJECT_H

#include "base/words.h"

struct ub_core;
struct ub_kind_row;		/* object/object.h */

/* Each after those that it refers to. */
enum ub_kind {
	UB_KIND_CTX, UB_KIND_SEG, UB_KIND_EQ, UB_KIND_JFC, UB_KIND_JFR, UB_KIND_PROGRAM,
	UB_KIND_JFS, UB_KINDS,
};

struct ub_obj {
	atomic_uint refs;
	atomic_bool dead;		/* set under the write side of dma_lock */
	enum ub_kind kind;
	uint32_t id;
	uint32_t users;			/* admin_lock: objects that refer to this one */
	struct ub_core *core;		/* not to be followed once dead, but by its own engines */
	const struct ub_kind_row *row;
	struct ub_obj *next;		/* list of what a reset takes away */
};

static inline bool ub_obj_dead(struct ub_obj *obj)
{
	return atomic_load_explicit(&obj->dead, memory_order_relaxed);
}

/* Ids 1 .. max to objects, in two levels made on demand. */
#define UB_IDMAP_BITS 9
struct ub_idmap {
	uint32_t max;
	_Atomic(_Atomic(struct ub_obj *) *) *leaf;
};

int ub_idmap_init(struct ub_idmap *map, uint32_t max);
void ub_idmap_fini(struct ub_idmap *map);
struct ub_obj *ub_idmap_get(struct ub_idmap *map, uint32_t id);
int ub_idmap_reserve(struct ub_idmap *map, uint32_t id);
void ub_idmap_set(struct ub_idmap *map, uint32_t id, struct ub_obj *obj);
/* The object of the least id above *id, which becomes *id; NULL at the end. */
struct ub_obj *ub_idmap_next(struct ub_idmap *map, uint32_t *id);
/* Take every object out and push it on *list. */
void ub_idmap_drain(struct ub_idmap *map, struct ub_obj **list);

#endif
