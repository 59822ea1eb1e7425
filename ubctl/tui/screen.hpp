// SPDX-License-Identifier: MIT
// The terminal as a whole, by ncurses.
#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "tui/view.hpp"

namespace ubctl {

class Screen {
public:
    // Throws when standard output is no terminal, or one that ncurses does not know. colour: where
    // the terminal has any.
    explicit Screen(bool colour);
    ~Screen();
    Screen(const Screen &) = delete;
    Screen &operator=(const Screen &) = delete;

    size_t rows() const;
    size_t columns() const;
    void show(const std::vector<Line> &lines);
    // A character or a Key; -1: the size is another; nothing: none came in time.
    std::optional<int> key(std::chrono::milliseconds patience);

private:
    bool colour_ = false;
};

} // namespace ubctl
