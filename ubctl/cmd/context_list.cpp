// SPDX-License-Identifier: MIT
// ubctl context list

#include <ub/ub_uapi.h>

#include "cmd/commands.hpp"
#include "cmd/object_rows.hpp"
#include "out/codes.hpp"

namespace ubctl {

namespace {

int context_list(const Globals &globals) {
    Report report{"ub.context.list/1",
                  Layout::columns,
                  {{"device", "DEVICE"},
                   {"tid", "TID"},
                   {"pid", "PID"},
                   {"comm", "COMMAND"},
                   {"uid", "UID"},
                   {"segments", "SEGMENTS"},
                   {"queues", "QUEUES"},
                   {"pinned_bytes", "PINNED", Show::bytes}}};
    for (const Attributes &row : rows_of(globals, UB_CMD_CTX_GET))
        report.add({device_of(row), row.value(UB_A_TID), row.value(UB_A_PID), row.text(UB_A_COMM),
                    row.value(UB_A_UID), row.value(UB_A_SEGS), row.value(UB_A_QUEUES),
                    row.value(UB_A_PINNED_BYTES)});
    print(report, globals.style);
    return exit_ok;
}

} // namespace

Action declare_context_list(Parameters &) {
    return context_list;
}

} // namespace ubctl
