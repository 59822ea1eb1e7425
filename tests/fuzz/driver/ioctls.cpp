/* SPDX-License-Identifier: MIT */
/* Every ioctl with arguments it takes, or that are one step beside. */
#include "world.hpp"

#include <cstring>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace {

union arg {
    struct ub_ioc_hdr hdr;
    struct ub_ioc_query_device query_device;
    struct ub_ioc_reg_seg reg_seg;
    struct ub_ioc_dereg_seg dereg_seg;
    struct ub_ioc_set_token set_token;
    struct ub_ioc_create_jfce create_jfce;
    struct ub_ioc_create_jfc create_jfc;
    struct ub_ioc_create_jfs create_jfs;
    struct ub_ioc_create_jfr create_jfr;
    struct ub_ioc_modify_queue modify;
    struct ub_ioc_query_queue query;
    struct ub_ioc_destroy_queue destroy;
    struct ub_ioc_submit submit;
    struct ub_ioc_reap reap;
    struct ub_ioc_modify_jfc modify_jfc;
    struct ub_ioc_create_program create_program;
    struct ub_ioc_destroy_program destroy_program;
    uint8_t bytes[256];
    uint32_t words[64];
};

uint32_t some_depth(rng &r) {
    return r.one_in(20) ? static_cast<uint32_t>(odd_number(r))
                        : 64u << (r.one_in(6) ? r.below(8) : 0);
}

/* Room for a ring of the depth, entries of 64 bytes, and the record behind it. */
struct ub_ioc_queue_mem some_mem(rng &r, world &w, uint32_t depth) {
    uint64_t ring = (static_cast<uint64_t>(depth) * 64 + PAGE - 1) / PAGE * PAGE;

    if (ring > 1u << 20)
        ring = PAGE;
    return {.addr = w.some_address(r, PAGE),
            .len = r.one_in(20) ? odd_number(r) : ring + PAGE,
            .rec_offset = r.one_in(20) ? odd_number(r) : ring + 128 * r.below(31)};
}

void fill_nothing(rng &, world &, context &, arg &) {}

void fill_reg_seg(rng &r, world &w, context &, arg &a) {
    static const uint32_t access[] = {UB_ACCESS_READ | UB_ACCESS_WRITE,
                                      UB_ACCESS_READ,
                                      UB_ACCESS_LOCAL_ONLY,
                                      UB_ACCESS_READ | UB_ACCESS_WRITE | UB_ACCESS_ATOMIC,
                                      UB_ACCESS_WRITE,
                                      0};

    a.reg_seg.addr = w.some_address(r, r.one_in(4) ? 1 : PAGE);
    a.reg_seg.len = r.one_in(20) ? odd_number(r) : 1 + r.below(r.one_in(8) ? 4u << 20 : 8 * PAGE);
    a.reg_seg.access = r.pick(access);
    a.reg_seg.flags = r.one_in(6);
    a.reg_seg.token_policy = r.one_in(4) ? r.below(4) : uint32_t{UB_TOKEN_PLAIN_TEXT};
    a.reg_seg.token_value = 7;
}

void fill_seg_id(rng &r, world &, context &f, arg &a) {
    a.dereg_seg.token_id = f.some_id(r, SEG);
}

void fill_set_token(rng &r, world &, context &f, arg &a) {
    a.set_token.token_id = f.some_id(r, SEG);
    a.set_token.token_value = 7 * r.below(2);
}

void fill_jfce(rng &r, world &w, context &, arg &a) {
    a.create_jfce.flags = r.one_in(20) ? 0 : UB_JFCE_F_NONBLOCK;
    if (r.one_in(3)) {
        a.create_jfce.flags |= UB_JFCE_F_EVENTFD;
        a.create_jfce.fd = w.event_fd;
    }
}

void fill_jfc(rng &r, world &w, context &, arg &a) {
    auto &c = a.create_jfc;

    c.depth = some_depth(r);
    c.mod_count = static_cast<uint16_t>(r.one_in(4) ? r.below(40) : 0);
    c.mod_usec = static_cast<uint16_t>(r.one_in(4) ? r.below(900) : 0);
    c.flags = r.one_in(8) ? UB_JFC_F_ADAPTIVE : 0;
    if (r.one_in(2)) {
        c.flags |= UB_JFC_F_KERNEL;
        return;
    }
    c.mem = some_mem(r, w, c.depth);
    c.jfce_fd = r.one_in(3) ? -1 : w.channel[r.below(CHANNELS)].load();
    c.comp_vector = r.below(2);
    c.user_ctx = r.next();
}

