// SPDX-License-Identifier: MIT
// Waiting for a file that more than one thread may read.
#ifndef UB_WAIT_HPP
#define UB_WAIT_HPP

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <poll.h>

namespace ub_impl {

// Calls attempt() until it gives something else than -EAGAIN, and sleeps on fd in between.
// timeout_ms: negative: no limit, 0: one attempt, -EAGAIN, else milliseconds, -ETIMEDOUT.
template <typename F> int wait_for(int fd, int timeout_ms, F attempt) noexcept {
    using namespace std::chrono;
    const auto end = steady_clock::now() + milliseconds(std::max(timeout_ms, 0));
    for (;;) {
        const int result = attempt();
        if (result != -EAGAIN || timeout_ms == 0)
            return result;
        int rest = -1;
        if (timeout_ms > 0) {
            const auto left = ceil<milliseconds>(end - steady_clock::now()).count();
            if (left <= 0)
                return -ETIMEDOUT;
            rest = static_cast<int>(left);
        }
        pollfd file{fd, POLLIN, 0};
        if (poll(&file, 1, rest) < 0)
            return -errno;
    }
}

} // namespace ub_impl

#endif
