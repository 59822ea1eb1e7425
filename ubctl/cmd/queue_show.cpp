// SPDX-License-Identifier: MIT
// ubctl queue show

#include <memory>
#include <optional>

#include <fmt/format.h>
#include <ub/ub_hw.h>
#include <ub/ub_uapi.h>

#include "cmd/commands.hpp"
#include "cmd/object_rows.hpp"
#include "cmd/queue_rows.hpp"
#include "out/error.hpp"

namespace ubctl {

namespace {

// JFS, JFR and JFC are numbered apart, so an id may stand for one of each, on each device.
int queue_show(const Globals &globals, const std::optional<uint64_t> &id) {
    Report report = queue_report(Layout::record);
    report.none = "no queues";
    for (const Attributes &row : rows_with_comm(globals, UB_CMD_QUEUE_GET))
        if (!id || row.number(UB_A_QUEUE_ID) == *id)
            report.add(queue_row(row));
    if (id && report.rows.empty())
        throw Error(fmt::format("queue {}", *id), "no queue of that id", UB_EXT_NO_SUCH_OBJECT);
    print(report, globals.style);
    return exit_ok;
}

} // namespace

Action declare_queue_show(Parameters &parameters) {
    auto id = std::make_shared<std::optional<uint64_t>>();
    parameters.number("ID", *id, 1, UB_HW_ID_MASK, "", "of the queue; default: all");
    return [id](const Globals &globals) { return queue_show(globals, *id); };
}

} // namespace ubctl
