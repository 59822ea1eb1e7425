/* SPDX-License-Identifier: GPL-2.0-only */
/* What administrators see and do: sysfs and netlink. */
#ifndef UBNPU_CONTROL_H
#define UBNPU_CONTROL_H

#include "recover/recover.h"

/* sysfs.c */
extern const struct attribute_group *ubnpu_groups[];

/* family.c */
int ubnpu_netlink_init(void);
void ubnpu_netlink_exit(void);

#endif
