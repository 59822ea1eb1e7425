// SPDX-License-Identifier: MIT
// Random programs on the device's block and on the reference model, which must agree in all they
// leave behind, to the bit.
//
//   fuzz-pair [PROGRAMS [SEED]]
#include "pair.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>

using namespace visa_test;

namespace {

class source {
public:
    explicit source(uint64_t seed) : random_(seed) {}

    uint64_t below(uint64_t n) { return random_() % n; }
    bool one_in(unsigned n) { return below(n) == 0; }
    template <typename T, size_t N> T of(const T (&list)[N]) { return list[below(N)]; }

    // Numbers where something happens: limits of formats, zeros, infinities, NaNs, and any.
    uint32_t element() {
        static const uint32_t special[] = {
            0,          0x80000000, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc12345, 0x7f812345,
            1,          0x80000001, 0x007fffff, 0x00800000, 0x7f7fffff, 0xff7fffff, 0x3f800000,
            0xbf800000, 0x4f000000, 0xcf000000, 0x33000000, 0x33800000, 0x38800000, 0x387fe000,
            0x477fe000, 0x477fefff, 0x477ff000, 0xffffffff, 0x7fffffff, 5,          31,
            32,         0x42fe0000, 0x3f000000, 0x3fc00000, 0x40200000,
        };
        switch (below(4)) {
        case 0:
            return of(special);
        case 1:
            return ub_reference::bits_of(static_cast<float>(static_cast<int>(below(2000)) - 1000) /
                                         static_cast<float>(1 << below(8)));
        case 2:
            return static_cast<uint32_t>(static_cast<int>(below(600)) - 300);
        default:
            return static_cast<uint32_t>(random_());
        }
    }
    uint64_t word() {
        static const uint64_t special[] = {
            0,          1,          ~uint64_t{0},       uint64_t{1} << 63,
            0xffffffff, 0x80000000, UB_VISA_STACK_BASE, UB_VISA_ARGS_BASE};
        return one_in(3) ? of(special) : one_in(2) ? random_() : below(64);
    }

private:
    std::mt19937_64 random_;
};

constexpr unsigned segment_bytes = 4096;

std::vector<unsigned> exact_operations() {
    std::vector<unsigned> list;
    for (unsigned n = 0; n < 256; n++)
        if (const ub_visa_row *row = ub_visa_find(n); row && row->cost != UB_VISA_COST_FUNCTION)
            list.push_back(n);
    return list;
}

uint64_t shape(source &s, bool loads) {
    static const unsigned sides[] = {1, 1, 1, 2, 3, 4, 5, 8, 15, 16, 17, 31, 33};
    return UB_SHAPE(s.of(sides), s.of(sides), s.below(2), loads ? s.below(UB_VISA_TYPES) : 0);
}

// Most often what the operation takes.
uint64_t argument(source &s, ub_visa_kind kind) {
    if (s.one_in(500))
        return s.word();
    switch (kind) {
    case UB_VISA_DST:
    case UB_VISA_SRC:
    case UB_VISA_ACC:
        return s.below(6);
    case UB_VISA_SEGMENT:
        return s.below(2);
    case UB_VISA_OFFSET:
        return s.one_in(20) ? s.below(segment_bytes) : s.below(64) * 8;
    case UB_VISA_STRIDE:
        return s.one_in(40) ? s.below(200) : 132;
    case UB_VISA_LOAD_SHAPE:
    case UB_VISA_TILE_SHAPE:
        return shape(s, kind == UB_VISA_LOAD_SHAPE);
    case UB_VISA_MEMORY_TYPE:
        return s.below(UB_VISA_TYPES);
    case UB_VISA_TILE_TYPE:
        return s.below(UB_VISA_TILE_TYPES);
    case UB_VISA_CONDITION:
        return s.below(UB_VISA_CONDITIONS);
    case UB_VISA_DIM:
    case UB_VISA_ROW:
    case UB_VISA_COLUMN:
        return s.below(3);
    case UB_VISA_COUNT:
        return 1 + s.below(20);
    case UB_VISA_SCALAR:
        return s.element();
    default:
        return s.word();
    }
}

// What tiles hold if no jump is taken, as shapes and types: so that most calls find what they take.
using shapes = std::array<ub_reference::tile, 6>;

ub_reference::tile blank(uint64_t shape) {
    ub_reference::tile t;
    t.rows = shape & 0xffff;
    t.cols = shape >> 16 & 0xffff;
    t.type = shape >> 32 & 0xff;
    t.bits.resize(size_t{t.rows} * t.cols);
    return t;
}

// Whether the call is likely to succeed; known becomes what it leaves.
bool fits(shapes &known, unsigned number, const std::array<uint64_t, 5> &argument) {
    const ub_visa_row *row = ub_visa_find(number);
    for (unsigned n = 0; n < 5; n++) {
        const ub_visa_kind kind = ub_visa_kind_of(row, n);
        if (ub_visa_check(kind, argument[n], 6) ||
            (ub_visa_is_apart(static_cast<ub_visa_form>(row->form), n) &&
             argument[n] == argument[0]))
            return false;
    }
    const auto at = [&](unsigned n) {
        return ub_visa_kind_of(row, n) == UB_VISA_SRC ? &known[argument[n]] : &known[0];
    };
    ub_reference::tile made;
    switch (row->form) {
    case UB_VISA_FORM_LOAD:
        made = blank(argument[3]);
        break;
    case UB_VISA_FORM_FILL:
        made = blank(argument[2]);
        break;
    case UB_VISA_FORM_CONVERT:
        made = *at(1);
        made.type = static_cast<unsigned>(argument[2]);
        break;
    case UB_VISA_FORM_GET:
    case UB_VISA_FORM_SET:
        return argument[1] < known[argument[0]].rows && argument[2] < known[argument[0]].cols;
    case UB_VISA_FORM_STORE:
    case UB_VISA_FORM_INDEX:
    case UB_VISA_FORM_WORD_READ:
    case UB_VISA_FORM_WORD_WRITE:
    case UB_VISA_FORM_WORD_CAS:
        return true;
    default:
        if (ub_reference::apply(number, known[argument[0]], {at(1), at(2), at(3)}, argument, made)
                .fault)
            return false;
    }
    known[argument[0]] = made;
    return true;
}

// The verifier sees a constant, or no more than a sum.
void pass(source &s, program &p, unsigned reg, uint64_t value) {
    const bool hidden = s.one_in(3);
    set(p, reg, hidden ? value - 77 : value);
    if (hidden)
        p.push_back(insn(0x07, reg, 0, 0, 77));
}

void add_call(source &s, program &p, const std::vector<unsigned> &operations, shapes &known) {
    unsigned number;
    std::array<uint64_t, 5> arguments;
    unsigned tries = 30;
    do {
        number = operations[s.below(operations.size())];
        for (unsigned n = 0; n < 5; n++)
            arguments[n] = argument(s, ub_visa_kind_of(ub_visa_find(number), n));
    } while (!fits(known, number, arguments) && tries-- && !s.one_in(400));
    for (unsigned n = 0; n < 5; n++)
        if (ub_visa_kind_of(ub_visa_find(number), n) != UB_VISA_NONE)
            pass(s, p, n + 1, arguments[n]);
    p.push_back(insn(0x85, 0, 0, 0, number));
}

void add_alu(source &s, program &p) {
    static const unsigned opcodes[] = {0x04, 0x14, 0x24, 0x34, 0x44, 0x54, 0x64,
                                       0x74, 0x94, 0xa4, 0xb4, 0xc4, 0x84, 0xd4};
    unsigned opcode = s.of(opcodes) | (s.one_in(2) ? 3 : 0); // ALU or ALU64
    const unsigned code = opcode >> 4;
    const bool of_register = s.one_in(2) && code != UB_BPF_NEG && code != UB_BPF_END;
    int offset = 0;
    auto imm = static_cast<int32_t>(s.element());
    if (of_register || code == UB_BPF_NEG)
        imm = 0;
    if (code == UB_BPF_END) {
        static const int32_t widths[] = {16, 32, 64};
        imm = s.of(widths);
        if ((opcode & 7) == UB_BPF_ALU && s.one_in(2))
            opcode |= UB_BPF_X;
    }
    if ((code == UB_BPF_DIV || code == UB_BPF_MOD) && s.one_in(2))
        offset = 1;
    if (code == UB_BPF_MOV && of_register) {
        static const int widths[] = {0, 8, 16};
        offset = s.of(widths);
    }
    p.push_back(insn(opcode | (of_register ? UB_BPF_X : 0), static_cast<unsigned>(s.below(10)),
                     of_register ? static_cast<unsigned>(s.below(11)) : 0, offset, imm));
}

void add_memory(source &s, program &p) {
    static const unsigned sizes[] = {0x00, 0x08, 0x10, 0x18};
    const unsigned size = s.of(sizes);
    const int at = -512 + static_cast<int>(s.below(512 - 7));
    const auto reg = static_cast<unsigned>(s.below(10));
    switch (s.below(4)) {
    case 0:
        return p.push_back(insn(0x61 | size, reg, 10, at));
    case 1:
        return p.push_back(insn(size == 0x18 ? 0x79 : 0x81 | size, reg, 10, at));
    case 2:
        return p.push_back(insn(0x62 | size, 10, 0, at, s.element()));
    default:
        return p.push_back(insn(0x63 | size, 10, reg, at));
    }
}

void add_jump(source &s, program &p) {
    static const unsigned codes[] = {1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13};
    const bool of_register = s.one_in(2);
    const unsigned opcode = s.of(codes) << 4 | (s.one_in(2) ? 5 : 6) | (of_register ? 8 : 0);
    // Where it ends is set right once the length is known.
    p.push_back(insn(opcode, static_cast<unsigned>(s.below(11)),
                     of_register ? static_cast<unsigned>(s.below(11)) : 0, 0,
                     of_register ? 0 : static_cast<int32_t>(s.word())));
}

void aim_jumps(source &s, program &p) {
    const auto length = static_cast<int>(p.size());
    for (int at = 0; at < length; at++) {
        const unsigned kind = p[static_cast<size_t>(at)].opcode & 7;
        if (kind != UB_BPF_JMP && kind != UB_BPF_JMP32)
            continue;
        const unsigned code = p[static_cast<size_t>(at)].opcode >> 4;
        if (code == UB_BPF_CALL || code == UB_BPF_EXIT)
            continue;
        const int to = s.one_in(8) ? static_cast<int>(s.below(static_cast<uint64_t>(length)))
                                   : std::min(length - 1, at + 1 + static_cast<int>(s.below(12)));
        p[static_cast<size_t>(at)].offset = static_cast<int16_t>(to - at - 1);
    }
}

program make(source &s, const std::vector<unsigned> &operations) {
    program p;
    // So that most operations find something.
    shapes known;
    for (unsigned tile = 0; tile < 6; tile++) {
        const uint64_t of =
            s.one_in(3) ? shape(s, true) : UB_SHAPE(4, 4, tile & 1, s.below(UB_VISA_TYPES));
        call(p, UB_VISA_tload, {tile, s.below(2), s.below(64) * 8, of, 132});
        known[tile] = blank(of);
    }
    const unsigned steps = 4 + static_cast<unsigned>(s.below(60));
    for (unsigned i = 0; i < steps; i++)
        switch (s.below(8)) {
        case 0:
            add_alu(s, p);
            add_alu(s, p);
            break;
        case 1:
            add_memory(s, p);
            break;
        case 2:
            if (s.one_in(4))
                add_jump(s, p);
            break;
        default:
            add_call(s, p, operations, known);
        }
    finish(p);
    aim_jumps(s, p);
    return p;
}

ub_reference::bytes content(source &s) {
    ub_reference::bytes bytes(segment_bytes);
    for (size_t at = 0; at < bytes.size(); at += 4) {
        const uint32_t element = s.element();
        std::memcpy(&bytes[at], &element, 4);
    }
    return bytes;
}

} // namespace

