// SPDX-License-Identifier: MIT
// ubctl list, ubctl device list

#include "cmd/commands.hpp"
#include "cmd/device_rows.hpp"
#include "out/codes.hpp"

namespace ubctl {

namespace {

int list(const Globals &globals) {
    Report report{"ub.device.list/1",
                  Layout::columns,
                  {{"name", "NAME"},
                   {"bus_addr", "PCI ADDRESS"},
                   {"eid", "EID"},
                   {"state", "STATE"},
                   {"node_access", "ACCESS"},
                   {"generation", "GEN"},
                   {"contexts", "CONTEXTS"},
                   {"segments", "SEGMENTS"},
                   {"queues", "QUEUES"},
                   {"pinned_bytes", "PINNED", Show::bytes},
                   {"node", nullptr},
                   {"guid", nullptr},
                   {"class_code", nullptr}}};
    auto view = driver_view();
    for (const ub_device &device : chosen_devices(globals.device))
        report.add(device_row(device, view[device.name]));
    print(report, globals.style);
    return exit_ok;
}

} // namespace

Action declare_list(Parameters &) {
    return list;
}

} // namespace ubctl
