// SPDX-License-Identifier: MIT
// The ring and what every command on it has, of <ub/ub_uring.hpp>.
#ifndef UB_UB_URING_RING_HPP
#define UB_UB_URING_RING_HPP

#include <coroutine>
#include <mutex>
#include <optional>
#include <stop_token>
#include <sys/eventfd.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <ub/ub.hpp>
#include <ub/ub_task.hpp>
#include <ub/ub_uring.h>

namespace ub::uring {

/// How a request ended.
struct outcome {
    unsigned opcode = 0;
    unsigned status = 0; ///< enum ub_cr_status; of a batch: the first that failed
    uint64_t value = 0;  ///< immediate data or bytes moved; of a batch: requests that succeeded

    /// @return the value. @throws completion_error the request failed
    uint64_t require() const {
        if (status != UB_CR_SUCCESS) {
            completion cr{};
            cr.opcode = static_cast<uint8_t>(opcode);
            cr.status = static_cast<uint8_t>(status);
            throw completion_error(cr);
        }
        return value;
    }
};

class ring;

namespace detail {

/// What a command is and names, for its error: ub_uring_failed().
struct subject {
    uint32_t op = 0, type = 0, id = 0;
    uint64_t limit = 0;
};

[[noreturn]] inline void fail(const char *what, const ub_context *ctx, const subject &of,
                              int errnum) {
    ub_uring_failed(ctx, of.op, of.type, of.id, of.limit, -errnum);
    ub::detail::fail(what);
}

/// A command in flight. It lives in the frame of the coroutine that awaits it.
class command {
public:
    explicit command(ring &on) noexcept : ring_(&on) {}
    command(const command &) = delete;
    command &operator=(const command &) = delete;
    bool await_ready() const noexcept { return false; }

protected:
    /// An SQE of the ring; its completion resumes waiter.
    io_uring_sqe *begin(std::coroutine_handle<> waiter);
    /// What the prepared SQE is given.
    void tag(io_uring_sqe *sqe) noexcept { io_uring_sqe_set_data(sqe, this); }
    int take(const char *what, const subject &of) const;
    ring *ring_;
    int res_ = 0;
    uint64_t value_ = 0;

private:
    friend class ub::uring::ring;
    std::coroutine_handle<> waiter_;
    bool stopped_ = false; // a CANCEL of its queue was given
};

} // namespace detail

/// Owner of an io_uring whose commands go to one device.
class ring {
public:
    /**
     * @param entries of the submission queue, a power of two
     * @param flags IORING_SETUP_*, such as SQPOLL; SQE128 and CQE32 are added. With IOPOLL only
     *   submits may be awaited, and a stop takes effect only before a submit
     * @throws error
     */
    explicit ring(context &ctx, unsigned entries = 64, unsigned flags = 0)
        : ctx_(ctx.get()), fd_(ctx.fd()), entries_(entries),
          polled_(flags & IORING_SETUP_IOPOLL) {
        io_uring_params params{};
        params.flags = flags | UB_URING_SETUP;
        params.sq_thread_idle = 100;
        if (const int result = io_uring_queue_init_params(entries, &ring_, &params))
            fail("make io_uring", -result);
        wake_ = eventfd(0, EFD_CLOEXEC);
        if (wake_ < 0) {
            const int errnum = errno;
            io_uring_queue_exit(&ring_);
            fail("make eventfd", errnum);
        }
    }
    ring(const ring &) = delete;
    ring &operator=(const ring &) = delete;
    /// In a child of fork() nothing is waited for: the commands are the parent's.
    ~ring() {
        while (in_flight_ && opener_ == getpid() && step(true) >= 0) {
        }
        io_uring_queue_exit(&ring_);
        ::close(wake_);
    }

    io_uring *get() noexcept { return &ring_; }
    int device() const noexcept { return fd_; }
    const ub_context *context_of() const noexcept { return ctx_; }
    /// Commands whose completion was not taken yet.
    size_t in_flight() const noexcept { return in_flight_; }

    /// Give to the kernel what was prepared, resume what is over. @return how many were
    int poll() { return checked(step(false)); }

    /// Run a task until it ends. Others on this ring run meanwhile.
    template <typename T> T run(task<T> work) {
        work.start();
        while (!work.done())
            checked(step(true));
        return work.result();
    }

private:
    friend class detail::command;
    friend class queue;

    [[noreturn]] void fail(const char *what, int errnum) const {
        detail::fail(what, ctx_, {0, 0, 0, entries_}, errnum);
    }
    int checked(int result) const {
        if (result < 0)
            fail("io_uring", -result);
        return result;
    }

