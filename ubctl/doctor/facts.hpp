// SPDX-License-Identifier: MIT
// What files of the system say.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "out/value.hpp"

namespace ubctl {

// The first line without its end; nothing where the file cannot be read.
std::optional<std::string> line_of(const std::string &path);
// Whether a line is in the file that the test accepts.
bool has_line(const std::string &path, const std::function<bool(const std::string &)> &accepts);
// Names in a folder, sorted; none where there is no such folder.
List names_in(const std::string &folder);
bool exists(const std::string &path);
// "6.1.0-13-amd64"
std::string kernel_release();
// Addresses of PCI devices that are UB NPUs.
List npus_on_the_bus();

} // namespace ubctl
