// SPDX-License-Identifier: MIT
#include "tui/view.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "out/text.hpp"

namespace ubctl {

namespace {

constexpr size_t bar_width = 10;
constexpr double least_interval = 0.1, most_interval = 60;

double known(const Rates::Rate &rate) {
    return rate.value_or(-1);
}

double known(const std::optional<uint64_t> &count) {
    return count ? static_cast<double>(*count) : -1;
}

std::string short_text(double value) {
    return value < 0 ? "-" : short_number(value);
}

std::string short_time(const std::optional<uint64_t> &ns) {
    return ns ? short_duration(*ns) : "-";
}

std::string busy_text(const Rates &rates) {
    if (!rates.busy_percent)
        return "-";
    const auto full = static_cast<size_t>(std::lround(*rates.busy_percent * bar_width / 100));
    return fmt::format("[{:<{}}]{:>6.1f}", std::string(full, '|'), bar_width, *rates.busy_percent);
}

std::string pinned_text(const Rates &rates) {
    return rates.usage.pinned_bytes ? iec_bytes(*rates.usage.pinned_bytes) : "-";
}

#define VALUE(member) [](const Rates &rates) { return known(rates.member); }
#define SHORT(member) [](const Rates &rates) { return short_text(known(rates.member)); }
#define TIME(member) [](const Rates &rates) { return short_time(rates.member); }

// What matters most first: a narrow screen leaves out the last.
const Metric all_metrics[] = {
    {"busy", "BUSY%", VALUE(busy_percent), busy_text, bar_width + 8},
    {"commands", "CMD/S", VALUE(commands_per_s), SHORT(commands_per_s), 5},
    {"bytes", "BYT/S", VALUE(bytes_per_s), SHORT(bytes_per_s), 5},
    {"pending", "PEND", VALUE(usage.pending), SHORT(usage.pending), 5},
    {"p50", "P50", VALUE(p50_ns), TIME(p50_ns), 5},
    {"p99", "P99", VALUE(p99_ns), TIME(p99_ns), 5},
    {"doorbells", "DB/S", VALUE(doorbells_per_s), SHORT(doorbells_per_s), 5},
    {"saved", "SAVED", VALUE(doorbells_saved_per_s), SHORT(doorbells_saved_per_s), 5},
    {"interrupts", "INT/S", VALUE(interrupts_per_s), SHORT(interrupts_per_s), 5},
    {"errors", "ERR/S", VALUE(errors_per_s), SHORT(errors_per_s), 5},
    {"pinned", "PINNED", VALUE(usage.pinned_bytes), pinned_text, 9},
};

#undef VALUE
#undef SHORT
#undef TIME

std::string number(const Usage::Count &count) {
    return count ? std::to_string(*count) : "-";
}

// The columns that say whose row it is.
std::string who_heading(UsageOf by) {
    switch (by) {
    case UsageOf::device:
        return fmt::format("{:<8}", "DEVICE");
    case UsageOf::context:
        return fmt::format("{:<8} {:>4} {:>7} {:<12}", "DEVICE", "TID", "PID", "COMMAND");
    case UsageOf::queue:
        break;
    }
    return fmt::format("{:<8} {:>4} {:<9} {:<12}", "DEVICE", "TID", "QUEUE", "COMMAND");
}

// Cut at a character, and filled up.
std::string fitted(std::string text, size_t width) {
    while (width_of(text) > width) {
        text.pop_back();
        while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xc0) == 0x80)
            text.pop_back();
    }
    return text + std::string(width - width_of(text), ' ');
}

std::string who(const Usage &usage) {
    const std::string comm = fitted(printable(usage.comm), 12);
    switch (usage.key.of) {
    case UsageOf::device:
        return fmt::format("{:<8}", usage.device);
    case UsageOf::context:
        return fmt::format("{:<8} {:>4} {:>7} {}", usage.device, usage.key.tid, number(usage.pid),
                           comm);
    case UsageOf::queue:
        break;
    }
    const std::string queue = fmt::format("{} {}", usage.queue_name(), usage.key.queue);
    return fmt::format("{:<8} {:>4} {:<9} {}", usage.device, usage.key.tid, queue, comm);
}

const char *title_of(UsageOf by) {
    switch (by) {
    case UsageOf::device:
        return "devices";
    case UsageOf::context:
        return "contexts";
    case UsageOf::queue:
        break;
    }
    return "queues";
}

bool is(int key, Key wanted) {
    return key == static_cast<int>(wanted);
}

} // namespace

std::span<const Metric> metrics() {
    return all_metrics;
}

List metric_names() {
    List names;
    for (const Metric &metric : all_metrics)
        names.push_back(metric.name);
    return names;
}

