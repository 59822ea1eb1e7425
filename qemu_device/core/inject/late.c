/* SPDX-License-Identifier: MIT */
/* Late completions: the queue waits as in an RNR wait, no thread does. */
#include "inject/inject.h"

bool ub_inject_late(struct ub_cmd *cmd, struct ub_jfc *jfc, const struct ub_hw_cqe *cqe)
{
	struct ub_core *core = jfc->obj.core;
	uint64_t arg[2];
	unsigned piece;

	if (cmd->late == UB_LATE_OVER)
		return false;
	if (!cmd->late && ub_inject_take(core, UB_FAULT_CQE_DELAY, jfc->obj.id, arg)) {
		cmd->late = UB_LATE_OVER;
		cmd->wait_ns = arg[0];
		return true;
	}
	if (!cmd->late && ub_inject_take(core, UB_FAULT_CQE_TORN, jfc->obj.id, arg)) {
		cmd->late = UB_LATE_MAX;
		cmd->wait_ns = arg[0];
	}
	if (!cmd->late)
		return false;
	piece = UB_LATE_MAX - cmd->late;
	ub_jfc_tear(jfc, cqe, piece ? piece * 16 : 4, piece * 16 + 16);
	cmd->late--;
	return true;
}
