// SPDX-License-Identifier: MIT
#include "device/devices.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <ub/ub.hpp>
#include <unistd.h>

namespace ubctl {

namespace {

// Whether the user database has this user in the group; the session may not know it yet.
bool is_enlisted(const group &grp) {
    const passwd *user = getpwuid(getuid());
    if (!user)
        return false;
    for (char **member = grp.gr_mem; *member; ++member)
        if (std::strcmp(*member, user->pw_name) == 0)
            return true;
    return user->pw_gid == grp.gr_gid;
}

std::string permission_hint() {
    const group *grp = getgrnam("ub");
    if (!grp)
        return "the group \"ub\" does not exist: install the udev rules and run systemd-sysusers";
    if (is_enlisted(*grp))
        return "you are in the group ub, but this session does not know it yet: log in again";
    return "join the group ub: sudo usermod -aG ub $USER, then log in again";
}

bool matches(const ub_device &device, const std::string &name) {
    ub_eid_t eid;
    if (name == device.name || name == device.node || name == device.bus_addr)
        return true;
    // PCI addresses are also written without their domain.
    if (std::string(device.bus_addr) == "0000:" + name)
        return true;
    return ub_eid_parse(name.c_str(), &eid) == 0 &&
           std::memcmp(eid.raw, device.eid.raw, sizeof(eid.raw)) == 0;
}

Error no_device(const std::string &name) {
    if (!name.empty())
        return Error(device_object(name), "no device of that name, PCI address or EID",
                     E_NO_DEVICE);
    const bool loaded = access("/sys/class/ubnpu", F_OK) == 0;
    return Error("device", loaded ? "none found" : "none found, the driver is not loaded",
                 E_NO_DEVICE)
        .hint(loaded ? "use qemu_device/ubvm for a machine that has some, or -d soft:"
                     : "load it with \"modprobe ubnpu\", or use -d soft: for one in this process");
}

} // namespace

bool is_soft(const std::string &name) {
    return name.starts_with("soft:");
}

ub_device find_device(const std::string &name) {
    for (const ub_device &device : ub::devices())
        if (name.empty() || matches(device, name))
            return device;
    throw no_device(name);
}

std::string device_name(const std::string &name) {
    return is_soft(name) ? name : find_device(name).name;
}

std::optional<uint32_t> device_index(const std::string &name) {
    if (name.empty())
        return std::nullopt;
    const std::string found = find_device(name).name;
    uint32_t index = 0;
    const char *end = found.data() + found.size();
    if (found.size() < 3 || std::from_chars(found.data() + 2, end, index).ptr != end)
        throw Error("device " + found, "its name has no number", E_NETLINK);
    return index;
}

Error open_error(const std::string &name, const ub::error &error) {
    const std::string object = device_object(name);
    if (error.errnum() == EACCES || error.errnum() == EPERM)
        return Error(object, fmt::format("/dev/ub/{} exists, but you may not open it", name),
                     E_PERMISSION, error.errnum())
            .hint(permission_hint());
    if (error.errnum() == ELIBBAD)
        return Error(object, error.message(), E_SOFT_PROVIDER);
    if (error.errnum() == ENODEV)
        return Error(object, "it was removed just now", E_NO_DEVICE);
    if (error.errnum() == EINVAL && is_soft(name))
        return Error(object, error.message(), E_USAGE).hint(error.hint());
    return library_error(error);
}

} // namespace ubctl
