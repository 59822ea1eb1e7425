// SPDX-License-Identifier: MIT
#include "doctor/facts.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <sys/utsname.h>
#include <ub/ub_hw.h>

namespace ubctl {

std::optional<std::string> line_of(const std::string &path) {
    std::ifstream in(path);
    std::string line;
    if (std::getline(in, line))
        return line;
    return std::nullopt;
}

bool has_line(const std::string &path, const std::function<bool(const std::string &)> &accepts) {
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);)
        if (accepts(line))
            return true;
    return false;
}

List names_in(const std::string &folder) {
    List names;
    std::error_code error;
    for (const auto &entry : std::filesystem::directory_iterator(folder, error))
        names.push_back(entry.path().filename());
    std::ranges::sort(names);
    return names;
}

bool exists(const std::string &path) {
    std::error_code error;
    return std::filesystem::exists(path, error);
}

std::string kernel_release() {
    utsname name{};
    uname(&name);
    return name.release;
}

List npus_on_the_bus() {
    const std::string bus = "/sys/bus/pci/devices";
    const std::string vendor = fmt::format("0x{:04x}", UB_HW_PCI_VENDOR_ID);
    const std::string device = fmt::format("0x{:04x}", UB_HW_PCI_DEVICE_ID);
    List found;
    for (const std::string &address : names_in(bus))
        if (line_of(bus + "/" + address + "/vendor") == vendor &&
            line_of(bus + "/" + address + "/device") == device)
            found.push_back(address);
    return found;
}

} // namespace ubctl
