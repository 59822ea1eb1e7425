// SPDX-License-Identifier: MIT
/**
 * @file
 * A coroutine that gives a T, for <ub/ub_uring.hpp>, which includes this file. It begins when it is
 * awaited or run, and resumes who awaits it when it ends.
 */
#ifndef UB_UB_TASK_HPP
#define UB_UB_TASK_HPP

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

namespace ub::uring {

namespace detail {

struct task_promise_base {
    std::coroutine_handle<> continuation = std::noop_coroutine();
    std::exception_ptr failure;

    struct final_awaiter {
        bool await_ready() const noexcept { return false; }
        template <typename P>
        std::coroutine_handle<> await_suspend(std::coroutine_handle<P> ended) const noexcept {
            return ended.promise().continuation;
        }
        void await_resume() const noexcept {}
    };
    std::suspend_always initial_suspend() const noexcept { return {}; }
    final_awaiter final_suspend() const noexcept { return {}; }
    void unhandled_exception() noexcept { failure = std::current_exception(); }
    void rethrow() const {
        if (failure)
            std::rethrow_exception(failure);
    }
};

template <typename T> struct task_promise : task_promise_base {
    std::optional<T> value;
    void return_value(T result) { value.emplace(std::move(result)); }
    T take() {
        rethrow();
        return std::move(*value);
    }
    auto get_return_object() noexcept {
        return std::coroutine_handle<task_promise>::from_promise(*this);
    }
};

template <> struct task_promise<void> : task_promise_base {
    void return_void() const noexcept {}
    void take() const { rethrow(); }
    auto get_return_object() noexcept {
        return std::coroutine_handle<task_promise>::from_promise(*this);
    }
};

} // namespace detail

template <typename T = void> class [[nodiscard]] task {
public:
    using promise_type = detail::task_promise<T>;

    task(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}
    task(task &&other) noexcept
        : frame_(std::exchange(other.frame_, nullptr)), started_(other.started_) {}
    task &operator=(task &&other) noexcept {
        std::swap(frame_, other.frame_);
        std::swap(started_, other.started_);
        return *this;
    }
    /// The task has ended, or was never begun.
    ~task() {
        if (frame_)
            frame_.destroy();
    }

    /// Begin without awaiting it: it runs up to its first wait. Once is enough.
    void start() {
        if (!std::exchange(started_, true))
            frame_.resume();
    }
    bool done() const noexcept { return frame_.done(); }
    /// After its end. @throws what it threw
    T result() { return frame_.promise().take(); }

    auto operator co_await() noexcept {
        struct awaiter {
            std::coroutine_handle<promise_type> frame;
            bool started;
            bool await_ready() const noexcept { return frame.done(); }
            std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter) noexcept {
                frame.promise().continuation = waiter;
                return started ? std::noop_coroutine() : std::coroutine_handle<>(frame);
            }
            T await_resume() { return frame.promise().take(); }
        };
        return awaiter{frame_, std::exchange(started_, true)};
    }

private:
    std::coroutine_handle<promise_type> frame_;
    bool started_ = false;
};

} // namespace ub::uring

#endif
