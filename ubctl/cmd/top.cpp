// SPDX-License-Identifier: MIT
// ubctl top: the whole screen, or once as data.

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cmd/commands.hpp"
#include "cmd/rate_report.hpp"
#include "out/error.hpp"
#include "tui/screen.hpp"

namespace ubctl {

namespace {

using Clock = std::chrono::steady_clock;

struct Options {
    double interval_s = 1;
    std::string sort = "busy", filter, by = "device";
    bool once = false;
};

UsageOf kind_of(const std::string &by) {
    if (by == "device")
        return UsageOf::device;
    return by == "context" ? UsageOf::context : UsageOf::queue;
}

int once(const Globals &globals, const Options &options, std::optional<uint32_t> device) {
    Meter meter;
    meter.next(read_usage(device));
    print(rate_report(rates_after(meter, device, options.interval_s)), globals.style);
    return exit_ok;
}

// Waits for a key until it is time for the next reading. False: to end.
bool serve_keys(Screen &screen, View &view, Clock::time_point due) {
    std::chrono::milliseconds left{};
    do {
        screen.show(view.draw(screen.rows(), screen.columns()));
        left = std::chrono::duration_cast<std::chrono::milliseconds>(due - Clock::now());
        const auto key = screen.key(std::max(left, std::chrono::milliseconds(0)));
        if (key && *key >= 0 && !view.key(*key))
            return false;
    } while (left.count() > 0);
    return true;
}

int whole_screen(const Options &options, std::optional<uint32_t> device) {
    // https://no-color.org: any value but none.
    const char *no_color = std::getenv("NO_COLOR");
    Screen screen(!no_color || !*no_color);
    View view(options.interval_s, options.sort, options.filter, kind_of(options.by));
    Meter meter;
    meter.next(read_usage(device));
    // The first rates come soon, so that there is something to see.
    Clock::time_point due = Clock::now() + std::chrono::milliseconds(200);
    while (serve_keys(screen, view, due)) {
        if (!view.paused())
            view.update(meter.next(read_usage(device)));
        due = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                 std::chrono::duration<double>(view.interval_s()));
    }
    return exit_ok;
}

int top(const Globals &globals, const Options &options) {
    const auto device = device_with_usage(globals);
    if (options.once)
        return once(globals, options, device);
    if (globals.style.json)
        throw usage_error("top", "JSON is printed with --once alone")
            .hint("use --once, or \"ubctl -o json stat\"");
    return whole_screen(options, device);
}

} // namespace

Action declare_top(Parameters &parameters) {
    auto options = std::make_shared<Options>();
    parameters.flag("--once", options->once, "print the rates of one interval, and end");
    parameters.number("--interval", options->interval_s, least_interval_s, most_interval_s,
                      "SECONDS", "from reading to reading, 0.1 to 86400; default: 1");
    parameters
        .option("--sort", options->sort, "METRIC",
                fmt::format("begin sorted by {}", fmt::join(metric_names(), ", ")))
        .one_of(metric_names());
    parameters.option("--filter", options->filter, "TEXT", "begin with rows that have this text");
    parameters.option("--by", options->by, "KIND", "begin with this: device, context or queue")
        .one_of({"device", "context", "queue"});
    return [options](const Globals &globals) { return top(globals, *options); };
}

} // namespace ubctl
