// SPDX-License-Identifier: MIT
// The reference model: docs/visa.md as a program, written of it alone and for clarity. It shares
// the table of numbers with the device, and no arithmetic.
#ifndef UB_VISA_REFERENCE_HPP
#define UB_VISA_REFERENCE_HPP

#include "visa/visa.h"

#include <array>
#include <cstdint>
#include <vector>

namespace ub_reference {

using bytes = std::vector<uint8_t>;

struct tile {
    unsigned rows = 0, cols = 0, type = UB_F32; // no rows: nothing was written to it
    std::vector<uint32_t> bits;

    uint32_t &at(unsigned row, unsigned col) { return bits[row * cols + col]; }
    uint32_t at(unsigned row, unsigned col) const { return bits[row * cols + col]; }
};

struct stop {
    unsigned fault = 0, argument = 0, insn = 0; // no fault: exit
};

// One element of a tile, and back. value: of f32 or, as an integer, of i32.
float f32(uint32_t bits);
uint32_t bits_of(float value);
uint32_t to_tile(unsigned type, unsigned memory, const uint8_t *element);
void to_memory(unsigned memory, unsigned type, uint32_t bits, uint8_t *element);
// Of two f32 or two i32, and of one; also of the functions marked approximate, correctly rounded.
uint32_t binary(unsigned operation, unsigned type, uint32_t a, uint32_t b);
uint32_t unary(unsigned operation, unsigned type, uint32_t a);
bool holds(unsigned condition, unsigned type, uint32_t a, uint32_t b);
// Of an operation on tiles alone; fills made, or says what is wrong.
stop apply(unsigned operation, const tile &dst, const std::array<const tile *, 3> &from,
           const std::array<uint64_t, 5> &argument, tile &made);

class machine {
public:
    std::vector<ub_visa_insn> program;
    unsigned tiles = 0;
    uint64_t fuel = 0;
    std::array<uint32_t, 3> grid{1, 1, 1};
    bytes args;
    std::vector<bytes> segments;

    // What a block leaves behind.
    std::array<uint64_t, UB_VISA_REGS> reg{};
    bytes stack;
    std::array<tile, UB_VISA_MAX_TILES> store;
    uint64_t fuel_left = 0;

    stop run(uint32_t block);

private:
    uint32_t block_ = 0;
    size_t pc_ = 0;

    uint8_t *find(uint64_t address, unsigned size, bool writes);
    bool pay(uint64_t amount);
    stop call(unsigned operation);
    stop operate(unsigned operation, const std::array<uint64_t, 5> &argument);
    stop index(unsigned operation, const std::array<uint64_t, 5> &argument);
    stop fill(unsigned operation, const std::array<uint64_t, 5> &argument);
    stop convert(const std::array<uint64_t, 5> &argument);
    stop element(unsigned operation, const std::array<uint64_t, 5> &argument);
    stop compute(const ub_visa_row *row, unsigned operation,
                 const std::array<uint64_t, 5> &argument);
    stop move(unsigned operation, const std::array<uint64_t, 5> &argument);
    stop word(unsigned operation, const std::array<uint64_t, 5> &argument);
};

} // namespace ub_reference

#endif
