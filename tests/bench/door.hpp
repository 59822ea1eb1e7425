// SPDX-License-Identifier: MIT
// The doors by which commands reach the device. A door is a class with the members of MappedDoor; it
// is made known by one line in with_door().
#pragma once

#include <memory>

#include "rig.hpp"

namespace bench {

class MappedDoor {
public:
    static constexpr const char *name = "mapped";

    explicit MappedDoor(const std::string &device) : q_(device) {}

    ub_context *context() const { return q_.ctx; }

    void post(const ub_jfs_wr *wr, unsigned n) {
        if (ub_post_jfs_wr(q_.jfs, wr, n, nullptr))
            fail("post");
    }

    // Takes what has completed, at most n; all must have succeeded.
    unsigned reap(ub_cr *cr, unsigned n) {
        const auto got = static_cast<unsigned>(ub_poll_jfc(q_.jfc, cr, n));
        check(cr, got);
        return got;
    }

    // Until the device says that something completed.
    void sleep() {
        ub_rearm_jfc(q_.jfc, false);
        ub_jfc *fired = nullptr;
        const uint32_t one = 1;
        if (ub_wait_jfc(q_.jfce, 1, 1000, &fired) == 1)
            ub_ack_jfc(&fired, &one, 1);
    }

private:
    Queues q_;
};

// Calls work with an open door of that name.
template <class Work>
void with_door(const std::string &name, const std::string &device, const Work &work) {
    if (name == MappedDoor::name)
        return work(*std::make_unique<MappedDoor>(device));
    throw std::runtime_error("door " + name + ": not known; there is: mapped");
}

} // namespace bench
