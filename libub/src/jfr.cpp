// SPDX-License-Identifier: MIT
// Receive queues and Jettys.
#include "internal.hpp"

using namespace ub_impl;

namespace {

ub_jfr *make(ub_context *ctx, const ub_jfr_cfg *cfg) {
    auto jfr = std::make_unique<Jfr>();
    if (!cfg->jfc || cfg->jfc->ctx != ctx) {
        fail(ctx, EINVAL, cfg->jfc ? uint32_t{CAUSE_FOREIGN} : uint32_t{CAUSE_NULL});
        return nullptr;
    }
    jfr->ctx = ctx;
    jfr->depth = ring_depth(ctx, cfg->depth, ctx->limits.max_jfr_depth);
    if (!jfr->depth)
        return nullptr;
    jfr->memory = std::make_unique<QueueMemory>(jfr->depth, sizeof(ub_hw_recv_wqe));
    jfr->ring = jfr->memory->ring<ub_hw_recv_wqe>();
    jfr->rec = jfr->memory->record<ub_hw_jfr_rec>();
    ub_ioc_create_jfr arg{};
    arg.mem = jfr->memory->describe();
    arg.depth = jfr->depth;
    arg.jfc = cfg->jfc->id;
    arg.min_rnr_timer = cfg->min_rnr_timer;
    arg.token_policy = cfg->token_policy;
    arg.token_value = cfg->token_value;
    if (control(ctx, UB_IOC_CREATE_JFR, &arg.hdr))
        return nullptr;
    jfr->id = arg.id;
    jfr->token_value = arg.token_value;
    ctx->objects++;
    return jfr.release();
}

ub_jetty *make_jetty(ub_context *ctx, const ub_jfs_cfg *jfs_cfg, ub_jfr *jfr,
                     const ub_jfr_cfg *jfr_cfg) {
    auto jetty = std::make_unique<ub_jetty>();
    jetty->owns_jfr = !jfr;
    jetty->jfr = jfr ? jfr : make(ctx, jfr_cfg);
    if (!jetty->jfr)
        return nullptr;
    jetty->jfs = create_jfs(ctx, jfs_cfg, jetty->jfr);
    if (jetty->jfs)
        return jetty.release();
    if (jetty->owns_jfr) {
        // Without recording a second failure: the first is the one to tell.
        ub_ioc_destroy_queue arg{};
        arg.id = jetty->jfr->id;
        ctx->provider->control(UB_IOC_DESTROY_JFR, &arg);
        delete impl(jetty->jfr);
        ctx->objects--;
    }
    return nullptr;
}

} // namespace

extern "C" {

struct ub_jfr *ub_create_jfr(struct ub_context *ctx, const struct ub_jfr_cfg *cfg) {
    return guarded([&]() -> ub_jfr * {
        if (!ctx || !cfg) {
            fail({EINVAL, CAUSE_NULL});
            return nullptr;
        }
        return make(ctx, cfg);
    });
}

int ub_modify_jfr(struct ub_jfr *jfr, enum ub_queue_state state) {
    if (!jfr)
        return fail({EINVAL, CAUSE_NULL});
    const int result = modify_queue(jfr->ctx, UB_IOC_MODIFY_JFR, UB_OBJ_JFR, jfr->id, state);
    if (!result && state == UB_STATE_RESET) {
        impl(jfr)->memory->clear_ring();
        jfr->pi = 0;
        ub_store_index_release(&jfr->rec->pi, 0);
    }
    return result;
}

int ub_query_jfr(struct ub_jfr *jfr, struct ub_queue_attr *attr) {
    if (!jfr || !attr)
        return fail({EINVAL, CAUSE_NULL});
    return query_queue(jfr->ctx, UB_IOC_QUERY_JFR, UB_OBJ_JFR, jfr->id, attr);
}

int ub_delete_jfr(struct ub_jfr *jfr) {
    if (!jfr)
        return fail({EINVAL, CAUSE_NULL});
    ub_context *ctx = jfr->ctx;
    const int result = destroy_queue(ctx, UB_IOC_DESTROY_JFR, UB_OBJ_JFR, jfr->id);
    if (result)
        return result;
    delete impl(jfr);
    ctx->objects--;
    return 0;
}

struct ub_jetty *ub_create_jetty(struct ub_context *ctx, const struct ub_jfs_cfg *jfs_cfg,
                                 struct ub_jfr *jfr, const struct ub_jfr_cfg *jfr_cfg) {
    return guarded([&]() -> ub_jetty * {
        if (!ctx || !jfs_cfg || (!jfr && !jfr_cfg)) {
            fail({EINVAL, CAUSE_NULL});
            return nullptr;
        }
        return make_jetty(ctx, jfs_cfg, jfr, jfr_cfg);
    });
}

int ub_delete_jetty(struct ub_jetty *jetty) {
    if (!jetty)
        return fail({EINVAL, CAUSE_NULL});
    if (jetty->jfs) {
        const int result = ub_delete_jfs(jetty->jfs);
        if (result)
            return result;
        jetty->jfs = nullptr;
    }
    if (jetty->owns_jfr) {
        const int result = ub_delete_jfr(jetty->jfr);
        if (result)
            return result;
    }
    delete jetty;
    return 0;
}

} // extern "C"
