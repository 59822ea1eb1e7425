// SPDX-License-Identifier: MIT
#include "device/usage.hpp"

#include <cstring>
#include <map>
#include <utility>

#include <fmt/format.h>
#include <ub/ub_hw.h>
#include <ub/ub_uapi.h>

#include "device/netlink.hpp"

namespace ubctl {

namespace {

Usage::Count count(const Attributes &row, int attribute) {
    return row.has(attribute) ? Usage::Count(row.number(attribute)) : std::nullopt;
}

UsageOf kind_of(const Attributes &row) {
    if (row.has(UB_A_QUEUE_ID))
        return UsageOf::queue;
    return row.has(UB_A_TID) ? UsageOf::context : UsageOf::device;
}

std::vector<uint32_t> buckets(const std::string &bytes) {
    std::vector<uint32_t> out(bytes.size() / sizeof(uint32_t));
    std::memcpy(out.data(), bytes.data(), out.size() * sizeof(uint32_t));
    return out;
}

Usage usage_of(const Attributes &row) {
    Usage usage;
    usage.key = {row.number(UB_A_DEV_INDEX), kind_of(row), row.number(UB_A_TID),
                 row.number(UB_A_QUEUE_TYPE), row.number(UB_A_QUEUE_ID)};
    usage.device = row.text(UB_A_DEV_NAME);
    usage.comm = row.text(UB_A_COMM);
    usage.pid = count(row, UB_A_PID);
    usage.uid = count(row, UB_A_UID);
    usage.engines = row.has(UB_A_ENGINES) ? row.number(UB_A_ENGINES) : 1;
    usage.time_ns = row.number(UB_A_TIME_NS);
    usage.busy_ns = count(row, UB_A_BUSY_NS);
    usage.commands = count(row, UB_A_COUNT);
    usage.bytes = count(row, UB_A_BYTES);
    usage.errors = count(row, UB_A_ERRORS);
    usage.doorbells = count(row, UB_A_DOORBELLS);
    usage.interrupts = count(row, UB_A_INTERRUPTS);
    usage.service_ns = count(row, UB_A_SERVICE_NS);
    usage.pending = count(row, UB_A_PENDING);
    usage.pinned_bytes = count(row, UB_A_PINNED_BYTES);
    usage.service = buckets(row.bytes(UB_A_SERVICE));
    return usage;
}

// Rows of contexts and queues name their device by its number, those of queues no process.
class Owners {
public:
    void complete(Usage &usage) {
        if (usage.key.of == UsageOf::device) {
            device_ = usage;
            return;
        }
        usage.device = device_.device;
        usage.engines = device_.engines;
        if (usage.key.of == UsageOf::context) {
            contexts_[{usage.key.device, usage.key.tid}] = &usage;
            return;
        }
        const auto found = contexts_.find({usage.key.device, usage.key.tid});
        if (found == contexts_.end())
            return;
        Usage &context = *found->second;
        usage.comm = context.comm;
        usage.uid = context.uid;
        if (usage.interrupts)
            context.interrupts = context.interrupts.value_or(0) + *usage.interrupts;
    }

private:
    Usage device_;
    std::map<std::pair<uint64_t, uint64_t>, Usage *> contexts_;
};

} // namespace

const char *Usage::kind() const {
    switch (key.of) {
    case UsageOf::device:
        return "device";
    case UsageOf::context:
        return "context";
    case UsageOf::queue:
        break;
    }
    return "queue";
}

const char *Usage::queue_name() const {
    return object_name(key.queue_type);
}

std::vector<Usage> read_usage(std::optional<uint32_t> device) {
    std::vector<Usage> all;
    for (const Attributes &row : netlink_dump(UB_CMD_USAGE_GET, device))
        all.push_back(usage_of(row));
    Owners owners;
    for (Usage &usage : all)
        owners.complete(usage);
    return all;
}

} // namespace ubctl
