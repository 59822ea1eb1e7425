// SPDX-License-Identifier: MIT
// Blocks of the reference model: the scalar layer, arguments of calls, memory.
#include "reference.hpp"

#include <cstring>

namespace ub_reference {

namespace {

stop fault(unsigned what, unsigned argument = 0) {
    return {what, argument, 0};
}

constexpr unsigned type_bytes(unsigned type) {
    return type == UB_I8 ? 1 : type == UB_F16 || type == UB_BF16 ? 2 : 4;
}

uint64_t cut(uint64_t x, unsigned bits) {
    return bits == 64 ? x : x & ((uint64_t{1} << bits) - 1);
}

int64_t as_signed(uint64_t x, unsigned bits) {
    x = cut(x, bits);
    return static_cast<int64_t>(x << (64 - bits)) >> (64 - bits);
}

uint64_t reversed(uint64_t x, unsigned bits) {
    uint64_t y = 0;
    for (unsigned i = 0; i < bits; i += 8)
        y = y << 8 | (x >> i & 0xff);
    return y;
}

// x and y hold bits bits; wide enough that no signed quotient overflows.
uint64_t divided(uint64_t x, uint64_t y, unsigned bits, bool is_signed, bool remainder) {
    if (!cut(y, bits))
        return remainder ? x : 0;
    const __int128 a = is_signed ? __int128{as_signed(x, bits)} : __int128{cut(x, bits)};
    const __int128 b = is_signed ? __int128{as_signed(y, bits)} : __int128{cut(y, bits)};
    return static_cast<uint64_t>(remainder ? a % b : a / b);
}

uint64_t ordered(const ub_visa_insn &i, uint64_t x) {
    const auto bits = static_cast<unsigned>(i.imm);
    const bool swaps = (i.opcode & 7) == UB_BPF_ALU64 || i.opcode & UB_BPF_X;
    return swaps ? reversed(x, bits) : cut(x, bits);
}

uint64_t arithmetic(const ub_visa_insn &i, uint64_t x, uint64_t y, unsigned bits) {
    switch (i.opcode >> 4) {
    case UB_BPF_ADD:
        return x + y;
    case UB_BPF_SUB:
        return x + ~y + 1;
    case UB_BPF_MUL:
        return x * y;
    case UB_BPF_DIV:
        return divided(x, y, bits, i.offset == 1, false);
    case UB_BPF_MOD:
        return divided(x, y, bits, i.offset == 1, true);
    case UB_BPF_OR:
        return x | y;
    case UB_BPF_AND:
        return x & y;
    case UB_BPF_XOR:
        return x ^ y;
    case UB_BPF_LSH:
        return x << (y % bits);
    case UB_BPF_RSH:
        return cut(x, bits) >> (y % bits);
    case UB_BPF_ARSH:
        return static_cast<uint64_t>(as_signed(x, bits) >> (y % bits));
    case UB_BPF_NEG:
        return ~x + 1;
    case UB_BPF_MOV:
        return i.offset ? static_cast<uint64_t>(as_signed(y, static_cast<unsigned>(i.offset))) : y;
    default:
        return ordered(i, x);
    }
}

bool jumps(unsigned code, uint64_t x, uint64_t y, unsigned bits) {
    const uint64_t a = cut(x, bits), b = cut(y, bits);
    const int64_t sa = as_signed(x, bits), sb = as_signed(y, bits);
    switch (code) {
    case UB_BPF_JA:
        return true;
    case UB_BPF_JEQ:
        return a == b;
    case UB_BPF_JNE:
        return a != b;
    case UB_BPF_JGT:
        return a > b;
    case UB_BPF_JGE:
        return a >= b;
    case UB_BPF_JLT:
        return a < b;
    case UB_BPF_JLE:
        return a <= b;
    case UB_BPF_JSET:
        return (a & b) != 0;
    case UB_BPF_JSGT:
        return sa > sb;
    case UB_BPF_JSGE:
        return sa >= sb;
    case UB_BPF_JSLT:
        return sa < sb;
    default:
        return sa <= sb;
    }
}

tile of_shape(uint64_t shape) {
    tile t;
    t.rows = shape & 0xffff;
    t.cols = shape >> 16 & 0xffff;
    t.type = shape >> 32 & 0xff;
    t.bits.resize(size_t{t.rows} * t.cols);
    return t;
}

} // namespace

uint8_t *machine::find(uint64_t address, unsigned size, bool writes) {
    const auto within = [&](uint64_t base, uint64_t length) {
        return address >= base && length >= size && address - base <= length - size;
    };
    if (within(UB_VISA_STACK_BASE, stack.size()))
        return &stack[address - UB_VISA_STACK_BASE];
    if (!writes && within(UB_VISA_ARGS_BASE, args.size()))
        return &args[address - UB_VISA_ARGS_BASE];
    return nullptr;
}

bool machine::pay(uint64_t amount) {
    if (amount > fuel_left)
        return false;
    fuel_left -= amount;
    return true;
}

stop machine::move(unsigned operation, const std::array<uint64_t, 5> &argument) {
    const bool loads = operation == UB_VISA_tload;
    const uint64_t offset = argument[2], stride = argument[4];
    bytes &segment = segments[argument[1]];
    tile made = loads ? of_shape(argument[3]) : store[argument[0]];
    const auto memory = static_cast<unsigned>(loads ? argument[3] >> 40 : argument[3]);
    const unsigned size = type_bytes(memory);
    if (made.rows > 1 && stride < made.cols * size)
        return fault(UB_VISA_FAULT_VALUE, 5);
    const auto end = static_cast<unsigned __int128>(offset) + made.cols * size +
                     static_cast<unsigned __int128>(made.rows - 1) * stride;
    if (end > segment.size())
        return fault(UB_VISA_FAULT_BOUNDS, 3);
    if (!pay(8 + made.bits.size() / 8))
        return fault(UB_VISA_FAULT_FUEL);
    for (unsigned r = 0; r < made.rows; r++)
        for (unsigned c = 0; c < made.cols; c++) {
            uint8_t *at = &segment[offset + r * stride + c * size];
            if (loads)
                made.at(r, c) = to_tile(made.type, memory, at);
            else
                to_memory(memory, made.type, made.at(r, c), at);
        }
    if (loads)
        store[argument[0]] = made;
    return {};
}

stop machine::word(unsigned operation, const std::array<uint64_t, 5> &argument) {
    bytes &segment = segments[argument[0]];
    const uint64_t offset = argument[1];
    uint64_t old;
    if (offset % 8)
        return fault(UB_VISA_FAULT_ALIGNMENT, 2);
    if (segment.size() < 8 || offset > segment.size() - 8)
        return fault(UB_VISA_FAULT_BOUNDS, 2);
    if (!pay(8))
        return fault(UB_VISA_FAULT_FUEL);
    std::memcpy(&old, &segment[offset], 8);
    uint64_t next = argument[2];
    if (operation == UB_VISA_word_load)
        next = old;
    else if (operation == UB_VISA_word_add)
        next += old;
    else if (operation == UB_VISA_word_cas)
        next = old == argument[2] ? argument[3] : old;
    std::memcpy(&segment[offset], &next, 8);
    reg[0] = operation == UB_VISA_word_store ? 0 : old;
    return {};
}

// Arguments are checked.
stop machine::index(unsigned operation, const std::array<uint64_t, 5> &argument) {
    if (!pay(8))
        return fault(UB_VISA_FAULT_FUEL);
    const uint32_t plane = grid[0] * grid[1];
    const uint32_t at[3] = {block_ % grid[0], block_ / grid[0] % grid[1],
                            plane ? block_ / plane : 0};
    reg[0] = operation == UB_VISA_grid ? grid[argument[0]] : at[argument[0]];
    return {};
}

stop machine::fill(unsigned operation, const std::array<uint64_t, 5> &argument) {
    tile made = of_shape(argument[2]);
    if (operation == UB_VISA_tci && made.type != UB_I32)
        return fault(UB_VISA_FAULT_TYPE, 3);
    if (!pay(8 + made.bits.size() / 8))
        return fault(UB_VISA_FAULT_FUEL);
    auto value = static_cast<uint32_t>(argument[1]);
    for (uint32_t &bits : made.bits)
        bits = operation == UB_VISA_tci ? value++ : value;
    store[argument[0]] = made;
    return {};
}

stop machine::convert(const std::array<uint64_t, 5> &argument) {
    tile made = store[argument[1]];
    if (!pay(8 + made.bits.size() / 8))
        return fault(UB_VISA_FAULT_FUEL);
    for (uint32_t &bits : made.bits)
        bits = to_tile(static_cast<unsigned>(argument[2]), made.type,
                       reinterpret_cast<const uint8_t *>(&bits));
    made.type = static_cast<unsigned>(argument[2]);
    store[argument[0]] = made;
    return {};
}

stop machine::element(unsigned operation, const std::array<uint64_t, 5> &argument) {
    tile &t = store[argument[0]];
    if (argument[1] >= t.rows)
        return fault(UB_VISA_FAULT_SHAPE, 2);
    if (argument[2] >= t.cols)
        return fault(UB_VISA_FAULT_SHAPE, 3);
    if (!pay(8))
        return fault(UB_VISA_FAULT_FUEL);
    uint32_t &bits = t.at(static_cast<unsigned>(argument[1]), static_cast<unsigned>(argument[2]));
    if (operation == UB_VISA_tget)
        reg[0] = bits;
    else
        bits = static_cast<uint32_t>(argument[3]);
    return {};
}

// What reads tiles and makes one.
stop machine::compute(const ub_visa_row *row, unsigned operation,
                      const std::array<uint64_t, 5> &argument) {
    const auto tile_at = [&](unsigned n) {
        const ub_visa_kind kind = ub_visa_kind_of(row, n);
        return kind == UB_VISA_SRC ? &store[argument[n]] : &store[0];
    };
    tile made;
    const stop wrong =
        apply(operation, store[argument[0]], {tile_at(1), tile_at(2), tile_at(3)}, argument, made);
    if (wrong.fault)
        return wrong;
    uint64_t amount = tile_at(1)->bits.size() / 8;
    if (row->cost == UB_VISA_COST_FUNCTION)
        amount = tile_at(1)->bits.size() * 2;
    else if (row->cost == UB_VISA_COST_PRODUCT)
        amount = made.bits.size() * tile_at(1)->cols / 8;
    else if (row->form == UB_VISA_FORM_EXPAND_ROW || row->form == UB_VISA_FORM_EXPAND_COL)
        amount = made.bits.size() / 8;
    if (!pay(8 + amount))
        return fault(UB_VISA_FAULT_FUEL);
    store[argument[0]] = made;
    return {};
}

stop machine::operate(unsigned operation, const std::array<uint64_t, 5> &argument) {
    const ub_visa_row *row = ub_visa_find(operation);
    switch (row->form) {
    case UB_VISA_FORM_INDEX:
        return index(operation, argument);
    case UB_VISA_FORM_LOAD:
    case UB_VISA_FORM_STORE:
        return move(operation, argument);
    case UB_VISA_FORM_WORD_READ:
    case UB_VISA_FORM_WORD_WRITE:
    case UB_VISA_FORM_WORD_CAS:
        return word(operation, argument);
    case UB_VISA_FORM_FILL:
        return fill(operation, argument);
    case UB_VISA_FORM_CONVERT:
        return convert(argument);
    case UB_VISA_FORM_GET:
    case UB_VISA_FORM_SET:
        return element(operation, argument);
    default:
        return compute(row, operation, argument);
    }
}

stop machine::call(unsigned operation) {
    const ub_visa_row *row = ub_visa_find(operation);
    std::array<uint64_t, 5> argument;
    for (unsigned n = 0; n < 5; n++) {
        const ub_visa_kind kind = ub_visa_kind_of(row, n);
        argument[n] = reg[n + 1];
        if (const unsigned wrong = ub_visa_check(kind, argument[n], this->tiles))
            return fault(wrong, n + 1);
        if (kind == UB_VISA_SEGMENT && argument[n] >= segments.size())
            return fault(UB_VISA_FAULT_SEGMENT, n + 1);
        if ((kind == UB_VISA_SRC || kind == UB_VISA_ACC) && !store[argument[n]].rows)
            return fault(UB_VISA_FAULT_EMPTY, n + 1);
        if (ub_visa_is_apart(static_cast<ub_visa_form>(row->form), n) && argument[n] == argument[0])
            return fault(UB_VISA_FAULT_SAME_TILE, n + 1);
    }
    const uint64_t before = reg[0];
    reg[0] = 0;
    const stop wrong = operate(operation, argument);
    if (wrong.fault)
        reg[0] = before;
    else
        for (unsigned n = 1; n <= 5; n++)
            reg[n] = 0;
    return wrong;
}

stop machine::run(uint32_t block) {
    block_ = block;
    pc_ = 0;
    fuel_left = fuel;
    reg = {};
    reg[1] = UB_VISA_ARGS_BASE;
    reg[2] = args.size();
    reg[10] = UB_VISA_STACK_BASE + UB_VISA_STACK_BYTES;
    stack.assign(UB_VISA_STACK_BYTES, 0);
    store = {};
    for (;;) {
        const ub_visa_insn &i = program[pc_];
        const unsigned kind = i.opcode & 7;
        const auto immediate = static_cast<uint64_t>(int64_t{i.imm});
        uint64_t &dst = reg[i.regs & 15];
        const uint64_t second = i.opcode & UB_BPF_X ? reg[i.regs >> 4] : immediate;
        stop wrong;
        size_t next = pc_ + 1;
        if (!pay(1))
            return {UB_VISA_FAULT_FUEL, 0, static_cast<unsigned>(pc_)};
        if (kind == UB_BPF_ALU64) {
            dst = arithmetic(i, dst, second, 64);
        } else if (kind == UB_BPF_ALU) {
            const uint64_t made = arithmetic(i, dst, second, 32);
            dst = i.opcode >> 4 == UB_BPF_END ? made : cut(made, 32);
        } else if (kind == UB_BPF_LD) {
            dst = cut(immediate, 32) | static_cast<uint64_t>(program[next++].imm) << 32;
        } else if (kind == UB_BPF_LDX || kind == UB_BPF_ST || kind == UB_BPF_STX) {
            const unsigned size = ub_bpf_size(i.opcode);
            const bool writes = kind != UB_BPF_LDX;
            const uint64_t base = writes ? dst : reg[i.regs >> 4];
            uint8_t *at = find(base + static_cast<uint64_t>(int64_t{i.offset}), size, writes);
            uint64_t value = kind == UB_BPF_ST ? immediate : reg[i.regs >> 4];
            if (!at)
                wrong = fault(UB_VISA_FAULT_MEMORY);
            else if (writes)
                std::memcpy(at, &value, size);
            else {
                value = 0;
                std::memcpy(&value, at, size);
                dst = (i.opcode & 0xe0) == UB_BPF_MEMSX
                          ? static_cast<uint64_t>(as_signed(value, size * 8))
                          : value;
            }
        } else if (i.opcode == 0x85) {
            wrong = call(static_cast<unsigned>(i.imm));
        } else if (i.opcode == 0x95) {
            return {};
        } else if (i.opcode == 0x06) {
            next += static_cast<size_t>(int64_t{i.imm});
        } else if (jumps(i.opcode >> 4, dst, second, kind == UB_BPF_JMP ? 64 : 32)) {
            next += static_cast<size_t>(int64_t{i.offset});
        }
        if (wrong.fault)
            return {wrong.fault, wrong.argument, static_cast<unsigned>(pc_)};
        pc_ = next;
    }
}

} // namespace ub_reference
