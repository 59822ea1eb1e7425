// SPDX-License-Identifier: MIT
// Tells a process from those that fork() made of it.
#ifndef UB_PROCESS_HPP
#define UB_PROCESS_HPP

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

namespace ub_impl {

// A word that is zero in each new process: the kernel wipes its page at fork() and clone(), but not
// for threads and vfork(), which share it. NULL: the kernel cannot.
inline std::atomic<uint64_t> *wiped_word() noexcept {
    static std::atomic<uint64_t> *const word = []() -> std::atomic<uint64_t> * {
        const auto size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
        void *page =
            mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (page == MAP_FAILED || madvise(page, size, MADV_WIPEONFORK))
            return nullptr;
        return static_cast<std::atomic<uint64_t> *>(page);
    }();
    return word;
}

// The number of this process, never 0 and not that of the process it was forked from.
inline uint64_t this_process() noexcept {
    static std::atomic<uint64_t> last{0}; // a child goes on where its parent was
    std::atomic<uint64_t> *const word = wiped_word();
    if (!word)
        return static_cast<uint64_t>(getpid());
    uint64_t mine = word->load(std::memory_order_acquire);
    if (mine)
        return mine;
    const uint64_t fresh = last.fetch_add(1) + 1;
    return word->compare_exchange_strong(mine, fresh) ? fresh : mine;
}

} // namespace ub_impl

#endif
