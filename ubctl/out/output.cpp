// SPDX-License-Identifier: MIT
#include "out/output.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fmt/format.h>

#include "out/error.hpp"
#include "out/json.hpp"
#include "out/remedies.hpp"
#include "out/terminal.hpp"
#include "out/text.hpp"

namespace ubctl {

namespace {

std::string report_json(const Report &report, Lines lines) {
    std::vector<Members> rows;
    for (const auto &row : report.rows) {
        Members &members = rows.emplace_back();
        for (size_t i = 0; i < row.size(); ++i)
            members.emplace_back(report.fields[i].key, row[i]);
    }
    return json_document(report.schema, "data", rows, lines);
}

} // namespace

void print(const Report &report, const Style &style) {
    print_text(style.json ? report_json(report, Lines::many)
                          : table_text(report, !style.no_header, terminal_width()));
}

void print_json_line(const Report &report) {
    print_text(report_json(report, Lines::one));
}

void print_text(std::string_view text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && !std::fflush(stdout))
        return;
    const int errnum = errno;
    throw Error("standard output", fmt::format("cannot be written: {}", strerror(errnum)), E_OUTPUT,
                errnum)
        .hint(file_remedy(errnum));
}

void print_foreign(std::string_view text) {
    if (terminal_width())
        print_text(printable_lines(text));
    else
        print_text(text);
}

} // namespace ubctl