View::View(double interval_s, const std::string &sort, std::string filter, UsageOf by)
    : interval_s_(interval_s), by_(by), filter_(std::move(filter)) {
    for (size_t i = 0; i < metrics().size(); ++i)
        if (sort == metrics()[i].name)
            sort_ = i;
}

void View::update(std::vector<Rates> all) {
    all_ = std::move(all);
}

bool View::matches(const Rates &rates) const {
    const Usage &usage = rates.usage;
    if (usage.key.of != by_ || (device_ && usage.key.device != *device_) ||
        (tid_ && usage.key.tid != *tid_))
        return false;
    return filter_.empty() ||
           fmt::format("{} {}", who(usage), number(usage.pid)).find(filter_) != std::string::npos;
}

// Rows that are alike in what they are sorted by keep the order of their keys, and so their places.
std::vector<const Rates *> View::shown() const {
    std::vector<const Rates *> rows;
    for (const Rates &rates : all_)
        if (matches(rates))
            rows.push_back(&rates);
    const auto value = metrics()[sort_].value;
    std::ranges::stable_sort(rows, [&](const Rates *a, const Rates *b) {
        const double x = value(*a), y = value(*b);
        if (x != y)
            return ascending_ ? x < y : x > y;
        return a->usage.key < b->usage.key;
    });
    return rows;
}

namespace {

size_t place_of(const std::vector<const Rates *> &rows, const std::optional<UsageKey> &key) {
    for (size_t i = 0; key && i < rows.size(); ++i)
        if (rows[i]->usage.key == *key)
            return i;
    return 0;
}

} // namespace

void View::move(std::ptrdiff_t by) {
    const auto rows = shown();
    if (rows.empty())
        return;
    const auto last = static_cast<std::ptrdiff_t>(rows.size()) - 1;
    const auto at = static_cast<std::ptrdiff_t>(place_of(rows, selected_)) + by;
    selected_ = rows[static_cast<size_t>(std::clamp<std::ptrdiff_t>(at, 0, last))]->usage.key;
}

void View::choose_sort(std::ptrdiff_t by) {
    const auto count = static_cast<std::ptrdiff_t>(metrics().size());
    sort_ = static_cast<size_t>((static_cast<std::ptrdiff_t>(sort_) + by + count) % count);
}

void View::change_interval(double factor) {
    interval_s_ = std::clamp(interval_s_ * factor, least_interval, most_interval);
}

void View::go_in() {
    const auto rows = shown();
    if (rows.empty() || by_ == UsageOf::queue)
        return;
    const UsageKey key = rows[place_of(rows, selected_)]->usage.key;
    device_ = key.device;
    if (by_ == UsageOf::context)
        tid_ = key.tid;
    by_ = by_ == UsageOf::device ? UsageOf::context : UsageOf::queue;
    selected_.reset();
}

void View::go_out() {
    if (by_ == UsageOf::device)
        return;
    if (by_ == UsageOf::queue) {
        by_ = UsageOf::context;
        if (tid_)
            selected_ = UsageKey{device_.value_or(0), UsageOf::context, *tid_, 0, 0};
        tid_.reset();
        return;
    }
    by_ = UsageOf::device;
    if (device_)
        selected_ = UsageKey{*device_, UsageOf::device, 0, 0, 0};
    device_.reset();
}

bool View::key_of_filter(int key) {
    if (is(key, Key::enter)) {
        types_filter_ = false;
    } else if (is(key, Key::escape)) {
        types_filter_ = false;
        filter_.clear();
    } else if (is(key, Key::backspace)) {
        if (!filter_.empty())
            filter_.pop_back();
    } else if (key >= ' ' && key < 0x7f) {
        filter_ += static_cast<char>(key);
    }
    return true;
}

bool View::key_of_list(int key) {
    const auto page = static_cast<std::ptrdiff_t>(page_);
    constexpr std::ptrdiff_t all = 1 << 24;
    if (is(key, Key::up) || key == 'k')
        move(-1);
    else if (is(key, Key::down) || key == 'j')
        move(1);
    else if (is(key, Key::page_up))
        move(-page);
    else if (is(key, Key::page_down))
        move(page);
    else if (is(key, Key::home))
        move(-all);
    else if (is(key, Key::end))
        move(all);
    else if (is(key, Key::enter) || is(key, Key::right))
        go_in();
    else if (is(key, Key::backspace) || is(key, Key::left) || is(key, Key::escape))
        go_out();
    return true;
}

