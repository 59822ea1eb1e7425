// SPDX-License-Identifier: MIT
#include "out/text.hpp"

#include <initializer_list>

#include <fmt/format.h>

namespace ubctl {

namespace {

std::string scaled(double value, double step, std::initializer_list<const char *> units) {
    auto unit = units.begin();
    while (value >= step && unit + 1 != units.end()) {
        value /= step;
        ++unit;
    }
    return fmt::format("{:.4g} {}", value, *unit);
}

struct Character {
    char32_t point = 0;
    size_t bytes = 1;
    bool valid = false;
};

// Of text that is not empty. Forms that are longer than needed and halves of pairs are no UTF-8.
Character first_of(std::string_view text) {
    const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    if (first < 0x80)
        return {first, 1, true};
    const size_t bytes = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() < bytes)
        return {};
    char32_t point = first & (0x7fu >> bytes);
    for (size_t i = 1; i < bytes; ++i) {
        if ((byte(i) & 0xc0) != 0x80)
            return {};
        point = point << 6 | (byte(i) & 0x3f);
    }
    constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = point >= 0xd800 && point < 0xe000;
    if (point < least[bytes] || point > 0x10ffff || surrogate)
        return {};
    return {point, bytes, true};
}

// C0, DEL and C1; ends of lines and paragraphs; what turns the direction of writing.
bool is_control(char32_t point) {
    return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x61c || point == 0x200e ||
           point == 0x200f || (point >= 0x2028 && point <= 0x202e) ||
           (point >= 0x2066 && point <= 0x2069);
}

// East Asian writing, and pictures.
bool is_wide(char32_t point) {
    return (point >= 0x1100 && point <= 0x115f) || (point >= 0x2e80 && point <= 0xa4cf) ||
           (point >= 0xac00 && point <= 0xd7a3) || (point >= 0xf900 && point <= 0xfaff) ||
           (point >= 0xfe30 && point <= 0xfe6f) || (point >= 0xff00 && point <= 0xff60) ||
           (point >= 0xffe0 && point <= 0xffe6) || (point >= 0x1f300 && point <= 0x1f64f) ||
           (point >= 0x1f900 && point <= 0x1f9ff) || (point >= 0x20000 && point <= 0x3fffd);
}

std::string escape(std::string_view bytes) {
    if (bytes == "\n" || bytes == "\t" || bytes == "\r")
        return bytes == "\n" ? "\\n" : bytes == "\t" ? "\\t" : "\\r";
    std::string out;
    for (const char c : bytes)
        out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    return out;
}

template <class Concerned> std::string escaped(std::string_view text, Concerned concerned) {
    std::string out;
    while (!text.empty()) {
        const Character next = first_of(text);
        const std::string_view bytes = text.substr(0, next.bytes);
        if (!next.valid || (is_control(next.point) && concerned(next.point)))
            out += escape(bytes);
        else
            out += bytes;
        text.remove_prefix(next.bytes);
    }
    return out;
}

} // namespace

std::string printable(std::string_view text) {
    return escaped(text, [](char32_t) { return true; });
}

std::string printable_lines(std::string_view text) {
    return escaped(text, [](char32_t point) { return point != '\n' && point != '\t'; });
}

size_t width_of(std::string_view text) {
    size_t width = 0;
    while (!text.empty()) {
        const Character next = first_of(text);
        width += next.valid && is_wide(next.point) ? 2 : 1;
        text.remove_prefix(next.bytes);
    }
    return width;
}

std::string short_number(double value) {
    constexpr const char *units[] = {"", "k", "M", "G", "T", "P", "E"};
    size_t unit = 0;
    // What would be written as 1000 is one of the next unit.
    for (; value >= 999.5 && unit + 1 < std::size(units); ++unit)
        value /= 1000;
    const int places = unit == 0 && value == static_cast<uint64_t>(value) ? 0
                       : value < 9.995                                    ? 2
                       : value < 99.95                                    ? 1
                                                                          : 0;
    return fmt::format("{:.{}f}{}", value, places, units[unit]);
}

std::string short_duration(uint64_t ns) {
    constexpr const char *units[] = {"n", "u", "m", "s"};
    double value = static_cast<double>(ns);
    size_t unit = 0;
    for (; value >= 999.5 && unit + 1 < std::size(units); ++unit)
        value /= 1000;
    const int places = unit == 0 || value >= 99.95 ? 0 : value < 9.995 ? 2 : 1;
    return fmt::format("{:.{}f}{}", value, places, units[unit]);
}

std::string iec_bytes(uint64_t bytes) {
    return scaled(static_cast<double>(bytes), 1024, {"B", "KiB", "MiB", "GiB", "TiB", "PiB"});
}

std::string duration(uint64_t ns) {
    return scaled(static_cast<double>(ns), 1000, {"ns", "us", "ms", "s"});
}

} // namespace ubctl
