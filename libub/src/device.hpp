// SPDX-License-Identifier: MIT
#ifndef UB_DEVICE_HPP
#define UB_DEVICE_HPP

#include "provider.hpp"

#include <string>

namespace ub_impl {

// The node of "ub0", "/dev/ub/ub0", a PCI address or an EID; empty: error says why.
std::string node_of(const std::string &name, OpenError &error);

} // namespace ub_impl

#endif
