// SPDX-License-Identifier: MIT
// What `ubctl stat` and `ubctl top` make of counters, and what top's keys and screen do.

#include <cmath>
#include <cstdio>
#include <functional>
#include <string>

#include <ub/ub_hw.h>
#include <ub/ub_uapi.h>

#include "device/rates.hpp"
#include "out/nearest.hpp"
#include "out/text.hpp"
#include "tui/view.hpp"

using namespace ubctl;

namespace {

int failures = 0;

void check(const char *name, const std::function<bool()> &passes) {
    const bool passed = passes();
    std::printf("%s - %s\n", passed ? "ok" : "not ok", name);
    failures += !passed;
}

constexpr uint64_t second = 1000000000;

Usage usage_of(UsageKey key, uint64_t time_s, uint64_t busy_ns, uint64_t commands) {
    Usage usage;
    usage.key = key;
    usage.device = "ub" + std::to_string(key.device);
    usage.engines = 2;
    usage.time_ns = time_s * second;
    usage.busy_ns = busy_ns;
    usage.commands = commands;
    usage.bytes = commands * 10;
    usage.errors = 0;
    usage.doorbells = commands / 4;
    usage.service.assign(UB_USAGE_BUCKETS, 0);
    usage.service[5] = static_cast<uint32_t>(commands);
    if (key.of != UsageOf::device) {
        usage.pid = 100 + key.tid;
        usage.comm = "prog" + std::to_string(key.tid);
    }
    return usage;
}

UsageKey device(uint64_t n) {
    return {n, UsageOf::device, 0, 0, 0};
}
UsageKey context(uint64_t n, uint64_t tid) {
    return {n, UsageOf::context, tid, 0, 0};
}
UsageKey queue(uint64_t n, uint64_t tid, uint64_t id) {
    return {n, UsageOf::queue, tid, UB_OBJ_JFS, id};
}

bool about(Rates::Rate rate, double value) {
    return rate && std::fabs(*rate - value) < 1e-6 * std::fmax(1, value);
}

// ---- rates ------------------------------------------------------------------------------------
bool the_first_reading_gives_none() {
    Meter meter;
    return meter.next({usage_of(device(0), 5, 0, 100)}).empty();
}

bool rates_are_of_the_time_between() {
    Meter meter;
    meter.next({usage_of(device(0), 5, 0, 100), usage_of(context(0, 1), 5, 0, 100)});
    const auto all =
        meter.next({usage_of(device(0), 7, second, 300), usage_of(context(0, 1), 7, second, 300)});
    const Rates &rates = all[0];
    return all.size() == 2 && about(rates.commands_per_s, 100) && about(rates.bytes_per_s, 1000) &&
           about(rates.doorbells_per_s, 25) && about(rates.doorbells_saved_per_s, 75) &&
           about(rates.busy_percent, 25) && rates.interval_ns == 2 * second;
}

bool a_new_context_counts_since_the_reading_before() {
    Meter meter;
    meter.next({usage_of(device(0), 5, 0, 0)});
    const auto all = meter.next({usage_of(device(0), 6, 0, 50), usage_of(context(0, 1), 6, 0, 50)});
    return about(all[1].commands_per_s, 50) && all[1].p50_ns;
}

bool a_tid_that_comes_again_is_another_context() {
    Meter meter;
    meter.next({usage_of(context(0, 1), 5, 0, 1000)});
    const auto fewer = meter.next({usage_of(context(0, 1), 6, 0, 30)});
    Usage other = usage_of(context(0, 1), 7, 0, 50);
    other.pid = 7;
    const auto renamed = meter.next({other});
    return about(fewer[0].commands_per_s, 30) && about(renamed[0].commands_per_s, 50);
}

bool a_device_that_comes_has_no_rates_yet() {
    Meter meter;
    meter.next({usage_of(device(0), 5, 0, 0)});
    const auto all =
        meter.next({usage_of(device(0), 6, 0, 0), usage_of(device(1), 6, 0, 1u << 30)});
    return all.size() == 2 && !all[1].commands_per_s;
}

bool what_is_not_told_is_not_known() {
    Meter meter;
    Usage bare;
    bare.key = device(0);
    bare.time_ns = second;
    meter.next({bare});
    bare.time_ns = 2 * second;
    const auto all = meter.next({bare});
    return !all[0].busy_percent && !all[0].commands_per_s && !all[0].p50_ns &&
           rate_row(all[0]).size() == rate_fields().size();
}

bool percentiles_lie_in_their_buckets() {
    std::vector<uint32_t> service(UB_USAGE_BUCKETS);
    service[4] = 98;
    service[20] = 2;
    const uint64_t p50 = *percentile(service, 0.5), p99 = *percentile(service, 0.99);
    service.assign(UB_USAGE_BUCKETS, 0);
    service[0] = 1;
    return p50 > ub_hw_usage_least(4) && p50 < ub_hw_usage_least(5) &&
           p99 > ub_hw_usage_least(20) && p99 < ub_hw_usage_least(21) &&
           percentile(service, 0.99) == 256 && !percentile({}, 0.5);
}

bool counters_of_32_bits_run_over() {
    Meter meter;
    Usage usage = usage_of(context(0, 1), 5, 0, 0);
    usage.service[5] = UINT32_MAX;
    meter.next({usage});
    usage.time_ns += second;
    usage.commands = 2;
    usage.service[5] += 2;
    const auto all = meter.next({usage});
    return all[0].service[5] == 2;
}

// ---- numbers and words ------------------------------------------------------------------------
bool numbers_are_short() {
    for (const double value : {0.0, 7.0, 9.996, 99.96, 999.4, 999.6, 12345.0, 999500.0, 1e18})
        if (short_number(value).size() > 5)
            return false;
    return short_number(7) == "7" && short_number(0.5) == "0.50" &&
           short_number(999.6) == "1.00k" && short_number(12345) == "12.3k" &&
           short_duration(350) == "350n" && short_duration(1234567) == "1.23m" &&
           short_duration(999600) == "1.00m";
}

bool the_nearest_word_is_found() {
    const List words = {"busy", "bytes", "p50", "pending"};
    return nearest("bsuy", words) == "busy" && nearest("byets", words) == "bytes" &&
           nearest("p5", words) == "p50" && nearest("frobnicate", words).empty() &&
           nearest(std::string(100000, 'x'), words).empty();
}

// ---- the screen -------------------------------------------------------------------------------
std::vector<Rates> some_rates() {
    Meter meter;
    std::vector<Usage> before, after;
    const auto put = [&](UsageKey key, uint64_t busy, uint64_t commands) {
        before.push_back(usage_of(key, 5, 0, 0));
        after.push_back(usage_of(key, 6, busy, commands));
    };
    put(device(0), second, 500);
    put(context(0, 3), second / 4, 400);
    put(context(0, 4), second / 2, 100);
    for (uint64_t id = 1; id <= 40; ++id)
        put(queue(0, 3, id), second / 50, id);
    put(device(1), 0, 0);
    meter.next(before);
    return meter.next(after);
}

std::string text_of(const std::vector<Line> &lines) {
    std::string out;
    for (const Line &line : lines)
        out += line.text + '\n';
    return out;
}

std::string shown(View &view) {
    return text_of(view.draw(24, 100));
}

bool has(const std::string &text, const char *part) {
    return text.find(part) != text.npos;
}

int code(Key key) {
    return static_cast<int>(key);
}

bool every_size_is_filled_and_kept() {
    View view(1);
    view.update(some_rates());
    for (const int first : {'d', 'c', 'u', '?'}) {
        view.key(first);
        for (size_t rows = 1; rows < 60; ++rows)
            for (size_t columns = 1; columns < 200; columns += 7) {
                const auto lines = view.draw(rows, columns);
                if (lines.size() > rows)
                    return false;
                for (const Line &line : lines)
                    if (width_of(line.text) > columns)
                        return false;
            }
    }
    return true;
}

bool eighty_columns_have_what_matters() {
    View view(1);
    view.update(some_rates());
    view.key('c');
    const std::string text = text_of(view.draw(24, 80));
    return has(text, "COMMAND") && has(text, "BUSY%") && has(text, "CMD/S") && has(text, "prog3") &&
           has(text, "[|         ]  12.5");
}

bool sorts_by_busy_at_first() {
    View view(1);
    view.update(some_rates());
    view.key('c');
    const std::string text = shown(view);
    return text.find("prog4") < text.find("prog3");
}

bool sorts_by_another_and_turns_round() {
    View view(1, "commands");
    view.update(some_rates());
    view.key('c');
    const std::string most = shown(view);
    view.key('r');
    const std::string least = shown(view);
    view.key('>');
    return most.find("prog3") < most.find("prog4") && least.find("prog4") < least.find("prog3") &&
           has(shown(view), "by bytes");
}

bool goes_in_and_out() {
    View view(1);
    view.update(some_rates());
    view.key(code(Key::enter));
    if (!has(shown(view), "contexts of ub0"))
        return false;
    view.key(code(Key::down));
    view.key(code(Key::right));
    const std::string queues = shown(view);
    view.key(code(Key::backspace));
    view.key(code(Key::escape));
    return has(queues, "queues of ub0, context 3") && has(queues, "jfs 21") &&
           has(shown(view), "devices") && !has(shown(view), " of ub0");
}

bool filters() {
    View view(1);
    view.update(some_rates());
    view.key('c');
    view.key('/');
    for (const char c : std::string("prog4q"))
        view.key(c);
    view.key(code(Key::backspace));
    view.key(code(Key::enter));
    const std::string one = shown(view);
    view.key('/');
    view.key('z');
    const std::string none = shown(view);
    view.key(code(Key::escape));
    return has(one, "prog4") && !has(one, "prog3") && has(none, "nothing to show") &&
           has(shown(view), "prog3") && view.key('x') && !view.key('q');
}

bool the_choice_stays_with_its_row() {
    View view(1, "commands");
    view.update(some_rates());
    view.key('u');
    view.key(code(Key::end));
    const auto selected = [&] {
        for (const Line &line : view.draw(10, 100))
            if (line.ink == Ink::selected)
                return line.text;
        return std::string();
    };
    const std::string last = selected();
    view.key('r');
    const std::string turned = selected();
    view.key(code(Key::home));
    view.key(code(Key::page_down));
    return has(last, "jfs 1 ") && last == turned && has(selected(), "jfs 8 ");
}

bool a_device_that_goes_is_no_more_shown() {
    View view(1);
    view.update(some_rates());
    view.key(code(Key::down));
    auto rates = some_rates();
    std::erase_if(rates, [](const Rates &r) { return r.usage.key.device == 1; });
    view.update(rates);
    const std::string one = shown(view);
    view.update({});
    return !has(one, "ub1") && has(one, "ub0") && has(shown(view), "no devices");
}

bool names_cannot_control_the_terminal() {
    auto rates = some_rates();
    for (Rates &r : rates)
        r.usage.comm = "a\033]0;x\a\xc3\xa9\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad";
    View view(1);
    view.update(rates);
    view.key('c');
    const std::string text = shown(view);
    return text.find('\033') == text.npos && has(text, "a\\x1b]0;x");
}

bool pauses_and_changes_its_pace() {
    View view(1);
    view.key('p');
    view.key('+');
    const bool paused = view.paused() && view.interval_s() == 2;
    for (int i = 0; i < 20; ++i)
        view.key('-');
    return paused && view.interval_s() == 0.1;
}

} // namespace

