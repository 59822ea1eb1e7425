// SPDX-License-Identifier: MIT
// What of man page and completions is written by hand: lines as they are, and lines "@WORDS@" in
// whose place something is made.
#pragma once

#include <functional>
#include <string>

namespace ubctl {

// The text that is made for the words of such a line; throws for words it does not know.
using Maker = std::function<std::string(const std::string &words)>;

std::string fill_template(const std::string &path, const Maker &make);

} // namespace ubctl
