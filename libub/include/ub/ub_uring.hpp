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
 * Errors. A command that could not be given or was ended throws ub::error with cause, object, limit
 * and remedy, and its errno, as ECANCELED after a stop; a request that failed gives an outcome with
 * its status, which require() turns into ub::completion_error.
 *
 * Threads. A ring and what is awaited on it belong to one thread, which calls run() or poll().
 * A stop may be requested from any thread.
 *
 * Lifetime. What a command names (queue, memory, buffers) stays until it is over. A ring outlives
 * the coroutines that await on it; its destructor waits for commands in flight.
 */
#ifndef UB_UB_URING_HPP
#define UB_UB_URING_HPP

#include <ub/ub_uring_ring.hpp>

namespace ub::uring {

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
            const bool stopped = stop_.stop_requested();
            if (stopped && (res_ == -ECANCELED || res_ == UB_CR_WR_FLUSH_ERR))
                detail::fail("submit", jfs_->ctx, {UB_URING_CANCEL, UB_OBJ_JFS, jfs_->id, 0},
                             ECANCELED);
            const auto status = static_cast<unsigned>(
                take("submit", {UB_URING_SUBMIT, UB_OBJ_JFS, jfs_->id, jfs_->depth}));
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
            detail::fail("submit", jfs_->ctx,
                         {UB_URING_SUBMIT, UB_OBJ_JFS, jfs_->id, jfs_->depth}, EINVAL);
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
        int await_resume() const {
            return take("cancel", {UB_URING_CANCEL, UB_OBJ_JFS, jfs_->id, 0});
        }

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
        arg_.access = cfg.access ? cfg.access : UB_ACCESS_LOCAL_ONLY;
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
            ub_uring_reg_seg_failed(ring_->context_of(), &arg_, res_);
            ub::detail::fail("register memory");
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
    void await_resume() const {
        take("unregister memory", {UB_URING_DEREG_SEG, UB_OBJ_SEG, token_id_, 0});
    }

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
        take("wait", {UB_URING_WAIT, UB_OBJ_JFC, jfc_->id, UB_URING_WAIT_MAX_NS});
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
