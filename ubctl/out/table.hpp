// SPDX-License-Identifier: MIT
// Results as people read them. A report describes its fields once and gets rows.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "out/value.hpp"

namespace ubctl {

// How a table shows a value; JSON has the bare number in the unit that the key's suffix names.
// number: a rate, in three digits; prose: sentences, which a narrow terminal breaks; of the last
// column alone.
enum class Show { plain, bytes, duration, address, crc, rate, number, prose };

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
    std::vector<Field> fields; // of columns: what matters most first
    std::vector<std::vector<Value>> rows = {};
    const char *none = ""; // what records without rows say, as "no queues"

    // The values are in the order of the fields.
    void add(std::vector<Value> row);
};

// width: of the terminal, if it goes to one. Where columns do not fit, prose is broken into lines,
// else columns are left out from the right, and it says which.
std::string table_text(const Report &report, bool header, std::optional<size_t> width);

// Breaks a long text into lines that fit with their indent, which all but the first get.
std::string wrapped(const std::string &text, size_t indent, size_t width);

} // namespace ubctl
