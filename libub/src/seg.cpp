// SPDX-License-Identifier: MIT
#include "internal.hpp"

#include <cstring>
#include <sys/mman.h>

using namespace ub_impl;

namespace {

constexpr size_t huge_page = size_t{2} << 20;

size_t page_round(size_t size) {
    return (size + UB_HW_PAGE_SIZE - 1) & ~size_t{UB_HW_PAGE_SIZE - 1};
}

// Large buffers begin at a huge page's boundary, so that the kernel can back them with some.
void *map_aligned(size_t size) {
    const size_t room = size + huge_page;
    void *at = mmap(nullptr, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        return nullptr;
    const auto start = reinterpret_cast<uintptr_t>(at);
    const uintptr_t aligned = (start + huge_page - 1) & ~(huge_page - 1);
    if (aligned > start)
        munmap(at, aligned - start);
    if (start + room > aligned + size)
        munmap(reinterpret_cast<void *>(aligned + size), start + room - aligned - size);
    at = reinterpret_cast<void *>(aligned);
    madvise(at, size, MADV_HUGEPAGE);
    return at;
}

void describe(const ub_context *ctx, uint32_t id, uint32_t token, ub_desc *desc) {
    std::memset(desc, 0, sizeof *desc);
    std::memcpy(desc->eid.raw, ctx->limits.eid, sizeof desc->eid.raw);
    desc->id = id;
    desc->token_value = token;
}

ub_seg *make(ub_context *ctx, const ub_seg_cfg *cfg) {
    auto seg = std::make_unique<ub_seg>();
    if (cfg->flags & ~UB_SEG_F_READ_ONLY) {
        fail(ctx, EINVAL, UB_EXT_BAD_FLAGS, UB_SEG_F_READ_ONLY);
        return nullptr;
    }
    ub_ioc_reg_seg arg{};
    arg.addr = reinterpret_cast<uintptr_t>(cfg->va);
    arg.len = cfg->len;
    arg.access = cfg->access ? cfg->access : UB_ACCESS_LOCAL_ONLY;
    arg.flags = cfg->flags & UB_SEG_F_READ_ONLY ? UB_REG_F_READ_ONLY : 0;
    arg.token_policy = cfg->token_policy;
    arg.token_value = cfg->token_value;
    if (control(ctx, UB_IOC_REG_SEG, &arg.hdr))
        return nullptr;
    *seg = {ctx,        arg.addr,   cfg->len,    arg.token_id, arg.token_value,
            arg.access, cfg->flags, arg.leaf_4k, arg.leaf_2m};
    ctx->objects++;
    return seg.release();
}

} // namespace

extern "C" {

void *ub_alloc_buf(size_t size) {
    const size_t bytes = page_round(size);
    void *at = nullptr;
    if (bytes && bytes >= size && bytes < SIZE_MAX - huge_page) {
        if (bytes >= huge_page) {
            at = map_aligned(bytes);
        } else {
            at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            at = at == MAP_FAILED ? nullptr : at;
        }
    }
    if (!at)
        fail({ENOMEM, UB_EXT_NO_MEMORY});
    return at;
}

void ub_free_buf(void *buf, size_t size) {
    if (buf)
        munmap(buf, page_round(size));
}

struct ub_seg *ub_register_seg(struct ub_context *ctx, const struct ub_seg_cfg *cfg) {
    return guarded([&]() -> ub_seg * {
        if (!ctx || !cfg) {
            fail({EINVAL, CAUSE_NULL});
            return nullptr;
        }
        return make(ctx, cfg);
    });
}

int ub_unregister_seg(struct ub_seg *seg) {
    if (!seg)
        return fail({EINVAL, CAUSE_NULL});
    ub_ioc_dereg_seg arg{};
    arg.token_id = seg->token_id;
    int result = 0;
    if (!seg->ctx->foreign())
        result = control(seg->ctx, UB_IOC_DEREG_SEG, &arg.hdr, UB_OBJ_SEG, seg->token_id);
    if (result && result != -ENODEV)
        return result;
    seg->ctx->objects--;
    delete seg;
    return 0;
}

int ub_set_seg_token(struct ub_seg *seg, uint32_t token_value) {
    if (!seg)
        return fail({EINVAL, CAUSE_NULL});
    ub_ioc_set_token arg{};
    arg.token_id = seg->token_id;
    arg.token_value = token_value;
    const int result =
        control(seg->ctx, UB_IOC_SET_TOKEN, &arg.hdr, UB_OBJ_SEG, seg->token_id);
    if (!result)
        seg->token_value = token_value;
    return result;
}

void ub_describe_seg(const struct ub_seg *seg, struct ub_desc *desc) {
    describe(seg->ctx, seg->token_id, seg->token_value, desc);
    desc->va = seg->va;
    desc->len = seg->len;
}

void ub_describe_jfr(const struct ub_jfr *jfr, struct ub_desc *desc) {
    describe(jfr->ctx, jfr->id, jfr->token_value, desc);
}

void ub_describe_jetty(const struct ub_jetty *jetty, struct ub_desc *desc) {
    describe(jetty->jfs->ctx, jetty->jfs->id, jetty->jfr->token_value, desc);
    desc->is_jetty = 1;
}

struct ub_target ub_import(const struct ub_desc *desc) {
    return {desc->eid, desc->id, desc->token_value, desc->is_jetty != 0, desc->va, desc->len};
}

} // extern "C"
