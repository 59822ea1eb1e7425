// SPDX-License-Identifier: MIT
// Every command, each in a file of its name.
#pragma once

#include <span>

#include "cli/command.hpp"
#include "cli/grammar.hpp"

namespace ubctl {

std::span<const Command> all_commands();
std::span<const Object> all_objects();

Action declare_list(Parameters &parameters);
Action declare_show(Parameters &parameters);
Action declare_info(Parameters &parameters);
Action declare_caps(Parameters &parameters);
Action declare_reset(Parameters &parameters);
Action declare_context_list(Parameters &parameters);
Action declare_memory_list(Parameters &parameters);
Action declare_queue_list(Parameters &parameters);
Action declare_queue_show(Parameters &parameters);
Action declare_health_show(Parameters &parameters);
Action declare_health_dump(Parameters &parameters);
Action declare_inject(Parameters &parameters);
Action declare_faults(Parameters &parameters);
Action declare_monitor(Parameters &parameters);
Action declare_doctor(Parameters &parameters);
Action declare_stat(Parameters &parameters);
Action declare_top(Parameters &parameters);
Action declare_export_prometheus(Parameters &parameters);
Action declare_topo(Parameters &parameters);
Action declare_nop(Parameters &parameters);
Action declare_copy(Parameters &parameters);
Action declare_fill(Parameters &parameters);
Action declare_crc32c(Parameters &parameters);
Action declare_gemm(Parameters &parameters);
Action declare_selftest(Parameters &parameters);
Action declare_bench(Parameters &parameters);
Action declare_version(Parameters &parameters);
Action declare_help(Parameters &parameters);
Action declare_schema(Parameters &parameters);
Action declare_explain(Parameters &parameters);

} // namespace ubctl
