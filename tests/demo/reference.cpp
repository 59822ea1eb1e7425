// SPDX-License-Identifier: MIT
// The demonstration's other opinion: plain CPU code that shares nothing with the device model.
//
//   reference crc32c FILE              prints the CRC-32C as 8 hex digits
//   reference matrix ROWS COLS SEED FILE.npy
//   reference gemm A.npy B.npy C.npy   compares C with A B, prints the largest error

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

std::vector<char> read_file(const std::string &path) {
    std::ifstream in(path, std::ios::binary);
    if (!in)
        throw std::runtime_error(path + ": cannot be read");
    return {std::istreambuf_iterator<char>(in), {}};
}

int crc32c(const std::string &path) {
    std::array<uint32_t, 256> table{};
    for (uint32_t i = 0; i < 256; ++i) {
        uint32_t c = i;
        for (int bit = 0; bit < 8; ++bit)
            c = (c >> 1) ^ (c & 1 ? 0x82f63b78u : 0u);
        table[i] = c;
    }
    uint32_t crc = ~0u;
    for (unsigned char byte : read_file(path))
        crc = table[(crc ^ byte) & 0xff] ^ (crc >> 8);
    std::printf("%08x\n", ~crc);
    return 0;
}

struct Matrix {
    size_t rows, cols;
    std::vector<float> at;
};

void write_npy(const std::string &path, const Matrix &m) {
    std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" +
                         std::to_string(m.rows) + ", " + std::to_string(m.cols) + "), }";
    header.append(63 - (10 + header.size()) % 64, ' ') += '\n';
    const auto size = static_cast<uint16_t>(header.size());
    std::ofstream out(path, std::ios::binary);
    out.write("\x93NUMPY\x01\x00", 8).write(reinterpret_cast<const char *>(&size), 2);
    out << header;
    out.write(reinterpret_cast<const char *>(m.at.data()),
              static_cast<std::streamsize>(m.at.size() * sizeof(float)));
    if (!out.flush())
        throw std::runtime_error(path + ": cannot be written");
}

Matrix read_npy(const std::string &path) {
    const auto bytes = read_file(path);
    uint16_t size = 0;
    if (bytes.size() < 10 || std::memcmp(bytes.data(), "\x93NUMPY\x01", 7) != 0)
        throw std::runtime_error(path + ": not an .npy file");
    std::memcpy(&size, bytes.data() + 8, 2);
    const std::string header(bytes.data() + 10, size);
    const auto shape = header.find("'shape': (");
    Matrix m{};
    if (std::sscanf(header.c_str() + shape + 10, "%zu, %zu", &m.rows, &m.cols) != 2)
        throw std::runtime_error(path + ": not a matrix");
    m.at.resize(m.rows * m.cols);
    if (bytes.size() != 10u + size + m.at.size() * sizeof(float))
        throw std::runtime_error(path + ": wrong length");
    std::memcpy(m.at.data(), bytes.data() + 10 + size, m.at.size() * sizeof(float));
    return m;
}

int matrix(size_t rows, size_t cols, uint64_t seed, const std::string &path) {
    Matrix m{rows, cols, std::vector<float>(rows * cols)};
    for (float &x : m.at) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        x = static_cast<float>(static_cast<int32_t>(seed >> 32)) / 2147483648.0f;
    }
    write_npy(path, m);
    return 0;
}

// The error of a sum of k products of numbers below 1 in binary32 stays below k * 2^-23.
int gemm(const std::string &a_path, const std::string &b_path, const std::string &c_path) {
    const Matrix a = read_npy(a_path), b = read_npy(b_path), c = read_npy(c_path);
    if (a.cols != b.rows || c.rows != a.rows || c.cols != b.cols)
        throw std::runtime_error("the shapes do not fit");
    double worst = 0;
    std::vector<double> row(c.cols);
    for (size_t i = 0; i < c.rows; ++i) {
        row.assign(c.cols, 0.0);
        for (size_t k = 0; k < a.cols; ++k)
            for (size_t j = 0; j < c.cols; ++j)
                row[j] += double{a.at[i * a.cols + k]} * b.at[k * b.cols + j];
        for (size_t j = 0; j < c.cols; ++j)
            worst = std::fmax(worst, std::fabs(row[j] - c.at[i * c.cols + j]));
    }
    const double tolerance = static_cast<double>(a.cols) * 0x1p-23;
    std::printf("%.3g of at most %.3g\n", worst, tolerance);
    return worst <= tolerance ? 0 : 1;
}

} // namespace

int main(int argc, char **argv) try {
    const std::string verb = argc > 1 ? argv[1] : "";
    if (verb == "crc32c" && argc == 3)
        return crc32c(argv[2]);
    if (verb == "matrix" && argc == 6)
        return matrix(std::stoul(argv[2]), std::stoul(argv[3]), std::stoull(argv[4]), argv[5]);
    if (verb == "gemm" && argc == 5)
        return gemm(argv[2], argv[3], argv[4]);
    std::fprintf(stderr,
                 "usage: reference crc32c FILE | matrix ROWS COLS SEED FILE | gemm A B C\n");
    return 2;
} catch (const std::exception &error) {
    std::fprintf(stderr, "reference: %s\n", error.what());
    return 1;
}
