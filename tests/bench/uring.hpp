// SPDX-License-Identifier: MIT
// Peers on io_uring, each with the members of a door.
#pragma once

#include <liburing.h>

#include <string>

namespace bench {

// A ring that does nothing, and does it depth times at once.
class UringNop {
public:
    UringNop();
    ~UringNop();
    UringNop(const UringNop &) = delete;
    UringNop &operator=(const UringNop &) = delete;
    void post(const void *, unsigned n);
    template <class Cr> unsigned reap(Cr *, unsigned n) { return take(n); }
    void sleep() {}

private:
    unsigned take(unsigned n);
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
    template <class Cr> unsigned reap(Cr *, unsigned n) { return take(n); }
    void sleep() {}

private:
    unsigned take(unsigned n);
    io_uring ring_;
    int fd_;
    unsigned nsid_, next_ = 0;
    void *memory_;
};

} // namespace bench
