// SPDX-License-Identifier: MIT
// ubctl bench: how fast a device takes commands from this process, and at what cost.

#include <algorithm>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "cmd/commands.hpp"
#include "cmd/submit_report.hpp"
#include "device/window.hpp"
#include "out/error.hpp"

namespace ubctl {

namespace {

constexpr uint32_t nop_depths[] = {1, 2, 4, 8, 16, 32, 64, 128, 256};
constexpr uint64_t write_sizes[] = {8,         64,        512,     4 << 10, 16 << 10,
                                    64 << 10,  256 << 10, 1 << 20, 4 << 20, 16 << 20};
constexpr uint32_t write_depths[] = {1, 4}, largest_depth = 256;
constexpr uint32_t gemm_dim = 512;
constexpr size_t most_samples = 1 << 18;

struct BenchOptions {
    double seconds = 0.1;
};

struct Job {
    const char *operation;
    uint32_t depth;
    uint64_t bytes; // each command's
    ub::work_request request;
};

struct Result {
    uint64_t commands = 0, elapsed_ns = 0;
    std::vector<uint64_t> latency_ns;
    Counts counts;
};

// Keeps the depth under way, and notes for each command the time from its post to when it was seen
// to have completed.
class Runner {
public:
    Runner(Session &session, const Job &job, double seconds)
        : session_(session), seconds_(seconds), batch_(job.depth, job.request),
          posted_(job.depth), room_(job.depth) {
        for (uint32_t i = 0; i < job.depth; ++i)
            batch_[i].user_ctx = i;
    }

    Result run() {
        const Counts before = session_.counts();
        const auto end = static_cast<uint64_t>(seconds_ * 1e9);
        for (size_t free = batch_.size(), under_way = 0; free || under_way;) {
            post(free);
            under_way += free;
            const size_t got = reap();
            under_way -= got;
            free = now_ < end && result_.latency_ns.size() < most_samples ? got : 0;
        }
        const Counts after = session_.counts();
        result_.elapsed_ns = now_;
        result_.commands = result_.latency_ns.size();
        result_.counts = {after.commands - before.commands, after.doorbells - before.doorbells,
                          after.suppressed - before.suppressed, after.waits - before.waits};
        return std::move(result_);
    }

private:
    void post(size_t n) {
        if (!n)
            return;
        for (size_t i = 0; i < n; ++i)
            posted_[batch_[i].user_ctx] = now_;
        session_.post(std::span(batch_).first(n));
    }

    // What completed makes room for as many requests, at the start of the batch.
    size_t reap() {
        const auto done = session_.reap(room_);
        now_ = watch_.ns();
        for (size_t i = 0; i < done.size(); ++i) {
            require_success(session_, done[i]);
            result_.latency_ns.push_back(now_ - posted_[done[i].user_ctx]);
            batch_[i].user_ctx = done[i].user_ctx;
        }
        return done.size();
    }

