// SPDX-License-Identifier: MIT
// The queues of a context.
#include <bit>
#include <cerrno>
#include <cstddef>

#include "context.hpp"
#include "limits.hpp"

namespace ub_soft {
namespace {

int out_of_range(ub_ioc_hdr &hdr, size_t offset, uint64_t largest) {
    return fail(hdr, EINVAL, UB_EXT_BAD_VALUE, static_cast<uint32_t>(offset), largest);
}

size_t round_page(size_t bytes) {
    return (bytes + UB_HW_PAGE_SIZE - 1) & ~size_t{UB_HW_PAGE_SIZE - 1};
}

} // namespace

class Context::NewQueue {
public:
    NewQueue(Context &ctx, Kind &kind) : ctx_(ctx), kind_(kind) {}
    ~NewQueue() {
        if (committed_)
            return;
        kind_.queues.erase(id_);
        ctx_.release_queue(kind_, id_, queue_);
    }
    NewQueue(const NewQueue &) = delete;
    NewQueue &operator=(const NewQueue &) = delete;

    int reserve(const ub_ioc_queue_mem &mem, uint32_t depth, ub_ioc_hdr &hdr) {
        if (const int result = ctx_.account(mem.len, hdr))
            return result;
        queue_.memory = ctx_.table_.map(mem.addr, mem.len, true);
        queue_.depth = depth;
        id_ = kind_.ids->take();
        if (!id_)
            return fail(hdr, ENOSPC, UB_EXT_DEV_LIMIT, kind_.obj_type, kind_.ids->max());
        kind_.queues[id_];
        if (!kind_.has_page)
            return 0;
        queue_.page = ctx_.device_->pages.take();
        if (!queue_.page)
            return fail(hdr, ENOSPC, UB_EXT_DEV_LIMIT, UB_OBJ_DB_PAGE, ctx_.device_->pages.max());
        return 0;
    }
    void commit() noexcept {
        kind_.queues.find(id_)->second = queue_;
        committed_ = true;
    }
    uint32_t id() const noexcept { return id_; }
    Queue &queue() noexcept { return queue_; }
    uint64_t db_offset() const noexcept { return uint64_t{queue_.page} * UB_HW_PAGE_SIZE; }
    uint64_t ring() const noexcept { return queue_.memory.uba; }

private:
    Context &ctx_;
    Kind &kind_;
    uint32_t id_ = 0;
    Queue queue_;
    bool committed_ = false;
};

// Undoes what was done for a queue that the device does not have, or has no longer.
void Context::release_queue(Kind &kind, uint32_t id, const Queue &queue) {
    if (&kind == &jfc_)
        unroute(id, queue);
    if (queue.memory.len) {
        table_.unmap(queue.memory);
        accounted_ -= queue.memory.len;
    }
    if (queue.page)
        device_->pages.give(queue.page);
    if (id)
        kind.ids->give(id);
}

// Completion events of a JFC begin to go to its channel, or no longer do.
void Context::route(uint32_t jfc, uint32_t eq, const Queue &queue) {
    {
        std::lock_guard lock(event_lock_);
        if (queue.jfce)
            routes_[jfc] = {queue.jfce, queue.user_ctx};
    }
    device_->enlist_jfc(jfc, eq, this);
}

void Context::unroute(uint32_t jfc, const Queue &queue) {
    device_->delist_jfc(jfc);
    {
        std::lock_guard lock(event_lock_);
        routes_.erase(jfc);
    }
    if (queue.jfce)
        queue.jfce->forget(jfc);
}

int Context::check_queue(const Kind &kind, const ub_ioc_queue_mem &mem, uint32_t depth,
                         ub_ioc_hdr &hdr) {
    const auto largest = static_cast<uint32_t>(device_->reg(kind.max_depth_reg));
    if (depth < UB_HW_MIN_DEPTH || depth > largest || !std::has_single_bit(depth))
        return fail(hdr, EINVAL, UB_EXT_BAD_DEPTH, 0, largest);
    if (mem.addr % UB_HW_PAGE_SIZE || mem.len % UB_HW_PAGE_SIZE)
        return fail(hdr, EINVAL, UB_EXT_BAD_ALIGNMENT, 0, UB_HW_PAGE_SIZE);
    if (mem.len < round_page(depth * kind.entry_size) + UB_HW_PAGE_SIZE ||
        mem.rec_offset < depth * kind.entry_size || mem.rec_offset > mem.len - 128)
        return fail(hdr, EINVAL, UB_EXT_BAD_LENGTH, 0, mem.len);
    if (kind.queues.size() >= max_queues_per_ctx)
        return fail(hdr, EDQUOT, UB_EXT_CTX_LIMIT, kind.obj_type, max_queues_per_ctx);
    return 0;
}

int Context::find(const Kind &kind, uint32_t id, ub_ioc_hdr &hdr) const {
    return kind.queues.contains(id) ? 0 : fail(hdr, ENOENT, UB_EXT_NO_SUCH_OBJECT, id, 0);
}

int Context::create_jfc(ub_ioc_create_jfc &arg) {
    if (arg.flags & ~UB_JFC_F_ADAPTIVE)
        return fail(arg.hdr, EINVAL, UB_EXT_BAD_FLAGS, 0, UB_JFC_F_ADAPTIVE);
    if (arg.comp_vector >= device_->comp_vectors())
        return out_of_range(arg.hdr, offsetof(ub_ioc_create_jfc, comp_vector),
                            device_->comp_vectors() - 1);
    if (const int result = check_queue(jfc_, arg.mem, arg.depth, arg.hdr))
        return result;
    NewQueue fresh(*this, jfc_);
    if (const int result = fresh.reserve(arg.mem, arg.depth, arg.hdr))
        return result;
    if (arg.jfce_fd >= 0) {
        const auto jfce = jfces_.find(arg.jfce_fd);
        if (jfce == jfces_.end())
            return -EBADF;
        fresh.queue().jfce = jfce->second;
    }
    ub_admin_cmd cmd{};
    ub_admin_reply reply;
    cmd.opcode = UB_ADMIN_CREATE_JFC;
    cmd.id = fresh.id();
    cmd.jfc.ring = fresh.ring();
    cmd.jfc.rec = fresh.ring() + arg.mem.rec_offset;
    cmd.jfc.tid = tid_;
    cmd.jfc.depth = arg.depth;
    cmd.jfc.db_page = fresh.queue().page;
    cmd.jfc.eq = 1 + arg.comp_vector;
    cmd.jfc.mod_count = arg.mod_count;
    cmd.jfc.mod_usec = arg.mod_usec;
    cmd.jfc.flags = arg.flags;
    fresh.queue().user_ctx = arg.user_ctx;
    route(fresh.id(), cmd.jfc.eq, fresh.queue());
    if (const int result = device_->admin(cmd, reply, arg.hdr))
        return result;
    arg.id = fresh.id();
    arg.db_offset = fresh.db_offset();
    fresh.commit();
    return 0;
}

int Context::create_jfs(ub_ioc_create_jfs &arg) {
    constexpr uint32_t known = UB_JFS_F_ERROR_SUSPEND | UB_JFS_F_JETTY;
    if (arg.flags & ~known)
        return fail(arg.hdr, EINVAL, UB_EXT_BAD_FLAGS, 0, known);
    if (arg.priority > UB_HW_MAX_PRIORITY)
        return out_of_range(arg.hdr, offsetof(ub_ioc_create_jfs, priority), UB_HW_MAX_PRIORITY);
    if (arg.weight > UB_HW_MAX_WEIGHT)
        return out_of_range(arg.hdr, offsetof(ub_ioc_create_jfs, weight), UB_HW_MAX_WEIGHT);
    if (arg.rnr_retry > UB_HW_MAX_RNR_RETRY)
        return out_of_range(arg.hdr, offsetof(ub_ioc_create_jfs, rnr_retry), UB_HW_MAX_RNR_RETRY);
    int result = check_queue(jfs_, arg.mem, arg.depth, arg.hdr);
    if (!result)
        result = find(jfc_, arg.jfc, arg.hdr);
    if (!result && (arg.flags & UB_JFS_F_JETTY))
        result = find(jfr_, arg.jfr, arg.hdr);
    if (result)
        return result;
    NewQueue fresh(*this, jfs_);
    if ((result = fresh.reserve(arg.mem, arg.depth, arg.hdr)))
        return result;
    ub_admin_cmd cmd{};
    ub_admin_reply reply;
    cmd.opcode = UB_ADMIN_CREATE_JFS;
    cmd.id = fresh.id();
    cmd.jfs.ring = fresh.ring();
    cmd.jfs.rec = fresh.ring() + arg.mem.rec_offset;
    cmd.jfs.tid = tid_;
    cmd.jfs.depth = arg.depth;
    cmd.jfs.db_page = fresh.queue().page;
    cmd.jfs.jfc = arg.jfc;
    cmd.jfs.jfr = arg.jfr;
    cmd.jfs.flags = arg.flags;
    cmd.jfs.priority = static_cast<uint8_t>(arg.priority);
    cmd.jfs.rnr_retry = static_cast<uint8_t>(arg.rnr_retry);
    cmd.jfs.weight = static_cast<uint8_t>(arg.weight);
    if ((result = device_->admin(cmd, reply, arg.hdr)))
        return result;
    arg.id = fresh.id();
    arg.db_offset = fresh.db_offset();
    fresh.commit();
    return 0;
}

int Context::create_jfr(ub_ioc_create_jfr &arg) {
    if (arg.flags)
        return fail(arg.hdr, EINVAL, UB_EXT_BAD_FLAGS, 0, 0);
    if (arg.min_rnr_timer > UB_HW_MAX_RNR_TIMER)
        return out_of_range(arg.hdr, offsetof(ub_ioc_create_jfr, min_rnr_timer),
                            UB_HW_MAX_RNR_TIMER);
    if (arg.token_policy > UB_TOKEN_PLAIN_TEXT)
        return out_of_range(arg.hdr, offsetof(ub_ioc_create_jfr, token_policy),
                            UB_TOKEN_PLAIN_TEXT);
    int result = check_queue(jfr_, arg.mem, arg.depth, arg.hdr);
    if (!result)
        result = find(jfc_, arg.jfc, arg.hdr);
    if (result)
        return result;
    NewQueue fresh(*this, jfr_);
    if ((result = fresh.reserve(arg.mem, arg.depth, arg.hdr)))
        return result;
    ub_admin_cmd cmd{};
    ub_admin_reply reply;
    cmd.opcode = UB_ADMIN_CREATE_JFR;
    cmd.id = fresh.id();
    cmd.jfr.ring = fresh.ring();
    cmd.jfr.rec = fresh.ring() + arg.mem.rec_offset;
    cmd.jfr.tid = tid_;
    cmd.jfr.depth = arg.depth;
    cmd.jfr.jfc = arg.jfc;
    cmd.jfr.token_policy = arg.token_policy;
    cmd.jfr.token_value = arg.token_value;
    cmd.jfr.min_rnr_timer = static_cast<uint8_t>(arg.min_rnr_timer);
    if ((result = device_->admin(cmd, reply, arg.hdr)))
        return result;
    arg.id = fresh.id();
    fresh.commit();
    return 0;
}

int Context::modify(Kind &kind, ub_ioc_modify_queue &arg) {
    if (arg.state > UB_STATE_ERROR)
        return out_of_range(arg.hdr, offsetof(ub_ioc_modify_queue, state), UB_STATE_ERROR);
    if (const int result = find(kind, arg.id, arg.hdr))
        return result;
    ub_admin_cmd cmd{};
    ub_admin_reply reply;
    cmd.opcode = kind.modify_op;
    cmd.id = arg.id;
    if (&kind == &jfs_)
        cmd.jfs.state = static_cast<uint8_t>(arg.state);
    else
        cmd.jfr.state = static_cast<uint8_t>(arg.state);
    return device_->admin(cmd, reply, arg.hdr);
}

int Context::modify_jfc(ub_ioc_modify_jfc &arg) {
    if (arg.flags & ~UB_JFC_F_ADAPTIVE)
        return fail(arg.hdr, EINVAL, UB_EXT_BAD_FLAGS, 0, UB_JFC_F_ADAPTIVE);
    if (const int result = find(jfc_, arg.id, arg.hdr))
        return result;
    ub_admin_cmd cmd{};
    ub_admin_reply reply;
    cmd.opcode = UB_ADMIN_MODIFY_JFC;
    cmd.id = arg.id;
    cmd.jfc.mod_count = arg.mod_count;
    cmd.jfc.mod_usec = arg.mod_usec;
    cmd.jfc.flags = arg.flags;
    return device_->admin(cmd, reply, arg.hdr);
}

int Context::query(Kind &kind, ub_ioc_query_queue &arg) {
    if (const int result = find(kind, arg.id, arg.hdr))
        return result;
    ub_admin_cmd cmd{};
    ub_admin_reply reply;
    cmd.opcode = kind.query_op;
    cmd.id = arg.id;
    if (const int result = device_->admin(cmd, reply, arg.hdr))
        return result;
    arg.state = reply.state;
    arg.pi = reply.pi;
    arg.ci = reply.ci;
    arg.depth = kind.queues.at(arg.id).depth;
    arg.refs = reply.refs;
    arg.count = reply.count;
    return 0;
}

int Context::destroy(Kind &kind, ub_ioc_destroy_queue &arg) {
    int result = find(kind, arg.id, arg.hdr);
    if (!result)
        result = admin_id(kind.destroy_op, arg.id, arg.hdr);
    if (result)
        return result;
    const auto entry = kind.queues.find(arg.id);
    const Queue queue = entry->second;
    kind.queues.erase(entry);
    release_queue(kind, arg.id, queue);
    return 0;
}

} // namespace ub_soft