void fill_jfs(rng &r, world &w, context &f, arg &a) {
    auto &c = a.create_jfs;
    bool kernel = r.one_in(2);

    c.depth = some_depth(r);
    c.jfc = f.some_id(r, kernel ? KJFC : JFC);
    if (!kernel)
        c.mem = some_mem(r, w, c.depth);
    c.flags = r.one_in(6) ? UB_JFS_F_ERROR_SUSPEND : 0;
    if (r.one_in(4)) {
        c.flags |= UB_JFS_F_JETTY;
        c.jfr = f.some_id(r, JFR);
    }
    c.priority = r.below(16);
    c.rnr_retry = r.below(8);
    c.err_timeout = static_cast<uint16_t>(r.below(32));
    c.weight = static_cast<uint16_t>(r.below(256));
}

void fill_jfr(rng &r, world &w, context &f, arg &a) {
    auto &c = a.create_jfr;

    c.depth = some_depth(r);
    c.mem = some_mem(r, w, c.depth);
    c.jfc = f.some_id(r, r.one_in(3) ? KJFC : JFC);
    c.min_rnr_timer = r.below(12);
    c.token_policy = r.one_in(4) ? r.below(4) : uint32_t{UB_TOKEN_NONE};
}

kind some_jfs(rng &r) {
    return r.one_in(2) ? JFS : KJFS;
}
kind some_jfc(rng &r) {
    return r.one_in(2) ? JFC : KJFC;
}

void fill_jfs_id(rng &r, world &, context &f, arg &a) {
    a.modify.id = f.some_id(r, some_jfs(r));
    a.modify.state = r.below(4);
}
void fill_jfr_id(rng &r, world &, context &f, arg &a) {
    a.modify.id = f.some_id(r, JFR);
    a.modify.state = r.below(4);
}
void fill_query_jfs(rng &r, world &, context &f, arg &a) {
    a.query.id = f.some_id(r, some_jfs(r));
}
void fill_query_jfr(rng &r, world &, context &f, arg &a) {
    a.query.id = f.some_id(r, JFR);
}
void fill_query_jfc(rng &r, world &, context &f, arg &a) {
    a.query.id = f.some_id(r, some_jfc(r));
}

void fill_submit(rng &r, world &w, context &f, arg &a) {
    a.submit.id = f.some_id(r, r.one_in(20) ? JFS : KJFS);
    a.submit.wqes = w.some_address(r, 64);
    a.submit.nblocks = 1;
    if (a.submit.wqes >= reinterpret_cast<uint64_t>(w.arena) &&
        a.submit.wqes + 4096 <= reinterpret_cast<uint64_t>(w.arena) + ARENA)
        a.submit.nblocks = make_wqes(r, w, f, reinterpret_cast<uint8_t *>(a.submit.wqes), 64);
    if (r.one_in(20))
        a.submit.nblocks = static_cast<uint32_t>(odd_number(r));
}

void fill_reap(rng &r, world &w, context &f, arg &a) {
    a.reap.id = f.some_id(r, r.one_in(20) ? JFC : KJFC);
    a.reap.max = 1 + r.below(40);
    a.reap.min = r.one_in(2) ? r.below(a.reap.max) : 0;
    a.reap.timeout_ns = r.below(4000000);
    a.reap.cqes = w.some_address(r, 8);
}

void fill_modify_jfc(rng &r, world &, context &f, arg &a) {
    a.modify_jfc.id = f.some_id(r, some_jfc(r));
    a.modify_jfc.flags = r.below(2);
    a.modify_jfc.mod_count = static_cast<uint16_t>(r.below(100));
    a.modify_jfc.mod_usec = static_cast<uint16_t>(r.below(1000));
}

/* Small ones, of whatever lies there: most are refused by the device. */
void fill_program(rng &r, world &w, context &f, arg &a) {
    a.create_program.addr = w.some_address(r, 8);
    a.create_program.fuel = r.one_in(8) ? odd_number(r) : 1 + r.below(1000);
    a.create_program.token_id = f.some_id(r, SEG);
    a.create_program.len = r.one_in(20) ? static_cast<uint32_t>(odd_number(r)) : 8 * r.below(100);
    a.create_program.tiles = r.below(18);
}

void fill_program_id(rng &r, world &, context &f, arg &a) {
    a.destroy_program.id = f.some_id(r, PROGRAM);
}

enum { REG_SEGMENT = 1, CREATE_JFC = 5, CREATE_JFS = 6, CREATE_JFR = 7 };

