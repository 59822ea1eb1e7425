// SPDX-License-Identifier: MIT
// What every part of the benchmark uses: the clock, the output, statistics.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace bench {

constexpr size_t kib = 1024, mib = kib * kib;
constexpr size_t gemm_dim = 1024;
// 8 bytes to 16 MiB.
inline const std::vector<size_t> sizes = {8,        64,        512,     4 * kib, 16 * kib, 64 * kib,
                                          256 * kib, mib,      4 * mib, 16 * mib};
inline const std::vector<unsigned> depths = {1, 2, 4, 8, 16, 32, 64, 128, 256};

// How long one figure is measured.
inline double seconds_each = 1.0;

inline double now() {
    using clock = std::chrono::steady_clock;
    return std::chrono::duration<double>(clock::now().time_since_epoch()).count();
}

// What was measured. Fields that do not apply are empty or zero and are not printed.
struct Point {
    std::string what;       // "nop", "nvme_passthrough_fio"
    std::string door = {};  // "mapped"
    std::string mode = {};  // "polled" or "event"; of registrations "small" or "huge"
    unsigned depth = 0;
    size_t size = 0;        // bytes
    unsigned queues = 0;
};

// One JSON object a line on standard output: the point, "metric", "value", "unit".
void report(const Point &point, const char *metric, double value, const char *unit);

// p50, p99 and p99.9 of latencies in seconds; reorders them.
void report_latency(const Point &point, std::vector<double> &seconds);

// Processor time of this process, user and system, in seconds.
double cpu_seconds();

// Median of repeated runs of one work, as runs per second.
double median_rate(int rounds, const std::function<void()> &work);

} // namespace bench
