// SPDX-License-Identifier: MIT
// ubctl help

#include <memory>

#include "cli/help.hpp"
#include "cmd/commands.hpp"
#include "out/codes.hpp"

namespace ubctl {

namespace {

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

} // namespace

Action declare_help(Parameters &parameters) {
    auto words = std::make_shared<List>();
    parameters.argument("COMMAND", *words, "the command, such as: device reset")
        .completes(Completes::commands);
    return [words](const Globals &globals) { return help(globals, *words); };
}

} // namespace ubctl