const struct {
    unsigned cmd;
    void (*fill)(rng &, world &, context &, arg &);
} ioctls[] = {
    {UB_IOC_QUERY_DEVICE, fill_nothing},
    {UB_IOC_REG_SEG, fill_reg_seg},
    {UB_IOC_DEREG_SEG, fill_seg_id},
    {UB_IOC_SET_TOKEN, fill_set_token},
    {UB_IOC_CREATE_JFCE, fill_jfce},
    {UB_IOC_CREATE_JFC, fill_jfc},
    {UB_IOC_CREATE_JFS, fill_jfs},
    {UB_IOC_CREATE_JFR, fill_jfr},
    {UB_IOC_MODIFY_JFS, fill_jfs_id},
    {UB_IOC_MODIFY_JFR, fill_jfr_id},
    {UB_IOC_QUERY_JFS, fill_query_jfs},
    {UB_IOC_QUERY_JFR, fill_query_jfr},
    {UB_IOC_QUERY_JFC, fill_query_jfc},
    {UB_IOC_DESTROY_JFS, fill_query_jfs},
    {UB_IOC_DESTROY_JFR, fill_query_jfr},
    {UB_IOC_DESTROY_JFC, fill_query_jfc},
    {UB_IOC_SUBMIT, fill_submit},
    {UB_IOC_REAP, fill_reap},
    {UB_IOC_MODIFY_JFC, fill_modify_jfc},
    {UB_IOC_CREATE_PROGRAM, fill_program},
    {UB_IOC_DESTROY_PROGRAM, fill_program_id},
};
static_assert(sizeof(ioctls) / sizeof(ioctls[0]) == OP_IOCTL_LAST - OP_IOCTL_FIRST + 1);

/* A word of it, the size, or the direction becomes something else. */
void mutate(rng &r, unsigned &cmd, arg &a) {
    unsigned size = _IOC_SIZE(cmd);

    switch (r.below(4)) {
    case 0:
        size = r.one_in(2) ? size + 4 * (r.below(9)) - 16 : r.below(256);
        cmd = _IOC(_IOC_DIR(cmd), _IOC_TYPE(cmd), _IOC_NR(cmd), size);
        break;
    case 1:
        a.bytes[r.below(size)] ^= static_cast<uint8_t>(1u << r.below(8));
        break;
    default:
        if (size >= 20)
            a.words[r.below(size / 4)] = static_cast<uint32_t>(odd_number(r));
    }
}

/* What would wait for ever, or take all memory, is held back. */
void bound(unsigned cmd, arg &a) {
    if (_IOC_NR(cmd) == _IOC_NR(UB_IOC_REAP) && a.reap.timeout_ns > 100000000)
        a.reap.timeout_ns %= 100000000;
}

void keep_made(rng &r, world &w, context &f, unsigned cmd, const arg &a) {
    switch (_IOC_NR(cmd)) {
    case _IOC_NR(UB_IOC_REG_SEG):
        f.keep_id(r, SEG, a.reg_seg.token_id);
        break;
    case _IOC_NR(UB_IOC_CREATE_PROGRAM):
        f.keep_id(r, PROGRAM, a.create_program.id);
        break;
    case _IOC_NR(UB_IOC_CREATE_JFR):
        f.keep_id(r, JFR, a.create_jfr.id);
        break;
    case _IOC_NR(UB_IOC_CREATE_JFC):
        f.keep_id(r, a.create_jfc.flags & UB_JFC_F_KERNEL ? KJFC : JFC, a.create_jfc.id);
        if (a.create_jfc.db_offset)
            f.db_offset[r.below(IDS)] = a.create_jfc.db_offset;
        break;
    case _IOC_NR(UB_IOC_CREATE_JFS):
        f.keep_id(r, a.create_jfs.db_offset ? JFS : KJFS, a.create_jfs.id);
        all->queues[r.below(RECENT)] = a.create_jfs.id;
        if (a.create_jfs.db_offset)
            f.db_offset[r.below(IDS)] = a.create_jfs.db_offset;
        break;
    case _IOC_NR(UB_IOC_CREATE_JFCE): {
        int old = w.channel[r.below(CHANNELS)].exchange(a.create_jfce.fd);
        if (old >= 0)
            count(OP_CLOSE, close(old));
    }
    }
}

/* The ioctl of this index in the table, made as it is. */
bool make_one(unsigned index, rng &r, world &w, context &f, arg &a) {
    unsigned cmd = ioctls[index].cmd;

    if (count(op(OP_IOCTL_FIRST + index), ioctl(f.fd, cmd, &a)))
        return false;
    keep_made(r, w, f, cmd, a);
    return true;
}

