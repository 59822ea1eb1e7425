// SPDX-License-Identifier: MIT
// What devices, contexts and queues have done so far, as the driver's USAGE_GET tells it.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ubctl {

enum class UsageOf { device, context, queue };

struct UsageKey {
    uint64_t device = 0;
    UsageOf of = UsageOf::device;
    uint64_t tid = 0, queue_type = 0, queue = 0; // 0: not of a context, not of a queue

    auto operator<=>(const UsageKey &) const = default;
};

// Counters since its making; nothing: not told of this one.
struct Usage {
    using Count = std::optional<uint64_t>;

    UsageKey key;
    std::string device, comm;
    Count pid, uid;
    uint64_t engines = 1; // threads of the device
    uint64_t time_ns = 0;
    Count busy_ns, commands, bytes, errors, doorbells, interrupts, service_ns, pending;
    Count pinned_bytes;
    std::vector<uint32_t> service; // commands by service time: ub_hw_usage_least(); or empty

    const char *kind() const;       // "device", "context", "queue"
    const char *queue_name() const; // "jfs"
};

// Each device before its contexts and queues; empty without the driver. What one may not see is
// not among it. A context has the events of its JFCs as its interrupts.
std::vector<Usage> read_usage(std::optional<uint32_t> device);

} // namespace ubctl
