/* SPDX-License-Identifier: MIT */
/* A device's port to devices of other processes. */
#ifndef UB_CORE_PORT_H
#define UB_CORE_PORT_H

#include "base/device.h"

/* In cfg.fabric_path, if it has one. False: *error, kept for the thread, says why. */
bool ub_port_open(struct ub_core *core, const char **error);
/* Nobody is asked, and nobody asks, any more. */
void ub_port_close(struct ub_core *core);
/* No queue has a command any more. */
void ub_port_free(struct ub_core *core);

#endif
