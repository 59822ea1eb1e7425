// SPDX-License-Identifier: MIT
// ubctl context|memory|queue list: what the driver keeps for whom.

#include <map>
#include <memory>
#include <optional>

#include <fmt/format.h>
#include <ub/ub.h>
#include <ub/ub_uapi.h>

#include "command.hpp"
#include "devices.hpp"
#include "error.hpp"
#include "netlink.hpp"

namespace ubctl {

namespace {

using Rows = std::vector<Attributes>;

// A soft device's objects belong to the process that made it; this one has made none.
Rows rows_of(const Globals &globals, int command) {
    if (is_soft(globals.device))
        return {};
    return netlink_dump(command, device_index(globals.device));
}

// Objects tell their context; only contexts tell the name of a process.
Rows rows_with_comm(const Globals &globals, int command) {
    Rows rows = rows_of(globals, command);
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

Value queue_type(const Attributes &row) {
    switch (row.number(UB_A_QUEUE_TYPE)) {
    case UB_OBJ_JFS:
        return row.number(UB_A_QUEUE_FLAGS) & UB_JFS_F_JETTY ? "jetty" : "jfs";
    case UB_OBJ_JFR:
        return "jfr";
    case UB_OBJ_JFC:
        return "jfc";
    default:
        return std::monostate{};
    }
}

Value queue_state(const Attributes &row) {
    if (!row.has(UB_A_STATE))
        return std::monostate{};
    return std::string(ub_state_str(static_cast<unsigned>(row.number(UB_A_STATE))));
}

// A list has no room for the columns without a heading; queue show names them all.
struct QueueField {
    const char *key, *heading, *label;
};

constexpr QueueField queue_fields[] = {
    {"device", "DEVICE", "device"},
    {"type", "TYPE", "type"},
    {"id", "ID", "id"},
    {"tid", "TID", "context (TID)"},
    {"pid", "PID", "process"},
    {"comm", "COMMAND", "command"},
    {"state", "STATE", "state"},
    {"depth", "DEPTH", "depth"},
    {"pi", "PI", "producer index"},
    {"ci", "CI", "consumer index"},
    {"jfc", "JFC", "completes to JFC"},
    {"jfr", "JFR", "receives by JFR"},
    {"count", "COUNT", "entries so far"},
    {"interrupts", "INTERRUPTS", "events delivered"},
    {"flags", nullptr, "flags"},
    {"priority", "PRIO", "priority"},
    {"weight", "WEIGHT", "weight"},
    {"mod_count", nullptr, "moderation, CQEs"},
    {"mod_usec", nullptr, "moderation, us"},
    {"inline_wqes", nullptr, "run on the doorbell's path"},
    {"doorbells", nullptr, "doorbells"},
    {"direct_wqes", nullptr, "direct WQEs"},
    {"preempted", nullptr, "times preempted"},
    {"rearms", nullptr, "re-arms"},
    {"moderated", nullptr, "events held back"},
};

Report queue_report(Layout layout) {
    Report report{"ub.queue.list/1", layout, {}};
    for (const QueueField &field : queue_fields)
        report.fields.push_back(
            {field.key, layout == Layout::record ? field.label : field.heading});
    return report;
}

std::vector<Value> queue_row(const Attributes &row) {
    return {device_of(row), queue_type(row), row.value(UB_A_QUEUE_ID), row.value(UB_A_TID),
            row.value(UB_A_PID), row.text(UB_A_COMM), queue_state(row), row.value(UB_A_DEPTH),
            row.value(UB_A_PI), row.value(UB_A_CI), row.value(UB_A_JFC), row.value(UB_A_JFR),
            row.value(UB_A_COUNT), row.value(UB_A_INTERRUPTS), row.value(UB_A_QUEUE_FLAGS),
            row.value(UB_A_PRIORITY), row.value(UB_A_WEIGHT), row.value(UB_A_MOD_COUNT),
            row.value(UB_A_MOD_USEC), row.value(UB_A_INLINE_WQES), row.value(UB_A_DOORBELLS),
            row.value(UB_A_DIRECT_WQES), row.value(UB_A_PREEMPTED), row.value(UB_A_REARMS),
            row.value(UB_A_MODERATED)};
}

int queue_list(const Globals &globals) {
    Report report = queue_report(Layout::columns);
    for (const Attributes &row : rows_with_comm(globals, UB_CMD_QUEUE_GET))
        report.add(queue_row(row));
    print(report, globals.style);
    return exit_ok;
}

// JFS, JFR and JFC are numbered apart, so an id may stand for one of each, on each device.
int queue_show(const Globals &globals, const std::optional<uint64_t> &id) {
    Report report = queue_report(Layout::record);
    for (const Attributes &row : rows_with_comm(globals, UB_CMD_QUEUE_GET))
        if (!id || row.number(UB_A_QUEUE_ID) == *id)
            report.add(queue_row(row));
    if (id && report.rows.empty())
        throw Error(fmt::format("queue {}", *id), "no queue of that id", UB_EXT_NO_SUCH_OBJECT);
    print(report, globals.style);
    return exit_ok;
}

} // namespace

Action declare_context_list(CLI::App &) {
    return context_list;
}
Action declare_memory_list(CLI::App &) {
    return memory_list;
}
Action declare_queue_list(CLI::App &) {
    return queue_list;
}
Action declare_queue_show(CLI::App &app) {
    auto id = std::make_shared<std::optional<uint64_t>>();
    app.add_option("ID", *id, "of the queue; default: all");
    return [id](const Globals &globals) { return queue_show(globals, *id); };
}

} // namespace ubctl
