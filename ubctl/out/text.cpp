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

} // namespace

std::string printable(std::string text) {
    for (char &c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
            c = '?';
    return text;
}

std::string iec_bytes(uint64_t bytes) {
    return scaled(static_cast<double>(bytes), 1024, {"B", "KiB", "MiB", "GiB", "TiB", "PiB"});
}

std::string duration(uint64_t ns) {
    return scaled(static_cast<double>(ns), 1000, {"ns", "us", "ms", "s"});
}

} // namespace ubctl
