// SPDX-License-Identifier: GPL-2.0-only
/* Ids of objects: never 0, never two at once, in turn, and up to the limit. */
#include <linux/slab.h>

#include "base/base.h"
#include "unit.h"

#define MAX_ID	100u

static struct ubnpu_dev *ids_device(struct ubnpu_ids *ids, u32 max)
{
	struct ubnpu_dev *ub = kzalloc(sizeof(*ub), GFP_KERNEL);

	if (ub)
		mutex_init(&ub->obj_lock);
	xa_init_flags(&ids->xa, XA_FLAGS_ALLOC1);
	ids->max = max;
	ids->next = 1;
	return ub;
}

static void ids_end(struct ubnpu_dev *ub, struct ubnpu_ids *ids)
{
	xa_destroy(&ids->xa);
	kfree(ub);
}

static int all_ids_are_given_once(void)
{
	struct ubnpu_ids ids;
	struct ubnpu_dev *ub = ids_device(&ids, MAX_ID);
	u32 i, id;

	UNIT_EXPECT(ub);
	for (i = 1; i <= MAX_ID; i++) {
		UNIT_EXPECT(!ubnpu_id_alloc(&ids, &id));
		UNIT_EXPECT(id == i);
	}
	UNIT_EXPECT(ubnpu_id_alloc(&ids, &id));
	/* The one that is free is found, wherever it is. */
	ubnpu_id_free(ub, &ids, 37);
	UNIT_EXPECT(!ubnpu_id_alloc(&ids, &id));
	UNIT_EXPECT(id == 37);
	ids_end(ub, &ids);
	return 0;
}

static int a_stale_id_names_nothing(void)
{
	struct ubnpu_ids ids;
	struct ubnpu_dev *ub = ids_device(&ids, MAX_ID);
	u32 i, id, last = 0;

	UNIT_EXPECT(ub);
	for (i = 0; i < 3 * MAX_ID; i++) {
		UNIT_EXPECT(!ubnpu_id_alloc(&ids, &id));
		UNIT_EXPECT(id == last % MAX_ID + 1);
		UNIT_EXPECT(!xa_load(&ids.xa, id));
		ubnpu_id_publish(&ids, id, ub);
		UNIT_EXPECT(xa_load(&ids.xa, id) == ub);
		ubnpu_id_free(ub, &ids, id);
		UNIT_EXPECT(!xa_load(&ids.xa, id));
		last = id;
	}
	ids_end(ub, &ids);
	return 0;
}

static int a_device_without_any_gives_none(void)
{
	struct ubnpu_ids ids;
	struct ubnpu_dev *ub = ids_device(&ids, 0);
	u32 id;

	UNIT_EXPECT(ub);
	UNIT_EXPECT(ubnpu_id_alloc(&ids, &id));
	ids_end(ub, &ids);
	return 0;
}

const struct unit_case unit_ids_cases[] = {
	{ "all_ids_are_given_once", all_ids_are_given_once },
	{ "a_stale_id_names_nothing", a_stale_id_names_nothing },
	{ "a_device_without_any_gives_none", a_device_without_any_gives_none },
	{ }
};
