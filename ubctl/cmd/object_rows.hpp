// SPDX-License-Identifier: MIT
// What the driver keeps for whom: rows of `context list`, `memory list` and `queue list`.
#pragma once

#include <vector>

#include "cli/command.hpp"
#include "device/netlink.hpp"

namespace ubctl {

// Of the device chosen or of all. A soft device's objects belong to the process that made it; this
// one has made none.
std::vector<Attributes> rows_of(const Globals &globals, int command);
// Objects tell their context; only contexts tell the name of a process.
std::vector<Attributes> rows_with_comm(const Globals &globals, int command);
Value device_of(const Attributes &row);

} // namespace ubctl
