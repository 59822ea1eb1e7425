// SPDX-License-Identifier: MIT
// Matrices in NumPy's .npy format: versions 1 and 2, '<f4', C order, two dimensions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "io/files.hpp"

namespace ubctl {

struct NpyHeader {
    std::string dtype;
    bool fortran_order = false;
    std::vector<uint64_t> shape;
};

// The dictionary of an .npy header. Throws FORMAT; never reads beyond the text.
NpyHeader parse_npy_header(const std::string &path, std::string_view text);

// A matrix that stays in its file; tiles of it are read or written.
class NpyMatrix {
public:
    static NpyMatrix open(const std::string &path);
    // Output of a given shape, removed again unless keep() is called.
    static NpyMatrix create(const std::string &path, uint64_t rows, uint64_t cols,
                            std::span<const File *const> inputs);

    uint64_t rows() const { return rows_; }
    uint64_t cols() const { return cols_; }
    const File &file() const { return file_; }

    // Rows [row, row + rows) and columns [col, col + cols), packed row after row.
    void read_tile(float *tile, uint64_t row, uint64_t col, uint64_t rows, uint64_t cols) const;
    void write_tile(const float *tile, uint64_t row, uint64_t col, uint64_t rows, uint64_t cols);
    void keep() { file_.keep(); }

private:
    NpyMatrix(File file, uint64_t rows, uint64_t cols, uint64_t data)
        : file_(std::move(file)), rows_(rows), cols_(cols), data_(data) {}
    uint64_t offset(uint64_t row, uint64_t col) const {
        return data_ + (row * cols_ + col) * sizeof(float);
    }

    File file_;
    uint64_t rows_, cols_, data_;
};

} // namespace ubctl
