// SPDX-License-Identifier: MIT
#include "device.hpp"

#include "../error.hpp"
#include "../provider.hpp"
#include "limits.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <new>
#include <pthread.h>
#include <stdexcept>
#include <thread>
#include <time.h>
#include <utility>

namespace ub_soft {
namespace {

constexpr uint32_t admin_depth = 64;
constexpr uint32_t async_depth = 1024;
constexpr std::chrono::milliseconds admin_timeout{5000};

template <typename T> T *new_pages(size_t count) {
    const size_t bytes = (count * sizeof(T) + UB_HW_PAGE_SIZE - 1) & ~size_t{UB_HW_PAGE_SIZE - 1};
    void *memory = std::aligned_alloc(UB_HW_PAGE_SIZE, bytes);
    if (!memory)
        throw std::bad_alloc();
    std::memset(memory, 0, bytes);
    return static_cast<T *>(memory);
}

uint64_t bus(const void *memory) { return reinterpret_cast<uintptr_t>(memory); }

uint32_t load(const void *word) {
    return __atomic_load_n(static_cast<const uint32_t *>(word), __ATOMIC_ACQUIRE);
}

// What a status other than OK means, as the driver says it.
int admin_errno(const ub_admin_cmd &cmd, const ub_admin_reply &reply, ub_ioc_hdr &hdr) {
    switch (reply.status) {
    case UB_ADMIN_OK:
        return 0;
    case UB_ADMIN_BAD_STATE:
        return fail(hdr, EINVAL, UB_EXT_BAD_STATE, cmd.id, reply.detail);
    case UB_ADMIN_BUSY:
        return fail(hdr, EBUSY, UB_EXT_BUSY, cmd.id, reply.detail);
    case UB_ADMIN_NO_MEMORY:
        return fail(hdr, ENOMEM, UB_EXT_NO_MEMORY, 0, 0);
    case UB_ADMIN_BAD_PROGRAM:
        return fail(hdr, EINVAL, UB_EXT_BAD_PROGRAM, reply.detail & 0xff, reply.detail >> 8);
    default:
        return fail(hdr, EIO, UB_EXT_ADMIN_FAILED, cmd.opcode, reply.status);
    }
}

} // namespace

uint32_t Ids::take() {
    std::lock_guard lock(lock_);
    if (used_.size() >= max_)
        return 0;
    while (!used_.insert(next_).second)
        next_ = next_ % max_ + 1;
    const uint32_t id = next_;
    next_ = next_ % max_ + 1;
    return id;
}

void Ids::give(uint32_t id) {
    std::lock_guard lock(lock_);
    used_.erase(id);
}

struct Device::Eq {
    std::mutex lock;
    std::unique_ptr<ub_hw_eqe[], Memory> ring;
    std::unique_ptr<ub_hw_eq_rec, Memory> rec;
    uint32_t depth = 0;
    uint32_t ci = 0;
    uint32_t overrun = 0;
};

void Device::FreeCore::operator()(ub_core *core) const noexcept { ub_core_free(core); }

Device::Device(const Options &options, ub_fabric *fabric)
    : contexts(options.core.max_ctx), segs(options.core.max_seg), jfss(options.core.max_jfs),
      jfrs(options.core.max_jfr), jfcs(options.core.max_jfc), programs(options.core.max_program),
      pages(options.core.db_pages - 1), admin_ring_(new_pages<ub_admin_slot>(admin_depth)) {
    ub_core_host host{};
    host.map = host_map;
    host.unmap = host_unmap;
    host.interrupt = host_interrupt;
    host.clock_ns = host_clock;
    const char *error = "";
    ub_core_config config = options.core;
    if (options.fabric.empty())
        config.fabric = fabric;
    else
        config.fabric_path = options.fabric.c_str();
    core_.reset(ub_core_new(&config, &host, this, &error));
    if (!core_)
        throw std::runtime_error(error);
    start_admin();
    const uint32_t vectors = static_cast<uint32_t>(reg(UB_REG_MAX_EQ));
    const uint32_t depth = std::clamp<uint32_t>(std::bit_ceil(2 * options.core.max_jfc), 64, 65536);
    for (uint32_t i = 0; i < vectors; ++i)
        create_eq(i, i ? depth : async_depth);
    live_ = true;
    for (uint32_t i = 0; i < vectors; ++i)
        interrupt(i);
}

Device::~Device() { core_.reset(); }

void Device::start_admin() {
    ub_core_reg_write(core_.get(), UB_REG_ADMIN_BASE, bus(admin_ring_.get()), 8);
    ub_core_reg_write(core_.get(), UB_REG_ADMIN_DEPTH, admin_depth, 4);
    ub_core_reg_write(core_.get(), UB_REG_CTRL, UB_CTRL_ENABLE, 4);
    if (!(reg(UB_REG_CTRL) & UB_CTRL_ENABLE))
        throw std::runtime_error("the device did not take the admin ring");
}

void Device::create_eq(uint32_t index, uint32_t depth) {
    auto eq = std::make_unique<Eq>();
    eq->ring.reset(new_pages<ub_hw_eqe>(depth));
    eq->rec.reset(new_pages<ub_hw_eq_rec>(1));
    eq->depth = depth;
    ub_admin_cmd cmd{};
    cmd.opcode = UB_ADMIN_CREATE_EQ;
    cmd.id = index;
    cmd.eq.base = bus(eq->ring.get());
    cmd.eq.rec = bus(eq->rec.get());
    cmd.eq.depth = depth;
    eqs_.push_back(std::move(eq));
    ub_admin_reply reply;
    ub_ioc_hdr hdr{};
    if (admin(cmd, reply, hdr))
        throw std::runtime_error("the device did not take an event queue");
}

bool Device::wait_reply(const ub_admin_slot &slot, uint32_t pi) const {
    const bool owner = !(pi & admin_depth);
    const auto end = std::chrono::steady_clock::now() + admin_timeout;
    for (unsigned spins = 0;; ++spins) {
        const uint32_t head = load(&slot.reply);
        if (((head >> 8) & UB_ADMIN_REPLY_OWNER) == owner)
            return true;
        if (spins < 100)
            continue;
        if (reg(UB_REG_STATUS) & UB_STATUS_FATAL)
            return false;
        if (std::chrono::steady_clock::now() > end)
            return false;
        std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
}

int Device::admin(ub_admin_cmd &cmd, ub_admin_reply &reply, ub_ioc_hdr &hdr) {
    std::lock_guard lock(admin_lock_);
    const uint32_t pi = admin_pi_;
    ub_admin_slot &slot = admin_ring_[pi % admin_depth];
    cmd.tag = static_cast<uint16_t>(pi);
    slot.cmd = cmd;
    admin_pi_ = pi + 1;
    ub_core_reg_write(core_.get(), UB_REG_ADMIN_PI, admin_pi_, 4);
    if (!wait_reply(slot, pi))
        return fail(hdr, EIO, UB_EXT_ADMIN_TIMEOUT, cmd.opcode,
                    static_cast<uint64_t>(admin_timeout.count()));
    reply = slot.reply;
    return admin_errno(cmd, reply, hdr);
}

uint64_t Device::reg(uint64_t offset, unsigned size) const {
    return ub_core_reg_read(core_.get(), offset, size);
}

void Device::ring(uint64_t offset, uint64_t value, unsigned size) noexcept {
    ub_core_db_write(core_.get(), offset, value, size);
}

void Device::forget() noexcept {
    ub_core_forget(core_.get());
}

void Device::inject(const std::string &fault) {
    ub_impl::OpenError error{EINVAL, ub_impl::CAUSE_FAULT, 0, 0};
    if (ub_core_inject_text(core_.get(), fault.c_str(), error.detail, sizeof error.detail))
        throw error;
}

void Device::enlist(uint32_t tid, EventSink *sink) {
    std::lock_guard lock(sink_lock_);
    sinks_[tid] = sink;
}

void Device::delist(uint32_t tid) {
    std::lock_guard lock(sink_lock_);
    sinks_.erase(tid);
}

void Device::enlist_jfc(uint32_t jfc, uint32_t eq, EventSink *sink) {
    std::lock_guard lock(sink_lock_);
    jfc_routes_[jfc] = {eq, sink};
}

void Device::delist_jfc(uint32_t jfc) {
    std::lock_guard lock(sink_lock_);
    jfc_routes_.erase(jfc);
}

void Device::handle(uint32_t eq, const ub_hw_eqe &entry) noexcept {
    std::lock_guard lock(sink_lock_);
    if (eq) {
        if (const auto route = jfc_routes_.find(entry.id); route != jfc_routes_.end())
            route->second.sink->completion(entry.id, entry.info);
        return;
    }
    const ub_async_event event{entry.type, entry.id, entry.info, 0, host_clock(nullptr)};
    for (const auto &[tid, sink] : sinks_)
        if (entry.tid == 0 || entry.tid == tid)
            sink->async(event);
}

// Entries were dropped: nobody knows whose, so everybody of that queue is told to look.
void Device::handle_overrun(uint32_t eq, uint32_t count) noexcept {
    std::lock_guard lock(sink_lock_);
    if (eq) {
        for (const auto &[jfc, route] : jfc_routes_)
            if (route.eq == eq)
                route.sink->completion(jfc, UB_JFCE_SN_UNKNOWN);
        return;
    }
    for (const auto &[tid, sink] : sinks_)
        sink->async_lost(count);
}

void Device::interrupt(unsigned vector) noexcept {
    if (!live_.load(std::memory_order_acquire))
        return;
    Eq &eq = *eqs_[vector];
    std::lock_guard lock(eq.lock);
    for (;;) {
        const ub_hw_eqe *slot = &eq.ring[eq.ci & (eq.depth - 1)];
        const uint32_t head = load(slot);
        if (((head >> 8) & UB_EQE_OWNER) != ((eq.ci & eq.depth) == 0))
            break;
        const ub_hw_eqe entry = *slot;
        ++eq.ci;
        __atomic_store_n(&eq.rec->ci, eq.ci, __ATOMIC_RELEASE);
        handle(vector, entry);
    }
    const uint32_t overrun = load(&eq.rec->overrun);
    if (overrun != eq.overrun)
        handle_overrun(vector, overrun - std::exchange(eq.overrun, overrun));
}

// Bus addresses are those of this process; what is mapped was checked before.
void *Device::host_map(void *, uint64_t addr, size_t *, bool) {
    return reinterpret_cast<void *>(addr);
}

void Device::host_interrupt(void *self, unsigned vector) {
    static_cast<Device *>(self)->interrupt(vector);
}

uint64_t Device::host_clock(void *) {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<uint64_t>(now.tv_sec) * 1000000000u + static_cast<uint64_t>(now.tv_nsec);
}

namespace {

struct Shared {
    std::unique_ptr<Device> device;
    unsigned users = 0;
};
struct Table {
    std::mutex lock;
    ub_fabric *fabric = ub_fabric_new(); // of all its devices
    std::unordered_map<std::string, Shared> devices;
    const Table *parents = nullptr; // what a child of fork() leaves as it is
};
// Not destroyed at exit: a program may exit with contexts open and engines at work.
Table *table = new Table;

// So that the table is whole in the child.
void keep_table() {
    table->lock.lock();
}

void go_on() {
    table->lock.unlock();
}

// A child of fork() has none of its parent's devices: their threads are not here, and one of them
// may have held any lock but the table's.
void forget_devices() {
    for (auto &[name, shared] : table->devices)
        if (shared.device)
            shared.device->forget();
    auto *fresh = new Table;
    fresh->parents = table;
    table = fresh;
}

const int forgets_in_a_child = pthread_atfork(keep_table, go_on, forget_devices);

} // namespace

DeviceRef::DeviceRef(const Options &options) : name_(options.name) {
    if (forgets_in_a_child || !table->fabric)
        throw std::bad_alloc();
    std::lock_guard lock(table->lock);
    Shared &entry = table->devices[name_];
    try {
        if (!entry.device)
            entry.device = std::make_unique<Device>(options, table->fabric);
    } catch (...) {
        table->devices.erase(name_);
        throw;
    }
    ++entry.users;
    device_ = entry.device.get();
}

// The lock is held to the end, so that a successor does not meet the old one's EID.
DeviceRef::~DeviceRef() {
    std::lock_guard lock(table->lock);
    const auto entry = table->devices.find(name_);
    if (--entry->second.users == 0)
        table->devices.erase(entry);
}

} // namespace ub_soft
