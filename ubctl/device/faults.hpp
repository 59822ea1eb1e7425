// SPDX-License-Identifier: MIT
// Faults on demand by name: enum ub_fault, and what each takes.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace ubctl {

enum Takes : unsigned {
    takes_id = 1,
    takes_times = 2, // count and skip
    takes_status = 4,
    takes_substatus = 8,
    takes_end = 16,
    takes_delay = 32,
    takes_range = 64, // offset and bytes
    takes_event = 128, // type, tid and info
};

struct Fault {
    uint32_t number;
    const char *name;
    unsigned takes;
    unsigned needs; // of these
    const char *id; // what --id names
    const char *meaning;
};

std::span<const Fault> all_faults();
const Fault *find_fault(const std::string &name);

// Names or numbers on the command line; throw usage errors that name the option.
uint64_t parse_completion_status(const std::string &what, const std::string &text);
uint64_t parse_admin_status(const std::string &what, const std::string &text);
uint64_t parse_event_type(const std::string &what, const std::string &text);
uint64_t parse_stall_end(const std::string &what, const std::string &text);

} // namespace ubctl
