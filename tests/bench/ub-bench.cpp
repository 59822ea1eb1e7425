// SPDX-License-Identifier: MIT
// Measurements of the device through libub, and their peers. Prints one JSON object a line:
// {"name": ..., "value": ..., "unit": ...}. What is a ratio and of what is report.py's affair.
//
//   ub-bench device NAME [SECONDS]     in the VM: NOP, copy, GEMM, registration, counts
//   ub-bench verbs                     in the VM: ibv_reg_mr on the first RDMA device
//   ub-bench host                      on the host: memcpy, cblas_sgemm

#include <infiniband/verbs.h>
#include <sys/mman.h>
#include <ub/ub.h>
#include <unistd.h>

#include <cblas.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "syscall_counter.hpp"

namespace {

constexpr size_t mib = size_t{1} << 20;
constexpr size_t gemm_dim = 1024;
double seconds_each = 1.0;

double now() {
    using clock = std::chrono::steady_clock;
    return std::chrono::duration<double>(clock::now().time_since_epoch()).count();
}

void report(const std::string &name, double value, const char *unit) {
    std::printf("{\"name\": \"%s\", \"value\": %.9g, \"unit\": \"%s\"}\n", name.c_str(), value, unit);
    std::fflush(stdout);
}

[[noreturn]] void fail(const std::string &what) {
    throw std::runtime_error(what + ": " + ub_last_error()->message);
}

uint64_t device_counter(const std::string &device, const char *counter) {
    uint64_t value = 0;
    std::ifstream("/sys/class/ubnpu/" + device + "/stats/" + counter) >> value;
    return value;
}

struct Queues {
    ub_context *ctx;
    ub_jfce *jfce;
    ub_jfc *jfc;
    ub_jfs *jfs;

