// SPDX-License-Identifier: GPL-2.0-only
/* Instantiates the trace events. */
#include <linux/module.h>

#include "queue/queue.h"

#define CREATE_TRACE_POINTS
#include "trace.h"
