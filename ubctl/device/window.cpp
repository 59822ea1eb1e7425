// SPDX-License-Identifier: MIT
#include "device/window.hpp"

#include <algorithm>

#include <ub/ub_uapi.h>

namespace ubctl {

namespace {

constexpr uint64_t largest_window = 8 << 20, page = 4096;

} // namespace

bool is_over_memlock(const ub::error &error) {
    return error.ext_code() == UB_EXT_MEMLOCK;
}

size_t halved_window(size_t bytes) {
    return std::max(bytes / 2 / page * page, page);
}

size_t window_size(Session &session, std::optional<uint64_t> file_size) {
    uint64_t bytes = std::min(session.attr().max_msg, largest_window);
    if (file_size)
        bytes = std::min(bytes, (*file_size / page + 1) * page);
    return std::max(bytes / page * page, page);
}

} // namespace ubctl
