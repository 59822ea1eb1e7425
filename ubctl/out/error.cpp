// SPDX-License-Identifier: MIT
#include "out/error.hpp"

#include <cstring>

#include <fmt/format.h>
#include <ub/ub.hpp>
#include <ub/ub_uapi.h>
#include <unistd.h>

#include "out/json.hpp"
#include "out/remedies.hpp"
#include "out/text.hpp"

namespace ubctl {

namespace {

int exit_by_errno(int errnum) {
    switch (errnum) {
    case ENOENT:
        return exit_not_found;
    case EACCES:
    case EPERM:
        return exit_permission;
    case ENODEV:
        return exit_lost;
    case ETIMEDOUT:
        return exit_timeout;
    default:
        return exit_failed;
    }
}

unsigned code_of_library(const ub::error &error) {
    if (error.ext_code() != UB_EXT_NONE && find_code(error.ext_code()))
        return error.ext_code();
    switch (error.errnum()) {
    case ENODEV:
        return E_DEVICE_LOST;
    case ETIMEDOUT:
        return E_TIMEOUT;
    case ENOMEM:
        return UB_EXT_NO_MEMORY;
    default:
        return E_SYSTEM;
    }
}

// The codes whose ext_limit is a limit; others put a state or a generation there.
bool has_limit(unsigned code) {
    switch (code) {
    case UB_EXT_DEVICE_LOST:
    case UB_EXT_BUSY:
    case UB_EXT_BAD_STATE:
    case UB_EXT_BAD_FLAGS:
    case UB_EXT_BAD_ADDRESS:
    case UB_EXT_NO_ACCESS:
    case UB_EXT_PAST_FILE_END:
    case UB_EXT_DEVICE_MEMORY:
    case UB_EXT_SHARED_FILE:
    case UB_EXT_DAX_FILE:
    case UB_EXT_SECRET_MEMORY:
    case UB_EXT_NO_HUGE_PAGE:
    case UB_EXT_USER_FAULT:
    case UB_EXT_BAD_PAGE:
    case UB_EXT_ADMIN_TIMEOUT:
    case UB_EXT_ADMIN_FAILED:
        return false;
    default:
        return true;
    }
}

// The library calls a device by its bare name and other objects "jfs 3".
std::string library_object(const std::string &object) {
    if (object.empty())
        return "libub";
    return object.find(' ') == object.npos ? device_object(object) : object;
}

} // namespace

std::string device_object(const std::string &name) {
    return "device " + name.substr(0, name.find_last_not_of(':') + 1);
}

std::string errno_name(int errnum) {
    const char *name = strerrorname_np(errnum);
    return name ? name : fmt::format("errno {}", errnum);
}

Error::Error(std::string object, std::string cause, unsigned code, int errnum)
    : object_(std::move(object)), cause_(std::move(cause)), code_(code), errnum_(errnum) {
    const Code *known = find_code(code);
    if (errnum_ == 0)
        errnum_ = known ? known->errnum : EIO;
    if (known)
        hint_ = known->remedy;
}

Error &Error::limit(uint64_t value) {
    limit_ = value;
    return *this;
}

Error &Error::hint(std::string remedy) {
    hint_ = std::move(remedy);
    return *this;
}

int Error::exit_code() const {
    const Code *known = find_code(code_);
    return known && known->exit != exit_by_cause ? known->exit : exit_by_errno(errnum_);
}

std::string Error::limit_text() const {
    if (!limit_)
        return "";
    const bool bytes = code_ == UB_EXT_MEMLOCK || code_ == UB_EXT_BAD_LENGTH;
    return fmt::format(" (limit {})", bytes ? iec_bytes(*limit_) : std::to_string(*limit_));
}

std::string Error::text() const {
    std::string out =
        fmt::format("ubctl: {}: {}{} [{}, {}]\n", printable(object_), printable(cause_),
                    limit_text(), code_label(code_), errno_name(errnum_));
    if (!hint_.empty())
        out += fmt::format("hint: {}\n", printable(hint_));
    return out;
}

std::string Error::json() const {
    Value limit;
    if (limit_)
        limit = *limit_;
    const Members members = {{"object", object_},
                             {"cause", cause_},
                             {"limit", limit},
                             {"code", code_label(code_)},
                             {"errno", errno_name(errnum_)},
                             {"hint", hint_},
                             {"exit_code", static_cast<uint64_t>(exit_code())}};
    return json_document("ub.error/1", "error", members);
}

Error usage_error(const std::string &object, const std::string &cause) {
    return Error(object, cause, E_USAGE);
}

Error file_error(const std::string &path, const std::string &cause, int errnum) {
    std::string text = cause + ": " + strerror(errnum);
    return Error(path.empty() ? "file ''" : path, std::move(text), E_FILE, errnum)
        .hint(file_remedy(errnum));
}

Error admin_error(const std::string &object, const std::string &cause, const std::string &command) {
    return Error(object, cause, E_PERMISSION, EPERM)
        .hint(geteuid() == 0
                  ? "root of a container lacks CAP_NET_ADMIN; on the host: ubctl " + command
                  : "sudo ubctl " + command);
}

Error library_error(const ub::error &error) {
    const unsigned code = code_of_library(error);
    Error out(library_object(error.object()), error.message(), code, error.errnum());
    if (error.limit() && has_limit(code))
        out.limit(error.limit());
    if (error.hint()[0])
        out.hint(error.hint());
    return out;
}

Error completion_error(const std::string &object, unsigned status, unsigned substatus) {
    std::string cause = fmt::format("the command completed with {}", ub_cr_status_str(status));
    if (substatus)
        cause += fmt::format(": {}", ub_cr_substatus_str(substatus));
    return Error(object, std::move(cause), E_COMPLETION + status);
}

} // namespace ubctl
