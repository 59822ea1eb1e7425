// SPDX-License-Identifier: MIT
/**
 * @file
 * Work requests for <ub/ub.hpp>, which includes this file: one function for each opcode.
 */
#ifndef UB_UB_REQUEST_HPP
#define UB_UB_REQUEST_HPP

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <optional>
#include <span>
#include <type_traits>

#include <ub/ub_error.hpp>

namespace ub {

/// One to thirteen pieces of local memory.
class sge_list {
public:
    sge_list() = default;
    sge_list(const sge &one) : sge_list(std::span(&one, 1)) {}
    sge_list(std::initializer_list<sge> some) : sge_list(std::span(some.begin(), some.size())) {}
    /// @throws error EINVAL: more than a request can hold
    sge_list(std::span<const sge> some) : count_(static_cast<uint8_t>(some.size())) {
        if (some.size() > items_.size())
            detail::fail("request", EINVAL, "more pieces of memory than a request can hold");
        for (size_t i = 0; i < some.size(); ++i)
            items_[i] = some[i];
    }
    const sge *data() const noexcept { return items_.data(); }
    uint8_t size() const noexcept { return count_; }

private:
    std::array<sge, 13> items_{};
    uint8_t count_ = 0;
};

/**
 * A work request that owns its parts, so that it can be copied and kept. Completion is asked for
 * unless unsignalled() says otherwise. Hot loops may fill a work_request by hand instead.
 */
class request {
public:
    explicit request(ub_opcode opcode, const sge_list &local = {}) noexcept : local_(local) {
        wr_.opcode = static_cast<uint8_t>(opcode);
        wr_.flags = UB_WR_COMPLETE;
    }

    request &user_ctx(uint64_t value) noexcept { return wr_.user_ctx = value, *this; }
    request &unsignalled() noexcept {
        wr_.flags &= static_cast<uint16_t>(~UB_WR_COMPLETE);
        return *this;
    }
    request &solicited() noexcept { return flag(UB_WR_SOLICITED); }
    request &fence() noexcept { return flag(UB_WR_FENCE); }
    /// Copy the local bytes into the request at post; their memory needs no segment.
    request &inlined() noexcept { return flag(UB_WR_INLINE); }
    request &to(const ub::target &where, uint64_t addr = 0) noexcept {
        target_ = where;
        wr_.rmt_addr = addr;
        return *this;
    }
    request &notify(const ub::target &whom, uint64_t addr = 0) noexcept {
        notify_ = whom;
        wr_.notify_addr = addr;
        return *this;
    }

