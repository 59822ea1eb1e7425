// SPDX-License-Identifier: MIT
#include "cmd/queue_rows.hpp"

#include <ub/ub.h>
#include <ub/ub_uapi.h>

#include "cmd/object_rows.hpp"

namespace ubctl {

namespace {

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

} // namespace

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

} // namespace ubctl
