// SPDX-License-Identifier: MIT
// What the three kinds of queue have in common.
#include "internal.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <sys/mman.h>

namespace ub_impl {

QueueMemory::QueueMemory(uint32_t depth, size_t entry_size)
    : ring_bytes_((depth * entry_size + UB_HW_PAGE_SIZE - 1) & ~size_t{UB_HW_PAGE_SIZE - 1}),
      bytes_(ring_bytes_ + UB_HW_PAGE_SIZE) {
    base_ = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base_ == MAP_FAILED)
        throw std::bad_alloc();
    // A child of fork() must not share the pages the device writes to: it finds zeroes there.
    if (madvise(base_, bytes_, MADV_WIPEONFORK))
        madvise(base_, bytes_, MADV_DONTFORK);
}

QueueMemory::~QueueMemory() { munmap(base_, bytes_); }

ub_ioc_queue_mem QueueMemory::describe() const noexcept {
    return {reinterpret_cast<uintptr_t>(base_), bytes_, ring_bytes_};
}

void QueueMemory::clear_ring() const noexcept { std::memset(base_, 0, ring_bytes_); }

int control(ub_context *ctx, unsigned long request, ub_ioc_hdr *arg, uint32_t obj_type,
            uint32_t id) noexcept {
    if (ctx->foreign())
        return fail_foreign(ctx);
    const int result = ctx->provider->control(request, arg);
    if (result >= 0)
        return 0;
    uint32_t cause = arg->ext_code;
    if (!cause)
        cause = result == -ENOMEM ? uint32_t{UB_EXT_NO_MEMORY} : uint32_t{CAUSE_OS};
    // These name no object of the caller's; their ext_obj belongs into the sentence.
    const bool about_call = cause == UB_EXT_CTX_LIMIT || cause == UB_EXT_DEV_LIMIT ||
                            cause == UB_EXT_USER_LIMIT || cause == UB_EXT_BAD_VALUE ||
                            cause == UB_EXT_RESERVED_SET || cause == UB_EXT_ADMIN_TIMEOUT ||
                            cause == UB_EXT_ADMIN_FAILED || cause == UB_EXT_BAD_PROGRAM;
    if (about_call)
        return fail(ctx, -result, cause, arg->ext_limit, 0, arg->ext_obj);
    return fail(ctx, -result, cause, arg->ext_limit, obj_type, id ? id : arg->ext_obj);
}

uint32_t ring_depth(ub_context *ctx, uint32_t asked, uint32_t largest) noexcept {
    if (asked > largest) {
        fail(ctx, EINVAL, UB_EXT_BAD_DEPTH, largest);
        return 0;
    }
    return std::bit_ceil(std::max<uint32_t>(asked, UB_HW_MIN_DEPTH));
}

int map_doorbell(ub_context *ctx, uint64_t db_offset, void **page) noexcept {
    const int result = ctx->provider->map_doorbell(db_offset, page);
    return result ? fail(ctx, -result, CAUSE_OS) : 0;
}

void unmap_doorbell(ub_context *ctx, void *page) noexcept {
    if (page && !ctx->foreign())
        ctx->provider->unmap_doorbell(page);
}

int modify_queue(ub_context *ctx, unsigned long request, uint32_t obj_type, uint32_t id,
                 ub_queue_state state) noexcept {
    ub_ioc_modify_queue arg{};
    arg.id = id;
    arg.state = state;
    return control(ctx, request, &arg.hdr, obj_type, id);
}

int query_queue(ub_context *ctx, unsigned long request, uint32_t obj_type, uint32_t id,
                ub_queue_attr *attr) noexcept {
    ub_ioc_query_queue arg{};
    arg.id = id;
    const int result = control(ctx, request, &arg.hdr, obj_type, id);
    if (!result)
        *attr = {arg.state, arg.pi, arg.ci, arg.depth, arg.refs, arg.count};
    return result;
}

int destroy_queue(ub_context *ctx, unsigned long request, uint32_t obj_type,
                  uint32_t id) noexcept {
    if (ctx->foreign())
        return 0;
    ub_ioc_destroy_queue arg{};
    arg.id = id;
    const int result = control(ctx, request, &arg.hdr, obj_type, id);
    // A lost device has dropped its queues already; what is ours can go.
    return result == -ENODEV ? 0 : result;
}

} // namespace ub_impl
