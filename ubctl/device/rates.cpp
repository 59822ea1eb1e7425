// SPDX-License-Identifier: MIT
#include "device/rates.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <ub/ub_hw.h>

namespace ubctl {

namespace {

// What an object that was made since then has been compared with: nothing done yet.
Usage newborn(const Usage &usage) {
    Usage before;
    before.key = usage.key;
    before.service.assign(usage.service.size(), 0);
    return before;
}

// Ids are given again, and a context loses the events of queues that go.
bool is_another(const Usage &now, const Usage &before) {
    return now.pid != before.pid || now.comm != before.comm ||
           now.commands.value_or(0) < before.commands.value_or(0);
}

Rates::Rate rate(Usage::Count now, Usage::Count before, uint64_t interval_ns) {
    if (!now || !interval_ns)
        return std::nullopt;
    const uint64_t more = *now - std::min(*now, before.value_or(0));
    return static_cast<double>(more) * 1e9 / static_cast<double>(interval_ns);
}

std::vector<uint32_t> difference(const Usage &now, const Usage &before) {
    std::vector<uint32_t> out = now.service;
    for (size_t i = 0; i < std::min(out.size(), before.service.size()); ++i)
        out[i] -= before.service[i];
    return out;
}

void add(std::vector<uint32_t> &sum, const std::vector<uint32_t> &more) {
    sum.resize(std::max(sum.size(), more.size()));
    for (size_t i = 0; i < more.size(); ++i)
        sum[i] += more[i];
}

Rates rates_of(const Usage &now, const Usage &before, uint64_t interval_ns) {
    Rates rates;
    rates.usage = now;
    rates.interval_ns = interval_ns;
    rates.commands_per_s = rate(now.commands, before.commands, interval_ns);
    rates.bytes_per_s = rate(now.bytes, before.bytes, interval_ns);
    rates.errors_per_s = rate(now.errors, before.errors, interval_ns);
    rates.doorbells_per_s = rate(now.doorbells, before.doorbells, interval_ns);
    rates.interrupts_per_s = rate(now.interrupts, before.interrupts, interval_ns);
    if (rates.commands_per_s && rates.doorbells_per_s)
        rates.doorbells_saved_per_s = std::max(0.0, *rates.commands_per_s - *rates.doorbells_per_s);
    if (const Rates::Rate busy = rate(now.busy_ns, before.busy_ns, interval_ns))
        rates.busy_percent = std::min(100.0, *busy / 1e7 / static_cast<double>(now.engines));
    rates.service = difference(now, before);
    return rates;
}

// A device has the commands of those of its contexts that one may see.
void sum_up_devices(std::vector<Rates> &all) {
    Rates *device = nullptr;
    for (Rates &rates : all)
        if (rates.usage.key.of == UsageOf::device)
            device = &rates;
        else if (rates.usage.key.of == UsageOf::context && device)
            add(device->service, rates.service);
}

// Rates to three places: what is beyond is noise of the clock.
Value rounded(const Rates::Rate &rate) {
    if (!rate)
        return std::monostate{};
    return std::round(*rate * 1000) / 1000;
}

Value known(const Usage::Count &count) {
    return count ? Value(*count) : Value();
}

Value of_queue(const Usage &usage, Value value) {
    return usage.key.of == UsageOf::queue ? value : Value();
}

} // namespace

std::optional<uint64_t> percentile(const std::vector<uint32_t> &service, double share) {
    const double all = std::accumulate(service.begin(), service.end(), 0.0);
    double left = all * share;
    if (all == 0)
        return std::nullopt;
    for (unsigned i = 0; i < service.size(); ++i) {
        if (service[i] && left <= service[i]) {
            // What takes no longer than the clock is coarse is not told apart.
            if (i == 0)
                return ub_hw_usage_least(1);
            const double least = static_cast<double>(ub_hw_usage_least(i));
            const double most = static_cast<double>(ub_hw_usage_least(i + 1));
            return static_cast<uint64_t>(least + (most - least) * left / service[i]);
        }
        left -= service[i];
    }
    return ub_hw_usage_least(static_cast<unsigned>(service.size()));
}

std::vector<Rates> Meter::next(const std::vector<Usage> &now) {
    std::vector<Rates> all;
    std::map<UsageKey, Usage> later;
    const bool first = time_ns_ == 0;
    const uint64_t since = time_ns_;
    for (const Usage &usage : now) {
        const auto found = before_.find(usage.key);
        const bool same = found != before_.end() && !is_another(usage, found->second);
        const Usage before = same ? found->second : newborn(usage);
        // Of a device that came since nobody knows since when it counts.
        const bool known = same || usage.key.of != UsageOf::device;
        const uint64_t from = same ? before.time_ns : known ? since : usage.time_ns;
        if (!first)
            all.push_back(rates_of(usage, before, usage.time_ns > from ? usage.time_ns - from : 0));
        later[usage.key] = usage;
        time_ns_ = std::max(time_ns_, usage.time_ns);
    }
    before_ = std::move(later);
    sum_up_devices(all);
    for (Rates &rates : all) {
        rates.p50_ns = percentile(rates.service, 0.5);
        rates.p99_ns = percentile(rates.service, 0.99);
    }
    return all;
}

std::vector<Field> rate_fields() {
    return {{"device", "DEVICE"},
            {"kind", nullptr},
            {"tid", "TID"},
            {"queue_type", "QUEUE"},
            {"queue", "ID"},
            {"busy_percent", "BUSY%", Show::number},
            {"commands_per_s", "CMD/S", Show::number},
            {"bytes_per_s", "BYTES/S", Show::number},
            {"pending", "PEND"},
            {"p50_ns", "P50", Show::duration},
            {"p99_ns", "P99", Show::duration},
            {"doorbells_per_s", "DB/S", Show::number},
            {"doorbells_saved_per_s", "SAVED/S", Show::number},
            {"interrupts_per_s", "INT/S", Show::number},
            {"errors_per_s", "ERR/S", Show::number},
            {"pinned_bytes", "PINNED", Show::bytes},
            {"pid", "PID"},
            {"uid", "UID"},
            {"comm", "COMMAND"},
            {"interval_ns", nullptr}};
}

std::vector<Value> rate_row(const Rates &rates) {
    const Usage &usage = rates.usage;
    const bool device = usage.key.of == UsageOf::device;
    return {usage.device,
            std::string(usage.kind()),
            device ? Value() : Value(usage.key.tid),
            of_queue(usage, std::string(usage.queue_name())),
            of_queue(usage, usage.key.queue),
            rounded(rates.busy_percent),
            rounded(rates.commands_per_s),
            rounded(rates.bytes_per_s),
            known(usage.pending),
            known(rates.p50_ns),
            known(rates.p99_ns),
            rounded(rates.doorbells_per_s),
            rounded(rates.doorbells_saved_per_s),
            rounded(rates.interrupts_per_s),
            rounded(rates.errors_per_s),
            known(usage.pinned_bytes),
            known(usage.pid),
            known(usage.uid),
            device ? Value() : Value(usage.comm),
            rates.interval_ns};
}

} // namespace ubctl
