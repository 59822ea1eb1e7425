// SPDX-License-Identifier: MIT
// Operations on tiles alone, of the reference model.
#include "reference.hpp"

#include <cmath>

namespace ub_reference {

namespace {

stop fault(unsigned what, unsigned argument) {
    return {what, argument, 0};
}

bool same_shape(const tile &a, const tile &b) {
    return a.rows == b.rows && a.cols == b.cols;
}

// A tile of that shape and type, each element made by what its row and column give.
template <typename F> tile make(unsigned rows, unsigned cols, unsigned type, F element) {
    tile made{rows, cols, type, std::vector<uint32_t>(size_t{rows} * cols)};
    for (unsigned r = 0; r < rows; r++)
        for (unsigned c = 0; c < cols; c++)
            made.at(r, c) = element(r, c);
    return made;
}

unsigned elementwise(unsigned operation) {
    if (operation >= UB_VISA_tadds && operation <= UB_VISA_tshrs)
        return operation - UB_VISA_tadds + UB_VISA_tadd;
    if (operation >= UB_VISA_trowexpandadd && operation <= UB_VISA_trowexpanddiv)
        return operation - UB_VISA_trowexpandadd + UB_VISA_tadd;
    if (operation >= UB_VISA_tcolexpandadd && operation <= UB_VISA_tcolexpanddiv)
        return operation - UB_VISA_tcolexpandadd + UB_VISA_tadd;
    return operation;
}

uint32_t add(unsigned type, uint32_t a, uint32_t b) {
    return binary(UB_VISA_tadd, type, a, b);
}

uint32_t row_sum(const std::vector<uint32_t> &row, unsigned type) {
    std::array<uint32_t, 16> sum{};
    for (size_t c = 0; c < row.size(); c++)
        sum[c % 16] = add(type, sum[c % 16], row[c]);
    for (size_t half = 8; half; half /= 2)
        for (size_t i = 0; i < half; i++)
            sum[i] = add(type, sum[i], sum[i + half]);
    return sum[0];
}

uint32_t in_order(const std::vector<uint32_t> &list, unsigned type) {
    uint32_t sum = 0;
    for (const uint32_t x : list)
        sum = add(type, sum, x);
    return sum;
}

uint32_t extreme(unsigned operation, const std::vector<uint32_t> &list, unsigned type) {
    // Its own extreme, so that one NaN gives the NaN that operations give.
    uint32_t best = binary(operation, type, list[0], list[0]);
    for (const uint32_t x : list)
        best = binary(operation, type, best, x);
    return best;
}

uint32_t first_greatest(const std::vector<uint32_t> &list, unsigned type) {
    const auto is_nan = [&](uint32_t x) { return type == UB_F32 && std::isnan(f32(x)); };
    uint32_t best = 0;
    for (uint32_t i = 0; i < list.size(); i++) {
        if (is_nan(list[i]))
            return i;
        // A greater one is the maximum of both and the other is not.
        if (list[i] != list[best] && binary(UB_VISA_tmax, type, list[i], list[best]) == list[i])
            best = i;
    }
    return best;
}

uint32_t reduce(unsigned operation, const std::vector<uint32_t> &list, unsigned type) {
    switch (operation) {
    case UB_VISA_trowsum:
        return row_sum(list, type);
    case UB_VISA_tcolsum:
        return in_order(list, type);
    case UB_VISA_trowargmax:
        return first_greatest(list, type);
    case UB_VISA_trowmax:
    case UB_VISA_tcolmax:
        return extreme(UB_VISA_tmax, list, type);
    default:
        return extreme(UB_VISA_tmin, list, type);
    }
}

std::vector<uint32_t> row_of(const tile &a, unsigned r) {
    return {a.bits.begin() + r * a.cols, a.bits.begin() + (r + 1) * a.cols};
}

std::vector<uint32_t> column_of(const tile &a, unsigned c) {
    std::vector<uint32_t> list;
    for (unsigned r = 0; r < a.rows; r++)
        list.push_back(a.at(r, c));
    return list;
}

stop product(const tile &dst, const tile &a, const tile &b, bool accumulates, tile &made) {
    if (b.type != a.type)
        return fault(UB_VISA_FAULT_TYPE, 3);
    if (b.rows != a.cols)
        return fault(UB_VISA_FAULT_SHAPE, 3);
    if (a.rows * b.cols > UB_VISA_TILE_ELEMENTS)
        return fault(UB_VISA_FAULT_SHAPE, 1);
    if (accumulates && dst.type != a.type)
        return fault(UB_VISA_FAULT_TYPE, 1);
    if (accumulates && (dst.rows != a.rows || dst.cols != b.cols))
        return fault(UB_VISA_FAULT_SHAPE, 1);
    made = make(a.rows, b.cols, a.type, [&](unsigned r, unsigned c) {
        uint32_t sum = accumulates ? dst.at(r, c) : 0;
        for (unsigned k = 0; k < a.cols; k++)
            sum = add(a.type, sum, binary(UB_VISA_tmul, a.type, a.at(r, k), b.at(k, c)));
        return sum;
    });
    return {};
}

stop select(const tile &a, const tile &b, const tile &c, tile &made) {
    if (a.type != UB_I32)
        return fault(UB_VISA_FAULT_TYPE, 2);
    if (!same_shape(a, b))
        return fault(UB_VISA_FAULT_SHAPE, 3);
    if (c.type != b.type)
        return fault(UB_VISA_FAULT_TYPE, 4);
    if (!same_shape(a, c))
        return fault(UB_VISA_FAULT_SHAPE, 4);
    made = make(a.rows, a.cols, b.type, [&](unsigned row, unsigned col) {
        return a.at(row, col) ? b.at(row, col) : c.at(row, col);
    });
    return {};
}

// b is a tile of a's shape, one column or one row.
stop with_second(unsigned operation, const tile &a, const tile &b, unsigned rows, unsigned cols,
                 tile &made) {
    if (b.type != a.type)
        return fault(UB_VISA_FAULT_TYPE, 3);
    if (b.rows != rows || b.cols != cols)
        return fault(UB_VISA_FAULT_SHAPE, 3);
    made = make(a.rows, a.cols, a.type, [&](unsigned r, unsigned c) {
        return binary(elementwise(operation), a.type, a.at(r, c),
                      b.at(rows == 1 && a.rows > 1 ? 0 : r, cols == 1 && a.cols > 1 ? 0 : c));
    });
    return {};
}

stop expand(const tile &a, uint64_t count, bool rows, tile &made) {
    if ((rows ? a.cols : a.rows) != 1)
        return fault(UB_VISA_FAULT_SHAPE, 2);
    const uint64_t wanted = (rows ? a.rows : a.cols) * count;
    if (wanted > UB_VISA_TILE_ELEMENTS)
        return fault(UB_VISA_FAULT_SHAPE, 3);
    const auto n = static_cast<unsigned>(count);
    made = make(rows ? a.rows : n, rows ? n : a.cols, a.type,
                [&](unsigned r, unsigned c) { return rows ? a.at(r, 0) : a.at(0, c); });
    return {};
}

stop compare(unsigned condition, const tile &a, const tile &b, tile &made) {
    if (b.type != a.type)
        return fault(UB_VISA_FAULT_TYPE, 3);
    if (!same_shape(a, b))
        return fault(UB_VISA_FAULT_SHAPE, 3);
    made = make(a.rows, a.cols, UB_I32, [&](unsigned r, unsigned c) {
        return uint32_t{holds(condition, a.type, a.at(r, c), b.at(r, c))};
    });
    return {};
}

bool takes(unsigned types, unsigned type) {
    return types == UB_VISA_TYPES_FI ||
           types == (type == UB_F32 ? unsigned{UB_VISA_TYPES_F} : unsigned{UB_VISA_TYPES_I});
}

} // namespace

stop apply(unsigned operation, const tile &dst, const std::array<const tile *, 3> &from,
           const std::array<uint64_t, 5> &argument, tile &made) {
    const ub_visa_row *row = ub_visa_find(operation);
    const tile &a = *from[0];
    const auto scalar = static_cast<uint32_t>(argument[2]);
    if (!takes(row->types, a.type))
        return fault(UB_VISA_FAULT_TYPE, 2);
    switch (row->form) {
    case UB_VISA_FORM_UNARY:
        made = make(a.rows, a.cols, a.type,
                    [&](unsigned r, unsigned c) { return unary(operation, a.type, a.at(r, c)); });
        return {};
    case UB_VISA_FORM_TURN:
        made = make(a.cols, a.rows, a.type, [&](unsigned r, unsigned c) { return a.at(c, r); });
        return {};
    case UB_VISA_FORM_SCALAR:
        made = make(a.rows, a.cols, a.type, [&](unsigned r, unsigned c) {
            return binary(elementwise(operation), a.type, a.at(r, c), scalar);
        });
        return {};
    case UB_VISA_FORM_COMPARE_S:
        made = make(a.rows, a.cols, UB_I32, [&](unsigned r, unsigned c) {
            return uint32_t{holds(static_cast<unsigned>(argument[3]), a.type, a.at(r, c), scalar)};
        });
        return {};
    case UB_VISA_FORM_COMPARE:
        return compare(static_cast<unsigned>(argument[3]), a, *from[1], made);
    case UB_VISA_FORM_BINARY:
        return with_second(operation, a, *from[1], a.rows, a.cols, made);
    case UB_VISA_FORM_BY_ROW:
        return with_second(operation, a, *from[1], a.rows, 1, made);
    case UB_VISA_FORM_BY_COL:
        return with_second(operation, a, *from[1], 1, a.cols, made);
    case UB_VISA_FORM_SELECT:
        return select(a, *from[1], *from[2], made);
    case UB_VISA_FORM_REDUCE_ROW:
        made = make(a.rows, 1, operation == UB_VISA_trowargmax ? UB_I32 : a.type,
                    [&](unsigned r, unsigned) { return reduce(operation, row_of(a, r), a.type); });
        return {};
    case UB_VISA_FORM_REDUCE_COL:
        made = make(1, a.cols, a.type, [&](unsigned, unsigned c) {
            return reduce(operation, column_of(a, c), a.type);
        });
        return {};
    case UB_VISA_FORM_EXPAND_ROW:
        return expand(a, argument[2], true, made);
    case UB_VISA_FORM_EXPAND_COL:
        return expand(a, argument[2], false, made);
    default:
        return product(dst, a, *from[1], row->form == UB_VISA_FORM_PRODUCT_ACC, made);
    }
}

} // namespace ub_reference
