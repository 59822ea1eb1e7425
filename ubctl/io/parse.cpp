// SPDX-License-Identifier: MIT
#include "io/parse.hpp"

#include <cctype>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "out/error.hpp"

namespace ubctl {

namespace {

float to_real(const char *text, char **end, float) {
    return std::strtof(text, end);
}
double to_real(const char *text, char **end, double) {
    return std::strtod(text, end);
}

// Where the type ends is a limit that people do not know.
template <class Real> std::string range_text(Real least, Real most) {
    if (most < std::numeric_limits<Real>::max())
        return fmt::format("from {} to {}", least, most);
    return fmt::format("0, or of a magnitude from {:.3g} to {:.3g}",
                       std::numeric_limits<Real>::denorm_min(), most);
}

} // namespace

template <class Real>
Real parse_real(const std::string &what, const std::string &text, Real least, Real most) {
    const auto space = static_cast<unsigned char>(text.empty() ? ' ' : text.front());
    char *end = nullptr;
    errno = 0;
    const Real value = to_real(text.c_str(), &end, Real{});
    if (std::isspace(space) || end != text.c_str() + text.size() || std::isnan(value))
        throw usage_error(what, fmt::format("'{}' is not a number", text))
            .hint("give a number " + range_text(least, most));
    // A number that only loses digits near 0 is one; one that becomes 0 is not.
    const bool vanished = errno == ERANGE && value == 0;
    if (vanished || !std::isfinite(value) || value < least || value > most)
        throw usage_error(what, fmt::format("'{}' is out of range", text))
            .hint("give a number " + range_text(least, most));
    return value;
}

template float parse_real(const std::string &, const std::string &, float, float);
template double parse_real(const std::string &, const std::string &, double, double);

uint64_t parse_number(const std::string &what, std::string_view text, uint64_t least,
                      uint64_t most) {
    const uint64_t value = parse_number(what, text, most);
    if (value < least)
        throw usage_error(what, fmt::format("'{}' is too small", text))
            .hint(fmt::format("give a number from {} to {}", least, most));
    return value;
}

uint64_t parse_number(const std::string &what, std::string_view text, uint64_t most) {
    const std::string_view whole = text;
    int base = 10;
    if (text.starts_with("0x") || text.starts_with("0X")) {
        base = 16;
        text.remove_prefix(2);
    }
    uint64_t value = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc{} || stop != text.data() + text.size())
        throw usage_error(what, fmt::format("'{}' is not a number of at most 64 bits", whole))
            .hint("write it decimal, or hexadecimal with 0x");
    if (value > most)
        throw usage_error(what, fmt::format("'{}' is too large", whole))
            .limit(most)
            .hint(fmt::format("give a number up to {}", most));
    return value;
}

uint64_t parse_size(const std::string &what, std::string_view text) {
    constexpr std::string_view units = "KMGT";
    const size_t unit = text.empty() ? units.npos : units.find(text.back());
    if (unit != units.npos)
        text.remove_suffix(1);
    const uint64_t value = parse_number(what, text);
    const unsigned shift = unit == units.npos ? 0 : 10 * static_cast<unsigned>(unit + 1);
    if (value > (uint64_t{INT64_MAX} >> shift))
        throw usage_error(what, "too large").limit(INT64_MAX);
    return value << shift;
}

uint64_t parse_duration(const std::string &what, std::string_view text, uint64_t most) {
    static constexpr std::pair<std::string_view, uint64_t> units[] = {
        {"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}};
    for (const auto &[unit, ns] : units) {
        if (!text.ends_with(unit))
            continue;
        const auto digits = text.substr(0, text.size() - unit.size());
        return parse_number(what, digits, most / ns) * ns;
    }
    throw usage_error(what, fmt::format("'{}' has no unit: ns, us, ms or s", text));
}

} // namespace ubctl
