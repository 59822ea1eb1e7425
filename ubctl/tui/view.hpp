// SPDX-License-Identifier: MIT
// What `ubctl top` shows and what its keys do, without a terminal: keys go in, lines come out.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "device/rates.hpp"

namespace ubctl {

// Beside characters.
enum class Key : int {
    up = 0x110000,
    down,
    page_up,
    page_down,
    home,
    end,
    left,
    right,
    enter,
    backspace,
    escape
};

enum class Ink { plain, title, heading, selected, dim, warning };

struct Line {
    std::string text; // no wider than the screen
    Ink ink = Ink::plain;
};

// A column that one can sort by.
struct Metric {
    const char *name; // "busy"
    const char *heading;
    double (*value)(const Rates &rates); // not known: -1
    std::string (*text)(const Rates &rates);
    size_t width;
};

std::span<const Metric> metrics();
List metric_names();

class View {
public:
    // sort: a metric's name. filter: only rows that have this text in them.
    explicit View(double interval_s, const std::string &sort = "busy", std::string filter = "",
                  UsageOf by = UsageOf::device);

    void update(std::vector<Rates> all);
    // A character, or a Key as a number. False: to end.
    bool key(int key);
    std::vector<Line> draw(size_t rows, size_t columns);

    double interval_s() const { return interval_s_; }
    bool paused() const { return paused_; }

private:
    std::vector<const Rates *> shown() const;
    bool matches(const Rates &rates) const;
    void move(std::ptrdiff_t by);
    void choose_sort(std::ptrdiff_t by);
    void change_interval(double factor);
    void go_in();
    void go_out();
    bool key_of_filter(int key);
    bool key_of_list(int key);
    std::string title() const;
    std::vector<Line> help(size_t rows, size_t columns) const;

    std::vector<Rates> all_;
    double interval_s_;
    UsageOf by_;
    size_t sort_ = 0;
    bool ascending_ = false, paused_ = false, helps_ = false, types_filter_ = false;
    std::string filter_;
    std::optional<uint64_t> device_, tid_; // of what one has gone into
    std::optional<UsageKey> selected_;
    size_t page_ = 10, top_ = 0;
};

} // namespace ubctl
