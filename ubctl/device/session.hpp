// SPDX-License-Identifier: MIT
// An open device with one send queue, and registered buffers: what submit and selftest work with.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include <ub/ub.hpp>

namespace ubctl {

// name: as --device has it. Throws with absence and permission told apart.
ub::context open_context(const std::string &name);

class Session;

// Registered memory of a session. What a command may still be using is not given back before the
// session's queue is stopped.
class Buffer {
public:
    // access: UB_ACCESS_*, of others who present the token, which is made.
    Buffer(Session &session, size_t size, uint32_t access = ub::local_only);
    ~Buffer();
    Buffer(Buffer &&other) noexcept;
    Buffer &operator=(Buffer &&) = delete;

    uint8_t *data() const { return as<uint8_t>(); }
    size_t size() const { return memory_.size(); }
    std::span<uint8_t> bytes() const { return {data(), size()}; }
    uint64_t address() const { return segment_->va(); }
    template <class T> T *as() const { return reinterpret_cast<T *>(memory_.data()); }

    ub::sge sge(size_t offset, size_t len) const { return segment_->sge(offset, len); }
    ub::target target() const { return segment_->target(); }

private:
    Session *session_;
    ub::buffer memory_;
    std::optional<ub::segment> segment_;
};

struct Counts {
    uint64_t commands = 0, doorbells = 0, suppressed = 0, waits = 0;
};

// The contract's rings are of at most 65536 entries, and the JFC has room for one more than was
// asked for. A device may have smaller ones.
constexpr uint32_t most_depth = 65535;

class Session {
public:
    // depth: WQEBBs and completions under way at once. timeout_s: longest wait for a completion.
    Session(const std::string &device, uint32_t depth, double timeout_s);

    ub::context &context() { return context_; }
    ub::jfc &jfc() { return *jfc_; }
    uint32_t jfc_id() const { return jfc_->id(); }
    const ub::device_attr &attr() const { return attr_; }
    std::string name() const { return context_.name(); }
    // As errors call it.
    std::string object() const;

    void post(std::span<const ub::work_request> requests);
    void post(const ub::request &request);

    // At least one completion, of any status: spins briefly, then sleeps until the device's event.
    std::span<ub::completion> reap(std::span<ub::completion> room);
    // The next completion; one that failed is thrown.
    ub::completion finish();
    // One request from post to completion, of any status.
    ub::completion run(const ub::request &request);
    // The same, but asleep until the device's event comes; none is an error.
    ub::completion run_by_event(const ub::request &request);

    // Ends the queue if anything posted has not completed; nothing can be posted from then on.
    void stop_if_busy();
    Counts counts() const;

private:
    using Clock = std::chrono::steady_clock;
    std::span<ub::completion> poll(std::span<ub::completion> room);
    std::span<ub::completion> spin(std::span<ub::completion> room, Clock::time_point until);
    // Whether an event came.
    bool sleep(Clock::time_point until);

    Clock::duration timeout_;
    ub::context context_;
    ub::device_attr attr_;
    ub::jfce jfce_;
    std::optional<ub::jfc> jfc_;
    std::optional<ub::jfs> jfs_;
    uint64_t waits_ = 0, outstanding_ = 0;
};

// Throws what a completion that is no success says.
void require_success(const Session &session, const ub::completion &completion);

} // namespace ubctl
