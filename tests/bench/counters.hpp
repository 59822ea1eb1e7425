// SPDX-License-Identifier: MIT
// Counts per command of a stretch of work.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "bench.hpp"
#include "syscall_counter.hpp"

namespace bench {

// From its making: traps, interrupts and commands run inline by the device's own counters, system
// calls by the kernel's tracepoint, processor time by its accounting.
class Counters {
public:
    explicit Counters(const std::string &device);
    // Reports the counts since the making, divided by commands.
    void report_per_command(const Point &point, double commands) const;

private:
    static constexpr std::array names = {"db_traps", "interrupts", "inline_wqes"};
    std::string device_;
    std::array<uint64_t, names.size()> before_{};
    SyscallCounter syscalls_;
    uint64_t calls_ = 0;
    double cpu_ = 0;
};

// Bytes that read(2) and write(2) of the calling thread move between user and kernel memory, by the
// kernel's tracepoints. What other calls copy it does not see; the kernel's own copying functions
// lie where it allows no probes.
class CopyCounter {
public:
    CopyCounter();
    ~CopyCounter();
    CopyCounter(const CopyCounter &) = delete;
    CopyCounter &operator=(const CopyCounter &) = delete;

    // Whether this kernel can do it; root is needed.
    bool works() const { return works_; }
    // Ends the count. Returns the bytes since the making.
    uint64_t stop();

private:
    bool works_ = true;
};

} // namespace bench
