// SPDX-License-Identifier: MIT
#include "cli/grammar.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/help.hpp"
#include "out/error.hpp"
#include "out/nearest.hpp"

namespace ubctl {

namespace {

constexpr const char *exit_codes =
    "Global options stand before or after the command.\n"
    "Exit codes: 0 ok, 1 failed, 2 usage, 3 not found, 4 permission, 5 device lost, 124 timeout.";

CLI::App *object_app(CLI::App &app, std::span<const Object> objects, const std::string &name) {
    for (CLI::App *known : app.get_subcommands([](CLI::App *) { return true; }))
        if (known->get_name() == name)
            return known;
    std::string summary;
    for (const Object &object : objects)
        if (name == object.name)
            summary = object.summary;
    return app.add_subcommand(name, summary)->require_subcommand(1)->footer("");
}

// The command as far as it was understood.
std::vector<const CLI::App *> understood(const CLI::App &app) {
    std::vector<const CLI::App *> path = {&app};
    while (!path.back()->get_subcommands().empty())
        path.push_back(path.back()->get_subcommands().front());
    return path;
}

std::string words_of(const std::vector<const CLI::App *> &path) {
    std::string words;
    for (size_t i = 1; i < path.size(); ++i)
        words += " " + path[i]->get_name();
    return words;
}

// What might have stood in the place of a word that is not known.
List possible_words(const std::vector<const CLI::App *> &path, bool option) {
    List words;
    for (const CLI::App *app : option ? path : std::vector{path.back()}) {
        for (const CLI::Option *known : app->get_options())
            for (const std::string &name : known->get_lnames())
                words.push_back("--" + name);
        for (const CLI::App *known : app->get_subcommands([](const CLI::App *) { return true; }))
            words.push_back(known->get_name());
    }
    return words;
}

Error parse_error(const CLI::App &app, const CLI::ParseError &error) {
    const std::vector<const CLI::App *> known = understood(app);
    const std::string path = words_of(known);
    const std::string hint = fmt::format("see \"ubctl help{}\"", path);
    const auto rest = app.remaining(true);
    if (!rest.empty() &&
        (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError) ||
         error.get_exit_code() == static_cast<int>(CLI::ExitCodes::RequiredError))) {
        const bool option = rest[0].starts_with('-');
        return usage_error("command line", unknown_word(option ? "option" : "command or argument",
                                                        rest[0], possible_words(known, option)))
            .hint(hint);
    }
    std::string cause = error.what();
    // Of a flag; other values are strings to the parser.
    constexpr std::string_view convert = "Could not convert: ";
    if (cause.starts_with(convert))
        cause = fmt::format("a flag takes no value: {}", cause.substr(convert.size()));
    if (cause == "A subcommand is required")
        cause = path.empty() ? "no command given" : "a verb is missing";
    return usage_error("command line", cause).hint(hint);
}

} // namespace

struct Grammar::State {
    CLI::App app{"Administer and try UB NPU devices.", "ubctl"};
    Globals globals;
    std::string format = "table";
    Action action;
    std::vector<Description> descriptions;

    void declare_globals();
    void declare(const Command &command, std::span<const Object> objects);
};

void Grammar::State::declare_globals() {
    Description &description =
        descriptions.emplace_back("", app.get_description(), std::vector<Parameter>{});
    Parameters parameters(app, description.parameters);
    parameters
        .option("-d,--device", globals.device, "NAME",
                "ub0, /dev/ub/ub0, a PCI address, an EID, or soft:[KEY=VALUE,...]")
        .completes(Completes::devices);
    parameters.option("-o,--output", format, "FORMAT", "table or json").one_of({"table", "json"});
    parameters.flag("--no-header", globals.style.no_header, "tables without their heading");
    parameters.flag("-q,--quiet", globals.style.quiet,
                    "of commands that act, print the bare result or nothing");
    parameters.number("--timeout", globals.timeout_s, 1e-6, 1e6, "SECONDS",
                      "longest wait for one completion, 0.000001 to 1000000 seconds");
}

void Grammar::State::declare(const Command &command, std::span<const Object> objects) {
    const std::string path = command.path;
    const size_t space = path.find(' ');
    CLI::App *parent = space == path.npos ? &app : object_app(app, objects, path.substr(0, space));
    CLI::App *leaf =
        parent->add_subcommand(path.substr(space == path.npos ? 0 : space + 1), command.summary);
    Description &description =
        descriptions.emplace_back(path, command.summary, std::vector<Parameter>{});
    Parameters parameters(*leaf, description.parameters);
    leaf->final_callback([run = command.declare(parameters), this] { action = run; });
}

Grammar::Grammar(std::span<const Command> commands, std::span<const Object> objects)
    : state_(std::make_unique<State>()) {
    CLI::App &app = state_->app;
    app.formatter(help_formatter());
    app.footer(exit_codes);
    app.fallthrough();
    app.require_subcommand(1);
    app.set_version_flag("--version", UBCTL_VERSION);
    state_->globals.app = &app;
    state_->declare_globals();
    for (const Command &command : commands)
        state_->declare(command, objects);
}

Grammar::~Grammar() = default;

const std::vector<Description> &Grammar::descriptions() const {
    return state_->descriptions;
}

int Grammar::run(int argc, char **argv) {
    CLI::App &app = state_->app;
    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForVersion &) {
        print_text(app.version() + '\n');
        return exit_ok;
    } catch (const CLI::Success &) {
        print_text(app.help());
        return exit_ok;
    } catch (const CLI::ParseError &error) {
        throw parse_error(app, error);
    }
    state_->globals.style.json = state_->format == "json";
    return state_->action(state_->globals);
}

} // namespace ubctl
