// SPDX-License-Identifier: MIT
// An IOMMU takes pages away that the device uses: payload under work, then rings. COMMAND with
// pfn=N after it takes page N away; it is done when it returns.
//
//   iommu DEVICE COMMAND...

#include <ub/ub.hpp>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>

namespace {

constexpr size_t page = 4096, size = 64 * page;
constexpr int limit_ms = 20000;

std::string command;

bool take_away(const void *ptr) {
    const auto at = reinterpret_cast<uintptr_t>(ptr) / page;
    uint64_t entry = 0;
    const int file = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    const bool read = pread(file, &entry, sizeof entry, off_t(at * sizeof entry)) == sizeof entry;
    close(file);
    if (!read || !(entry >> 63))
        return false;
    const std::string line = command + " pfn=" + std::to_string(entry & ((uint64_t{1} << 55) - 1));
    // It never stays, so it never succeeds.
    return std::system((line + " 2> /dev/null").c_str()) != -1;
}

struct memory {
    uint8_t *data;
    ub_seg *seg;

    explicit memory(ub::context &ctx) {
        data = static_cast<uint8_t *>(
            mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        madvise(data, size, MADV_NOHUGEPAGE);
        std::memset(data, 0, size);
        ub_seg_cfg cfg{};
        cfg.va = data;
        cfg.len = size;
        cfg.access = UB_ACCESS_LOCAL_ONLY;
        seg = ub_register_seg(ctx.get(), &cfg);
        if (!seg)
            throw std::runtime_error(ub_last_error()->message);
    }
    [[nodiscard]] ub::sge sge() const { return {uint32_t{size}, seg->token_id, seg->va}; }
};

struct queues {
    std::optional<ub::jfc> jfc;
    std::optional<ub::jfs> jfs;

    explicit queues(ub::context &ctx) {
        ub_jfc_cfg jfc_cfg{};
        jfc_cfg.depth = 64;
        jfc.emplace(ctx, jfc_cfg);
        ub_jfs_cfg jfs_cfg{};
        jfs_cfg.jfc = jfc->get();
        jfs_cfg.depth = 64;
        jfs.emplace(ctx, jfs_cfg);
    }
    bool next(ub_cr *cr, int ms) {
        const ub_wait_cfg wait{1000, 1000, ms};
        return ub_wait_cr(jfc->get(), cr, 1, &wait) == 1;
    }
    int run(const ub::request &request) {
        ub::work_request wr = request.wr();
        ub_cr cr{};
        wr.flags |= UB_WR_COMPLETE;
        jfs->post(std::span(&wr, 1));
        return next(&cr, limit_ms) ? cr.status : -1;
    }
};

bool says(const char *what, long got, long want) {
    if (got != want)
        std::printf("%s: %ld, not %ld\n", what, got, want);
    return got == want;
}

// Nothing is written once the page is the kernel's again; the rest of the device works on.
bool payload(ub::context &ctx) {
    queues q(ctx), other(ctx);
    memory taken(ctx), kept(ctx);
    const uint8_t *last = taken.data + size - page;
    std::atomic<bool> away{false};
    int status = UB_CR_SUCCESS;
    if (!says("before", q.run(ub::fill(taken.sge(), uint32_t{0x11111111})), UB_CR_SUCCESS))
        return false;
    std::thread work([&] {
        while (status == UB_CR_SUCCESS && !away)
            status = q.run(ub::fill(taken.sge(), uint32_t{0x22222222}));
        if (status == UB_CR_SUCCESS)
            status = q.run(ub::fill(taken.sge(), uint32_t{0x22222222}));
    });
    usleep(50000);
    const bool done = take_away(last);
    std::memset(taken.data + size - page, 0x5a, page);
    away = true;
    work.join();
    bool clean = true;
    for (size_t i = 0; i < page; ++i)
        clean = clean && last[i] == 0x5a;
    if (!clean)
        std::puts("written after it was taken away");
    return done && clean && says("after", status, UB_CR_LOC_ACCESS_ERR) &&
           says("other memory", other.run(ub::fill(kept.sge(), uint32_t{0x33333333})),
                UB_CR_SUCCESS);
}

bool is_told(ub::context &ctx, unsigned type, uint32_t id) {
    const auto event = ctx.next_event(std::chrono::milliseconds(limit_ms));
    return event && says("event", event->type, type) && says("of", event->id, id);
}

bool send_ring(ub::context &ctx) {
    queues q(ctx), other(ctx);
    ub_cr cr{};
    return says("before", q.run(ub::nop()), UB_CR_SUCCESS) && take_away(q.jfs->get()->ring) &&
           is_told(ctx, UB_EVENT_JFS_ERR, q.jfs->get()->id) && q.next(&cr, limit_ms) &&
           says("status", cr.status, UB_CR_WR_FLUSH_ERR_DONE) &&
           says("other queue", other.run(ub::nop()), UB_CR_SUCCESS);
}

bool completion_ring(ub::context &ctx) {
    queues q(ctx), other(ctx);
    return says("before", q.run(ub::nop()), UB_CR_SUCCESS) && take_away(q.jfc->get()->ring) &&
           is_told(ctx, UB_EVENT_JFC_ERR, q.jfc->get()->id) &&
           says("other queue", other.run(ub::nop()), UB_CR_SUCCESS);
}

int failed = 0;

void check(const char *name, const char *device, bool (*run)(ub::context &)) {
    bool ok = false;
    try {
        ub::context ctx(device);
        ok = run(ctx);
    } catch (const std::exception &error) {
        std::printf("%s\n", error.what());
    }
    std::printf("%s - %s\n", ok ? "ok" : "not ok", name);
    failed |= !ok;
}

} // namespace

int main(int argc, char **argv) {
    if (argc < 3)
        return 2;
    for (int i = 2; i < argc; ++i)
        command += std::string(argv[i]) + ' ';
    check("payload_taken_away", argv[1], payload);
    check("send_ring_taken_away", argv[1], send_ring);
    check("completion_ring_taken_away", argv[1], completion_ring);
    return failed;
}
