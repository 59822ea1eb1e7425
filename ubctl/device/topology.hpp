// SPDX-License-Identifier: MIT
// Where devices are: NUMA node, PCI root, ports, device. As sysfs tells it.
#pragma once

#include <string>
#include <vector>

#include <ub/ub.hpp>

namespace ubctl {

struct Place {
    std::string kind; // "numa", "root", "port", "device"
    std::string name; // "NUMA node 0", "0000:00:02.0", "ub0"
    std::string detail;
    size_t depth = 0; // of the one above it depth - 1
};

// A tree, each place before those below it.
std::vector<Place> topology(const std::vector<ub_device> &devices);

} // namespace ubctl
