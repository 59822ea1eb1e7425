// SPDX-License-Identifier: MIT
// The fields of `queue list` and `queue show`.
#pragma once

#include <vector>

#include "device/netlink.hpp"
#include "out/output.hpp"

namespace ubctl {

Report queue_report(Layout layout);
std::vector<Value> queue_row(const Attributes &row);

} // namespace ubctl
