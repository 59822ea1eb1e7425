// SPDX-License-Identifier: MIT
// Context, segments and event channels.
#include "context.hpp"

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <thread>
#include <utility>

#include "../error.hpp"
#include "../process.hpp"
#include "check.h"
#include "limits.hpp"
#include "memory_check.hpp"
#include "token.hpp"

namespace ub_soft {
namespace {

uint64_t whole_pages(uint64_t addr, uint64_t len) {
    const uint64_t mask = UB_HW_PAGE_SIZE - 1;
    return ((addr + len + mask) & ~mask) - (addr & ~mask);
}

} // namespace

Context::Context(const Options &options)
    : device_(options), process_(ub_impl::this_process()), memlock_(options.memlock),
      tid_(device_->contexts.take()),
      jfs_{UB_OBJ_JFS,           UB_ADMIN_CREATE_JFS, UB_ADMIN_MODIFY_JFS,
           UB_ADMIN_QUERY_JFS,   UB_ADMIN_DESTROY_JFS, &device_->jfss,
           UB_REG_MAX_JFS_DEPTH, true},
      jfr_{UB_OBJ_JFR,           UB_ADMIN_CREATE_JFR,     UB_ADMIN_MODIFY_JFR,
           UB_ADMIN_QUERY_JFR,   UB_ADMIN_DESTROY_JFR,    &device_->jfrs,
           UB_REG_MAX_JFR_DEPTH, false},
      jfc_{UB_OBJ_JFC,           UB_ADMIN_CREATE_JFC,  0,
           UB_ADMIN_QUERY_JFC,   UB_ADMIN_DESTROY_JFC, &device_->jfcs,
           UB_REG_MAX_JFC_DEPTH, true} {
    if (!tid_)
        throw ub_impl::OpenError{ENOSPC, UB_EXT_DEV_LIMIT, UB_OBJ_CONTEXT,
                                 device_->contexts.max()};
    ub_admin_cmd cmd{};
    ub_admin_reply reply;
    ub_ioc_hdr hdr{};
    cmd.opcode = UB_ADMIN_CREATE_CTX;
    cmd.id = tid_;
    cmd.ctx.pt_base = table_.base();
    if (const int result = device_->admin(cmd, reply, hdr)) {
        device_->contexts.give(tid_);
        throw ub_impl::OpenError{-result, hdr.ext_code, hdr.ext_obj, hdr.ext_limit};
    }
    status_.generation = static_cast<uint32_t>(device_->reg(UB_REG_GENERATION));
    device_->enlist(tid_, this);
}

void Context::inject(const Options &options) {
    for (const std::string &fault : options.faults)
        device_->inject(fault);
}

Context::~Context() {
    release_all();
    device_->delist(tid_);
    ub_ioc_hdr hdr{};
    if (!admin_id(UB_ADMIN_DESTROY_CTX, tid_, hdr))
        device_->contexts.give(tid_);
}

// A thread that is not in this process may have been at anything here, so memory stays as it is.
void Context::abandon() noexcept {
    static Context *last; // so that a checker of leaks finds them
    abandoned_before_ = std::exchange(last, this);
    async_.close_descriptor();
    if (!lock_.try_lock())
        return;
    for (const auto &[fd, jfce] : jfces_)
        jfce->close_descriptors();
}

int Context::admin_id(uint8_t opcode, uint32_t id, ub_ioc_hdr &hdr) {
    ub_admin_cmd cmd{};
    ub_admin_reply reply;
    cmd.opcode = opcode;
    cmd.id = id;
    return device_->admin(cmd, reply, hdr);
}

// Objects a program left. A segment stays busy until the command that uses it notices the end of
// its queue, or a peer's command ends.
void Context::release_all() noexcept {
    for (Kind *kind : {&jfs_, &jfr_, &jfc_})
        while (!kind->queues.empty()) {
            ub_ioc_destroy_queue arg{};
            arg.id = kind->queues.begin()->first;
            if (destroy(*kind, arg))
                kind->queues.erase(arg.id);
        }
    release_programs();
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!segs_.empty()) {
        ub_ioc_dereg_seg arg{};
        arg.token_id = segs_.begin()->first;
        if (!dereg_seg(arg))
            continue;
        if (std::chrono::steady_clock::now() > end)
            segs_.erase(arg.token_id); // its mapping stays, so nothing is touched that went
        else
            std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
}

// As the driver pins memory: accounts what a range takes, then looks whether it can be used.
int Context::pin(uint64_t addr, uint64_t len, bool writable, uint64_t &pinned, ub_ioc_hdr &hdr) {
    if (const int result = ub_check_range(addr, len, &hdr))
        return result;
    if (addr + len > user_end)
        return fail(hdr, EFAULT, UB_EXT_BAD_ADDRESS, 0, 0);
    const uint64_t bytes = whole_pages(addr, len);
    if (bytes > memlock_ || accounted_ > memlock_ - bytes)
        return fail(hdr, EPERM, UB_EXT_MEMLOCK, 0, memlock_);
    const MemoryState state = check_memory(addr, len, writable);
    if (state.usable < len && state.refusal == UB_EXT_READ_ONLY)
        return fail(hdr, EACCES, UB_EXT_READ_ONLY, 0, 0);
    if (state.usable < len)
        return fail(hdr, EFAULT, state.refusal, 0, state.usable);
    accounted_ += bytes;
    pinned = bytes;
    return 0;
}

int Context::query_device(ub_ioc_query_device &arg) {
    Device &d = *device_;
    arg.api_version = UB_API_VERSION;
    for (unsigned i = 0; i < 16; ++i) {
        arg.guid[i] = static_cast<uint8_t>(d.reg(UB_REG_GUID + i / 4 * 4) >> (i % 4 * 8));
        arg.eid[i] = static_cast<uint8_t>(d.reg(UB_REG_EID + i / 4 * 4) >> (i % 4 * 8));
    }
    arg.caps = d.reg(UB_REG_CAPS, 8);
    arg.opcodes = d.reg(UB_REG_OPCODES, 8);
    arg.max_msg = d.reg(UB_REG_MAX_MSG, 8);
    arg.hbm_size = d.reg(UB_REG_HBM_SIZE, 8);
    const struct {
        uint32_t ub_ioc_query_device::*field;
        uint32_t reg;
    } words[] = {
        {&ub_ioc_query_device::hw_version, UB_REG_VERSION},
        {&ub_ioc_query_device::class_code, UB_REG_CLASS_CODE},
        {&ub_ioc_query_device::upi, UB_REG_UPI},
        {&ub_ioc_query_device::generation, UB_REG_GENERATION},
        {&ub_ioc_query_device::max_ctx, UB_REG_MAX_CTX},
        {&ub_ioc_query_device::max_seg, UB_REG_MAX_SEG},
        {&ub_ioc_query_device::max_jfs, UB_REG_MAX_JFS},
        {&ub_ioc_query_device::max_jfr, UB_REG_MAX_JFR},
        {&ub_ioc_query_device::max_jfc, UB_REG_MAX_JFC},
        {&ub_ioc_query_device::max_jfs_depth, UB_REG_MAX_JFS_DEPTH},
        {&ub_ioc_query_device::max_jfr_depth, UB_REG_MAX_JFR_DEPTH},
        {&ub_ioc_query_device::max_jfc_depth, UB_REG_MAX_JFC_DEPTH},
        {&ub_ioc_query_device::max_sge, UB_REG_MAX_SGE},
        {&ub_ioc_query_device::max_inline, UB_REG_MAX_INLINE},
        {&ub_ioc_query_device::max_gemm_dim, UB_REG_MAX_GEMM_DIM},
        {&ub_ioc_query_device::engines, UB_REG_ENGINES},
        {&ub_ioc_query_device::visa_version, UB_REG_VISA_VERSION},
        {&ub_ioc_query_device::max_program, UB_REG_MAX_PROGRAM},
    };
    for (const auto &word : words)
        arg.*word.field = static_cast<uint32_t>(d.reg(word.reg));
    arg.ctx_generation = status_.generation;
    arg.tid = tid_;
    arg.comp_vectors = d.comp_vectors();
    return 0;
}

// Takes what a segment needs; gives it back unless committed.
struct Context::NewSeg {
    explicit NewSeg(Context &context) : ctx(context) {}
    ~NewSeg() {
        if (committed)
            return;
        ctx.segs_.erase(id);
        if (mapping.len)
            ctx.table_.unmap(mapping);
        if (id)
            ctx.device_->segs.give(id);
        ctx.accounted_ -= pinned;
    }
    NewSeg(const NewSeg &) = delete;
    NewSeg &operator=(const NewSeg &) = delete;

