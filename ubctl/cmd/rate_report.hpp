// SPDX-License-Identifier: MIT
// What `stat` and `top` have in common: whom they tell of, and how as data.
#pragma once

#include <optional>
#include <vector>

#include "cli/command.hpp"
#include "device/rates.hpp"

namespace ubctl {

constexpr double least_interval_s = 0.1, most_interval_s = 86400;

// Throws for a soft device: nobody but its own process knows of it.
std::optional<uint32_t> device_with_usage(const Globals &globals);
// Waits, and returns what happened meanwhile; the meter has had a reading.
std::vector<Rates> rates_after(Meter &meter, std::optional<uint32_t> device, double seconds);
Report rate_report(const std::vector<Rates> &all);

} // namespace ubctl
