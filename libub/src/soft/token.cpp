// SPDX-License-Identifier: MIT
#include "token.hpp"

#include <cerrno>
#include <sys/random.h>

#include "limits.hpp"

namespace ub_soft {

int make_token(uint32_t policy, uint32_t &value, ub_ioc_hdr &hdr) {
    if (policy != UB_TOKEN_RANDOM)
        return 0;
    ssize_t got;
    do {
        got = getrandom(&value, sizeof value, 0);
    } while (got < 0 && errno == EINTR);
    return got == sizeof value ? 0 : fail(hdr, errno, UB_EXT_NONE, 0, 0);
}

} // namespace ub_soft
