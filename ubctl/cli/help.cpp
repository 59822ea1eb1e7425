// SPDX-License-Identifier: MIT
#include "cli/help.hpp"

#include <CLI/App.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "out/error.hpp"

namespace ubctl {

namespace {

using Words = std::vector<std::string>;

std::vector<const CLI::App *> subcommands(const CLI::App &app) {
    return app.get_subcommands([](const CLI::App *) { return true; });
}

const CLI::App &find_command(const CLI::App &app, const Words &words) {
    const CLI::App *found = &app;
    for (const std::string &word : words) {
        const CLI::App *next = nullptr;
        for (const CLI::App *sub : subcommands(*found))
            if (sub->get_name() == word)
                next = sub;
        if (!next)
            throw usage_error("help", fmt::format("no command '{}'", fmt::join(words, " ")));
        found = next;
    }
    return *found;
}

std::string join(const Words &words) {
    return fmt::format("{}", fmt::join(words, " "));
}

// CLI11's App::help() would show the command that runs, which is `help`.
std::string formatted(const CLI::App &app, const std::string &path) {
    const std::string name = path.empty() ? "ubctl" : "ubctl " + path;
    return app.get_formatter()->make_help(&app, name, CLI::AppFormatMode::Normal);
}

void collect(const CLI::App &app, const Words &path, std::vector<HelpRow> &rows) {
    const auto subs = subcommands(app);
    for (const CLI::App *sub : subs) {
        Words longer = path;
        longer.push_back(sub->get_name());
        collect(*sub, longer, rows);
    }
    if (subs.empty())
        rows.push_back({join(path), app.get_description(), formatted(app, join(path))});
}

class HelpFormatter : public CLI::Formatter {
public:
    std::string make_subcommands(const CLI::App *app, CLI::AppFormatMode) const override;
};

std::string HelpFormatter::make_subcommands(const CLI::App *app, CLI::AppFormatMode) const {
    std::string out;
    for (const CLI::App *sub : subcommands(*app)) {
        const auto leaves = subcommands(*sub);
        if (leaves.empty())
            out += fmt::format("  {:<16} {}\n", sub->get_name(), sub->get_description());
        for (const CLI::App *leaf : leaves)
            out += fmt::format("  {:<16} {}\n", sub->get_name() + " " + leaf->get_name(),
                               leaf->get_description());
    }
    return out.empty() ? out : "\nCommands:\n" + out;
}

} // namespace

std::shared_ptr<CLI::FormatterBase> help_formatter() {
    return std::make_shared<HelpFormatter>();
}

std::string help_text(const CLI::App &app, const Words &words) {
    return formatted(find_command(app, words), join(words));
}

std::vector<HelpRow> help_rows(const CLI::App &app, const Words &words) {
    std::vector<HelpRow> rows;
    collect(find_command(app, words), words, rows);
    return rows;
}

} // namespace ubctl
