// SPDX-License-Identifier: MIT
// Finding devices and saying why one cannot be used.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <ub/ub.h>

#include "out/error.hpp"

namespace ubctl {

bool is_soft(const std::string &name);

// By name, node, PCI address or EID; an empty name is the first one. Throws NO_DEVICE.
ub_device find_device(const std::string &name);

// What to hand to the library: the name itself for soft devices, else that of the device found.
std::string device_name(const std::string &name);

// For netlink: nothing for an empty name, N of ubN for others. Not for soft devices.
std::optional<uint32_t> device_index(const std::string &name);

// Why a device could not be opened: permission and absence are told apart.
Error open_error(const std::string &name, const ub::error &error);

} // namespace ubctl
