// SPDX-License-Identifier: MIT
// The queues of a context.
#include <cerrno>

#include "check.h"
#include "context.hpp"
#include "limits.hpp"
#include "token.hpp"

namespace ub_soft {

// A queue on its way: memory first, then, once what it refers to was found, all else.
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

    int pin(const ub_ioc_queue_mem &mem, ub_ioc_hdr &hdr) {
        return ctx_.pin(mem.addr, mem.len, true, queue_.pinned, hdr);
    }
    int attach(const ub_ioc_queue_mem &mem, uint32_t depth, ub_ioc_hdr &hdr) {
        if (kind_.queues.size() >= max_queues_per_ctx)
            return fail(hdr, EDQUOT, UB_EXT_CTX_LIMIT, kind_.obj_type, max_queues_per_ctx);
        id_ = kind_.ids->take();
        if (!id_)
            return fail(hdr, ENOSPC, UB_EXT_DEV_LIMIT, kind_.obj_type, kind_.ids->max());
        kind_.queues[id_];
        if (kind_.has_page && !(queue_.page = ctx_.device_->pages.take()))
            return fail(hdr, ENOSPC, UB_EXT_DEV_LIMIT, UB_OBJ_DB_PAGE, ctx_.device_->pages.max());
        queue_.memory = ctx_.table_.map(mem.addr, mem.len, true);
        queue_.depth = depth;
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
    if (queue.memory.len)
        table_.unmap(queue.memory);
    accounted_ -= queue.pinned;
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
    return ub_check_queue(&mem, depth, largest, false, &hdr);
}

int Context::find(const Kind &kind, uint32_t id, ub_ioc_hdr &hdr) const {
    return kind.queues.contains(id) ? 0 : fail(hdr, ENOENT, UB_EXT_NO_SUCH_OBJECT, id, 0);
}

int Context::find_jfce(int fd, std::shared_ptr<Jfce> &jfce, ub_ioc_hdr &hdr) const {
    const auto found = jfces_.find(fd);
    if (found == jfces_.end())
        return fail(hdr, ENOENT, UB_EXT_NO_SUCH_OBJECT, static_cast<uint32_t>(fd), 0);
    jfce = found->second;
    return 0;
}

int Context::create_jfc(ub_ioc_create_jfc &arg) {
    // There are no kernel queues here.
    int result = ub_check_create_jfc(&arg, {UB_JFC_F_ADAPTIVE, device_->comp_vectors()});
    if (!result)
        result = check_queue(jfc_, arg.mem, arg.depth, arg.hdr);
    if (result)
        return result;
    NewQueue fresh(*this, jfc_);
    result = fresh.pin(arg.mem, arg.hdr);
    if (!result && arg.jfce_fd >= 0)
        result = find_jfce(arg.jfce_fd, fresh.queue().jfce, arg.hdr);
    if (!result)
        result = fresh.attach(arg.mem, arg.depth, arg.hdr);
    if (result)
        return result;
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
    if ((result = device_->admin(cmd, reply, arg.hdr)))
        return result;
    arg.id = fresh.id();
    arg.db_offset = fresh.db_offset();
    fresh.commit();
    return 0;
}

int Context::create_jfs(ub_ioc_create_jfs &arg) {
    // A strict priority is no privilege here: no other process shares the device.
    int result = ub_check_create_jfs(&arg);
    if (!result)
        result = ub_check_jfs_service(&arg);
    if (!result)
        result = check_queue(jfs_, arg.mem, arg.depth, arg.hdr);
    if (result)
        return result;
    NewQueue fresh(*this, jfs_);
    result = fresh.pin(arg.mem, arg.hdr);
    if (!result)
        result = find(jfc_, arg.jfc, arg.hdr);
    if (!result && (arg.flags & UB_JFS_F_JETTY))
        result = find(jfr_, arg.jfr, arg.hdr);
    if (!result)
        result = fresh.attach(arg.mem, arg.depth, arg.hdr);
    if (result)
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
    cmd.jfs.err_timeout = static_cast<uint8_t>(arg.err_timeout);
    cmd.jfs.weight = static_cast<uint8_t>(arg.weight);
    if ((result = device_->admin(cmd, reply, arg.hdr)))
        return result;
    arg.id = fresh.id();
    arg.db_offset = fresh.db_offset();
    fresh.commit();
    return 0;
}

int Context::create_jfr(ub_ioc_create_jfr &arg) {
    int result = ub_check_create_jfr(&arg);
    if (!result)
        result = check_queue(jfr_, arg.mem, arg.depth, arg.hdr);
    if (result)
        return result;
    NewQueue fresh(*this, jfr_);
    result = fresh.pin(arg.mem, arg.hdr);
    if (!result)
        result = find(jfc_, arg.jfc, arg.hdr);
    if (!result)
        result = fresh.attach(arg.mem, arg.depth, arg.hdr);
    if (result)
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
    if ((result = make_token(arg.token_policy, arg.token_value, arg.hdr)))
        return result;
    cmd.jfr.token_policy = ub_check_hw_policy(arg.token_policy);
    cmd.jfr.token_value = arg.token_value;
    cmd.jfr.min_rnr_timer = static_cast<uint8_t>(arg.min_rnr_timer);
    if ((result = device_->admin(cmd, reply, arg.hdr)))
        return result;
    arg.id = fresh.id();
    fresh.commit();
    return 0;
}

int Context::modify(Kind &kind, ub_ioc_modify_queue &arg) {
    int result = ub_check_modify_queue(&arg);
    if (!result)
        result = find(kind, arg.id, arg.hdr);
    if (result)
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
    int result = ub_check_modify_jfc(&arg);
    if (!result)
        result = find(jfc_, arg.id, arg.hdr);
    if (result)
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
    int result = ub_check_destroy_queue(&arg);
    if (!result)
        result = find(kind, arg.id, arg.hdr);
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