    io_uring_sqe *sqe() {
        io_uring_sqe *sqe = io_uring_get_sqe(&ring_);
        if (!sqe) {
            checked(io_uring_submit(&ring_));
            if (ring_.flags & IORING_SETUP_SQPOLL)
                checked(io_uring_sqring_wait(&ring_));
            sqe = io_uring_get_sqe(&ring_);
        }
        if (!sqe)
            fail("io_uring", EBUSY);
        std::memset(static_cast<void *>(sqe), 0, 128);
        return sqe;
    }

    // Stops come from any thread: they leave the queue's id and wake the ring.
    void watch_wake() {
        if (watching_ || polled_)
            return;
        io_uring_sqe *entry = sqe();
        io_uring_prep_read(entry, wake_, &wake_count_, sizeof wake_count_, 0);
        io_uring_sqe_set_data(entry, &wake_count_);
        watching_ = true;
    }

    int step(bool wait) {
        int result = io_uring_submit_and_wait(&ring_, wait ? 1 : 0);
        if (result < 0 && result != -EINTR && result != -ETIME && result != -EAGAIN)
            return result;
        int taken = 0;
        io_uring_cqe *cqe;
        while (io_uring_peek_cqe(&ring_, &cqe) == 0) {
            void *data = io_uring_cqe_get_data(cqe);
            const int res = cqe->res;
            const uint64_t value = ub_uring_value(cqe);
            io_uring_cqe_seen(&ring_, cqe);
            taken += finish(data, res, value);
        }
        return taken;
    }

    int finish(void *data, int res, uint64_t value) {
        if (data == &wake_count_) {
            watching_ = false;
            cancel_stopped();
            return 0;
        }
        if (!data) // a CANCEL of ours
            return --cancels_ ? 0 : resume_held();
        auto *command = static_cast<detail::command *>(data);
        command->res_ = res;
        command->value_ = value;
        // Its queue takes nothing until the CANCEL is over, which would reach what comes next.
        if (command->stopped_ && cancels_) {
            held_.push_back(command);
            return 0;
        }
        return resume(command);
    }

    int resume(detail::command *command) {
        in_flight_--;
        command->waiter_.resume();
        return 1;
    }

    int resume_held() {
        const auto commands = std::exchange(held_, {});
        for (auto *command : commands)
            resume(command);
        return static_cast<int>(commands.size());
    }

    void stop(detail::command *command, const ub_jfs *jfs) noexcept {
        {
            std::lock_guard lock(stops_lock_);
            stops_.emplace_back(command, jfs->id);
        }
        const uint64_t one = 1;
        static_cast<void>(!::write(wake_, &one, sizeof one));
    }

    // The command was over before its stop was seen: there is nothing to cancel.
    void forget(const detail::command *command) noexcept {
        std::lock_guard lock(stops_lock_);
        std::erase_if(stops_, [command](const auto &stop) { return stop.first == command; });
    }

    void cancel_stopped() {
        std::vector<std::pair<detail::command *, uint32_t>> stops;
        {
            std::lock_guard lock(stops_lock_);
            stops.swap(stops_);
        }
        for (const auto &[command, id] : stops) {
            ub_uring_prep(sqe(), fd_, UB_URING_CANCEL, id, UB_OBJ_JFS, 0);
            command->stopped_ = true;
            cancels_++;
        }
        if (in_flight_)
            watch_wake();
    }

    io_uring ring_{};
    const ub_context *ctx_;
    int fd_;
    unsigned entries_;
    pid_t opener_ = getpid();
    bool polled_;
    int wake_ = -1;
    uint64_t wake_count_ = 0;
    bool watching_ = false;
    size_t in_flight_ = 0;
    unsigned cancels_ = 0;                 // in flight
    std::vector<detail::command *> held_; // over, resumed when no CANCEL is in flight
    std::mutex stops_lock_;
    std::vector<std::pair<detail::command *, uint32_t>> stops_; // with the ids of their queues
};

inline io_uring_sqe *detail::command::begin(std::coroutine_handle<> waiter) {
    io_uring_sqe *sqe = ring_->sqe();
    waiter_ = waiter;
    ring_->in_flight_++;
    return sqe;
}

inline int detail::command::take(const char *what, const subject &of) const {
    if (res_ < 0)
        fail(what, ring_->context_of(), of, -res_);
    return res_;
}

} // namespace ub::uring

#endif
