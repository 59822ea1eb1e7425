// SPDX-License-Identifier: MIT
// A side's contexts and objects, and the memory that both sides use.
#include "parity.hpp"

#include <algorithm>
#include <stdexcept>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

namespace parity {
namespace {

constexpr int writable = PROT_READ | PROT_WRITE;

void map_at(uint64_t addr, uint64_t pages, int rights) {
    void *want = reinterpret_cast<void *>(addr);
    void *got = mmap(want, pages * page, writable,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_POPULATE, -1, 0);
    if (got != want || mprotect(got, pages * page, rights))
        throw std::runtime_error("the test's memory cannot be mapped");
}

constexpr unsigned long destroy_request[] = {UB_IOC_DESTROY_JFS, UB_IOC_DESTROY_JFR,
                                             UB_IOC_DESTROY_JFC, UB_IOC_DEREG_SEG};

} // namespace

void memory::map() {
    map_at(good, 4, writable);
    map_at(one_page, 1, writable);
    map_at(read_only, 4, PROT_READ);
    map_at(turns_read_only, 1, writable);
    map_at(turns_read_only + page, 1, PROT_READ);
    map_at(read_only_end, 1, PROT_READ);
    map_at(turns_none, 1, writable);
    map_at(turns_none + page, 1, PROT_NONE);
    map_at(none, 4, PROT_NONE);
    map_at(write_only, 4, PROT_WRITE);
}

Side::Side(std::string name) : name_(std::move(name)), eventfd_(::eventfd(0, EFD_CLOEXEC)) {
    for (Context &ctx : contexts_) {
        open(ctx);
        populate(ctx);
    }
    Arg arg{};
    if (call(UB_IOC_QUERY_DEVICE, arg))
        throw std::runtime_error(name_ + ": QUERY_DEVICE failed");
    limits_ = arg.query_device;
    for (int kind = 0; kind < kinds; ++kind) {
        stale_[kind] = make_unlike(contexts_[0], static_cast<Kind>(kind));
        destroy(static_cast<Kind>(kind), stale_[kind]);
    }
}

Side::~Side() {
    for (Context &ctx : contexts_) {
        if (ctx.provider && ctx.jfce >= 0)
            ctx.provider->close_jfce(ctx.jfce);
        ctx.provider.reset();
        for (void *map : ctx.maps)
            munmap(map, queue_len);
    }
    close(eventfd_);
}

void Side::open(Context &ctx) {
    ub_impl::OpenError error;
    ctx.provider = is_soft() ? ub_impl::open_soft(name_.substr(5), error)
                             : ub_impl::open_kernel("/dev/ub/" + name_, error);
    if (!ctx.provider)
        throw std::runtime_error(name_ + " cannot be opened");
}

// A Jetty, its JFR, their JFC, a segment, a channel.
void Side::populate(Context &ctx) {
    for (const Kind kind : {JFC, JFR, JFS, SEG})
        ctx.ids[kind] = make_unlike(ctx, kind);
    Arg arg{};
    if (ctx.provider->control(UB_IOC_CREATE_JFCE, &arg))
        throw std::runtime_error(name_ + ": no event channel");
    ctx.jfce = arg.create_jfce.fd;
}

// Its id is that of no other object here, of whatever kind: an id of another kind is unknown.
uint32_t Side::make_unlike(Context &ctx, Kind kind) {
    const auto taken = [&](uint32_t id) {
        const auto among = [id](const uint32_t(&ids)[kinds]) {
            return std::find(ids, ids + kinds, id) != ids + kinds;
        };
        return among(contexts_[0].ids) || among(contexts_[1].ids) || among(stale_) ||
               among(victims_);
    };
    for (;;) {
        const uint32_t id = make(ctx, kind);
        if (!taken(id))
            return id;
        destroy(ctx, kind, id);
    }
}

uint32_t Side::make(Context &ctx, Kind kind) {
    void *map = mmap(nullptr, queue_len, writable, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ctx.maps.push_back(map);
    const ub_ioc_queue_mem mem{reinterpret_cast<uintptr_t>(map), queue_len, ring_len};
    Arg arg{};
    int result = -1;
    uint32_t id = 0;
    switch (kind) {
    case SEG:
        arg.reg_seg = {{}, mem.addr, page, UB_ACCESS_READ, 0, 0, 0, 0, 0, 0, 0};
        result = ctx.provider->control(UB_IOC_REG_SEG, &arg);
        id = arg.reg_seg.token_id;
        ctx.seg_addr[id] = mem.addr;
        break;
    case JFC:
        arg.create_jfc.mem = mem;
        arg.create_jfc.depth = depth;
        arg.create_jfc.jfce_fd = -1;
        result = ctx.provider->control(UB_IOC_CREATE_JFC, &arg);
        id = arg.create_jfc.id;
        break;
    case JFR:
        arg.create_jfr.mem = mem;
        arg.create_jfr.depth = depth;
        arg.create_jfr.jfc = ctx.ids[JFC];
        result = ctx.provider->control(UB_IOC_CREATE_JFR, &arg);
        id = arg.create_jfr.id;
        break;
    default:
        arg.create_jfs.mem = mem;
        arg.create_jfs.depth = depth;
        arg.create_jfs.jfc = ctx.ids[JFC];
        arg.create_jfs.jfr = ctx.ids[JFR];
        arg.create_jfs.flags = UB_JFS_F_JETTY;
        result = ctx.provider->control(UB_IOC_CREATE_JFS, &arg);
        id = arg.create_jfs.id;
    }
    if (result)
        throw std::runtime_error(name_ + ": an object of the test's own was refused");
    return id;
}

void Side::destroy(Context &ctx, Kind kind, uint32_t id) {
    Arg arg{};
    arg.destroy_queue.id = id; // where DEREG_SEG has its TokenID
    if (ctx.provider->control(destroy_request[kind], &arg))
        throw std::runtime_error(name_ + ": what was made cannot be destroyed");
}

uint32_t Side::victim(Kind kind) {
    if (!victims_[kind])
        victims_[kind] = make_unlike(contexts_[0], kind);
    return victims_[kind];
}

void Side::spend(Kind kind) { victims_[kind] = 0; }

} // namespace parity