int main() {
    check("the_first_reading_gives_none", the_first_reading_gives_none);
    check("rates_are_of_the_time_between", rates_are_of_the_time_between);
    check("a_new_context_counts_since_the_reading_before",
          a_new_context_counts_since_the_reading_before);
    check("a_tid_that_comes_again_is_another_context", a_tid_that_comes_again_is_another_context);
    check("a_device_that_comes_has_no_rates_yet", a_device_that_comes_has_no_rates_yet);
    check("what_is_not_told_is_not_known", what_is_not_told_is_not_known);
    check("percentiles_lie_in_their_buckets", percentiles_lie_in_their_buckets);
    check("counters_of_32_bits_run_over", counters_of_32_bits_run_over);
    check("numbers_are_short", numbers_are_short);
    check("the_nearest_word_is_found", the_nearest_word_is_found);
    check("every_size_is_filled_and_kept", every_size_is_filled_and_kept);
    check("eighty_columns_have_what_matters", eighty_columns_have_what_matters);
    check("sorts_by_busy_at_first", sorts_by_busy_at_first);
    check("sorts_by_another_and_turns_round", sorts_by_another_and_turns_round);
    check("goes_in_and_out", goes_in_and_out);
    check("filters", filters);
    check("the_choice_stays_with_its_row", the_choice_stays_with_its_row);
    check("a_device_that_goes_is_no_more_shown", a_device_that_goes_is_no_more_shown);
    check("names_cannot_control_the_terminal", names_cannot_control_the_terminal);
    check("pauses_and_changes_its_pace", pauses_and_changes_its_pace);
    return failures != 0;
}
