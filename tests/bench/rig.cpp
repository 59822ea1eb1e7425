// SPDX-License-Identifier: MIT
#include "rig.hpp"

#include <sys/mman.h>

#include <cstring>
#include <fstream>
#include <new>

namespace bench {

void fail(const std::string &what) {
    throw std::runtime_error(what + ": " + ub_last_error()->message);
}

Queues::Queues(const std::string &device, ub_door door) {
    constexpr uint32_t depth = 1024;
    ctx = ub_create_context(device.c_str());
    if (ctx && door == UB_DOOR_MAPPED)
        jfce = ub_create_jfce(ctx);
    ub_jfc_cfg jfc_cfg{};
    jfc_cfg.depth = depth;
    jfc_cfg.jfce = jfce;
    jfc_cfg.door = door;
    jfc = ctx ? ub_create_jfc(ctx, &jfc_cfg) : nullptr;
    ub_jfs_cfg jfs_cfg{};
    jfs_cfg.jfc = jfc;
    jfs_cfg.depth = depth;
    jfs = jfc ? ub_create_jfs(ctx, &jfs_cfg) : nullptr;
    if (!jfs)
        fail("queues on " + device);
}

Queues::~Queues() {
    ub_delete_jfs(jfs);
    ub_delete_jfc(jfc);
    if (jfce)
        ub_delete_jfce(jfce);
    ub_delete_context(ctx);
}

Segment::Segment(ub_context *ctx, size_t size, bool huge)
    : size_(size), buf_(ub_alloc_buf(size)) {
    if (!buf_)
        throw std::bad_alloc();
    if (!huge)
        madvise(buf_, size, MADV_NOHUGEPAGE);
    std::memset(buf_, 0x5a, size);
    ub_seg_cfg cfg{};
    cfg.va = buf_;
    cfg.len = size;
    cfg.access = UB_ACCESS_READ | UB_ACCESS_WRITE;
    seg_ = ub_register_seg(ctx, &cfg);
    if (!seg_)
        fail("register");
}

Segment::~Segment() {
    ub_unregister_seg(seg_);
    ub_free_buf(buf_, size_);
}

ub_target Segment::target() const {
    ub_desc desc;
    ub_describe_seg(seg_, &desc);
    return ub_import(&desc);
}

Write::Write(ub_context *ctx, size_t size)
    : from_(ctx, size), to_(ctx, size), target_(to_.target()) {}

ub_jfs_wr Write::request(size_t size, bool with_inline) {
    sge_ = from_.sge(size);
    ub_jfs_wr wr{};
    wr.opcode = UB_OP_WRITE;
    wr.flags = static_cast<uint16_t>(UB_WR_COMPLETE | (with_inline ? UB_WR_INLINE : 0));
    wr.num_sge = 1;
    wr.sge = &sge_;
    wr.target = &target_;
    wr.rmt_addr = target_.va;
    return wr;
}

ub_jfs_wr nop_request() {
    ub_jfs_wr wr{};
    wr.opcode = UB_OP_NOP;
    wr.flags = UB_WR_COMPLETE;
    return wr;
}

uint64_t device_counter(const std::string &device, const char *counter) {
    uint64_t value = 0;
    std::ifstream in("/sys/class/ubnpu/" + device + "/stats/" + counter);
    if (!(in >> value))
        throw std::runtime_error(device + ": no statistic " + counter);
    return value;
}

void check(const ub_cr *done, unsigned n) {
    for (unsigned i = 0; i < n; ++i)
        if (done[i].status != UB_CR_SUCCESS)
            throw std::runtime_error(std::string("completion ") + ub_cr_status_str(done[i].status));
}

} // namespace bench
