/* SPDX-License-Identifier: MIT */
/* Timers in a pairing heap, intrusive: nothing is allocated. Under engine.lock. */
#include "engine/engine.h"

/* prev is the left sibling or, of a first child, the parent. */
static struct ub_timer *merge_heaps(struct ub_timer *a, struct ub_timer *b)
{
	if (!a || !b)
		return a ? a : b;
	if (b->due < a->due) {
		struct ub_timer *t = a;

		a = b;
		b = t;
	}
	b->prev = a;
	b->next = a->child;
	if (b->next)
		b->next->prev = b;
	a->child = b;
	return a;
}

/* One heap of a list of siblings: pair them from the left, then merge the pairs from the right. */
static struct ub_timer *merge_pairs(struct ub_timer *t)
{
	struct ub_timer *pairs = NULL, *root = NULL;

	while (t) {
		struct ub_timer *a = t, *b = a->next, *pair;

		t = b ? b->next : NULL;
		a->next = a->prev = NULL;
		if (b)
			b->next = b->prev = NULL;
		pair = merge_heaps(a, b);
		pair->next = pairs;
		pairs = pair;
	}
	while (pairs) {
		t = pairs;
		pairs = t->next;
		t->next = NULL;
		root = merge_heaps(root, t);
	}
	return root;
}

void ub_timer_add(struct ub_timer **root, struct ub_timer *t, uint64_t due)
{
	t->due = due;
	t->queued = true;
	t->child = t->next = t->prev = NULL;
	*root = merge_heaps(*root, t);
}

void ub_timer_del(struct ub_timer **root, struct ub_timer *t)
{
	struct ub_timer *below = merge_pairs(t->child);

	if (t == *root) {
		*root = below;
	} else {
		if (t->prev->child == t)
			t->prev->child = t->next;
		else
			t->prev->next = t->next;
		if (t->next)
			t->next->prev = t->prev;
		*root = merge_heaps(*root, below);
	}
	t->child = t->next = t->prev = NULL;
	t->queued = false;
}
