// SPDX-License-Identifier: MIT
// What every `submit` command says of what it did.
#pragma once

#include <chrono>
#include <cstdint>

#include "cli/command.hpp"
#include "device/session.hpp"

namespace ubctl {

// Runs from its making.
class Stopwatch {
public:
    uint64_t ns() const {
        return static_cast<uint64_t>(
            std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start_).count());
    }

private:
    using Clock = std::chrono::steady_clock;
    Clock::time_point start_ = Clock::now();
};

// One more line of the report, after the common ones.
struct Extra {
    Field field;
    Value value;
};

// bytes: payload. elapsed_ns: with the files' reading and writing. Prints as the style asks; when
// it asks for quiet only the extra named result, if there is one.
void print_submit(const Globals &globals, const Session &session, const char *operation,
                  uint64_t bytes, uint64_t elapsed_ns, const std::vector<Extra> &extras,
                  const char *result = nullptr);

} // namespace ubctl
