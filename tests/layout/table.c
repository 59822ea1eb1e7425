/* SPDX-License-Identifier: MIT */
/* Sizes and offsets as this compiler and word size see them, as plain numbers in a section. */
#include <linux/types.h>

#include <ub/ub_uapi.h>

const __u32 layout_table[] __attribute__((section(".layout"), used)) = {
#define SIZE(type, size) sizeof(type),
#define FIELD(type, field, offset) __builtin_offsetof(type, field),
#define IOCTL(name, nr, type) name,
#include "layout.def"
#undef SIZE
#undef FIELD
#undef IOCTL
};
