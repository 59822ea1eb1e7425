// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>

#include "pci.h"

static int __init ubnpu_init(void)
{
	return ubnpu_register();
}
module_init(ubnpu_init);

static void __exit ubnpu_exit(void)
{
	ubnpu_unregister();
}
module_exit(ubnpu_exit);

MODULE_DESCRIPTION("UB-style NPU, emulated");
MODULE_LICENSE("GPL");
MODULE_VERSION(UBNPU_VERSION);
