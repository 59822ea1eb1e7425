/* SPDX-License-Identifier: MIT */
/* What is told of a command, whatever its opcode. */
#include "engine/jfs.h"
#include "fault/fault.h"
#include "object/object.h"

void ub_cmd_fail(struct ub_cmd *cmd, unsigned status, unsigned sub)
{
	cmd->done = true;
	cmd->status = (uint8_t)status;
	cmd->substatus = (uint8_t)sub;
	ub_poison_status(&cmd->status, &cmd->substatus);
}

void ub_cmd_unhold_program(struct ub_cmd *cmd)
{
	if (cmd->holds_program)
		ub_program_unhold(cmd->program);
	cmd->holds_program = false;
}
