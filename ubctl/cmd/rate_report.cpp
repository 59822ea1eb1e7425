// SPDX-License-Identifier: MIT
#include "cmd/rate_report.hpp"

#include <chrono>
#include <thread>

#include "device/devices.hpp"
#include "out/error.hpp"

namespace ubctl {

std::optional<uint32_t> device_with_usage(const Globals &globals) {
    if (is_soft(globals.device))
        throw Error(device_object(globals.device), "a soft device tells its own process alone",
                    E_NOT_SUPPORTED)
            .hint("usage is told of devices of the driver");
    return device_index(globals.device);
}

std::vector<Rates> rates_after(Meter &meter, std::optional<uint32_t> device, double seconds) {
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    return meter.next(read_usage(device));
}

Report rate_report(const std::vector<Rates> &all) {
    Report report{"ub.usage/1", Layout::columns, rate_fields()};
    for (const Rates &rates : all)
        report.add(rate_row(rates));
    return report;
}

} // namespace ubctl
