// SPDX-License-Identifier: MIT
// Waiting for completions in rungs: spin, pause, block. Each is left once its time is over, so that
// no wait keeps a processor busy without end.
#include "internal.hpp"

#include <ub/ub_barrier.h>

#include <algorithm>
#include <chrono>
#include <thread>

using namespace ub_impl;

namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using clock_type = std::chrono::steady_clock;

constexpr microseconds longest_pause{4};
constexpr microseconds first_nap{20}, longest_nap{1000};

// When the whole wait, and its first two rungs, end.
struct Ladder {
    explicit Ladder(const ub_wait_cfg &cfg) : start(clock_type::now()) {
        end = cfg.timeout_ms < 0 ? clock_type::time_point::max()
                                 : start + milliseconds(cfg.timeout_ms);
        spin_end = std::min(end, start + microseconds(cfg.spin_us));
        pause_end = std::min(end, spin_end + microseconds(cfg.pause_us));
    }
    bool unlimited() const { return end == clock_type::time_point::max(); }
    bool over() const { return clock_type::now() >= end; }
    // For poll(2): rounded up, so that no wait ends early.
    int rest_ms() const {
        if (unlimited())
            return -1;
        const auto rest = std::chrono::ceil<milliseconds>(end - clock_type::now()).count();
        return static_cast<int>(std::max<int64_t>(rest, 0));
    }
    clock_type::time_point start, end, spin_end, pause_end;
};

struct Wanted {
    ub_jfc *jfc;
    ub_cr *cr;
    unsigned n;
    int poll() const { return ub_poll_jfc(jfc, cr, n); }
};

int spin(const Wanted &want, const Ladder &ladder) {
    // No PAUSE: an emulated processor leaves its translated code for it and takes QEMU's lock.
    do {
        if (const int got = want.poll())
            return got;
    } while (clock_type::now() < ladder.spin_end);
    return 0;
}

int pause(const Wanted &want, const Ladder &ladder) {
    auto length = nanoseconds(250);
    for (auto now = clock_type::now(); now < ladder.pause_end;) {
        const auto next = std::min(now + length, ladder.pause_end);
        while ((now = clock_type::now()) < next)
            ub_cpu_relax();
        if (const int got = want.poll())
            return got;
        length = std::min<nanoseconds>(length * 2, longest_pause);
    }
    return 0;
}

int block(const Wanted &want, const Ladder &ladder) {
    ub_jfce *jfce = impl(want.jfc)->jfce;
    for (;;) {
        ub_rearm_jfc(want.jfc, false);
        const int rest = ladder.rest_ms();
        ub_jfc *fired = nullptr;
        const uint32_t one = 1;
        const int events = ub_wait_jfc(jfce, 1, rest, &fired);
        if (events == 1)
            ub_ack_jfc(&fired, &one, 1);
        const int got = want.poll();
        if (got || events < 0 || ladder.over())
            return got ? got : std::min(events, 0);
    }
}

int nap(const Wanted &want, const Ladder &ladder) {
    for (auto length = first_nap;; length = std::min(length * 2, longest_nap)) {
        if (const int got = want.poll())
            return got;
        if (ladder.over())
            return 0;
        ub_context *ctx = want.jfc->ctx;
        if (ub_context_lost(ctx))
            return fail(ctx, ENODEV, UB_EXT_DEVICE_LOST, ctx->limits.ctx_generation);
        const auto rest = duration_cast<microseconds>(ladder.end - clock_type::now());
        std::this_thread::sleep_for(ladder.unlimited() ? length : std::min(length, rest));
    }
}

} // namespace

extern "C" int ub_wait_cr(struct ub_jfc *jfc, struct ub_cr *cr, unsigned n,
                          const struct ub_wait_cfg *cfg) {
    static constexpr ub_wait_cfg usual = UB_WAIT_CFG_INIT;
    if (!jfc || !cr || !n)
        return fail({EINVAL, CAUSE_NULL});
    if (!cfg)
        cfg = &usual;
    if (jfc->ctx->foreign())
        return fail_foreign(jfc->ctx);
    if (!jfc->ring)
        return ub_reap_jfc(jfc, cr, n, 1, cfg->timeout_ms);
    ub_jfce *jfce = impl(jfc)->jfce;
    if (jfce && jfce->users != 1)
        return fail(jfc->ctx, EINVAL, CAUSE_SHARED_JFCE, jfce->users, UB_OBJ_JFC, jfc->id);
    const Wanted want{jfc, cr, n};
    const Ladder ladder(*cfg);
    int got = spin(want, ladder);
    if (!got)
        got = pause(want, ladder);
    if (got || ladder.over())
        return got;
    return jfce ? block(want, ladder) : nap(want, ladder);
}
