// SPDX-License-Identifier: MIT
#include "cmd/object_rows.hpp"

#include <map>

#include <fmt/format.h>
#include <ub/ub_uapi.h>

#include "device/devices.hpp"

namespace ubctl {

std::vector<Attributes> rows_of(const Globals &globals, int command) {
    if (is_soft(globals.device))
        return {};
    return netlink_dump(command, device_index(globals.device));
}

std::vector<Attributes> rows_with_comm(const Globals &globals, int command) {
    std::vector<Attributes> rows = rows_of(globals, command);
    std::map<std::pair<uint64_t, uint64_t>, std::string> comms;
    if (!rows.empty())
        for (const Attributes &row : rows_of(globals, UB_CMD_CTX_GET))
            comms[{row.number(UB_A_DEV_INDEX), row.number(UB_A_TID)}] = row.bytes(UB_A_COMM);
    for (Attributes &row : rows)
        row.set(UB_A_COMM, comms[{row.number(UB_A_DEV_INDEX), row.number(UB_A_TID)}]);
    return rows;
}

Value device_of(const Attributes &row) {
    if (row.has(UB_A_DEV_NAME))
        return row.text(UB_A_DEV_NAME);
    return fmt::format("ub{}", row.number(UB_A_DEV_INDEX));
}

} // namespace ubctl
