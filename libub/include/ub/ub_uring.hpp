// SPDX-License-Identifier: MIT
/**
 * @file
 * libub over io_uring for C++20: an owner of a ring, and commands to co_await. Needs liburing and a
 * device of the driver.
 *
 *   ub::uring::ring ring(ctx);
 *   ub::uring::queue queue(ring, jfs);          // of a JFC of UB_DOOR_IOCTL
 *   ring.run([&]() -> ub::uring::task<> {
 *       auto done = co_await queue.submit(ub::write(local, target), stop);
 *       done.require();
 *   }());
 *
 * Errors. A command that could not be given or was ended throws ub::error with its errno, as
 * ECANCELED after a stop; a request that failed gives an outcome with its status, which require()
 * turns into ub::completion_error.
 *
 * Threads. A ring and what is awaited on it belong to one thread, which calls run() or poll().
 * A stop may be requested from any thread.
 *
 * Lifetime. What a command names (queue, memory, buffers) stays until it is over. A ring outlives
 * the coroutines that await on it; its destructor waits for commands in flight.
 */
#ifndef UB_UB_URING_HPP
#define UB_UB_URING_HPP

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

[[noreturn]] inline void fail(const char *what, int errnum) {
    ub::detail::fail(what, errnum, std::strerror(errnum));
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
    int take(const char *what) const {
        if (res_ < 0)
            fail(what, -res_);
        return res_;
    }
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
        : fd_(ctx.fd()), polled_(flags & IORING_SETUP_IOPOLL) {
        io_uring_params params{};
        params.flags = flags | UB_URING_SETUP;
        params.sq_thread_idle = 100;
        if (const int result = io_uring_queue_init_params(entries, &ring_, &params))
            detail::fail("make io_uring", -result);
        wake_ = eventfd(0, EFD_CLOEXEC);
        if (wake_ < 0) {
            io_uring_queue_exit(&ring_);
            detail::fail("make eventfd", errno);
        }
    }
    ring(const ring &) = delete;
    ring &operator=(const ring &) = delete;
    ~ring() {
        while (in_flight_ && step(true) >= 0) {
        }
        io_uring_queue_exit(&ring_);
        ::close(wake_);
    }

    io_uring *get() noexcept { return &ring_; }
    int device() const noexcept { return fd_; }
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

    static int checked(int result) {
        if (result < 0)
            detail::fail("io_uring", -result);
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
            detail::fail("io_uring", EBUSY);
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
    int fd_;
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

/// Submits to one send queue. Requests of more than 64 bytes keep their encoding in the awaitable.
class queue {
public:
    queue(uring::ring &on, jfs &to) noexcept : ring_(on), jfs_(to.get()) {}

    class submission : public detail::command {
    public:
        submission(uring::ring &on, ub_jfs *jfs, std::vector<uint64_t> wqes, unsigned opcode,
                   std::stop_token stop)
            : command(on), jfs_(jfs), wqes_(std::move(wqes)), opcode_(opcode),
              stop_(std::move(stop)) {}
        /// Stopped already: nothing is submitted.
        bool await_ready() noexcept {
            if (stop_.stop_requested())
                res_ = -ECANCELED;
            return stop_.stop_requested();
        }
        void await_suspend(std::coroutine_handle<> waiter) {
            if (stop_.stop_possible())
                ring_->watch_wake();
            io_uring_sqe *sqe = begin(waiter);
            const auto blocks = static_cast<uint32_t>(wqes_.size() * 8 / UB_HW_WQEBB_SIZE);
            if (blocks == 1) {
                ub_uring_prep(sqe, ring_->device(), UB_URING_SUBMIT, jfs_->id, 0, 0);
                std::memcpy(ub_uring_area(sqe) + sizeof(ub_uring_cmd), wqes_.data(),
                            UB_HW_WQEBB_SIZE);
            } else {
                ub_uring_prep_batch(sqe, ring_->device(), jfs_, wqes_.data(), blocks);
            }
            tag(sqe);
            if (stop_.stop_possible())
                on_stop_.emplace(stop_, stopper{ring_, this, jfs_});
        }
        /// @throws error the command was not taken, or ended: EAGAIN no room, ECANCELED, ENODEV
        outcome await_resume() {
            on_stop_.reset();
            if (stop_.stop_requested())
                ring_->forget(this);
            const auto status = static_cast<unsigned>(take("submit"));
            if (status == UB_CR_WR_FLUSH_ERR && stop_.stop_requested())
                detail::fail("submit", ECANCELED);
            return {opcode_, status, value_};
        }

    private:
        struct stopper {
            uring::ring *ring;
            detail::command *command;
            const ub_jfs *jfs;
            void operator()() const noexcept { ring->stop(command, jfs); }
        };
        ub_jfs *jfs_;
        std::vector<uint64_t> wqes_;
        unsigned opcode_;
        std::stop_token stop_;
        std::optional<std::stop_callback<stopper>> on_stop_;
    };

    /**
     * co_await gives the outcome. A stop before it is submitted keeps it from being; a stop while
     * it is in flight cancels the queue: what it has in flight is flushed, other requests as well,
     * and submits before the stopped one is over get ECANCELED.
     * @throws error EINVAL malformed, at once
     */
    submission submit(const request &what, std::stop_token stop = {}) {
        return submit(std::span(&what, 1), std::move(stop));
    }
    /// Several as one command: all go in or none, over when the last is.
    submission submit(std::span<const request> batch, std::stop_token stop = {}) {
        std::vector<uint64_t> wqes;
        for (const request &one : batch)
            encode(one.wr(), wqes);
        if (wqes.empty())
            detail::fail("submit", EINVAL);
        return submission(ring_, jfs_, std::move(wqes), batch.front().wr().opcode,
                          std::move(stop));
    }

    class cancellation : public detail::command {
    public:
        cancellation(uring::ring &on, const ub_jfs *jfs) noexcept : command(on), jfs_(jfs) {}
        void await_suspend(std::coroutine_handle<> waiter) {
            io_uring_sqe *sqe = begin(waiter);
            ub_uring_prep_cancel_jfs(sqe, ring_->device(), jfs_);
            tag(sqe);
        }
        /// @return how many requests were in flight
        int await_resume() const { return take("cancel"); }

    private:
        const ub_jfs *jfs_;
    };
    /// End what is in flight, through whatever ring it came.
    cancellation cancel() noexcept { return {ring_, jfs_}; }

private:
    void encode(const work_request &wr, std::vector<uint64_t> &wqes) {
        const size_t at = wqes.size();
        wqes.resize(at + UB_WQE_MAX / 8);
        const int blocks = ub::detail::check(ub_encode_wr(jfs_, &wr, &wqes[at]), "encode request");
        wqes.resize(at + static_cast<size_t>(blocks) * UB_HW_WQEBB_SIZE / 8);
    }
    uring::ring &ring_;
    ub_jfs *jfs_;
};

/// A registered range; made and ended by co_await, without blocking the ring's thread.
struct registration {
    uint64_t va = 0, len = 0;
    uint32_t token_id = 0, token_value = 0;

    ub::sge sge(uint64_t offset = 0, uint64_t bytes = UINT64_MAX) const noexcept {
        const uint64_t room = len - offset;
        return {static_cast<uint32_t>(bytes < room ? bytes : room), token_id, va + offset};
    }
    ub::target target(const ub_eid_t &eid) const noexcept {
        return {eid, token_id, token_value, false, va, len};
    }
};

class registering : public detail::command {
public:
    registering(ring &on, const ub_seg_cfg &cfg) noexcept : command(on) {
        arg_.addr = reinterpret_cast<uintptr_t>(cfg.va);
        arg_.len = cfg.len;
        arg_.access = cfg.access;
        arg_.flags = cfg.flags & UB_SEG_F_READ_ONLY ? UB_REG_F_READ_ONLY : 0;
        arg_.token_policy = cfg.token_policy;
        arg_.token_value = cfg.token_value;
    }
    void await_suspend(std::coroutine_handle<> waiter) {
        io_uring_sqe *sqe = begin(waiter);
        ub_uring_prep_reg_seg(sqe, ring_->device(), &arg_);
        tag(sqe);
    }
    /// @throws error as ub_register_seg(), with ext_code and limit
    registration await_resume() const {
        if (res_ < 0) {
            ub_error cause{};
            cause.errnum = -res_;
            cause.ext_code = arg_.hdr.ext_code;
            cause.limit = arg_.hdr.ext_limit;
            std::strncpy(cause.message, std::strerror(-res_), sizeof cause.message - 1);
            throw error("register memory", cause);
        }
        return {arg_.addr, arg_.len, arg_.token_id, arg_.token_value};
    }

private:
    ub_ioc_reg_seg arg_{};
};

class unregistering : public detail::command {
public:
    unregistering(ring &on, uint32_t token_id) noexcept : command(on), token_id_(token_id) {}
    void await_suspend(std::coroutine_handle<> waiter) {
        io_uring_sqe *sqe = begin(waiter);
        ub_uring_prep_dereg_seg(sqe, ring_->device(), token_id_);
        tag(sqe);
    }
    /// @throws error EBUSY a command uses it
    void await_resume() const { take("unregister memory"); }

private:
    uint32_t token_id_;
};

/// co_await gives a registration. The range stays the caller's.
inline registering register_memory(ring &on, const ub_seg_cfg &cfg) noexcept { return {on, cfg}; }
inline unregistering unregister_memory(ring &on, const registration &what) noexcept {
    return {on, what.token_id};
}

/// Waits until a mapped JFC without JFCE has a completion that was not taken when it was re-armed.
class waiting : public detail::command {
public:
    waiting(ring &on, ub_jfc *jfc, duration limit) noexcept
        : command(on), jfc_(jfc), limit_(limit) {}
    void await_suspend(std::coroutine_handle<> waiter) {
        io_uring_sqe *sqe = begin(waiter);
        ub_rearm_jfc(jfc_, false);
        ub_uring_prep_wait(sqe, ring_->device(), jfc_, static_cast<uint64_t>(limit_.count()));
        tag(sqe);
    }
    /// @return false after the limit
    bool await_resume() const {
        if (res_ == -ETIME)
            return false;
        take("wait");
        ub_uring_fired(jfc_);
        return true;
    }

private:
    ub_jfc *jfc_;
    duration limit_;
};

/// Re-arm and wait. @param limit 1 ns .. 10 s
inline waiting wait(ring &on, jfc &for_, duration limit) noexcept {
    return {on, for_.get(), limit};
}

} // namespace ub::uring

#endif
