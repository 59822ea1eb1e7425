// SPDX-License-Identifier: MIT
// Which devices there are: by libudev, without opening one.
#include "device.hpp"
#include "error.hpp"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <libudev.h>
#include <memory>
#include <unistd.h>
#include <vector>

using namespace ub_impl;

namespace {

template <auto Function> struct Unref {
    template <typename T> void operator()(T *object) const { Function(object); }
};
using Udev = std::unique_ptr<udev, Unref<udev_unref>>;
using Enumerate = std::unique_ptr<udev_enumerate, Unref<udev_enumerate_unref>>;
using UdevDevice = std::unique_ptr<udev_device, Unref<udev_device_unref>>;

template <size_t N> void put(char (&field)[N], const char *text) {
    std::snprintf(field, N, "%s", text ? text : "");
}

// Hexadecimal digits in order, whatever separates them.
void parse_guid(const char *text, uint8_t guid[16]) {
    unsigned digits = 0;
    for (; text && *text && digits < 32; ++text) {
        if (!std::isxdigit(static_cast<unsigned char>(*text)))
            continue;
        const char digit[2] = {*text, 0};
        const auto value = static_cast<uint8_t>(std::strtoul(digit, nullptr, 16));
        guid[digits / 2] = static_cast<uint8_t>(guid[digits / 2] << 4 | value);
        ++digits;
    }
}

uint32_t number(udev_device *device, const char *attribute) {
    const char *text = udev_device_get_sysattr_value(device, attribute);
    return text ? static_cast<uint32_t>(std::strtoul(text, nullptr, 10)) : 0;
}

// "04/00": base class and sub-class.
uint32_t class_code(const char *text) {
    unsigned base = 0, sub = 0;
    return text && std::sscanf(text, "%2x/%2x", &base, &sub) == 2 ? base << 8 | sub : 0;
}

ub_device describe(udev_device *device) {
    ub_device d{};
    put(d.name, udev_device_get_sysname(device));
    if (const char *node = udev_device_get_devnode(device))
        put(d.node, node);
    else
        std::snprintf(d.node, sizeof d.node, "/dev/ub/%s", d.name);
    // The parent belongs to its child; no reference of its own.
    if (udev_device *parent = udev_device_get_parent(device))
        put(d.bus_addr, udev_device_get_sysname(parent));
    if (const char *eid = udev_device_get_sysattr_value(device, "eid"))
        ub_eid_parse(eid, &d.eid);
    parse_guid(udev_device_get_sysattr_value(device, "guid"), d.guid);
    d.class_code = class_code(udev_device_get_sysattr_value(device, "class_code"));
    d.generation = number(device, "generation");
    return d;
}

bool natural_less(const ub_device &a, const ub_device &b) {
    return strverscmp(a.name, b.name) < 0;
}

std::vector<ub_device> enumerate() {
    std::vector<ub_device> found;
    const Udev udev(udev_new());
    if (!udev)
        throw std::bad_alloc();
    const Enumerate list(udev_enumerate_new(udev.get()));
    if (!list)
        throw std::bad_alloc();
    udev_enumerate_add_match_subsystem(list.get(), "ubnpu");
    udev_enumerate_scan_devices(list.get());
    udev_list_entry *entry;
    udev_list_entry_foreach(entry, udev_enumerate_get_list_entry(list.get())) {
        const UdevDevice device(
            udev_device_new_from_syspath(udev.get(), udev_list_entry_get_name(entry)));
        if (device)
            found.push_back(describe(device.get()));
    }
    std::sort(found.begin(), found.end(), natural_less);
    return found;
}

bool is_device_name(const std::string &name) {
    return name.size() > 2 && name.starts_with("ub") &&
           std::all_of(name.begin() + 2, name.end(),
                       [](unsigned char c) { return std::isdigit(c); });
}

bool is_pci_address(const std::string &name) {
    unsigned domain, bus, slot, function;
    int end = 0;
    return std::sscanf(name.c_str(), "%x:%x:%x.%x%n", &domain, &bus, &slot, &function, &end) == 4 &&
           static_cast<size_t>(end) == name.size();
}

bool matches(const ub_device &device, const std::string &name, const ub_eid_t *eid) {
    return eid ? std::memcmp(device.eid.raw, eid->raw, sizeof eid->raw) == 0
               : name == device.bus_addr || name == device.name;
}

} // namespace

std::string ub_impl::node_of(const std::string &name, OpenError &error) {
    if (name.starts_with("/dev/"))
        return name;
    ub_eid_t eid;
    const bool is_eid = !ub_eid_parse(name.c_str(), &eid);
    if (!is_eid && !is_device_name(name) && !is_pci_address(name)) {
        error = {EINVAL, CAUSE_NAME, 0, 0};
        return {};
    }
    for (const ub_device &device : enumerate()) {
        if (!matches(device, name, is_eid ? &eid : nullptr))
            continue;
        if (access(device.node, F_OK) == 0)
            return device.node;
        error = {ENODEV, CAUSE_NO_NODE, 0, 0};
        return {};
    }
    error = {ENODEV, CAUSE_NO_DEVICE, 0, 0};
    return {};
}

extern "C" {

struct ub_device **ub_get_device_list(int *num) {
    return guarded([&]() -> ub_device ** {
        const std::vector<ub_device> found = enumerate();
        // One block: the pointers, then what they point to.
        const size_t pointers = (found.size() + 1) * sizeof(ub_device *);
        auto *list = static_cast<ub_device **>(
            std::calloc(1, pointers + found.size() * sizeof(ub_device)));
        if (!list)
            throw std::bad_alloc();
        auto *devices = reinterpret_cast<ub_device *>(reinterpret_cast<char *>(list) + pointers);
        for (size_t i = 0; i < found.size(); ++i) {
            devices[i] = found[i];
            list[i] = &devices[i];
        }
        if (num)
            *num = static_cast<int>(found.size());
        return list;
    });
}

void ub_free_device_list(struct ub_device **list) { std::free(list); }

} // extern "C"
