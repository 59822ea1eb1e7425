// SPDX-License-Identifier: MIT
// ubctl device show

#include <ub/ub_uapi.h>

#include "cmd/commands.hpp"
#include "cmd/device_rows.hpp"
#include "device/devices.hpp"
#include "out/codes.hpp"

namespace ubctl {

namespace {

Numbers context_pids(const std::vector<Attributes> &contexts) {
    Numbers pids;
    for (const Attributes &row : contexts)
        if (row.has(UB_A_PID)) // else outside of this pid namespace
            pids.push_back(row.number(UB_A_PID));
    return pids;
}

std::vector<Attributes> contexts_of(const ub_device &device) {
    if (!device.node[0])
        return {};
    return netlink_dump(UB_CMD_CTX_GET, device_index(device.name));
}

int show(const Globals &globals) {
    Report report{"ub.device.show/1",
                  Layout::record,
                  {{"name", "name"},
                   {"bus_addr", "PCI address"},
                   {"eid", "EID"},
                   {"state", "state"},
                   {"node_access", "access"},
                   {"generation", "generation"},
                   {"contexts", "contexts"},
                   {"segments", "segments"},
                   {"queues", "queues"},
                   {"pinned_bytes", "pinned", Show::bytes},
                   {"node", "node"},
                   {"guid", "GUID"},
                   {"class_code", "class code", Show::address},
                   {"pids", "used by pids"}}};
    report.none = "no devices";
    auto view = driver_view();
    for (const ub_device &device : chosen_devices(globals.device)) {
        auto row = device_row(device, view[device.name]);
        row.push_back(context_pids(contexts_of(device)));
        report.add(std::move(row));
    }
    print(report, globals.style);
    return exit_ok;
}

} // namespace

Action declare_show(Parameters &parameters) {
    return with_id(parameters, show);
}

} // namespace ubctl
