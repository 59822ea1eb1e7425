// SPDX-License-Identifier: MIT
// Tokens of exported objects.
#ifndef UB_SOFT_TOKEN_HPP
#define UB_SOFT_TOKEN_HPP

#include <ub/ub_uapi.h>

#include <cstdint>

namespace ub_soft {

// Makes or leaves the value as policy says. Returns 0 or -errno.
int make_token(uint32_t policy, uint32_t &value, ub_ioc_hdr &hdr);

} // namespace ub_soft

#endif
