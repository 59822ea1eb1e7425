// SPDX-License-Identifier: MIT
// Why a command of io_uring ended: a CQE has an errno alone, so what it means for this command is
// here. The commands are those of <ub/ub_uring_cmd.h>.
#include "internal.hpp"

#include <ub/ub_uapi.h>

using namespace ub_impl;

namespace {

constexpr uint32_t any = UINT32_MAX;

struct Meaning {
    uint32_t op; // UB_URING_*; 0: the ring
    int errnum;
    uint32_t cause;
};

// The first that fits.
constexpr Meaning meanings[] = {
    {0, EINVAL, CAUSE_URING_RING},
    {0, ENOMEM, CAUSE_URING_RING_MEMORY},
    {0, ENOSYS, CAUSE_URING_NONE},
    {0, EPERM, CAUSE_URING_DENIED},
    {0, EBUSY, CAUSE_URING_ROOM},
    {0, EMFILE, CAUSE_URING_FILES},
    {UB_URING_SUBMIT, EINVAL, CAUSE_URING_SUBMIT},
    {UB_URING_SUBMIT, EAGAIN, UB_EXT_QUEUE_FULL},
    {UB_URING_SUBMIT, ECANCELED, UB_EXT_CANCELLED},
    {UB_URING_WAIT, EINVAL, CAUSE_URING_WAIT},
    {UB_URING_REAP, EINVAL, CAUSE_URING_REAP},
    {UB_URING_REAP, ENOBUFS, CAUSE_URING_BUFFERS},
    {UB_URING_REAP, EOVERFLOW, CAUSE_URING_ROOM},
    {UB_URING_CANCEL, EINVAL, UB_EXT_WRONG_DOOR},
    {UB_URING_CANCEL, ECANCELED, CAUSE_URING_STOPPED},
    {UB_URING_REG_SEG, EINVAL, CAUSE_URING_REG_SEG},
    {UB_URING_DEREG_SEG, EBUSY, CAUSE_URING_BUSY},
    {any, ECANCELED, CAUSE_URING_ENDED},
    {any, ENODEV, UB_EXT_DEVICE_LOST},
    {any, ENOENT, UB_EXT_NO_SUCH_OBJECT},
    {any, EACCES, UB_EXT_FOREIGN_CONTEXT},
    {any, ENOMEM, UB_EXT_NO_MEMORY},
    {any, EFAULT, CAUSE_URING_MEMORY},
    {any, EINTR, CAUSE_INTERRUPTED},
    {any, ENOTTY, CAUSE_URING_COMMAND},
    {any, EBADF, CAUSE_URING_COMMAND},
    {any, EOPNOTSUPP, CAUSE_URING_KIND},
};

uint32_t cause_of(uint32_t op, int errnum) {
    for (const Meaning &m : meanings)
        if (m.errnum == errnum && (m.op == op || m.op == any))
            return m.cause;
    return CAUSE_OS;
}

} // namespace

extern "C" int ub_uring_failed(const struct ub_context *ctx, uint32_t op, uint32_t obj_type,
                               uint32_t id, uint64_t limit, int res) {
    if (!ctx || res >= 0)
        return fail({EINVAL, CAUSE_NULL});
    const uint32_t cause = cause_of(op, -res);
    if (cause == UB_EXT_DEVICE_LOST)
        limit = ctx->limits.ctx_generation;
    return fail(ctx, -res, cause, limit, obj_type, id);
}
