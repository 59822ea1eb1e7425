// SPDX-License-Identifier: MIT
// What main.cpp's table of commands is made of.
#pragma once

#include <functional>
#include <string>

#include <CLI/CLI.hpp>

#include "output.hpp"

namespace ubctl {

// Options that every command takes.
struct Globals {
    std::string device; // empty: the first, or all in lists
    double timeout_s = 300;
    Style style;
    const CLI::App *app = nullptr; // the whole grammar, for `help`
};

// Runs a parsed command and returns its exit code; failures are thrown as Error.
using Action = std::function<int(const Globals &)>;

// For commands with an optional ID, which says the same as --device.
Action with_id(CLI::App &app, Action run);

struct Command {
    const char *path;    // "device show"
    const char *summary; // one line
    // Adds the command's own options and says what to run.
    Action (*declare)(CLI::App &app);
};

// device.cpp
Action declare_list(CLI::App &app);
Action declare_show(CLI::App &app);
Action declare_info(CLI::App &app);
Action declare_caps(CLI::App &app);
// reset.cpp
Action declare_reset(CLI::App &app);
// health.cpp
Action declare_health_show(CLI::App &app);
Action declare_health_dump(CLI::App &app);
// inject.cpp
Action declare_inject(CLI::App &app);
Action declare_faults(CLI::App &app);
// monitor.cpp
Action declare_monitor(CLI::App &app);
// resources.cpp
Action declare_context_list(CLI::App &app);
Action declare_memory_list(CLI::App &app);
Action declare_queue_list(CLI::App &app);
Action declare_queue_show(CLI::App &app);
// submit.cpp
Action declare_nop(CLI::App &app);
Action declare_copy(CLI::App &app);
Action declare_fill(CLI::App &app);
Action declare_crc32c(CLI::App &app);
// gemm.cpp
Action declare_gemm(CLI::App &app);
// selftest.cpp
Action declare_selftest(CLI::App &app);
// bench.cpp
Action declare_bench(CLI::App &app);
// meta.cpp
Action declare_version(CLI::App &app);
Action declare_help(CLI::App &app);
Action declare_schema(CLI::App &app);
Action declare_explain(CLI::App &app);

} // namespace ubctl
