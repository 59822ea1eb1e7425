// SPDX-License-Identifier: MIT
#include "io/npy_header.hpp"

#include <cctype>
#include <charconv>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "out/error.hpp"

namespace ubctl {

namespace {

constexpr char magic[6] = {'\x93', 'N', 'U', 'M', 'P', 'Y'};
constexpr uint32_t max_header = 65536; // bytes; what version 1 could hold
constexpr size_t max_dimensions = 32;  // NumPy's own limit

constexpr const char *writers = "numpy.save() writes such files";

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
        expect_end();
        return header;
    }

private:
    [[noreturn]] void fail(const std::string &what) const {
        throw Error(path_, "bad .npy header: " + what, E_FORMAT).hint(writers);
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

    // A comment may follow, as in Python.
    void expect_end() {
        if (accept('#'))
            return;
        if (at_ < text_.size())
            fail(fmt::format("more than a dictionary, from byte {} on", at_));
    }

    // Python 2 marked its strings by u.
    std::string quoted() {
        if (!accept('u'))
            accept('U');
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
        const std::string word = plain_word();
        if (word != "True" && word != "False")
            fail(fmt::format("True or False expected, not '{}'", word));
        return word == "True";
    }

    // Letters, digits and the signs of numbers.
    std::string plain_word() {
        skip_space();
        const size_t begin = at_;
        while (at_ < text_.size() && at_ - begin < 64 &&
               (std::isalnum(static_cast<unsigned char>(text_[at_])) ||
                std::strchr("+-_.", text_[at_])) &&
               text_[at_])
            ++at_;
        return std::string(text_.substr(begin, at_ - begin));
    }

    // Python 2 ended its long numbers by L.
    uint64_t number() {
        const std::string word = plain_word();
        std::string_view digits = word;
        if (digits.starts_with('+'))
            digits.remove_prefix(1);
        if (digits.ends_with('L') || digits.ends_with('l'))
            digits.remove_suffix(1);
        const bool hex = digits.starts_with("0x") || digits.starts_with("0X");
        if (hex)
            digits.remove_prefix(2);
        uint64_t value = 0;
        const char *end = digits.data() + digits.size();
        const auto [stop, error] = std::from_chars(digits.data(), end, value, hex ? 16 : 10);
        if (error != std::errc{} || stop != end)
            fail(fmt::format("the dimension '{}' is not a number of 0 .. 2^64 - 1", word));
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

} // namespace

NpyHeader parse_npy_header(const std::string &path, std::string_view text) {
    return HeaderParser(path, text).parse();
}

NpyStart read_npy_start(const File &file, uint64_t file_size) {
    uint8_t start[12] = {};
    if (file_size < sizeof(start))
        throw Error(file.path(), "not an .npy file: too short", E_FORMAT).hint(writers);
    file.read_at(start, 0);
    if (std::memcmp(start, magic, sizeof(magic)) != 0)
        throw Error(file.path(), "not an .npy file: no magic bytes", E_FORMAT).hint(writers);
    const unsigned version = start[6];
    if (version < 1 || version > 3)
        throw Error(file.path(),
                    fmt::format(".npy version {}.{}, not 1, 2 or 3", start[6], start[7]), E_FORMAT);
    uint32_t len = start[8] | start[9] << 8u;
    if (version > 1)
        len |= static_cast<uint32_t>(start[10]) << 16 | static_cast<uint32_t>(start[11]) << 24;
    NpyStart found;
    found.data = (version == 1 ? 10u : 12u) + uint64_t{len};
    if (len > max_header)
        throw Error(file.path(), fmt::format("a header of {} bytes", len), E_FORMAT)
            .limit(max_header);
    if (found.data > file_size)
        throw Error(file.path(), "truncated inside its header", E_FORMAT)
            .hint("copy or write the file again, it is not complete");
    std::string text(len, '\0');
    file.read_at({reinterpret_cast<uint8_t *>(text.data()), len}, found.data - len);
    found.header = parse_npy_header(file.path(), text);
    return found;
}

std::string npy_start(uint64_t rows, uint64_t cols) {
    std::string text =
        fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}", rows, cols);
    // The data is aligned to 64 bytes, and a newline ends the header.
    const size_t prefix = sizeof(magic) + 4;
    text.append(63 - (prefix + text.size()) % 64, ' ');
    text += '\n';
    const char len[2] = {static_cast<char>(text.size() & 0xff),
                         static_cast<char>(text.size() >> 8)};
    return std::string(magic, sizeof(magic)) + std::string("\x01\x00", 2) + std::string(len, 2) +
           text;
}

} // namespace ubctl
