// SPDX-License-Identifier: MIT
// Matrices of binary32 in NumPy's .npy format, which stay in their files: tiles of them are read
// or written.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "io/files.hpp"
#include "io/output_file.hpp"

namespace ubctl {

// Two dimensions, of either byte order, in C or Fortran order.
class NpyMatrix {
public:
    explicit NpyMatrix(const std::string &path);

    uint64_t rows() const { return rows_; }
    uint64_t cols() const { return cols_; }
    const File &file() const { return file_; }

    // Rows [row, row + rows) and columns [col, col + cols), packed row after row.
    void read_tile(float *tile, uint64_t row, uint64_t col, uint64_t rows, uint64_t cols) const;

private:
    void read_lines(float *tile, uint64_t line, uint64_t at, uint64_t lines, uint64_t count) const;

    File file_;
    uint64_t rows_ = 0, cols_ = 0, data_ = 0;
    bool fortran_ = false, swapped_ = false;
};

// A matrix of a given shape that is written in C order.
class NpyOutput {
public:
    NpyOutput(const std::string &path, uint64_t rows, uint64_t cols,
              std::span<const File *const> inputs);

    void write_tile(const float *tile, uint64_t row, uint64_t col, uint64_t rows, uint64_t cols);
    void keep() { file_.keep(); }

private:
    OutputFile file_;
    uint64_t cols_, data_;
};

} // namespace ubctl
