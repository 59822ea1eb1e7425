// SPDX-License-Identifier: MIT
// Numbers of the reference model: f32 is rounded from double, which is wide enough that a sum,
// difference, product, quotient or root is rounded as if once.
#include "reference.hpp"

#include <cmath>
#include <cstring>
#include <limits>

namespace ub_reference {

namespace {

constexpr uint32_t nan_bits = 0x7fc00000;

// To a multiple of the last place of a format: precision bits, least exponent of a normal number.
double round_to(double x, int precision, int least) {
    int exponent;
    std::frexp(x, &exponent);
    const double place = std::ldexp(1.0, std::max(exponent - 1, least) - (precision - 1));
    return std::nearbyint(x / place) * place;
}

uint32_t result(double x) {
    return std::isnan(x) ? nan_bits : bits_of(static_cast<float>(x));
}

uint32_t rounded(long double x) {
    return std::isnan(x) ? nan_bits : bits_of(static_cast<float>(x));
}

// The bits of a number that the format has: of 1 + exponent_bits + fraction_bits.
uint32_t encode(double x, int exponent_bits, int fraction_bits) {
    const int bias = (1 << (exponent_bits - 1)) - 1;
    const uint32_t sign = std::signbit(x) ? 1u << (exponent_bits + fraction_bits) : 0;
    const uint32_t infinite = ((1u << exponent_bits) - 1) << fraction_bits;
    if (std::isnan(x))
        return infinite | 1u << (fraction_bits - 1);
    x = round_to(std::fabs(x), fraction_bits + 1, 1 - bias);
    if (x >= std::ldexp(1.0, bias + 1))
        return sign | infinite;
    if (x < std::ldexp(1.0, 1 - bias))
        return sign | static_cast<uint32_t>(std::ldexp(x, bias - 1 + fraction_bits));
    int exponent;
    const double fraction = std::frexp(x, &exponent);
    return sign | static_cast<uint32_t>(exponent - 1 + bias) << fraction_bits |
           static_cast<uint32_t>(std::ldexp(fraction * 2 - 1, fraction_bits));
}

float decode(uint32_t bits, int exponent_bits, int fraction_bits) {
    const int bias = (1 << (exponent_bits - 1)) - 1;
    const int exponent = static_cast<int>(bits >> fraction_bits) & ((1 << exponent_bits) - 1);
    const double fraction = bits & ((1u << fraction_bits) - 1);
    double x;
    if (exponent == (1 << exponent_bits) - 1)
        x = fraction ? std::numeric_limits<double>::quiet_NaN()
                     : std::numeric_limits<double>::infinity();
    else if (exponent)
        x = std::ldexp(std::ldexp(fraction, -fraction_bits) + 1, exponent - bias);
    else
        x = std::ldexp(fraction, 1 - bias - fraction_bits);
    return static_cast<float>(bits >> (exponent_bits + fraction_bits) & 1 ? -x : x);
}

int32_t to_i32(float x) {
    if (std::isnan(x))
        return 0;
    const double whole = std::nearbyint(static_cast<double>(x));
    if (whole > INT32_MAX)
        return INT32_MAX;
    return whole < INT32_MIN ? INT32_MIN : static_cast<int32_t>(whole);
}

template <typename T> T read(const uint8_t *at) {
    T value;
    std::memcpy(&value, at, sizeof value);
    return value;
}

template <typename T> void write(uint8_t *at, T value) {
    std::memcpy(at, &value, sizeof value);
}

// maximum and minimum of IEEE 754-2019.
double extreme(double a, double b, bool greater) {
    if (std::isnan(a) || std::isnan(b))
        return std::numeric_limits<double>::quiet_NaN();
    if (a == 0 && b == 0)
        return std::signbit(a) == greater ? b : a;
    return (a > b) == greater ? a : b;
}

uint32_t binary_f(unsigned operation, double a, double b) {
    switch (operation) {
    case UB_VISA_tadd:
        return result(a + b);
    case UB_VISA_tsub:
        return result(a - b);
    case UB_VISA_tmul:
        return result(a * b);
    case UB_VISA_tdiv:
        return result(a / b);
    case UB_VISA_tmax:
        return result(extreme(a, b, true));
    default:
        return result(extreme(a, b, false));
    }
}

uint32_t binary_i(unsigned operation, int64_t a, int64_t b) {
    switch (operation) {
    case UB_VISA_tadd:
        return static_cast<uint32_t>(a + b);
    case UB_VISA_tsub:
        return static_cast<uint32_t>(a - b);
    case UB_VISA_tmul:
        return static_cast<uint32_t>(a * b);
    case UB_VISA_tdiv:
        return b ? static_cast<uint32_t>(a / b) : 0;
    case UB_VISA_tmax:
        return static_cast<uint32_t>(std::max(a, b));
    case UB_VISA_tmin:
        return static_cast<uint32_t>(std::min(a, b));
    case UB_VISA_tand:
        return static_cast<uint32_t>(a & b);
    case UB_VISA_tor:
        return static_cast<uint32_t>(a | b);
    case UB_VISA_txor:
        return static_cast<uint32_t>(a ^ b);
    case UB_VISA_tshl:
        return static_cast<uint32_t>(a * (int64_t{1} << (b & 31)));
    default:
        return static_cast<uint32_t>(static_cast<int64_t>(
            std::floor(std::ldexp(static_cast<double>(a), -static_cast<int>(b & 31)))));
    }
}

long double function(unsigned operation, long double a) {
    switch (operation) {
    case UB_VISA_tsqrt:
        return std::sqrt(static_cast<double>(a));
    case UB_VISA_trecip:
        return 1.0 / static_cast<double>(a);
    case UB_VISA_trsqrt:
        return 1 / sqrtl(a);
    case UB_VISA_texp:
        return expl(a);
    case UB_VISA_tlog:
        return logl(a);
    case UB_VISA_tsin:
        return sinl(a);
    case UB_VISA_tcos:
        return cosl(a);
    case UB_VISA_ttanh:
        return tanhl(a);
    case UB_VISA_tsigmoid:
        return 1 / (1 + expl(-a));
    case UB_VISA_tsilu:
        return a / (1 + expl(-a));
    default:
        return a * erfcl(-a / sqrtl(2)) / 2;
    }
}

uint32_t unary_i(unsigned operation, uint32_t a) {
    const int64_t x = static_cast<int32_t>(a);
    switch (operation) {
    case UB_VISA_tmov:
        return a;
    case UB_VISA_tabs:
        return static_cast<uint32_t>(std::abs(x));
    case UB_VISA_tneg:
        return static_cast<uint32_t>(-x);
    case UB_VISA_tnot:
        return static_cast<uint32_t>(-x - 1);
    default:
        return static_cast<uint32_t>(std::max<int64_t>(x, 0));
    }
}

template <typename T> bool compare(unsigned condition, T a, T b) {
    switch (condition) {
    case UB_EQ:
        return a == b;
    case UB_NE:
        return a != b;
    case UB_LT:
        return a < b;
    case UB_LE:
        return a <= b;
    case UB_GT:
        return a > b;
    default:
        return a >= b;
    }
}

} // namespace

float f32(uint32_t bits) {
    float value;
    std::memcpy(&value, &bits, 4);
    return value;
}

uint32_t bits_of(float value) {
    uint32_t bits;
    std::memcpy(&bits, &value, 4);
    return bits;
}

uint32_t to_tile(unsigned type, unsigned memory, const uint8_t *element) {
    if (memory == type)
        return read<uint32_t>(element);
    float x;
    switch (memory) {
    case UB_I32:
    case UB_I8: {
        const int32_t i = memory == UB_I8 ? read<int8_t>(element) : read<int32_t>(element);
        return type == UB_I32 ? static_cast<uint32_t>(i) : result(static_cast<double>(i));
    }
    case UB_F32:
        x = read<float>(element);
        break;
    case UB_F16:
        x = decode(read<uint16_t>(element), 5, 10);
        break;
    default:
        x = decode(read<uint16_t>(element), 8, 7);
        break;
    }
    if (type == UB_I32)
        return static_cast<uint32_t>(to_i32(x));
    return std::isnan(x) ? nan_bits : bits_of(x);
}

void to_memory(unsigned memory, unsigned type, uint32_t bits, uint8_t *element) {
    if (memory == type)
        return write(element, bits);
    const int32_t i = type == UB_I32 ? static_cast<int32_t>(bits) : to_i32(f32(bits));
    const float f = type == UB_F32 ? f32(bits) : static_cast<float>(i);
    switch (memory) {
    case UB_F32:
        return write(element, f);
    case UB_I32:
        return write(element, i);
    case UB_F16:
        return write(element, static_cast<uint16_t>(encode(f, 5, 10)));
    case UB_BF16:
        return write(element, static_cast<uint16_t>(encode(f, 8, 7)));
    default:
        return write(element, static_cast<int8_t>(std::min(std::max(i, -128), 127)));
    }
}

uint32_t binary(unsigned operation, unsigned type, uint32_t a, uint32_t b) {
    if (type == UB_F32)
        return binary_f(operation, f32(a), f32(b));
    return binary_i(operation, static_cast<int32_t>(a), static_cast<int32_t>(b));
}

uint32_t unary(unsigned operation, unsigned type, uint32_t a) {
    if (type == UB_I32)
        return unary_i(operation, a);
    switch (operation) {
    case UB_VISA_tmov:
        return a;
    case UB_VISA_tabs:
        return a & 0x7fffffff;
    case UB_VISA_tneg:
        return a ^ 0x80000000;
    case UB_VISA_trelu:
        return result(extreme(f32(a), 0, true));
    default:
        return rounded(function(operation, f32(a)));
    }
}

bool holds(unsigned condition, unsigned type, uint32_t a, uint32_t b) {
    if (type == UB_F32)
        return compare(condition, f32(a), f32(b));
    return compare(condition, static_cast<int32_t>(a), static_cast<int32_t>(b));
}

} // namespace ub_reference
