// SPDX-License-Identifier: MIT
// ubctl memory list

#include <utility>

#include <ub/ub_uapi.h>

#include "cmd/commands.hpp"
#include "cmd/object_rows.hpp"
#include "out/codes.hpp"

namespace ubctl {

namespace {

List access_names(uint64_t bits) {
    static const std::pair<uint64_t, const char *> names[] = {{UB_ACCESS_LOCAL_ONLY, "local"},
                                                              {UB_ACCESS_READ, "read"},
                                                              {UB_ACCESS_WRITE, "write"},
                                                              {UB_ACCESS_ATOMIC, "atomic"}};
    List list;
    for (const auto &[bit, name] : names)
        if (bits & bit)
            list.push_back(name);
    return list;
}

int memory_list(const Globals &globals) {
    Report report{"ub.memory.list/1",
                  Layout::columns,
                  {{"device", "DEVICE"},
                   {"token_id", "TOKEN"},
                   {"tid", "TID"},
                   {"pid", "PID"},
                   {"comm", "COMMAND"},
                   {"addr", "ADDRESS", Show::address},
                   {"len_bytes", "LENGTH", Show::bytes},
                   {"access", "ACCESS"},
                   {"read_only", "READ-ONLY"},
                   {"leaf_4k", "4K"},
                   {"leaf_2m", "2M"}}};
    for (const Attributes &row : rows_with_comm(globals, UB_CMD_SEG_GET))
        report.add({device_of(row), row.value(UB_A_TOKEN_ID), row.value(UB_A_TID),
                    row.value(UB_A_PID), row.text(UB_A_COMM), row.value(UB_A_ADDR),
                    row.value(UB_A_LEN), access_names(row.number(UB_A_ACCESS)),
                    (row.number(UB_A_REG_FLAGS) & UB_REG_F_READ_ONLY) != 0, row.value(UB_A_LEAF_4K),
                    row.value(UB_A_LEAF_2M)});
    print(report, globals.style);
    return exit_ok;
}

} // namespace

Action declare_memory_list(Parameters &) {
    return memory_list;
}

} // namespace ubctl
