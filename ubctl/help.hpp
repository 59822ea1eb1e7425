// SPDX-License-Identifier: MIT
// How help texts look.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace ubctl {

std::vector<const CLI::App *> subcommands(const CLI::App &app);

// Lists whole commands, "device show", instead of the first words alone.
class HelpFormatter : public CLI::Formatter {
public:
    std::string make_subcommands(const CLI::App *app, CLI::AppFormatMode mode) const override;
};

// The help text of the command that the words lead to; throws for unknown ones.
std::string help_text(const CLI::App &app, const std::vector<std::string> &words);

struct HelpRow {
    std::string command, summary, text;
};

// The same for every command below the words, in machine-readable pieces.
std::vector<HelpRow> help_rows(const CLI::App &app, const std::vector<std::string> &words);

} // namespace ubctl
