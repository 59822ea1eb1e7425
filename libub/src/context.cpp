// SPDX-License-Identifier: MIT
#include "internal.hpp"

#include <cstring>

#include "device.hpp"
#include "wait.hpp"

using namespace ub_impl;

namespace {

// Opens a device and makes name its own name.
std::unique_ptr<Provider> open_by_name(std::string &name, OpenError &error) {
    if (name.starts_with("soft:"))
        return open_soft(name.substr(5), error);
    const std::string node = node_of(name, error);
    if (node.empty())
        return nullptr;
    auto provider = open_kernel(node, error);
    if (provider)
        name = node.substr(node.rfind('/') + 1);
    return provider;
}

ub_context *create(const char *name) {
    auto ctx = std::make_unique<ub_context>();
    OpenError error;
    ctx->name = name;
    ctx->provider = open_by_name(ctx->name, error);
    if (!ctx->provider) {
        fail({error.errnum, error.cause, 0, error.object, error.limit, name,
              error.detail});
        return nullptr;
    }
    if (control(ctx.get(), UB_IOC_QUERY_DEVICE, &ctx->limits.hdr))
        return nullptr;
    return ctx.release();
}

void copy_attr(const ub_ioc_query_device &from, ub_device_attr *to) {
    std::memcpy(to->eid.raw, from.eid, sizeof to->eid.raw);
    std::memcpy(to->guid, from.guid, sizeof to->guid);
    to->caps = from.caps;
    to->opcodes = from.opcodes;
    to->max_msg = from.max_msg;
    to->hbm_size = from.hbm_size;
    to->hw_version = from.hw_version;
    to->class_code = from.class_code;
    to->upi = from.upi;
    to->generation = from.generation;
    to->max_ctx = from.max_ctx;
    to->max_seg = from.max_seg;
    to->max_jfs = from.max_jfs;
    to->max_jfr = from.max_jfr;
    to->max_jfc = from.max_jfc;
    to->max_jfs_depth = from.max_jfs_depth;
    to->max_jfr_depth = from.max_jfr_depth;
    to->max_jfc_depth = from.max_jfc_depth;
    to->max_sge = from.max_sge;
    to->max_inline = from.max_inline;
    to->max_gemm_dim = from.max_gemm_dim;
    to->engines = from.engines;
    to->comp_vectors = from.comp_vectors;
}

} // namespace

extern "C" {

struct ub_context *ub_create_context(const char *name) {
    return guarded([&]() -> ub_context * {
        if (!name) {
            fail({EINVAL, CAUSE_NULL});
            return nullptr;
        }
        return create(name);
    });
}

int ub_delete_context(struct ub_context *ctx) {
    if (!ctx)
        return fail({EINVAL, CAUSE_NULL});
    const uint32_t left = ctx->objects.load();
    if (left)
        return fail(ctx, EBUSY, CAUSE_OBJECTS_LEFT, left);
    if (ctx->foreign())
        ctx->provider.release()->abandon();
    delete ctx;
    return 0;
}

int ub_query_device(struct ub_context *ctx, struct ub_device_attr *attr) {
    if (!ctx || !attr)
        return fail({EINVAL, CAUSE_NULL});
    ub_ioc_query_device now{};
    const int result = control(ctx, UB_IOC_QUERY_DEVICE, &now.hdr);
    if (!result)
        copy_attr(now, attr);
    return result;
}

const char *ub_context_name(const struct ub_context *ctx) { return ctx->name.c_str(); }

int ub_context_fd(const struct ub_context *ctx) { return ctx->provider->fd(); }

bool ub_context_lost(const struct ub_context *ctx) {
    return ctx->foreign() || __atomic_load_n(&ctx->provider->status()->lost, __ATOMIC_ACQUIRE) != 0;
}

int ub_get_async_event(struct ub_context *ctx, struct ub_async *event, int timeout_ms) {
    if (!ctx || !event)
        return fail({EINVAL, CAUSE_NULL});
    if (ctx->foreign())
        return fail_foreign(ctx);
    ub_async_event raw{};
    const int result = wait_for(ctx->provider->fd(), timeout_ms,
                                [&] { return ctx->provider->read_async(&raw); });
    switch (result) {
    case 1:
        *event = {raw.type, raw.id, raw.info, raw.lost, raw.time_ns};
        return 0;
    case 0:
        return fail(ctx, ENODEV, UB_EXT_DEVICE_LOST, ctx->limits.ctx_generation);
    case -EAGAIN:
        return fail(ctx, EAGAIN, CAUSE_NO_EVENT);
    case -ETIMEDOUT:
        return fail(ctx, ETIMEDOUT, CAUSE_TIMEOUT);
    case -EINTR:
        return fail(ctx, EINTR, CAUSE_INTERRUPTED);
    default:
        return fail(ctx, -result, CAUSE_OS);
    }
}

int ub_post_failed(const struct ub_context *ctx, uint32_t obj_type, uint32_t id, int errnum,
                   uint32_t cause, uint64_t limit) {
    return fail(ctx, errnum, cause, limit, obj_type, id);
}

} // extern "C"
