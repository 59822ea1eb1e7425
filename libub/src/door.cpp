// SPDX-License-Identifier: MIT
// Queues whose rings are the kernel's: posting and taking completions by ioctl.
#include "internal.hpp"

#include <algorithm>
#include <cstring>

using namespace ub_impl;

namespace {

constexpr uint32_t submit_blocks = 128; // WQEBBs given to the kernel at a time
constexpr unsigned reap_cqes = 32;

static_assert(sizeof(ub_dp_wqe) == UB_WQE_MAX);
// What ub_dp_to_cr() copies as a whole.
static_assert(offsetof(ub_cr, local_id) == offsetof(ub_hw_cqe, local_id));
static_assert(offsetof(ub_cr, user_ctx) == offsetof(ub_hw_cqe, user_ctx));
static_assert(offsetof(ub_cr, len) == offsetof(ub_hw_cqe, len));
static_assert(offsetof(ub_cr, rmt_id) == offsetof(ub_hw_cqe, idx));
static_assert(offsetof(ub_cr, imm_data) == offsetof(ub_hw_cqe, imm_data));
static_assert(offsetof(ub_cr, rmt_eid) == offsetof(ub_hw_cqe, rmt_eid));

// Requests encoded one after the other.
struct Batch {
    alignas(8) uint8_t wqes[submit_blocks * UB_HW_WQEBB_SIZE];
    uint8_t size[submit_blocks]; // of each request, in WQEBBs
    uint32_t blocks = 0, count = 0;
};

// Fills a batch from wr. @return 0, or why the request after its last is malformed
int encode(const ub_jfs *jfs, const ub_jfs_wr *wr, unsigned n, Batch &batch) {
    batch.blocks = batch.count = 0;
    while (batch.count < n && batch.blocks + UB_HW_MAX_WQEBB <= submit_blocks) {
        ub_dp_wqe wqe;
        const int size = ub_encode_wr(jfs, &wr[batch.count], &wqe);
        if (size < 0)
            return size;
        std::memcpy(batch.wqes + size_t{batch.blocks} * UB_HW_WQEBB_SIZE, &wqe,
                    static_cast<size_t>(size) * UB_HW_WQEBB_SIZE);
        batch.size[batch.count++] = static_cast<uint8_t>(size);
        batch.blocks += static_cast<uint32_t>(size);
    }
    return 0;
}

int no_room(const ub_jfs *jfs) {
    return ub_post_failed(jfs->ctx, UB_OBJ_JFS, jfs->id, ENOSPC, UB_POST_FULL, jfs->depth);
}

// @return how many of the batch's requests went in, or -errno
int submit(ub_jfs *jfs, const Batch &batch) {
    ub_ioc_submit arg{};
    arg.wqes = reinterpret_cast<uintptr_t>(batch.wqes);
    arg.id = jfs->id;
    arg.nblocks = batch.blocks;
    const int result = control(jfs->ctx, UB_IOC_SUBMIT, &arg.hdr, UB_OBJ_JFS, jfs->id);
    if (result == -EAGAIN)
        return 0;
    if (result)
        return result;
    int count = 0;
    for (uint32_t at = 0; at < arg.taken; ++count)
        at += batch.size[count];
    return count;
}

// @return how many, or -errno
int reap(ub_jfc *jfc, ub_cr *cr, unsigned n, unsigned min, uint64_t timeout_ns) {
    ub_hw_cqe cqes[reap_cqes];
    ub_ioc_reap arg{};
    arg.cqes = reinterpret_cast<uintptr_t>(cqes);
    arg.timeout_ns = timeout_ns;
    arg.id = jfc->id;
    arg.max = std::min(n, reap_cqes);
    arg.min = std::min(min, arg.max);
    const int result = control(jfc->ctx, UB_IOC_REAP, &arg.hdr, UB_OBJ_JFC, jfc->id);
    if (result == -EINTR)
        return fail(jfc->ctx, EINTR, CAUSE_INTERRUPTED, 0, UB_OBJ_JFC, jfc->id);
    if (result)
        return result;
    for (uint32_t i = 0; i < arg.count; ++i) {
        uint32_t head;
        std::memcpy(&head, &cqes[i], sizeof head);
        ub_dp_to_cr(&cr[i], &cqes[i], head);
    }
    return static_cast<int>(arg.count);
}

int wrong_door(const ub_jfc *jfc) {
    return fail(jfc->ctx, EOPNOTSUPP, CAUSE_DOOR, 0, UB_OBJ_JFC, jfc->id);
}

uint64_t nanoseconds(int timeout_ms) {
    return timeout_ms < 0 ? UB_WAIT_FOREVER : static_cast<uint64_t>(timeout_ms) * 1000000;
}

} // namespace

