// SPDX-License-Identifier: MIT
// How large a piece of a file goes through the device at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace ubctl {

// Bytes for each of so many registered buffers: at most 8 MiB, at most what one request may move,
// no more than the file needs, and together well below RLIMIT_MEMLOCK. A multiple of 4096.
size_t window_bytes(unsigned buffers, uint64_t max_msg, std::optional<uint64_t> file_size);

} // namespace ubctl
