// SPDX-License-Identifier: MIT
#include "device/faults.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <ub/ub.h>
#include <ub/ub_hw.h>
#include <ub/ub_names.h>

#include "out/error.hpp"
#include "io/parse.hpp"

namespace ubctl {

namespace {

// By what cmd.id names.
enum Ids { NONE, JFS, JFC, SEG, VECTOR, OPCODE, QUEUE };
constexpr const char *id_meanings[] = {
    nullptr,    "a JFS, 0: any",            "a JFC, 0: any", "a TokenID",
    "a vector", "an admin opcode, 0: any", "a queue",
};

// The options that stand for an argument of a fault.
constexpr unsigned takes_of(std::string_view arg) {
    constexpr std::pair<std::string_view, unsigned> options[] = {
        {"status", takes_status}, {"substatus", takes_substatus}, {"end", takes_end},
        {"ns", takes_delay},      {"offset", takes_range},        {"bytes", takes_range},
        {"type", takes_event},    {"info", takes_event},
    };
    for (const auto &[name, takes] : options)
        if (name == arg)
            return takes;
    return 0;
}

constexpr unsigned takes_of(Ids ids, bool lasting, bool at_once, std::string_view arg0,
                            std::string_view arg1) {
    const unsigned id = ids == NONE ? 0 : unsigned{takes_id};
    const unsigned times = lasting || at_once ? 0 : unsigned{takes_times};
    return id | times | takes_of(arg0) | takes_of(arg1);
}

// The first argument has no default, but for what ends a stall; no segment is 0.
constexpr unsigned needs_of(Ids ids, std::string_view arg0) {
    return (ids == SEG ? unsigned{takes_id} : 0) | (takes_of(arg0) & ~takes_end);
}

constexpr std::string_view text_or_none(const char *text) {
    return text ? text : "";
}

const Fault faults[] = {
#define X(name, text, ids, lasting, at_once, arg0, least0, most0, arg1, least1, most1, meaning)   \
    {UB_FAULT_##name,                                                                              \
     text,                                                                                         \
     takes_of(ids, lasting, at_once, text_or_none(arg0), text_or_none(arg1)),                      \
     needs_of(ids, text_or_none(arg0)),                                                            \
     id_meanings[ids],                                                                             \
     meaning},
    UB_FAULTS(X)
#undef X
};

constexpr const char *admin_status_names[] = {
#define X(name) #name,
    UB_ADMIN_STATUS_NAMES(X)
#undef X
};

const char *admin_status_name(unsigned status) {
    return admin_status_names[status];
}

constexpr const char *stall_end_names[] = {
#define X(name, text) text,
    UB_STALL_ENDS(X)
#undef X
};

const char *stall_end_name(unsigned end) {
    return stall_end_names[end];
}

bool same(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) {
        return std::toupper(x) == std::toupper(y);
    });
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A name of the list, or a number of eight bits.
uint64_t pick(const std::string &what, const std::string &text, unsigned last,
              const char *(*name)(unsigned)) {
    std::string known;
    for (unsigned i = 0; i <= last; ++i) {
        if (same(text, name(i)))
            return i;
        known += fmt::format("{}{}", i ? ", " : "", name(i));
    }
    if (!text.empty() && is_digit(text[0]))
        return parse_number(what, text, UINT8_MAX);
    throw usage_error(what, fmt::format("'{}' is neither a number nor a name", text))
        .hint("known are " + known);
}

} // namespace

std::span<const Fault> all_faults() {
    return faults;
}

const Fault *find_fault(const std::string &name) {
    for (const Fault &fault : faults)
        if (name == fault.name)
            return &fault;
    return nullptr;
}

uint64_t parse_completion_status(const std::string &what, const std::string &text) {
    return pick(what, text, UB_CR_REM_DATA_POISON, ub_cr_status_str);
}

uint64_t parse_admin_status(const std::string &what, const std::string &text) {
    return pick(what, text, UB_ADMIN_BAD_PROGRAM, admin_status_name);
}

uint64_t parse_event_type(const std::string &what, const std::string &text) {
    return pick(what, text, UB_EVENT_ELR_DONE, ub_event_str);
}

uint64_t parse_stall_end(const std::string &what, const std::string &text) {
    return pick(what, text, UB_STALL_DEVICE, stall_end_name);
}

} // namespace ubctl
