// SPDX-License-Identifier: MIT
// ubctl stat: a line for each device, context or queue, again and again.

#include <algorithm>
#include <ctime>
#include <memory>

#include <fmt/format.h>

#include "cmd/commands.hpp"
#include "cmd/rate_report.hpp"
#include "out/codes.hpp"
#include "out/text.hpp"

namespace ubctl {

namespace {

constexpr unsigned lines_of_a_heading = 20;

struct Options {
    std::optional<double> interval_s;
    std::optional<uint64_t> count;
    std::string by = "device";
};

constexpr const char *heading =
    "TIME     WHO             BUSY%  CMD/S BYT/S  PEND   P50   P99  DB/S SAVED INT/S ERR/S\n";

std::string short_rate(const Rates::Rate &rate) {
    return rate ? short_number(*rate) : "-";
}

std::string short_time(const std::optional<uint64_t> &ns) {
    return ns ? short_duration(*ns) : "-";
}

// "ub0", "ub0/7" for a context, "ub0/7/jfs3" for a queue.
std::string who(const Usage &usage) {
    std::string out = usage.device;
    if (usage.key.of != UsageOf::device)
        out += fmt::format("/{}", usage.key.tid);
    if (usage.key.of == UsageOf::queue)
        out += fmt::format("/{}{}", usage.queue_name(), usage.key.queue);
    return out;
}

std::string line(const Rates &rates) {
    const time_t now = std::time(nullptr);
    tm local{};
    localtime_r(&now, &local);
    const std::string busy =
        rates.busy_percent ? fmt::format("{:.1f}", *rates.busy_percent) : std::string("-");
    const std::string pending =
        rates.usage.pending ? short_number(static_cast<double>(*rates.usage.pending)) : "-";
    return fmt::format("{:02}:{:02}:{:02} {:<15} {:>5}  {:>5} {:>5} {:>5} {:>5} {:>5} {:>5} {:>5} "
                       "{:>5} {:>5}\n",
                       local.tm_hour, local.tm_min, local.tm_sec, who(rates.usage), busy,
                       short_rate(rates.commands_per_s), short_rate(rates.bytes_per_s), pending,
                       short_time(rates.p50_ns), short_time(rates.p99_ns),
                       short_rate(rates.doorbells_per_s), short_rate(rates.doorbells_saved_per_s),
                       short_rate(rates.interrupts_per_s), short_rate(rates.errors_per_s));
}

// With the heading where it is due.
void print_lines(const std::vector<Rates> &all, const Style &style, unsigned &lines) {
    for (const Rates &rates : all) {
        if (lines++ % lines_of_a_heading == 0 && !style.no_header)
            print_text(heading);
        print_text(line(rates));
    }
}

int stat(const Globals &globals, const Options &options) {
    const auto device = device_with_usage(globals);
    const double interval = options.interval_s.value_or(1);
    // As vmstat: without an interval once, with one for ever.
    const uint64_t count = options.count.value_or(options.interval_s ? 0 : 1);
    unsigned lines = 0;
    Meter meter;
    meter.next(read_usage(device));
    for (uint64_t told = 0; !count || told < count; ++told) {
        std::vector<Rates> all = rates_after(meter, device, interval);
        std::erase_if(all, [&](const Rates &rates) { return options.by != rates.usage.kind(); });
        if (globals.style.json)
            print_json_line(rate_report(all));
        else
            print_lines(all, globals.style, lines);
    }
    if (!lines && !globals.style.json && !globals.style.no_header)
        print_text(heading);
    return exit_ok;
}

} // namespace

Action declare_stat(Parameters &parameters) {
    auto options = std::make_shared<Options>();
    parameters.number("INTERVAL", options->interval_s, least_interval_s, most_interval_s, "",
                      "seconds from line to line, 0.1 to 86400; default: 1");
    parameters.number("COUNT", options->count, 1, uint64_t{1} << 32, "",
                      "so many lines; default: 1, or with INTERVAL until a signal");
    parameters.option("--by", options->by, "KIND", "whom a line tells of: device, context or queue")
        .one_of({"device", "context", "queue"});
    return [options](const Globals &globals) { return stat(globals, *options); };
}

} // namespace ubctl
