// SPDX-License-Identifier: MIT
// ubctl: the grammar, and the one place where a failure becomes a message and an exit code.

#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string_view>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "command.hpp"
#include "error.hpp"
#include "help.hpp"

namespace ubctl {

namespace {

const Command commands[] = {
    {"list", "list devices", declare_list},
    {"device list", "list devices", declare_list},
    {"device show", "what a device is and who uses it", declare_show},
    {"device info", "identity, versions and limits of a device", declare_info},
    {"device caps", "which features and opcodes a device has", declare_caps},
    {"device reset", "reset a device, a context or a queue; what is lost dies", declare_reset},
    {"context list", "list open contexts and who opened them", declare_context_list},
    {"memory list", "list registered segments", declare_memory_list},
    {"queue list", "list send, receive and completion queues", declare_queue_list},
    {"queue show", "a queue's settings and what it has done", declare_queue_show},
    {"health show", "faults and recoveries of devices since they were bound", declare_health_show},
    {"health dump", "the core dump that a device left when it hung", declare_health_dump},
    {"health inject", "make an emulated device misbehave", declare_inject},
    {"health faults", "which faults are armed, and how many were given", declare_faults},
    {"monitor", "tell of faults, recoveries and resets as they happen", declare_monitor},
    {"submit nop", "post commands that do nothing, to time the path", declare_nop},
    {"submit copy", "copy a file through a device", declare_copy},
    {"submit fill", "write a file that a device fills with a pattern", declare_fill},
    {"submit crc32c", "CRC-32C of a file, computed by a device", declare_crc32c},
    {"submit gemm", "matrix product of .npy files, computed by a device", declare_gemm},
    {"selftest", "check a device with real data", declare_selftest},
    {"bench", "how fast a device takes commands", declare_bench},
    {"version", "versions of tool, library and contracts", declare_version},
    {"help", "commands, or one command's options", declare_help},
    {"schema", "JSON Schema of the machine-readable output", declare_schema},
    {"explain", "what an error code means and what to do", declare_explain},
};

const std::pair<const char *, const char *> objects[] = {
    {"device", "devices"},
    {"context", "open contexts"},
    {"memory", "registered memory"},
    {"queue", "queues"},
    {"health", "faults and recoveries"},
    {"submit", "run one operation on a device"},
};

CLI::App *object_app(CLI::App &app, const std::string &name) {
    for (CLI::App *known : app.get_subcommands([](CLI::App *) { return true; }))
        if (known->get_name() == name)
            return known;
    std::string summary;
    for (const auto &[object, text] : objects)
        if (name == object)
            summary = text;
    return app.add_subcommand(name, summary)->require_subcommand(1)->footer("");
}

constexpr const char *exit_codes =
    "Global options stand before or after the command.\n"
    "Exit codes: 0 ok, 1 failed, 2 usage, 3 not found, 4 permission, 5 device lost, 124 timeout.";

void declare_globals(CLI::App &app, Globals &globals, std::string &format) {
    app.add_option("-d,--device", globals.device,
                   "ub0, /dev/ub/ub0, a PCI address, an EID, or soft:[KEY=VALUE,...]")
        ->type_name("NAME");
    app.add_option("-o,--output", format, "table or json")
        ->type_name("FORMAT")
        ->check(CLI::IsMember({"table", "json"}));
    app.add_flag("--no-header", globals.style.no_header, "tables without their heading");
    app.add_flag("-q,--quiet", globals.style.quiet,
                 "of commands that act, print the bare result or nothing");
    app.add_option("--timeout", globals.timeout_s, "longest wait for one completion, seconds")
        ->type_name("SECONDS")
        ->check(CLI::Range(1e-6, 1e6));
}

void declare_commands(CLI::App &app, Action &action) {
    for (const Command &command : commands) {
        const std::string path = command.path;
        const size_t space = path.find(' ');
        CLI::App *parent = space == path.npos ? &app : object_app(app, path.substr(0, space));
        CLI::App *leaf = parent->add_subcommand(path.substr(space == path.npos ? 0 : space + 1),
                                                command.summary);
        leaf->final_callback([run = command.declare(*leaf), &action] { action = run; });
    }
}

// Known before the command line is parsed, since it may not parse.
bool wants_json(int argc, char **argv) {
    bool json = false;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i], next = i + 1 < argc ? argv[i + 1] : "";
        if (word == "-o" || word == "--output")
            json = next == "json";
        else if (word == "-ojson" || word == "--output=json")
            json = true;
    }
    return json;
}

int fail(const Error &error, bool json) {
    std::fputs((json ? error.json() : error.text()).c_str(), stderr);
    return error.exit_code();
}

// The words of the command as far as they were understood.
std::string understood(const CLI::App &app) {
    std::string path;
    for (const CLI::App *next = &app; !next->get_subcommands().empty();) {
        next = next->get_subcommands().front();
        path += " " + next->get_name();
    }
    return path;
}

Error parse_error(const CLI::App &app, const CLI::ParseError &error) {
    const std::string path = understood(app);
    const std::string hint = fmt::format("see \"ubctl help{}\"", path);
    const auto rest = app.remaining(true);
    if (!rest.empty() &&
        (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError) ||
         error.get_exit_code() == static_cast<int>(CLI::ExitCodes::RequiredError))) {
        const char *what =
            rest[0].starts_with('-') ? "unknown option" : "unknown command or argument";
        return usage_error("command line", fmt::format("{} '{}'", what, rest[0])).hint(hint);
    }
    std::string cause = error.what();
    if (cause == "A subcommand is required")
        cause = path.empty() ? "no command given" : "a verb is missing";
    for (char &c : cause)
        if (c == '\n')
            c = ' ';
    return usage_error("command line", cause).hint(hint);
}

int parse_and_run(int argc, char **argv) {
    CLI::App app("Administer and try UB NPU devices.", "ubctl");
    app.formatter(std::make_shared<HelpFormatter>());
    app.footer(exit_codes);
    Globals globals;
    Action action;
    std::string format = "table";
    app.fallthrough();
    app.require_subcommand(1);
    app.set_version_flag("--version", UBCTL_VERSION);
    declare_globals(app, globals, format);
    declare_commands(app, action);
    globals.app = &app;
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success &success) {
        return app.exit(success);
    } catch (const CLI::ParseError &error) {
        throw parse_error(app, error);
    }
    globals.style.json = format == "json";
    return action(globals);
}

} // namespace

} // namespace ubctl

int main(int argc, char **argv) {
    using namespace ubctl;
    const bool json = wants_json(argc, argv);
    // A reader that goes away is an error to report, not a signal to die of.
    std::signal(SIGPIPE, SIG_IGN);
    try {
        return parse_and_run(argc, argv);
    } catch (const Error &error) {
        return fail(error, json);
    } catch (const ub::error &error) {
        return fail(library_error(error), json);
    } catch (const std::bad_alloc &) {
        return fail(Error("ubctl", "no memory", E_SYSTEM, ENOMEM), json);
    } catch (const std::exception &error) {
        return fail(Error("ubctl", error.what(), E_SYSTEM), json);
    }
}
