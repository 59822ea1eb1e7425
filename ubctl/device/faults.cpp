// SPDX-License-Identifier: MIT
#include "device/faults.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>

#include <fmt/format.h>
#include <ub/ub.h>
#include <ub/ub_hw.h>

#include "out/error.hpp"
#include "io/parse.hpp"

namespace ubctl {

namespace {

const Fault faults[] = {
    {UB_FAULT_STATUS, "status", takes_id | takes_times | takes_status | takes_substatus,
     takes_status, "a JFS, 0: any", "a request completes with this status, not executed"},
    {UB_FAULT_POISON, "poison", takes_id | takes_range, takes_id | takes_range, "a TokenID",
     "bytes of a segment are poisoned until that is removed"},
    {UB_FAULT_STALL, "stall", takes_id | takes_times | takes_end | takes_delay, 0, "a JFS, 0: any",
     "a request stands still"},
    {UB_FAULT_CQE_DELAY, "cqe-delay", takes_id | takes_times | takes_delay, takes_delay,
     "a JFC, 0: any", "a completion comes late"},
    {UB_FAULT_CQE_TORN, "cqe-torn", takes_id | takes_times | takes_delay, takes_delay,
     "a JFC, 0: any", "a completion is written piece by piece"},
    {UB_FAULT_LOST_IRQ, "lost-irq", takes_id | takes_times, 0, "a vector",
     "an interrupt does not come"},
    {UB_FAULT_LOST_DB, "lost-doorbell", takes_id | takes_times, 0, "a JFS, 0: any",
     "a doorbell does not arrive"},
    {UB_FAULT_ADMIN_STATUS, "admin-status", takes_id | takes_times | takes_status, takes_status,
     "an admin opcode, 0: any", "an admin command fails"},
    {UB_FAULT_ADMIN_SILENT, "admin-silent", takes_id | takes_times, 0, "an admin opcode, 0: any",
     "an admin command gets no answer"},
    {UB_FAULT_LINK_DOWN, "link-down", 0, 0, nullptr, "no other device is reached until removed"},
    {UB_FAULT_EVENT, "event", takes_id | takes_event, takes_event, "a queue",
     "an asynchronous event, at once"},
    {UB_FAULT_FATAL, "fatal", 0, 0, nullptr, "the device reports a fatal error, at once"},
};
static_assert(std::size(faults) == UB_FAULT_MAX);

constexpr const char *admin_status_names[] = {
    "OK",          "BAD_OPCODE", "BAD_FIELD", "BAD_ID", "ID_IN_USE",
    "BAD_ADDRESS", "BAD_STATE",  "BUSY",      "NO_MEMORY", "LIMIT",
};
static_assert(std::size(admin_status_names) == UB_ADMIN_LIMIT + 1);

const char *admin_status_name(unsigned status) { return admin_status_names[status]; }

constexpr const char *stall_end_names[] = {"time", "queue", "context", "device"};
static_assert(std::size(stall_end_names) == UB_STALL_DEVICE + 1);

const char *stall_end_name(unsigned end) { return stall_end_names[end]; }

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
    return pick(what, text, UB_ADMIN_LIMIT, admin_status_name);
}

uint64_t parse_event_type(const std::string &what, const std::string &text) {
    return pick(what, text, UB_EVENT_ELR_DONE, ub_event_str);
}

uint64_t parse_stall_end(const std::string &what, const std::string &text) {
    return pick(what, text, UB_STALL_DEVICE, stall_end_name);
}

} // namespace ubctl
