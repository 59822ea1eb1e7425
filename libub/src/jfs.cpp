// SPDX-License-Identifier: MIT
#include "internal.hpp"

#include <cstring>

using namespace ub_impl;

namespace {

int create_in_device(Jfs *jfs, const ub_jfs_cfg *cfg, const ub_jfr *jfr) {
    ub_ioc_create_jfs arg{};
    if (jfs->memory)
        arg.mem = jfs->memory->describe();
    arg.depth = jfs->depth;
    arg.jfc = cfg->jfc->id;
    arg.jfr = jfr ? jfr->id : 0;
    arg.flags = (cfg->flags & UB_JFS_F_ERROR_SUSPEND) | (jfr ? UB_JFS_F_JETTY : 0);
    arg.priority = cfg->priority;
    arg.rnr_retry = cfg->rnr_retry;
    arg.err_timeout = cfg->err_timeout;
    arg.weight = cfg->weight;
    const int result = control(jfs->ctx, UB_IOC_CREATE_JFS, &arg.hdr);
    jfs->id = arg.id;
    jfs->db_offset = arg.db_offset;
    return result;
}

// Arguments the driver does not see.
int check(ub_context *ctx, const ub_jfs_cfg *cfg, const ub_jfr *jfr) {
    constexpr uint32_t known = UB_JFS_F_ERROR_SUSPEND | UB_JFS_F_DIRECT_WQE;
    if (!cfg->jfc)
        return fail(ctx, EINVAL, CAUSE_NULL);
    if (cfg->flags & ~known)
        return fail(ctx, EINVAL, UB_EXT_BAD_FLAGS, known);
    if (cfg->jfc->ctx != ctx || (jfr && jfr->ctx != ctx))
        return fail(ctx, EINVAL, CAUSE_FOREIGN);
    return 0;
}

void use_doorbell(Jfs *jfs) {
    if (!jfs->db_page)
        return;
    char *page = static_cast<char *>(jfs->db_page);
    jfs->db = reinterpret_cast<uint32_t *>(page + UB_DB_JFS);
    if ((jfs->flags & UB_JFS_F_DIRECT_WQE) && (jfs->ctx->limits.caps & UB_CAP_DIRECT_WQE))
        jfs->direct = reinterpret_cast<uint64_t *>(page + UB_DB_DIRECT_WQE);
}

// Length of a WQE of ours in the ring.
uint32_t wqebbs_of(const ub_hw_wqe *wqe) {
    return ub_hw_wqe_blocks(
        ub_hw_wqe_size(wqe->opcode, wqe->flags, wqe->sge_num, wqe->inline_len));
}

ub_cr unhandled(const Jfs *jfs, const ub_hw_wqe *wqe) {
    ub_cr cr{};
    cr.status = UB_CR_WR_UNHANDLED;
    cr.opcode = wqe->opcode;
    cr.flags = jfs->is_jetty ? UB_CQE_JETTY : 0;
    cr.local_id = jfs->id;
    cr.user_ctx = wqe->user_ctx;
    return cr;
}

} // namespace

namespace {
// A queue has the door of its JFC.
void make_ring(Jfs *jfs) {
    jfs->memory = std::make_unique<QueueMemory>(jfs->depth, UB_HW_WQEBB_SIZE);
    jfs->ring = jfs->memory->ring<uint8_t>();
    jfs->rec = jfs->memory->record<ub_hw_jfs_rec>();
}
} // namespace

