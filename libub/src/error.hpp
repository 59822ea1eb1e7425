// SPDX-License-Identifier: MIT
// Why a call failed: recorded as a few numbers where it happens, made into sentences on demand.
#ifndef UB_ERROR_HPP
#define UB_ERROR_HPP

#include <ub/ub.h>

#include <cerrno>
#include <exception>
#include <new>
#include <type_traits>

namespace ub_impl {

// Causes: enum ub_ext_code, enum ub_post_cause, and these, which only the library has.
enum : uint32_t {
    CAUSE_OS = 0x200,        // errno says it all
    CAUSE_NULL,              // an argument is NULL
    CAUSE_NO_DEVICE,         // nothing of that name
    CAUSE_NO_NODE,           // the device is there, its node is not
    CAUSE_PERMISSION,        // on the node
    CAUSE_NAME,              // not the form of a name
    CAUSE_OPTION,            // of "soft:"
    CAUSE_FAULT,             // of "soft:fault="
    CAUSE_NO_SOFT,           // provider not loadable
    CAUSE_SOFT_DEVICE,       // the core refused the configuration
    CAUSE_OBJECTS_LEFT,      // context still has objects
    CAUSE_IN_USE,            // JFCE still has JFCs
    CAUSE_UNACKED,           // events not acknowledged
    CAUSE_FOREIGN,           // object of another context
    CAUSE_NO_EVENT,          // none yet
    CAUSE_TIMEOUT,           // none within the time
    CAUSE_INTERRUPTED,       // by a signal
    CAUSE_NOT_ERROR,         // flush of a queue that is not in ERROR
    CAUSE_EID,               // text is no EID
    CAUSE_NO_DOOR,           // the provider has no kernel queues
    CAUSE_DOOR,              // a call for the other door
    CAUSE_DOOR_EVENTS,       // event channel with a kernel JFC
    CAUSE_SHARED_JFCE,       // a wait for one JFC on a channel of several
    CAUSE_URING_RING,        // io_uring, see uring.cpp: its flags or its entries
    CAUSE_URING_RING_MEMORY, // none for the ring
    CAUSE_URING_NONE,        // the kernel has none
    CAUSE_URING_DENIED,      // the process may not
    CAUSE_URING_FILES,       // too many are open
    CAUSE_URING_ROOM,        // none for completions
    CAUSE_URING_SUBMIT,      // requests, queue or ring
    CAUSE_URING_WAIT,        // JFC or time
    CAUSE_URING_REAP,        // buffers or JFC
    CAUSE_URING_BUFFERS,     // none is left
    CAUSE_URING_REG_SEG,     // its structure
    CAUSE_URING_BUSY,        // memory that a command uses
    CAUSE_URING_MEMORY,      // that a command names
    CAUSE_URING_STOPPED,     // by who asked
    CAUSE_URING_ENDED,       // by a CANCEL, or with its queue
    CAUSE_URING_COMMAND,     // not known to the file
    CAUSE_URING_KIND,        // not of this kernel or ring
    CAUSE_INTERNAL,          // an exception nobody expected
    // Of an object with programs: its form, its section of the name, what that refers to.
    CAUSE_NO_OBJECT,
    CAUSE_NO_PROGRAM,
    CAUSE_RELOCATIONS,
};

struct Cause {
    int errnum;
    uint32_t cause;
    uint32_t obj_type = 0; // enum ub_obj_type, 0: the device
    uint64_t id = 0;
    uint64_t limit = 0;
    const char *name = nullptr; // the device's
    const char *detail = nullptr; // in words, of CAUSE_OPTION, CAUSE_FAULT, CAUSE_SOFT_DEVICE
};

// Records the cause for ub_last_error() and sets errno. @return -errnum
int fail(const Cause &cause) noexcept;

// Runs a public function's body; nothing thrown leaves the library.
template <typename F> auto guarded(F body) noexcept -> decltype(body()) {
    int result;
    try {
        return body();
    } catch (const std::bad_alloc &) {
        result = fail({ENOMEM, UB_EXT_NO_MEMORY});
    } catch (...) {
        result = fail({EIO, CAUSE_INTERNAL});
    }
    if constexpr (std::is_pointer_v<decltype(body())>)
        return nullptr;
    else
        return result;
}

} // namespace ub_impl

#endif