    /// The C form, for fields that have no function here.
    work_request &raw() noexcept { return wr_; }
    /// The C form with its pointers; valid as long as this request stays where it is.
    work_request wr() const noexcept {
        work_request wr = wr_;
        wr.sge = local_.data();
        wr.num_sge = local_.size();
        wr.target = target_ ? &*target_ : nullptr;
        if (notify_)
            wr.notify = &*notify_;
        return wr;
    }

private:
    request &flag(unsigned bit) noexcept {
        wr_.flags |= static_cast<uint16_t>(bit);
        return *this;
    }
    work_request wr_{};
    sge_list local_;
    std::optional<ub::target> target_;
    std::optional<ub::target> notify_;
};

inline request nop() noexcept { return request(UB_OP_NOP); }

/// local -> addr of the segment to.
inline request write(const sge_list &local, const target &to, uint64_t addr) noexcept {
    return request(UB_OP_WRITE, local).to(to, addr);
}
/// local -> start of the segment to.
inline request write(const sge_list &local, const target &to) noexcept {
    return write(local, to, to.va);
}
/// WRITE, then a receive of whom (a JFR or Jetty) completes with imm.
inline request write_imm(const sge_list &local, const target &to, uint64_t addr,
                         const target &whom, uint64_t imm) noexcept {
    request r = request(UB_OP_WRITE_IMM, local).to(to, addr).notify(whom);
    r.raw().imm_data = imm;
    return r;
}
/// WRITE, then the 8 bytes of value are stored at notify_addr of the segment where.
inline request write_notify(const sge_list &local, const target &to, uint64_t addr,
                            const target &where, uint64_t notify_addr, uint64_t value) noexcept {
    request r = request(UB_OP_WRITE_NOTIFY, local).to(to, addr).notify(where, notify_addr);
    r.raw().imm_data = value;
    return r;
}
/// addr of the segment from -> local.
inline request read(const sge_list &local, const target &from, uint64_t addr) noexcept {
    return request(UB_OP_READ, local).to(from, addr);
}
inline request read(const sge_list &local, const target &from) noexcept {
    return read(local, from, from.va);
}
/// To the next receive of whom, a JFR or Jetty.
inline request send(const sge_list &local, const target &whom) noexcept {
    return request(UB_OP_SEND, local).to(whom);
}
inline request send_imm(const sge_list &local, const target &whom, uint64_t imm) noexcept {
    request r = request(UB_OP_SEND_IMM, local).to(whom);
    r.raw().imm_data = imm;
    return r;
}

/// An atomic on the 4 or 8 bytes at addr (the length of old, which gets the value before).
inline request atomic(ub_opcode opcode, const sge &old, const target &at, uint64_t addr,
                      uint64_t operand, uint64_t compare = 0) noexcept {
    request r = request(opcode, old).to(at, addr);
    r.raw().operand = operand;
    r.raw().compare = compare;
    return r;
}
inline request cas(const sge &old, const target &at, uint64_t addr, uint64_t compare,
                   uint64_t value) noexcept {
    return atomic(UB_OP_CAS, old, at, addr, value, compare);
}
inline request swap(const sge &old, const target &at, uint64_t addr, uint64_t value) noexcept {
    return atomic(UB_OP_SWAP, old, at, addr, value);
}
inline request fadd(const sge &old, const target &at, uint64_t addr, uint64_t operand) noexcept {
    return atomic(UB_OP_FADD, old, at, addr, operand);
}
inline request fsub(const sge &old, const target &at, uint64_t addr, uint64_t operand) noexcept {
    return atomic(UB_OP_FSUB, old, at, addr, operand);
}
inline request fand(const sge &old, const target &at, uint64_t addr, uint64_t operand) noexcept {
    return atomic(UB_OP_FAND, old, at, addr, operand);
}
inline request for_(const sge &old, const target &at, uint64_t addr, uint64_t operand) noexcept {
    return atomic(UB_OP_FOR, old, at, addr, operand);
}
inline request fxor(const sge &old, const target &at, uint64_t addr, uint64_t operand) noexcept {
    return atomic(UB_OP_FXOR, old, at, addr, operand);
}

/// Repeat pattern over local; T is 1, 2, 4 or 8 bytes.
template <typename T> request fill(const sge_list &local, T pattern) noexcept {
    static_assert(std::is_trivially_copyable_v<T>);
    static_assert(sizeof(T) == 1 || sizeof(T) == 2 || sizeof(T) == 4 || sizeof(T) == 8);
    request r(UB_OP_FILL, local);
    r.raw().pattern = 0;
    std::memcpy(&r.raw().pattern, &pattern, sizeof pattern);
    r.raw().pattern_size = sizeof pattern;
    return r;
}
/// CRC-32C of local, continued from seed; the completion's imm_data is the result.
inline request crc32c(const sge_list &local, uint32_t seed = 0) noexcept {
    request r(UB_OP_CRC32C, local);
    r.raw().crc_seed = seed;
    return r;
}

/// C = alpha op(A) op(B) + beta C. Leading dimensions of 0 mean packed rows.
struct gemm_shape {
    uint32_t m, n, k;
    float alpha = 1.0f, beta = 0.0f;
    bool trans_a = false, trans_b = false;
    uint32_t lda = 0, ldb = 0, ldc = 0;
};

inline request gemm(const sge &a, const sge &b, const sge &c, const gemm_shape &s) noexcept {
    request r(UB_OP_GEMM_F32, {a, b, c});
    const uint32_t lda = s.lda ? s.lda : s.trans_a ? s.m : s.k;
    const uint32_t ldb = s.ldb ? s.ldb : s.trans_b ? s.k : s.n;
    r.raw().gemm = {s.m, s.n, s.k, lda, ldb, s.ldc ? s.ldc : s.n, s.alpha, s.beta};
    r.raw().gemm_trans = (s.trans_a ? UB_GEMM_TRANS_A : 0) | (s.trans_b ? UB_GEMM_TRANS_B : 0);
    return r;
}

} // namespace ub

#endif
