// SPDX-License-Identifier: MIT
#include "device/session.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "device/devices.hpp"
#include "out/error.hpp"

namespace ubctl {

namespace {

// Longer than a small command takes, shorter than anyone notices.
constexpr auto spin_time = std::chrono::microseconds(50);

} // namespace

ub::context open_context(const std::string &name) {
    const std::string device = device_name(name);
    try {
        return ub::context(device);
    } catch (const ub::error &error) {
        throw open_error(device, error);
    }
}

Buffer::Buffer(Session &session, size_t size, uint32_t access)
    : session_(&session), memory_(size),
      segment_(std::in_place, session.context(), memory_, access) {}

Buffer::Buffer(Buffer &&other) noexcept
    : session_(other.session_), memory_(std::move(other.memory_)),
      segment_(std::exchange(other.segment_, std::nullopt)) {}

Buffer::~Buffer() {
    if (segment_)
        session_->stop_if_busy();
}

Session::Session(const std::string &device, uint32_t depth, double timeout_s)
    : timeout_(
          std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(timeout_s))),
      context_(open_context(device)), attr_(context_.query()), jfce_(context_) {
    // The JFC has room for one more, for completions that tell of the queue itself.
    const uint32_t largest = std::min(attr_.max_jfs_depth, attr_.max_jfc_depth - 1);
    if (depth > largest)
        throw usage_error(object(), fmt::format("it takes no {} requests at once", depth))
            .limit(largest)
            .hint(fmt::format("ask for at most {} at once", largest));
    jfc_.emplace(context_, depth + 1, jfce_);
    // A slot is free a moment after its completion is there: room to spare for who posts at once.
    jfs_.emplace(context_, *jfc_, std::min(2 * depth, attr_.max_jfs_depth));
}

std::string Session::object() const {
    return device_object(name());
}

void Session::post(std::span<const ub::work_request> requests) {
    unsigned posted = 0;
    const int result = jfs_->try_post(requests, &posted);
    outstanding_ += posted;
    if (result < 0)
        throw ub::error("post", *ub_last_error());
}

void Session::post(const ub::request &request) {
    const ub::work_request wr = request.wr();
    post({&wr, 1});
}

void Session::stop_if_busy() {
    if (outstanding_)
        jfs_.reset();
}

std::span<ub::completion> Session::poll(std::span<ub::completion> room) {
    const auto got = jfc_->poll(room);
    outstanding_ -= std::min<uint64_t>(outstanding_, got.size());
    return got;
}

std::span<ub::completion> Session::spin(std::span<ub::completion> room, Clock::time_point until) {
    do {
        if (const auto got = poll(room); !got.empty())
            return got;
        ub_cpu_relax();
    } while (Clock::now() < until);
    return {};
}

bool Session::sleep(Clock::time_point until) {
    const auto left = until - Clock::now();
    if (left <= Clock::duration::zero())
        throw Error(object(), "no completion in time", E_TIMEOUT);
    std::array<ub_jfc *, 1> fired;
    ++waits_;
    const bool came = !jfce_.wait(fired, left).empty();
    if (context_.lost())
        throw Error(object(), "the device was reset or removed", E_DEVICE_LOST);
    return came;
}

std::span<ub::completion> Session::reap(std::span<ub::completion> room) {
    const auto start = Clock::now(), until = start + timeout_;
    if (const auto got = spin(room, std::min(until, start + spin_time)); !got.empty())
        return got;
    for (;;) {
        jfc_->rearm();
        sleep(until);
        if (const auto got = poll(room); !got.empty())
            return got;
    }
}

ub::completion Session::finish() {
    ub::completion completion{};
    reap({&completion, 1});
    require_success(*this, completion);
    return completion;
}

ub::completion Session::run(const ub::request &request) {
    ub::completion completion{};
    post(request);
    reap({&completion, 1});
    return completion;
}

ub::completion Session::run_by_event(const ub::request &request) {
    const auto until = Clock::now() + timeout_;
    ub::completion completion{};
    jfc_->rearm();
    post(request);
    while (!sleep(until))
        ;
    if (poll({&completion, 1}).empty())
        throw Error(object(), "an event came without its completion", E_SELFTEST);
    return completion;
}

Counts Session::counts() const {
    const ub_jfs &queue = *jfs_->get();
    return {queue.posted, queue.doorbells, queue.suppressed, waits_};
}

void require_success(const Session &session, const ub::completion &completion) {
    if (completion.status != UB_CR_SUCCESS)
        throw completion_error(session.object(), completion.status, completion.substatus);
}

} // namespace ubctl
