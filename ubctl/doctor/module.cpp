// SPDX-License-Identifier: MIT
// The driver: is it there, loaded, of this version, and does it have the devices.
#include <fmt/format.h>

#include "doctor/facts.hpp"
#include "doctor/findings.hpp"

namespace ubctl {

namespace {

const std::string module_folder = "/sys/module/ubnpu";
const std::string subject = "module ubnpu";

// By depmod's list, as modprobe looks for it.
bool is_installed() {
    return has_line(fmt::format("/lib/modules/{}/modules.dep", kernel_release()),
                    [](const std::string &line) {
                        return line.substr(0, line.find(':')).find("/ubnpu.ko") != line.npos;
                    });
}

// What lets a kernel load signed modules alone; empty: nothing does.
std::string refuses_unsigned() {
    if (line_of("/sys/module/module/parameters/sig_enforce") == "Y")
        return "module.sig_enforce is on";
    const std::string lockdown = line_of("/sys/kernel/security/lockdown").value_or("");
    if (lockdown.find("[integrity]") != lockdown.npos ||
        lockdown.find("[confidentiality]") != lockdown.npos)
        return "the kernel is locked down: " + lockdown;
    return "";
}

void look_at_absent_module(Findings &findings) {
    if (!is_installed()) {
        findings.push_back(
            {Severity::error, F_MODULE_MISSING, subject,
             fmt::format("none is installed for kernel {}", kernel_release()),
             fmt::format("sudo dkms autoinstall -k {0} && sudo modprobe ubnpu", kernel_release())});
        return;
    }
    const std::string why = refuses_unsigned();
    if (!why.empty())
        findings.push_back({Severity::error, F_MODULE_REFUSED, subject,
                            "it is not loaded, and this kernel loads signed modules alone: " + why,
                            "sudo mokutil --import /var/lib/dkms/mok.pub, then restart"});
    else
        findings.push_back({Severity::error, F_MODULE_NOT_LOADED, subject,
                            "it is installed and not loaded", "sudo modprobe ubnpu"});
}

void look_at_bindings(Findings &findings) {
    for (const std::string &address : npus_on_the_bus()) {
        if (exists("/sys/bus/pci/devices/" + address + "/driver"))
            continue;
        findings.push_back(
            {Severity::error, F_NOT_BOUND, "PCI device " + address,
             "the driver is loaded and does not have it",
             fmt::format("echo {} | sudo tee /sys/bus/pci/drivers/ubnpu/bind; if that fails, "
                         "dmesg says why",
                         address)});
    }
}

} // namespace

void look_at_module(Findings &findings) {
    if (npus_on_the_bus().empty())
        findings.push_back({Severity::note, F_NO_DEVICES, "this machine",
                            "there is no UB NPU on its PCI bus",
                            "ubvm run --devices 1 -- ubctl list, or ubctl -d soft: selftest"});
    if (!exists(module_folder)) {
        if (!npus_on_the_bus().empty())
            look_at_absent_module(findings);
        return;
    }
    const std::string version = line_of(module_folder + "/version").value_or("");
    if (version != UBCTL_VERSION)
        findings.push_back(
            {Severity::warning, F_MODULE_VERSION, subject,
             fmt::format("version {} is loaded, this tool is {}", version, UBCTL_VERSION),
             "sudo modprobe -r ubnpu && sudo modprobe ubnpu"});
    look_at_bindings(findings);
}

} // namespace ubctl
