// SPDX-License-Identifier: MIT
#include "cmd/device_rows.hpp"

#include <fmt/format.h>
#include <ub/ub_uapi.h>
#include <unistd.h>

#include "device/devices.hpp"
#include "device/session.hpp"

namespace ubctl {

namespace {

ub_device soft_device(const std::string &name) {
    const ub::context context = open_context(name);
    const ub::device_attr attr = context.query();
    ub_device device{};
    fmt::format_to_n(device.name, sizeof(device.name) - 1, "{}", context.name());
    device.eid = attr.eid;
    std::copy(std::begin(attr.guid), std::end(attr.guid), device.guid);
    device.class_code = attr.class_code;
    device.generation = attr.generation;
    return device;
}

Value state_text(const Attributes &driver) {
    if (!driver.has(UB_A_STATE))
        return std::monostate{};
    const uint64_t status = driver.number(UB_A_STATE);
    return std::string(status & UB_STATUS_FATAL   ? "fatal"
                       : status & UB_STATUS_READY ? "ready"
                                                  : "down");
}

std::string node_access(const ub_device &device) {
    if (!device.node[0])
        return "none";
    if (access(device.node, R_OK | W_OK) == 0)
        return "allowed";
    return access(device.node, F_OK) == 0 ? "denied" : "missing";
}

} // namespace

std::vector<ub_device> chosen_devices(const std::string &name) {
    if (is_soft(name))
        return {soft_device(name)};
    if (!name.empty())
        return {find_device(name)};
    return ub::devices();
}

std::map<std::string, Attributes> driver_view() {
    std::map<std::string, Attributes> view;
    for (Attributes &row : netlink_dump(UB_CMD_DEV_GET, std::nullopt))
        view[row.text(UB_A_DEV_NAME)] = std::move(row);
    return view;
}

std::vector<Value> device_row(const ub_device &device, const Attributes &driver) {
    return {std::string(device.name),    std::string(device.bus_addr),
            ub::eid(device.eid).str(),   state_text(driver),
            node_access(device),         uint64_t{device.generation},
            driver.value(UB_A_CONTEXTS), driver.value(UB_A_SEGS),
            driver.value(UB_A_QUEUES),   driver.value(UB_A_PINNED_BYTES),
            std::string(device.node),    ub::guid_str(device.guid),
            uint64_t{device.class_code}};
}

} // namespace ubctl
