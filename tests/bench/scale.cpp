// SPDX-License-Identifier: MIT
// What grows with what: cost per command with the number of busy queues, page table memory with
// registered memory.

#include <memory>
#include <vector>

#include "bench.hpp"
#include "parts.hpp"
#include "rig.hpp"

namespace bench {

namespace {

constexpr unsigned most_queues = 256, in_flight_each = 4;

// JFSs of one context that complete to one JFC.
class ManyQueues {
public:
    explicit ManyQueues(const std::string &device) {
        ctx_ = ub_create_context(device.c_str());
        ub_jfc_cfg jfc_cfg{};
        jfc_cfg.depth = most_queues * in_flight_each * 2;
        jfc_ = ctx_ ? ub_create_jfc(ctx_, &jfc_cfg) : nullptr;
        ub_jfs_cfg cfg{};
        cfg.jfc = jfc_;
        cfg.depth = 64;
        for (unsigned i = 0; jfc_ && i < most_queues; ++i)
            if (ub_jfs *jfs = ub_create_jfs(ctx_, &cfg))
                jfs_.push_back(jfs);
        if (jfs_.size() != most_queues)
            fail("queues on " + device);
    }
    ~ManyQueues() {
        for (ub_jfs *jfs : jfs_)
            ub_delete_jfs(jfs);
        ub_delete_jfc(jfc_);
        ub_delete_context(ctx_);
    }
    ManyQueues(const ManyQueues &) = delete;
    ManyQueues &operator=(const ManyQueues &) = delete;

    // Keeps all of the first n busy. Returns seconds per command.
    double cost(unsigned n) {
        const ub_jfs_wr nop = nop_request();
        const std::vector<ub_jfs_wr> batch(in_flight_each, nop);
        const double start = now();
        double at = start;
        uint64_t done = 0;
        for (; at - start < seconds_each; at = now())
            // As many commands between two looks at the clock, whatever n is.
            for (unsigned i = 0; i < most_queues; i += n)
                done += round(n, batch);
        return (at - start) / static_cast<double>(done);
    }

private:
    uint64_t round(unsigned n, const std::vector<ub_jfs_wr> &batch) {
        for (unsigned i = 0; i < n; ++i)
            if (ub_post_jfs_wr(jfs_[i], batch.data(), in_flight_each, nullptr))
                fail("post");
        ub_cr cr[64];
        for (unsigned left = n * in_flight_each; left;) {
            const auto got = static_cast<unsigned>(ub_poll_jfc(jfc_, cr, 64));
            check(cr, got);
            left -= got;
        }
        return uint64_t{n} * in_flight_each;
    }

    ub_context *ctx_ = nullptr;
    ub_jfc *jfc_ = nullptr;
    std::vector<ub_jfs *> jfs_;
};

} // namespace

void queues_part(const std::string &device) {
    ManyQueues queues(device);
    queues.cost(most_queues);
    for (unsigned n = 1; n <= most_queues; n *= 2)
        report({"busy_queues", "mapped", "polled", in_flight_each, 0, n}, "time_per_command",
               queues.cost(n) * 1e9, "ns");
}

// Bytes of page tables that segments of a size make; small pages only, as they take the most.
void tables_part(const std::string &device) {
    Queues q(device);
    for (const size_t size : {mib, 4 * mib, 16 * mib, 64 * mib, 256 * mib}) {
        const uint64_t before = device_counter(device, "table_bytes");
        const Segment segment(q.ctx, size, false);
        const uint64_t made = device_counter(device, "table_bytes") - before;
        report({"page_tables", "", "small", 0, size}, "table_bytes", static_cast<double>(made),
               "B");
    }
}

} // namespace bench
