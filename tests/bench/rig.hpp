// SPDX-License-Identifier: MIT
// Objects of the device under measurement, and its counters.
#pragma once

#include <ub/ub.h>

#include <stdexcept>
#include <string>

namespace bench {

// Throws what ub_last_error() says.
[[noreturn]] void fail(const std::string &what);

// A context with one JFC, of a mapped door with its event channel, and one JFS.
struct Queues {
    ub_context *ctx = nullptr;
    ub_jfce *jfce = nullptr;
    ub_jfc *jfc = nullptr;
    ub_jfs *jfs = nullptr;

    explicit Queues(const std::string &device, ub_door door = UB_DOOR_MAPPED);
    ~Queues();
    Queues(const Queues &) = delete;
    Queues &operator=(const Queues &) = delete;
};

// Registered memory that others may read and write.
class Segment {
public:
    // huge: 2 MiB pages where the system has them, else none.
    Segment(ub_context *ctx, size_t size, bool huge = true);
    ~Segment();
    Segment(const Segment &) = delete;
    Segment &operator=(const Segment &) = delete;
    void *data() const { return buf_; }
    ub_sge_t sge(size_t len) const {
        return {static_cast<uint32_t>(len), seg_->token_id, seg_->va};
    }
    ub_target target() const;

private:
    size_t size_;
    void *buf_;
    ub_seg *seg_ = nullptr;
};

// A WRITE of the first bytes of one segment to another; both live as long as it does.
class Write {
public:
    Write(ub_context *ctx, size_t size);
    ub_jfs_wr request(size_t size, bool with_inline);

private:
    Segment from_, to_;
    ub_sge_t sge_{};
    ub_target target_;
};

ub_jfs_wr nop_request();

// A statistic of the device as the driver gives it in sysfs.
uint64_t device_counter(const std::string &device, const char *counter);

// Throws unless all succeeded.
void check(const ub_cr *done, unsigned n);

} // namespace bench
