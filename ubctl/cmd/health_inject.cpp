// SPDX-License-Identifier: MIT
// ubctl health inject: faults on demand, of devices that offer them.

#include <memory>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <ub/ub_names.h>
#include <ub/ub_uapi.h>

#include "cmd/commands.hpp"
#include "cmd/fault_target.hpp"
#include "device/devices.hpp"
#include "device/faults.hpp"
#include "device/netlink.hpp"
#include "io/parse.hpp"
#include "out/error.hpp"
#include "out/nearest.hpp"

namespace ubctl {

namespace {

using Text = std::optional<std::string>;

struct Options {
    std::string kind;
    Text id, count, skip, status, substatus, end, delay, offset, bytes, type, tid, info;
    bool remove = false;
};

struct Option {
    const char *name;
    Text Options::*value;
    unsigned takes;
    const char *metavar, *help;
    Completes completes = Completes::nothing;
    List words = {};
};

#define NAME(name) #name,

const Option option_table[] = {
    {"--id", &Options::id, takes_id, "N", "the queue, segment, vector or opcode concerned"},
    {"--count", &Options::count, takes_times, "N", "how often: a number, by default 1, or forever",
     Completes::words, {"forever"}},
    {"--skip", &Options::skip, takes_times, "N", "occasions that pass before; default 0"},
    {"--status", &Options::status, takes_status, "STATUS",
     "of status and admin-status: a name such as LOC_ACCESS_ERR, or a number", Completes::statuses},
    {"--substatus", &Options::substatus, takes_substatus, "N", "of status: a number"},
    {"--end", &Options::end, takes_end, "WHAT",
     "of stall, what ends it: the reset of its queue, the default, context or device, or time",
     Completes::words, {"queue", "context", "device", "time"}},
    {"--delay", &Options::delay, takes_delay, "TIME",
     "of cqe-delay, cqe-torn, stall --end time: such as 10ms, at most 10s"},
    {"--offset", &Options::offset, takes_range, "BYTES", "of poison: where it begins; default 0"},
    {"--bytes", &Options::bytes, takes_range, "BYTES", "of poison: how long it is"},
    {"--type", &Options::type, takes_event, "TYPE", "of event: such as JFS_ERR",
     Completes::words, {UB_EVENT_NAMES(NAME)}},
    {"--tid", &Options::tid, takes_event, "N", "of event: the context told; default: all"},
    {"--info", &Options::info, takes_event, "STATUS", "of event: its cause; default SUCCESS",
     Completes::statuses},
};

// What must be given where a kind needs what it takes.
const Option &needed_option(unsigned takes) {
    for (const Option &option : option_table)
        if (option.takes == takes && (option.value == &Options::bytes || takes != takes_range))
            return option;
    return option_table[0];
}

const Fault &chosen_fault(const Options &options) {
    if (const Fault *fault = find_fault(options.kind))
        return *fault;
    List names;
    for (const Fault &fault : all_faults())
        names.push_back(fault.name);
    throw usage_error("health inject", unknown_word("fault", options.kind, names))
        .hint(fmt::format("known are {}", fmt::join(names, ", ")));
}

void check_options(const Options &options, const Fault &fault) {
    const unsigned takes = options.remove ? fault.takes & takes_id : fault.takes;
    for (const Option &option : option_table)
        if (options.*option.value && !(option.takes & takes))
            throw usage_error(option.name, fmt::format("{} does not take it",
                                                       options.remove ? "--remove" : fault.name))
                .hint("see \"ubctl help health inject\"");
    const unsigned needs = options.remove ? fault.needs & takes_id : fault.needs;
    for (unsigned bit = 1; bit <= needs; bit <<= 1)
        if (const Option &option = needed_option(bit); needs & bit && !(options.*option.value))
            throw usage_error(option.name, fmt::format("{} asks for it", fault.name))
                .hint("see \"ubctl help health inject\"");
}

uint64_t number_or(const char *what, const Text &text, uint64_t otherwise, uint64_t most) {
    return text ? parse_number(what, *text, most) : otherwise;
}

uint32_t count_of(const Options &options) {
    if (options.remove)
        return 0;
    if (options.count == "forever")
        return UB_FAULT_FOREVER;
    const uint64_t count = number_or("--count", options.count, 1, UB_FAULT_FOREVER - 1);
    if (!count)
        throw usage_error("--count", "0 times is none").hint("use --remove to disarm");
    return static_cast<uint32_t>(count);
}

struct Args {
    uint64_t arg[2] = {0, 0};
};

uint64_t delay_of(const Options &options) {
    return options.delay ? parse_duration("--delay", *options.delay, UB_FAULT_MAX_NS) : 0;
}

Args stall_args(const Options &options) {
    const uint64_t end = parse_stall_end("--end", options.end.value_or("queue"));
    if ((end == UB_STALL_TIME) != options.delay.has_value())
        throw usage_error("--delay", end == UB_STALL_TIME ? "--end time asks for it"
                                                          : "it is for --end time");
    return {{end, delay_of(options)}};
}

Args args_of(const Options &options, const Fault &fault) {
    if (options.remove)
        return {};
    switch (fault.number) {
    case UB_FAULT_STATUS:
        return {{parse_completion_status("--status", *options.status),
                 number_or("--substatus", options.substatus, 0, UINT8_MAX)}};
    case UB_FAULT_ADMIN_STATUS:
        return {{parse_admin_status("--status", *options.status), 0}};
    case UB_FAULT_POISON:
        return {{options.offset ? parse_size("--offset", *options.offset) : 0,
                 parse_size("--bytes", *options.bytes)}};
    case UB_FAULT_STALL:
        return stall_args(options);
    case UB_FAULT_EVENT:
        return {{parse_event_type("--type", *options.type),
                 number_or("--tid", options.tid, 0, UINT32_MAX) << 32 |
                     (options.info ? parse_completion_status("--info", *options.info) : 0)}};
    default:
        return {{delay_of(options), 0}};
    }
}

Value count_value(uint32_t count) {
    if (count == UB_FAULT_FOREVER)
        return std::monostate{};
    return uint64_t{count};
}

int inject(const Globals &globals, const Options &options) {
    const Fault &fault = chosen_fault(options);
    check_options(options, fault);
    const uint32_t count = count_of(options);
    const auto id = static_cast<uint32_t>(number_or("--id", options.id, 0, UINT32_MAX));
    const auto skip = static_cast<uint32_t>(number_or("--skip", options.skip, 0, UINT32_MAX));
    const Args args = args_of(options, fault);
    const ub_device device = chosen_device(globals, "health inject");
    const Reply reply = netlink_request(
        UB_CMD_INJECT, {{UB_A_DEV_INDEX, *device_index(device.name)},
                        {UB_A_FAULT_KIND, fault.number},
                        {UB_A_FAULT_ID, id},
                        {UB_A_FAULT_COUNT, count},
                        {UB_A_FAULT_SKIP, skip},
                        {UB_A_FAULT_ARG0, args.arg[0]},
                        {UB_A_FAULT_ARG1, args.arg[1]}});
    if (reply.errnum)
        throw inject_error(device, fault, reply,
                           fmt::format("-d {} health inject {}", device.name, fault.name));
    Report report{"ub.health.inject/1",
                  Layout::record,
                  {{"device", "device"},
                   {"kind", "fault"},
                   {"meaning", "meaning"},
                   {"removed", "removed"},
                   {"id", fault.id},
                   {"count", "times (-: for ever)"},
                   {"skip", "after"}}};
    report.add({std::string(device.name), std::string(fault.name), std::string(fault.meaning),
                options.remove, uint64_t{id}, count_value(count), uint64_t{skip}});
    if (!globals.style.quiet || globals.style.json)
        print(report, globals.style);
    return exit_ok;
}

} // namespace

Action declare_inject(Parameters &parameters) {
    auto options = std::make_shared<Options>();
    List kinds;
    for (const Fault &fault : all_faults())
        kinds.push_back(fault.name);
    parameters.argument("KIND", options->kind, fmt::format("{}", fmt::join(kinds, ", ")))
        .required()
        .completes(Completes::words, kinds);
    for (const Option &option : option_table)
        parameters.option(option.name, (*options).*option.value, option.metavar, option.help)
            .completes(option.completes, option.words);
    parameters.flag("--remove", options->remove, "disarm those of this kind and --id");
    return [options](const Globals &globals) { return inject(globals, *options); };
}

} // namespace ubctl
