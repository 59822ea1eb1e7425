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

const Code driver_codes[] = {
    {UB_EXT_BAD_FLAGS, "BAD_FLAGS", EINVAL, exit_failed, "a flag is not known",
     "The call carries a flag bit that this driver does not define. Unknown flags are refused "
     "rather than ignored, so that a program never believes it got what it did not get.",
     "use flags of this driver's <ub/ub_uapi.h>, or install a newer driver"},
    {UB_EXT_RESERVED_SET, "RESERVED_SET", EINVAL, exit_failed, "a reserved field is not zero",
     "Reserved and padding fields must be zero; they are kept for later versions.",
     "clear the structure before filling it in"},
    {UB_EXT_BAD_LENGTH, "BAD_LENGTH", EINVAL, exit_failed, "a length is out of range",
     "The length is zero, not a multiple of the page where pages are asked, or above the limit.",
     "use a length from 1 up to the limit"},
    {UB_EXT_BAD_ADDRESS, "BAD_ADDRESS", EFAULT, exit_failed, "memory could not be pinned",
     "Part of the range is not mapped in the calling process, or is of a kind that cannot be "
     "pinned for a device, such as a device mapping.",
     "pass memory that is mapped throughout"},
    {UB_EXT_BAD_ALIGNMENT, "BAD_ALIGNMENT", EINVAL, exit_failed, "an address is not aligned",
     "Rings are aligned to 4096 bytes and shadow records to 128.",
     "align the address to the limit, in bytes"},
    {UB_EXT_BAD_DEPTH, "BAD_DEPTH", EINVAL, exit_failed, "a queue depth is out of range",
     "Depths are powers of two from 64 up to the device's limit.",
     "see max_jfs_depth, max_jfr_depth, max_jfc_depth of \"ubctl device info\""},
    {UB_EXT_BAD_ACCESS, "BAD_ACCESS", EINVAL, exit_failed, "access bits do not fit together",
     "A segment is LOCAL_ONLY, or READ with WRITE and ATOMIC as wished: WRITE needs READ, ATOMIC "
     "needs READ and WRITE.",
     "choose one of the combinations that \"ubctl explain BAD_ACCESS\" lists"},
    {UB_EXT_READ_ONLY, "READ_ONLY", EACCES, exit_failed, "memory is read-only",
     "The memory is mapped without PROT_WRITE, but the rights asked for let the device write it.",
     "register it with the read-only flag, or map it writable"},
    {UB_EXT_MEMLOCK, "MEMLOCK", EPERM, exit_failed, "over the locked-memory limit",
     "Registered memory and queues are pinned and count against RLIMIT_MEMLOCK of the user. The "
     "limit shown is that of the process.",
     "raise it: ulimit -l, LimitMEMLOCK= of a unit, or /etc/security/limits.d"},
    {UB_EXT_NO_SUCH_OBJECT, "NO_SUCH_OBJECT", ENOENT, exit_not_found, "no object of that id",
     "No segment or queue of that id exists in this context. Ids of other contexts are not "
     "visible.",
     "see \"ubctl queue list\" and \"ubctl memory list\""},
    {UB_EXT_BUSY, "BUSY", EBUSY, exit_failed, "still in use",
     "The object is referred to by others: a JFC by its queues, a JFR by its Jetty, a segment by a "
     "command under way, a device by its open contexts.",
     "delete what refers to it first"},
    {UB_EXT_CTX_LIMIT, "CTX_LIMIT", EDQUOT, exit_failed, "this context has too many objects",
     "One context, that is one open file, may hold only so many objects of a kind, so that it "
     "cannot take the whole device.",
     "delete objects that are not needed, or open a second context"},
    {UB_EXT_DEV_LIMIT, "DEV_LIMIT", ENOSPC, exit_failed, "the device has no object left",
     "All contexts together use up what the device has of this kind.",
     "see who holds them: \"ubctl context list\", \"ubctl queue list\""},
    {UB_EXT_BAD_STATE, "BAD_STATE", EINVAL, exit_failed, "not allowed in this state",
     "A queue goes from READY to SUSPENDED or ERROR, from SUSPENDED to READY or ERROR, from ERROR "
     "to RESET and from RESET to READY.",
     "take the states in that order"},
    {UB_EXT_DEVICE_LOST, "DEVICE_LOST", ENODEV, exit_lost, "the device was reset or removed",
     "After a reset or removal all objects of a context are gone. Its mappings stay valid but "
     "reach nothing.",
     "close the context and open the device again"},
    {UB_EXT_ADMIN_TIMEOUT, "ADMIN_TIMEOUT", EIO, exit_failed, "the device does not answer",
     "An admin command had no answer in the time allowed. The device may hang.",
     "reset it: ubctl device reset --force"},
    {UB_EXT_ADMIN_FAILED, "ADMIN_FAILED", EIO, exit_failed, "the device refused an admin command",
     "The driver sent a command that the device did not accept. The driver checks before it "
     "sends, so one of the two has a fault.",
     "report it with the kernel log"},
    {UB_EXT_NO_MEMORY, "NO_MEMORY", ENOMEM, exit_failed, "no memory",
     "The kernel or the library could not allocate.", "free memory, or use smaller queues"},
    {UB_EXT_BAD_VALUE, "BAD_VALUE", EINVAL, exit_failed, "a value is out of range",
     "A field holds more than it may, such as a priority above 15.", "use a value up to the limit"},
    {UB_EXT_FOREIGN_CONTEXT, "FOREIGN_CONTEXT", EACCES, exit_permission,
     "another process opened this context",
     "Memory is accounted to the process that opened the device, and addresses in requests are its "
     "own. Who got the file by fork or over a socket may not register memory or make queues.",
     "open the device in the process that uses it"},
    {UB_EXT_PRIVILEGE, "PRIVILEGE", EPERM, exit_permission, "a capability is missing",
     "Queues of priority 8 and above precede all others strictly and could starve them, so they "
     "ask for CAP_SYS_NICE.",
     "use a priority up to the limit, or grant CAP_SYS_NICE"},
    {UB_EXT_WRONG_DOOR, "WRONG_DOOR", EINVAL, exit_failed, "the queue is of another door",
     "SUBMIT, REAP and io_uring's SUBMIT are for kernel queues, io_uring's WAIT is for mapped ones. "
     "A send queue has the door of its completion queue.",
     "choose the door when the JFC is made"},
    {UB_EXT_QUEUE_FULL, "QUEUE_FULL", EAGAIN, exit_failed, "the queue has no room",
     "The ring is full, or the completion queue could not take the completions of more requests. "
     "Completions that nobody takes keep their room.",
     "take completions, or use deeper queues"},
    {UB_EXT_CANCELLED, "CANCELLED", ECANCELED, exit_failed, "the request was cancelled",
     "The queue is being cancelled, reset or destroyed.", "post again when that is over"},
    {UB_EXT_USER_LIMIT, "USER_LIMIT", EDQUOT, exit_failed, "this user has all one user may have",
     "What one user's processes together have on one device is limited, so that a second user "
     "finds room: contexts, segments, send, receive and completion queues, and pinned memory where "
     "the administrator says so. Devices opened with CAP_SYS_RESOURCE are excepted.",
     "end what is not needed (\"ubctl context list\"), or raise max_*_per_user of the driver"},
};

