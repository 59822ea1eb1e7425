// SPDX-License-Identifier: MIT
// ubctl device caps

#include <algorithm>
#include <cctype>
#include <string_view>

#include "cmd/commands.hpp"
#include "device/session.hpp"
#include "out/codes.hpp"

namespace ubctl {

namespace {

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
    {UB_CAP_USAGE, "feature", "usage", "the device tells how busy queues are"},
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
                   {"meaning", "MEANING", Show::prose}}};
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

Action declare_caps(Parameters &parameters) {
    return with_id(parameters, caps);
}

} // namespace ubctl
