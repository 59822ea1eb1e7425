// SPDX-License-Identifier: MIT
#include "bench.hpp"

#include <algorithm>
#include <cstdio>
#include <ctime>

namespace bench {

void report(const Point &point, const char *metric, double value, const char *unit) {
    std::printf("{\"what\": \"%s\"", point.what.c_str());
    if (!point.door.empty())
        std::printf(", \"door\": \"%s\"", point.door.c_str());
    if (!point.mode.empty())
        std::printf(", \"mode\": \"%s\"", point.mode.c_str());
    if (point.depth)
        std::printf(", \"depth\": %u", point.depth);
    if (point.size)
        std::printf(", \"size\": %zu", point.size);
    if (point.queues)
        std::printf(", \"queues\": %u", point.queues);
    std::printf(", \"metric\": \"%s\", \"value\": %.9g, \"unit\": \"%s\"}\n", metric, value, unit);
    std::fflush(stdout);
}

void report_latency(const Point &point, std::vector<double> &seconds) {
    const std::pair<const char *, double> ranks[] = {
        {"latency_p50", 0.5}, {"latency_p99", 0.99}, {"latency_p99_9", 0.999}};
    if (seconds.empty())
        return;
    for (const auto &[metric, rank] : ranks) {
        const auto at = seconds.begin() + static_cast<ptrdiff_t>(
                                              rank * static_cast<double>(seconds.size() - 1));
        std::nth_element(seconds.begin(), at, seconds.end());
        report(point, metric, *at * 1e9, "ns");
    }
}

double cpu_seconds() {
    timespec t{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

double median_rate(int rounds, const std::function<void()> &work) {
    std::vector<double> rate;
    for (int i = 0; i < rounds; ++i) {
        const double t = now();
        work();
        rate.push_back(1 / (now() - t));
    }
    std::nth_element(rate.begin(), rate.begin() + rounds / 2, rate.end());
    return rate[static_cast<size_t>(rounds) / 2];
}

} // namespace bench
