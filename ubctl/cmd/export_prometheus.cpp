// SPDX-License-Identifier: MIT
// ubctl export prometheus: counters for a monitoring system, once.

#include <limits>
#include <memory>

#include <fmt/format.h>
#include <ub/ub_hw.h>
#include <ub/ub_names.h>
#include <ub/ub_uapi.h>

#include "cmd/commands.hpp"
#include "cmd/rate_report.hpp"
#include "device/netlink.hpp"
#include "device/usage.hpp"
#include "io/output_file.hpp"
#include "out/error.hpp"
#include "out/exposition.hpp"

namespace ubctl {

namespace {

struct Options {
    std::string file;
    bool contexts = false;
};

// What is counted of devices and of contexts alike.
struct Counter {
    const char *name, *help;
    Usage::Count Usage::*count;
    double scale;
};

constexpr Counter counters[] = {
    {"busy_seconds_total", "Time in which threads of the device worked on it.", &Usage::busy_ns,
     1e-9},
    {"commands_total", "Commands completed.", &Usage::commands, 1},
    {"payload_bytes_total", "Payload moved or computed on.", &Usage::bytes, 1},
    {"command_errors_total", "Commands that failed.", &Usage::errors, 1},
    {"doorbells_total", "Doorbells that reached the device.", &Usage::doorbells, 1},
    {"interrupts_total", "Interrupts of a device, completion events of a context.",
     &Usage::interrupts, 1},
};

struct Gauge {
    int attribute;
    const char *name, *help;
};

constexpr Gauge gauges[] = {
    {UB_A_CONTEXTS, "ubnpu_contexts", "Open contexts."},
    {UB_A_SEGS, "ubnpu_segments", "Registered segments."},
    {UB_A_QUEUES, "ubnpu_queues", "Queues of all kinds."},
    {UB_A_PINNED_BYTES, "ubnpu_pinned_bytes", "Memory that is pinned."},
};

struct Fault {
    int attribute;
    const char *name, *help;
};

constexpr Fault faults[] = {
#define X(NAME, name, meaning) {UB_A_##NAME, #name, meaning},
    UB_HEALTH_COUNTERS(X)
#undef X
};

Labels device_labels(const std::string &device) {
    return {{"device", device}};
}

Labels labels_of(const Usage &usage) {
    Labels labels = device_labels(usage.device);
    if (usage.key.of != UsageOf::context)
        return labels;
    labels.emplace_back("tid", std::to_string(usage.key.tid));
    labels.emplace_back("pid", usage.pid ? std::to_string(*usage.pid) : "");
    labels.emplace_back("comm", usage.comm);
    return labels;
}

void put_counters(Exposition &out, const std::vector<Usage> &all, UsageOf of,
                  const std::string &prefix) {
    for (const Counter &counter : counters) {
        out.family(prefix + counter.name, "counter", counter.help);
        for (const Usage &usage : all)
            if (usage.key.of == of && usage.*counter.count)
                out.sample(labels_of(usage),
                           static_cast<double>(*(usage.*counter.count)) * counter.scale);
    }
}

void put_histogram(Exposition &out, const Usage &usage) {
    Labels labels = labels_of(usage);
    double count = 0;
    for (unsigned i = 0; i + 1 < usage.service.size(); ++i) {
        count += usage.service[i];
        Labels with_bound = labels;
        with_bound.emplace_back(
            "le", fmt::format("{:g}", static_cast<double>(ub_hw_usage_least(i + 1)) * 1e-9));
        out.sample("_bucket", with_bound, count);
    }
    if (!usage.service.empty())
        count += usage.service.back();
    Labels with_bound = labels;
    with_bound.emplace_back("le", "+Inf");
    out.sample("_bucket", with_bound, count);
    out.sample("_sum", labels, static_cast<double>(usage.service_ns.value_or(0)) * 1e-9);
    out.sample("_count", labels, count);
}

void put_contexts(Exposition &out, const std::vector<Usage> &all) {
    put_counters(out, all, UsageOf::context, "ubnpu_context_");
    out.family("ubnpu_context_pinned_bytes", "gauge", "Memory that the context has pinned.");
    for (const Usage &usage : all)
        if (usage.key.of == UsageOf::context)
            out.sample(labels_of(usage), static_cast<double>(usage.pinned_bytes.value_or(0)));
    out.family("ubnpu_context_service_seconds", "histogram",
               "Time from taking a command out of its ring to its completion.");
    for (const Usage &usage : all)
        if (usage.key.of == UsageOf::context && !usage.service.empty())
            put_histogram(out, usage);
}

void put_devices(Exposition &out, const std::vector<Attributes> &devices) {
    out.family("ubnpu_ready", "gauge", "Whether the device can be used.");
    for (const Attributes &row : devices) {
        const uint64_t status = row.number(UB_A_STATE);
        out.sample(device_labels(row.text(UB_A_DEV_NAME)),
                   status & UB_STATUS_READY && !(status & UB_STATUS_FATAL) ? 1 : 0);
    }
    for (const Gauge &gauge : gauges) {
        out.family(gauge.name, "gauge", gauge.help);
        for (const Attributes &row : devices)
            out.sample(device_labels(row.text(UB_A_DEV_NAME)),
                       static_cast<double>(row.number(gauge.attribute)));
    }
}

void put_faults(Exposition &out, const std::vector<Attributes> &health) {
    out.family("ubnpu_faults_total", "counter",
               "Faults and recoveries since the device was bound, by kind.");
    for (const Attributes &row : health)
        for (const Fault &fault : faults) {
            Labels labels = device_labels(row.text(UB_A_DEV_NAME));
            labels.emplace_back("kind", fault.name);
            out.sample(labels, static_cast<double>(row.number(fault.attribute)));
        }
}

std::string exposition(std::optional<uint32_t> device, bool contexts) {
    Exposition out;
    out.family("ubnpu_tool_info", "gauge", "The tool that tells this.");
    out.sample({{"version", UBCTL_VERSION}}, 1);
    put_devices(out, netlink_dump(UB_CMD_DEV_GET, device));
    const std::vector<Usage> usage = read_usage(device);
    out.family("ubnpu_engines", "gauge", "Threads of the device.");
    for (const Usage &one : usage)
        if (one.key.of == UsageOf::device)
            out.sample(labels_of(one), static_cast<double>(one.engines));
    put_counters(out, usage, UsageOf::device, "ubnpu_");
    put_faults(out, netlink_dump(UB_CMD_HEALTH_GET, device));
    if (contexts)
        put_contexts(out, usage);
    return out.text();
}

int export_prometheus(const Globals &globals, const Options &options) {
    const auto device = device_with_usage(globals);
    if (globals.style.json)
        throw usage_error("export prometheus", "its output has a format of its own, not JSON")
            .hint("for JSON see \"ubctl top --once\"");
    const std::string text = exposition(device, options.contexts);
    if (options.file.empty()) {
        print_text(text);
        return exit_ok;
    }
    OutputFile to(options.file, {});
    to.write({reinterpret_cast<const uint8_t *>(text.data()), text.size()});
    to.keep();
    return exit_ok;
}

} // namespace

Action declare_export_prometheus(Parameters &parameters) {
    auto options = std::make_shared<Options>();
    parameters
        .argument("FILE", options->file,
                  "that is replaced when it is complete; default: "
                  "standard output")
        .completes(Completes::files);
    parameters.flag("--contexts", options->contexts,
                    "also each context, with a histogram of service times");
    return [options](const Globals &globals) { return export_prometheus(globals, *options); };
}

} // namespace ubctl
