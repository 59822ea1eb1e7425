// SPDX-License-Identifier: MIT
// How large a piece of a file goes through the device at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "device/session.hpp"

namespace ubctl {

// Files of any size go through two windows of registered memory in turn: while the device works on
// one, the other is read or written.
constexpr uint64_t window_count = 2;
// The largest that is of use, for a file of which the size may be known. A multiple of 4096.
size_t window_size(Session &session, std::optional<uint64_t> file_size);

bool is_over_memlock(const ub::error &error);
// Half of it, and a multiple of 4096 again.
size_t halved_window(size_t bytes);

// What make(size) makes of the first of size, smaller(size), .. that may be locked. How much that
// is follows from limits, capabilities and namespaces, which the driver weighs and nobody else.
template <class Size, class Make, class Smaller>
auto make_fitting(Size size, Make make, Smaller smaller) {
    for (;;)
        try {
            return make(size);
        } catch (const ub::error &error) {
            const Size next = smaller(size);
            if (!is_over_memlock(error) || next == size)
                throw;
            size = next;
        }
}

// The same for make(bytes) that makes windows.
template <class Make> auto make_windows(size_t bytes, Make make) {
    return make_fitting(bytes, make, halved_window);
}

} // namespace ubctl
