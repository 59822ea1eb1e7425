// SPDX-License-Identifier: MIT
#include "pair.hpp"

#include <algorithm>
#include <cstring>

namespace visa_test {

namespace {

unsigned move_rows(void *opaque, unsigned segment, uint64_t offset, uint32_t rows,
                   uint32_t row_bytes, uint64_t stride, void *packed, bool to_segment) {
    auto &bytes = static_cast<pair *>(opaque)->segments[segment];
    auto *at = static_cast<uint8_t *>(packed);
    for (uint32_t r = 0; r < rows; r++, at += row_bytes) {
        uint8_t *row = bytes.data() + offset + r * stride;
        if (to_segment)
            std::memcpy(row, at, row_bytes);
        else
            std::memcpy(at, row, row_bytes);
    }
    return 0;
}

unsigned move_word(void *opaque, unsigned segment, uint64_t offset, ub_word_op op, uint64_t *value,
                   uint64_t compare) {
    uint8_t *at = static_cast<pair *>(opaque)->segments[segment].data() + offset;
    uint64_t old, next = *value;
    std::memcpy(&old, at, 8);
    if (op == UB_WORD_LOAD || (op == UB_WORD_CAS && old != compare))
        next = old;
    else if (op == UB_WORD_ADD)
        next += old;
    std::memcpy(at, &next, 8);
    *value = op == UB_WORD_STORE ? 0 : old;
    return 0;
}

const ub_block_memory memory = {move_rows, move_word};

} // namespace

pair::pair() : block(new ub_block()), store_(size_t{16} * UB_VISA_TILE_ELEMENTS) {
    block->memory = &memory;
    block->opaque = this;
    block->store = store_.data();
    model.tiles = UB_VISA_MAX_TILES;
}

void pair::add_segment(const ub_reference::bytes &content) {
    segments.push_back(content);
    model.segments.push_back(content);
}

void pair::begin(const program &p, uint32_t index) {
    block->insns = p.data();
    block->tiles = model.tiles;
    std::memcpy(block->grid, model.grid.data(), sizeof block->grid);
    std::copy(model.args.begin(), model.args.end(), block->args);
    block->args_len = static_cast<uint32_t>(model.args.size());
    block->segments = static_cast<uint32_t>(segments.size());
    for (size_t i = 0; i < segments.size(); i++) {
        block->segment_len[i] = segments[i].size();
        block->segment_addr[i] = 0;
    }
    ub_block_begin(block.get(), index, fuel);
    model.program = p;
    model.fuel = fuel;
}

std::string pair::run(const program &p, uint32_t index) {
    ub_block_stop stopped;
    begin(p, index);
    do
        stopped = ub_block_run(block.get(), 1000);
    while (stopped == UB_BLOCK_CALL || stopped == UB_BLOCK_BUDGET);
    end = model.run(index);
    return compare(stopped);
}

std::string pair::compare(ub_block_stop stopped) const {
    const ub_block &b = *block;
    const bool failed = stopped == UB_BLOCK_FAULT;
    if (failed != (end.fault != 0))
        return "one ends with a fault, the other does not";
    if (failed && (b.fault != end.fault || b.argument != end.argument || b.pc != end.insn))
        return "fault " + std::to_string(b.fault) + " argument " + std::to_string(b.argument) +
               " at " + std::to_string(b.pc) + ", the model says " + std::to_string(end.fault) +
               " argument " + std::to_string(end.argument) + " at " + std::to_string(end.insn);
    if (b.fuel != model.fuel_left)
        return "fuel left " + std::to_string(b.fuel) + ", the model says " +
               std::to_string(model.fuel_left);
    for (unsigned i = 0; i < UB_VISA_REGS; i++)
        if (b.reg[i] != model.reg[i])
            return "r" + std::to_string(i) + " " + std::to_string(b.reg[i]) + ", the model says " +
                   std::to_string(model.reg[i]);
    if (std::memcmp(b.stack, model.stack.data(), sizeof b.stack))
        return "the stack";
    for (unsigned i = 0; i < model.tiles; i++) {
        const auto &t = model.store[i];
        if (b.tile[i].rows != t.rows ||
            (t.rows && (b.tile[i].cols != t.cols || b.tile[i].type != t.type)))
            return "the shape of tile " + std::to_string(i);
        for (size_t e = 0; e < t.bits.size(); e++)
            if (ub_tile_data(&b, i).bits[e] != t.bits[e])
                return "tile " + std::to_string(i) + " element " + std::to_string(e) + ": " +
                       std::to_string(ub_tile_data(&b, i).bits[e]) + ", the model says " +
                       std::to_string(t.bits[e]);
    }
    for (size_t i = 0; i < segments.size(); i++)
        if (segments[i] != model.segments[i])
            return "segment " + std::to_string(i);
    return {};
}

} // namespace visa_test
