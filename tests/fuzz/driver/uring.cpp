/* SPDX-License-Identifier: MIT */
/* Commands of io_uring on context files, by rings of every kind that come and go. */
#include "world.hpp"

#include <cstring>
#include <liburing.h>
#include <unistd.h>

#ifndef IORING_URING_CMD_FIXED
#define IORING_URING_CMD_FIXED (1u << 0)
#endif
#ifndef IORING_URING_CMD_MULTISHOT
#define IORING_URING_CMD_MULTISHOT (1u << 1)
#endif

struct io {
    struct io_uring ring;
    bool polled;
};

void uring_close(thread_state &t) {
    if (!t.ring)
        return;
    io_uring_queue_exit(&t.ring->ring);
    delete t.ring;
    t.ring = nullptr;
}

namespace {

void ring_open(rng &r, world &w, thread_state &t) {
    static const unsigned flags[] = {0,
                                     0,
                                     0,
                                     IORING_SETUP_IOPOLL,
                                     IORING_SETUP_SQPOLL,
                                     IORING_SETUP_SQPOLL | IORING_SETUP_IOPOLL,
                                     IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN};
    struct io_uring_params p = {};

    uring_close(t);
    p.flags = r.pick(flags) | (r.one_in(20) ? 0 : IORING_SETUP_SQE128) |
              (r.one_in(8) ? 0 : IORING_SETUP_CQE32);
    p.sq_thread_idle = 1;
    t.ring = new io{};
    int ret = io_uring_queue_init_params(16, &t.ring->ring, &p);
    errno = -ret;
    count(OP_URING_OPEN, ret < 0 ? -1 : 0);
    if (ret < 0) {
        delete t.ring;
        t.ring = nullptr;
        return;
    }
    t.ring->polled = p.flags & IORING_SETUP_IOPOLL;
    struct iovec part = {w.arena, 1u << 20};
    if (r.one_in(2))
        io_uring_register_buffers(&t.ring->ring, &part, 1);
}

struct io_uring_sqe *queue(rng &r, context &c, thread_state &t, unsigned cmd_op,
                           const struct ub_uring_cmd &a, const uint8_t *wqe, unsigned cmd_flags) {
    struct io_uring_sqe *sqe = io_uring_get_sqe(&t.ring->ring);
    bool big = t.ring->ring.flags & IORING_SETUP_SQE128;

    if (!sqe)
        return nullptr;
    memset(sqe, 0, big ? 128 : 64);
    sqe->opcode = IORING_OP_URING_CMD;
    sqe->fd = c.fd;
    sqe->cmd_op = cmd_op;
    sqe->uring_cmd_flags = cmd_flags;
    if (r.one_in(8))
        sqe->flags = r.one_in(2) ? IOSQE_ASYNC : IOSQE_IO_LINK;
    memcpy(sqe->cmd, &a, sizeof(a));
    if (big && wqe)
        memcpy(sqe->cmd + sizeof(a), wqe, 64);
    sqe->user_data = cmd_op;
    return sqe;
}

void submit(rng &r, world &w, thread_state &t) {
    context &c = w.some_file(r);
    uint8_t wqe[256];

    for (unsigned n = 1 + r.below(r.one_in(3) ? 12 : 1); n; n--) {
        struct ub_uring_cmd a = {
            .id = c.some_id(r, r.one_in(20) ? JFS : KJFS), .arg = 0, .addr = 0};
        unsigned flags = 0;

        make_wqes(r, w, c, wqe, 1);
        if (r.one_in(3)) {
            uint8_t *at = w.arena + r.below((1u << 20) / 64 - 64) * 64;

            a.arg = make_wqes(r, w, c, at, 32);
            a.addr = r.one_in(30) ? odd_number(r) : reinterpret_cast<uint64_t>(at);
            flags = r.one_in(3) ? IORING_URING_CMD_FIXED : 0;
        }
        if (r.one_in(30))
            a.arg = static_cast<uint32_t>(odd_number(r));
        queue(r, c, t, UB_URING_SUBMIT, a, wqe, flags);
    }
}

void wait(rng &r, world &w, thread_state &t) {
    context &c = w.some_file(r);
    struct ub_uring_cmd a = {.id = c.some_id(r, JFC),
                             .arg = r.below(r.one_in(10) ? 9 : 4),
                             .addr = r.one_in(20) ? odd_number(r) : 1 + r.below(20000000)};

    if (a.addr > 100000000 && a.addr <= UB_URING_WAIT_MAX_NS)
        a.addr = 1000;
    queue(r, c, t, UB_URING_WAIT, a, nullptr, 0);
}

void segment(rng &r, world &w, thread_state &t) {
    context &c = w.some_file(r);
    struct ub_uring_cmd a = {.id = 0, .arg = 0, .addr = 0};

    if (r.one_in(2)) {
        a.id = c.some_id(r, SEG);
        queue(r, c, t, UB_URING_DEREG_SEG, a, nullptr, 0);
        return;
    }
    uint8_t *at = w.arena + r.below(ARENA / 64 - 4) * 64;
    ub_ioc_reg_seg seg{};
    seg.addr = w.some_address(r, 1);
    seg.len = 1 + r.below(3 * PAGE);
    seg.access = UB_ACCESS_READ | UB_ACCESS_WRITE;
    memcpy(at, &seg, sizeof(seg));
    a.addr = reinterpret_cast<uint64_t>(at);
    a.arg = r.one_in(20) ? static_cast<uint32_t>(odd_number(r)) : sizeof(seg);
    queue(r, c, t, UB_URING_REG_SEG, a, nullptr, 0);
}

/* Into buffers that may lie where others work, or be missing. */
void reap(rng &r, world &w, thread_state &t) {
    context &c = w.some_file(r);
    struct ub_uring_cmd a = {.id = c.some_id(r, r.one_in(20) ? JFC : KJFC), .arg = 0, .addr = 0};
    uint16_t group = static_cast<uint16_t>(r.below(3));
    struct io_uring_sqe *sqe = r.one_in(2) ? io_uring_get_sqe(&t.ring->ring) : nullptr;

    if (sqe) {
        int size = static_cast<int>(1 + r.below(r.one_in(8) ? 63 : 1024));

        memset(sqe, 0, sizeof(*sqe));
        io_uring_prep_provide_buffers(sqe, reinterpret_cast<void *>(w.some_address(r, 1)), size,
                                      static_cast<int>(1 + r.below(8)), group, 0);
    }
    sqe = queue(r, c, t, UB_URING_REAP, a, nullptr, r.one_in(20) ? 0 : IORING_URING_CMD_MULTISHOT);
    if (sqe) {
        sqe->flags |= r.one_in(20) ? 0 : IOSQE_BUFFER_SELECT;
        sqe->buf_group = group;
    }
}

void cancel(rng &r, world &w, thread_state &t) {
    context &c = w.some_file(r);
    struct ub_uring_cmd a = {.id = 0, .arg = r.one_in(2) ? UB_OBJ_JFS : UB_OBJ_JFC, .addr = 0};

    a.id = c.some_id(r, a.arg == UB_OBJ_JFS ? KJFS : r.one_in(2) ? KJFC : JFC);
    if (r.one_in(20))
        a.arg = r.below(9);
    queue(r, c, t, UB_URING_CANCEL, a, nullptr, 0);
}

void raw(rng &r, world &w, thread_state &t) {
    context &c = w.some_file(r);
    struct ub_uring_cmd a = {.id = static_cast<uint32_t>(odd_number(r)),
                             .arg = static_cast<uint32_t>(odd_number(r)),
                             .addr = odd_number(r)};
    unsigned cmd = r.one_in(2) ? _IOC(3, UB_IOC_MAGIC, 0x30 + r.below(6), sizeof(a))
                               : static_cast<unsigned>(r.next());

    if (a.addr <= UB_URING_WAIT_MAX_NS)
        a.addr = 0;
    queue(r, c, t, cmd, a, nullptr, r.below(4));
}

/* What has ended, and perhaps one more. */
void take_cqes(rng &r, thread_state &t) {
    struct __kernel_timespec ts = {.tv_sec = 0,
                                   .tv_nsec = 1 + static_cast<long long>(r.below(3000000))};
    struct io_uring_cqe *cqe;
    unsigned n = 0;

    if (!t.ring->polled && r.one_in(2))
        io_uring_wait_cqe_timeout(&t.ring->ring, &cqe, &ts);
    while (n++ < 64 && !io_uring_peek_cqe(&t.ring->ring, &cqe)) {
        errno = cqe->res < 0 ? -cqe->res : 0;
        if (cqe->user_data >> 8 & 0xff)
            count(OP_URING_CQES, cqe->res);
        io_uring_cqe_seen(&t.ring->ring, cqe);
    }
}

} // namespace

void run_uring(op o, rng &r, world &w, thread_state &t) {
    if (o == OP_URING_OPEN || !t.ring || r.one_in(200))
        ring_open(r, w, t);
    if (!t.ring)
        return;
    switch (o) {
    case OP_URING_SUBMIT:
        submit(r, w, t);
        break;
    case OP_URING_WAIT:
        wait(r, w, t);
        break;
    case OP_URING_SEG:
        segment(r, w, t);
        break;
    case OP_URING_REAP:
        reap(r, w, t);
        break;
    case OP_URING_CANCEL:
        cancel(r, w, t);
        break;
    case OP_URING_RAW:
        raw(r, w, t);
        break;
    default:
        break;
    }
    if (o != OP_URING_CQES && o != OP_URING_OPEN) {
        int ret = io_uring_submit(&t.ring->ring);
        errno = -ret;
        count(o, ret < 0 ? -1 : 0);
    }
    take_cqes(r, t);
}
