// SPDX-License-Identifier: MIT
// What the tests of the three doors share.
#ifndef TESTS_LIB_DOORS_HPP
#define TESTS_LIB_DOORS_HPP

#include <ub/ub.hpp>
#include <ub/ub_uring.hpp>

#include <cstdio>
#include <functional>
#include <stdexcept>
#include <string>

inline int failures = 0;

inline void expect(bool holds, const std::string &what, int line) {
    if (!holds)
        throw std::runtime_error("line " + std::to_string(line) + ": " + what);
}
#define EXPECT(condition) expect(condition, #condition, __LINE__)

inline void test(const std::string &name, const std::function<void()> &body) {
    try {
        body();
        std::printf("ok - %s\n", name.c_str());
    } catch (const std::exception &error) {
        std::printf("not ok - %s: %s\n", name.c_str(), error.what());
        ++failures;
    }
    std::fflush(stdout);
}

template <typename E> E thrown(const std::function<void()> &body) {
    try {
        body();
    } catch (const E &error) {
        return error;
    }
    throw std::runtime_error("nothing was thrown");
}

inline ub_jfc_cfg jfc_config(uint32_t depth, ub_door door) {
    ub_jfc_cfg cfg{};
    cfg.depth = depth;
    cfg.door = door;
    return cfg;
}

inline ub_jfs_cfg jfs_config(ub::jfc &jfc, uint32_t depth, uint32_t rnr_retry = 0) {
    ub_jfs_cfg cfg{};
    cfg.jfc = jfc.get();
    cfg.depth = depth;
    cfg.rnr_retry = rnr_retry;
    return cfg;
}

// A command that is in flight for seconds, and ends: a SEND to a receiver without buffers.
struct slow_receiver {
    explicit slow_receiver(ub::context &ctx)
        : jfc(ctx, 64), jfr(ctx, config(jfc)), memory(ctx, 4096) {}
    ub::request send() { return ub::send(memory.sge(0, 8), jfr.target()); }

    ub::jfc jfc;
    ub::jfr jfr;
    ub::memory memory;

private:
    static ub_jfr_cfg config(ub::jfc &jfc) {
        ub_jfr_cfg cfg{};
        cfg.jfc = jfc.get();
        cfg.depth = 64;
        cfg.min_rnr_timer = 17; // 0.54 s, as often as rnr_retry says
        return cfg;
    }
};

#endif
