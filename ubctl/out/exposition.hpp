// SPDX-License-Identifier: MIT
// Metrics in the text format of Prometheus, version 0.0.4.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace ubctl {

using Labels = std::vector<std::pair<std::string, std::string>>;

class Exposition {
public:
    // Begins a family, whose samples follow. type: "counter", "gauge", "histogram". Without
    // samples it is left out.
    void family(const std::string &name, const char *type, const std::string &help);
    void sample(const Labels &labels, double value);
    // The end of a histogram's name, "_bucket", "_sum" or "_count", stands behind the family's.
    void sample(const char *suffix, const Labels &labels, double value);

    const std::string &text() const { return text_; }

private:
    std::string name_, head_, text_;
};

} // namespace ubctl
