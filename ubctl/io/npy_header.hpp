// SPDX-License-Identifier: MIT
// The header of NumPy's .npy format: versions 1 to 3, as NumPy and others write it.
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

// Where the data of the file begins, and what it is.
struct NpyStart {
    NpyHeader header;
    uint64_t data = 0; // bytes before it
};
NpyStart read_npy_start(const File &file, uint64_t file_size);

// The bytes before the data of a binary32 matrix in C order.
std::string npy_start(uint64_t rows, uint64_t cols);

} // namespace ubctl
