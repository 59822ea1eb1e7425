/* SPDX-License-Identifier: MIT */
/*
 * Which queue runs next: a list for each class, strict classes first; within a class deficit round
 * robin, where a round gives each queue a quantum in proportion to its weight and a queue gets its
 * turn when its account covers its next command. All under engine.lock but ub_sched_waits().
 */
#include "engine/engine.h"

void ub_sched_place(struct ub_jfs *jfs, unsigned priority, unsigned weight)
{
	jfs->level = 0;
	if (priority >= UB_HW_STRICT_PRIORITY)
		jfs->level = (uint8_t)(priority - UB_HW_STRICT_PRIORITY + 1);
	jfs->weight = (uint8_t)(weight ? weight : priority + 1);
}

static int64_t quantum_of(const struct ub_jfs *jfs)
{
	return (int64_t)jfs->weight * UB_QUANTUM;
}

static void append_queue(struct ub_class *c, struct ub_jfs *jfs)
{
	jfs->run_next = NULL;
	if (c->tail)
		c->tail->run_next = jfs;
	else
		c->head = jfs;
	c->tail = jfs;
	c->n++;
}

static struct ub_jfs *pop_queue(struct ub_class *c)
{
	struct ub_jfs *jfs = c->head;

	c->head = jfs->run_next;
	if (!c->head)
		c->tail = NULL;
	jfs->run_next = NULL;
	c->n--;
	return jfs;
}

void ub_sched_add(struct ub_sched *s, struct ub_jfs *jfs)
{
	append_queue(&s->class[jfs->level], jfs);
	atomic_fetch_or_explicit(&s->ready, 1u << jfs->level, memory_order_relaxed);
}

/* Rounds until the account covers need, at least 1. */
static int64_t rounds_due(const struct ub_jfs *jfs)
{
	int64_t gap = jfs->need - jfs->deficit;

	return gap > 0 ? (gap + quantum_of(jfs) - 1) / quantum_of(jfs) : 1;
}

void ub_sched_top_up(struct ub_jfs *jfs)
{
	jfs->deficit += rounds_due(jfs) * quantum_of(jfs);
}

/* Every queue was passed over: go through the rounds in which all would be once more. */
static void skip_rounds(struct ub_class *c)
{
	int64_t k = INT64_MAX;

	for (struct ub_jfs *jfs = c->head; jfs; jfs = jfs->run_next)
		if (rounds_due(jfs) < k)
			k = rounds_due(jfs);
	for (struct ub_jfs *jfs = c->head; jfs; jfs = jfs->run_next)
		jfs->deficit += (k - 1) * quantum_of(jfs);
}

/* A change of state is looked at whatever the account says. */
static bool deserves_turn(struct ub_jfs *jfs)
{
	return jfs->deficit >= jfs->need || atomic_load(&jfs->sched) & UB_SCHED_ADMIN;
}

static struct ub_jfs *take_turn(struct ub_class *c)
{
	for (unsigned passed = 0;;) {
		struct ub_jfs *jfs = pop_queue(c);

		jfs->deficit += quantum_of(jfs);
		if (deserves_turn(jfs))
			return jfs;
		append_queue(c, jfs);
		if (++passed >= c->n) {
			skip_rounds(c);
			passed = 0;
		}
	}
}

struct ub_jfs *ub_sched_pick(struct ub_sched *s, unsigned level)
{
	unsigned ready = atomic_load_explicit(&s->ready, memory_order_relaxed) >> level << level;
	struct ub_jfs *jfs;

	if (!ready)
		return NULL;
	level = 31 - (unsigned)__builtin_clz(ready);
	jfs = take_turn(&s->class[level]);
	if (!s->class[level].n)
		atomic_fetch_and_explicit(&s->ready, ~(1u << level), memory_order_relaxed);
	return jfs;
}
