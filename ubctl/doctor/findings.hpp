// SPDX-License-Identifier: MIT
// What `ubctl doctor` finds, and who looks for it. Each finding has a code of UB-E0300 and on,
// which `ubctl explain` tells at length.
#pragma once

#include <string>
#include <vector>

#include "out/codes.hpp"

namespace ubctl {

// error: programs cannot use a device, or will fail; warning: something has gone wrong, or will
// under load; note: as it is meant to be, but good to know.
enum class Severity { error, warning, note };

struct Finding {
    Severity severity;
    FindingCode code;
    std::string subject; // "module ubnpu", "device ub0"
    std::string finding; // what is so, one sentence
    std::string remedy;  // the command that mends it
};

using Findings = std::vector<Finding>;

const char *severity_name(Severity severity);

// Each adds what it finds.
void look_at_module(Findings &findings);  // is it there, loaded, of this version, bound
void look_at_nodes(Findings &findings);   // device nodes, their group, udev's rules
void look_at_process(Findings &findings); // limits of this process, kernel
void look_at_devices(Findings &findings); // state, faults of before, what the model lacks

} // namespace ubctl
