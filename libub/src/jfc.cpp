// SPDX-License-Identifier: MIT
#include "internal.hpp"

using namespace ub_impl;

namespace {

// Makes a JFC known to events.
void enlist(Jfc *jfc) {
    std::lock_guard lock(jfc->ctx->jfc_lock);
    jfc->ctx->jfcs[jfc->cookie] = jfc;
}

// The reverse. False: it has events that are not acknowledged.
bool delist(Jfc *jfc) {
    if (jfc->ctx->foreign())
        return true;
    std::lock_guard lock(jfc->ctx->jfc_lock);
    if (jfc->unacked.load())
        return false;
    jfc->ctx->jfcs.erase(jfc->cookie);
    return true;
}

uint64_t new_cookie(ub_context *ctx) {
    std::lock_guard lock(ctx->jfc_lock);
    return ctx->next_cookie++;
}

int create_in_device(Jfc *jfc, const ub_jfc_cfg *cfg) {
    ub_ioc_create_jfc arg{};
    arg.user_ctx = jfc->cookie;
    arg.depth = jfc->depth;
    arg.comp_vector = cfg->comp_vector;
    arg.mod_count = cfg->mod_count;
    arg.mod_usec = cfg->mod_usec;
    arg.flags = cfg->adaptive ? UB_JFC_F_ADAPTIVE : 0;
    if (jfc->memory) {
        arg.mem = jfc->memory->describe();
        arg.jfce_fd = cfg->jfce ? cfg->jfce->fd : -1;
    } else {
        arg.flags |= UB_JFC_F_KERNEL;
    }
    const int result = control(jfc->ctx, UB_IOC_CREATE_JFC, &arg.hdr);
    jfc->id = arg.id;
    jfc->db_offset = arg.db_offset;
    return result;
}

void destroy(Jfc *jfc) {
    unmap_doorbell(jfc->ctx, jfc->db_page);
    delete jfc;
}

int check_door(ub_context *ctx, const ub_jfc_cfg *cfg) {
    if (cfg->door > UB_DOOR_IOCTL)
        return fail(ctx, EINVAL, UB_EXT_BAD_VALUE, UB_DOOR_IOCTL, 0, offsetof(ub_jfc_cfg, door));
    if (cfg->door == UB_DOOR_MAPPED)
        return 0;
    if (!ctx->provider->has_kernel_queues())
        return fail(ctx, EOPNOTSUPP, CAUSE_NO_DOOR);
    if (cfg->jfce || cfg->comp_vector)
        return fail(ctx, EINVAL, CAUSE_DOOR_EVENTS);
    return 0;
}

// Rings of our own, where they are not the kernel's.
void make_ring(Jfc *jfc) {
    jfc->memory = std::make_unique<QueueMemory>(jfc->depth, sizeof(ub_hw_cqe));
    jfc->ring = jfc->memory->ring<ub_hw_cqe>();
    jfc->rec = jfc->memory->record<ub_hw_jfc_rec>();
}

ub_jfc *make(ub_context *ctx, const ub_jfc_cfg *cfg) {
    if (check_door(ctx, cfg))
        return nullptr;
    auto jfc = std::make_unique<Jfc>();
    jfc->ctx = ctx;
    jfc->depth = ring_depth(ctx, cfg->depth, ctx->limits.max_jfc_depth);
    if (!jfc->depth)
        return nullptr;
    if (cfg->jfce && cfg->jfce->ctx != ctx) {
        fail(ctx, EINVAL, CAUSE_FOREIGN);
        return nullptr;
    }
    if (cfg->door == UB_DOOR_MAPPED)
        make_ring(jfc.get());
    jfc->arm_sn = 1;
    jfc->user_ctx = cfg->user_ctx;
    jfc->cookie = new_cookie(ctx);
    enlist(jfc.get());
    if (create_in_device(jfc.get(), cfg)) {
        delist(jfc.get());
        return nullptr;
    }
    if (jfc->memory && map_doorbell(ctx, jfc->db_offset, &jfc->db_page)) {
        delist(jfc.get());
        const int errnum = errno;
        destroy_queue(ctx, UB_IOC_DESTROY_JFC, UB_OBJ_JFC, jfc->id);
        fail(ctx, errnum, CAUSE_OS);
        return nullptr;
    }
    if (jfc->db_page)
        jfc->db = reinterpret_cast<uint64_t *>(static_cast<char *>(jfc->db_page) + UB_DB_JFC);
    jfc->jfce = cfg->jfce;
    if (jfc->jfce)
        jfc->jfce->users++;
    ctx->objects++;
    return jfc.release();
}

} // namespace

extern "C" {

struct ub_jfc *ub_create_jfc(struct ub_context *ctx, const struct ub_jfc_cfg *cfg) {
    return guarded([&]() -> ub_jfc * {
        if (!ctx || !cfg) {
            fail({EINVAL, CAUSE_NULL});
            return nullptr;
        }
        return make(ctx, cfg);
    });
}

int ub_query_jfc(struct ub_jfc *jfc, struct ub_queue_attr *attr) {
    if (!jfc || !attr)
        return fail({EINVAL, CAUSE_NULL});
    return query_queue(jfc->ctx, UB_IOC_QUERY_JFC, UB_OBJ_JFC, jfc->id, attr);
}

int ub_delete_jfc(struct ub_jfc *jfc) {
    return guarded([&] {
        if (!jfc)
            return fail({EINVAL, CAUSE_NULL});
        Jfc *own = impl(jfc);
        ub_context *ctx = jfc->ctx;
        if (!delist(own))
            return fail(ctx, EBUSY, CAUSE_UNACKED, own->unacked.load(), UB_OBJ_JFC, jfc->id);
        const int result = destroy_queue(ctx, UB_IOC_DESTROY_JFC, UB_OBJ_JFC, jfc->id);
        if (result) {
            enlist(own);
            return result;
        }
        if (own->jfce)
            own->jfce->users--;
        destroy(own);
        ctx->objects--;
        return 0;
    });
}

void ub_soft_rearm(struct ub_jfc *jfc, uint64_t word) {
    if (!jfc->ctx->foreign())
        jfc->ctx->provider->ring(impl(jfc)->db_offset, UB_DB_JFC, word, 8);
}

} // extern "C"
