// SPDX-License-Identifier: MIT
// Checks whose result is compared with one computed on the CPU.

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "cmd/checks.hpp"
#include "device/window.hpp"

namespace ubctl {

namespace {

void nop(Session &session) {
    must_succeed(session, ub::nop());
}

void transfer(Session &session, const ub::request &request, size_t len) {
    const ub::completion completion = must_succeed(session, request);
    if (completion.len != len)
        mismatch(fmt::format("{} bytes moved, not {}", completion.len, len));
}

void expect_same(std::span<const uint8_t> got, std::span<const uint8_t> want) {
    const auto [at, end] = std::mismatch(got.begin(), got.end(), want.begin());
    if (at != got.end())
        mismatch(fmt::format("byte {} is 0x{:02x}, not 0x{:02x}", at - got.begin(), *at, *end));
}

void copy(Session &session) {
    auto [from, to] = make_windows(1 << 20, [&](size_t bytes) {
        return std::pair{Buffer(session, bytes), Buffer(session, bytes, ub::all_access)};
    });
    const size_t size = from.size();
    put_pattern(from.bytes(), 1);
    transfer(session, ub::write(from.sge(0, size), to.target()), size);
    expect_same(to.bytes(), from.bytes());
    std::fill_n(from.data(), size, 0);
    transfer(session, ub::read(from.sge(0, size), to.target()), size);
    std::vector<uint8_t> want(size);
    put_pattern(want, 1);
    expect_same(from.bytes(), want);
}

// Every combination of odd starts and lengths around a page's edge; the bytes beside stay.
void copy_unaligned(Session &session) {
    constexpr size_t size = 16384;
    Buffer from(session, size), to(session, size, ub::all_access);
    put_pattern(from.bytes(), 2);
    for (size_t from_at : {size_t{1}, size_t{63}, size_t{4095}})
        for (size_t to_at : {size_t{3}, size_t{64}, size_t{4093}})
            for (size_t len : {size_t{1}, size_t{7}, size_t{65}, size_t{4097}, size_t{8191}}) {
                std::vector<uint8_t> want(size, 0xee);
                std::fill_n(to.data(), size, 0xee);
                std::copy_n(from.data() + from_at, len, want.begin() + to_at);
                transfer(session,
                         ub::write(from.sge(from_at, len), to.target(), to.address() + to_at), len);
                expect_same(to.bytes(), want);
            }
}

void fill(Session &session) {
    constexpr size_t size = 8192, at = 8, len = 4104;
    constexpr uint64_t pattern = 0x1122334455667788;
    Buffer memory(session, size);
    for (uint32_t width : {1u, 2u, 4u, 8u}) {
        std::fill_n(memory.data(), size, 0xee);
        std::vector<uint8_t> want(size, 0xee);
        for (size_t i = 0; i < len; ++i)
            want[at + i] = static_cast<uint8_t>(pattern >> (8 * (i % width)));
        ub::request request = ub::fill(memory.sge(at, len), pattern);
        request.raw().pattern = width == 8 ? pattern : pattern & ((uint64_t{1} << (8 * width)) - 1);
        request.raw().pattern_size = width;
        must_succeed(session, request);
        expect_same(memory.bytes(), want);
    }
}

// Bit by bit, as the polynomial is written; slow and plain on purpose.
uint32_t cpu_crc32c(std::span<const uint8_t> data) {
    uint32_t crc = ~0u;
    for (uint8_t byte : data) {
        crc ^= byte;
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc >> 1) ^ (crc & 1 ? 0x82f63b78u : 0u);
    }
    return ~crc;
}

uint32_t device_crc32c(Session &session, const ub::sge &sge, uint32_t seed) {
    return static_cast<uint32_t>(must_succeed(session, ub::crc32c(sge, seed)).imm_data);
}

void crc32c(Session &session) {
    constexpr size_t longest = 70001;
    const auto make = [&](size_t bytes) { return Buffer(session, bytes); };
    const Buffer memory = make_windows(longest, make);
    const size_t size = memory.size() - 1, half = size / 2 - 1;
    put_pattern(memory.bytes(), 3);
    const uint32_t want = cpu_crc32c(memory.bytes().first(size));
    const uint32_t whole = device_crc32c(session, memory.sge(0, size), 0);
    if (whole != want)
        mismatch(fmt::format("0x{:08x}, not 0x{:08x}", whole, want));
    const uint32_t first = device_crc32c(session, memory.sge(0, half), 0);
    const uint32_t parts = device_crc32c(session, memory.sge(half, size - half), first);
    if (parts != want)
        mismatch(fmt::format("in two parts 0x{:08x}, not 0x{:08x}", parts, want));
}

struct AtomicCase {
    ub_opcode opcode;
    uint64_t before, operand, compare, after;
};

template <class Word> void atomic_case(Session &session, const AtomicCase &test) {
    Buffer local(session, 64), remote(session, 64, ub::all_access);
    remote.as<Word>()[0] = static_cast<Word>(test.before);
    must_succeed(session, ub::atomic(test.opcode, local.sge(0, sizeof(Word)), remote.target(),
                                     remote.address(), static_cast<Word>(test.operand),
                                     static_cast<Word>(test.compare)));
    const Word old = local.as<Word>()[0], now = remote.as<Word>()[0];
    if (old != static_cast<Word>(test.before) || now != static_cast<Word>(test.after))
        mismatch(fmt::format("{} of {} bytes: returned {}, left {}", ub_opcode_str(test.opcode),
                             sizeof(Word), old, now));
}

void atomics(Session &session) {
    constexpr uint64_t big = 0xfedcba9876543210;
    const AtomicCase cases[] = {
        {UB_OP_CAS, 5, 9, 5, 9},
        {UB_OP_CAS, 5, 9, 6, 5},
        {UB_OP_SWAP, big, 7, 0, 7},
        {UB_OP_FADD, ~uint64_t{0}, 2, 0, 1},
        {UB_OP_FSUB, 1, 2, 0, ~uint64_t{0}},
        {UB_OP_FAND, big, 0xff00ff00ff00ff00, 0, big & 0xff00ff00ff00ff00},
        {UB_OP_FOR, big, 0x0101010101010101, 0, big | 0x0101010101010101},
        {UB_OP_FXOR, big, 0xffffffff00000001, 0, big ^ 0xffffffff00000001},
    };
    for (const AtomicCase &test : cases) {
        atomic_case<uint32_t>(session, test);
        atomic_case<uint64_t>(session, test);
    }
}

float element(uint32_t i) {
    return static_cast<float>(static_cast<int>(i * 37 % 101) - 50) / 50.0f;
}

// Odd sizes, both operands transposed, scaled and added to.
void gemm(Session &session) {
    constexpr uint32_t m = 33, n = 17, k = 29;
    constexpr float alpha = 1.5f, beta = -0.5f;
    Buffer a(session, m * k * sizeof(float)), b(session, k * n * sizeof(float)),
        c(session, m * n * sizeof(float));
    for (uint32_t i = 0; i < m * k; ++i)
        a.as<float>()[i] = element(i);
    for (uint32_t i = 0; i < k * n; ++i)
        b.as<float>()[i] = element(i + 7);
    for (uint32_t i = 0; i < m * n; ++i)
        c.as<float>()[i] = element(i + 13);
    must_succeed(session, ub::gemm(a.sge(0, a.size()), b.sge(0, b.size()), c.sge(0, c.size()),
                                   {m, n, k, alpha, beta, true, true}));
    // A sum of k products of numbers up to 1 in binary32 errs by less than k 2^-23.
    constexpr double tolerance = 2 * k * 0x1p-23;
    for (uint32_t i = 0; i < m; ++i)
        for (uint32_t j = 0; j < n; ++j) {
            double want = double{beta} * element(i * n + j + 13);
            for (uint32_t l = 0; l < k; ++l)
                want += double{alpha} * a.as<float>()[l * m + i] * b.as<float>()[j * k + l];
            const double got = c.as<float>()[i * n + j];
            if (!(std::fabs(got - want) <= tolerance))
                mismatch(fmt::format("element ({}, {}) is {}, not {}", i, j, got, want));
        }
}

const Check checks[] = {
    {"nop", 0, nop},
    {"copy", UB_OPCAP_WRITE | UB_OPCAP_READ, copy},
    {"copy_unaligned", UB_OPCAP_WRITE, copy_unaligned},
    {"fill", UB_OPCAP_FILL, fill},
    {"crc32c", UB_OPCAP_CRC32C, crc32c},
    {"atomics", UB_OPCAP_ATOMIC, atomics},
    {"gemm", UB_OPCAP_GEMM_F32, gemm},
};

} // namespace

std::span<const Check> data_checks() {
    return checks;
}

} // namespace ubctl
