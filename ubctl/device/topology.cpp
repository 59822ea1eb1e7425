// SPDX-License-Identifier: MIT
#include "device/topology.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

namespace ubctl {

namespace {

std::string attribute(const std::string &path) {
    std::ifstream in(path);
    std::string word;
    in >> word;
    return word;
}

std::string numa_name(const std::string &node) {
    return node.empty() || node == "-1" ? "no NUMA node" : "NUMA node " + node;
}

Place numa_place(const std::string &node) {
    const std::string cpus = attribute("/sys/devices/system/node/node" + node + "/cpulist");
    return {"numa", numa_name(node), cpus.empty() ? "" : "processors " + cpus};
}

// From the machine down to the device: /sys/devices/pci0000:00/0000:00:02.0/0000:01:00.0
std::vector<Place> places_of(const ub_device &device) {
    const std::string link = fmt::format("/sys/bus/pci/devices/{}", device.bus_addr);
    std::error_code error;
    const std::string path = std::filesystem::canonical(link, error);
    std::vector<Place> places = {numa_place(attribute(link + "/numa_node"))};
    for (const auto &part : std::filesystem::path(path)) {
        const std::string name = part;
        if (name == device.bus_addr)
            break;
        if (name.starts_with("pci"))
            places.push_back({"root", name, "PCI root"});
        else if (std::ranges::count(name, ':') == 2)
            places.push_back({"port", name, "port"});
    }
    places.push_back(
        {"device", device.name, fmt::format("{}  {}", device.bus_addr, ub::eid(device.eid).str())});
    for (size_t i = 0; i < places.size(); ++i)
        places[i].depth = i;
    return places;
}

std::string key(const std::vector<Place> &places) {
    std::string out;
    for (const Place &place : places)
        out += place.name + "/";
    return out;
}

} // namespace

std::vector<Place> topology(const std::vector<ub_device> &devices) {
    std::vector<std::vector<Place>> paths;
    for (const ub_device &device : devices)
        paths.push_back(places_of(device));
    std::ranges::stable_sort(paths, {}, key);
    std::vector<Place> tree, before;
    for (const std::vector<Place> &path : paths) {
        size_t common = 0;
        while (common < std::min(path.size(), before.size()) &&
               path[common].name == before[common].name)
            ++common;
        tree.insert(tree.end(), path.begin() + static_cast<std::ptrdiff_t>(common), path.end());
        before = path;
    }
    return tree;
}

} // namespace ubctl