    Session &session_;
    double seconds_;
    std::vector<ub::work_request> batch_;
    std::vector<uint64_t> posted_;
    std::vector<ub::completion> room_;
    Stopwatch watch_;
    uint64_t now_ = 0;
    Result result_;
};

Value percentile(std::vector<uint64_t> &values, double rank) {
    const auto at = values.begin() + static_cast<ptrdiff_t>(
                                         rank * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), at, values.end());
    return *at;
}

double per(uint64_t count, uint64_t commands) {
    return static_cast<double>(count) / static_cast<double>(commands);
}

void measure(Report &report, Session &session, const Job &job, double seconds) {
    Result got = Runner(session, job, seconds).run();
    const double rate = per(got.commands, got.elapsed_ns) * 1e9;
    report.add({session.name(), std::string(job.operation), uint64_t{job.depth}, job.bytes,
                got.commands, static_cast<uint64_t>(rate),
                job.bytes ? Value(static_cast<uint64_t>(rate * static_cast<double>(job.bytes)))
                          : Value(std::monostate{}),
                percentile(got.latency_ns, 0.5), percentile(got.latency_ns, 0.99),
                percentile(got.latency_ns, 0.999), per(got.counts.doorbells, got.commands),
                per(got.counts.waits, got.commands)});
}

Report empty_report() {
    return {"ub.bench/1",
            Layout::columns,
            {{"device", nullptr},
             {"operation", "OPERATION"},
             {"depth", "DEPTH"},
             {"bytes", "SIZE", Show::bytes},
             {"commands", nullptr},
             {"commands_per_s", "COMMANDS/S"},
             {"bytes_per_s", "RATE", Show::rate},
             {"latency_p50_ns", "P50", Show::duration},
             {"latency_p99_ns", "P99", Show::duration},
             {"latency_p99_9_ns", "P99.9", Show::duration},
             {"doorbells_per_command", "DOORBELLS"},
             {"waits_per_command", "WAITS"}}};
}

// What RLIMIT_MEMLOCK or the device does not allow, depths and sizes, is left out.
void nops(Report &report, Session &session, uint32_t largest, double seconds) {
    const ub::request nop = ub::nop();
    for (const uint32_t depth : nop_depths)
        if (depth <= largest)
            measure(report, session, {"nop", depth, 0, nop.wr()}, seconds);
}

void writes(Report &report, Session &session, double seconds) {
    const uint64_t largest = std::min(session.attr().max_msg, std::end(write_sizes)[-1]);
    const auto [from, to] = make_windows(largest, [&](size_t bytes) {
        return std::pair{Buffer(session, bytes), Buffer(session, bytes)};
    });
    const size_t room = from.size();
    const ub::target target = to.target();
    std::fill_n(from.data(), room, uint8_t{0x5a});
    for (const uint32_t depth : write_depths)
        for (const uint64_t size : write_sizes)
            if (size <= room) {
                const ub::request write = ub::write(from.sge(0, size), target);
                measure(report, session, {"write", depth, size, write.wr()}, seconds);
            }
}

void gemm(Report &report, Session &session, double seconds) {
    const uint32_t n = std::min(gemm_dim, session.attr().max_gemm_dim);
    const size_t bytes = size_t{n} * n * sizeof(float);
    const Buffer a(session, bytes), b(session, bytes), c(session, bytes);
    const ub::request product =
        ub::gemm(a.sge(0, bytes), b.sge(0, bytes), c.sge(0, bytes), {.m = n, .n = n, .k = n});
    measure(report, session, {"gemm", 1, 3 * bytes, product.wr()}, seconds);
}

void gemm_if_it_fits(Report &report, Session &session, double seconds) {
    try {
        gemm(report, session, seconds);
    } catch (const ub::error &error) {
        if (!is_over_memlock(error))
            throw;
    }
}

uint32_t smaller_depth(uint32_t depth) {
    return std::max(depth / 2, write_depths[1]);
}

int bench(const Globals &globals, const BenchOptions &options) {
    uint32_t depth = 0;
    const auto open = [&](uint32_t largest) {
        depth = largest;
        return Session(globals.device, largest, globals.timeout_s);
    };
    Session session = make_fitting(largest_depth, open, smaller_depth);
    Report report = empty_report();
    nops(report, session, depth, options.seconds);
    if (session.attr().opcodes & UB_OPCAP_WRITE)
        writes(report, session, options.seconds);
    if (session.attr().opcodes & UB_OPCAP_GEMM_F32)
        gemm_if_it_fits(report, session, options.seconds);
    print(report, globals.style);
    return exit_ok;
}

} // namespace

Action declare_bench(Parameters &parameters) {
    auto options = std::make_shared<BenchOptions>();
    parameters.number("--seconds", options->seconds, 1e-3, 3600.0, "SECONDS",
                      "how long each line is measured, 0.001 to 3600; default 0.1");
    return [options](const Globals &globals) { return bench(globals, *options); };
}

} // namespace ubctl
