// SPDX-License-Identifier: MIT
// What happens each second: two readings of the counters, and the time between them.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "device/usage.hpp"
#include "out/table.hpp"

namespace ubctl {

struct Rates {
    using Rate = std::optional<double>;

    Usage usage; // the later reading
    uint64_t interval_ns = 0;
    Rate busy_percent; // of all threads of the device
    Rate commands_per_s, bytes_per_s, errors_per_s, doorbells_per_s, interrupts_per_s;
    Rate doorbells_saved_per_s;             // commands that no doorbell was rung for
    std::optional<uint64_t> p50_ns, p99_ns; // service time; nothing: no command ended
    std::vector<uint32_t> service;          // commands that ended, by service time
};

class Meter {
public:
    // Rates since the reading before; of what came since then, since that reading. The first call
    // has nothing to compare with and gives nothing.
    std::vector<Rates> next(const std::vector<Usage> &now);

private:
    std::map<UsageKey, Usage> before_;
    uint64_t time_ns_ = 0;
};

// What that share of the commands, 0 to 1, took at most; nothing without commands. Within a bucket,
// half an octave wide, it is interpolated; below 256 ns it is 256 ns.
std::optional<uint64_t> percentile(const std::vector<uint32_t> &service, double share);

// The fields of schema ub.usage/1, and a row of them.
std::vector<Field> rate_fields();
std::vector<Value> rate_row(const Rates &rates);

} // namespace ubctl
