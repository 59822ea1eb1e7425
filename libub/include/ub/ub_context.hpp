// SPDX-License-Identifier: MIT
// Devices, contexts and memory, of <ub/ub.hpp>.
#ifndef UB_UB_CONTEXT_HPP
#define UB_UB_CONTEXT_HPP

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

/// What others may do with a segment who present its token: nothing, or what is named.
inline constexpr uint32_t local_only = UB_ACCESS_LOCAL_ONLY;
inline constexpr uint32_t read_write = UB_ACCESS_READ | UB_ACCESS_WRITE;
inline constexpr uint32_t all_access = UB_ACCESS_READ | UB_ACCESS_WRITE | UB_ACCESS_ATOMIC;

/// What others must present to reach what is exported.
struct token {
    uint32_t policy = UB_TOKEN_RANDOM; // UB_TOKEN_*
    uint32_t value = 0;
};
/// Made by the driver; who gets the descriptor has it.
inline constexpr token random_token{};
/// Nothing: the memory is open to every user of the fabric.
inline constexpr token no_token{UB_TOKEN_NONE, 0};
constexpr token plain_token(uint32_t value) noexcept {
    return {UB_TOKEN_PLAIN_TEXT, value};
}

/**
 * A registered range of memory, which stays the caller's and must outlive it. Its own context alone
 * reaches it, by sge() and by target(); others only where rights are named, with its token.
 */
class segment : public detail::owner<ub_seg, ub_unregister_seg> {
public:
    segment(context &ctx, const ub_seg_cfg &cfg)
        : owner(detail::check(ub_register_seg(ctx.get(), &cfg), "register memory")) {}
    segment(context &ctx, std::span<std::byte> memory, uint32_t access = local_only,
            token secret = random_token)
        : segment(ctx, config(memory, access, secret)) {}
    segment(context &ctx, const buffer &memory, uint32_t access = local_only,
            token secret = random_token)
        : segment(ctx, memory.bytes(), access, secret) {}

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
    static ub_seg_cfg config(std::span<std::byte> memory, uint32_t access, token secret) noexcept {
        ub_seg_cfg cfg{};
        cfg.va = memory.data();
        cfg.len = memory.size();
        cfg.access = access;
        cfg.token_policy = secret.policy;
        cfg.token_value = secret.value;
        return cfg;
    }
};

/// A buffer and its registration.
class memory {
public:
    memory(context &ctx, size_t size, uint32_t access = local_only, token secret = random_token)
        : buffer_(size), segment_(ctx, buffer_, access, secret) {}
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

} // namespace ub

#endif
