/* SPDX-License-Identifier: MIT */
/* Which places of the driver this thread's calls came to. Without KCOV in the kernel: none. */
#pragma once

#include <cstdint>
#include <vector>

class kcov {
public:
    kcov();
    ~kcov();
    kcov(const kcov &) = delete;
    void start() {
        if (area_)
            __atomic_store_n(area_, 0, __ATOMIC_RELAXED);
    }
    /* Adds what was reached since start() to the shared map; whether any of it was new. */
    bool collect();

private:
    int fd_ = -1;
    uint64_t *area_ = nullptr;
};
