// SPDX-License-Identifier: MIT
/**
 * @file
 * libub for C++20: a header-only layer of move-only owners over <ub/ub.h>.
 *
 * Errors. What fails throws ub::error; functions named try_* and those that cannot fail are
 * noexcept and give what the C function gives. Threads and fork: as <ub/ub.h> says.
 *
 * Lifetime. An object must go before what it was made from. Declare them in the order context,
 * jfce, jfc, jfs and the compiler does the rest. Moving an object keeps all references to it valid.
 */
#ifndef UB_UB_HPP
#define UB_UB_HPP

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <ub/ub.h>
#include <ub/ub_error.hpp>
#include <ub/ub_request.hpp>

namespace ub {

namespace detail {

/// Milliseconds for the C functions: rounded up, so that no wait ends early; negative: for ever.
inline int milliseconds(duration timeout) noexcept {
    constexpr auto longest = std::chrono::hours(24 * 20);
    if (timeout > longest)
        return -1;
    if (timeout <= duration::zero())
        return 0;
    return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(timeout).count());
}

inline std::chrono::steady_clock::time_point deadline(duration timeout) noexcept {
    const auto now = std::chrono::steady_clock::now();
    const auto room = std::chrono::steady_clock::time_point::max() - now;
    return timeout < room ? now + timeout : std::chrono::steady_clock::time_point::max();
}

inline duration left(std::chrono::steady_clock::time_point end) noexcept {
    if (end == std::chrono::steady_clock::time_point::max())
        return forever;
    return end - std::chrono::steady_clock::now();
}

template <auto Delete> struct deleter {
    template <typename T> void operator()(T *object) const noexcept {
        static_cast<void>(Delete(object));
    }
};

/// Owner of one C object.
template <typename T, auto Delete> class owner {
public:
    T *get() const noexcept { return object_.get(); }
    explicit operator bool() const noexcept { return object_ != nullptr; }
    /// Give up ownership. @return the C object, to be deleted by the C function
    T *release() noexcept { return object_.release(); }
    /// Delete now. Unlike the destructor it tells why that is refused; the object then stays.
    void close() {
        if (!object_)
            return;
        if constexpr (!std::is_void_v<decltype(Delete(object_.get()))>)
            check(Delete(object_.get()), "close");
        else
            Delete(object_.get());
        static_cast<void>(object_.release());
    }

protected:
    explicit owner(T *object) noexcept : object_(object) {}

private:
    std::unique_ptr<T, deleter<Delete>> object_;
};

} // namespace detail

// ---- Devices ------------------------------------------------------------------------------------

/// Endpoint identifier: 128 bits, written like an IPv6 address.
class eid {
public:
    eid() = default;
    eid(const ub_eid_t &raw) noexcept : raw_(raw) {}
    /// @throws error EINVAL
    explicit eid(const std::string &text) {
        detail::check(ub_eid_parse(text.c_str(), &raw_), "eid");
    }
    static std::optional<eid> parse(const std::string &text) noexcept {
        eid result;
        if (ub_eid_parse(text.c_str(), &result.raw_))
            return std::nullopt;
        return result;
    }
    const ub_eid_t &raw() const noexcept { return raw_; }
    operator const ub_eid_t &() const noexcept { return raw_; }
    std::string str() const {
        char text[40];
        return ub_eid_str(&raw_, text);
    }
    friend bool operator==(const eid &a, const eid &b) noexcept {
        return std::memcmp(a.raw_.raw, b.raw_.raw, sizeof a.raw_.raw) == 0;
    }
    friend std::strong_ordering operator<=>(const eid &a, const eid &b) noexcept {
        return std::memcmp(a.raw_.raw, b.raw_.raw, sizeof a.raw_.raw) <=> 0;
    }
    friend std::ostream &operator<<(std::ostream &out, const eid &e) { return out << e.str(); }
    /// For {fmt}.
    friend std::string format_as(const eid &e) { return e.str(); }

private:
    ub_eid_t raw_{};
};

