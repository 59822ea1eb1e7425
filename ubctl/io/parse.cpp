// SPDX-License-Identifier: MIT
#include "io/parse.hpp"

#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "out/error.hpp"

namespace ubctl {

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
        throw usage_error(what, fmt::format("'{}' is not a number of at most 64 bits", whole));
    if (value > most)
        throw usage_error(what, fmt::format("'{}' is too large", whole)).limit(most);
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
