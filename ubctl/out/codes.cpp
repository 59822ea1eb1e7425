// SPDX-License-Identifier: MIT
#include "out/codes.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <vector>

#include <fmt/format.h>
#include <ub/ub_uapi.h>

namespace ubctl {

namespace {

// Most refusals are failures like others; these say more.
constexpr int exit_of(unsigned code) {
    switch (code) {
    case UB_EXT_NO_SUCH_OBJECT:
        return exit_not_found;
    case UB_EXT_DEVICE_LOST:
        return exit_lost;
    case UB_EXT_FOREIGN_CONTEXT:
    case UB_EXT_PRIVILEGE:
        return exit_permission;
    default:
        return exit_failed;
    }
}

// A remedy that names what the case decides, for all of them.
std::string general(std::string remedy) {
    constexpr std::string_view parameter = "{parameter}";
    if (const size_t at = remedy.find(parameter); at != remedy.npos)
        remedy.replace(at, parameter.size(), "max_*_per_user");
    return remedy;
}

const Code driver_codes[] = {
#define UB_EXT_ERROR(name, errnum, object, limit, summary, message, remedy, text)                \
    {UB_EXT_##name, #name, errnum, exit_of(UB_EXT_##name), summary, text, general(remedy)},
#include "libub/src/ext_errors.def"
#undef UB_EXT_ERROR
};

// The number and the name of a completion status.
#define COMPLETION(name) E_COMPLETION + UB_CR_##name, #name

const Code completion_codes[] = {
    {COMPLETION(UNSUPPORTED_OPCODE_ERR), EOPNOTSUPP, exit_failed,
     "the device does not know the opcode",
     "The work request asks for an operation that this device lacks.", "see \"ubctl device caps\""},
    {COMPLETION(LOC_LEN_ERR), EMSGSIZE, exit_failed,
     "a length of the work request is wrong",
     "The total is above max_msg, inline data above what fits, an atomic is not of 4 or 8 bytes, "
     "a matrix is larger than its memory, or a piece is not divisible by the pattern. At a "
     "receiver: the message was longer than its buffer.",
     "compare with max_msg and max_inline of \"ubctl device info\""},
    {COMPLETION(LOC_OPERATION_ERR), EINVAL, exit_failed,
     "the work request is malformed",
     "An undefined flag, a reserved field, too many SGEs, a misaligned address, or a ring whose "
     "owner bits are not of this lap.",
     "use the library to post, or see docs/hardware.md, section 6"},
    {COMPLETION(LOC_ACCESS_ERR), EFAULT, exit_failed,
     "local memory could not be accessed",
     "An SGE names no segment of this context, reaches outside it, or its page does not allow the "
     "access. The substatus says which.",
     "check the SGE's TokenID, address and length: \"ubctl memory list\""},
    {COMPLETION(REM_RESP_LEN_ERR), EMSGSIZE, exit_failed,
     "the message is longer than the receiver's buffer",
     "The receive work request that took the message has less room than was sent.",
     "post larger receives"},
    {COMPLETION(REM_UNSUPPORTED_REQ_ERR), EOPNOTSUPP,
     exit_failed, "the peer cannot serve the request",
     "No JFR or Jetty of that id at the peer, or an atomic on device memory.",
     "check the id that was imported"},
    {COMPLETION(REM_OPERATION_ERR), EIO, exit_failed,
     "the peer failed to carry out the request",
     "The peer's JFR is not READY, its receive work request is malformed or not accessible, or its "
     "JFC is in ERROR.",
     "look at the peer's queues: \"ubctl queue list\""},
    {COMPLETION(REM_ACCESS_ABORT_ERR), EACCES, exit_failed,
     "the owner of the memory refused the access",
     "TokenID or TokenValue is wrong, the range is outside the segment, the segment's rights do "
     "not allow it, or its owner is gone. The substatus says which.",
     "import the segment's present description and token"},
    {COMPLETION(ACK_TIMEOUT_ERR), ETIMEDOUT, exit_failed,
     "no device of that EID answers", "The target's EID belongs to no device that can be reached.",
     "compare with the EIDs of \"ubctl list\""},
    {COMPLETION(RNR_RETRY_CNT_EXC_ERR), ENOBUFS, exit_failed,
     "the receiver had no buffer",
     "The receiver had no receive work request, also after the repeats that the queue allows.",
     "post receives before the peer sends, or raise rnr_retry"},
    {COMPLETION(WR_FLUSH_ERR), ECANCELED, exit_failed,
     "the work request was flushed",
     "The queue went to ERROR, or the device was reset, before the request ran.",
     "find the first completion that failed; this one is its consequence"},
    {COMPLETION(WR_SUSPEND_DONE), EIO, exit_failed,
     "the queue is suspended", "Not a failure by itself: the queue stopped as it was asked to.",
     "move the queue to READY"},
    {COMPLETION(WR_FLUSH_ERR_DONE), EIO, exit_failed,
     "the queue is flushed", "Not a failure by itself: all flushed requests were reported.",
     "move the queue to RESET, then to READY"},
    {COMPLETION(WR_UNHANDLED), ECANCELED, exit_failed,
     "no device looked at the work request",
     "The library gives this status to requests that were in the ring when the queue failed.",
     "post it again on a queue that is READY"},
    {COMPLETION(LOC_DATA_POISON), EIO, exit_failed,
     "local memory is poisoned", "The device read local memory that has an uncorrectable error.",
     "stop using that memory"},
    {COMPLETION(REM_DATA_POISON), EIO, exit_failed,
     "remote memory is poisoned", "The owner's memory has an uncorrectable error.",
     "stop using that memory"},
};
static_assert(std::size(completion_codes) == UB_CR_REM_DATA_POISON);

const Code tool_codes[] = {
    {E_USAGE, "USAGE", EINVAL, exit_usage, "the command line is wrong",
     "An unknown command or option, a missing argument, or a value out of range. Nothing was done.",
     "see \"ubctl help\" or \"ubctl help COMMAND\""},
    {E_NO_DEVICE, "NO_DEVICE", ENODEV, exit_not_found, "no such device",
     "No UB NPU device is there, or none of the name, PCI address or EID given.",
     "see \"ubctl list\"; without a device try -d soft:"},
    {E_PERMISSION, "PERMISSION", EACCES, exit_permission, "the device is there, permission is not",
     "The device node exists and may not be opened by this user. Nodes belong to root:ub with mode "
     "0660; the user of the active seat gets access as well.",
     "join the group: sudo usermod -aG ub $USER, then log in again"},
    {E_FILE, "FILE", EIO, exit_by_cause, "a file cannot be used",
     "Opening, reading or writing a file failed. The errno decides the exit code.",
     "follow the hint that comes with the error: it is the errno's"},
    {E_FORMAT, "FORMAT", EINVAL, exit_failed, "a file has another format than needed",
     "Matrices are .npy files of version 1 to 3 with two dimensions of float32, in either byte "
     "order and in C or Fortran order.",
     "save it so: numpy.save(path, x.astype('float32'))"},
    {E_TIMEOUT, "TIMEOUT", ETIMEDOUT, exit_timeout, "no completion in time",
     "A command posted to the device did not complete within --timeout seconds.",
     "raise --timeout, or look at the queue: \"ubctl queue list\""},
    {E_DEVICE_LOST, "LOST", ENODEV, exit_lost, "the device went away",
     "The device was reset or removed while the command ran.", "run the command again"},
    {E_NETLINK, "NETLINK", EIO, exit_by_cause, "the driver could not be asked",
     "Talking to the driver's generic netlink family \"ubnpu\" failed.",
     "check that driver and tool are of one version: \"ubctl version\""},
    {E_NOT_SUPPORTED, "NOT_SUPPORTED", EOPNOTSUPP, exit_failed, "not possible on this device",
     "The device lacks the operation, or it makes no sense for a soft device, which lives in the "
     "process that opened it.",
     "see \"ubctl device caps\""},
    {E_SELFTEST, "SELFTEST", EIO, exit_failed, "a check of the self-test failed",
     "The device gave another result than an independent computation, or let something pass that "
     "it must refuse. The table names the check.",
     "report the table with \"ubctl device info\" and \"ubctl version\""},
    {E_SYSTEM, "SYSTEM", EIO, exit_by_cause, "a system call failed",
     "The system refused something; the errno says what.", ""},
    {E_UNKNOWN_NAME, "UNKNOWN_NAME", ENOENT, exit_not_found, "no such name",
     "The schema or error code asked for does not exist.",
     "run the command without a name for the list"},
    {E_SHAPE, "SHAPE", EINVAL, exit_failed, "the matrices do not fit together",
     "op(A) is m x k, op(B) k x n, C m x n.", "use --trans-a or --trans-b if they are transposed"},
    {E_SOFT_PROVIDER, "SOFT_PROVIDER", ELIBBAD, exit_failed, "the soft provider cannot be loaded",
     "soft: needs the device core as a library, installed beside libub.",
     "install the soft provider's package, or run from a complete build tree"},
    {E_OUTPUT, "OUTPUT", EIO, exit_failed, "the result could not be written",
     "Standard output is closed, full or a broken pipe.", "look at what standard output leads to"},
};

const Code finding_codes[] = {
    {F_NO_DEVICES, "NO_DEVICES", ENODEV, exit_failed, "no UB NPU is on the PCI bus",
     "The devices are emulated: QEMU makes them, with its plug-in and -device ubnpu. A device in a "
     "process, soft:, needs none.",
     "ubvm run --devices 1 -- ubctl list, or ubctl -d soft: selftest"},
    {F_MODULE_MISSING, "MODULE_MISSING", ENOENT, exit_failed, "no driver for this kernel",
     "The running kernel's modules have no ubnpu: DKMS has not built it, most often since the "
     "kernel's headers are not installed.",
     "install the kernel's headers, then: sudo dkms autoinstall"},
    {F_MODULE_NOT_LOADED, "MODULE_NOT_LOADED", ENODEV, exit_failed, "the driver is not loaded",
     "The module is installed; udev loads it when a device is found, unless it is on a list of "
     "modules that are not to be loaded.",
     "sudo modprobe ubnpu"},
    {F_MODULE_REFUSED, "MODULE_REFUSED", EKEYREJECTED, exit_failed, "the kernel refuses the driver",
     "With secure boot, or locked down, a kernel loads modules alone that are signed by a key it "
     "knows. DKMS signs with a key of this machine, which must be enrolled once.",
     "sudo mokutil --import /var/lib/dkms/mok.pub, then restart"},
    {F_MODULE_VERSION, "MODULE_VERSION", ESTALE, exit_failed,
     "driver and tool are of different versions",
     "After an upgrade the old module stays loaded until nobody uses it. Contracts grow, so they "
     "work together; what is new is missing.",
     "sudo modprobe -r ubnpu && sudo modprobe ubnpu"},
    {F_NOT_BOUND, "NOT_BOUND", ENODEV, exit_failed, "the driver does not have a device",
     "It was unbound, or the driver refused it: DMA that is bounced or not coherent, too few "
     "interrupts, another major version of the contract. The kernel's log says which.",
     "dmesg | grep ubnpu"},
    {F_NODE_MISSING, "NODE_MISSING", ENOENT, exit_failed, "a device has no node",
     "The kernel makes /dev/ub/ub<N> in devtmpfs. It is missing where /dev is another, as in a "
     "container that was not given the device.",
     "sudo udevadm trigger --subsystem-match=ubnpu"},
    {F_NODE_PERMISSION, "NODE_PERMISSION", EACCES, exit_failed, "you may not open a node",
     "Nodes belong to root:ub with mode 0660; the user of the active seat gets access as well.",
     "sudo usermod -aG ub $USER, then log in again"},
    {F_SESSION_OLD, "SESSION_OLD", EACCES, exit_failed, "this session is older than your group",
     "Groups are read at login: a session from before does not have the new one.",
     "log in again, or newgrp ub"},
    {F_NODE_MODE, "NODE_MODE", EACCES, exit_failed, "a node has another mode or group",
     "udev's rules give it root:ub and 0660. They are missing, older, or have not run since the "
     "device was found.",
     "sudo udevadm control --reload && sudo udevadm trigger --subsystem-match=ubnpu"},
    {F_GROUP_MISSING, "GROUP_MISSING", ENOENT, exit_failed, "the group ub does not exist",
     "The package ubstack-udev makes it by systemd-sysusers.", "sudo systemd-sysusers"},
    {F_UDEV_RULES, "UDEV_RULES", ENOENT, exit_failed, "udev's rules are not installed",
     "Without 60-ubnpu.rules nodes are root's alone, and there are no links by EID and place.",
     "install the package ubstack-udev"},
    {F_MEMLOCK, "LOW_MEMLOCK", EPERM, exit_failed, "little memory may be locked",
     "Registered memory and rings are pinned, and count against RLIMIT_MEMLOCK of the process. A "
     "login, a systemd unit and a container each have a setting of their own.",
     "raise the limit where the program is started"},
    {F_KERNEL_OLD, "KERNEL_OLD", EOPNOTSUPP, exit_failed, "the kernel lacks a feature",
     "The driver is for Linux 6.1 and later; some of what it does needs a later one.",
     "use another door, or a later kernel"},
    {F_DEVICE_DEAD, "DEVICE_DEAD", EIO, exit_failed, "a device cannot be used",
     "It does not answer, or reported a fatal error, and recovery has given up or is off.",
     "sudo ubctl device reset ub0 --force"},
    {F_DEVICE_FAULTS, "DEVICE_FAULTS", EIO, exit_failed, "a device had faults",
     "The driver counts hangs, lost interrupts and doorbells, time-outs, and what it reset for "
     "them. It went on; the cause may be still there.",
     "ubctl health show"},
    {F_CORE_DUMP, "CORE_DUMP", EIO, exit_failed, "a device left a core dump",
     "When a device hangs the driver writes down registers, queues and page table. While there is "
     "one, further ones are dropped.",
     "sudo ubctl health dump FILE --discard"},
    {F_HANG_DETECTION, "HANG_DETECTION", EOPNOTSUPP, exit_failed, "hang detection is off",
     "With hang_timeout_ms 0 nobody looks whether queues progress, and nothing is reset.",
     "echo 10000 | sudo tee /sys/module/ubnpu/parameters/hang_timeout_ms"},
    {F_MODEL_LACKS, "MODEL_LACKS", EOPNOTSUPP, exit_failed, "the device lacks features",
     "The model is older than this tool, or its properties hide them. Driver and library do "
     "without.",
     "upgrade ubstack-qemu on the host"},
    {F_NO_IOMMU, "NO_IOMMU", EOPNOTSUPP, exit_failed, "no IOMMU stands before a device",
     "The device's own page tables keep processes apart. An IOMMU would hold the device itself to "
     "the memory that the driver gave it.",
     "boot with an IOMMU on"},
};

std::string upper(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return out;
}

const std::vector<Code> &registry() {
    static const std::vector<Code> all = [] {
        std::vector<Code> out;
        out.insert(out.end(), std::begin(driver_codes), std::end(driver_codes));
        out.insert(out.end(), std::begin(completion_codes), std::end(completion_codes));
        out.insert(out.end(), std::begin(tool_codes), std::end(tool_codes));
        out.insert(out.end(), std::begin(finding_codes), std::end(finding_codes));
        return out;
    }();
    return all;
}

} // namespace

std::span<const Code> all_codes() {
    return registry();
}

const Code *find_code(unsigned number) {
    for (const Code &code : all_codes())
        if (code.number == number)
            return &code;
    return nullptr;
}

const Code *find_code(std::string_view text) {
    const std::string wanted = upper(text);
    for (const Code &code : all_codes()) {
        const std::string name = code.name;
        if (wanted == code_label(code.number) || wanted == name || wanted == "UB_EXT_" + name ||
            wanted == "UB_CR_" + name)
            return &code;
    }
    return nullptr;
}

std::string code_label(unsigned number) {
    return fmt::format("UB-E{:04}", number);
}

} // namespace ubctl
