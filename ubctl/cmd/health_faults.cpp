// SPDX-License-Identifier: MIT
// ubctl health faults: which faults are armed, and how many were given.

#include <fmt/format.h>
#include <ub/ub_uapi.h>

#include "cmd/commands.hpp"
#include "cmd/fault_target.hpp"
#include "device/devices.hpp"

namespace ubctl {

namespace {

Reply query(const ub_device &device, const Fault &fault) {
    const Reply reply =
        netlink_request(UB_CMD_INJECT_GET, {{UB_A_DEV_INDEX, *device_index(device.name)},
                                            {UB_A_FAULT_KIND, fault.number}});
    if (reply.errnum)
        throw inject_error(device, fault, reply,
                           fmt::format("-d {} health faults", device.name));
    return reply;
}

int faults(const Globals &globals) {
    const ub_device device = chosen_device(globals, "health faults");
    Report report{"ub.health.faults/1",
                  Layout::columns,
                  {{"device", nullptr},
                   {"kind", "FAULT"},
                   {"armed", "ARMED"},
                   {"given", "GIVEN"},
                   {"meaning", "MEANING", Show::prose}}};
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

Action declare_faults(Parameters &) {
    return faults;
}

} // namespace ubctl
