// SPDX-License-Identifier: MIT
#include "io/npy.hpp"

#include <charconv>
#include <cstring>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "out/error.hpp"

namespace ubctl {

namespace {

constexpr char magic[6] = {'\x93', 'N', 'U', 'M', 'P', 'Y'};
constexpr uint32_t max_header = 65536; // bytes; what version 1 could hold
constexpr size_t max_dimensions = 32;  // NumPy's own limit
constexpr uint64_t max_side = 1u << 30;

// Reads the few Python literals that a header is made of.
class HeaderParser {
public:
    HeaderParser(const std::string &path, std::string_view text) : path_(path), text_(text) {}

    NpyHeader parse() {
        NpyHeader header;
        bool dtype = false, order = false, shape = false;
        expect('{');
        while (!accept('}')) {
            const std::string key = quoted();
            expect(':');
            if (key == "descr" && !std::exchange(dtype, true))
                header.dtype = descr();
            else if (key == "fortran_order" && !std::exchange(order, true))
                header.fortran_order = boolean();
            else if (key == "shape" && !std::exchange(shape, true))
                header.shape = tuple();
            else
                fail(fmt::format("unexpected key '{}'", key));
            if (!accept(',')) {
                expect('}');
                break;
            }
        }
        if (!dtype || !order || !shape)
            fail("descr, fortran_order or shape is missing");
        return header;
    }

private:
    [[noreturn]] void fail(const std::string &what) const {
        throw Error(path_, "bad .npy header: " + what, E_FORMAT);
    }

    void skip_space() {
        while (at_ < text_.size() && std::strchr(" \t\r\n", text_[at_]) && text_[at_])
            ++at_;
    }

    bool accept(char c) {
        skip_space();
        if (at_ >= text_.size() || text_[at_] != c)
            return false;
        ++at_;
        return true;
    }

    void expect(char c) {
        if (!accept(c))
            fail(fmt::format("'{}' expected at byte {}", c, at_));
    }

    std::string quoted() {
        const char quote = accept('\'') ? '\'' : '"';
        if (quote == '"')
            expect('"');
        const size_t end = text_.find(quote, at_);
        if (end == text_.npos || end - at_ > 64)
            fail("a string does not end");
        const std::string value(text_.substr(at_, end - at_));
        at_ = end + 1;
        return value;
    }

    // A structured dtype is a list; its name is all we need to refuse it.
    std::string descr() {
        skip_space();
        if (at_ < text_.size() && text_[at_] == '[')
            throw Error(path_, "dtype is structured, not '<f4'", E_FORMAT);
        return quoted();
    }

    bool boolean() {
        skip_space();
        for (const auto &[word, value] : {std::pair{"True", true}, std::pair{"False", false}})
            if (text_.substr(at_).starts_with(word)) {
                at_ += std::strlen(word);
                return value;
            }
        fail("True or False expected");
    }

    uint64_t number() {
        skip_space();
        uint64_t value = 0;
        const char *begin = text_.data() + at_, *end = text_.data() + text_.size();
        const auto [stop, error] = std::from_chars(begin, end, value);
        if (error != std::errc{})
            fail("a dimension is not a number");
        at_ += static_cast<size_t>(stop - begin);
        return value;
    }

    std::vector<uint64_t> tuple() {
        std::vector<uint64_t> shape;
        expect('(');
        while (!accept(')')) {
            shape.push_back(number());
            if (shape.size() > max_dimensions)
                fail("too many dimensions");
            if (!accept(',')) {
                expect(')');
                break;
            }
        }
        return shape;
    }

