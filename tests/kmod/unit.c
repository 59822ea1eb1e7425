// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>

#include "unit.h"

static void run_all(const struct unit_case *c)
{
	for (; c->name; c++)
		pr_info("ubnpu_unit: %s - %s\n", c->run() ? "not ok" : "ok", c->name);
}

static int __init unit_init(void)
{
	run_all(unit_ids_cases);
	run_all(unit_ring_cases);
	run_all(unit_table_cases);
	return 0;
}
module_init(unit_init);

static void __exit unit_exit(void)
{
	rcu_barrier();
}
module_exit(unit_exit);

MODULE_DESCRIPTION("Unit tests of ubnpu");
MODULE_LICENSE("GPL");
