// SPDX-License-Identifier: MIT
// What goes through io_uring: the device's door, and peers with the same members. All submit and
// wait for the first completion by one system call, polled or not.
#pragma once

#include <ub/ub_uring.h>

#include <string>
#include <vector>

#include "rig.hpp"

namespace bench {

// One SQE a command.
class UringDoor {
public:
    static constexpr const char *name = "uring";

    explicit UringDoor(const std::string &device);
    ~UringDoor();
    UringDoor(const UringDoor &) = delete;
    UringDoor &operator=(const UringDoor &) = delete;
    ub_context *context() const { return q_.ctx; }
    void post(const ub_jfs_wr *wr, unsigned n);
    unsigned reap(ub_cr *cr, unsigned n, bool);

private:
    Queues q_;
    io_uring ring_;
    std::vector<unsigned char> room_; // for WQEs that an SQE cannot hold
    unsigned next_ = 0;
};

// A ring that does nothing, and does it depth times at once.
class UringNop {
public:
    UringNop();
    ~UringNop();
    UringNop(const UringNop &) = delete;
    UringNop &operator=(const UringNop &) = delete;
    void post(const void *, unsigned n);
    unsigned reap(ub_cr *, unsigned n, bool);

private:
    io_uring ring_;
};

// Reads of 4 KiB by NVMe passthrough: IORING_OP_URING_CMD on a generic character device.
class NvmePassthrough {
public:
    explicit NvmePassthrough(const std::string &node);
    ~NvmePassthrough();
    NvmePassthrough(const NvmePassthrough &) = delete;
    NvmePassthrough &operator=(const NvmePassthrough &) = delete;
    void post(const void *, unsigned n);
    unsigned reap(ub_cr *, unsigned n, bool);

private:
    io_uring ring_;
    int fd_;
    unsigned nsid_, next_ = 0;
    void *memory_;
};

} // namespace bench
