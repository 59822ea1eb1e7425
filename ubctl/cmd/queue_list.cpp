// SPDX-License-Identifier: MIT
// ubctl queue list

#include <ub/ub_uapi.h>

#include "cmd/commands.hpp"
#include "cmd/object_rows.hpp"
#include "cmd/queue_rows.hpp"
#include "out/codes.hpp"

namespace ubctl {

namespace {

int queue_list(const Globals &globals) {
    Report report = queue_report(Layout::columns);
    for (const Attributes &row : rows_with_comm(globals, UB_CMD_QUEUE_GET))
        report.add(queue_row(row));
    print(report, globals.style);
    return exit_ok;
}

} // namespace

Action declare_queue_list(Parameters &) {
    return queue_list;
}

} // namespace ubctl
