/* SPDX-License-Identifier: MIT */
/* One seed, one sequence. */
#pragma once

#include <cstddef>
#include <cstdint>

struct rng {
    uint64_t state;

    explicit rng(uint64_t seed) : state(seed) {}
    uint64_t next() {
        uint64_t z = state += 0x9e3779b97f4a7c15ull;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
        z = (z ^ z >> 27) * 0x94d049bb133111ebull;
        return z ^ z >> 31;
    }
    /* 0 .. n - 1 */
    uint32_t below(uint32_t n) { return static_cast<uint32_t>(next() % n); }
    bool one_in(uint32_t n) { return !below(n); }
    template <typename T, size_t N> T pick(const T (&from)[N]) { return from[below(N)]; }
};

/* What lies at an edge somewhere. */
inline uint64_t odd_number(rng &r) {
    static const uint64_t numbers[] = {
        0,
        1,
        2,
        3,
        7,
        63,
        64,
        65,
        127,
        128,
        255,
        256,
        4095,
        4096,
        4097,
        65535,
        65536,
        0x1fffff,
        0x200000,
        0x7fffffff,
        0x80000000,
        0xffffffff,
        0x100000000,
        0x7fffffffffffffff,
        0x8000000000000000,
        0xfffffffffffff000,
        0xffffffffffffffff,
        0x7ffffffff000,
        0xffff888000000000,
    };
    switch (r.below(3)) {
    case 0:
        return r.next();
    case 1:
        return 1ull << r.below(64);
    default:
        return r.pick(numbers);
    }
}
