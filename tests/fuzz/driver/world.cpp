/* SPDX-License-Identifier: MIT */
#include "world.hpp"

#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

world::world() {
    void *at =
        mmap(nullptr, ARENA + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    arena = static_cast<uint8_t *>(at);
    mprotect(arena + ARENA, PAGE, PROT_NONE);
    for (auto &c : channel)
        c = -1;
    event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    memset(eid, 0, sizeof(eid));
}

uint32_t context::some_id(rng &r, kind k) {
    uint32_t some = 0;

    if (r.one_in(40))
        return static_cast<uint32_t>(odd_number(r));
    if (r.one_in(30))
        k = static_cast<kind>(r.below(KINDS));
    for (unsigned n = 0, at = r.below(IDS); !some && n < IDS; n++)
        some = id[k][(at + n) % IDS];
    return some;
}

void context::shut() {
    int old = fd.exchange(-1);

    if (old < 0)
        return;
    for (auto &ids : id)
        for (auto &one : ids)
            one = 0;
    count(OP_CLOSE, close(old));
}

context &world::some_file(rng &r) {
    context &c = file[r.below(FILES)];

    if (c.fd < 0 && !r.one_in(20))
        open_file(r, *this, c);
    return c;
}

uint64_t world::some_address(rng &r, uint64_t align) {
    uint64_t base = reinterpret_cast<uint64_t>(arena);

    if (r.one_in(40))
        return odd_number(r);
    if (r.one_in(12))
        return base + ARENA - r.below(3) * align;
    return base + r.next() % ARENA / align * align;
}

void open_file(rng &r, world &w, context &c) {
    char path[32];
    struct ub_ioc_query_device q = {};

    snprintf(path, sizeof(path), "/dev/ub/ub%u", r.one_in(4) ? 1 : 0);
    int fd = open(path,
                  O_CLOEXEC | (r.one_in(20) ? O_RDONLY : O_RDWR) | (r.one_in(20) ? 0 : O_NONBLOCK));
    count(OP_OPEN, fd);
    if (fd < 0)
        return;
    if (!ioctl(fd, UB_IOC_QUERY_DEVICE, &q))
        memcpy(w.eid, q.eid, sizeof(w.eid));
    all->tids[r.below(RECENT)] = q.tid;
    c.shut();
    int old = c.fd.exchange(fd);
    if (old >= 0)
        close(old);
    if (!r.one_in(4))
        make_scene(r, w, c);
}

static struct ub_hw_sge some_sge(rng &r, world &w, context &c) {
    return {.len = r.one_in(20) ? static_cast<uint32_t>(odd_number(r)) : 8 * r.below(600),
            .token_id = c.some_id(r, SEG),
            .va = w.some_address(r, 8)};
}

static void fill_body(rng &r, world &w, context &c, struct ub_hw_wqe *wqe) {
    if (wqe->opcode == UB_OP_GEMM_F32) {
        uint32_t n = 1 + r.below(24);

        wqe->gemm = {
            .m = n, .n = n, .k = n, .lda = n, .ldb = n, .ldc = n, .alpha = 0x3f800000, .beta = 0};
        wqe->sge_num = 3;
        return;
    }
    if (wqe->opcode == UB_OP_LAUNCH) {
        wqe->launch.program = c.some_id(r, PROGRAM);
        wqe->launch.grid[0] = wqe->launch.grid[1] = wqe->launch.grid[2] = 1 + r.below(3);
        return;
    }
    memcpy(wqe->rmt_eid, w.eid, sizeof(w.eid));
    wqe->rmt_addr = w.some_address(r, 8);
    wqe->rmt_id =
        c.some_id(r, wqe->opcode == UB_OP_SEND || wqe->opcode == UB_OP_SEND_IMM ? JFR : SEG);
    wqe->rmt_token = r.one_in(8) ? 7 : 0;
    if (wqe->opcode == UB_OP_FILL)
        wqe->pattern_size = 1u << r.below(4);
}

static unsigned make_wqe(rng &r, world &w, context &c, uint8_t *to) {
#define NUMBER_OF(name, number, cap) number,
    static const uint8_t opcodes[] = {UB_OP_NOP, UB_HW_OPCODES(NUMBER_OF)};
#undef NUMBER_OF
    auto *wqe = reinterpret_cast<struct ub_hw_wqe *>(to);
    size_t at = sizeof(*wqe);

    memset(to, 0, 256);
    wqe->opcode = r.one_in(40) ? static_cast<uint8_t>(r.next()) : r.pick(opcodes);
    wqe->sge_num = static_cast<uint8_t>(wqe->opcode == UB_OP_NOP ? 0
                                        : r.one_in(30)           ? r.next()
                                                                 : r.below(3));
    wqe->user_ctx = r.next();
    if (r.one_in(10))
        wqe->flags = static_cast<uint16_t>(r.next());
    fill_body(r, w, c, wqe);
    if (ub_hw_wqe_has_ext(wqe->opcode))
        at += sizeof(union ub_hw_wqe_ext);
    for (unsigned i = 0; i < wqe->sge_num && at + 16 <= 256; i++, at += 16) {
        auto sge = some_sge(r, w, c);
        memcpy(to + at, &sge, sizeof(sge));
    }
    return at > 256 ? 4 : static_cast<unsigned>((at + 63) / 64);
}

unsigned make_wqes(rng &r, world &w, context &c, uint8_t *to, unsigned max_blocks) {
    unsigned want = 1 + r.below(r.one_in(8) ? max_blocks : 6), at = 0;
    uint8_t wqe[256];

    do {
        unsigned blocks = make_wqe(r, w, c, wqe);
        if (at + blocks > max_blocks)
            break;
        memcpy(to + 64 * at, wqe, 64 * blocks);
        at += blocks;
    } while (at < want);
    return at;
}