bool View::key(int key) {
    if (helps_) {
        helps_ = false;
        return key != 'q';
    }
    if (types_filter_)
        return key_of_filter(key);
    switch (key) {
    case 'q':
        return false;
    case 'h':
    case '?':
        helps_ = true;
        break;
    case '/':
        types_filter_ = true;
        filter_.clear();
        break;
    case '<':
        choose_sort(-1);
        break;
    case '>':
        choose_sort(1);
        break;
    case 'r':
        ascending_ = !ascending_;
        break;
    case 'p':
        paused_ = !paused_;
        break;
    case '+':
        change_interval(2);
        break;
    case '-':
        change_interval(0.5);
        break;
    case 'd':
    case 'c':
    case 'u':
        by_ = key == 'd' ? UsageOf::device : key == 'c' ? UsageOf::context : UsageOf::queue;
        device_.reset();
        tid_.reset();
        selected_.reset();
        break;
    default:
        return key_of_list(key);
    }
    return true;
}

std::string View::title() const {
    std::string out = fmt::format("ubctl top: {}", title_of(by_));
    if (device_)
        out += fmt::format(" of ub{}", *device_);
    if (tid_)
        out += fmt::format(", context {}", *tid_);
    out += fmt::format("  every {:.3g} s{}  by {}{}", interval_s_, paused_ ? ", paused" : "",
                       metrics()[sort_].name, ascending_ ? ", least first" : "");
    if (types_filter_)
        out += fmt::format("  filter: {}_", filter_);
    else if (!filter_.empty())
        out += fmt::format("  filter: {}", filter_);
    return out;
}

std::vector<Line> View::help(size_t rows, size_t columns) const {
    static constexpr const char *texts[] = {
        "Keys of ubctl top",
        "",
        "up, down, j, k     choose a row; also page up, page down, home, end",
        "enter, right       into the row: a device's contexts, a context's queues",
        "backspace, left    and out again",
        "d, c, u            all devices, all contexts, all queues",
        "<, >               sort by the column before, after",
        "r                  turn the order round",
        "/                  only rows with this text; escape ends that",
        "p                  pause",
        "+, -               twice, half the interval",
        "q                  quit",
        "",
        "BUSY% is of all threads of the device. P50 and P99 are service times, measured",
        "by the device: from taking a command out of its ring to its completion.",
        "SAVED are commands that no doorbell was rung for.",
        "",
        "Any key goes back.",
    };
    std::vector<Line> lines;
    for (const char *text : texts)
        if (lines.size() < rows)
            lines.push_back({fitted(text, columns), lines.empty() ? Ink::title : Ink::plain});
    return lines;
}

namespace {

// Metrics that fit beside the columns of whose row it is.
size_t fitting(size_t columns, size_t used) {
    size_t count = 0;
    for (const Metric &metric : metrics()) {
        used += metric.width + 1;
        if (used > columns)
            break;
        ++count;
    }
    return count;
}

std::string heading(UsageOf by, size_t count, size_t sort, bool ascending) {
    std::string out = who_heading(by);
    for (size_t i = 0; i < count; ++i) {
        std::string text = metrics()[i].heading;
        if (i == sort)
            text = (ascending ? "^" : "*") + text;
        if (text.size() > metrics()[i].width)
            text.pop_back();
        out += fmt::format(" {:>{}}", text, metrics()[i].width);
    }
    return out;
}

std::string row(const Rates &rates, size_t count) {
    std::string out = who(rates.usage);
    for (size_t i = 0; i < count; ++i)
        out += fmt::format(" {:>{}}", metrics()[i].text(rates), metrics()[i].width);
    return out;
}

} // namespace

std::vector<Line> View::draw(size_t rows, size_t columns) {
    if (helps_)
        return help(rows, columns);
    const auto list = shown();
    const size_t place = place_of(list, selected_);
    const size_t count = fitting(columns, who_heading(by_).size());
    std::vector<Line> lines = {
        {fitted(title(), columns), Ink::title},
        {fitted(heading(by_, count, sort_, ascending_), columns), Ink::heading}};
    page_ = rows > 3 ? rows - 3 : 1;
    top_ = std::min({top_, place, list.size()});
    if (place >= top_ + page_)
        top_ = place - page_ + 1;
    for (size_t i = top_; i < std::min(list.size(), top_ + page_); ++i)
        lines.push_back({fitted(row(*list[i], count), columns), i == place ? Ink::selected
                                                                : known(list[i]->errors_per_s) > 0
                                                                    ? Ink::warning
                                                                    : Ink::plain});
    if (list.empty())
        lines.push_back({fitted(all_.empty() ? "no devices of the driver, or no reading yet"
                                             : "nothing to show: no such objects, or the filter "
                                               "leaves none",
                                columns),
                         Ink::dim});
    while (lines.size() + 1 < rows)
        lines.push_back({std::string(columns, ' '), Ink::plain});
    lines.push_back({fitted(fmt::format("{} of {}   h: help   q: quit",
                                        list.empty() ? 0 : place + 1, list.size()),
                            columns),
                     Ink::dim});
    lines.resize(std::min(lines.size(), rows));
    return lines;
}

} // namespace ubctl
