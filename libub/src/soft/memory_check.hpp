// SPDX-License-Identifier: MIT
#ifndef UB_SOFT_MEMORY_CHECK_HPP
#define UB_SOFT_MEMORY_CHECK_HPP

#include <cstdint>

namespace ub_soft {

// What a range of this process is, without touching it.
struct MemoryState {
    uint64_t readable; // bytes from the start that can be read
    bool writable;     // all of them can be written, too
};

MemoryState check_memory(uint64_t addr, uint64_t len);

} // namespace ub_soft

#endif
