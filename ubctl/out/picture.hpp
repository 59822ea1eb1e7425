// SPDX-License-Identifier: MIT
// Trees as people see them: lines of text, Graphviz' DOT, SVG.
#pragma once

#include <string>
#include <vector>

namespace ubctl {

// Each before those below it, which are one deeper.
struct Box {
    std::string title, detail;
    size_t depth;
    bool strong; // drawn with a heavier line
};

std::string tree_text(const std::vector<Box> &boxes);
std::string dot_text(const std::vector<Box> &boxes, const std::string &title);
// Of a size of its own, with readable text in any viewer, and none of others' fonts.
std::string svg_text(const std::vector<Box> &boxes, const std::string &title);

} // namespace ubctl
