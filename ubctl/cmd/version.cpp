// SPDX-License-Identifier: MIT
// ubctl version

#include <fstream>

#include <fmt/format.h>
#include <ub/ub.h>
#include <ub/ub_uapi.h>

#include "cmd/commands.hpp"
#include "out/codes.hpp"

namespace ubctl {

namespace {

Value loaded_driver_version() {
    std::ifstream in("/sys/module/ubnpu/version");
    std::string version;
    if (in >> version)
        return version;
    return std::monostate{};
}

int version(const Globals &globals) {
    Report report{"ub.version/1",
                  Layout::record,
                  {{"ubctl_version", "ubctl"},
                   {"libub_version", "libub"},
                   {"driver_version", "driver loaded"},
                   {"api_version", "kernel contract"},
                   {"hw_version", "hardware contract"}}};
    report.add({std::string(UBCTL_VERSION), std::string(ub_version()), loaded_driver_version(),
                uint64_t{UB_API_VERSION},
                fmt::format("{}.{}", UB_HW_VERSION >> 16, UB_HW_VERSION & 0xffff)});
    print(report, globals.style);
    return exit_ok;
}

} // namespace

Action declare_version(Parameters &) {
    return version;
}

} // namespace ubctl
