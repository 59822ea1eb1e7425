// SPDX-License-Identifier: MIT
// The doors by which commands reach the device. A door is a class with the members of MappedDoor;
// it is made known by one line in with_door().
#pragma once

#include <memory>

#include "rig.hpp"
#include "uring.hpp"

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

    // Takes what has completed, at most n, and waits for the first if asked to; all must have
    // succeeded.
    unsigned reap(ub_cr *cr, unsigned n, bool wait) {
        int got = ub_poll_jfc(q_.jfc, cr, n);
        if (!got && wait) {
            sleep();
            got = ub_poll_jfc(q_.jfc, cr, n);
        }
        check(cr, static_cast<unsigned>(got));
        return static_cast<unsigned>(got);
    }

private:
    void sleep() {
        ub_rearm_jfc(q_.jfc, false);
        ub_jfc *fired = nullptr;
        const uint32_t one = 1;
        if (ub_wait_jfc(q_.jfce, 1, 1000, &fired) == 1)
            ub_ack_jfc(&fired, &one, 1);
    }

    Queues q_;
};

// Rings in the kernel: a system call for each post and each reap.
class IoctlDoor {
public:
    static constexpr const char *name = "ioctl";

    explicit IoctlDoor(const std::string &device) : q_(device, UB_DOOR_IOCTL) {}

    ub_context *context() const { return q_.ctx; }

    void post(const ub_jfs_wr *wr, unsigned n) {
        if (ub_post_jfs_wr(q_.jfs, wr, n, nullptr))
            fail("post");
    }

    unsigned reap(ub_cr *cr, unsigned n, bool wait) {
        const int got = ub_reap_jfc(q_.jfc, cr, n, wait ? 1 : 0, wait ? 1000 : 0);
        if (got < 0)
            fail("reap");
        check(cr, static_cast<unsigned>(got));
        return static_cast<unsigned>(got);
    }

private:
    Queues q_;
};

// Calls work with an open door of that name.
template <class Work>
void with_door(const std::string &name, const std::string &device, const Work &work) {
    if (name == MappedDoor::name)
        return work(*std::make_unique<MappedDoor>(device));
    if (name == IoctlDoor::name)
        return work(*std::make_unique<IoctlDoor>(device));
    if (name == UringDoor::name)
        return work(*std::make_unique<UringDoor>(device));
    throw std::runtime_error("door " + name + ": not known; there are: mapped, ioctl, uring");
}

} // namespace bench
