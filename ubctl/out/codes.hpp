// SPDX-License-Identifier: MIT
// Every error code that ubctl can print, with what `ubctl explain` says about it.
//
//   UB-E0001 ..  enum ub_ext_code: why the driver or the library refused
//   UB-E0100 ..  enum ub_cr_status: how a command ended
//   UB-E0200 ..  the tool's own
//   UB-E0300 ..  findings of `ubctl doctor`, which are no errors of a command
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace ubctl {

enum ExitCode {
    exit_ok = 0,
    exit_failed = 1,
    exit_usage = 2,
    exit_not_found = 3,
    exit_permission = 4,
    exit_lost = 5,
    exit_timeout = 124,
    exit_by_cause = -1, // the errno decides
};

// Plus the status: the code of a completion.
constexpr unsigned E_COMPLETION = 100;

enum ToolCode : unsigned {
    E_USAGE = 200,
    E_NO_DEVICE = 201,
    E_PERMISSION = 202,
    E_FILE = 203,
    E_FORMAT = 204,
    E_TIMEOUT = 205,
    E_DEVICE_LOST = 206,
    E_NETLINK = 207,
    E_NOT_SUPPORTED = 208,
    E_SELFTEST = 209,
    E_SYSTEM = 210,
    E_UNKNOWN_NAME = 211,
    E_SHAPE = 212,
    E_SOFT_PROVIDER = 213,
    E_OUTPUT = 214,
};

// What `ubctl doctor` finds.
enum FindingCode : unsigned {
    F_NO_DEVICES = 300,
    F_MODULE_MISSING = 301,
    F_MODULE_NOT_LOADED = 302,
    F_MODULE_REFUSED = 303,
    F_MODULE_VERSION = 304,
    F_NOT_BOUND = 305,
    F_NODE_MISSING = 306,
    F_NODE_PERMISSION = 307,
    F_SESSION_OLD = 308,
    F_NODE_MODE = 309,
    F_GROUP_MISSING = 310,
    F_UDEV_RULES = 311,
    F_MEMLOCK = 312,
    F_KERNEL_OLD = 313,
    F_DEVICE_DEAD = 314,
    F_DEVICE_FAULTS = 315,
    F_CORE_DUMP = 316,
    F_HANG_DETECTION = 317,
    F_MODEL_LACKS = 318,
    F_NO_IOMMU = 319,
};

struct Code {
    unsigned number;
    const char *name;    // "MEMLOCK"
    int errnum;          // usual errno
    int exit;            // enum ExitCode
    const char *summary; // one line
    const char *text;    // what happened and why
    std::string remedy;  // what to do, one line
};

std::span<const Code> all_codes();
const Code *find_code(unsigned number);
// "UB-E0009", "MEMLOCK", "UB_EXT_MEMLOCK", "UB_CR_LOC_LEN_ERR"; case does not matter.
const Code *find_code(std::string_view text);
std::string code_label(unsigned number); // "UB-E0009"

} // namespace ubctl
