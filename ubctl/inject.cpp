// SPDX-License-Identifier: MIT
// ubctl health inject|faults: faults on demand, of devices that offer them.

#include <memory>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <ub/ub_uapi.h>

#include "command.hpp"
#include "devices.hpp"
#include "error.hpp"
#include "faults.hpp"
#include "netlink.hpp"
#include "parse.hpp"

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
};

const Option option_table[] = {
    {"--id", &Options::id, takes_id, "N", "the queue, segment, vector or opcode concerned"},
    {"--count", &Options::count, takes_times, "N", "how often: a number, by default 1, or forever"},
    {"--skip", &Options::skip, takes_times, "N", "occasions that pass before; default 0"},
    {"--status", &Options::status, takes_status, "STATUS",
     "of status and admin-status: a name such as LOC_ACCESS_ERR, or a number"},
    {"--substatus", &Options::substatus, takes_substatus, "N", "of status: a number"},
    {"--end", &Options::end, takes_end, "WHAT",
     "of stall, what ends it: the reset of its queue, the default, context or device, or time"},
    {"--delay", &Options::delay, takes_delay, "TIME",
     "of cqe-delay, cqe-torn, stall --end time: such as 10ms, at most 10s"},
    {"--offset", &Options::offset, takes_range, "BYTES", "of poison: where it begins; default 0"},
    {"--bytes", &Options::bytes, takes_range, "BYTES", "of poison: how long it is"},
    {"--type", &Options::type, takes_event, "TYPE", "of event: such as JFS_ERR"},
    {"--tid", &Options::tid, takes_event, "N", "of event: the context told; default: all"},
    {"--info", &Options::info, takes_event, "STATUS", "of event: its cause; default SUCCESS"},
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
    throw usage_error("health inject", fmt::format("no fault '{}'", options.kind))
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

ub_device chosen_device(const Globals &globals, const char *command) {
    if (is_soft(globals.device))
        throw Error(device_object(globals.device), "a soft device dies with its process",
                    E_NOT_SUPPORTED)
            .hint("faults are for devices of the driver");
    if (globals.device.empty())
        throw usage_error(command, "no device given").hint(fmt::format("ubctl -d ub0 {}", command));
    return find_device(globals.device);
}

Error inject_error(const ub_device &device, const Fault &fault, const Reply &reply,
                   const std::string &command) {
    const std::string object = device_object(device.name);
    const std::string words = reply.message.empty() ? strerror(reply.errnum) : reply.message;
    switch (reply.errnum) {
    case EPERM:
    case EACCES:
        return admin_error(object, "only an administrator may make it misbehave", command);
    case ENODEV:
        return Error(object, words, E_DEVICE_LOST);
    case EOPNOTSUPP:
        return Error(object, "it offers no faults on demand", E_NOT_SUPPORTED)
            .hint("see \"ubctl device caps\": inject; models have it unless it is turned off");
    case ENOENT:
        return Error(object, words, UB_EXT_NO_SUCH_OBJECT)
            .hint(fmt::format("--id names {}", fault.id ? fault.id : "nothing here"));
    case EINVAL:
        return Error(object, words, UB_EXT_BAD_VALUE).hint("see \"ubctl help health inject\"");
    case ENOSPC:
        return Error(object, words, UB_EXT_DEV_LIMIT)
            .hint("remove some: \"ubctl health faults\" shows them, --remove disarms");
    default:
        return Error(object, words, E_SYSTEM, reply.errnum);
    }
}

Reply query(const ub_device &device, const Fault &fault) {
    const Reply reply =
        netlink_request(UB_CMD_INJECT_GET, {{UB_A_DEV_INDEX, *device_index(device.name)},
                                            {UB_A_FAULT_KIND, fault.number}});
    if (reply.errnum)
        throw inject_error(device, fault, reply,
                           fmt::format("-d {} health faults", device.name));
    return reply;
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

int faults(const Globals &globals) {
    const ub_device device = chosen_device(globals, "health faults");
    Report report{"ub.health.faults/1",
                  Layout::columns,
                  {{"device", nullptr},
                   {"kind", "FAULT"},
                   {"armed", "ARMED"},
                   {"given", "GIVEN"},
                   {"meaning", "MEANING"}}};
    for (const Fault &fault : all_faults()) {
        const Reply reply = query(device, fault);
        report.add({std::string(device.name), std::string(fault.name),
                    reply.row.value(UB_A_FAULTS_ARMED), reply.row.value(UB_A_FAULTS_GIVEN),
                    std::string(fault.meaning)});
    }
    print(report, globals.style);
    return exit_ok;
}

} // namespace

Action declare_inject(CLI::App &app) {
    auto options = std::make_shared<Options>();
    std::string kinds;
    for (const Fault &fault : all_faults())
        kinds += fmt::format("{}{}", kinds.empty() ? "" : ", ", fault.name);
    app.add_option("KIND", options->kind, kinds)->required();
    for (const Option &option : option_table)
        app.add_option(option.name, (*options).*option.value, option.help)
            ->type_name(option.metavar);
    app.add_flag("--remove", options->remove, "disarm those of this kind and --id");
    return [options](const Globals &globals) { return inject(globals, *options); };
}

Action declare_faults(CLI::App &) {
    return faults;
}

} // namespace ubctl