    int reserve(ub_ioc_reg_seg &arg) {
        const bool writable = !(arg.flags & UB_REG_F_READ_ONLY);
        if (const int result = ctx.pin(arg.addr, arg.len, writable, pinned, arg.hdr))
            return result;
        if (ctx.segs_.size() >= max_segs_per_ctx)
            return fail(arg.hdr, EDQUOT, UB_EXT_CTX_LIMIT, UB_OBJ_SEG, max_segs_per_ctx);
        id = ctx.device_->segs.take();
        if (!id)
            return fail(arg.hdr, ENOSPC, UB_EXT_DEV_LIMIT, UB_OBJ_SEG, ctx.device_->segs.max());
        mapping = ctx.table_.map(arg.addr, arg.len, writable);
        ctx.segs_[id] = {mapping, arg.access, arg.token_policy};
        return 0;
    }

    Context &ctx;
    uint64_t pinned = 0;
    uint32_t id = 0;
    Mapping mapping;
    bool committed = false;
};

int Context::reg_seg(ub_ioc_reg_seg &arg) {
    int result = ub_check_reg_seg(&arg);
    if (result)
        return result;
    NewSeg fresh(*this);
    if ((result = fresh.reserve(arg)))
        return result;
    ub_admin_cmd cmd{};
    ub_admin_reply reply;
    cmd.opcode = UB_ADMIN_CREATE_SEG;
    cmd.id = fresh.id;
    cmd.seg.va = arg.addr;
    cmd.seg.uba = fresh.mapping.uba;
    cmd.seg.len = arg.len;
    cmd.seg.tid = tid_;
    cmd.seg.access = arg.access;
    if (arg.access != UB_ACCESS_LOCAL_ONLY &&
        (result = make_token(arg.token_policy, arg.token_value, arg.hdr)))
        return result;
    cmd.seg.token_policy = ub_check_hw_policy(arg.token_policy);
    cmd.seg.token_value = arg.token_value;
    if ((result = device_->admin(cmd, reply, arg.hdr)))
        return result;
    fresh.committed = true;
    arg.token_id = fresh.id;
    arg.leaf_4k = fresh.mapping.leaf_4k;
    arg.leaf_2m = fresh.mapping.leaf_2m;
    return 0;
}

int Context::find_seg(uint32_t token_id, ub_ioc_hdr &hdr) const {
    if (segs_.contains(token_id))
        return 0;
    return fail(hdr, ENOENT, UB_EXT_NO_SUCH_OBJECT, token_id, 0);
}

int Context::dereg_seg(ub_ioc_dereg_seg &arg) {
    int result = ub_check_dereg_seg(&arg);
    if (!result)
        result = find_seg(arg.token_id, arg.hdr);
    if (!result)
        result = admin_id(UB_ADMIN_DESTROY_SEG, arg.token_id, arg.hdr);
    if (result)
        return result;
    const auto seg = segs_.find(arg.token_id);
    const Mapping &memory = seg->second.memory;
    table_.unmap(memory);
    accounted_ -= whole_pages(memory.va, memory.len);
    segs_.erase(seg);
    device_->segs.give(arg.token_id);
    return 0;
}

int Context::set_token(ub_ioc_set_token &arg) {
    if (const int result = find_seg(arg.token_id, arg.hdr))
        return result;
    const Seg &seg = segs_.at(arg.token_id);
    if (const int result = ub_check_set_token(&arg, seg.access, seg.token_policy))
        return result;
    ub_admin_cmd cmd{};
    ub_admin_reply reply;
    cmd.opcode = UB_ADMIN_MODIFY_SEG;
    cmd.id = arg.token_id;
    cmd.seg.token_value = arg.token_value;
    return device_->admin(cmd, reply, arg.hdr);
}

int Context::create_jfce(ub_ioc_create_jfce &arg) {
    if (const int result = ub_check_create_jfce(&arg))
        return result;
    if (jfces_.size() >= max_queues_per_ctx)
        return fail(arg.hdr, EDQUOT, UB_EXT_CTX_LIMIT, UB_OBJ_JFCE, max_queues_per_ctx);
    int eventfd = -1;
    if (arg.flags & UB_JFCE_F_EVENTFD && (eventfd = dup_eventfd(arg.fd)) < 0)
        return -EBADF;
    auto jfce = std::make_shared<Jfce>(eventfd);
    arg.fd = jfce->fd();
    jfces_[arg.fd] = std::move(jfce);
    return 0;
}

int Context::read_events(int jfce, ub_jfce_event *events, size_t n) noexcept {
    std::shared_ptr<Jfce> channel;
    {
        std::lock_guard lock(lock_);
        const auto found = jfces_.find(jfce);
        if (found == jfces_.end())
            return -EBADF;
        channel = found->second;
    }
    return channel->take(events, n);
}

void Context::close_jfce(int jfce) noexcept {
    if (ub_impl::this_process() != process_) // abandon() closes it
        return;
    std::lock_guard lock(lock_);
    jfces_.erase(jfce);
}

void Context::completion(uint32_t jfc, uint32_t arm_sn) noexcept {
    std::lock_guard lock(event_lock_);
    if (const auto route = routes_.find(jfc); route != routes_.end())
        route->second.jfce->add({jfc, arm_sn, route->second.user_ctx});
}

} // namespace ub_soft
