// SPDX-License-Identifier: MIT
#include "cmd/submit_report.hpp"

#include <cstring>

#include <ub/ub_uapi.h>
#include <unistd.h>

#include "device/devices.hpp"
#include "device/netlink.hpp"

namespace ubctl {

namespace {

// Completion events the driver delivered to the session's JFC; not known for soft devices.
Value interrupts_of(const Globals &globals, const Session &session) {
    if (is_soft(globals.device))
        return std::monostate{};
    for (const Attributes &row : netlink_dump(UB_CMD_QUEUE_GET, device_index(session.name())))
        if (row.number(UB_A_QUEUE_TYPE) == UB_OBJ_JFC &&
            row.number(UB_A_QUEUE_ID) == session.jfc_id())
            return row.value(UB_A_INTERRUPTS);
    return std::monostate{};
}

uint64_t per_second(uint64_t amount, uint64_t ns) {
    return ns ? static_cast<uint64_t>(static_cast<double>(amount) * 1e9 / static_cast<double>(ns))
              : 0;
}

void print_result(const std::vector<Extra> &extras, const char *result, const Style &style) {
    for (const Extra &extra : extras)
        if (result && std::strcmp(extra.field.key, result) == 0) {
            Style bare = style;
            bare.no_header = true;
            Report report{"", Layout::columns, {extra.field}};
            report.add({extra.value});
            print(report, bare);
        }
}

} // namespace

void print_submit(const Globals &globals, const Session &session, const char *operation,
                  uint64_t bytes, uint64_t elapsed_ns, const std::vector<Extra> &extras,
                  const char *result) {
    if (globals.style.quiet && !globals.style.json)
        return print_result(extras, result, globals.style);
    const Counts counts = session.counts();
    Report report{"ub.submit/1",
                  Layout::record,
                  {{"operation", "operation"},
                   {"device", "device"},
                   {"bytes", "bytes", Show::bytes},
                   {"commands", "commands"},
                   {"doorbells", "doorbells"},
                   {"doorbells_suppressed", "doorbells saved"},
                   {"waits", "waits"},
                   {"interrupts", "interrupts"},
                   {"elapsed_ns", "time", Show::duration},
                   {"bytes_per_s", bytes ? "rate" : nullptr, Show::rate},
                   {"commands_per_s", "commands/s"}}};
    std::vector<Value> row{std::string(operation),
                           session.name(),
                           bytes,
                           counts.commands,
                           counts.doorbells,
                           counts.suppressed,
                           counts.waits,
                           interrupts_of(globals, session),
                           elapsed_ns,
                           per_second(bytes, elapsed_ns),
                           per_second(counts.commands, elapsed_ns)};
    for (const Extra &extra : extras) {
        report.fields.push_back(extra.field);
        row.push_back(extra.value);
    }
    report.add(std::move(row));
    print(report, globals.style);
}

} // namespace ubctl
