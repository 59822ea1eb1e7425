// SPDX-License-Identifier: MIT
// ubctl health show: what went wrong with devices since they were bound.

#include <ub/ub_uapi.h>

#include "cmd/commands.hpp"
#include "device/devices.hpp"
#include "device/netlink.hpp"
#include "out/codes.hpp"

namespace ubctl {

namespace {

constexpr int health_attributes[] = {
    UB_A_HANGS,       UB_A_QUEUE_RESETS,   UB_A_CONTEXT_RESETS, UB_A_DEVICE_RESETS,
    UB_A_ADMIN_RESETS, UB_A_LOST_IRQS,     UB_A_LOST_DOORBELLS, UB_A_EQ_OVERRUNS,
    UB_A_ADMIN_TIMEOUTS, UB_A_FATALS,      UB_A_COREDUMPS,      UB_A_HANG_TIMEOUT_MS,
};

int show(const Globals &globals) {
    Report report{"ub.health/1",
                  Layout::record,
                  {{"device", "device"},
                   {"hangs", "hangs"},
                   {"queue_resets", "  queues reset for them"},
                   {"context_resets", "  contexts reset"},
                   {"device_resets", "  device resets, also for fatal errors"},
                   {"admin_resets", "resets asked for"},
                   {"lost_irqs", "interrupts lost and recovered"},
                   {"lost_doorbells", "doorbells lost and recovered"},
                   {"eq_overruns", "event queues found full"},
                   {"admin_timeouts", "admin commands without answer"},
                   {"fatals", "fatal errors"},
                   {"coredumps", "core dumps written"},
                   {"hang_timeout_ms", "hang time-out, ms"}}};
    if (is_soft(globals.device)) {
        print(report, globals.style);
        return exit_ok;
    }
    for (const Attributes &row : netlink_dump(UB_CMD_HEALTH_GET, device_index(globals.device))) {
        std::vector<Value> values = {row.text(UB_A_DEV_NAME)};
        for (int attribute : health_attributes)
            values.push_back(row.value(attribute));
        report.add(std::move(values));
    }
    print(report, globals.style);
    return exit_ok;
}

} // namespace

Action declare_health_show(Parameters &parameters) {
    return with_id(parameters, show);
}

} // namespace ubctl
