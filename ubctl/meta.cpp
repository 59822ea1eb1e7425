// SPDX-License-Identifier: MIT
// ubctl version|help|schema|explain: what the tool knows of itself.

#include <fstream>
#include <memory>

#include <fmt/format.h>
#include <ub/ub.h>
#include <ub/ub_uapi.h>

#include "command.hpp"
#include "error.hpp"
#include "help.hpp"
#include "schemas.hpp"

namespace ubctl {

namespace {

Value loaded_driver_version() {
    std::ifstream in("/sys/module/ubnpu/version");
    std::string version;
    if (in >> version)
        return version;
    return std::monostate{};
}

int version(const Globals &globals) {
    Report report{"ub.version/1",
                  Layout::record,
                  {{"ubctl_version", "ubctl"},
                   {"libub_version", "libub"},
                   {"driver_version", "driver loaded"},
                   {"api_version", "kernel contract"},
                   {"hw_version", "hardware contract"}}};
    report.add({std::string(UBCTL_VERSION), std::string(ub_version()), loaded_driver_version(),
                uint64_t{UB_API_VERSION},
                fmt::format("{}.{}", UB_HW_VERSION >> 16, UB_HW_VERSION & 0xffff)});
    print(report, globals.style);
    return exit_ok;
}

// ---- help ---------------------------------------------------------------------------------------

int help(const Globals &globals, const List &words) {
    if (!globals.style.json) {
        print_text(help_text(*globals.app, words));
        return exit_ok;
    }
    Report report{"ub.help/1",
                  Layout::columns,
                  {{"command", "COMMAND"}, {"summary", "SUMMARY"}, {"text", nullptr}}};
    for (const HelpRow &row : help_rows(*globals.app, words))
        report.add({row.command, row.summary, row.text});
    print(report, globals.style);
    return exit_ok;
}

// ---- schema -------------------------------------------------------------------------------------

int schema(const Globals &globals, const std::string &name) {
    if (!name.empty()) {
        for (const Schema &known : schemas())
            if (name == known.name) {
                print_text(known.text);
                return exit_ok;
            }
        throw Error("schema " + name, "no schema of that name", E_UNKNOWN_NAME);
    }
    Report report{"ub.schema.list/1", Layout::columns, {{"name", "NAME"}}};
    for (const Schema &known : schemas())
        report.add({std::string(known.name)});
    print(report, globals.style);
    return exit_ok;
}

// ---- explain ------------------------------------------------------------------------------------

Value exit_value(const Code &code) {
    if (code.exit == exit_by_cause)
        return std::monostate{};
    return static_cast<uint64_t>(code.exit);
}

void add_code(Report &report, const Code &code) {
    report.add({code_label(code.number), std::string(code.name), errno_name(code.errnum),
                exit_value(code), std::string(code.summary), std::string(code.text),
                std::string(code.remedy)});
}

int explain(const Globals &globals, const std::string &text) {
    const bool one = !text.empty();
    Report report{"ub.explain/1",
                  one ? Layout::record : Layout::columns,
                  {{"code", one ? "code" : "CODE"},
                   {"name", one ? "name" : "NAME"},
                   {"errno", one ? "errno" : "ERRNO"},
                   {"exit_code", one ? "exit code" : "EXIT"},
                   {"summary", one ? "summary" : "SUMMARY"},
                   {"text", one ? "cause" : nullptr},
                   {"remedy", one ? "remedy" : nullptr}}};
    if (one) {
        const Code *code = find_code(text);
        if (!code)
            throw Error("explain " + text, "no error code of that number or name", E_UNKNOWN_NAME);
        add_code(report, *code);
    } else {
        for (const Code &code : all_codes())
            add_code(report, code);
    }
    print(report, globals.style);
    return exit_ok;
}

// A command whose one argument is an optional name.
Action with_name(CLI::App &app, const char *name, const char *what,
                 int (*run)(const Globals &, const std::string &)) {
    auto value = std::make_shared<std::string>();
    app.add_option(name, *value, what);
    return [value, run](const Globals &globals) { return run(globals, *value); };
}

} // namespace

Action declare_version(CLI::App &) {
    return version;
}

Action declare_help(CLI::App &app) {
    auto words = std::make_shared<List>();
    app.add_option("COMMAND", *words, "the command, such as: device reset");
    return [words](const Globals &globals) { return help(globals, *words); };
}

Action declare_schema(CLI::App &app) {
    return with_name(app, "NAME", "such as ub.device.list/1; none: list them", schema);
}

Action declare_explain(CLI::App &app) {
    return with_name(app, "CODE", "such as UB-E0009 or LOC_ACCESS_ERR; none: list them", explain);
}

} // namespace ubctl
