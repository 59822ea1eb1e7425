// SPDX-License-Identifier: MIT
#include "docs/template.hpp"

#include <cerrno>
#include <fstream>

#include "out/error.hpp"

namespace ubctl {

std::string fill_template(const std::string &path, const Maker &make) {
    std::ifstream in(path);
    if (!in)
        throw file_error(path, "cannot be opened", errno);
    std::string out;
    for (std::string line; std::getline(in, line);) {
        const bool marker = line.size() > 2 && line.front() == '@' && line.back() == '@';
        out += marker ? make(line.substr(1, line.size() - 2)) : line + '\n';
    }
    return out;
}

} // namespace ubctl
