// SPDX-License-Identifier: MIT
// Multishot REAP of io_uring: delivery into buffers, and its ends.
//
//   lib-uring_reap [DEVICE [DEVICE]]	the second device is reset

#include "uring.hpp"

#include <csignal>
#include <fstream>
#include <sys/wait.h>

namespace {

// A multishot REAP of a kernel JFC, its buffers, and what comes of it.
struct reaper {
    static constexpr unsigned buffers = 4, room = 4;

    explicit reaper(kernel_queue &from) : q(from) {
        for (unsigned i = 0; i < buffers; ++i)
            give(i);
        ub_uring_prep_reap(ring.sqe(), q.ctx.fd(), q.jfc.get(), 7);
        io_uring_submit(&ring.ring);
    }
    void give(unsigned i) {
        io_uring_sqe *sqe = ring.sqe();
        io_uring_prep_provide_buffers(sqe, memory[i], sizeof memory[i], 1, 7, static_cast<int>(i));
        sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
        io_uring_submit(&ring.ring);
    }
    // Posts NOPs, numbered.
    void post(unsigned n) {
        std::vector<ub_jfs_wr> wrs;
        for (unsigned i = 0; i < n; ++i) {
            auto wr = ub::nop().wr();
            wr.user_ctx = posted++;
            wrs.push_back(wr);
        }
        EXPECT(ub_post_jfs_wr(q.jfs.get(), wrs.data(), n, nullptr) == 0);
    }
    // The next buffer's worth; a negative errno ends it.
    int take() {
        io_uring_submit(&ring.ring);
        io_uring_cqe *cqe;
        EXPECT(io_uring_wait_cqe(&ring.ring, &cqe) == 0);
        const int res = cqe->res;
        const unsigned flags = cqe->flags;
        io_uring_cqe_seen(&ring.ring, cqe);
        EXPECT((res > 0) == ((flags & IORING_CQE_F_MORE) != 0));
        if (res <= 0)
            return res;
        EXPECT(flags & IORING_CQE_F_BUFFER && res % 64 == 0);
        last = flags >> IORING_CQE_BUFFER_SHIFT;
        for (unsigned i = 0; i < static_cast<unsigned>(res) / 64; ++i) {
            ub_cr cr;
            ub_uring_reaped(memory[last], i, &cr);
            EXPECT(cr.status == UB_CR_SUCCESS && cr.user_ctx == seen);
            seen++;
        }
        return res;
    }
    kernel_queue &q;
    plain_ring ring;
    uint64_t memory[buffers][room * 8]{};
    uint64_t posted = 0, seen = 0;
    unsigned last = 0;
};

bool kernel_has_multishot() {
    unsigned major = 0, minor = 0;
    std::ifstream release("/proc/sys/kernel/osrelease");
    char dot;
    release >> major >> dot >> minor;
    return major > 6 || (major == 6 && minor >= 18);
}

void reap_gives_all_once_and_in_order() {
    kernel_queue q;
    reaper r(q);
    for (unsigned round = 0; round < 200; ++round) {
        r.post(1 + round % 10);
        while (r.seen != r.posted) {
            EXPECT(r.take() > 0);
            r.give(r.last);
        }
    }
}

// What it could not deliver is there for the next, by whatever door.
void reap_ends_without_buffers_and_loses_nothing() {
    kernel_queue q;
    reaper r(q);
    int res;
    r.post(30);
    while ((res = r.take()) > 0) {
    }
    EXPECT(res == -ENOBUFS);
    EXPECT(r.seen > 0 && r.seen <= reaper::buffers * reaper::room);
    std::vector<ub::completion> rest(30);
    while (r.seen != r.posted)
        for (const ub_cr &cr : q.jfc.reap(rest, 1))
            EXPECT(cr.user_ctx == r.seen++);
}

void reap_of_what_it_cannot() {
    kernel_queue q;
    ub::jfc mapped(q.ctx, 64);
    plain_ring ring;
    ub_uring_prep_reap(ring.sqe(), q.ctx.fd(), mapped.get(), 7);
    EXPECT(ring.wait() == -EINVAL);
    io_uring_sqe *sqe = ring.sqe();
    ub_uring_prep(sqe, q.ctx.fd(), UB_URING_REAP, q.jfc.get()->id, 0, 0);
    EXPECT(ring.wait() == -EINVAL);
    sqe = ring.sqe();
    ub_uring_prep_reap(sqe, q.ctx.fd(), q.jfc.get(), 7);
    ub_uring_area(sqe)[4] = 1;
    EXPECT(ring.wait() == -EINVAL);
    uint64_t few[7];
    io_uring_prep_provide_buffers(ring.sqe(), few, sizeof few, 1, 7, 0);
    EXPECT(ring.wait() == 0);
    ub_uring_prep_reap(ring.sqe(), q.ctx.fd(), q.jfc.get(), 7);
    io_uring_submit(&ring.ring);
    const auto nop = ub::nop().wr();
    EXPECT(ub_post_jfs_wr(q.jfs.get(), &nop, 1, nullptr) == 0);
    EXPECT(ring.wait() == -EINVAL);
    io_uring_prep_remove_buffers(ring.sqe(), 1, 7);
    EXPECT(ring.wait() == 1);
    io_uring_prep_provide_buffers(ring.sqe(), reinterpret_cast<void *>(4096), 64, 1, 7, 0);
    EXPECT(ring.wait() == 0);
    ub_uring_prep_reap(ring.sqe(), q.ctx.fd(), q.jfc.get(), 7);
    EXPECT(ring.wait() == -EFAULT);
    std::vector<ub::completion> one(1);
    EXPECT(q.jfc.reap(one, 1).size() == 1);
}

void reap_ends_by_cancel_with_its_jfc_its_ring_and_the_device() {
    {
        kernel_queue q;
        reaper r(q);
        ub_uring_prep_cancel_jfc(r.ring.sqe(), q.ctx.fd(), q.jfc.get());
        const int first = r.ring.wait(), second = r.ring.wait();
        EXPECT(std::min(first, second) == -ECANCELED && std::max(first, second) == 1);
        r.post(3);
        std::vector<ub::completion> three(3);
        EXPECT(q.jfc.reap(three, 3).size() == 3);
        ub_uring_prep_reap(r.ring.sqe(), q.ctx.fd(), q.jfc.get(), 7);
        io_uring_submit(&r.ring.ring);
        q.jfs.close();
        q.jfc.close();
        EXPECT(r.ring.wait() == -ECANCELED);
    }
    {
        kernel_queue q;
        reaper r(q);
        r.post(5);
        r.ring.exit();
        // Until the kernel has let go of the ring it takes what comes; then all is here.
        std::vector<ub::completion> some(6);
        uint64_t last = 0;
        do {
            r.post(1);
            for (const ub_cr &cr : q.jfc.reap(some, 1, std::chrono::milliseconds(100))) {
                EXPECT(!last || cr.user_ctx > last);
                last = cr.user_ctx;
            }
        } while (last != r.posted - 1);
    }
    kernel_queue q(device_b);
    reaper r(q);
    const std::string reset = ubctl() + " -d " + device_b + " device reset --force > /dev/null";
    EXPECT(std::system(reset.c_str()) == 0);
    EXPECT(r.ring.wait() == -ENODEV);
}

void reap_by_a_process_that_is_killed() {
    const pid_t child = fork();
    if (!child) {
        kernel_queue q;
        reaper r(q);
        r.post(9);
        raise(SIGKILL);
    }
    int status;
    EXPECT(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
}

// An older kernel has no such commands.
void reap_is_refused() {
    kernel_queue q;
    plain_ring ring;
    ub_uring_prep_reap(ring.sqe(), q.ctx.fd(), q.jfc.get(), 7);
    EXPECT(ring.wait() == -EOPNOTSUPP);
    ub_uring_prep(ring.sqe(), q.ctx.fd(), UB_URING_REAP, q.jfc.get()->id, 0, 0);
    EXPECT(ring.wait() == -EOPNOTSUPP);
}

} // namespace

int main(int argc, char **argv) {
    name_devices(argc, argv);
    if (kernel_has_multishot()) {
        test("reap_gives_all_once_and_in_order", reap_gives_all_once_and_in_order);
        test("reap_ends_without_buffers_and_loses_nothing",
             reap_ends_without_buffers_and_loses_nothing);
        test("reap_of_what_it_cannot", reap_of_what_it_cannot);
        test("reap_ends_by_cancel_with_its_jfc_its_ring_and_the_device",
             reap_ends_by_cancel_with_its_jfc_its_ring_and_the_device);
        test("reap_by_a_process_that_is_killed", reap_by_a_process_that_is_killed);
    } else {
        test("reap_is_refused", reap_is_refused);
    }
    return failures != 0;
}
