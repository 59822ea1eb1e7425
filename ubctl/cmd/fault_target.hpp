// SPDX-License-Identifier: MIT
// The device that `health inject` and `health faults` are about, and what it refuses.
#pragma once

#include <string>

#include <ub/ub.h>

#include "cli/command.hpp"
#include "device/faults.hpp"
#include "device/netlink.hpp"
#include "out/error.hpp"

namespace ubctl {

// The device named; a soft one or none is an error of the command.
ub_device chosen_device(const Globals &globals, const char *command);
// What the driver's refusal means for that fault. The command is what an administrator would run.
Error inject_error(const ub_device &device, const Fault &fault, const Reply &reply,
                   const std::string &command);

} // namespace ubctl
