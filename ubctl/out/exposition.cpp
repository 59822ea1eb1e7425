// SPDX-License-Identifier: MIT
#include "out/exposition.hpp"

#include <fmt/format.h>

#include "out/text.hpp"

namespace ubctl {

namespace {

// What others named is made printable first, so no line ends in the middle.
std::string escaped(const std::string &value) {
    std::string out;
    for (const char c : printable(value)) {
        if (c == '\\' || c == '"')
            out += '\\';
        out += c;
    }
    return out;
}

std::string label_text(const Labels &labels) {
    std::string out;
    for (const auto &[name, value] : labels)
        out += fmt::format("{}{}=\"{}\"", out.empty() ? "" : ",", name, escaped(value));
    return out.empty() ? out : "{" + out + "}";
}

} // namespace

void Exposition::family(const std::string &name, const char *type, const std::string &help) {
    name_ = name;
    head_ = fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type);
}

void Exposition::sample(const Labels &labels, double value) {
    sample("", labels, value);
}

void Exposition::sample(const char *suffix, const Labels &labels, double value) {
    text_ += std::exchange(head_, "");
    // The shortest text that is read as the same number.
    text_ += fmt::format("{}{}{} {}\n", name_, suffix, label_text(labels), value);
}

} // namespace ubctl
