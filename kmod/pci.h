/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UBNPU_PCI_H
#define UBNPU_PCI_H

int ubnpu_register(void);
void ubnpu_unregister(void);

#endif
