// SPDX-License-Identifier: MIT
// ubctl list, ubctl device ...

#include <algorithm>
#include <cctype>
#include <map>
#include <memory>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <ub/ub_uapi.h>
#include <unistd.h>

#include "command.hpp"
#include "devices.hpp"
#include "error.hpp"
#include "netlink.hpp"
#include "session.hpp"

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

std::vector<ub_device> chosen_devices(const std::string &name) {
    if (is_soft(name))
        return {soft_device(name)};
    if (!name.empty())
        return {find_device(name)};
    return ub::devices();
}

// What the driver says of each device, by its name.
std::map<std::string, Attributes> driver_view() {
    std::map<std::string, Attributes> view;
    for (Attributes &row : netlink_dump(UB_CMD_DEV_GET, std::nullopt))
        view[row.text(UB_A_DEV_NAME)] = std::move(row);
    return view;
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

std::vector<Value> device_row(const ub_device &device, const Attributes &driver) {
    return {
        std::string(device.name),   std::string(device.bus_addr), ub::eid(device.eid).str(),
        state_text(driver),         uint64_t{device.generation},  driver.value(UB_A_CONTEXTS),
        driver.value(UB_A_SEGS),    driver.value(UB_A_QUEUES),    driver.value(UB_A_PINNED_BYTES),
        node_access(device),        std::string(device.node),     ub::guid_str(device.guid),
        uint64_t{device.class_code}};
}

int list(const Globals &globals) {
    Report report{"ub.device.list/1",
                  Layout::columns,
                  {{"name", "NAME"},
                   {"bus_addr", "PCI ADDRESS"},
                   {"eid", "EID"},
                   {"state", "STATE"},
                   {"generation", "GEN"},
                   {"contexts", "CONTEXTS"},
                   {"segments", "SEGMENTS"},
                   {"queues", "QUEUES"},
                   {"pinned_bytes", "PINNED", Show::bytes},
                   {"node_access", "ACCESS"},
                   {"node", nullptr},
                   {"guid", nullptr},
                   {"class_code", nullptr}}};
    auto view = driver_view();
    for (const ub_device &device : chosen_devices(globals.device))
        report.add(device_row(device, view[device.name]));
    print(report, globals.style);
    return exit_ok;
}

Numbers context_pids(const std::vector<Attributes> &contexts) {
    Numbers pids;
    for (const Attributes &row : contexts)
        pids.push_back(row.number(UB_A_PID));
    return pids;
}

std::vector<Attributes> contexts_of(const ub_device &device) {
    if (!device.node[0])
        return {};
    return netlink_dump(UB_CMD_CTX_GET, device_index(device.name));
}

int show(const Globals &globals) {
    Report report{"ub.device.show/1",
                  Layout::record,
                  {{"name", "name"},
                   {"bus_addr", "PCI address"},
                   {"eid", "EID"},
                   {"state", "state"},
                   {"generation", "generation"},
                   {"contexts", "contexts"},
                   {"segments", "segments"},
                   {"queues", "queues"},
                   {"pinned_bytes", "pinned", Show::bytes},
                   {"node_access", "access"},
                   {"node", "node"},
                   {"guid", "GUID"},
                   {"class_code", "class code", Show::address},
                   {"pids", "used by pids"}}};
    auto view = driver_view();
    for (const ub_device &device : chosen_devices(globals.device)) {
        auto row = device_row(device, view[device.name]);
        row.push_back(context_pids(contexts_of(device)));
        report.add(std::move(row));
    }
    print(report, globals.style);
    return exit_ok;
}

int info(const Globals &globals) {
    const ub::context context = open_context(globals.device);
    const ub::device_attr attr = context.query();
    Report report{"ub.device.info/1",
                  Layout::record,
                  {{"name", "name"},
                   {"eid", "EID"},
                   {"guid", "GUID"},
                   {"class_code", "class code", Show::address},
                   {"upi", "partition (UPI)"},
                   {"hw_version", "contract version"},
                   {"generation", "generation"},
                   {"engines", "engines"},
                   {"comp_vectors", "completion vectors"},
                   {"hbm_bytes", "device memory", Show::bytes},
                   {"max_msg_bytes", "largest message", Show::bytes},
                   {"max_inline_bytes", "largest inline", Show::bytes},
                   {"max_sge", "SGEs of a request"},
                   {"max_gemm_dim", "largest matrix side"},
                   {"max_ctx", "contexts"},
                   {"max_seg", "segments"},
                   {"max_jfs", "send queues"},
                   {"max_jfr", "receive queues"},
                   {"max_jfc", "completion queues"},
                   {"max_jfs_depth", "send depth"},
                   {"max_jfr_depth", "receive depth"},
                   {"max_jfc_depth", "completion depth"},
                   {"emulated", "emulated"}}};
    const std::string version =
        fmt::format("{}.{}", attr.hw_version >> 16, attr.hw_version & 0xffff);
    report.add({context.name(),
                ub::eid(attr.eid).str(),
                ub::guid_str(attr.guid),
                uint64_t{attr.class_code},
                uint64_t{attr.upi},
                version,
                uint64_t{attr.generation},
                uint64_t{attr.engines},
                uint64_t{attr.comp_vectors},
                attr.hbm_size,
                attr.max_msg,
                uint64_t{attr.max_inline},
                uint64_t{attr.max_sge},
                uint64_t{attr.max_gemm_dim},
                uint64_t{attr.max_ctx},
                uint64_t{attr.max_seg},
                uint64_t{attr.max_jfs},
                uint64_t{attr.max_jfr},
                uint64_t{attr.max_jfc},
                uint64_t{attr.max_jfs_depth},
                uint64_t{attr.max_jfr_depth},
                uint64_t{attr.max_jfc_depth},
                (attr.caps & UB_CAP_EMULATED) != 0});
    print(report, globals.style);
    return exit_ok;
}

struct Capability {
    uint64_t bit;
    const char *kind, *name, *meaning;
};

const Capability features[] = {
    {UB_CAP_DIRECT_WQE, "feature", "direct_wqe", "a request in one 64-byte store to the doorbell"},
    {UB_CAP_EVENT_IDX, "feature", "event_idx", "an active device needs no doorbell"},
    {UB_CAP_TOKEN, "feature", "token", "segments guarded by TokenID and TokenValue"},
    {UB_CAP_HUGE_LEAF, "feature", "huge_leaf", "2 MiB leaves in the page tables"},
    {UB_CAP_HBM, "feature", "hbm", "device memory"},
    {UB_CAP_MODERATION, "feature", "moderation", "completion events by count and time"},
    {UB_CAP_STRICT, "feature", "strict", "strict priorities and weights of queues"},
    {UB_CAP_PROGRESS, "feature", "progress", "the device tells whether a command progresses"},
    {UB_CAP_INJECT, "feature", "inject", "faults on demand"},
    {UB_CAP_EMULATED, "feature", "emulated", "a model, not silicon"},
};

struct Opcode {
    uint64_t cap;
    std::string_view name, family;
};

#define OPCODE(name, number, cap) {cap, #name, #cap},
constexpr Opcode opcodes[] = {UB_HW_OPCODES(OPCODE)};
#undef OPCODE

// UB_OPCAP_GEMM_F32 is shown as gemm_f32.
std::string family_name(const Opcode &opcode) {
    std::string name{opcode.family.substr(std::string_view("UB_OPCAP_").size())};
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return name;
}

std::string names_in_family(uint64_t cap) {
    std::string names;
    for (const Opcode &opcode : opcodes)
        if (opcode.cap == cap)
            names += (names.empty() ? "" : ", ") +
                     std::string(opcode.name.substr(std::string_view("UB_OP_").size()));
    return names;
}

// A family of opcodes has one bit, at the first of them.
bool begins_family(const Opcode &opcode) {
    return opcode.cap && &opcode == std::find_if(std::begin(opcodes), std::end(opcodes),
                                                 [&](const Opcode &other) {
                                                     return other.cap == opcode.cap;
                                                 });
}

int caps(const Globals &globals) {
    const ub::context context = open_context(globals.device);
    const ub::device_attr attr = context.query();
    const std::string name = context.name();
    Report report{"ub.device.caps/1",
                  Layout::columns,
                  {{"device", nullptr},
                   {"kind", "KIND"},
                   {"name", "NAME"},
                   {"supported", "SUPPORTED"},
                   {"meaning", "MEANING"}}};
    const auto add = [&](const Capability &cap, uint64_t word) {
        report.add({name, std::string(cap.kind), std::string(cap.name), (word & cap.bit) != 0,
                    std::string(cap.meaning)});
    };
    for (const Capability &cap : features)
        add(cap, attr.caps);
    for (const Opcode &opcode : opcodes)
        if (begins_family(opcode))
            report.add({name, std::string("opcode"), family_name(opcode),
                        (attr.opcodes & opcode.cap) != 0, names_in_family(opcode.cap)});
    print(report, globals.style);
    return exit_ok;
}

} // namespace

Action with_id(CLI::App &app, Action run) {
    auto id = std::make_shared<std::string>();
    app.add_option("ID", *id, "the device, instead of --device");
    return [id, run](Globals globals) {
        if (!id->empty() && !globals.device.empty() && *id != globals.device)
            throw usage_error("device", "ID and --device name different devices");
        if (!id->empty())
            globals.device = *id;
        return run(globals);
    };
}

Action declare_list(CLI::App &) {
    return list;
}
Action declare_show(CLI::App &app) {
    return with_id(app, show);
}
Action declare_info(CLI::App &app) {
    return with_id(app, info);
}
Action declare_caps(CLI::App &app) {
    return with_id(app, caps);
}

} // namespace ubctl
