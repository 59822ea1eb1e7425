// SPDX-License-Identifier: MIT
// Copies memory through io_uring: registers it, submits and waits by co_await, in one thread.
// Needs liburing and a device of the driver.
#include <algorithm>
#include <cstdio>
#include <numeric>
#include <ub/ub_uring.hpp>

ub::uring::task<> copy(ub::uring::ring &ring, ub::uring::queue &queue, const ub_eid_t &eid) {
    constexpr size_t size = 1 << 20;
    ub::buffer from(size), to(size);
    std::iota(from.as<uint32_t>().begin(), from.as<uint32_t>().end(), 1u);

    ub_seg_cfg cfg{};
    cfg.len = size;
    cfg.va = from.data();
    const auto source = co_await ub::uring::register_memory(ring, cfg);
    cfg.va = to.data();
    const auto sink = co_await ub::uring::register_memory(ring, cfg);

    const auto done = co_await queue.submit(ub::write(source.sge(), sink.target(eid)));
    std::printf("%llu bytes moved\n", static_cast<unsigned long long>(done.require()));
    if (!std::ranges::equal(from.as<uint32_t>(), to.as<uint32_t>()))
        throw std::runtime_error("the copy differs");

    co_await ub::uring::unregister_memory(ring, sink);
    co_await ub::uring::unregister_memory(ring, source);
}

int main(int argc, char **argv) try {
    ub::context ctx(argc > 1 ? argv[1] : "ub0");
    ub_jfc_cfg kernel{};
    kernel.depth = 64;
    kernel.door = UB_DOOR_IOCTL;
    ub::jfc jfc(ctx, kernel);
    ub::jfs jfs(ctx, jfc, 64);
    ub::uring::ring ring(ctx);
    ub::uring::queue queue(ring, jfs);
    ring.run(copy(ring, queue, ctx.query().eid));
} catch (const std::exception &error) {
    std::fprintf(stderr, "uring: %s\n", error.what());
    return 1;
}
