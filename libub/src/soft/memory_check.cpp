// SPDX-License-Identifier: MIT
#include "memory_check.hpp"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <ub/ub_uapi.h>

namespace ub_soft {

MemoryState check_memory(uint64_t addr, uint64_t len, bool writable) {
    struct Close {
        void operator()(FILE *file) const { std::fclose(file); }
    };
    const std::unique_ptr<FILE, Close> maps(std::fopen("/proc/self/maps", "re"));
    if (!maps) // nobody can tell; take the caller's word
        return {len, UB_EXT_NONE};
    MemoryState state{0, UB_EXT_BAD_ADDRESS};
    char *line = nullptr;
    size_t room = 0;
    uint64_t at = addr;
    while (at < addr + len && getline(&line, &room, maps.get()) > 0) {
        uint64_t start, end;
        char rights[5];
        if (std::sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s", &start, &end, rights) != 3 ||
            end <= at)
            continue;
        if (start > at)
            break;
        if (rights[writable ? 1 : 0] == '-') {
            state.refusal = rights[0] == 'r' ? UB_EXT_READ_ONLY : UB_EXT_NO_ACCESS;
            break;
        }
        at = end;
    }
    std::free(line);
    state.usable = std::min(at - addr, len);
    return state;
}

} // namespace ub_soft
