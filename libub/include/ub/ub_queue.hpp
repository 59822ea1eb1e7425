// SPDX-License-Identifier: MIT
// Event channels and queues, of <ub/ub.hpp>.
#ifndef UB_UB_QUEUE_HPP
#define UB_UB_QUEUE_HPP

#include <ub/ub_context.hpp>

namespace ub {

// ---- Queues -------------------------------------------------------------------------------------

/// Event channel.
class jfce : public detail::owner<ub_jfce, ub_delete_jfce> {
public:
    explicit jfce(context &ctx) : owner(detail::check(ub_create_jfce(ctx.get()), "create JFCE")) {}
    /// Each event also adds 1 to an eventfd, which stays the caller's.
    jfce(context &ctx, int eventfd)
        : owner(detail::check(ub_create_jfce_eventfd(ctx.get(), eventfd), "create JFCE")) {}
    int fd() const noexcept { return ub_jfce_fd(get()); }
    /// Wait for and acknowledge events. @return the JFCs that fired, none after the timeout
    std::span<ub_jfc *> wait(std::span<ub_jfc *> room, duration timeout = forever) {
        const int n = ub_wait_jfc(get(), static_cast<unsigned>(room.size()),
                                  detail::milliseconds(timeout), room.data());
        if (n == -EINTR)
            return {};
        const auto fired = room.first(static_cast<size_t>(detail::check(n, "wait for events")));
        const uint32_t one = 1;
        for (ub_jfc *&jfc : fired)
            ub_ack_jfc(&jfc, &one, 1);
        return fired;
    }
};

/// Completion queue.
class jfc : public detail::owner<ub_jfc, ub_delete_jfc> {
public:
    jfc(context &ctx, const ub_jfc_cfg &cfg)
        : owner(detail::check(ub_create_jfc(ctx.get(), &cfg), "create JFC")) {}
    jfc(context &ctx, uint32_t depth) : jfc(ctx, config(depth, nullptr)) {}
    jfc(context &ctx, uint32_t depth, jfce &events) : jfc(ctx, config(depth, events.get())) {}

    uint32_t id() const noexcept { return get()->id; }
    uint32_t depth() const noexcept { return get()->depth; }
    /// Take what is there. @return the part of room that was filled
    std::span<completion> poll(std::span<completion> room) noexcept {
        const int n = ub_poll_jfc(get(), room.data(), static_cast<unsigned>(room.size()));
        return room.first(n > 0 ? static_cast<size_t>(n) : 0);
    }
    /// Of a JFC of UB_DOOR_IOCTL: wait until there are min. @return fewer after the timeout
    std::span<completion> reap(std::span<completion> room, unsigned min,
                               duration timeout = forever) {
        const int n = ub_reap_jfc(get(), room.data(), static_cast<unsigned>(room.size()), min,
                                  detail::milliseconds(timeout));
        if (n == -EINTR)
            return {};
        return room.first(static_cast<size_t>(detail::check(n, "take completions")));
    }
    /// When completion events come, as in ub_jfc_cfg.
    void moderate(uint16_t count, uint16_t usec, bool adaptive = false) {
        detail::check(ub_modify_jfc(get(), count, usec, adaptive), "modify JFC");
    }
    /// Ask for an event; poll until empty first, or a wake-up will find nothing.
    void rearm(bool solicited_only = false) noexcept { ub_rearm_jfc(get(), solicited_only); }
    queue_attr query() const {
        queue_attr attr;
        detail::check(ub_query_jfc(get(), &attr), "query JFC");
        return attr;
    }
    /**
     * Wait until there is at least one completion: spin for a bounded time, then block on the event
     * channel, which must serve this JFC alone, or without one sleep in short turns.
     * @return the part of room that was filled; nothing after the timeout
     */
    std::span<completion> poll_until(std::span<completion> room, duration timeout = forever,
                                     duration spin = std::chrono::microseconds(50)) {
        const auto end = detail::deadline(timeout);
        const auto us = std::chrono::ceil<std::chrono::microseconds>(spin).count();
        ub_wait_cfg cfg{};
        cfg.spin_us = static_cast<uint32_t>(std::clamp<int64_t>(us, 0, 1000000));
        cfg.pause_us = cfg.spin_us;
        for (;;) {
            cfg.timeout_ms = detail::milliseconds(detail::left(end));
            const int n = ub_wait_cr(get(), room.data(), static_cast<unsigned>(room.size()), &cfg);
            if (n != -EINTR)
                return room.first(static_cast<size_t>(detail::check(n, "wait for completions")));
        }
    }

private:
    static ub_jfc_cfg config(uint32_t depth, ub_jfce *events) noexcept {
        ub_jfc_cfg cfg{};
        cfg.depth = depth;
        cfg.jfce = events;
        return cfg;
    }
};

/// Send queue, its own or that of a Jetty.
class send_queue {
public:
    explicit send_queue(ub_jfs *queue) noexcept : queue_(queue) {}
    uint32_t id() const noexcept { return queue_->id; }
    uint32_t depth() const noexcept { return queue_->depth; }

