// SPDX-License-Identifier: MIT
#include "cmd/fault_target.hpp"

#include <cstring>

#include <fmt/format.h>
#include <ub/ub_uapi.h>

#include "device/devices.hpp"

namespace ubctl {

ub_device chosen_device(const Globals &globals, const char *command) {
    if (is_soft(globals.device))
        throw Error(device_object(globals.device), "a soft device dies with its process",
                    E_NOT_SUPPORTED)
            .hint("faults are for devices of the driver");
    if (globals.device.empty())
        throw usage_error(command, "no device given").hint(fmt::format("ubctl -d ub0 {}", command));
    return find_device(globals.device);
}

Error inject_error(const ub_device &device, const Fault &fault, const Reply &reply,
                   const std::string &command) {
    const std::string object = device_object(device.name);
    const std::string words = reply.message.empty() ? strerror(reply.errnum) : reply.message;
    switch (reply.errnum) {
    case EPERM:
    case EACCES:
        return admin_error(object, "only an administrator may make it misbehave", command);
    case ENODEV:
        return Error(object, words, E_DEVICE_LOST);
    case EOPNOTSUPP:
        return Error(object, "it offers no faults on demand", E_NOT_SUPPORTED)
            .hint("see \"ubctl device caps\": inject; models have it unless it is turned off");
    case ENOENT:
        return Error(object, words, UB_EXT_NO_SUCH_OBJECT)
            .hint(fmt::format("--id names {}", fault.id ? fault.id : "nothing here"));
    case EINVAL:
        return Error(object, words, UB_EXT_BAD_VALUE).hint("see \"ubctl help health inject\"");
    case ENOSPC:
        return Error(object, words, UB_EXT_DEV_LIMIT)
            .hint("remove some: \"ubctl health faults\" shows them, --remove disarms");
    default:
        return Error(object, words, E_SYSTEM, reply.errnum);
    }
}

} // namespace ubctl
