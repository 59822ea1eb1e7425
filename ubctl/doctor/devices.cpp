// SPDX-License-Identifier: MIT
// Devices that the driver has: whether they work, what went wrong before, what the model lacks.
#include <cstdlib>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <ub/ub_hw.h>
#include <ub/ub_names.h>

#include "doctor/facts.hpp"
#include "doctor/findings.hpp"

namespace ubctl {

namespace {

// What this release's model has and an older one may lack.
struct Feature {
    uint64_t bit;
    const char *name, *property;
};
constexpr Feature features[] = {
    {UB_CAP_DIRECT_WQE, "direct WQEs", "direct-wqe"},
    {UB_CAP_HUGE_LEAF, "2 MiB leaves", "huge-leaf"},
    {UB_CAP_PROGRESS, "progress, so no hang is found", "progress"},
    {UB_CAP_USAGE, "usage, so stat and top know little", "usage"},
};

constexpr const char *counters[] = {
#define X(NAME, name, meaning) #name,
    UB_HEALTH_COUNTERS(X)
#undef X
};

// What an administrator asked for is no fault.
bool is_a_fault(std::string_view counter) {
    return counter != "admin_resets";
}

void look_at_state(Findings &findings, const std::string &name, const std::string &folder) {
    const std::string state = line_of(folder + "state").value_or("unknown");
    if (state != "ready")
        findings.push_back({Severity::error, F_DEVICE_DEAD, "device " + name,
                            fmt::format("its state is {}, so nothing can be done with it", state),
                            fmt::format("sudo ubctl device reset {} --force", name)});
}

void look_at_faults(Findings &findings, const std::string &name, const std::string &folder) {
    List seen;
    for (const char *counter : counters) {
        const std::string count = line_of(folder + "health/" + counter).value_or("0");
        if (is_a_fault(counter) && count != "0")
            seen.push_back(fmt::format("{} {}", counter, count));
    }
    if (!seen.empty())
        findings.push_back({Severity::warning, F_DEVICE_FAULTS, "device " + name,
                            fmt::format("since it was bound: {}", fmt::join(seen, ", ")),
                            fmt::format("ubctl health show {}; dmesg says more", name)});
}

void look_at_core_dump(Findings &findings, const std::string &name, const std::string &folder) {
    if (exists(folder + "device/devcoredump"))
        findings.push_back({Severity::warning, F_CORE_DUMP, "device " + name,
                            "it left a core dump, which the kernel keeps for five minutes",
                            fmt::format("sudo ubctl -d {0} health dump {0}.txt --discard", name)});
}

void look_at_model(Findings &findings, const std::string &name, const std::string &folder) {
    const uint64_t caps =
        std::strtoull(line_of(folder + "caps").value_or("0").c_str(), nullptr, 16);
    List lacking;
    for (const Feature &feature : features)
        if (!(caps & feature.bit))
            lacking.push_back(feature.name);
    if (!lacking.empty())
        findings.push_back({Severity::note, F_MODEL_LACKS, "device " + name,
                            fmt::format("its model lacks {}", fmt::join(lacking, "; ")),
                            "upgrade ubstack-qemu on the host, and look at the properties of "
                            "-device ubnpu there"});
}

void look_at_iommu(Findings &findings, const std::string &name, const std::string &folder) {
    if (!exists(folder + "device/iommu_group"))
        findings.push_back({Severity::note, F_NO_IOMMU, "device " + name,
                            "no IOMMU stands before it, so it may reach all memory",
                            "boot with intel_iommu=on or amd_iommu=on, if there is one; of a VM: "
                            "-device intel-iommu"});
}

void look_at_detection(Findings &findings) {
    const std::string parameter = "/sys/module/ubnpu/parameters/hang_timeout_ms";
    if (line_of(parameter) == "0")
        findings.push_back({Severity::warning, F_HANG_DETECTION, "module ubnpu",
                            "hang detection is off: a queue that hangs stays so",
                            "echo 10000 | sudo tee " + parameter});
}

} // namespace

void look_at_devices(Findings &findings) {
    for (const std::string &name : names_in("/sys/class/ubnpu")) {
        const std::string folder = "/sys/class/ubnpu/" + name + "/";
        look_at_state(findings, name, folder);
        look_at_faults(findings, name, folder);
        look_at_core_dump(findings, name, folder);
        look_at_model(findings, name, folder);
        look_at_iommu(findings, name, folder);
    }
    look_at_detection(findings);
}

} // namespace ubctl