    explicit Queues(const std::string &device) {
        ctx = ub_create_context(device.c_str());
        jfce = ctx ? ub_create_jfce(ctx) : nullptr;
        ub_jfc_cfg jfc_cfg{};
        jfc_cfg.depth = 1024;
        jfc_cfg.jfce = jfce;
        jfc = jfce ? ub_create_jfc(ctx, &jfc_cfg) : nullptr;
        ub_jfs_cfg jfs_cfg{};
        jfs_cfg.jfc = jfc;
        jfs_cfg.depth = 1024;
        jfs = jfc ? ub_create_jfs(ctx, &jfs_cfg) : nullptr;
        if (!jfs)
            fail("queues on " + device);
    }
    ~Queues() {
        ub_delete_jfs(jfs);
        ub_delete_jfc(jfc);
        ub_delete_jfce(jfce);
        ub_delete_context(ctx);
    }
    Queues(const Queues &) = delete;
    Queues &operator=(const Queues &) = delete;
};

void check(std::span<const ub_cr> done) {
    for (const ub_cr &cr : done)
        if (cr.status != UB_CR_SUCCESS)
            throw std::runtime_error(std::string("completion ") + ub_cr_status_str(cr.status));
}

// Keeps depth requests in flight for the set time. wait() is called when a poll finds none.
uint64_t pump(Queues &q, const ub_jfs_wr &wr, unsigned depth, const std::function<void()> &wait) {
    const std::vector<ub_jfs_wr> batch(depth, wr);
    std::vector<ub_cr> cr(depth);
    uint64_t completed = 0;
    unsigned room = depth, in_flight = 0;
    const double end = now() + seconds_each;
    bool stop = false;
    while (!stop || in_flight) {
        if (!stop && room) {
            if (ub_post_jfs_wr(q.jfs, batch.data(), room, nullptr))
                fail("post");
            in_flight += room;
            room = 0;
        }
        const int got = ub_poll_jfc(q.jfc, cr.data(), depth);
        check({cr.data(), static_cast<size_t>(got)});
        completed += static_cast<unsigned>(got);
        in_flight -= static_cast<unsigned>(got);
        room += static_cast<unsigned>(got);
        if (!got && wait)
            wait();
        stop = stop || ((completed & 63) < depth && now() > end);
    }
    return completed;
}

// Requests/s and counts per request of one way of driving a queue.
void drive(const std::string &device, const std::string &name, const ub_jfs_wr &wr, unsigned depth,
           bool events, Queues &q) {
    static const char *const counters[] = {"db_traps", "interrupts", "inline_wqes"};
    const SyscallCounter syscalls;
    auto wait = [&q] {
        ub_rearm_jfc(q.jfc, false);
        ub_jfc *fired = nullptr;
        uint32_t one = 1;
        if (ub_wait_jfc(q.jfce, 1, 1000, &fired) == 1)
            ub_ack_jfc(&fired, &one, 1);
    };
    uint64_t before[3];
    for (size_t i = 0; i < 3; ++i)
        before[i] = device_counter(device, counters[i]);
    const uint64_t calls = syscalls.value();
    const double start = now();
    const auto done = static_cast<double>(
        pump(q, wr, depth, events ? std::function<void()>(wait) : nullptr));
    const double took = now() - start;
    const double made = static_cast<double>(syscalls.value() - calls) - 1;
    report(name + "_iops", done / took, "1/s");
    for (size_t i = 0; i < 3; ++i)
        report(name + "_" + counters[i] + "_per_command",
               static_cast<double>(device_counter(device, counters[i]) - before[i]) / done, "1");
    if (syscalls.works())
        report(name + "_syscalls_per_command", made / done, "1");
}

void nop(const std::string &device, Queues &q) {
    ub_jfs_wr wr{};
    wr.opcode = UB_OP_NOP;
    wr.flags = UB_WR_COMPLETE;
    for (unsigned depth : {1u, 32u}) {
        drive(device, "nop_polled_depth" + std::to_string(depth), wr, depth, false, q);
        drive(device, "nop_event_depth" + std::to_string(depth), wr, depth, true, q);
    }
}

class Segment {
public:
    Segment(ub_context *ctx, size_t size) : size_(size), buf_(ub_alloc_buf(size)) {
        if (!buf_)
            throw std::bad_alloc();
        std::memset(buf_, 0x5a, size);
        ub_seg_cfg cfg{};
        cfg.va = buf_;
        cfg.len = size;
        cfg.access = UB_ACCESS_READ | UB_ACCESS_WRITE;
        seg_ = ub_register_seg(ctx, &cfg);
        if (!seg_)
            fail("register");
    }
    ~Segment() {
        ub_unregister_seg(seg_);
        ub_free_buf(buf_, size_);
    }
    Segment(const Segment &) = delete;
    Segment &operator=(const Segment &) = delete;
    void *data() const { return buf_; }
    ub_sge_t sge() const {
        return {static_cast<uint32_t>(size_), seg_->token_id, seg_->va};
    }
    ub_target target() const {
        ub_desc desc;
        ub_describe_seg(seg_, &desc);
        return ub_import(&desc);
    }

private:
    size_t size_;
    void *buf_;
    ub_seg *seg_ = nullptr;
};

void copy(const std::string &device, Queues &q) {
    const Segment from(q.ctx, mib), to(q.ctx, mib);
    const ub_sge_t sge = from.sge();
    const ub_target target = to.target();
    ub_jfs_wr wr{};
    wr.opcode = UB_OP_WRITE;
    wr.flags = UB_WR_COMPLETE;
    wr.num_sge = 1;
    wr.sge = &sge;
    wr.target = &target;
    wr.rmt_addr = target.va;
    drive(device, "copy_1mib_polled", wr, 4, false, q);
}

void gemm(const std::string &device, Queues &q) {
    const size_t bytes = gemm_dim * gemm_dim * sizeof(float);
    const Segment a(q.ctx, bytes), b(q.ctx, bytes), c(q.ctx, bytes);
    for (const Segment *m : {&a, &b, &c})
        std::fill_n(static_cast<float *>(m->data()), gemm_dim * gemm_dim, 0.5f);
    const ub_sge_t sge[] = {a.sge(), b.sge(), c.sge()};
    ub_jfs_wr wr{};
    wr.opcode = UB_OP_GEMM_F32;
    wr.flags = UB_WR_COMPLETE;
    wr.num_sge = 3;
    wr.sge = sge;
    const uint32_t n = gemm_dim;
    wr.gemm = {n, n, n, n, n, n, 1.0f, 0.0f};
    drive(device, "gemm_1024_event", wr, 1, true, q);
}

const std::pair<const char *, size_t> reg_sizes[] = {
    {"4kib", 4096}, {"1mib", mib}, {"256mib", 256 * mib}};

// Nanoseconds a page for registering (not deregistering) a range, best of several.
void time_registration(const std::string &peer, const std::function<double(void *, size_t)> &once) {
    for (const bool huge : {false, true})
        for (const auto &[label, size] : reg_sizes) {
            const size_t room = size + 2 * mib;
            void *area = mmap(nullptr, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                              0);
            if (area == MAP_FAILED)
                throw std::bad_alloc();
            madvise(area, room, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
            auto address = (reinterpret_cast<uintptr_t>(area) + 2 * mib - 1) & ~(2 * mib - 1);
            void *start = reinterpret_cast<void *>(address);
            std::memset(start, 1, size);
            double best = 1e9;
            for (int round = 0; round < (size > mib ? 5 : 200); ++round)
                best = std::min(best, once(start, size));
            report(peer + "_reg_" + label + (huge ? "_huge" : "_small"),
                   best * 1e9 / static_cast<double>(size / 4096), "ns/page");
            munmap(area, room);
        }
}

void registration(Queues &q) {
    time_registration("ub", [&q](void *start, size_t size) {
        ub_seg_cfg cfg{};
        cfg.va = start;
        cfg.len = size;
        cfg.access = UB_ACCESS_READ | UB_ACCESS_WRITE;
        const double t = now();
        ub_seg *seg = ub_register_seg(q.ctx, &cfg);
        const double took = now() - t;
        if (!seg || ub_unregister_seg(seg))
            fail("register");
        return took;
    });
}

void verbs_registration() {
    int count = 0;
    ibv_device **list = ibv_get_device_list(&count);
    if (!list || !count)
        throw std::runtime_error("no RDMA device");
    ibv_context *ctx = ibv_open_device(list[0]);
    ibv_pd *pd = ctx ? ibv_alloc_pd(ctx) : nullptr;
    if (!pd)
        throw std::runtime_error("the RDMA device cannot be opened");
    time_registration("rxe", [pd](void *start, size_t size) {
        const double t = now();
        ibv_mr *mr = ibv_reg_mr(pd, start, size,
                                IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_READ |
                                    IBV_ACCESS_REMOTE_WRITE);
        const double took = now() - t;
        if (!mr || ibv_dereg_mr(mr))
            throw std::runtime_error("ibv_reg_mr failed");
        return took;
    });
    ibv_dealloc_pd(pd);
    ibv_close_device(ctx);
    ibv_free_device_list(list);
}

// Median of repeated runs of one work.
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

extern "C" void openblas_set_num_threads(int threads);

void host() {
    constexpr int copies = 64;
    std::vector<char> from(mib, 1), to(mib);
    report("host_memcpy_1mib", copies * median_rate(101, [&] {
               for (int i = 0; i < copies; ++i) {
                   std::memcpy(to.data(), from.data(), mib);
                   asm volatile("" : : "r"(to.data()) : "memory");
               }
           }),
           "1/s");
    openblas_set_num_threads(1);
    std::vector<float> a(gemm_dim * gemm_dim, 0.5f), b(a), c(a);
    constexpr int n = gemm_dim;
    report("host_gemm_1024", median_rate(21, [&] {
               cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, n, n, 1.0f, a.data(), n,
                           b.data(), n, 0.0f, c.data(), n);
           }),
           "1/s");
}

} // namespace

int main(int argc, char **argv) try {
    const std::string verb = argc > 1 ? argv[1] : "";
    if (verb == "device" && argc >= 3) {
        if (argc > 3)
            seconds_each = std::stod(argv[3]);
        Queues queues(argv[2]);
        nop(argv[2], queues);
        copy(argv[2], queues);
        gemm(argv[2], queues);
        registration(queues);
    } else if (verb == "verbs") {
        verbs_registration();
    } else if (verb == "host") {
        host();
    } else {
        std::fprintf(stderr, "usage: ub-bench device NAME [SECONDS] | verbs | host\n");
        return 2;
    }
    return 0;
} catch (const std::exception &error) {
    std::fprintf(stderr, "ub-bench: %s\n", error.what());
    return 1;
}
