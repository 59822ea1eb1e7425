// SPDX-License-Identifier: MIT
// A device core in this process and what a driver keeps for a whole device.
#ifndef UB_SOFT_DEVICE_HPP
#define UB_SOFT_DEVICE_HPP

#include <ub/ub_uapi.h>

#include <atomic>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "options.hpp"

namespace ub_soft {

// Ids 1 .. max, handed out in turn, so that a stale one is noticed. 0: none left.
class Ids {
public:
    explicit Ids(uint32_t max) : max_(max) {}
    uint32_t take();
    void give(uint32_t id);
    uint32_t max() const noexcept { return max_; }

private:
    std::mutex lock_;
    std::set<uint32_t> used_;
    uint32_t next_ = 1;
    const uint32_t max_;
};

// Receives a context's events; called from the core's threads, with nothing of the context locked.
class EventSink {
public:
    virtual ~EventSink() = default;
    // A JFC of this context fired; arm_sn may be UB_JFCE_SN_UNKNOWN.
    virtual void completion(uint32_t jfc, uint32_t arm_sn) noexcept = 0;
    virtual void async(const ub_async_event &event) noexcept = 0;
    virtual void async_lost(uint32_t count) noexcept = 0;
};

class Device {
public:
    // Throws std::runtime_error, std::bad_alloc.
    Device(const Options &options, ub_fabric *fabric);
    ~Device();
    Device(const Device &) = delete;
    Device &operator=(const Device &) = delete;

    // Runs a command. @return 0 or -errno with hdr filled, as the driver does
    int admin(ub_admin_cmd &cmd, ub_admin_reply &reply, ub_ioc_hdr &hdr);
    uint64_t reg(uint64_t offset, unsigned size = 4) const;
    void ring(uint64_t offset, uint64_t value, unsigned size) noexcept;
    // In a child of fork(): the device is the parent's.
    void forget() noexcept;
    // Throws ub_impl::OpenError, with what is wrong in words.
    void inject(const std::string &fault);
    unsigned comp_vectors() const noexcept { return static_cast<unsigned>(eqs_.size()) - 1; }

    // While a context is listed it gets its events; after delist() returns it gets none.
    void enlist(uint32_t tid, EventSink *sink);
    void delist(uint32_t tid);
    // Which context a JFC's events go to.
    void enlist_jfc(uint32_t jfc, uint32_t eq, EventSink *sink);
    void delist_jfc(uint32_t jfc);

    Ids contexts, segs, jfss, jfrs, jfcs, programs, pages;

private:
    struct Eq;
    struct FreeCore {
        void operator()(ub_core *core) const noexcept;
    };
    void start_admin();
    void create_eq(uint32_t index, uint32_t depth);
    void interrupt(unsigned vector) noexcept;
    void handle(uint32_t eq, const ub_hw_eqe &entry) noexcept;
    void handle_overrun(uint32_t eq, uint32_t count) noexcept;
    bool wait_reply(const ub_admin_slot &slot, uint32_t pi) const;
    static void *host_map(void *, uint64_t addr, size_t *len, bool);
    static void host_unmap(void *, void *, size_t, bool, size_t) {}
    static void host_interrupt(void *self, unsigned vector);
    static uint64_t host_clock(void *);

    struct Memory {
        void operator()(void *memory) const noexcept { std::free(memory); }
    };
    std::mutex admin_lock_;
    std::unique_ptr<ub_admin_slot[], Memory> admin_ring_;
    uint32_t admin_pi_ = 0;

    // Held while sinks are called. Recursion never happens: sinks do not call the device.
    std::mutex sink_lock_;
    std::unordered_map<uint32_t, EventSink *> sinks_;
    struct JfcRoute {
        uint32_t eq;
        EventSink *sink;
    };
    std::unordered_map<uint32_t, JfcRoute> jfc_routes_;

    std::vector<std::unique_ptr<Eq>> eqs_;
    std::atomic<bool> live_{false}; // event queues are there
    std::unique_ptr<ub_core, FreeCore> core_; // goes first
};

// Contexts of one name share a device, which lives while there are some.
class DeviceRef {
public:
    explicit DeviceRef(const Options &options);
    ~DeviceRef();
    DeviceRef(const DeviceRef &) = delete;
    DeviceRef &operator=(const DeviceRef &) = delete;
    Device *operator->() const noexcept { return device_; }
    Device &operator*() const noexcept { return *device_; }

private:
    std::string name_;
    Device *device_;
};

} // namespace ub_soft

#endif
