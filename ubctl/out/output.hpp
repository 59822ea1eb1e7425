// SPDX-License-Identifier: MIT
// The one place that renders results. A command describes its fields once and adds rows; table
// and JSON come from the same description, so JSON always holds all that the table shows.
#pragma once

#include <string>
#include <vector>

#include "out/value.hpp"

namespace ubctl {

// How a table shows a number; JSON has the bare number in the unit that the key's suffix names.
enum class Show { plain, bytes, duration, address, crc, rate };

struct Field {
    const char *key;     // JSON key, lower_snake_case, unit as suffix
    const char *heading; // column or label; nullptr: JSON only
    Show show = Show::plain;
};

enum class Layout {
    columns, // one line a row under a heading
    record,  // "label  value" lines, an empty line between rows
};

struct Report {
    const char *schema; // "ub.device.list/1"
    Layout layout;
    std::vector<Field> fields;
    std::vector<std::vector<Value>> rows = {};

    // The values are in the order of the fields.
    void add(std::vector<Value> row);
};

struct Style {
    bool json = false;
    bool no_header = false;
    bool quiet = false;
};

// Writes to stdout and throws Error when that fails.
void print(const Report &report, const Style &style);
void print_text(const std::string &text);

} // namespace ubctl
