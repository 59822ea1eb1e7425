// SPDX-License-Identifier: MIT
// The one shape in which ubctl says that something failed.
#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <string>

#include "out/codes.hpp"

// <ub/ub.hpp> takes long to compile, and most who include this need none of it.
namespace ub {
class error;
} // namespace ub

namespace ubctl {

class Error : public std::exception {
public:
    // errnum 0 takes the errno that belongs to the code.
    Error(std::string object, std::string cause, unsigned code, int errnum = 0);

    Error &limit(uint64_t value);
    Error &hint(std::string remedy);

    const char *what() const noexcept override { return cause_.c_str(); }
    unsigned code() const { return code_; }
    int errnum() const { return errnum_; }
    int exit_code() const;

    // "ubctl: OBJECT: cause (limit) [UB-Ennnn, ERRNO]", then "hint: remedy" if there is one. One
    // line each, and nothing in them that controls a terminal.
    std::string text() const;
    // The same as one JSON document, schema ub.error/1.
    std::string json() const;

private:
    std::string limit_text() const;

    std::string object_, cause_, hint_;
    std::optional<uint64_t> limit_;
    unsigned code_;
    int errnum_;
};

// What errors call a device: "device ub0", "device soft".
std::string device_object(const std::string &name);

Error usage_error(const std::string &object, const std::string &cause);
// A system call on a file failed.
Error file_error(const std::string &path, const std::string &cause, int errnum);
// What the library says, in the tool's words.
Error library_error(const ub::error &error);
// A work request completed with another status than SUCCESS.
Error completion_error(const std::string &object, unsigned status, unsigned substatus);

std::string errno_name(int errnum);

// No permission: what only an administrator may do, and the command to do it.
Error admin_error(const std::string &object, const std::string &cause, const std::string &command);

} // namespace ubctl
