// SPDX-License-Identifier: MIT
#include "cmd/commands.hpp"

namespace ubctl {

namespace {

const Command commands[] = {
    {"list", "list devices", declare_list},
    {"device list", "list devices", declare_list},
    {"device show", "what a device is and who uses it", declare_show},
    {"device info", "identity, versions and limits of a device", declare_info},
    {"device caps", "which features and opcodes a device has", declare_caps},
    {"device reset", "reset a device, a context or a queue; what is lost dies", declare_reset},
    {"context list", "list your open contexts (as root, everybody's)", declare_context_list},
    {"memory list", "list your registered segments (as root, everybody's)", declare_memory_list},
    {"queue list", "list your send, receive and completion queues (as root, everybody's)",
     declare_queue_list},
    {"queue show", "a queue's settings and what it has done", declare_queue_show},
    {"health show", "faults and recoveries of devices since they were bound", declare_health_show},
    {"health dump", "the core dump that a device left when it hung", declare_health_dump},
    {"health inject", "make an emulated device misbehave", declare_inject},
    {"health faults", "which faults are armed, and how many were given", declare_faults},
    {"monitor", "tell of faults, recoveries and resets as they happen", declare_monitor},
    {"doctor", "what is wrong with this machine, and how to mend it", declare_doctor},
    {"stat", "how busy devices are, a line each interval", declare_stat},
    {"top", "how busy devices, contexts and queues are, on the whole screen", declare_top},
    {"export prometheus", "counters and faults, as Prometheus reads them",
     declare_export_prometheus},
    {"topo", "where devices are: NUMA node, PCI root, ports", declare_topo},
    {"submit nop", "post commands that do nothing, to time the path", declare_nop},
    {"submit copy", "copy a file through a device", declare_copy},
    {"submit fill", "write a file that a device fills with a pattern", declare_fill},
    {"submit crc32c", "CRC-32C of a file, computed by a device", declare_crc32c},
    {"submit gemm", "matrix product of .npy files, computed by a device", declare_gemm},
    {"selftest", "check a device with real data", declare_selftest},
    {"bench", "how fast a device takes commands", declare_bench},
    {"version", "versions of tool, library and contracts", declare_version},
    {"help", "commands, or one command's options", declare_help},
    {"schema", "JSON Schema of the machine-readable output", declare_schema},
    {"explain", "what an error code means and what to do", declare_explain},
};

const Object objects[] = {
    {"device", "devices"},
    {"context", "open contexts"},
    {"memory", "registered memory"},
    {"queue", "queues"},
    {"health", "faults and recoveries"},
    {"export", "for monitoring systems"},
    {"submit", "run one operation on a device"},
};

} // namespace

std::span<const Command> all_commands() {
    return commands;
}

std::span<const Object> all_objects() {
    return objects;
}

} // namespace ubctl
