// SPDX-License-Identifier: MIT
// One request of a stress worker: what it does to its cell of memory, and what must be there after.
#ifndef TESTS_VM_STRESS_WORK_HPP
#define TESTS_VM_STRESS_WORK_HPP

#include "stress.hpp"

#include <ub/ub.hpp>

#include <algorithm>
#include <cstring>
#include <span>

namespace stress {

inline constexpr unsigned cells = 24, receives = 64;
inline constexpr size_t cell_size = 16384, message_size = 256;

/// A third each: what goes out, what comes back, what a GEMM adds to.
struct Cell {
    std::span<std::byte> out, in, sum, far;
    ub::sge out_sge(uint32_t len) const { return {len, token, address(out)}; }
    ub::sge in_sge(uint32_t len) const { return {len, token, address(in)}; }
    ub::sge sum_sge(uint32_t len) const { return {len, token, address(sum)}; }
    uint64_t far_va() const { return address(far); }
    uint32_t token;

private:
    static uint64_t address(std::span<std::byte> s) {
        return reinterpret_cast<uintptr_t>(s.data());
    }
};

inline uint64_t word_at(std::span<const std::byte> at) {
    uint64_t value;
    std::memcpy(&value, at.data(), sizeof value);
    return value;
}
inline void put_word(std::span<std::byte> at, uint64_t value) {
    std::memcpy(at.data(), &value, sizeof value);
}

inline void scramble(Rng &rng, std::span<std::byte> what) {
    for (; what.size() >= 8; what = what.subspan(8))
        put_word(what, rng.next());
    std::ranges::fill(what, std::byte{0x5a});
}

inline uint32_t crc32c(std::span<const std::byte> what) {
    static const auto table = [] {
        std::array<uint32_t, 256> t{};
        for (uint32_t i = 0; i < 256; ++i) {
            uint32_t c = i;
            for (int bit = 0; bit < 8; ++bit)
                c = c >> 1 ^ (c & 1 ? 0x82f63b78 : 0);
            t[i] = c;
        }
        return t;
    }();
    uint32_t c = ~0u;
    for (const std::byte b : what)
        c = c >> 8 ^ table[(c ^ static_cast<uint8_t>(b)) & 0xff];
    return ~c;
}

/// Of a message: its serial, then bytes that follow from it.
inline void put_message(std::span<std::byte> what, uint64_t serial) {
    std::ranges::fill(what, static_cast<std::byte>(serial * 37));
    put_word(what, serial);
}
inline bool is_message(std::span<const std::byte> what) {
    const auto want = static_cast<std::byte>(word_at(what) * 37);
    return std::ranges::all_of(what.subspan(8), [want](std::byte b) { return b == want; });
}

class Work {
public:
    Work() = default;
    Work(Op op, Rng &rng, const Cell &cell, unsigned index)
        : op(op), cell(index), mem_(cell), len_(1 + rng.below(cell_size)), a_(rng.next()),
          b_(rng.next()) {
        if (op == GEMM)
            dim_ = 8 + rng.below(33);
        if (op == FILL)
            len_ = (len_ + 7) & ~7u;
        if (op == SEND)
            len_ = 16 + rng.below(message_size - 15);
    }

    /// Fills the cell. @param far its owner's segment, @param to who takes messages
    ub::request request(Rng &rng, uint64_t serial, const ub::target &far, const ub::target &to) {
        switch (op) {
        case WRITE:
            scramble(rng, mem_.out.first(len_));
            return ub::write(mem_.out_sge(len_), far, mem_.far_va());
        case READ:
            scramble(rng, mem_.far.first(len_));
            return ub::read(mem_.in_sge(len_), far, mem_.far_va());
        case SEND:
            put_message(mem_.out.first(len_), serial);
            return ub::send(mem_.out_sge(len_), to);
        case ATOMIC:
            put_word(mem_.far, a_);
            if (b_ & 1)
                return ub::cas(mem_.in_sge(8), far, mem_.far_va(), a_, b_);
            return ub::fadd(mem_.in_sge(8), far, mem_.far_va(), b_);
        case FILL:
            return ub::fill(mem_.in_sge(len_), a_);
        case CRC32C:
            scramble(rng, mem_.out.first(len_));
            return ub::crc32c(mem_.out_sge(len_));
        default:
            return product(rng);
        }
    }

    /// Whether a success did what it says.
    bool did(uint64_t value) const {
        switch (op) {
        case WRITE:
            return same(mem_.out, mem_.far);
        case READ:
            return same(mem_.far, mem_.in);
        case ATOMIC:
            return word_at(mem_.in) == a_ && word_at(mem_.far) == (b_ & 1 ? b_ : a_ + b_);
        case FILL:
            for (size_t at = 0; at < len_; at += 8)
                if (word_at(mem_.in.subspan(at)) != a_)
                    return false;
            return true;
        case CRC32C:
            return value == crc32c(mem_.out.first(len_));
        case GEMM:
            return multiplied();
        default:
            return true;
        }
    }

    /// Whether a request that was flushed left alone what it changes in one go.
    bool did_not() const { return op != ATOMIC || word_at(mem_.far) == a_; }

    Op op = WRITE;
    unsigned cell = 0;

private:
    using Floats = std::span<float>;
    static Floats floats(std::span<std::byte> s) {
        return {reinterpret_cast<float *>(s.data()), s.size() / sizeof(float)};
    }
    bool same(std::span<std::byte> x, std::span<std::byte> y) const {
        return !std::memcmp(x.data(), y.data(), len_);
    }
    // Small whole numbers, so that sums are exact in whatever order.
    ub::request product(Rng &rng) {
        const uint32_t bytes = dim_ * dim_ * 4;
        for (unsigned i = 0; i < dim_ * dim_; ++i) {
            floats(mem_.out)[i] = static_cast<float>(rng.below(9)) - 4;
            floats(mem_.in)[i] = static_cast<float>(rng.below(9)) - 4;
        }
        return ub::gemm(mem_.out_sge(bytes), mem_.in_sge(bytes), mem_.sum_sge(bytes),
                        {dim_, dim_, dim_});
    }
    bool multiplied() const {
        const Floats x = floats(mem_.out), y = floats(mem_.in), z = floats(mem_.sum);
        for (unsigned i = 0; i < dim_; ++i)
            for (unsigned j = 0; j < dim_; ++j) {
                float sum = 0;
                for (unsigned k = 0; k < dim_; ++k)
                    sum += x[i * dim_ + k] * y[k * dim_ + j];
                if (z[i * dim_ + j] != sum)
                    return false;
            }
        return true;
    }

    Cell mem_{};
    uint32_t len_ = 0, dim_ = 0;
    uint64_t a_ = 0, b_ = 0;
};

} // namespace stress

#endif
