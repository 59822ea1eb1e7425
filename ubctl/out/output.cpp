// SPDX-License-Identifier: MIT
#include "out/output.hpp"

#include <algorithm>
#include <cstdio>
#include <stdexcept>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "out/error.hpp"
#include "out/json.hpp"
#include "out/text.hpp"

namespace ubctl {

namespace {

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
        break;
    }
    return std::to_string(value);
}

struct CellText {
    Show show;
    std::string operator()(std::monostate) const { return "-"; }
    std::string operator()(bool value) const { return value ? "yes" : "no"; }
    std::string operator()(uint64_t value) const { return number_text(value, show); }
    std::string operator()(double value) const { return fmt::format("{:.6g}", value); }
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
    std::vector<std::string> cells;
    size_t width = 0;
    bool right = true;
};

Column make_column(const Report &report, size_t index, bool header) {
    const Field &field = report.fields[index];
    Column column;
    if (header)
        column.cells.push_back(field.heading);
    column.right = false;
    for (const auto &row : report.rows) {
        column.cells.push_back(cell_text(row[index], field.show));
        column.right |= is_number(row[index]);
    }
    for (const auto &cell : column.cells)
        column.width = std::max(column.width, cell.size());
    return column;
}

std::string columns_text(const Report &report, bool header) {
    std::vector<Column> columns;
    for (size_t i = 0; i < report.fields.size(); ++i)
        if (report.fields[i].heading)
            columns.push_back(make_column(report, i, header));
    std::string out;
    for (size_t line = 0; line < report.rows.size() + header; ++line) {
        std::string text;
        for (const Column &column : columns)
            text += column.right ? fmt::format("{:>{}}  ", column.cells[line], column.width)
                                 : fmt::format("{:<{}}  ", column.cells[line], column.width);
        text.erase(text.find_last_not_of(' ') + 1);
        out += text + '\n';
    }
    return out;
}

// Breaks a long text into lines of at most 80 columns, all but the first indented.
std::string wrapped(const std::string &text, size_t indent) {
    const size_t width = 80 - std::min<size_t>(indent, 40);
    std::string out;
    size_t at = 0;
    while (text.size() - at > width) {
        const size_t space = text.rfind(' ', at + width);
        if (space == text.npos || space <= at)
            break;
        out += text.substr(at, space - at) + '\n' + std::string(indent, ' ');
        at = space + 1;
    }
    return out + text.substr(at);
}

std::string record_text(const Report &report) {
    size_t width = 0;
    for (const Field &field : report.fields)
        if (field.heading)
            width = std::max(width, std::string_view(field.heading).size());
    std::string out;
    for (const auto &row : report.rows) {
        if (!out.empty())
            out += '\n';
        for (size_t i = 0; i < row.size(); ++i)
            if (report.fields[i].heading)
                out += fmt::format("{:<{}}  {}\n", report.fields[i].heading, width,
                                   wrapped(cell_text(row[i], report.fields[i].show), width + 2));
    }
    return out;
}

std::string report_json(const Report &report) {
    std::vector<Members> rows;
    for (const auto &row : report.rows) {
        Members &members = rows.emplace_back();
        for (size_t i = 0; i < row.size(); ++i)
            members.emplace_back(report.fields[i].key, row[i]);
    }
    return json_document(report.schema, "data", rows);
}

} // namespace

void Report::add(std::vector<Value> row) {
    if (row.size() != fields.size())
        throw std::logic_error(fmt::format("{}: row and fields differ in number", schema));
    rows.push_back(std::move(row));
}

void print(const Report &report, const Style &style) {
    if (style.json)
        print_text(report_json(report));
    else if (report.layout == Layout::columns)
        print_text(columns_text(report, !style.no_header));
    else
        print_text(record_text(report));
}

void print_text(const std::string &text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout))
        throw Error("standard output", "cannot be written", E_OUTPUT, errno);
}

} // namespace ubctl
