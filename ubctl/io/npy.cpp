// SPDX-License-Identifier: MIT
#include "io/npy.hpp"

#include <algorithm>
#include <bit>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "io/npy_header.hpp"
#include "out/error.hpp"

namespace ubctl {

namespace {

constexpr uint64_t max_side = 1u << 30;
static_assert(std::endian::native == std::endian::little);

bool is_binary32(const std::string &dtype) {
    for (const char *name :
         {"<f4", "=f4", "|f4", "f4", ">f4", "<f", "=f", "|f", "f", ">f", "float32", "single"})
        if (dtype == name)
            return true;
    return false;
}

// As Python writes a tuple.
std::string shape_text(const NpyHeader &header) {
    const char *one = header.shape.size() == 1 ? "," : "";
    return fmt::format("({}{})", fmt::join(header.shape, ", "), one);
}

void check_header(const std::string &path, const NpyHeader &header) {
    const std::string shape = shape_text(header);
    const size_t dimensions = header.shape.size();
    if (!is_binary32(header.dtype))
        throw Error(path, fmt::format("dtype '{}' of shape {}, not '<f4'", header.dtype, shape),
                    E_FORMAT);
    if (dimensions != 2)
        throw Error(path,
                    fmt::format("shape {} has {} dimension{}, not 2", shape, dimensions,
                                dimensions == 1 ? "" : "s"),
                    E_FORMAT)
            .hint("save it with two: numpy.save(path, x.reshape(rows, columns))");
    for (uint64_t side : header.shape)
        if (side == 0 || side > max_side)
            throw Error(path, fmt::format("shape {}: sides are 1 .. {}", shape, max_side), E_FORMAT)
                .hint("give it a matrix that is not empty, and that is not larger");
}

void swap_bytes(float *values, uint64_t count) {
    std::transform(values, values + count, values, [](float value) {
        return std::bit_cast<float>(__builtin_bswap32(std::bit_cast<uint32_t>(value)));
    });
}

} // namespace

NpyMatrix::NpyMatrix(const std::string &path) : file_(path) {
    const auto size = file_.size();
    if (!size)
        throw Error(path, "not a regular file: a matrix is read tile by tile", E_FORMAT)
            .hint("write it to a file first");
    const NpyStart start = read_npy_start(file_, *size);
    const NpyHeader &header = start.header;
    check_header(path, header);
    data_ = start.data;
    rows_ = header.shape[0];
    cols_ = header.shape[1];
    fortran_ = header.fortran_order;
    swapped_ = header.dtype.starts_with('>');
    // Sides are bounded, so this cannot overflow.
    const uint64_t need = rows_ * cols_ * sizeof(float);
    if (*size - data_ != need)
        throw Error(path,
                    fmt::format("{}: {} bytes of data for shape {}, which takes {}",
                                *size - data_ < need ? "truncated" : "too long", *size - data_,
                                shape_text(header), need),
                    E_FORMAT)
            .hint(*size - data_ < need ? "copy or write the file again, it is not complete"
                                       : "give it one matrix: nothing may follow its data");
}

// Lines are what lies one after the other in the file: rows, or columns in Fortran order.
void NpyMatrix::read_lines(float *tile, uint64_t line, uint64_t at, uint64_t lines,
                           uint64_t count) const {
    const uint64_t length = fortran_ ? rows_ : cols_;
    auto *bytes = reinterpret_cast<uint8_t *>(tile);
    const uint64_t step = count == length ? lines : 1; // lines that lie together
    for (uint64_t i = 0; i < lines; i += step)
        file_.read_at({bytes + i * count * sizeof(float), step * count * sizeof(float)},
                      data_ + ((line + i) * length + at) * sizeof(float));
    if (swapped_)
        swap_bytes(tile, lines * count);
}

void NpyMatrix::read_tile(float *tile, uint64_t row, uint64_t col, uint64_t rows,
                          uint64_t cols) const {
    if (!fortran_)
        return read_lines(tile, row, col, rows, cols);
    std::vector<float> columns(rows * cols);
    read_lines(columns.data(), col, row, cols, rows);
    for (uint64_t i = 0; i < rows; ++i)
        for (uint64_t j = 0; j < cols; ++j)
            tile[i * cols + j] = columns[j * rows + i];
}

NpyOutput::NpyOutput(const std::string &path, uint64_t rows, uint64_t cols,
                     std::span<const File *const> inputs)
    : file_(path, inputs, OutputFile::Order::any), cols_(cols) {
    const std::string start = npy_start(rows, cols);
    data_ = start.size();
    file_.write({reinterpret_cast<const uint8_t *>(start.data()), start.size()});
}

void NpyOutput::write_tile(const float *tile, uint64_t row, uint64_t col, uint64_t rows,
                           uint64_t cols) {
    const auto *bytes = reinterpret_cast<const uint8_t *>(tile);
    const uint64_t step = cols == cols_ ? rows : 1; // rows that lie together
    for (uint64_t i = 0; i < rows; i += step)
        file_.write_at({bytes + i * cols * sizeof(float), step * cols * sizeof(float)},
                       data_ + ((row + i) * cols_ + col) * sizeof(float));
}

} // namespace ubctl