    const std::string &path_;
    std::string_view text_;
    size_t at_ = 0;
};

std::span<uint8_t> bytes_of(void *memory, size_t size) {
    return {static_cast<uint8_t *>(memory), size};
}

// The header's text; data is set to where the matrix begins.
std::string read_header(const File &file, uint64_t file_size, uint64_t &data) {
    uint8_t start[12] = {};
    if (file_size < sizeof(start))
        throw Error(file.path(), "not an .npy file: too short", E_FORMAT);
    file.read_at(start, 0);
    if (std::memcmp(start, magic, sizeof(magic)) != 0)
        throw Error(file.path(), "not an .npy file: no magic bytes", E_FORMAT);
    const unsigned version = start[6];
    if (version != 1 && version != 2)
        throw Error(file.path(), fmt::format(".npy version {}.{}, not 1 or 2", start[6], start[7]),
                    E_FORMAT);
    uint32_t len = start[8] | start[9] << 8u;
    if (version == 2)
        len |= static_cast<uint32_t>(start[10]) << 16 | static_cast<uint32_t>(start[11]) << 24;
    data = (version == 1 ? 10u : 12u) + uint64_t{len};
    if (len > max_header)
        throw Error(file.path(), fmt::format("a header of {} bytes", len), E_FORMAT)
            .limit(max_header);
    if (data > file_size)
        throw Error(file.path(), "truncated inside its header", E_FORMAT);
    std::string text(len, '\0');
    file.read_at(bytes_of(text.data(), len), data - len);
    return text;
}

void check_header(const std::string &path, const NpyHeader &header) {
    const std::string shape = fmt::format("({})", fmt::join(header.shape, ", "));
    if (header.dtype != "<f4")
        throw Error(path, fmt::format("dtype '{}' of shape {}, not '<f4'", header.dtype, shape),
                    E_FORMAT);
    if (header.shape.size() != 2)
        throw Error(path,
                    fmt::format("shape {} has {} dimensions, not 2", shape, header.shape.size()),
                    E_FORMAT);
    if (header.fortran_order)
        throw Error(path, fmt::format("'<f4' of shape {} in Fortran order, not C order", shape),
                    E_FORMAT);
    for (uint64_t side : header.shape)
        if (side == 0 || side > max_side)
            throw Error(path, fmt::format("shape {}: sides are 1 .. {}", shape, max_side),
                        E_FORMAT);
}

} // namespace

NpyHeader parse_npy_header(const std::string &path, std::string_view text) {
    return HeaderParser(path, text).parse();
}

NpyMatrix NpyMatrix::open(const std::string &path) {
    File file = File::open_input(path);
    const auto size = file.size();
    if (!size)
        throw Error(path, "not a regular file", E_FORMAT);
    uint64_t data = 0;
    const NpyHeader header = parse_npy_header(path, read_header(file, *size, data));
    check_header(path, header);
    // Sides are bounded, so this cannot overflow.
    const uint64_t need = header.shape[0] * header.shape[1] * sizeof(float);
    if (*size - data != need)
        throw Error(path,
                    fmt::format("{}: {} bytes of data for shape ({}, {}), which takes {}",
                                *size - data < need ? "truncated" : "too long", *size - data,
                                header.shape[0], header.shape[1], need),
                    E_FORMAT);
    return NpyMatrix(std::move(file), header.shape[0], header.shape[1], data);
}

NpyMatrix NpyMatrix::create(const std::string &path, uint64_t rows, uint64_t cols,
                            std::span<const File *const> inputs) {
    std::string text =
        fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}", rows, cols);
    // The data is aligned to 64 bytes, and a newline ends the header.
    const size_t prefix = sizeof(magic) + 4;
    text.append(63 - (prefix + text.size()) % 64, ' ');
    text += '\n';
    const char len[2] = {static_cast<char>(text.size() & 0xff),
                         static_cast<char>(text.size() >> 8)};
    const std::string start =
        std::string(magic, sizeof(magic)) + std::string("\x01\x00", 2) + std::string(len, 2) + text;
    File file = File::create_output(path, inputs);
    file.write({reinterpret_cast<const uint8_t *>(start.data()), start.size()});
    return NpyMatrix(std::move(file), rows, cols, start.size());
}

void NpyMatrix::read_tile(float *tile, uint64_t row, uint64_t col, uint64_t rows,
                          uint64_t cols) const {
    if (cols == cols_)
        return file_.read_at(bytes_of(tile, rows * cols * sizeof(float)), offset(row, 0));
    for (uint64_t i = 0; i < rows; ++i)
        file_.read_at(bytes_of(tile + i * cols, cols * sizeof(float)), offset(row + i, col));
}

void NpyMatrix::write_tile(const float *tile, uint64_t row, uint64_t col, uint64_t rows,
                           uint64_t cols) {
    const auto *bytes = reinterpret_cast<const uint8_t *>(tile);
    if (cols == cols_)
        return file_.write_at({bytes, rows * cols * sizeof(float)}, offset(row, 0));
    for (uint64_t i = 0; i < rows; ++i)
        file_.write_at({bytes + i * cols * sizeof(float), cols * sizeof(float)},
                       offset(row + i, col));
}

} // namespace ubctl
