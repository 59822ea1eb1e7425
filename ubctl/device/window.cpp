// SPDX-License-Identifier: MIT
#include "device/window.hpp"

#include <algorithm>

#include <sys/resource.h>
#include <unistd.h>

namespace ubctl {

namespace {

constexpr uint64_t smallest = 64 << 10, largest_window = 8 << 20, page = 4096;

// What may be pinned; half is left to the queues and to the user's other processes.
uint64_t pin_budget() {
    rlimit limit{};
    if (geteuid() == 0 || getrlimit(RLIMIT_MEMLOCK, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
        return UINT64_MAX;
    return limit.rlim_cur / 2;
}

} // namespace

size_t window_bytes(unsigned buffers, uint64_t largest, std::optional<uint64_t> file_size) {
    uint64_t bytes = std::min(std::max(pin_budget() / buffers, smallest), largest);
    if (file_size)
        bytes = std::min(bytes, (*file_size / page + 1) * page);
    return std::max(bytes / page * page, page);
}

size_t window_size(Session &session, unsigned buffers, std::optional<uint64_t> file_size) {
    return window_bytes(buffers, std::min(session.attr().max_msg, largest_window), file_size);
}

} // namespace ubctl
