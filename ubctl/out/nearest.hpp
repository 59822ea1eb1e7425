// SPDX-License-Identifier: MIT
// What somebody may have meant who typed a word that is not known.
#pragma once

#include <string>
#include <string_view>

#include "out/value.hpp"

namespace ubctl {

// The word with the fewest letters changed, left out, added or swapped; empty where that would be
// more than a third of it.
std::string nearest(std::string_view typed, const List &words);

// "unknown metric 'bsuy', nearest is 'busy'", or without the latter.
std::string unknown_word(std::string_view what, std::string_view typed, const List &words);

} // namespace ubctl
