// SPDX-License-Identifier: MIT
// The device page table of a context, in memory of this process; bus addresses are virtual ones.
#ifndef UB_SOFT_PAGE_TABLE_HPP
#define UB_SOFT_PAGE_TABLE_HPP

#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <vector>

namespace ub_soft {

// Where a range of memory lies in device address space, and what it took to map.
struct Mapping {
    uint64_t va = 0;
    uint64_t len = 0;
    uint64_t uba = 0; // of the first byte
    uint32_t leaf_4k = 0;
    uint32_t leaf_2m = 0;
};

// Device addresses in granules of 2 MiB, first fit.
class AddressSpace {
public:
    AddressSpace();
    // @return the first granule. Throws std::bad_alloc when there is no room.
    uint64_t take(uint64_t granules);
    void give(uint64_t first, uint64_t granules);

private:
    std::map<uint64_t, uint64_t> free_; // first granule -> how many
};

class PageTable {
public:
    PageTable();
    uint64_t base() const noexcept { return reinterpret_cast<uintptr_t>(root_.get()); }
    Mapping map(uint64_t va, uint64_t len, bool writable);
    void unmap(const Mapping &mapping) noexcept;

private:
    struct Free {
        void operator()(uint64_t *table) const noexcept { std::free(table); }
    };
    using Table = std::unique_ptr<uint64_t[], Free>;
    static Table new_table();
    uint64_t *entry_of_granule(uint64_t granule);
    uint32_t fill_granule(uint64_t *entry, uint64_t va, uint64_t first, uint64_t last,
                          uint64_t rights);

    AddressSpace space_;
    Table root_;
    std::vector<Table> upper_; // levels 3 and 2; they stay until the context goes
};

} // namespace ub_soft

#endif
