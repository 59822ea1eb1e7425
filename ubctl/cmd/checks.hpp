// SPDX-License-Identifier: MIT
// The checks of `ubctl selftest`, each with real data on a session of its own.
#pragma once

#include <cstdint>
#include <span>

#include "device/session.hpp"

namespace ubctl {

struct Check {
    const char *name;
    uint64_t opcodes; // UB_OPCAP_* it needs
    // Throws Error when the device gives another result than it must.
    void (*run)(Session &session);
};

std::span<const Check> data_checks();    // checks_data.cpp: results compared with the CPU's
std::span<const Check> message_checks(); // checks_message.cpp: sends, events and refusals

// Throws the failure of a check.
[[noreturn]] void mismatch(const std::string &what);
// The completion must be a success.
ub::completion must_succeed(Session &session, const ub::request &request);
// Bytes that repeat only after a long while, others for each seed.
void put_pattern(std::span<uint8_t> memory, uint32_t seed);

} // namespace ubctl
