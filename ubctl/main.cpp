// SPDX-License-Identifier: MIT
// ubctl: the one place where a failure becomes a message and an exit code.

#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <string_view>

#include <fcntl.h>
#include <ub/ub.hpp>
#include <unistd.h>

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

// A file must not get the number of a standard descriptor that is closed, since what is printed
// would go into it. What stands in for an output is refused when it is written.
void open_standard_descriptors() {
    for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        if (fcntl(number, F_GETFD) < 0)
            open("/dev/null", number == STDIN_FILENO ? O_WRONLY : O_RDONLY); // takes this number
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
    open_standard_descriptors();
    // A reader that goes away and a file that grows too large are errors to report, not signals to
    // die of.
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
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
