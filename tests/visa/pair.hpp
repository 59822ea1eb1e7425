// SPDX-License-Identifier: MIT
// One program on the device's block and on the reference model, and whether they agree.
#ifndef UB_TEST_VISA_PAIR_HPP
#define UB_TEST_VISA_PAIR_HPP

#include "visa/reference/reference.hpp"

extern "C" {
#include "program/block.h"
}

#include <memory>
#include <string>
#include <vector>

namespace visa_test {

using program = std::vector<ub_visa_insn>;

inline ub_visa_insn insn(unsigned opcode, unsigned dst = 0, unsigned src = 0, int offset = 0,
                         int64_t imm = 0) {
    return {static_cast<uint8_t>(opcode), static_cast<uint8_t>(dst | src << 4),
            static_cast<int16_t>(offset), static_cast<int32_t>(imm)};
}

// A register becomes a constant.
inline void set(program &p, unsigned reg, uint64_t value) {
    p.push_back(insn(0x18, reg, 0, 0, static_cast<int32_t>(value)));
    p.push_back(insn(0, 0, 0, 0, static_cast<int32_t>(value >> 32)));
}

inline void call(program &p, unsigned operation, std::initializer_list<uint64_t> arguments) {
    unsigned reg = 1;
    for (const uint64_t value : arguments)
        set(p, reg++, value);
    p.push_back(insn(0x85, 0, 0, 0, operation));
}

inline void finish(program &p) {
    p.push_back(insn(0x95));
}

class pair {
public:
    pair();
    pair(const pair &) = delete;
    pair &operator=(const pair &) = delete;

    uint64_t fuel = 100000;
    ub_reference::machine model;
    std::unique_ptr<ub_block> block;
    std::vector<ub_reference::bytes> segments; // the block's

    // Both get these bytes.
    void add_segment(const ub_reference::bytes &content);
    // Runs block index of the grid on both. Empty, or where they differ.
    std::string run(const program &p, uint32_t index = 0);
    // Of the model.
    ub_reference::stop end;

private:
    std::vector<uint32_t> store_;

    void begin(const program &p, uint32_t index);
    std::string compare(ub_block_stop stopped) const;
};

} // namespace visa_test

#endif
