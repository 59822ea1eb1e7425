// SPDX-License-Identifier: MIT
// What standard output leads to.
#pragma once

#include <cstddef>
#include <optional>

namespace ubctl {

// Columns of the terminal; nothing where it is none: what goes to a file or a program is never cut.
// COLUMNS says otherwise, as with other tools; a terminal that does not know has 80.
std::optional<size_t> terminal_width();

} // namespace ubctl
