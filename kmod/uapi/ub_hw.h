/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * The hardware contract of the UB NPU device: PCI identity, registers, admin commands, tables,
 * work queue and completion entries. The device model, the driver and the library all include
 * this one file; docs/hardware.md is its prose and is normative for behaviour.
 *
 * Everything in memory and in registers is little-endian. Fields named rsvd must be zero when
 * written by software and are ignored when read by it. Indices named pi and ci run freely modulo
 * 2^32 and are reduced modulo the ring's depth, a power of two, only to find a slot.
 */
#ifndef UB_HW_H
#define UB_HW_H

#include "ub_hw_device.h"
#include "ub_hw_admin.h"
#include "ub_hw_queue.h"

#endif
