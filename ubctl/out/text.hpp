// SPDX-License-Identifier: MIT
// Values as people read them.
#pragma once

#include <cstdint>
#include <string>

namespace ubctl {

// Names such as a process's may hold anything; a terminal shall see only what is printable.
std::string printable(std::string text);
// Four digits and the largest unit that leaves one before the point.
std::string iec_bytes(uint64_t bytes);
std::string duration(uint64_t ns);

} // namespace ubctl
