// SPDX-License-Identifier: MIT
/**
 * @file
 * Names and errors of <ub/ub.hpp>, which includes this file.
 */
#ifndef UB_UB_ERROR_HPP
#define UB_UB_ERROR_HPP

#include <chrono>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <system_error>

#include <ub/ub.h>

namespace ub {

using completion = ub_cr;
using device_attr = ub_device_attr;
using async_event = ub_async;
using descriptor = ub_desc;
using target = ub_target;
using sge = ub_sge_t;
using work_request = ub_jfs_wr;
using receive_request = ub_jfr_wr;
using queue_attr = ub_queue_attr;
using duration = std::chrono::nanoseconds;

/// A timeout that never comes.
inline constexpr duration forever = duration::max();

// ---- Errors -------------------------------------------------------------------------------------

/// A call failed. what() is "WHAT (object): message; hint".
class error : public std::system_error {
public:
    error(const std::string &what, const ub_error &cause)
        : std::system_error(cause.errnum, std::generic_category(), text(what, cause)),
          text_(text(what, cause)), cause_(cause) {}

    const char *what() const noexcept override { return text_.c_str(); }
    int errnum() const noexcept { return cause_.errnum; }          ///< errno value, positive
    uint32_t ext_code() const noexcept { return cause_.ext_code; } ///< enum ub_ext_code
    uint64_t limit() const noexcept { return cause_.limit; }       ///< the limit hit, or 0
    const char *object() const noexcept { return cause_.object; }
    const char *message() const noexcept { return cause_.message; }
    const char *hint() const noexcept { return cause_.hint; }

private:
    static std::string text(const std::string &what, const ub_error &cause) {
        std::string all = what;
        if (*cause.object)
            all.append(" (").append(cause.object).append(")");
        all.append(": ").append(cause.message);
        if (*cause.hint)
            all.append("; ").append(cause.hint);
        return all;
    }
    std::string text_;
    ub_error cause_;
};

/// A completion did not succeed and the caller asked for one that does.
class completion_error : public std::runtime_error {
public:
    explicit completion_error(const completion &cr)
        : std::runtime_error(std::string(ub_opcode_str(cr.opcode)) + ": " +
                             ub_cr_status_str(cr.status) + ", " +
                             ub_cr_substatus_str(cr.substatus)),
          cr_(cr) {}
    const completion &record() const noexcept { return cr_; }
    unsigned status() const noexcept { return cr_.status; }

private:
    completion cr_;
};

namespace detail {

[[noreturn]] inline void fail(const char *what) { throw error(what, *ub_last_error()); }

[[noreturn]] inline void fail(const char *what, int errnum, const char *message) {
    ub_error cause{};
    cause.errnum = errnum;
    std::strncpy(cause.message, message, sizeof cause.message - 1);
    throw error(what, cause);
}

inline int check(int result, const char *what) {
    if (result < 0)
        fail(what);
    return result;
}

template <typename T> T *check(T *object, const char *what) {
    if (!object)
        fail(what);
    return object;
}

} // namespace detail

/// @return cr, if it succeeded. @throws completion_error otherwise
inline const completion &require(const completion &cr) {
    if (cr.status != UB_CR_SUCCESS)
        throw completion_error(cr);
    return cr;
}

} // namespace ub

#endif