extern "C" {

int ub_encode_wr(const struct ub_jfs *jfs, const struct ub_jfs_wr *wr, void *wqe) {
    if (!jfs || !wr || !wqe)
        return fail({EINVAL, CAUSE_NULL});
    const unsigned traits = ub_dp_traits(wr->opcode);
    const int result = ub_dp_check(jfs, wr, traits);
    if (result)
        return result;
    return static_cast<int>(ub_dp_build(static_cast<ub_dp_wqe *>(wqe), jfs, wr, traits, 0));
}

int ub_kernel_post(struct ub_jfs *jfs, const struct ub_jfs_wr *wr, unsigned n, unsigned *posted) {
    Batch batch;
    unsigned done = 0;
    int result = 0;
    while (done < n && !result) {
        result = encode(jfs, wr + done, n - done, batch);
        const int count = batch.count ? submit(jfs, batch) : 0;
        if (count < 0)
            result = count;
        else if (static_cast<uint32_t>(count) < batch.count)
            result = no_room(jfs);
        done += count > 0 ? static_cast<unsigned>(count) : 0;
    }
    jfs->posted += done;
    if (posted)
        *posted = done;
    return result;
}

int ub_kernel_poll(struct ub_jfc *jfc, struct ub_cr *cr, unsigned n) {
    unsigned done = 0;
    while (done < n) {
        const int got = reap(jfc, cr + done, n - done, 0, 0);
        if (got < 0)
            return done ? static_cast<int>(done) : got;
        done += static_cast<unsigned>(got);
        if (static_cast<unsigned>(got) < reap_cqes)
            break;
    }
    return static_cast<int>(done);
}

int ub_kernel_rearm(struct ub_jfc *jfc) { return wrong_door(jfc); }

int ub_reap_jfc(struct ub_jfc *jfc, struct ub_cr *cr, unsigned n, unsigned min, int timeout_ms) {
    if (!jfc || (n && !cr))
        return fail({EINVAL, CAUSE_NULL});
    if (jfc->ring)
        return wrong_door(jfc);
    unsigned done = 0;
    while (done < n) {
        const unsigned want = min > done ? min - done : 0;
        const int got = reap(jfc, cr + done, n - done, want, nanoseconds(timeout_ms));
        if (got < 0)
            return done ? static_cast<int>(done) : got;
        done += static_cast<unsigned>(got);
        // Fewer than could be: there are no more, or the time is over.
        if (static_cast<unsigned>(got) < reap_cqes)
            break;
    }
    return static_cast<int>(done);
}

int ub_modify_jfc(struct ub_jfc *jfc, uint16_t mod_count, uint16_t mod_usec, bool adaptive) {
    if (!jfc)
        return fail({EINVAL, CAUSE_NULL});
    ub_ioc_modify_jfc arg{};
    arg.id = jfc->id;
    arg.flags = adaptive ? UB_JFC_F_ADAPTIVE : 0;
    arg.mod_count = mod_count;
    arg.mod_usec = mod_usec;
    return control(jfc->ctx, UB_IOC_MODIFY_JFC, &arg.hdr, UB_OBJ_JFC, jfc->id);
}

} // extern "C"
