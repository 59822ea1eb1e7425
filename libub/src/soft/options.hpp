// SPDX-License-Identifier: MIT
// "soft:[KEY=VALUE,...]"
#ifndef UB_SOFT_OPTIONS_HPP
#define UB_SOFT_OPTIONS_HPP

#include <cstdint>
#include <string>
#include <vector>

extern "C" {
#include "ub_core.h"
}

namespace ub_soft {

struct Options {
    std::string name = "soft0";
    std::string fabric; // folder in which devices of other processes are met; empty: none
    uint64_t memlock = UINT64_MAX; // bytes each context may register
    std::vector<std::string> faults; // to be armed once the context is there
    ub_core_config core{};
};

// Throws ub_impl::OpenError, which names the option that is unknown or out of range.
void parse(const std::string &text, Options &options);

} // namespace ub_soft

#endif
