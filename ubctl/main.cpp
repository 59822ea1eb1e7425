// SPDX-License-Identifier: MIT
// ubctl: the one place where a failure becomes a message and an exit code.

#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <string_view>

#include "cli/grammar.hpp"
#include "cmd/commands.hpp"
#include "out/error.hpp"

namespace ubctl {

namespace {

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

} // namespace

} // namespace ubctl

int main(int argc, char **argv) {
    using namespace ubctl;
    const bool json = wants_json(argc, argv);
    // A reader that goes away is an error to report, not a signal to die of.
    std::signal(SIGPIPE, SIG_IGN);
    try {
        return Grammar(all_commands(), all_objects()).run(argc, argv);
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
