// SPDX-License-Identifier: MIT
// Event channel and asynchronous events of a context, each with an eventfd to poll.
#ifndef UB_SOFT_EVENTS_HPP
#define UB_SOFT_EVENTS_HPP

#include <ub/ub_uapi.h>

#include <cstddef>
#include <deque>
#include <mutex>

namespace ub_soft {

// An eventfd that is readable while something is there. Not locked by itself.
class Readiness {
public:
    Readiness(); // throws std::bad_alloc
    ~Readiness();
    Readiness(const Readiness &) = delete;
    Readiness &operator=(const Readiness &) = delete;
    int fd() const noexcept { return fd_; }
    void set(bool ready) noexcept;
    // For a process that will use it no more.
    void close_descriptor() noexcept;

private:
    int fd_;
    bool ready_ = false;
};

class Jfce {
public:
    // eventfd: gets 1 added at each event; taken over; -1: none.
    explicit Jfce(int eventfd) noexcept : eventfd_(eventfd) {}
    ~Jfce();
    Jfce(const Jfce &) = delete;
    Jfce &operator=(const Jfce &) = delete;
    int fd() const noexcept { return readiness_.fd(); }
    // A JFC that is waiting already keeps its place and takes the newer serial.
    void add(const ub_jfce_event &event);
    // How many, or -EAGAIN.
    int take(ub_jfce_event *events, size_t n) noexcept;
    void forget(uint32_t jfc);
    // In a child of fork(): nothing else may follow.
    void close_descriptors() noexcept;

private:
    std::mutex lock_;
    std::deque<ub_jfce_event> ready_;
    Readiness readiness_;
    int eventfd_;
};

class AsyncEvents {
public:
    int fd() const noexcept { return readiness_.fd(); }
    // In a child of fork(): nothing else may follow.
    void close_descriptor() noexcept { readiness_.close_descriptor(); }
    void add(ub_async_event event);
    void lose(uint32_t count) noexcept;
    // 1 or -EAGAIN.
    int take(ub_async_event *event) noexcept;

private:
    std::mutex lock_;
    std::deque<ub_async_event> ready_;
    uint32_t lost_ = 0;
    Readiness readiness_;
};

// A descriptor of its own for an eventfd, or -1 when fd is none.
int dup_eventfd(int fd) noexcept;

} // namespace ub_soft

#endif
