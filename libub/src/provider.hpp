// SPDX-License-Identifier: MIT
// What the library needs of a device: the driver's interface, whoever implements it.
#ifndef UB_PROVIDER_HPP
#define UB_PROVIDER_HPP

#include <ub/ub_uapi.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace ub_impl {

// An open device, that is a context. Calls may come from all threads at once. Functions that return
// int give a negative errno on failure.
class Provider {
public:
    virtual ~Provider() = default;
    Provider() = default;
    Provider(const Provider &) = delete;
    Provider &operator=(const Provider &) = delete;

    // Instead of the destructor, in a child of fork(): closes this process's descriptors and
    // touches nothing that another thread may have been at. The object may stay behind.
    virtual void abandon() noexcept = 0;

    // As ioctl(2) on the device's node: UB_IOC_* and its structure.
    virtual int control(unsigned long request, void *arg) noexcept = 0;
    // To poll(2) for asynchronous events.
    virtual int fd() const noexcept = 0;
    // 1: an event, 0: the device is lost and all were read, -EAGAIN: none yet.
    virtual int read_async(ub_async_event *event) noexcept = 0;
    // Events of the channel that CREATE_JFCE returned: how many, 0: lost, -EAGAIN: none yet.
    virtual int read_events(int jfce, ub_jfce_event *events, size_t n) noexcept = 0;
    virtual void close_jfce(int jfce) noexcept = 0;
    virtual const ub_status_page *status() const noexcept = 0;
    // Kernel queues, and io_uring on fd().
    virtual bool has_kernel_queues() const noexcept { return false; }

    // A doorbell page by its db_offset. Where map_doorbell gives no page and no error, ring does.
    virtual int map_doorbell(uint64_t db_offset, void **page) noexcept = 0;
    virtual void unmap_doorbell(void *page) noexcept = 0;
    virtual void ring(uint64_t db_offset, unsigned at, uint64_t value, unsigned size) noexcept = 0;
};

// Failed to open: an errno and a cause as in error.hpp.
struct OpenError {
    int errnum = 0;
    uint32_t cause = 0;
    uint32_t object = 0;
    uint64_t limit = 0;
    char detail[160] = ""; // in words, of CAUSE_OPTION, CAUSE_FAULT, CAUSE_SOFT_DEVICE
};

std::unique_ptr<Provider> open_kernel(const std::string &node, OpenError &error);

// The soft provider, from this program if it is linked in, else from ub/ub-soft.so.
std::unique_ptr<Provider> open_soft(const std::string &options, OpenError &error);

// What the plug-in exports; bump the number when anything in this file changes.
inline constexpr uint32_t soft_abi = 6;
struct SoftEntry {
    uint32_t abi;
    Provider *(*open)(const char *options, OpenError *error) noexcept;
};
inline constexpr const char soft_symbol[] = "ub_soft_entry";

} // namespace ub_impl

extern "C" const ub_impl::SoftEntry *ub_soft_entry(void) noexcept;

#endif
