// SPDX-License-Identifier: MIT
// The functions marked approximate against correctly rounded ones, and conversions of every f16 and
// bf16 and of f32 from all over, against the reference model.
//
//   functions [STEP]: every STEP-th f32
#include "pair.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

int failed;

void check(const std::string &name, bool ok) {
    printf("%s - %s\n", ok ? "ok" : "not ok", name.c_str());
    failed |= !ok;
}

// Numbers of f32 from one to the other, through zero.
int64_t distance(uint32_t a, uint32_t b) {
    const auto place = [](uint32_t x) {
        return x >> 31 ? -static_cast<int64_t>(x & 0x7fffffff) : static_cast<int64_t>(x);
    };
    return std::llabs(place(a) - place(b));
}

int64_t apart(uint32_t a, uint32_t b) {
    const bool nan_a = std::isnan(ub_reference::f32(a)), nan_b = std::isnan(ub_reference::f32(b));
    if (nan_a || nan_b)
        return a == b ? 0 : INT32_MAX;
    return distance(a, b);
}

std::vector<uint32_t> inputs(uint64_t step) {
    std::vector<uint32_t> list = {0, 0x80000000, 0x7f800000, 0xff800000, 0x7fc00000, 0xff812345};
    for (uint64_t bits = 1; bits <= UINT32_MAX; bits += step)
        list.push_back(static_cast<uint32_t>(bits));
    return list;
}

void check_function(unsigned operation, ub_kernel kernel, std::vector<uint32_t> list) {
    std::vector<uint32_t> made(list.size());
    ub_operands o{};
    o.a.bits = list.data();
    o.d.bits = made.data();
    o.count = static_cast<uint32_t>(list.size());
    kernel(&o);
    int64_t most = 0;
    uint32_t worst = 0;
    for (size_t i = 0; i < list.size(); i++) {
        const int64_t d = apart(made[i], ub_reference::unary(operation, UB_F32, list[i]));
        if (d > most) {
            most = d;
            worst = list[i];
        }
    }
    check(std::string(ub_visa_find(operation)->name) + " is within 1 unit in the last place",
          most <= 1);
    printf("# at most %lld, of 0x%08x, of %zu numbers\n", static_cast<long long>(most), worst,
           list.size());
}

#define FUNCTION_NO(number, name)
#define FUNCTION_F(number, name) check_function(number, ub_f_##name, list);
#define FUNCTION_I(number, name)
#define FUNCTION_FI(number, name)
#define FUNCTION(number, name, form, types, cost, says)                                            \
    if (UB_VISA_COST_##cost == UB_VISA_COST_FUNCTION) {                                            \
        FUNCTION_##types(number, name)                                                             \
    }

template <typename T> std::vector<T> all() {
    std::vector<T> list(size_t{1} << (8 * sizeof(T)));
    for (size_t i = 0; i < list.size(); i++)
        list[i] = static_cast<T>(i);
    return list;
}

template <typename T>
void check_in(const char *name, unsigned type, unsigned memory, const std::vector<T> &list) {
    std::vector<uint32_t> made(list.size());
    bool ok = true;
    ub_convert_in({reinterpret_cast<float *>(made.data())}, type, list.data(), memory,
                  static_cast<uint32_t>(list.size()));
    for (size_t i = 0; i < list.size(); i++)
        ok &= made[i] ==
              ub_reference::to_tile(type, memory, reinterpret_cast<const uint8_t *>(&list[i]));
    check(std::string(name) + (type == UB_F32 ? " to f32" : " to i32"), ok);
}

void check_out(const char *name, unsigned memory, unsigned bytes, std::vector<uint32_t> list) {
    for (unsigned type = 0; type < UB_VISA_TILE_TYPES; type++) {
        std::vector<uint8_t> made(list.size() * bytes);
        bool ok = true;
        ub_convert_out(made.data(), memory, {reinterpret_cast<float *>(list.data())}, type,
                       static_cast<uint32_t>(list.size()));
        for (size_t i = 0; i < list.size(); i++) {
            uint8_t wanted[4];
            ub_reference::to_memory(memory, type, list[i], wanted);
            ok &= !std::memcmp(wanted, &made[i * bytes], bytes);
        }
        check(std::string(type == UB_F32 ? "f32" : "i32") + " to " + name, ok);
    }
}

} // namespace

int main(int argc, char **argv) {
    const std::vector<uint32_t> list = inputs(argc > 1 ? strtoull(argv[1], nullptr, 0) : 40009);
    UB_VISA_OPS(FUNCTION)
    for (unsigned type = 0; type < UB_VISA_TILE_TYPES; type++) {
        check_in("f16", type, UB_F16, all<uint16_t>());
        check_in("bf16", type, UB_BF16, all<uint16_t>());
        check_in("i8", type, UB_I8, all<uint8_t>());
        check_in("f32", type, UB_F32, list);
        check_in("i32", type, UB_I32, list);
    }
    check_out("f32", UB_F32, 4, list);
    check_out("i32", UB_I32, 4, list);
    check_out("f16", UB_F16, 2, list);
    check_out("bf16", UB_BF16, 2, list);
    check_out("i8", UB_I8, 1, list);
    return failed;
}
