// SPDX-License-Identifier: MIT
// How help texts look.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace CLI {
class App;
class FormatterBase;
} // namespace CLI

namespace ubctl {

// Lists whole commands, "device show", instead of the first words alone.
std::shared_ptr<CLI::FormatterBase> help_formatter();

// The help text of the command that the words lead to; throws for unknown ones.
std::string help_text(const CLI::App &app, const std::vector<std::string> &words);

struct HelpRow {
    std::string command, summary, text;
};

// The same for every command below the words, in machine-readable pieces.
std::vector<HelpRow> help_rows(const CLI::App &app, const std::vector<std::string> &words);

} // namespace ubctl
