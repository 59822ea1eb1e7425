// SPDX-License-Identifier: MIT
// The device by one door: NOP by depth, WRITE by size, products of matrices.

#include <algorithm>
#include <memory>

#include "counters.hpp"
#include "door.hpp"
#include "drive.hpp"
#include "parts.hpp"

namespace bench {

namespace {

// Commands in a count of copied bytes, which slows what it counts.
constexpr uint64_t counted_commands = 4096;

template <class Door> class Device {
public:
    Device(Door &door, const std::string &device) : door_(door), device_(device) {}

    void nop() {
        const ub_jfs_wr wr = nop_request();
        for (const bool events : {false, true})
            for (const unsigned depth : depths) {
                const Point p = point("nop", events, depth);
                throughput(p, wr);
                latency(p, wr);
                if (depth == 1 || depth == 64)
                    copied_bytes(p, wr);
            }
    }

    void write() {
        Write write(door_.context(), sizes.back());
        for (const size_t size : sizes) {
            const ub_jfs_wr wr = write.request(size, size <= 8);
            latency(point("write", false, 1, size), wr);
            throughput(point("write", false, 4, size), wr);
        }
        // Enough under way for the device to find the next one when it ends one.
        throughput(point("write", false, 32, 64 * kib), write.request(64 * kib, false));
    }

    void gemm() {
        constexpr uint32_t n = gemm_dim;
        const size_t bytes = size_t{n} * n * sizeof(float);
        const Segment a(door_.context(), bytes), b(door_.context(), bytes),
            c(door_.context(), bytes);
        for (const Segment *m : {&a, &b, &c})
            std::fill_n(static_cast<float *>(m->data()), n * n, 0.5f);
        const ub_sge_t sge[] = {a.sge(bytes), b.sge(bytes), c.sge(bytes)};
        ub_jfs_wr wr{};
        wr.opcode = UB_OP_GEMM_F32;
        wr.flags = UB_WR_COMPLETE;
        wr.num_sge = 3;
        wr.sge = sge;
        wr.gemm = {n, n, n, n, n, n, 1.0f, 0.0f};
        // With two the device does not wait for the guest, as a loop of BLAS does not.
        for (const unsigned depth : {1u, 2u})
            throughput(point("gemm_1024", true, depth), wr);
    }

private:
    Point point(const char *what, bool events, unsigned depth, size_t size = 0) const {
        return {what, Door::name, events ? "event" : "polled", depth, size, 0};
    }

    void throughput(const Point &p, const ub_jfs_wr &wr) {
        const bool events = p.mode == "event";
        pump(door_, wr, p.depth, events, seconds_each / 20);
        const Counters counters(device_);
        const double start = now();
        const auto done = static_cast<double>(pump(door_, wr, p.depth, events, seconds_each));
        const double took = now() - start;
        counters.report_per_command(p, done);
        report(p, "iops", done / took, "1/s");
        if (p.size)
            report(p, "bandwidth", done * static_cast<double>(p.size) / took, "B/s");
    }

    void latency(const Point &p, const ub_jfs_wr &wr) {
        auto taken = latencies(door_, wr, p.depth, p.mode == "event", seconds_each);
        report_latency(p, taken);
    }

    void copied_bytes(const Point &p, const ub_jfs_wr &wr) {
        CopyCounter counter;
        if (!counter.works())
            return;
        const uint64_t done = pump(door_, wr, p.depth, p.mode == "event", 60, counted_commands);
        report(p, "copied_bytes_per_command",
               static_cast<double>(counter.stop()) / static_cast<double>(done), "B");
    }

    Door &door_;
    std::string device_;
};

} // namespace

void nop_part(const std::string &device, const std::string &door) {
    with_door(door, device, [&](auto &open) { Device(open, device).nop(); });
}

void write_part(const std::string &device, const std::string &door) {
    with_door(door, device, [&](auto &open) { Device(open, device).write(); });
}

void gemm_part(const std::string &device, const std::string &door) {
    with_door(door, device, [&](auto &open) { Device(open, device).gemm(); });
}

} // namespace bench
