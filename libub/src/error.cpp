// SPDX-License-Identifier: MIT
#include "error.hpp"

#include "visa/visa.h"

#include <ub/ub_names.h>
#include <ub/ub_uapi.h>

#include <cstdio>
#include <cstring>
#include <iterator>
#include <string>

namespace {

using namespace ub_impl;

struct Sentence {
    uint32_t cause;
    const char *message; // {limit}, {obj}: the cause's numbers; {hex}: the limit as flags
    const char *hint;
};

constexpr Sentence sentences[] = {
    {UB_EXT_NONE, "the call failed", ""},
#define UB_EXT_ERROR(name, errnum, object, limit, summary, message, remedy, text)                \
    {UB_EXT_##name, message[0] ? message : summary, remedy},
#include "ext_errors.def"
#undef UB_EXT_ERROR
    {UB_POST_FULL, "the queue of depth {limit} has no room",
     "take completions, or make the queue deeper"},
    {UB_POST_SGE_COUNT, "more SGEs than {limit}, or no array of them",
     "split the request, or use one segment"},
    {UB_POST_INLINE_SIZE, "more inline data than {limit} bytes", "register the memory instead"},
    {UB_POST_NOT_INLINE, "the opcode takes no inline data",
     "only WRITE and SEND and their variants do"},
    {UB_POST_NO_TARGET, "the opcode needs a target that is not given",
     "set target, and notify for WRITE_IMM and WRITE_NOTIFY"},
    {UB_POST_NO_SGE, "num_sge is set but sge is NULL", "point sge to the SGEs"},
    {CAUSE_OS, "{errno}", ""},
    {CAUSE_NULL, "an argument is NULL", "give all arguments"},
    {CAUSE_NO_DEVICE, "there is no such device",
     "'ubctl list' shows the devices; is the module ubnpu loaded?"},
    {CAUSE_NO_NODE, "the device has no node in /dev/ub", "is udev (or devtmpfs) running?"},
    {CAUSE_PERMISSION, "no permission to open the device's node",
     "join the group ub: usermod -a -G ub USER, then log in again"},
    {CAUSE_NAME, "this is not a device name",
     "give ub0, /dev/ub/ub0, a PCI address, an EID or soft:"},
    {CAUSE_OPTION, "{detail}",
     "known are name, eid, engines, max_ctx, max_seg, max_jfs, max_jfr, max_jfc, memlock, poll_us, "
     "inline_bytes, fault"},
    {CAUSE_FAULT, "{detail}", "write fault=KIND;KEY=VALUE;..."},
    {CAUSE_NO_SOFT, "the soft provider ub/ub-soft.so cannot be loaded",
     "install it beside libub.so, in the directory ub"},
    {CAUSE_SOFT_DEVICE, "the soft device cannot be made: {detail}",
     "check its options; no other device may have its EID"},
    {CAUSE_OBJECTS_LEFT, "{limit} objects are left in the context", "delete them first"},
    {CAUSE_SHARED_JFCE, "the event channel serves {limit} JFCs",
     "wait with ub_wait_jfc(), or give the JFC a channel of its own"},
    {CAUSE_IN_USE, "{limit} JFCs still use the event channel", "delete them first"},
    {CAUSE_UNACKED, "{limit} events are not acknowledged", "call ub_ack_jfc() for each"},
    {CAUSE_FOREIGN, "the object belongs to another context", "use objects of one context"},
    {CAUSE_NO_EVENT, "there is no event yet", "poll the file of the context"},
    {CAUSE_TIMEOUT, "no event came within the time given", ""},
    {CAUSE_INTERRUPTED, "a signal came while waiting", "call again"},
    {CAUSE_NOT_ERROR, "the queue is not in state ERROR",
     "enter ERROR and poll WR_FLUSH_ERR_DONE first"},
    {CAUSE_EID, "this is not an EID", "write 8 groups of 4 hex digits with colons"},
    {CAUSE_NO_DOOR, "this device has mapped queues alone",
     "use UB_DOOR_MAPPED, or open a device of the driver"},
    {CAUSE_DOOR, "the call is not for queues of this door",
     "UB_DOOR_IOCTL: ub_reap_jfc(); UB_DOOR_MAPPED: ub_rearm_jfc() and ub_wait_jfc()"},
    {CAUSE_DOOR_EVENTS, "a JFC of UB_DOOR_IOCTL has no event channel and no vector",
     "wait by ub_reap_jfc() or io_uring"},
    {CAUSE_URING_RING, "the kernel takes no ring of {limit} entries with these flags",
     "ask for 1 to 32768 entries; SQE128 and CQE32 need Linux 5.19, and not all flags go together"},
    {CAUSE_URING_RING_MEMORY, "there is no memory for a ring of {limit} entries",
     "ask for fewer entries, or raise RLIMIT_MEMLOCK (ulimit -l)"},
    {CAUSE_URING_NONE, "this kernel has no io_uring",
     "use one with CONFIG_IO_URING, or ub_post_jfs_wr() and ub_reap_jfc()"},
    {CAUSE_URING_DENIED, "this process may not use io_uring",
     "see /proc/sys/kernel/io_uring_disabled, and the seccomp profile of its container"},
    {CAUSE_URING_FILES, "the process or the system has no file descriptor left",
     "close some, or raise RLIMIT_NOFILE (ulimit -n)"},
    {CAUSE_URING_ROOM, "the ring has no room for more completions",
     "take completions from it, or make it larger"},
    {CAUSE_URING_SUBMIT,
     "the requests are malformed or more than the queue of depth {limit} holds, or it is not READY "
     "or not of UB_DOOR_IOCTL, or the ring is without SQE128",
     "ub_query_jfs() tells the state; a queue has its JFC's door; UB_URING_SETUP has the flags"},
    {CAUSE_URING_WAIT, "the JFC is of UB_DOOR_IOCTL, or the time is not 1 ns to {limit} ns",
     "wait for a mapped JFC, by ub_reap_jfc() or REAP for another; for longer wait again"},
    {CAUSE_URING_REAP,
     "a buffer is shorter than a completion of {limit} bytes, or the JFC is mapped or in ERROR",
     "give buffers of a multiple of that; ub_query_jfc() tells the state"},
    {CAUSE_URING_BUFFERS, "no buffer of the group is left",
     "give buffers back and reap again: what was not delivered waits"},
    {CAUSE_URING_REG_SEG, "a field of the request is out of range",
     "give struct ub_ioc_reg_seg of this library's <ub/ub_uapi.h>, and its size"},
    {CAUSE_URING_BUSY, "a command under way uses the memory",
     "wait until it is over, or cancel its queue"},
    {CAUSE_URING_MEMORY, "memory that the command names is not there, or may not be used so",
     "keep what a command names as it is until it is over"},
    {CAUSE_URING_STOPPED, "it was stopped before it was over", "submit it again if it is wanted"},
    {CAUSE_URING_ENDED, "a CANCEL or the end of its queue ended it",
     "begin anew if the queue is still there"},
    {CAUSE_URING_COMMAND, "the file knows no such command",
     "use the file of a context of the driver, and driver and library of one version"},
    {CAUSE_URING_KIND, "this kernel or this kind of ring cannot do it",
     "REAP needs Linux 6.18; WAIT and REAP a ring without IOPOLL; soft: has no io_uring"},
    {CAUSE_NO_OBJECT, "this is not a whole ELF object for BPF",
     "compile with clang --target=bpf -mcpu=v3 -O2 -c"},
    {CAUSE_NO_PROGRAM, "{limit} programs of the object are meant, not one",
     "name one of its sections ub/NAME; UB_PROGRAM(NAME) makes them"},
    {CAUSE_RELOCATIONS, "the program refers to other sections",
     "inline the functions it calls (always_inline), and keep data in its stack or arguments"},
    {CAUSE_INTERNAL, "an unexpected failure inside the library", ""},
};

struct Kind {
    const char *one, *many;
};
constexpr Kind kinds[] = {
    {"device", "devices"},
#define X(name, one, many) {one, many},
    UB_OBJECT_NAMES(X)
#undef X
};

const Kind &kind_of(uint64_t type) { return kinds[type < std::size(kinds) ? type : 0]; }

// What a limit of one user is about; 0 is pinned memory.
std::string share_of(const Cause &c) {
    const std::string count = c.limit ? std::to_string(c.limit) + " " : "";
    return count + (c.id ? kind_of(c.id).many : "bytes of pinned memory");
}

const char *parameter_of(uint64_t type) {
    switch (type) {
    case 0:
        return "max_pinned_mb_per_user";
    case UB_OBJ_CONTEXT:
        return "max_ctxs_per_user";
    case UB_OBJ_SEG:
        return "max_segs_per_user";
    case UB_OBJ_PROGRAM:
        return "max_programs_per_user";
    default:
        return "max_queues_per_user";
    }
}

struct Record {
    Cause cause{};
    char name[32] = "";
    char detail[160] = "";
    bool fresh = false;
    ub_error text{};
};
thread_local Record last;

std::string value_of(const Cause &c, const std::string &key) {
    char hex[24];
    std::snprintf(hex, sizeof hex, "0x%llx", static_cast<unsigned long long>(c.limit));
    if (key == "limit")
        return std::to_string(c.limit);
    if (key == "obj")
        return std::to_string(c.id);
    if (key == "hex")
        return hex;
    if (key == "object")
        return kind_of(c.id).one;
    if (key == "objects")
        return kind_of(c.id).many;
    if (key == "detail")
        return last.detail;
    if (key == "share")
        return share_of(c);
    if (key == "parameter")
        return parameter_of(c.id);
    if (key == "rule")
        return ub_visa_rule_str(static_cast<unsigned>(c.id));
    if (key == "state")
        return ub_state_str(static_cast<unsigned>(c.limit));
    return std::strerror(c.errnum);
}

std::string expand(const char *pattern, const Cause &c) {
    std::string out;
    for (const char *p = pattern; *p; ++p) {
        const char *end = *p == '{' ? std::strchr(p, '}') : nullptr;
        if (!end) {
            out += *p;
            continue;
        }
        out += value_of(c, std::string(p + 1, end));
        p = end;
    }
    return out;
}

template <size_t N> void put(char (&field)[N], const std::string &text) {
    std::snprintf(field, N, "%s", text.c_str());
}

const Sentence &sentence_of(uint32_t cause) {
    for (const Sentence &s : sentences)
        if (s.cause == cause)
            return s;
    return sentences[0];
}

void write_out(Record &r) {
    const Cause &c = r.cause;
    const Sentence &s = sentence_of(c.cause);
    r.text.errnum = c.errnum;
    r.text.ext_code = c.cause < UB_POST_FULL ? c.cause : 0;
    r.text.limit = c.limit;
    put(r.text.message, expand(s.message, c));
    put(r.text.hint, expand(s.hint, c));
    if (c.obj_type && c.id)
        put(r.text.object, std::string(kind_of(c.obj_type).one) + " " + std::to_string(c.id));
    else
        put(r.text.object, r.name);
}

} // namespace

int ub_impl::fail(const Cause &cause) noexcept {
    last.cause = cause;
    std::strncpy(last.name, cause.name ? cause.name : "", sizeof last.name - 1);
    std::strncpy(last.detail, cause.detail ? cause.detail : "", sizeof last.detail - 1);
    last.fresh = true;
    errno = cause.errnum;
    return -cause.errnum;
}

extern "C" const struct ub_error *ub_last_error(void) {
    if (last.fresh) {
        const int saved = errno;
        try {
            write_out(last);
        } catch (...) {
            last.text.errnum = last.cause.errnum;
        }
        last.fresh = false;
        errno = saved;
    }
    return &last.text;
}
