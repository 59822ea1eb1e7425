// SPDX-License-Identifier: MIT
// How large a piece of a file goes through the device at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace ubctl {

// Bytes for each of so many registered buffers: at most the largest, no more than the file needs,
// and together at most half of RLIMIT_MEMLOCK, if that leaves 64 KiB for each. A multiple of 4096.
size_t window_bytes(unsigned buffers, uint64_t largest, std::optional<uint64_t> file_size);

} // namespace ubctl