ub_jfs *ub_impl::create_jfs(ub_context *ctx, const ub_jfs_cfg *cfg, ub_jfr *jfr) {
    auto jfs = std::make_unique<Jfs>();
    if (check(ctx, cfg, jfr))
        return nullptr;
    jfs->ctx = ctx;
    jfs->depth = ring_depth(ctx, cfg->depth, ctx->limits.max_jfs_depth);
    if (!jfs->depth)
        return nullptr;
    if (cfg->jfc->ring)
        make_ring(jfs.get());
    jfs->flags = cfg->flags;
    jfs->max_sge = ctx->limits.max_sge;
    jfs->max_inline = ctx->limits.max_inline;
    jfs->is_jetty = jfr != nullptr;
    if (create_in_device(jfs.get(), cfg, jfr))
        return nullptr;
    if (jfs->memory && map_doorbell(ctx, jfs->db_offset, &jfs->db_page)) {
        const int errnum = errno;
        destroy_queue(ctx, UB_IOC_DESTROY_JFS, UB_OBJ_JFS, jfs->id);
        fail(ctx, errnum, CAUSE_OS);
        return nullptr;
    }
    use_doorbell(jfs.get());
    ctx->objects++;
    return jfs.release();
}

extern "C" {

struct ub_jfs *ub_create_jfs(struct ub_context *ctx, const struct ub_jfs_cfg *cfg) {
    return guarded([&]() -> ub_jfs * {
        if (!ctx || !cfg) {
            fail({EINVAL, CAUSE_NULL});
            return nullptr;
        }
        return create_jfs(ctx, cfg, nullptr);
    });
}

int ub_modify_jfs(struct ub_jfs *jfs, enum ub_queue_state state) {
    if (!jfs)
        return fail({EINVAL, CAUSE_NULL});
    const int result = modify_queue(jfs->ctx, UB_IOC_MODIFY_JFS, UB_OBJ_JFS, jfs->id, state);
    if (!result && state == UB_STATE_RESET && jfs->ring) {
        Jfs *own = impl(jfs);
        own->memory->clear_ring();
        own->flushed = 0;
        jfs->pi = 0;
        ub_store_index_release(&jfs->rec->pi, 0);
    }
    return result;
}

int ub_query_jfs(struct ub_jfs *jfs, struct ub_queue_attr *attr) {
    if (!jfs || !attr)
        return fail({EINVAL, CAUSE_NULL});
    return query_queue(jfs->ctx, UB_IOC_QUERY_JFS, UB_OBJ_JFS, jfs->id, attr);
}

int ub_delete_jfs(struct ub_jfs *jfs) {
    if (!jfs)
        return fail({EINVAL, CAUSE_NULL});
    ub_context *ctx = jfs->ctx;
    const int result = destroy_queue(ctx, UB_IOC_DESTROY_JFS, UB_OBJ_JFS, jfs->id);
    if (result)
        return result;
    Jfs *own = impl(jfs);
    unmap_doorbell(ctx, own->db_page);
    delete own;
    ctx->objects--;
    return 0;
}

int ub_flush_jfs(struct ub_jfs *jfs, unsigned n, struct ub_cr *cr) {
    if (!jfs || (n && !cr))
        return fail({EINVAL, CAUSE_NULL});
    if (!jfs->ring) // the kernel takes none that nobody will look at
        return 0;
    const uint32_t state = ub_load_index_acquire(&jfs->rec->state);
    if (state != UB_STATE_ERROR && !ub_context_lost(jfs->ctx))
        return fail(jfs->ctx, EINVAL, CAUSE_NOT_ERROR, state, UB_OBJ_JFS, jfs->id);
    Jfs *own = impl(jfs);
    const uint32_t ci = ub_load_index_acquire(&jfs->rec->ci);
    if (own->flushed - ci > jfs->pi - ci)
        own->flushed = ci;
    unsigned taken = 0;
    while (taken < n && own->flushed != jfs->pi) {
        ub_hw_wqe wqe;
        std::memcpy(&wqe,
                    jfs->ring + size_t{own->flushed & (jfs->depth - 1)} * UB_HW_WQEBB_SIZE,
                    sizeof wqe);
        cr[taken++] = unhandled(own, &wqe);
        own->flushed += wqebbs_of(&wqe);
    }
    return static_cast<int>(taken);
}

void ub_soft_doorbell(struct ub_jfs *jfs) {
    if (!jfs->ctx->foreign())
        jfs->ctx->provider->ring(impl(jfs)->db_offset, UB_DB_JFS, jfs->pi, 4);
}

} // extern "C"
