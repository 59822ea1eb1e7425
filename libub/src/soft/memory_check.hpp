// SPDX-License-Identifier: MIT
#ifndef UB_SOFT_MEMORY_CHECK_HPP
#define UB_SOFT_MEMORY_CHECK_HPP

#include <cstdint>

namespace ub_soft {

// Behind the last address of a program that does not ask for more.
#ifdef __x86_64__
inline constexpr uint64_t user_end = (uint64_t{1} << 47) - 4096;
#else
inline constexpr uint64_t user_end = uint64_t{1} << 48;
#endif

// What a range of this process is, without touching it.
struct MemoryState {
    uint64_t usable;  // bytes from the start that can be read, or written if that is asked
    uint32_t refusal; // why what follows cannot, as UB_EXT_*
};

MemoryState check_memory(uint64_t addr, uint64_t len, bool writable);

} // namespace ub_soft

#endif
