// SPDX-License-Identifier: MIT
// Holds a device busy until it is killed: memory registered, queues full of long commands, one
// thread of control blocked in a wait. Prints "ready" once work is in flight.
//
//   hog NAME

#include <ub/ub.h>

#include <cstdio>
#include <cstring>

namespace {

constexpr uint32_t dim = 1024;
constexpr size_t bytes = size_t{dim} * dim * sizeof(float);

ub_jfs_wr long_request(const ub_sge_t *sge) {
    ub_jfs_wr wr{};
    wr.opcode = UB_OP_GEMM_F32;
    wr.flags = UB_WR_COMPLETE;
    wr.num_sge = 3;
    wr.sge = sge;
    wr.gemm = {dim, dim, dim, dim, dim, dim, 1.0f, 0.0f};
    return wr;
}

int fail(const char *what) {
    std::fprintf(stderr, "hog: %s: %s\n", what, ub_last_error()->message);
    return 1;
}

} // namespace

int main(int argc, char **argv) {
    ub_context *ctx = ub_create_context(argc > 1 ? argv[1] : "ub0");
    if (!ctx)
        return fail("context");
    void *area = ub_alloc_buf(3 * bytes);
    std::memset(area, 0, 3 * bytes);
    ub_seg_cfg seg_cfg{};
    seg_cfg.va = area;
    seg_cfg.len = 3 * bytes;
    seg_cfg.access = UB_ACCESS_READ | UB_ACCESS_WRITE;
    ub_seg *seg = ub_register_seg(ctx, &seg_cfg);
    ub_jfce *jfce = ub_create_jfce(ctx);
    ub_jfc_cfg jfc_cfg{};
    jfc_cfg.depth = 256;
    jfc_cfg.jfce = jfce;
    ub_jfc *jfc = ub_create_jfc(ctx, &jfc_cfg);
    ub_jfs_cfg jfs_cfg{};
    jfs_cfg.jfc = jfc;
    jfs_cfg.depth = 256;
    ub_jfs *jfs = jfc ? ub_create_jfs(ctx, &jfs_cfg) : nullptr;
    if (!seg || !jfs)
        return fail("queues");
    const ub_sge_t sge[] = {{bytes, seg->token_id, seg->va},
                            {bytes, seg->token_id, seg->va + bytes},
                            {bytes, seg->token_id, seg->va + 2 * bytes}};
    const ub_jfs_wr wr = long_request(sge);
    for (;;) {
        while (!ub_post_jfs_wr(jfs, &wr, 1, nullptr))
            ;
        std::puts("ready");
        std::fflush(stdout);
        ub_rearm_jfc(jfc, false);
        ub_jfc *fired = nullptr;
        const uint32_t one = 1;
        const int events = ub_wait_jfc(jfce, 1, -1, &fired);
        if (events < 0)
            return fail("wait");
        ub_ack_jfc(&fired, &one, 1);
        ub_cr cr[256];
        ub_poll_jfc(jfc, cr, 256);
    }
}
