// SPDX-License-Identifier: MIT
// The three doors of a stress worker as one: post, take what ended.
#ifndef TESTS_VM_STRESS_DOOR_HPP
#define TESTS_VM_STRESS_DOOR_HPP

#include "stress.hpp"

#include <ub/ub.hpp>
#include <ub/ub_uring.hpp>

#include <memory>
#include <unistd.h>
#include <vector>

namespace stress {

struct Done {
    uint64_t serial;
    int status; ///< enum ub_cr_status, or -errno
    uint64_t value;
    uint32_t queue;
};

inline constexpr uint32_t completions = 1024;

class Gate {
public:
    Gate(ub::context &ctx, Door door) : door(door), events_(ctx), jfc_(ctx, config(door)) {
        if (door != URING)
            return;
        io_uring_params params{};
        params.flags = UB_URING_SETUP;
        if (const int result = io_uring_queue_init_params(128, &ring_, &params))
            ub::detail::fail("ring", -result, "io_uring");
        fd_ = ctx.fd();
    }
    Gate(const Gate &) = delete;
    Gate &operator=(const Gate &) = delete;
    ~Gate() { close_ring(); }

    ub::jfc &jfc() noexcept { return jfc_; }
    ub::jfce &events() noexcept { return events_; }

    /// @return 0, or -errno and it was not posted
    int post(ub::jfs &queue, const ub::request &what, uint64_t serial) {
        ub::request mine = what;
        mine.user_ctx(serial);
        return door == URING ? post_ring(queue, mine, serial) : queue.try_post(mine);
    }

    /// What ended; waits for it a little if asked to.
    std::vector<Done> take(bool wait) {
        std::vector<Done> done;
        if (door == URING)
            take_ring(done, wait);
        std::array<ub_cr, 64> cr;
        for (int n = first(cr, wait); n > 0; n = ub_poll_jfc(jfc_.get(), cr.data(), cr.size()))
            for (int i = 0; i < n; ++i)
                done.push_back({cr[i].user_ctx, cr[i].status, cr[i].imm_data, cr[i].local_id});
        return done;
    }

    void close_ring() noexcept {
        if (fd_ >= 0)
            io_uring_queue_exit(&ring_);
        fd_ = -1;
    }

    const Door door;

private:
    ub_jfc_cfg config(Door door) const noexcept {
        ub_jfc_cfg cfg{};
        cfg.depth = completions;
        cfg.door = door == MAPPED ? UB_DOOR_MAPPED : UB_DOOR_IOCTL;
        cfg.jfce = door == MAPPED ? events_.get() : nullptr;
        return cfg;
    }

    int first(std::span<ub_cr> cr, bool wait) {
        const auto n = static_cast<unsigned>(cr.size());
        const ub_wait_cfg cfg{0, 0, 50};
        if (!wait || door == URING)
            return ub_poll_jfc(jfc_.get(), cr.data(), n);
        return door == MAPPED ? ub_wait_cr(jfc_.get(), cr.data(), n, &cfg)
                              : ub_reap_jfc(jfc_.get(), cr.data(), n, 1, 50);
    }

    int post_ring(ub::jfs &queue, const ub::request &what, uint64_t serial) {
        alignas(8) uint8_t room[UB_WQE_MAX];
        io_uring_sqe *sqe = io_uring_get_sqe(&ring_);
        if (!sqe)
            return -EAGAIN;
        const auto wr = what.wr();
        std::memset(static_cast<void *>(sqe), 0, 128);
        if (const int result = ub_uring_prep_submit(sqe, fd_, queue.get(), &wr, room))
            return result;
        sqe->user_data = serial;
        int result;
        do // Else the SQE would stay, and point to a room that is gone.
            result = io_uring_submit(&ring_);
        while (result == -EINTR || result == -EAGAIN || result == -EBUSY);
        return result < 0 ? result : 0;
    }

    void take_ring(std::vector<Done> &done, bool wait) {
        io_uring_cqe *cqe;
        __kernel_timespec limit{0, 50000000};
        int result = wait ? io_uring_wait_cqe_timeout(&ring_, &cqe, &limit)
                          : io_uring_peek_cqe(&ring_, &cqe);
        for (; result == 0; result = io_uring_peek_cqe(&ring_, &cqe)) {
            done.push_back({cqe->user_data, cqe->res, ub_uring_value(cqe), 0});
            io_uring_cqe_seen(&ring_, cqe);
        }
    }

    ub::jfce events_;
    ub::jfc jfc_;
    io_uring ring_{};
    int fd_ = -1;
};

} // namespace stress

#endif
