// SPDX-License-Identifier: MIT
// ubctl monitor: the driver's events as they come.

#include <chrono>
#include <ctime>
#include <memory>

#include <fmt/format.h>
#include <ub/ub_names.h>
#include <ub/ub_uapi.h>

#include "cmd/commands.hpp"
#include "device/devices.hpp"
#include "device/namespaces.hpp"
#include "device/netlink.hpp"
#include "out/error.hpp"
#include "out/json.hpp"
#include "out/text.hpp"

namespace ubctl {

namespace {

uint64_t now_ns() {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(since).count());
}

const char *health_name(uint64_t event) {
    switch (event) {
#define X(name, text)                                                                             \
    case UB_HEALTH_##name:                                                                        \
        return text;
        UB_HEALTH_EVENTS(X)
#undef X
    default:
        return "unknown";
    }
}

std::string event_name(const EventSocket::Event &event) {
    if (event.command < 0)
        return "events-lost";
    return event.command == UB_CMD_HEALTH_NTF ? health_name(event.row.number(UB_A_HEALTH_EVENT))
                                              : "device";
}

const char *scope_name(uint64_t scope) {
    switch (scope) {
#define X(name, text)                                                                             \
    case UB_SCOPE_##name:                                                                         \
        return text;
        UB_RESET_SCOPES(X)
#undef X
    default:
        return "unknown";
    }
}

// A name, for what the driver sent alone.
Value text(const Attributes &row, int attribute, const std::string &value) {
    return row.has(attribute) ? Value{value} : Value{};
}

// One document a line.
std::string json_line(const std::string &name, const Attributes &row) {
    const Members event = {
        {"time_ns", now_ns()},
        {"event", name},
        {"device", text(row, UB_A_DEV_NAME, row.text(UB_A_DEV_NAME))},
        {"generation", row.value(UB_A_GENERATION)},
        {"scope", text(row, UB_A_SCOPE, scope_name(row.number(UB_A_SCOPE)))},
        {"tid", row.value(UB_A_TID)},
        {"queue_type", text(row, UB_A_QUEUE_TYPE, object_name(row.number(UB_A_QUEUE_TYPE)))},
        {"queue", row.value(UB_A_QUEUE_ID)},
        {"pid", row.value(UB_A_PID)},
        {"comm", text(row, UB_A_COMM, row.text(UB_A_COMM))},
        {"uid", row.value(UB_A_UID)}};
    return json_document("ub.event/1", "event", event, Lines::one);
}

std::string details(const Attributes &row) {
    std::string out;
    if (row.has(UB_A_SCOPE))
        out += fmt::format("{} reset  ", scope_name(row.number(UB_A_SCOPE)));
    if (row.has(UB_A_QUEUE_ID))
        out += fmt::format("{} {}  ", object_name(row.number(UB_A_QUEUE_TYPE)),
                           row.number(UB_A_QUEUE_ID));
    if (row.has(UB_A_TID))
        out += fmt::format("context {}  ", row.number(UB_A_TID));
    if (row.has(UB_A_COMM))
        out += fmt::format("pid {} ({})  ", row.number_text(UB_A_PID), row.text(UB_A_COMM));
    if (row.has(UB_A_GENERATION))
        out += fmt::format("generation {}  ", row.number(UB_A_GENERATION));
    return out;
}

std::string table_line(const std::string &name, const Attributes &row) {
    const time_t seconds = static_cast<time_t>(now_ns() / 1000000000);
    tm local{};
    localtime_r(&seconds, &local);
    const std::string device = row.has(UB_A_DEV_NAME) ? row.text(UB_A_DEV_NAME) : "-";
    std::string line = fmt::format("{:02}:{:02}:{:02}  {:<5}  {:<13}  {}", local.tm_hour,
                                   local.tm_min, local.tm_sec, device, name, details(row));
    line.erase(line.find_last_not_of(' ') + 1);
    return printable(line) + '\n';
}

// A message for all has the numbers of the first namespaces; in others they mean nothing.
Attributes numbers_of_here(Attributes row) {
    if (!in_first_namespace(Namespace::pid))
        row.drop(UB_A_PID);
    if (!in_first_namespace(Namespace::user))
        row.drop(UB_A_UID);
    return row;
}

void tell(const Globals &globals, const std::string &name, const Attributes &row) {
    print_text(globals.style.json ? json_line(name, row) : table_line(name, row));
}

int monitor(const Globals &globals, uint64_t count) {
    if (is_soft(globals.device))
        throw Error(device_object(globals.device), "a soft device tells its own process alone",
                    E_NOT_SUPPORTED)
            .hint("events are of devices of the driver");
    const auto only = device_index(globals.device);
    EventSocket socket;
    if (!globals.style.json && !globals.style.no_header)
        print_text("TIME      DEVICE EVENT          DETAILS\n");
    // From here on nothing is missed, so what is there is told first.
    for (const Attributes &row : netlink_dump(UB_CMD_DEV_GET, only))
        tell(globals, "present", row);
    for (uint64_t told = 0; !count || told < count;)
        for (const EventSocket::Event &event : socket.next()) {
            if (event.command >= 0 && only && event.row.number(UB_A_DEV_INDEX) != *only)
                continue;
            tell(globals, event_name(event), numbers_of_here(event.row));
            if (count && ++told == count)
                break;
        }
    return exit_ok;
}

} // namespace

Action declare_monitor(Parameters &parameters) {
    auto count = std::make_shared<uint64_t>(0);
    parameters.number("-n,--count", *count, 1, uint64_t{1} << 32, "COUNT",
                      "end after so many events; default: never");
    return [count](const Globals &globals) { return monitor(globals, *count); };
}

} // namespace ubctl
