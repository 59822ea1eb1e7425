// SPDX-License-Identifier: MIT
// What `device list` and `device show` tell of a device.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <ub/ub.h>

#include "device/netlink.hpp"
#include "out/output.hpp"

namespace ubctl {

// The device of that name, soft ones included; all of the machine's for an empty name.
std::vector<ub_device> chosen_devices(const std::string &name);
// What the driver says of each device, by its name.
std::map<std::string, Attributes> driver_view();
// In the order of the first fields of both reports.
std::vector<Value> device_row(const ub_device &device, const Attributes &driver);

} // namespace ubctl
