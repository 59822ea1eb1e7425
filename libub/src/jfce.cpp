// SPDX-License-Identifier: MIT
#include "internal.hpp"
#include "wait.hpp"

#include <algorithm>

using namespace ub_impl;

namespace {

constexpr unsigned batch = 64;

// The JFC an event is for, now holding one more unacknowledged event; NULL: deleted since.
Jfc *receive(ub_context *ctx, const ub_jfce_event &event) {
    std::lock_guard lock(ctx->jfc_lock);
    const auto found = ctx->jfcs.find(event.user_ctx);
    if (found == ctx->jfcs.end())
        return nullptr;
    Jfc *jfc = found->second;
    jfc->unacked++;
    // The device ignores the serial that fired last, so the next arm takes the one after it. When
    // it is not known which fired, moving on is right whether or not the present one did.
    const uint32_t fired = event.arm_sn == UB_JFCE_SN_UNKNOWN
                               ? __atomic_load_n(&jfc->arm_sn, __ATOMIC_RELAXED)
                               : event.arm_sn;
    __atomic_store_n(&jfc->arm_sn, (fired + 1) & UB_DB_JFC_ARM_SN_MASK, __ATOMIC_RELAXED);
    return jfc;
}

// Takes events that are there. @return how many were for a JFC, 0: lost, -EAGAIN, -errno
int take(ub_jfce *jfce, unsigned n, ub_jfc **out) {
    ub_jfce_event events[batch];
    const int got = jfce->ctx->provider->read_events(jfce->fd, events, std::min(n, batch));
    if (got <= 0)
        return got;
    int taken = 0;
    for (int i = 0; i < got; ++i)
        if (Jfc *jfc = receive(jfce->ctx, events[i]))
            out[taken++] = jfc;
    return taken ? taken : -EAGAIN;
}

ub_jfce *make(ub_context *ctx, uint32_t flags, int eventfd) {
    return guarded([&]() -> ub_jfce * {
        if (!ctx) {
            fail({EINVAL, CAUSE_NULL});
            return nullptr;
        }
        auto jfce = std::make_unique<ub_jfce>();
        ub_ioc_create_jfce arg{};
        arg.flags = UB_JFCE_F_NONBLOCK | flags;
        arg.fd = eventfd;
        if (control(ctx, UB_IOC_CREATE_JFCE, &arg.hdr))
            return nullptr;
        jfce->ctx = ctx;
        jfce->fd = arg.fd;
        ctx->objects++;
        return jfce.release();
    });
}

} // namespace

extern "C" {

struct ub_jfce *ub_create_jfce(struct ub_context *ctx) { return make(ctx, 0, -1); }

struct ub_jfce *ub_create_jfce_eventfd(struct ub_context *ctx, int eventfd) {
    return make(ctx, UB_JFCE_F_EVENTFD, eventfd);
}
int ub_delete_jfce(struct ub_jfce *jfce) {
    if (!jfce)
        return fail({EINVAL, CAUSE_NULL});
    const uint32_t users = jfce->users.load();
    if (users)
        return fail(jfce->ctx, EBUSY, CAUSE_IN_USE, users);
    jfce->ctx->provider->close_jfce(jfce->fd);
    jfce->ctx->objects--;
    delete jfce;
    return 0;
}

int ub_jfce_fd(const struct ub_jfce *jfce) { return jfce->fd; }

int ub_wait_jfc(struct ub_jfce *jfce, unsigned n, int timeout_ms, struct ub_jfc **jfc) {
    if (!jfce || !jfc || !n)
        return fail({EINVAL, CAUSE_NULL});
    ub_context *ctx = jfce->ctx;
    if (ctx->foreign())
        return fail_foreign(ctx);
    const int result =
        wait_for(jfce->fd, timeout_ms, [&] { return take(jfce, n, jfc); });
    if (result > 0)
        return result;
    if (result == -EAGAIN || result == -ETIMEDOUT)
        return ub_context_lost(ctx) ? fail(ctx, ENODEV, UB_EXT_DEVICE_LOST,
                                           ctx->limits.ctx_generation)
                                    : 0;
    if (result == 0 || result == -ENODEV)
        return fail(ctx, ENODEV, UB_EXT_DEVICE_LOST, ctx->limits.ctx_generation);
    return fail(ctx, -result, result == -EINTR ? CAUSE_INTERRUPTED : CAUSE_OS);
}

void ub_ack_jfc(struct ub_jfc **jfc, const uint32_t *events, unsigned n) {
    for (unsigned i = 0; i < n; ++i)
        impl(jfc[i])->unacked -= events[i];
}

} // extern "C"
