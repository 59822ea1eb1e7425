/* SPDX-License-Identifier: GPL-2.0-only */
/* In QEMU's own tree the device is a type as any other; load.c is for a stock binary. */
#include "qemu/osdep.h"

#include "ubnpu.h"

#include "qemu/module.h"

static void ubnpu_register(void)
{
	type_register_static(&ubnpu_type);
}

type_init(ubnpu_register)
