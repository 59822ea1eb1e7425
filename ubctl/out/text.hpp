// SPDX-License-Identifier: MIT
// Values as people read them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ubctl {

// Names such as a process's may hold anything; a terminal shall see only what is printable. What
// controls it, and what is no UTF-8, is written as in C: \n, \x1b.
std::string printable(std::string_view text);
// The same of lines, whose ends and tabs stay.
std::string printable_lines(std::string_view text);
// Columns of a terminal that printable text takes.
size_t width_of(std::string_view text);
// Four digits and the largest unit that leaves one before the point.
std::string iec_bytes(uint64_t bytes);
std::string duration(uint64_t ns);
// Three digits and a letter, in five columns at most: "7", "12.3k", "1.23M".
std::string short_number(double value);
std::string short_duration(uint64_t ns); // "350n", "1.23m"

} // namespace ubctl
