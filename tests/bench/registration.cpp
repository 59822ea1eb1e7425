// SPDX-License-Identifier: MIT
// Time to register memory and to take it back, by the driver and by the kernel's software RoCE.

#include <infiniband/verbs.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "bench.hpp"
#include "parts.hpp"
#include "rig.hpp"

namespace bench {

namespace {

constexpr size_t reg_sizes[] = {4 * kib, 64 * kib, mib, 16 * mib, 64 * mib, 256 * mib};

// Seconds to register a range, and to take it back.
struct Taken {
    double registered, returned;
};
using Once = std::function<Taken(void *, size_t)>;

// The names of both calls, as measured.
struct Calls {
    const char *registers, *returns;
};

void time_one(const Calls &calls, size_t size, bool huge, const Once &once) {
    const size_t room = size + 2 * mib;
    void *area = mmap(nullptr, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (area == MAP_FAILED)
        throw std::bad_alloc();
    madvise(area, room, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    const auto address = (reinterpret_cast<uintptr_t>(area) + 2 * mib - 1) & ~(2 * mib - 1);
    void *start = reinterpret_cast<void *>(address);
    std::memset(start, 1, size);
    Taken best = once(start, size);
    for (int again = 1; again < (size > mib ? 5 : 100); ++again) {
        const Taken taken = once(start, size);
        best.registered = std::min(best.registered, taken.registered);
        best.returned = std::min(best.returned, taken.returned);
    }
    const double to_page = 1e9 / static_cast<double>(size / 4096);
    const char *mode = huge ? "huge" : "small";
    report({calls.registers, "", mode, 0, size}, "time_per_page", best.registered * to_page, "ns");
    report({calls.returns, "", mode, 0, size}, "time_per_page", best.returned * to_page, "ns");
    munmap(area, room);
}

void time_registration(const Calls &calls, const Once &once) {
    for (const bool huge : {false, true})
        for (const size_t size : reg_sizes)
            time_one(calls, size, huge, once);
}

} // namespace

void registration_part(const std::string &device) {
    const Queues q(device);
    time_registration({"ub_register_seg", "ub_unregister_seg"}, [&q](void *start, size_t size) {
        ub_seg_cfg cfg{};
        cfg.va = start;
        cfg.len = size;
        cfg.access = UB_ACCESS_READ | UB_ACCESS_WRITE;
        const double t = now();
        ub_seg *seg = ub_register_seg(q.ctx, &cfg);
        const double made = now();
        if (!seg || ub_unregister_seg(seg))
            fail("register");
        return Taken{made - t, now() - made};
    });
}

void verbs_part() {
    int count = 0;
    ibv_device **list = ibv_get_device_list(&count);
    if (!list || !count)
        throw std::runtime_error("no RDMA device");
    ibv_context *ctx = ibv_open_device(list[0]);
    ibv_pd *pd = ctx ? ibv_alloc_pd(ctx) : nullptr;
    if (!pd)
        throw std::runtime_error("the RDMA device cannot be opened");
    time_registration({"ibv_reg_mr", "ibv_dereg_mr"}, [pd](void *start, size_t size) {
        const double t = now();
        ibv_mr *mr = ibv_reg_mr(pd, start, size,
                                IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_READ |
                                    IBV_ACCESS_REMOTE_WRITE);
        const double made = now();
        if (!mr || ibv_dereg_mr(mr))
            throw std::runtime_error("ibv_reg_mr failed");
        return Taken{made - t, now() - made};
    });
    ibv_dealloc_pd(pd);
    ibv_close_device(ctx);
    ibv_free_device_list(list);
}

} // namespace bench