/// The vendor's notation of a GUID.
inline std::string guid_str(std::span<const uint8_t, 16> guid) {
    char text[48];
    return ub_guid_str(guid.data(), text);
}

/// The devices of this machine, by natural order of their names; empty without the driver.
inline std::vector<ub_device> devices() {
    int count = 0;
    const std::unique_ptr<ub_device *, void (*)(ub_device **)> list(
        detail::check(ub_get_device_list(&count), "devices"), ub_free_device_list);
    std::vector<ub_device> result;
    for (int i = 0; i < count; ++i)
        result.push_back(*list.get()[i]);
    return result;
}

/// An open device.
class context : public detail::owner<ub_context, ub_delete_context> {
public:
    /// @param name "ub0", a node, a PCI address, an EID or "soft:..."
    explicit context(const std::string &name)
        : owner(detail::check(ub_create_context(name.c_str()), "open device")) {}

    device_attr query() const {
        device_attr attr;
        detail::check(ub_query_device(get(), &attr), "query device");
        return attr;
    }
    std::string name() const { return ub_context_name(get()); }
    int fd() const noexcept { return ub_context_fd(get()); }
    bool lost() const noexcept { return ub_context_lost(get()); }
    /// @return nothing after the timeout. @throws error ENODEV: the device is lost
    std::optional<async_event> next_event(duration timeout = forever) {
        async_event event;
        const int result = ub_get_async_event(get(), &event, detail::milliseconds(timeout));
        if (result == -EAGAIN || result == -ETIMEDOUT)
            return std::nullopt;
        detail::check(result, "asynchronous event");
        return event;
    }
};

// ---- Memory -------------------------------------------------------------------------------------

/// Page-aligned zeroed memory, in huge pages where the system has them.
class buffer {
public:
    explicit buffer(size_t size)
        : memory_(detail::check(static_cast<std::byte *>(ub_alloc_buf(size)), "buffer"),
                  free_buf{size}) {}
    std::byte *data() const noexcept { return memory_.get(); }
    size_t size() const noexcept { return memory_ ? memory_.get_deleter().size : 0; }
    std::span<std::byte> bytes() const noexcept { return {data(), size()}; }
    /// The memory as elements of T; a rest smaller than one is left out.
    template <typename T> std::span<T> as() const noexcept {
        static_assert(std::is_trivially_copyable_v<T>);
        return {reinterpret_cast<T *>(data()), size() / sizeof(T)};
    }

private:
    struct free_buf {
        size_t size = 0;
        void operator()(std::byte *memory) const noexcept { ub_free_buf(memory, size); }
    };
    std::unique_ptr<std::byte, free_buf> memory_;
};

inline constexpr uint32_t read_write = UB_ACCESS_READ | UB_ACCESS_WRITE;
inline constexpr uint32_t all_access = UB_ACCESS_READ | UB_ACCESS_WRITE | UB_ACCESS_ATOMIC;

/// A registered range of memory, which stays the caller's and must outlive it.
class segment : public detail::owner<ub_seg, ub_unregister_seg> {
public:
    segment(context &ctx, const ub_seg_cfg &cfg)
        : owner(detail::check(ub_register_seg(ctx.get(), &cfg), "register memory")) {}
    segment(context &ctx, std::span<std::byte> memory, uint32_t access = read_write)
        : segment(ctx, config(memory, access)) {}
    segment(context &ctx, const buffer &memory, uint32_t access = read_write)
        : segment(ctx, memory.bytes(), access) {}

