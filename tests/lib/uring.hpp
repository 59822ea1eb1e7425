// SPDX-License-Identifier: MIT
// What the tests of io_uring's door share.
#ifndef TESTS_LIB_URING_HPP
#define TESTS_LIB_URING_HPP

#include "doors.hpp"

#include <cstdlib>
#include <unistd.h>

inline std::string device_a = "ub0", device_b = "ub1";

inline void name_devices(int argc, char **argv) {
    if (argc > 1)
        device_a = argv[1];
    if (argc > 2)
        device_b = argv[2];
}

// The tool: this tree's, or that which UBCTL names.
inline std::string ubctl() {
    const char *name = std::getenv("UBCTL");
    return name ? name : "build/ubctl";
}

inline unsigned contexts() {
    FILE *list = popen((ubctl() + " --no-header context list").c_str(), "r");
    EXPECT(list);
    unsigned rows = 0;
    for (int c; (c = std::fgetc(list)) != EOF;)
        rows += c == '\n';
    EXPECT(pclose(list) == 0);
    return rows;
}

inline void expect_no_contexts() {
    for (unsigned i = 0; i < 300 && contexts(); ++i)
        usleep(100000);
    EXPECT(contexts() == 0);
}

// A kernel queue on a device.
struct kernel_queue {
    explicit kernel_queue(const std::string &device = device_a, uint32_t rnr_retry = 0)
        : ctx(device), jfc(ctx, jfc_config(64, UB_DOOR_IOCTL)),
          jfs(ctx, jfs_config(jfc, 64, rnr_retry)) {}
    ub::context ctx;
    ub::jfc jfc;
    ub::jfs jfs;
};

// Below the C++ layer: one command of a ring that is awaited by hand.
struct plain_ring {
    explicit plain_ring(unsigned flags = 0) {
        io_uring_params params{};
        params.flags = flags | UB_URING_SETUP;
        EXPECT(io_uring_queue_init_params(64, &ring, &params) == 0);
    }
    ~plain_ring() {
        if (open)
            io_uring_queue_exit(&ring);
    }
    void exit() {
        io_uring_queue_exit(&ring);
        open = false;
    }
    io_uring_sqe *sqe() {
        io_uring_sqe *sqe = io_uring_get_sqe(&ring);
        std::memset(static_cast<void *>(sqe), 0, 128);
        return sqe;
    }
    int wait(uint64_t *value = nullptr) {
        io_uring_submit(&ring);
        io_uring_cqe *cqe;
        EXPECT(io_uring_wait_cqe(&ring, &cqe) == 0);
        const int res = cqe->res;
        if (value)
            *value = ub_uring_value(cqe);
        io_uring_cqe_seen(&ring, cqe);
        return res;
    }
    io_uring ring;
    bool open = true;
};

// Returns when the kernel has taken it, and what is before it, from the ring.
inline void submit(plain_ring &ring, const ub::context &ctx, const ub::jfs &jfs,
                   const ub::request &request, int commands = 1) {
    static uint64_t room[UB_WQE_MAX / 8];
    const ub::work_request wr = request.wr();
    EXPECT(ub_uring_prep_submit(ring.sqe(), ctx.fd(), jfs.get(), &wr, room) == 0);
    EXPECT(io_uring_submit(&ring.ring) == commands);
    while (io_uring_sq_ready(&ring.ring))
        usleep(1000);
}

#endif
