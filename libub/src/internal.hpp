// SPDX-License-Identifier: MIT
// The library's side of its objects. What <ub/ub.h> shows is their first part.
#ifndef UB_INTERNAL_HPP
#define UB_INTERNAL_HPP

#include "error.hpp"
#include "process.hpp"
#include "provider.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace ub_impl {
struct Jfc;
}

struct ub_context {
    std::string name;
    std::unique_ptr<ub_impl::Provider> provider;
    ub_ioc_query_device limits{};
    std::atomic<uint32_t> objects{0};
    const uint64_t process = ub_impl::this_process();

    // Opened by a process that this one was forked from. Nothing of the device may be touched, no
    // lock be taken: it may be held by a thread that is not here. Deleting gives back memory.
    bool foreign() const noexcept { return ub_impl::this_process() != process; }

    // Events name a JFC by a number that is never used again, so that a late one finds nothing.
    std::mutex jfc_lock;
    std::unordered_map<uint64_t, ub_impl::Jfc *> jfcs;
    uint64_t next_cookie = 1;
};

struct ub_jfce {
    ub_context *ctx;
    int fd;
    std::atomic<uint32_t> users{0};
};

namespace ub_impl {

// Ring and record of a queue, page aligned and zeroed.
class QueueMemory {
public:
    QueueMemory(uint32_t depth, size_t entry_size);
    ~QueueMemory();
    QueueMemory(const QueueMemory &) = delete;
    QueueMemory &operator=(const QueueMemory &) = delete;

    template <typename T> T *ring() const noexcept { return static_cast<T *>(base_); }
    template <typename T> T *record() const noexcept {
        return reinterpret_cast<T *>(static_cast<char *>(base_) + ring_bytes_);
    }
    ub_ioc_queue_mem describe() const noexcept;
    void clear_ring() const noexcept;

private:
    void *base_;
    size_t ring_bytes_;
    size_t bytes_;
};

struct Jfc : ub_jfc {
    std::unique_ptr<QueueMemory> memory;
    ub_jfce *jfce = nullptr;
    uint64_t cookie = 0;
    uint64_t db_offset = 0;
    void *db_page = nullptr;
    std::atomic<uint32_t> unacked{0};
};

struct Jfs : ub_jfs {
    std::unique_ptr<QueueMemory> memory;
    uint64_t db_offset = 0;
    void *db_page = nullptr;
    uint32_t flushed = 0; // requests before this index were given back by ub_flush_jfs()
    bool is_jetty = false;
};

struct Jfr : ub_jfr {
    std::unique_ptr<QueueMemory> memory;
};

inline Jfc *impl(ub_jfc *jfc) { return static_cast<Jfc *>(jfc); }
inline Jfs *impl(ub_jfs *jfs) { return static_cast<Jfs *>(jfs); }
inline Jfr *impl(ub_jfr *jfr) { return static_cast<Jfr *>(jfr); }

// A control call. A failure is recorded, about the object given or else the device.
int control(ub_context *ctx, unsigned long request, ub_ioc_hdr *arg, uint32_t obj_type = 0,
            uint32_t id = 0) noexcept;

// Records a failure about a context. @return -errnum
inline int fail(const ub_context *ctx, int errnum, uint32_t cause, uint64_t limit = 0,
                uint32_t obj_type = 0, uint64_t id = 0) noexcept {
    return fail({errnum, cause, obj_type, id, limit, ctx ? ctx->name.c_str() : nullptr});
}

// Rounds a depth up to what a ring can have. 0: above largest, recorded.
uint32_t ring_depth(ub_context *ctx, uint32_t asked, uint32_t largest) noexcept;

// Records that another process opened the context. @return -EACCES
inline int fail_foreign(const ub_context *ctx) noexcept {
    return fail(ctx, EACCES, UB_EXT_FOREIGN_CONTEXT);
}

// Maps a queue's doorbell page; page stays NULL where the provider is called instead.
int map_doorbell(ub_context *ctx, uint64_t db_offset, void **page) noexcept;
// In a child of fork() there is none to unmap.
void unmap_doorbell(ub_context *ctx, void *page) noexcept;

// Sends what ub_modify_*(), ub_query_*() and ub_delete_*() have in common.
int modify_queue(ub_context *ctx, unsigned long request, uint32_t obj_type, uint32_t id,
                 ub_queue_state state) noexcept;
int query_queue(ub_context *ctx, unsigned long request, uint32_t obj_type, uint32_t id,
                ub_queue_attr *attr) noexcept;
int destroy_queue(ub_context *ctx, unsigned long request, uint32_t obj_type,
                  uint32_t id) noexcept;

ub_jfs *create_jfs(ub_context *ctx, const ub_jfs_cfg *cfg, ub_jfr *jfr);

} // namespace ub_impl

#endif