    /// Post all with at most one doorbell. @throws error EINVAL, ENOSPC; those before it are posted
    void post(std::span<const work_request> wr) {
        detail::check(try_post(wr, nullptr), "post");
    }
    void post(const request &one) {
        const work_request wr = one.wr();
        post(std::span(&wr, 1));
    }
    /// Post all; sixteen share a doorbell.
    void post(std::span<const request> many) {
        std::array<work_request, 16> chunk;
        for (; !many.empty(); many = many.subspan(std::min(many.size(), chunk.size()))) {
            const size_t n = std::min(many.size(), chunk.size());
            for (size_t i = 0; i < n; ++i)
                chunk[i] = many[i].wr();
            post(std::span<const work_request>(chunk.data(), n));
        }
    }
    /// @return as ub_post_jfs_wr()
    int try_post(std::span<const work_request> wr, unsigned *posted = nullptr) noexcept {
        return ub_post_jfs_wr(queue_, wr.data(), static_cast<unsigned>(wr.size()), posted);
    }
    int try_post(const request &one) noexcept {
        const work_request wr = one.wr();
        return try_post(std::span(&wr, 1));
    }
    void modify(ub_queue_state state) { detail::check(ub_modify_jfs(queue_, state), "modify JFS"); }
    queue_attr query() const {
        queue_attr attr;
        detail::check(ub_query_jfs(queue_, &attr), "query JFS");
        return attr;
    }
    /// Take back what an ERROR queue never looked at. @return the part of room that was filled
    std::span<completion> flush(std::span<completion> room) {
        const int n = ub_flush_jfs(queue_, static_cast<unsigned>(room.size()), room.data());
        return room.first(static_cast<size_t>(detail::check(n, "flush JFS")));
    }

private:
    ub_jfs *queue_;
};

class jfs : public detail::owner<ub_jfs, ub_delete_jfs>, public send_queue {
public:
    jfs(context &ctx, const ub_jfs_cfg &cfg)
        : owner(detail::check(ub_create_jfs(ctx.get(), &cfg), "create JFS")),
          send_queue(owner::get()) {}
    jfs(context &ctx, jfc &completions, uint32_t depth)
        : jfs(ctx, ub_jfs_cfg{completions.get(), depth, 0, 0, 0, 0, 0}) {}
};

/// Receive queue, its own or that of a Jetty.
class receive_queue {
public:
    explicit receive_queue(ub_jfr *queue) noexcept : queue_(queue) {}
    uint32_t id() const noexcept { return queue_->id; }
    uint32_t depth() const noexcept { return queue_->depth; }
    /// @throws error EINVAL, ENOSPC; those before it are posted
    void post(std::span<const receive_request> wr) {
        detail::check(try_post(wr, nullptr), "post receive");
    }
    void post(const sge_list &local, uint64_t user_ctx = 0) {
        const receive_request wr{user_ctx, local.data(), local.size()};
        post(std::span(&wr, 1));
    }
    int try_post(std::span<const receive_request> wr, unsigned *posted = nullptr) noexcept {
        return ub_post_jfr_wr(queue_, wr.data(), static_cast<unsigned>(wr.size()), posted);
    }
    void modify(ub_queue_state state) { detail::check(ub_modify_jfr(queue_, state), "modify JFR"); }
    queue_attr query() const {
        queue_attr attr;
        detail::check(ub_query_jfr(queue_, &attr), "query JFR");
        return attr;
    }

private:
    ub_jfr *queue_;
};

class jfr : public detail::owner<ub_jfr, ub_delete_jfr>, public receive_queue {
public:
    jfr(context &ctx, const ub_jfr_cfg &cfg)
        : owner(detail::check(ub_create_jfr(ctx.get(), &cfg), "create JFR")),
          receive_queue(owner::get()) {}
    jfr(context &ctx, jfc &completions, uint32_t depth)
        : jfr(ctx, ub_jfr_cfg{completions.get(), depth, 0, UB_TOKEN_RANDOM, 0}) {}
    descriptor describe() const noexcept {
        descriptor desc;
        ub_describe_jfr(owner::get(), &desc);
        return desc;
    }
    ub::target target() const noexcept { return import(describe()); }
};

/// A send and a receive queue under one id.
class jetty : public detail::owner<ub_jetty, ub_delete_jetty> {
public:
    /// With a receive queue of its own.
    jetty(context &ctx, const ub_jfs_cfg &send, const ub_jfr_cfg &receive)
        : owner(detail::check(ub_create_jetty(ctx.get(), &send, nullptr, &receive),
                              "create Jetty")) {}
    /// With a receive queue that is shared.
    jetty(context &ctx, const ub_jfs_cfg &send, jfr &receive)
        : owner(detail::check(ub_create_jetty(ctx.get(), &send, receive.owner::get(), nullptr),
                              "create Jetty")) {}
    jetty(context &ctx, jfc &completions, uint32_t depth)
        : jetty(ctx, ub_jfs_cfg{completions.get(), depth, 0, 0, 0, 0, 0},
                ub_jfr_cfg{completions.get(), depth, 0, UB_TOKEN_RANDOM, 0}) {}

    uint32_t id() const noexcept { return get()->jfs->id; }
    send_queue send() const noexcept { return send_queue(get()->jfs); }
    receive_queue receive() const noexcept { return receive_queue(get()->jfr); }
    descriptor describe() const noexcept {
        descriptor desc;
        ub_describe_jetty(get(), &desc);
        return desc;
    }
    ub::target target() const noexcept { return import(describe()); }
};

} // namespace ub

#endif
