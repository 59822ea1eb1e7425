// SPDX-License-Identifier: MIT
// ubctl health show: what went wrong with devices since they were bound.

#include <ub/ub_names.h>
#include <ub/ub_uapi.h>

#include "cmd/commands.hpp"
#include "device/devices.hpp"
#include "device/netlink.hpp"
#include "out/codes.hpp"

namespace ubctl {

namespace {

struct Counter {
    int attribute;
    const char *key, *label;
};

constexpr Counter counters[] = {
#define X(name, key, meaning) {UB_A_##name, #key, meaning},
    UB_HEALTH_COUNTERS(X)
#undef X
    {UB_A_HANG_TIMEOUT_MS, "hang_timeout_ms", "hang time-out, ms"},
};

int show(const Globals &globals) {
    Report report{"ub.health/1", Layout::record, {{"device", "device"}}};
    report.none = "no devices of the driver";
    for (const Counter &counter : counters)
        report.fields.push_back({counter.key, counter.label});
    if (is_soft(globals.device)) {
        print(report, globals.style);
        return exit_ok;
    }
    for (const Attributes &row : netlink_dump(UB_CMD_HEALTH_GET, device_index(globals.device))) {
        std::vector<Value> values = {row.text(UB_A_DEV_NAME)};
        for (const Counter &counter : counters)
            values.push_back(row.value(counter.attribute));
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
