// SPDX-License-Identifier: MIT
#include "out/picture.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "out/text.hpp"

namespace ubctl {

namespace {

// Units of SVG, at 12 units a line of text.
constexpr size_t box_height = 40, row_height = 52, margin = 12, step = 36, letter = 8;

// The box above each.
std::vector<std::optional<size_t>> parents(const std::vector<Box> &boxes) {
    std::vector<std::optional<size_t>> out(boxes.size());
    std::vector<size_t> path;
    for (size_t i = 0; i < boxes.size(); ++i) {
        path.resize(std::min(path.size(), boxes[i].depth));
        if (!path.empty())
            out[i] = path.back();
        path.push_back(i);
    }
    return out;
}

std::string dot_quoted(const std::string &text) {
    std::string out;
    for (const char c : printable(text)) {
        if (c == '"' || c == '\\')
            out += '\\';
        out += c;
    }
    return "\"" + out + "\"";
}

std::string xml(const std::string &text) {
    std::string out;
    for (const char c : printable(text))
        out += c == '<'   ? "&lt;"
               : c == '>' ? "&gt;"
               : c == '&' ? "&amp;"
               : c == '"' ? "&quot;"
                          : std::string(1, c);
    return out;
}

size_t widest(const std::vector<Box> &boxes) {
    size_t width = 0;
    for (const Box &box : boxes)
        width = std::max({width, box.depth * step / letter + width_of(box.title),
                          box.depth * step / letter + width_of(box.detail)});
    return width;
}

} // namespace

std::string tree_text(const std::vector<Box> &boxes) {
    std::string out;
    for (const Box &box : boxes)
        out += fmt::format("{:{}}{}{}{}\n", "", box.depth * 2, printable(box.title),
                           box.detail.empty() ? "" : "  ", printable(box.detail));
    return out;
}

std::string dot_text(const std::vector<Box> &boxes, const std::string &title) {
    std::string out =
        fmt::format("digraph {} {{\n    rankdir=LR;\n    node [shape=box];\n", dot_quoted(title));
    const auto above = parents(boxes);
    for (size_t i = 0; i < boxes.size(); ++i)
        out += fmt::format("    n{} [label={}{}];\n", i,
                           dot_quoted(boxes[i].title + " | " + boxes[i].detail),
                           boxes[i].strong ? ", penwidth=2" : "");
    for (size_t i = 0; i < boxes.size(); ++i)
        if (above[i])
            out += fmt::format("    n{} -> n{};\n", *above[i], i);
    return out + "}\n";
}

std::string svg_text(const std::vector<Box> &boxes, const std::string &title) {
    const size_t inner = std::max(widest(boxes), width_of(title)) * letter + 2 * margin;
    const size_t width = inner + 2 * margin;
    const size_t height = (boxes.size() + 1) * row_height + margin;
    const auto x = [](const Box &box) { return margin + box.depth * step; };
    const auto y = [](size_t row) { return (row + 1) * row_height; };
    std::string out = fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" "
                                  "height=\"{1}\" viewBox=\"0 0 {0} {1}\" "
                                  "font-family=\"monospace\" font-size=\"12\">\n"
                                  "<title>{2}</title>\n"
                                  "<rect width=\"{0}\" height=\"{1}\" fill=\"white\"/>\n"
                                  "<text x=\"{3}\" y=\"28\" font-size=\"14\">{2}</text>\n",
                                  width, height, xml(title), margin);
    const auto above = parents(boxes);
    for (size_t i = 0; i < boxes.size(); ++i)
        if (above[i])
            out += fmt::format("<path d=\"M{} {}V{}H{}\" fill=\"none\" stroke=\"gray\"/>\n",
                               x(boxes[*above[i]]) + step / 2, y(*above[i]) + box_height,
                               y(i) + box_height / 2, x(boxes[i]));
    for (size_t i = 0; i < boxes.size(); ++i)
        out += fmt::format("<rect x=\"{0}\" y=\"{1}\" width=\"{2}\" height=\"{3}\" rx=\"3\" "
                           "fill=\"{4}\" stroke=\"black\" stroke-width=\"{5}\"/>\n"
                           "<text x=\"{6}\" y=\"{7}\">{8}</text>\n"
                           "<text x=\"{6}\" y=\"{9}\" fill=\"#444\">{10}</text>\n",
                           x(boxes[i]), y(i), width - margin - x(boxes[i]), box_height,
                           boxes[i].strong ? "#e8f0ff" : "#f8f8f8", boxes[i].strong ? 2 : 1,
                           x(boxes[i]) + margin, y(i) + 16, xml(boxes[i].title), y(i) + 32,
                           xml(boxes[i].detail));
    return out + "</svg>\n";
}

} // namespace ubctl
