// SPDX-License-Identifier: MIT
// Programs of a context on a soft device.
#include "check.h"
#include "context.hpp"
#include "limits.hpp"

#include <cerrno>

namespace ub_soft {

int Context::create_program(ub_ioc_create_program &arg) {
    int result = ub_check_create_program(&arg);
    if (!result)
        result = find_seg(arg.token_id, arg.hdr);
    if (result)
        return result;
    const Mapping &memory = segs_.at(arg.token_id).memory;
    if ((result = ub_check_program_range(&arg, memory.va, memory.len)))
        return result;
    const uint32_t id = device_->programs.take();
    if (!id)
        return fail(arg.hdr, ENOSPC, UB_EXT_DEV_LIMIT, UB_OBJ_PROGRAM, device_->programs.max());
    ub_admin_cmd cmd{};
    ub_admin_reply reply;
    cmd.opcode = UB_ADMIN_CREATE_PROGRAM;
    cmd.id = id;
    cmd.program.addr = arg.addr;
    cmd.program.fuel = arg.fuel;
    cmd.program.tid = tid_;
    cmd.program.token_id = arg.token_id;
    cmd.program.len = arg.len;
    cmd.program.tiles = arg.tiles;
    if ((result = device_->admin(cmd, reply, arg.hdr))) {
        device_->programs.give(id);
        return result;
    }
    programs_.insert(id);
    arg.id = id;
    return 0;
}

int Context::destroy_program(ub_ioc_destroy_program &arg) {
    if (const int result = ub_check_destroy_program(&arg))
        return result;
    if (!programs_.contains(arg.id))
        return fail(arg.hdr, ENOENT, UB_EXT_NO_SUCH_OBJECT, arg.id, 0);
    if (const int result = admin_id(UB_ADMIN_DESTROY_PROGRAM, arg.id, arg.hdr))
        return result;
    programs_.erase(arg.id);
    device_->programs.give(arg.id);
    return 0;
}

// The send queues are gone, and with them the launches that held a program.
void Context::release_programs() noexcept {
    while (!programs_.empty()) {
        ub_ioc_destroy_program arg{};
        arg.id = *programs_.begin();
        if (destroy_program(arg))
            programs_.erase(arg.id);
    }
}

} // namespace ub_soft