struct ub_ioc_queue_mem plain_mem(rng &r, world &w) {
    uint64_t page = r.below(ARENA / PAGE - 2);

    return {.addr = reinterpret_cast<uint64_t>(w.arena) + page * PAGE,
            .len = 2 * PAGE,
            .rec_offset = PAGE};
}

void map_doorbell(rng &r, world &w, context &f, uint64_t offset) {
    void *at =
        mmap(nullptr, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, f.fd, static_cast<off_t>(offset));

    count(OP_MMAP, at == MAP_FAILED ? -1 : 0);
    if (at != MAP_FAILED && (at = w.map[r.below(MAPS)].exchange(static_cast<uint8_t *>(at))))
        munmap(at, PAGE);
}

void make_user_queues(rng &r, world &w, context &f) {
    arg jfc = {}, jfr = {}, jfs = {};

    jfc.create_jfc.depth = jfr.create_jfr.depth = jfs.create_jfs.depth = 64;
    jfc.create_jfc.mem = plain_mem(r, w);
    jfc.create_jfc.jfce_fd = r.one_in(2) ? -1 : w.channel[r.below(CHANNELS)].load();
    if (!make_one(CREATE_JFC, r, w, f, jfc))
        return;
    map_doorbell(r, w, f, jfc.create_jfc.db_offset);
    jfr.create_jfr.mem = plain_mem(r, w);
    jfr.create_jfr.jfc = jfs.create_jfs.jfc = jfc.create_jfc.id;
    make_one(CREATE_JFR, r, w, f, jfr);
    jfs.create_jfs.mem = plain_mem(r, w);
    if (make_one(CREATE_JFS, r, w, f, jfs))
        map_doorbell(r, w, f, jfs.create_jfs.db_offset);
}

void make_kernel_queues(rng &r, world &w, context &f) {
    arg jfc = {}, jfs = {};

    jfc.create_jfc.depth = 64u << r.below(3);
    jfs.create_jfs.depth = 64u << r.below(3);
    jfc.create_jfc.flags = UB_JFC_F_KERNEL;
    if (!make_one(CREATE_JFC, r, w, f, jfc))
        return;
    jfs.create_jfs.jfc = jfc.create_jfc.id;
    for (unsigned n = 1 + r.below(2); n; n--)
        make_one(CREATE_JFS, r, w, f, jfs);
}

} // namespace

void make_scene(rng &r, world &w, context &f) {
    arg seg = {};

    seg.reg_seg.addr = reinterpret_cast<uint64_t>(w.arena);
    seg.reg_seg.len = ARENA;
    seg.reg_seg.access = UB_ACCESS_READ | UB_ACCESS_WRITE | UB_ACCESS_ATOMIC;
    make_one(REG_SEGMENT, r, w, f, seg);
    make_user_queues(r, w, f);
    make_kernel_queues(r, w, f);
}

void run_ioctl(op o, rng &r, world &w, thread_state &t) {
    context &f = w.some_file(r);
    unsigned cmd;
    arg a = {};

    if (o == OP_IOCTL_RAW) {
        cmd = _IOC(r.one_in(8) ? r.below(4) : 3, UB_IOC_MAGIC, r.below(0x40), r.below(300));
        for (auto &word : a.words)
            word = r.one_in(3) ? static_cast<uint32_t>(odd_number(r)) : r.below(3);
    } else {
        cmd = ioctls[o - OP_IOCTL_FIRST].cmd;
        ioctls[o - OP_IOCTL_FIRST].fill(r, w, f, a);
        if (r.one_in(5))
            mutate(r, cmd, a);
    }
    bound(cmd, a);
    /* Sometimes it lies across the end of what can be read. */
    size_t room = _IOC_SIZE(cmd), cut = r.one_in(25) ? r.below(32) : 0;
    if (room > sizeof(a))
        room = sizeof(a);
    uint8_t *at = t.edge - room + (cut < room ? cut : 0);
    memcpy(at, &a, static_cast<size_t>(t.edge - at));
    long ret =
        count(o, ioctl(f.fd, cmd, r.one_in(60) ? reinterpret_cast<uint8_t *>(odd_number(r)) : at));
    if (ret) {
        /* A lost context is of little use. */
        if (errno == ENODEV && r.one_in(2))
            f.shut();
        return;
    }
    memcpy(&a, at, static_cast<size_t>(t.edge - at));
    keep_made(r, w, f, cmd, a);
}
