// SPDX-License-Identifier: MIT
// Values on the command line. `what` is the option, for the error.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ubctl {

// Decimal, or hexadecimal with 0x.
uint64_t parse_number(const std::string &what, std::string_view text, uint64_t most = UINT64_MAX);
uint64_t parse_number(const std::string &what, std::string_view text, uint64_t least,
                      uint64_t most);
// As C writes numbers, of this range. Not what is no number, infinite, or too small for the type.
template <class Real>
Real parse_real(const std::string &what, const std::string &text, Real least, Real most);
// A number of bytes, with K, M, G or T for powers of 1024.
uint64_t parse_size(const std::string &what, std::string_view text);
// Nanoseconds: a number with ns, us, ms or s.
uint64_t parse_duration(const std::string &what, std::string_view text, uint64_t most);

} // namespace ubctl
