// SPDX-License-Identifier: MIT
// Limits that are the driver's, not the device's; the same here. And its way to fail.
#ifndef UB_SOFT_LIMITS_HPP
#define UB_SOFT_LIMITS_HPP

#include <ub/ub_uapi.h>

#include <cstddef>
#include <cstdint>

#include "check.h"

namespace ub_soft {

inline constexpr size_t max_queues_per_ctx = 1024; // of each kind
inline constexpr size_t max_segs_per_ctx = 65536;

inline int fail(ub_ioc_hdr &hdr, int errnum, uint32_t code, uint32_t obj, uint64_t limit) {
    return ub_check_fail(&hdr, -errnum, code, obj, limit);
}

} // namespace ub_soft

#endif
