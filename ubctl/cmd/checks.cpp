// SPDX-License-Identifier: MIT
#include "cmd/checks.hpp"

#include "out/error.hpp"

namespace ubctl {

void mismatch(const std::string &what) {
    throw Error("selftest", what, E_SELFTEST);
}

ub::completion must_succeed(Session &session, const ub::request &request) {
    const ub::completion completion = session.run(request);
    require_success(session, completion);
    return completion;
}

void put_pattern(std::span<uint8_t> memory, uint32_t seed) {
    uint32_t state = seed * 2654435761u + 1;
    for (uint8_t &byte : memory) {
        state = state * 1664525u + 1013904223u;
        byte = static_cast<uint8_t>(state >> 24);
    }
}

} // namespace ubctl
