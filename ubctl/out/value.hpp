// SPDX-License-Identifier: MIT
// A value of a result, before it is text.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace ubctl {

using List = std::vector<std::string>;
using Numbers = std::vector<uint64_t>;
// monostate: not known; null in JSON, "-" in a table.
using Value = std::variant<std::monostate, bool, uint64_t, double, std::string, List, Numbers>;

} // namespace ubctl
