// SPDX-License-Identifier: MIT
// How large a piece of a file goes through the device at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "device/session.hpp"

namespace ubctl {

// Bytes for each of so many registered buffers: at most the largest, no more than the file needs,
// and together at most half of RLIMIT_MEMLOCK, if that leaves 64 KiB for each. A multiple of 4096.
size_t window_bytes(unsigned buffers, uint64_t largest, std::optional<uint64_t> file_size);

// Files of any size go through two windows of registered memory in turn: while the device works on
// one, the other is read or written.
constexpr uint64_t window_count = 2;
// Of so many buffers, for a file of which the size may be known: what one command takes.
size_t window_size(Session &session, unsigned buffers, std::optional<uint64_t> file_size);

} // namespace ubctl
