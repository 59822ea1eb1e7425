/* SPDX-License-Identifier: GPL-2.0-only */
/* Unit tests of the driver, run when ubnpu_unit.ko is loaded; their results are in the log. */
#ifndef UBNPU_UNIT_H
#define UBNPU_UNIT_H

#include <linux/printk.h>

struct unit_case {
	const char *name;
	int (*run)(void);	/* 0 or a negative errno */
};

/* Each list ends with an entry without a name. */
extern const struct unit_case unit_ids_cases[], unit_ring_cases[], unit_table_cases[];

/* What is left behind by a test that fails stays until the machine goes. */
#define UNIT_EXPECT(condition) do { \
	if (!(condition)) { \
		pr_err("ubnpu_unit: %s:%d: %s\n", __func__, __LINE__, #condition); \
		return -EINVAL; \
	} \
} while (0)

#endif
