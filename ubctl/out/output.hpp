// SPDX-License-Identifier: MIT
// The one place from which results go to standard output; table and JSON come from the same report,
// so JSON always holds all that the table shows.
#pragma once

#include <string>
#include <string_view>

#include "out/table.hpp"

namespace ubctl {

struct Style {
    bool json = false;
    bool no_header = false;
    bool quiet = false;
};

// Each throws Error when standard output does not take it.
void print(const Report &report, const Style &style);
// As JSON on one line, of commands that print again and again.
void print_json_line(const Report &report);
void print_text(std::string_view text);
// Of others: bare to a file or a program, without what controls a terminal to one.
void print_foreign(std::string_view text);

} // namespace ubctl