    uint64_t va() const noexcept { return get()->va; }
    uint64_t len() const noexcept { return get()->len; }
    uint32_t token_id() const noexcept { return get()->token_id; }
    void set_token(uint32_t value) { detail::check(ub_set_seg_token(get(), value), "set token"); }
    /// A piece of it for a work request; without len the rest, at most 4 GiB - 1.
    ub::sge sge(uint64_t offset = 0, uint64_t len = UINT64_MAX) const noexcept {
        const uint64_t rest = offset < get()->len ? get()->len - offset : 0;
        const uint64_t size = len == UINT64_MAX ? rest : len;
        return {static_cast<uint32_t>(size < UINT32_MAX ? size : UINT32_MAX), get()->token_id,
                get()->va + offset};
    }
    descriptor describe() const noexcept {
        descriptor desc;
        ub_describe_seg(get(), &desc);
        return desc;
    }
    /// Itself as a peer would import it.
    ub::target target() const noexcept {
        const descriptor desc = describe();
        return ub_import(&desc);
    }

private:
    static ub_seg_cfg config(std::span<std::byte> memory, uint32_t access) noexcept {
        ub_seg_cfg cfg{};
        cfg.va = memory.data();
        cfg.len = memory.size();
        cfg.access = access;
        return cfg;
    }
};

/// A buffer and its registration.
class memory {
public:
    memory(context &ctx, size_t size, uint32_t access = read_write)
        : buffer_(size), segment_(ctx, buffer_, access) {}
    template <typename T = std::byte> std::span<T> as() const noexcept { return buffer_.as<T>(); }
    size_t size() const noexcept { return buffer_.size(); }
    uint64_t va() const noexcept { return segment_.va(); }
    ub::segment &segment() noexcept { return segment_; }
    ub::sge sge(uint64_t offset = 0, uint64_t len = UINT64_MAX) const noexcept {
        return segment_.sge(offset, len);
    }
    ub::target target() const noexcept { return segment_.target(); }

private:
    buffer buffer_;
    ub::segment segment_;
};

/// Make a target of what a peer sent.
inline target import(const descriptor &desc) noexcept { return ub_import(&desc); }

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
        : jfs(ctx, ub_jfs_cfg{completions.get(), depth, 0, 0, 0, 0}) {}
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
        : jfr(ctx, ub_jfr_cfg{completions.get(), depth, 0, UB_TOKEN_NONE, 0}) {}
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
        : jetty(ctx, ub_jfs_cfg{completions.get(), depth, 0, 0, 0, 0},
                ub_jfr_cfg{completions.get(), depth, 0, UB_TOKEN_NONE, 0}) {}

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

// ---- Session ------------------------------------------------------------------------------------

/**
 * All that is needed to run requests one after another: for tools, tests and teaching. Used by one
 * thread at a time.
 */
class session {
public:
    explicit session(const std::string &device, uint32_t depth = 256)
        : context_(device), jfce_(context_), jfc_(context_, depth, jfce_),
          jfs_(context_, jfc_, depth) {}

    ub::context &context() noexcept { return context_; }
    ub::jfce &jfce() noexcept { return jfce_; }
    ub::jfc &jfc() noexcept { return jfc_; }
    ub::jfs &jfs() noexcept { return jfs_; }
    /// Zeroed memory, registered.
    ub::memory allocate(size_t size, uint32_t access = read_write) {
        return {context_, size, access};
    }

    /**
     * Post one request and wait for its completion, whatever its status.
     * @throws error ETIMEDOUT; a completion that comes later is dropped by the next run()
     */
    completion run(const request &what, duration timeout = forever) {
        work_request wr = what.wr();
        const uint64_t user_ctx = std::exchange(wr.user_ctx, ++serial_);
        wr.flags |= UB_WR_COMPLETE;
        jfs_.post(std::span(&wr, 1));
        const auto end = detail::deadline(timeout);
        completion cr;
        do {
            if (jfc_.poll_until(std::span(&cr, 1), detail::left(end)).empty())
                detail::fail("run", ETIMEDOUT, "no completion within the time given");
        } while (cr.user_ctx != serial_);
        cr.user_ctx = user_ctx;
        return cr;
    }
    /// As run(). @throws completion_error when the status is not SUCCESS
    completion run_checked(const request &what, duration timeout = forever) {
        return require(run(what, timeout));
    }

private:
    ub::context context_;
    ub::jfce jfce_;
    ub::jfc jfc_;
    ub::jfs jfs_;
    uint64_t serial_ = 0;
};

} // namespace ub

#endif