int main(int argc, char **argv) {
    const uint64_t wanted = argc > 1 ? strtoull(argv[1], nullptr, 0) : 20000;
    const uint64_t seed = argc > 2 ? strtoull(argv[2], nullptr, 0) : 1;
    const std::vector<unsigned> operations = exact_operations();
    uint64_t refused = 0, ran = 0, faults = 0, insns = 0;
    for (uint64_t n = 0; n < wanted; n++) {
        source s(seed * 0x9e3779b97f4a7c15 + n);
        program p = make(s, operations);
        const ub_visa_needs needs = {6, 4000};
        ub_visa_refusal why;
        if (ub_visa_verify(p.data(), p.size() * sizeof p[0], &needs, &why)) {
            refused++;
            continue;
        }
        pair both;
        both.model.tiles = needs.tiles;
        both.fuel = needs.fuel;
        both.model.args.assign(s.below(64), 7);
        both.model.grid = {3, 2, 5};
        both.add_segment(content(s));
        both.add_segment(content(s));
        const std::string differs = both.run(p, static_cast<uint32_t>(s.below(30)));
        if (!differs.empty()) {
            printf("not ok - device and reference model agree\n# program %llu of seed %llu: %s\n",
                   static_cast<unsigned long long>(n), static_cast<unsigned long long>(seed),
                   differs.c_str());
            return 1;
        }
        ran++;
        faults += both.end.fault != 0;
        insns += needs.fuel - both.model.fuel_left;
    }
    const bool enough = ran > refused && ran - faults > ran / 3;
    printf("%s - device and reference model agree on random programs\n", enough ? "ok" : "not ok");
    printf("# %llu ran, %llu of them to a fault, %llu were refused; fuel used: %llu; seed %llu\n",
           static_cast<unsigned long long>(ran), static_cast<unsigned long long>(faults),
           static_cast<unsigned long long>(refused), static_cast<unsigned long long>(insns),
           static_cast<unsigned long long>(seed));
    return !enough;
}