const Code completion_codes[] = {
    {E_COMPLETION + UB_CR_UNSUPPORTED_OPCODE_ERR, "UNSUPPORTED_OPCODE_ERR", EOPNOTSUPP, exit_failed,
     "the device does not know the opcode",
     "The work request asks for an operation that this device lacks.", "see \"ubctl device caps\""},
    {E_COMPLETION + UB_CR_LOC_LEN_ERR, "LOC_LEN_ERR", EMSGSIZE, exit_failed,
     "a length of the work request is wrong",
     "The total is above max_msg, inline data above what fits, an atomic is not of 4 or 8 bytes, "
     "a matrix is larger than its memory, or a piece is not divisible by the pattern. At a "
     "receiver: the message was longer than its buffer.",
     "compare with max_msg and max_inline of \"ubctl device info\""},
    {E_COMPLETION + UB_CR_LOC_OPERATION_ERR, "LOC_OPERATION_ERR", EINVAL, exit_failed,
     "the work request is malformed",
     "An undefined flag, a reserved field, too many SGEs, a misaligned address, or a ring whose "
     "owner bits are not of this lap.",
     "use the library to post, or see docs/hardware.md, section 6"},
    {E_COMPLETION + UB_CR_LOC_ACCESS_ERR, "LOC_ACCESS_ERR", EFAULT, exit_failed,
     "local memory could not be accessed",
     "An SGE names no segment of this context, reaches outside it, or its page does not allow the "
     "access. The substatus says which.",
     "check the SGE's TokenID, address and length: \"ubctl memory list\""},
    {E_COMPLETION + UB_CR_REM_RESP_LEN_ERR, "REM_RESP_LEN_ERR", EMSGSIZE, exit_failed,
     "the message is longer than the receiver's buffer",
     "The receive work request that took the message has less room than was sent.",
     "post larger receives"},
    {E_COMPLETION + UB_CR_REM_UNSUPPORTED_REQ_ERR, "REM_UNSUPPORTED_REQ_ERR", EOPNOTSUPP,
     exit_failed, "the peer cannot serve the request",
     "No JFR or Jetty of that id at the peer, or an atomic on device memory.",
     "check the id that was imported"},
    {E_COMPLETION + UB_CR_REM_OPERATION_ERR, "REM_OPERATION_ERR", EIO, exit_failed,
     "the peer failed to carry out the request",
     "The peer's JFR is not READY, its receive work request is malformed or not accessible, or its "
     "JFC is in ERROR.",
     "look at the peer's queues: \"ubctl queue list\""},
    {E_COMPLETION + UB_CR_REM_ACCESS_ABORT_ERR, "REM_ACCESS_ABORT_ERR", EACCES, exit_failed,
     "the owner of the memory refused the access",
     "TokenID or TokenValue is wrong, the range is outside the segment, the segment's rights do "
     "not allow it, or its owner is gone. The substatus says which.",
     "import the segment's present description and token"},
    {E_COMPLETION + UB_CR_ACK_TIMEOUT_ERR, "ACK_TIMEOUT_ERR", ETIMEDOUT, exit_failed,
     "no device of that EID answers", "The target's EID belongs to no device that can be reached.",
     "compare with the EIDs of \"ubctl list\""},
    {E_COMPLETION + UB_CR_RNR_RETRY_CNT_EXC_ERR, "RNR_RETRY_CNT_EXC_ERR", ENOBUFS, exit_failed,
     "the receiver had no buffer",
     "The receiver had no receive work request, also after the repeats that the queue allows.",
     "post receives before the peer sends, or raise rnr_retry"},
    {E_COMPLETION + UB_CR_WR_FLUSH_ERR, "WR_FLUSH_ERR", ECANCELED, exit_failed,
     "the work request was flushed",
     "The queue went to ERROR, or the device was reset, before the request ran.",
     "find the first completion that failed; this one is its consequence"},
    {E_COMPLETION + UB_CR_WR_SUSPEND_DONE, "WR_SUSPEND_DONE", EIO, exit_failed,
     "the queue is suspended", "Not a failure by itself: the queue stopped as it was asked to.",
     "move the queue to READY"},
    {E_COMPLETION + UB_CR_WR_FLUSH_ERR_DONE, "WR_FLUSH_ERR_DONE", EIO, exit_failed,
     "the queue is flushed", "Not a failure by itself: all flushed requests were reported.",
     "move the queue to RESET, then to READY"},
    {E_COMPLETION + UB_CR_WR_UNHANDLED, "WR_UNHANDLED", ECANCELED, exit_failed,
     "no device looked at the work request",
     "The library gives this status to requests that were in the ring when the queue failed.",
     "post it again on a queue that is READY"},
    {E_COMPLETION + UB_CR_LOC_DATA_POISON, "LOC_DATA_POISON", EIO, exit_failed,
     "local memory is poisoned", "The device read local memory that has an uncorrectable error.",
     "stop using that memory"},
    {E_COMPLETION + UB_CR_REM_DATA_POISON, "REM_DATA_POISON", EIO, exit_failed,
     "remote memory is poisoned", "The owner's memory has an uncorrectable error.",
     "stop using that memory"},
};

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
     "check the path and its permissions"},
    {E_FORMAT, "FORMAT", EINVAL, exit_failed, "a file has another format than needed",
     "Matrices are .npy files of version 1 or 2, dtype '<f4', C order, two dimensions.",
     "save it so: numpy.save(path, numpy.ascontiguousarray(x, dtype='<f4'))"},
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
     "Standard output is closed, full or a broken pipe.", ""},
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
