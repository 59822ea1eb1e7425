// SPDX-License-Identifier: MIT
// ubctl device caps

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
    {UB_CAP_INJECT, "feature", "inject", "faults on demand"},
    {UB_CAP_EMULATED, "feature", "emulated", "a model, not silicon"},
};

const Capability opcodes[] = {
    {UB_OPCAP_WRITE, "opcode", "write", "WRITE, WRITE_IMM, WRITE_NOTIFY"},
    {UB_OPCAP_READ, "opcode", "read", "READ"},
    {UB_OPCAP_ATOMIC, "opcode", "atomic", "CAS, SWAP, FADD, FSUB, FAND, FOR, FXOR"},
    {UB_OPCAP_SEND, "opcode", "send", "SEND, SEND_IMM"},
    {UB_OPCAP_FILL, "opcode", "fill", "FILL"},
    {UB_OPCAP_CRC32C, "opcode", "crc32c", "CRC32C"},
    {UB_OPCAP_GEMM_F32, "opcode", "gemm_f32", "GEMM_F32"},
};

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
    for (const Capability &cap : opcodes)
        add(cap, attr.opcodes);
    print(report, globals.style);
    return exit_ok;
}

} // namespace

Action declare_caps(Parameters &parameters) {
    return with_id(parameters, caps);
}

} // namespace ubctl
