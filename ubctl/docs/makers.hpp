// SPDX-License-Identifier: MIT
// What is made of the commands' descriptions, for the templates beside this.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "cli/grammar.hpp"

namespace ubctl {

// All that is made of. The first description is that of the global options.
struct Subject {
    std::vector<Description> descriptions;
    std::span<const Object> objects;
};

// The pieces of "-n,--count".
List names_of(const Parameter &parameter);

// man.cpp: the page; throws when it leaves out a command or a global option.
std::string man_page(const Subject &subject, const std::string &path);

// shells.cpp
std::string bash_completion(const Subject &subject, const std::string &path);
std::string zsh_completion(const Subject &subject, const std::string &path);
std::string fish_completion(const Subject &subject, const std::string &path);

} // namespace ubctl
