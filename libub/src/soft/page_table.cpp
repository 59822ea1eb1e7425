// SPDX-License-Identifier: MIT
#include "page_table.hpp"

#include <ub/ub_hw.h>

#include <algorithm>
#include <cstring>
#include <new>

namespace ub_soft {
namespace {

constexpr uint64_t page = UB_HW_PAGE_SIZE;
constexpr unsigned granule_shift = 21;
constexpr uint64_t granule = uint64_t{1} << granule_shift;
constexpr uint64_t entries = 512;

// The device may walk the table at any time; it sees an entry whole.
void store(uint64_t *entry, uint64_t value) { __atomic_store_n(entry, value, __ATOMIC_RELEASE); }

uint64_t granules_of(uint64_t va, uint64_t len) {
    return ((va & (granule - 1)) + len + granule - 1) >> granule_shift;
}

} // namespace

// Granule 0 stays free, so that address 0 maps nothing.
AddressSpace::AddressSpace()
    : free_{{1, (uint64_t{1} << (UB_UBA_BITS - granule_shift)) - 1}} {}

uint64_t AddressSpace::take(uint64_t granules) {
    for (auto range = free_.begin(); range != free_.end(); ++range) {
        const auto [first, room] = *range;
        if (room < granules)
            continue;
        free_.erase(range);
        if (room > granules)
            free_[first + granules] = room - granules;
        return first;
    }
    throw std::bad_alloc();
}

void AddressSpace::give(uint64_t first, uint64_t granules) {
    auto [range, fresh] = free_.emplace(first, granules);
    if (const auto next = std::next(range);
        next != free_.end() && range->first + range->second == next->first) {
        range->second += next->second;
        free_.erase(next);
    }
    if (range == free_.begin())
        return;
    const auto before = std::prev(range);
    if (before->first + before->second == range->first) {
        before->second += range->second;
        free_.erase(range);
    }
}

PageTable::PageTable() : root_(new_table()) {}

PageTable::Table PageTable::new_table() {
    void *table = std::aligned_alloc(page, page);
    if (!table)
        throw std::bad_alloc();
    std::memset(table, 0, page);
    return Table(static_cast<uint64_t *>(table));
}

// The level 2 entry of a granule; makes the tables above it.
uint64_t *PageTable::entry_of_granule(uint64_t granule_index) {
    uint64_t *table = root_.get();
    for (unsigned shift : {18u, 9u}) {
        uint64_t *entry = &table[(granule_index >> shift) % entries];
        if (!*entry) {
            upper_.push_back(new_table());
            store(entry, reinterpret_cast<uintptr_t>(upper_.back().get()) | UB_PTE_VALID);
        }
        table = reinterpret_cast<uint64_t *>(*entry & UB_PTE_ADDR_MASK);
    }
    return &table[granule_index % entries];
}

// Maps pages first .. last - 1 of one granule, the first at va. @return 4 KiB leaves it took
uint32_t PageTable::fill_granule(uint64_t *entry, uint64_t va, uint64_t first, uint64_t last,
                                 uint64_t rights) {
    if (first == 0 && last == entries) {
        store(entry, va | rights | UB_PTE_HUGE);
        return 0;
    }
    Table leaves = new_table();
    for (uint64_t i = first; i < last; ++i)
        leaves[i] = (va + (i - first) * page) | rights;
    store(entry, reinterpret_cast<uintptr_t>(leaves.release()) | UB_PTE_VALID);
    return static_cast<uint32_t>(last - first);
}

Mapping PageTable::map(uint64_t va, uint64_t len, bool writable) {
    const uint64_t rights =
        UB_PTE_VALID | UB_PTE_READ | (writable ? UB_PTE_WRITE | UB_PTE_ATOMIC : 0);
    const uint64_t count = granules_of(va, len);
    const uint64_t first = space_.take(count);
    Mapping mapping{va, len, (first << granule_shift) | (va & (granule - 1)), 0, 0};
    const uint64_t end = (va + len + page - 1) & ~(page - 1);
    uint64_t at = va & ~(page - 1);
    try {
        for (uint64_t i = 0; i < count; ++i) {
            const uint64_t stop = std::min(end, (at & ~(granule - 1)) + granule);
            const uint64_t first_page = (at & (granule - 1)) / page;
            const uint32_t small = fill_granule(entry_of_granule(first + i), at, first_page,
                                                first_page + (stop - at) / page, rights);
            mapping.leaf_4k += small;
            mapping.leaf_2m += small ? 0 : 1;
            at = stop;
        }
    } catch (...) {
        unmap(mapping);
        throw;
    }
    return mapping;
}

void PageTable::unmap(const Mapping &mapping) noexcept {
    const uint64_t first = mapping.uba >> granule_shift;
    const uint64_t count = granules_of(mapping.va, mapping.len);
    for (uint64_t i = first; i < first + count; ++i) {
        // The tables above exist, or the mapping failed here and nothing follows.
        uint64_t *table = root_.get();
        for (unsigned shift : {18u, 9u})
            table = table ? reinterpret_cast<uint64_t *>(table[(i >> shift) % entries] &
                                                         UB_PTE_ADDR_MASK)
                          : nullptr;
        if (!table || !table[i % entries])
            break;
        const uint64_t old = table[i % entries];
        store(&table[i % entries], 0);
        if (!(old & UB_PTE_HUGE))
            std::free(reinterpret_cast<void *>(old & UB_PTE_ADDR_MASK));
    }
    space_.give(first, count);
}

} // namespace ub_soft
