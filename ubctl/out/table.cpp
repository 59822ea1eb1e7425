// SPDX-License-Identifier: MIT
#include "out/table.hpp"

#include <algorithm>
#include <stdexcept>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "out/text.hpp"

namespace ubctl {

namespace {

constexpr size_t record_width = 80, gap = 2, least_prose = 20;

std::string number_text(uint64_t value, Show show) {
    switch (show) {
    case Show::bytes:
        return iec_bytes(value);
    case Show::duration:
        return duration(value);
    case Show::address:
        return fmt::format("0x{:x}", value);
    case Show::crc:
        return fmt::format("0x{:08x}", value);
    case Show::rate:
        return iec_bytes(value) + "/s";
    case Show::plain:
    case Show::number:
    case Show::prose:
        break;
    }
    return std::to_string(value);
}

struct CellText {
    Show show;
    std::string operator()(std::monostate) const { return "-"; }
    std::string operator()(bool value) const { return value ? "yes" : "no"; }
    std::string operator()(uint64_t value) const { return number_text(value, show); }
    std::string operator()(double value) const {
        return show == Show::number ? short_number(value) : fmt::format("{:.6g}", value);
    }
    std::string operator()(const std::string &value) const {
        return value.empty() ? "-" : printable(value);
    }
    std::string operator()(const List &value) const {
        return value.empty() ? "-" : printable(fmt::format("{}", fmt::join(value, ",")));
    }
    std::string operator()(const Numbers &value) const {
        return value.empty() ? "-" : fmt::format("{}", fmt::join(value, ","));
    }
};

std::string cell_text(const Value &value, Show show) {
    return std::visit(CellText{show}, value);
}

bool is_number(const Value &value) {
    return std::holds_alternative<uint64_t>(value) || std::holds_alternative<double>(value);
}

struct Column {
    const Field *field;
    std::vector<std::string> cells;
    size_t width = 0;
    bool right = false;
};

Column make_column(const Report &report, size_t index, bool header) {
    Column column{&report.fields[index], {}};
    if (header)
        column.cells.push_back(column.field->heading);
    for (const auto &row : report.rows) {
        column.cells.push_back(cell_text(row[index], column.field->show));
        column.right |= is_number(row[index]);
    }
    for (const auto &cell : column.cells)
        column.width = std::max(column.width, width_of(cell));
    return column;
}

size_t total_width(const std::vector<Column> &columns) {
    size_t width = 0;
    for (const Column &column : columns)
        width += column.width + gap;
    return width - std::min(width, gap);
}

// Where prose stands last and leaves some room, its width; else none is broken.
std::optional<size_t> prose_width(const std::vector<Column> &columns, size_t width) {
    const size_t others = total_width(columns) - columns.back().width;
    if (columns.back().field->show != Show::prose || others + least_prose > width)
        return std::nullopt;
    return width - others;
}

// Leaves out columns from the right until the others fit. The headings of those that went.
List fit(std::vector<Column> &columns, size_t width) {
    List left_out;
    while (columns.size() > 1 && total_width(columns) > width) {
        left_out.insert(left_out.begin(), columns.back().field->heading);
        columns.pop_back();
    }
    return left_out;
}

std::string line_text(const std::vector<Column> &columns, size_t line, size_t width) {
    std::string text;
    for (const Column &column : columns) {
        const std::string &cell = column.cells[line];
        const std::string pad(column.width - std::min(column.width, width_of(cell)), ' ');
        const size_t indent = width_of(text);
        if (column.field->show == Show::prose)
            text += wrapped(cell, indent, width) + pad;
        else
            text += column.right ? pad + cell : cell + pad;
        text.append(gap, ' ');
    }
    text.erase(text.find_last_not_of(' ') + 1);
    return text + '\n';
}

std::string columns_text(const Report &report, bool header, std::optional<size_t> width) {
    std::vector<Column> columns;
    for (size_t i = 0; i < report.fields.size(); ++i)
        if (report.fields[i].heading)
            columns.push_back(make_column(report, i, header));
    List left_out;
    const bool narrow = width && total_width(columns) > *width;
    if (narrow && !prose_width(columns, *width))
        left_out = fit(columns, *width);
    std::string out;
    for (size_t line = 0; line < report.rows.size() + header; ++line)
        out += line_text(columns, line, narrow ? *width : SIZE_MAX);
    if (header && !left_out.empty())
        out += wrapped(fmt::format("(left out in {} columns: {}; -o json has all)", *width,
                                   fmt::join(left_out, ", ")),
                       0, *width) +
               '\n';
    return out;
}

std::string record_text(const Report &report, bool header, std::optional<size_t> terminal) {
    const size_t width = std::min(terminal.value_or(record_width), record_width);
    if (report.rows.empty() && header && *report.none)
        return std::string(report.none) + '\n';
    size_t labels = 0;
    for (const Field &field : report.fields)
        if (field.heading)
            labels = std::max(labels, std::string_view(field.heading).size());
    std::string out;
    for (const auto &row : report.rows) {
        if (!out.empty())
            out += '\n';
        for (size_t i = 0; i < row.size(); ++i)
            if (report.fields[i].heading)
                out += fmt::format(
                    "{:<{}}  {}\n", report.fields[i].heading, labels,
                    wrapped(cell_text(row[i], report.fields[i].show), labels + gap, width));
    }
    return out;
}

} // namespace

void Report::add(std::vector<Value> row) {
    if (row.size() != fields.size())
        throw std::logic_error(fmt::format("{}: row and fields differ in number", schema));
    rows.push_back(std::move(row));
}

std::string table_text(const Report &report, bool header, std::optional<size_t> width) {
    return report.layout == Layout::columns ? columns_text(report, header, width)
                                            : record_text(report, header, width);
}

std::string wrapped(const std::string &text, size_t indent, size_t width) {
    const size_t room = std::max(width - std::min(indent, width), least_prose);
    std::string out;
    size_t at = 0;
    while (text.size() - at > room) {
        const size_t space = text.rfind(' ', at + room);
        if (space == text.npos || space <= at)
            break;
        out += text.substr(at, space - at) + '\n' + std::string(indent, ' ');
        at = space + 1;
    }
    return out + text.substr(at);
}

} // namespace ubctl
